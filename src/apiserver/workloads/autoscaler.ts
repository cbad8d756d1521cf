// HorizontalPodAutoscaler under a simulated load. Without the annotation there is no load and the target shrinks to
// the minimum after its stabilization window; planAutoscaler is pure.
//
//   simulate.fairlead.dev/load: "4.5"     the work of 4.5 pods at exactly the target value
import type { KubeObject } from '../../k8s/index.ts';
import { rfc3339 } from '../../lib/index.ts';
import { type NewCondition, withCondition } from './conditions.ts';
import { type Condition, isDeleting, nameOf, namespaceOf, omitEmpty, timeMs, types } from './kinds.ts';
import type { ObjectView } from './object-store.ts';
import type { Controller, EventDraft, Plan } from './plan.ts';

export const loadAnnotation = 'simulate.fairlead.dev/load';
const component = 'horizontal-pod-autoscaler';
const scalable = {
  Deployment: types.deployments,
  ReplicaSet: types.replicaSets,
  StatefulSet: types.statefulSets,
};

interface Autoscaler extends KubeObject {
  spec: {
    scaleTargetRef: { kind: string; name: string };
    minReplicas?: number;
    maxReplicas: number;
    metrics?: { type: string; resource?: { name: string; target?: { averageUtilization?: number } } }[];
    behavior?: { scaleDown?: { stabilizationWindowSeconds?: number } };
  };
  status?: {
    currentReplicas?: number;
    desiredReplicas?: number;
    lastScaleTime?: string;
    conditions?: Condition[];
    observedGeneration?: number;
  };
}

export const autoscalerController: Controller = {
  name: 'horizontalpodautoscalers',
  type: types.autoscalers,
  triggers: Object.values(scalable).map((type) => ({
    type,
    *keysFor(target, view) {
      for (const scaler of view.inNamespace(types.autoscalers, namespaceOf(target))) {
        const { kind, name } = (scaler as Autoscaler).spec.scaleTargetRef;
        if (name === nameOf(target) && kind === target.kind) yield `${namespaceOf(scaler)}/${nameOf(scaler)}`;
      }
    },
  })),
  plan: (object, { view, nowMs }) =>
    planAutoscaler(object as Autoscaler, targetOf(object as Autoscaler, view), nowMs),
};

export interface ScaleTarget extends KubeObject {
  spec: { replicas?: number };
  status?: { replicas?: number };
}

export function planAutoscaler(scaler: Autoscaler, target: ScaleTarget | undefined, nowMs: number): Plan {
  if (isDeleting(scaler)) return { writes: [] };
  if (target === undefined) return unableToScale(scaler, nowMs);
  const current = target.spec.replicas ?? 1;
  const { minReplicas = 1, maxReplicas } = scaler.spec;
  if (current === 0) return disabled(scaler, nowMs);
  const load = Number(scaler.metadata.annotations?.[loadAnnotation] ?? 0) || 0;
  const wanted = Math.ceil(load);
  const bounded = Math.min(maxReplicas, Math.max(minReplicas, wanted));
  const waitMs = bounded < current && current <= maxReplicas ? stabilizationLeftMs(scaler, nowMs) : 0;
  const next = waitMs > 0 ? current : bounded;
  const status = scaledStatus(scaler, { current, next, wanted, load, held: waitMs > 0 }, nowMs);
  const plan: Plan = {
    writes: [{ op: 'status', type: types.autoscalers, object: scaler, status }],
    requeueMs: waitMs > 0 ? waitMs : undefined,
  };
  if (next === current) return plan;
  const change = (copy: KubeObject): void => {
    copy['spec'] = { ...(copy as ScaleTarget).spec, replicas: next };
  };
  const message = `New size: ${next}; reason: ${next > current ? 'cpu resource utilization (percentage of request) above target' : 'All metrics below target'}`;
  const event = eventOf(scaler, 'Normal', 'SuccessfulRescale', message);
  const type = scalable[target.kind as keyof typeof scalable];
  return { ...plan, writes: [{ op: 'edit', type, object: target, change, event }, ...plan.writes] };
}

interface Decision {
  readonly current: number;
  readonly next: number;
  readonly wanted: number;
  readonly load: number;
  readonly held: boolean;
}

