// A Deployment and its ReplicaSets as the rollout sees them: which is new, how large each is, what the strategy
// allows. Pure; the messages and thresholds are those of the real controller.
import { jsonEqual } from '../../lib/index.ts';
import { countOf } from './int-or-percent.ts';
import { type Deployment, nameOf, type PodTemplate, type ReplicaSet, timeMs, uidOf } from './kinds.ts';
import { templateHash, templateHashLabel } from './pod-template.ts';

export const revisionAnnotation = 'deployment.kubernetes.io/revision';
export const revisionHistoryAnnotation = 'deployment.kubernetes.io/revision-history';
export const desiredReplicasAnnotation = 'deployment.kubernetes.io/desired-replicas';
export const maxReplicasAnnotation = 'deployment.kubernetes.io/max-replicas';

export function replicasOf(object: Deployment | ReplicaSet): number {
  return object.spec.replicas ?? 1;
}

/** The hash by which a Deployment's present template is known. */
export function currentHash(deployment: Deployment): string {
  return templateHash(templateIdentity(deployment.spec.template), deployment.status?.collisionCount ?? 0);
}

/** The oldest ReplicaSet with the Deployment's template, and all others. */
export function splitByTemplate(
  deployment: Deployment,
  replicaSets: readonly ReplicaSet[],
): { readonly current: ReplicaSet | undefined; readonly old: ReplicaSet[] } {
  const sorted = [...replicaSets].sort(byAge);
  const hash = currentHash(deployment);
  const wanted = templateIdentity(deployment.spec.template);
  const current =
    sorted.find((candidate) => candidate.metadata.labels?.[templateHashLabel] === hash) ??
    sorted.find((candidate) => jsonEqual(templateIdentity(candidate.spec.template), wanted));
  return { current, old: sorted.filter((candidate) => candidate !== current) };
}

/** Oldest first. */
export function byAge(a: ReplicaSet, b: ReplicaSet): number {
  return (
    timeMs(a.metadata.creationTimestamp) - timeMs(b.metadata.creationTimestamp) ||
    (nameOf(a) < nameOf(b) ? -1 : 1)
  );
}

export function revisionOf(replicaSet: ReplicaSet): number {
  return Number(replicaSet.metadata.annotations?.[revisionAnnotation] ?? 0) || 0;
}

export function isRolling(deployment: Deployment): boolean {
  return (deployment.spec.strategy?.type ?? 'RollingUpdate') === 'RollingUpdate';
}

/** How many pods a rolling update may have above and below the wanted count. */
export function strategyBounds(deployment: Deployment): {
  readonly surge: number;
  readonly unavailable: number;
} {
  if (!isRolling(deployment)) return { surge: 0, unavailable: 0 };
  const total = replicasOf(deployment);
  const { maxSurge = '25%', maxUnavailable = '25%' } = deployment.spec.strategy?.rollingUpdate ?? {};
  const surge = countOf(maxSurge, total, 'up');
  const down = countOf(maxUnavailable, total, 'down');
  const unavailable = surge === 0 && down === 0 ? 1 : down;
  return { surge, unavailable: total === 0 ? 0 : Math.min(unavailable, total) };
}

/** `progressDeadlineSeconds` in milliseconds; undefined for none. */
export function progressDeadlineMs(deployment: Deployment): number | undefined {
  const seconds = deployment.spec.progressDeadlineSeconds;
  return seconds === undefined || seconds >= 2 ** 31 - 1 ? undefined : seconds * 1000;
}

/** Sum over ReplicaSets. */
export function total(replicaSets: readonly ReplicaSet[], of: (replicaSet: ReplicaSet) => number): number {
  return replicaSets.reduce((sum, replicaSet) => sum + of(replicaSet), 0);
}

export function availableOf(replicaSet: ReplicaSet): number {
  return replicaSet.status?.availableReplicas ?? 0;
}

/** The wanted sizes during one look, before they are written. */
export class Sizes {
  private readonly wanted = new Map<string, number>();

  of(replicaSet: ReplicaSet): number {
    return this.wanted.get(uidOf(replicaSet)) ?? replicasOf(replicaSet);
  }

  set(replicaSet: ReplicaSet, size: number): void {
    this.wanted.set(uidOf(replicaSet), size);
  }
}

/** What makes two templates the same: everything but the hash label and server-set metadata. */
function templateIdentity(template: PodTemplate): unknown {
  const { [templateHashLabel]: _hash, ...labels } = template.metadata?.labels ?? {};
  const annotations = template.metadata?.annotations ?? {};
  const finalizers = template.metadata?.finalizers ?? [];
  return { labels, annotations, finalizers, spec: template.spec };
}
