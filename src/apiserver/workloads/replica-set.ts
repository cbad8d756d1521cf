// ReplicaSet: keeps the wanted number of pods and counts them. One pure function from the set and its pods.

import type { KubeObject } from '../../k8s/index.ts';
import type { Random } from '../../lib/index.ts';
import { findCondition, withCondition, withoutCondition } from './conditions.ts';
import { type Condition, isDeleting, nameOf, omitEmpty, type Pod, type ReplicaSet, types } from './kinds.ts';
import { selectedBy } from './label-selector.ts';
import { claimChildren, ownedTrigger } from './ownership.ts';
import type { Controller, EventDraft, Plan, World, Write } from './plan.ts';
import {
  byDeletionPreference,
  isActive,
  isAvailable,
  isFinished,
  isReady,
  nextAvailableMs,
} from './pod-facts.ts';
import { podFromTemplate } from './pod-template.ts';

const component = 'replicaset-controller';
/** Pods created or deleted per look, as the real controller's burst. */
const burst = 500;

export const replicaSetController: Controller = {
  name: 'replicasets',
  type: types.replicaSets,
  triggers: [ownedTrigger(types.pods, types.replicaSets, 'ReplicaSet')],
  plan(object, world) {
    const replicaSet = object as ReplicaSet;
    const claim = claimChildren(world.view, object, types.pods, replicaSet.spec.selector);
    const plan = planReplicaSet({
      replicaSet,
      pods: claim.owned as Pod[],
      nowMs: world.nowMs,
      random: world.random,
    });
    return { ...plan, writes: [...claim.writes, ...plan.writes] };
  },
  refused: (object, error, world) => failedToCreate(object as ReplicaSet, error, world),
};

export interface ReplicaSetInput {
  readonly replicaSet: ReplicaSet;
  /** Pods the set owns, finished and terminating ones included. */
  readonly pods: readonly Pod[];
  readonly nowMs: number;
  readonly random: Random;
}

export function planReplicaSet(input: ReplicaSetInput): Plan {
  const { replicaSet, pods, nowMs } = input;
  const minReadySeconds = replicaSet.spec.minReadySeconds ?? 0;
  const active = pods.filter(isActive);
  const status = statusOf(input, active);
  return {
    writes: [
      ...(isDeleting(replicaSet) ? [] : scaleWrites(input, active)),
      { op: 'status', type: types.replicaSets, object: replicaSet, status },
    ],
    requeueMs: nextAvailableMs(active, minReadySeconds, nowMs),
  };
}

function scaleWrites({ replicaSet, random }: ReplicaSetInput, active: readonly Pod[]): Write[] {
  const missing = (replicaSet.spec.replicas ?? 1) - active.length;
  if (missing > 0) {
    return Array.from({ length: Math.min(missing, burst) }, () => {
      const prefix = `${nameOf(replicaSet)}-`;
      const object = podFromTemplate({
        owner: replicaSet,
        template: replicaSet.spec.template,
        prefix,
        random,
      });
      const event = about(replicaSet, 'Normal', 'SuccessfulCreate', `Created pod: ${nameOf(object)}`);
      return { op: 'create', type: types.pods, object, event };
    });
  }
  return [...active]
    .sort(byDeletionPreference)
    .slice(0, Math.min(-missing, burst))
    .map((object) => {
      const event = about(replicaSet, 'Normal', 'SuccessfulDelete', `Deleted pod: ${nameOf(object)}`);
      return { op: 'delete', type: types.pods, object, event };
    });
}

function statusOf({ replicaSet, pods, nowMs }: ReplicaSetInput, active: readonly Pod[]): object {
  const { template, minReadySeconds = 0, replicas = 1 } = replicaSet.spec;
  const labels = { matchLabels: template.metadata?.labels ?? {} };
  const conditions = replicaSet.status?.conditions ?? [];
  const settled = active.length === replicas ? withoutCondition(conditions, 'ReplicaFailure') : conditions;
  return {
    replicas: active.length,
    ...omitEmpty({
      fullyLabeledReplicas: active.filter((pod) => selectedBy(labels, pod.metadata.labels)).length,
      readyReplicas: active.filter(isReady).length,
      availableReplicas: active.filter((pod) => isAvailable(pod, minReadySeconds, nowMs)).length,
      observedGeneration: replicaSet.metadata.generation,
      conditions: settled,
    }),
    terminatingReplicas: pods.filter((pod) => isDeleting(pod) && !isFinished(pod)).length,
  };
}

function failedToCreate(replicaSet: ReplicaSet, error: Error, { nowMs }: World): Plan {
  const conditions: Condition[] = replicaSet.status?.conditions ?? [];
  const event = about(replicaSet, 'Warning', 'FailedCreate', `Error creating: ${error.message}`);
  if (findCondition(conditions, 'ReplicaFailure') !== undefined) return { writes: [], events: [event] };
  const failure = {
    type: 'ReplicaFailure',
    status: 'True',
    reason: 'FailedCreate',
    message: error.message,
  } as const;
  const status = {
    replicas: 0,
    ...replicaSet.status,
    observedGeneration: replicaSet.metadata.generation,
    conditions: withCondition(conditions, failure, nowMs),
  };
  return { writes: [{ op: 'status', type: types.replicaSets, object: replicaSet, status }], events: [event] };
}

function about(object: KubeObject, type: 'Normal' | 'Warning', reason: string, message: string): EventDraft {
  return { about: object, type, reason, message, component };
}