function scaledStatus(scaler: Autoscaler, decision: Decision, nowMs: number): object {
  const { current, next, wanted, load, held } = decision;
  const { minReplicas = 1, maxReplicas } = scaler.spec;
  const scaled = next !== current;
  const able: NewCondition = {
    type: 'AbleToScale',
    status: 'True',
    ...(scaled
      ? {
          reason: 'SucceededRescale',
          message: `the HPA controller was able to update the target scale to ${next}`,
        }
      : held
        ? {
            reason: 'ScaleDownStabilized',
            message:
              'recent recommendations were higher than current one, applying the highest recent recommendation',
          }
        : { reason: 'ReadyForNewScale', message: 'recommended size matches current size' }),
  };
  const metric =
    'the HPA was able to successfully calculate a replica count from cpu resource utilization (percentage of request)';
  const active: NewCondition = {
    type: 'ScalingActive',
    status: 'True',
    reason: 'ValidMetricFound',
    message: metric,
  };
  let conditions = withCondition(scaler.status?.conditions ?? [], able, nowMs);
  conditions = withCondition(conditions, active, nowMs);
  conditions = withCondition(conditions, limitedCondition(wanted, minReplicas, maxReplicas), nowMs);
  const lastScaleTime = scaled ? rfc3339(nowMs) : scaler.status?.lastScaleTime;
  return {
    ...omitEmpty({
      currentReplicas: current,
      currentMetrics: currentMetrics(scaler, load, current),
      lastScaleTime,
      observedGeneration: scaler.metadata.generation,
    }),
    desiredReplicas: next,
    conditions,
  };
}

function limitedCondition(wanted: number, least: number, most: number): NewCondition {
  const type = 'ScalingLimited';
  if (wanted > most) {
    const message = 'the desired replica count is more than the maximum replica count';
    return { type, status: 'True', reason: 'TooManyReplicas', message };
  }
  if (wanted < least) {
    const message = 'the desired replica count is less than the minimum replica count';
    return { type, status: 'True', reason: 'TooFewReplicas', message };
  }
  const message = 'the desired count is within the acceptable range';
  return { type, status: 'False', reason: 'DesiredWithinRange', message };
}

/** The load as each resource metric would show it, spread over the present pods. */
function currentMetrics(scaler: Autoscaler, load: number, replicas: number): object[] {
  return (scaler.spec.metrics ?? []).flatMap(({ resource }) => {
    const target = resource?.target?.averageUtilization;
    if (resource === undefined || target === undefined) return [];
    const averageUtilization = Math.round((target * load) / replicas);
    const averageValue = `${averageUtilization}m`;
    return [
      { type: 'Resource', resource: { name: resource.name, current: { averageUtilization, averageValue } } },
    ];
  });
}

function stabilizationLeftMs(scaler: Autoscaler, nowMs: number): number {
  const seconds = scaler.spec.behavior?.scaleDown?.stabilizationWindowSeconds ?? 300;
  const since = timeMs(scaler.status?.lastScaleTime ?? scaler.metadata.creationTimestamp);
  return since + seconds * 1000 - nowMs;
}

function unableToScale(scaler: Autoscaler, nowMs: number): Plan {
  const { kind, name } = scaler.spec.scaleTargetRef;
  const message = `the HPA controller was unable to get the target's current scale: ${kind.toLowerCase()}s "${name}" not found`;
  const condition: NewCondition = { type: 'AbleToScale', status: 'False', reason: 'FailedGetScale', message };
  const event = eventOf(scaler, 'Warning', 'FailedGetScale', message);
  const status = {
    desiredReplicas: 0,
    ...scaler.status,
    conditions: withCondition(scaler.status?.conditions ?? [], condition, nowMs),
  };
  return { writes: [{ op: 'status', type: types.autoscalers, object: scaler, status, event }] };
}

/** A target scaled to zero by somebody else is left alone. */
function disabled(scaler: Autoscaler, nowMs: number): Plan {
  const message = 'scaling is disabled since the replica count of the target is zero';
  const condition: NewCondition = {
    type: 'ScalingActive',
    status: 'False',
    reason: 'ScalingDisabled',
    message,
  };
  const conditions = withCondition(scaler.status?.conditions ?? [], condition, nowMs);
  const { currentReplicas: _before, ...rest } = scaler.status ?? {};
  const status = { ...rest, desiredReplicas: 0, conditions };
  return { writes: [{ op: 'status', type: types.autoscalers, object: scaler, status }] };
}

function targetOf(scaler: Autoscaler, view: ObjectView): ScaleTarget | undefined {
  const { kind, name } = scaler.spec.scaleTargetRef;
  const type = scalable[kind as keyof typeof scalable];
  if (type === undefined) return undefined;
  return view.get(type, namespaceOf(scaler), name) as ScaleTarget | undefined;
}

function eventOf(about: KubeObject, type: 'Normal' | 'Warning', reason: string, message: string): EventDraft {
  return { about, type, reason, message, component };
}
