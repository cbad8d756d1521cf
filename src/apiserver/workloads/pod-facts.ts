// What controllers ask about a pod. Pure.
import { findCondition, isTrue } from './conditions.ts';
import { isDeleting, type Pod, timeMs, uidOf } from './kinds.ts';

/** Succeeded or Failed: it will not run again. */
export function isFinished(pod: Pod): boolean {
  return pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed';
}

/** Counts as a replica: neither finished nor going away. */
export function isActive(pod: Pod): boolean {
  return !isFinished(pod) && !isDeleting(pod);
}

export function isReady(pod: Pod): boolean {
  return isTrue(pod.status?.conditions, 'Ready');
}

/** Ready for at least `minReadySeconds`. */
export function isAvailable(pod: Pod, minReadySeconds: number, nowMs: number): boolean {
  return isReady(pod) && untilAvailableMs(pod, minReadySeconds, nowMs) <= 0;
}

/** Milliseconds until a ready pod counts as available; 0 or less when it does. */
export function untilAvailableMs(pod: Pod, minReadySeconds: number, nowMs: number): number {
  if (minReadySeconds === 0) return 0;
  const since = findCondition(pod.status?.conditions, 'Ready')?.lastTransitionTime;
  return timeMs(since) + minReadySeconds * 1000 - nowMs;
}

/** The soonest change of availability by time alone; undefined when there is none. */
export function nextAvailableMs(
  pods: readonly Pod[],
  minReadySeconds: number,
  nowMs: number,
): number | undefined {
  const waits = pods
    .filter(isReady)
    .map((pod) => untilAvailableMs(pod, minReadySeconds, nowMs))
    .filter((waitMs) => waitMs > 0);
  return waits.length === 0 ? undefined : Math.min(...waits);
}

export function restartsOf(pod: Pod): number {
  return (pod.status?.containerStatuses ?? []).reduce(
    (sum, { restartCount }) => Math.max(sum, restartCount),
    0,
  );
}

const phaseRank: Record<string, number> = { Pending: 0, Unknown: 1, Running: 2 };

/** Order in which a ReplicaSet gives pods up: the least useful first. */
export function byDeletionPreference(a: Pod, b: Pod): number {
  return (
    Number(a.spec.nodeName !== undefined) - Number(b.spec.nodeName !== undefined) ||
    (phaseRank[a.status?.phase ?? 'Pending'] ?? 0) - (phaseRank[b.status?.phase ?? 'Pending'] ?? 0) ||
    Number(isReady(a)) - Number(isReady(b)) ||
    deletionCost(a) - deletionCost(b) ||
    readySinceMs(b) - readySinceMs(a) ||
    restartsOf(b) - restartsOf(a) ||
    timeMs(b.metadata.creationTimestamp) - timeMs(a.metadata.creationTimestamp) ||
    (uidOf(a) < uidOf(b) ? -1 : 1)
  );
}

function readySinceMs(pod: Pod): number {
  return timeMs(findCondition(pod.status?.conditions, 'Ready')?.lastTransitionTime);
}

function deletionCost(pod: Pod): number {
  return Number(pod.metadata.annotations?.['controller.kubernetes.io/pod-deletion-cost'] ?? 0) || 0;
}
