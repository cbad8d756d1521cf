// Ingress: the address of the simulated ingress controller, after a while. Every class is served.
import type { KubeObject } from '../../k8s/index.ts';
import { isDeleting, types, uidOf } from './kinds.ts';
import type { Controller, Plan, World } from './plan.ts';

/** Where all Ingresses are reached. */
export const ingressAddress = '198.18.0.1';

export function createIngressController(): Controller {
  const sinceMs = new Map<string, number>();
  return {
    name: 'ingresses',
    type: types.ingresses,
    triggers: [],
    plan(object, world): Plan {
      const start = sinceMs.get(uidOf(object)) ?? world.nowMs;
      sinceMs.set(uidOf(object), start);
      return planIngress(object, world, world.nowMs - start);
    },
    forget: (object) => void sinceMs.delete(uidOf(object)),
  };
}

/** @param elapsedMs since the Ingress was first seen. */
export function planIngress(
  object: KubeObject,
  { latencies }: Pick<World, 'latencies'>,
  elapsedMs: number,
): Plan {
  const status = object['status'] as { loadBalancer?: { ingress?: object[] } } | undefined;
  if (isDeleting(object) || (status?.loadBalancer?.ingress ?? []).length > 0) return { writes: [] };
  const leftMs = latencies.loadBalancerMs - elapsedMs;
  if (leftMs > 0) return { writes: [], requeueMs: leftMs };
  const event = {
    about: object,
    type: 'Normal',
    reason: 'Sync',
    message: 'Scheduled for sync',
    component: 'ingress-controller',
  } as const;
  const next = { loadBalancer: { ingress: [{ ip: ingressAddress }] } };
  return { writes: [{ op: 'status', type: types.ingresses, object, status: next, event }] };
}
