// OpenKruise workloads: as the ones of Kubernetes, with partitions that wait for somebody to go on.
import type { KubeObject } from '../../k8s/index.ts';
import type { Health } from '../../model/index.ts';
import { type Family, kinds } from '../family.ts';
import {
  at,
  degraded,
  generationOf,
  type HealthCheck,
  healthy,
  isUnobserved,
  numberAt,
  progressing,
  suspended,
} from '../read.ts';
import { byPhase, unobserved } from '../rules.ts';

interface Rollout {
  readonly updated: number;
  readonly wanted: number;
  readonly available: number;
}

/** What a workload counts, and how many of its pods the partition lets be updated. */
type Counts = (object: KubeObject, partition: number) => Rollout & { readonly allowed: number };

const PODS = 'Look at the pods that are not available.';

function workload(strategy: readonly string[], counts: Counts): HealthCheck {
  return (object): Health => {
    if (at(object, 'status') === undefined) return progressing('Waiting for the controller');
    if (isUnobserved(object)) return unobserved(object);
    if (at(object, ...strategy, 'paused') === true)
      return suspended(`Paused by ${strategy.join('.')}.paused. Set it to false to go on`);
    const partition = numberAt(object, ...strategy, 'partition') ?? 0;
    const { updated, wanted, available, allowed } = counts(object, partition);
    if (partition !== 0 && generationOf(object) > 1) {
      return updated >= allowed
        ? suspended(
            `${updated} of ${wanted} pods are updated. Lower ${strategy.join('.')}.partition to go on`,
          )
        : progressing(`Waiting for rollout to finish: ${updated} of ${allowed} pods are updated`);
    }
    if (updated >= wanted && available >= wanted) return healthy();
    return updated < wanted
      ? progressing(`Waiting for rollout to finish: ${updated} of ${wanted} pods are updated`)
      : degraded(`${available} of ${wanted} updated pods are available. ${PODS}`);
  };
}

function replicaCounts(object: KubeObject, partition: number): ReturnType<Counts> {
  const count = (name: string): number => numberAt(object, 'status', name) ?? 0;
  const wanted = count('replicas');
  return {
    updated: count('updatedReplicas'),
    wanted,
    available: count('updatedAvailableReplicas'),
    allowed: numberAt(object, 'status', 'expectedUpdatedReplicas') ?? wanted - partition,
  };
}

function daemonCounts(object: KubeObject, partition: number): ReturnType<Counts> {
  const count = (name: string): number => numberAt(object, 'status', name) ?? 0;
  const wanted = count('desiredNumberScheduled');
  return {
    updated: count('updatedNumberScheduled'),
    wanted,
    available: count('numberAvailable'),
    allowed: wanted - partition,
  };
}

const broadcastJob = byPhase({
  path: 'status.phase',
  phases: { Healthy: 'completed', Degraded: 'failed', Suspended: 'paused', Progressing: 'running' },
  waiting: 'Waiting for the controller',
  remedy: 'Look at the log of its failed pods.',
});

const ROLLING = ['spec', 'updateStrategy', 'rollingUpdate'];

export const kruise: Family = {
  name: 'OpenKruise',
  checks: [
    kinds(
      'apps.kruise.io',
      'CloneSet',
      'generation, pause, partition, replicas',
      workload(['spec', 'updateStrategy'], replicaCounts),
    ),
    kinds('apps.kruise.io', 'StatefulSet', 'as CloneSet', workload(ROLLING, replicaCounts)),
    kinds(
      'apps.kruise.io',
      'DaemonSet',
      'generation, pause, partition, nodes',
      workload(ROLLING, daemonCounts),
    ),
    kinds('apps.kruise.io', 'BroadcastJob', 'status.phase', broadcastJob),
  ],
};
