// Status of a Deployment: counts, Available, Progressing and ReplicaFailure. Pure.
import { rfc3339 } from '../../lib/index.ts';
import { findCondition, withoutCondition } from './conditions.ts';
import { progressDeadlineMs, replicasOf, type Sizes, strategyBounds, total } from './deployment-facts.ts';
import {
  type Condition,
  type Deployment,
  type DeploymentStatus,
  nameOf,
  omitEmpty,
  type ReplicaSet,
  timeMs,
} from './kinds.ts';

/**
 * Adds or replaces a Deployment condition, at the end of the list. One with the same status and reason stays
 * untouched, message included, as the real controller leaves it.
 */
export function withDeploymentCondition(
  conditions: readonly Condition[],
  wanted: Condition,
  nowMs: number,
): Condition[] {
  const current = findCondition(conditions, wanted.type);
  const sameStatus = current?.status === wanted.status;
  if (sameStatus && current.reason === wanted.reason) return conditions as Condition[];
  return replaced(conditions, wanted, sameStatus ? current.lastTransitionTime : undefined, nowMs);
}

function replaced(
  conditions: readonly Condition[],
  wanted: Condition,
  since: string | undefined,
  nowMs: number,
): Condition[] {
  const now = rfc3339(nowMs);
  const next = { ...wanted, lastUpdateTime: now, lastTransitionTime: since ?? now };
  return [...withoutCondition(conditions, wanted.type), next];
}

/** Paused and resumed Deployments say so in Progressing, so that the pause does not count against the deadline. */
export function pauseCondition(
  deployment: Deployment,
  conditions: readonly Condition[],
  nowMs: number,
): Condition[] {
  const current = findCondition(conditions, 'Progressing');
  const untouched = conditions as Condition[];
  if (progressDeadlineMs(deployment) === undefined || current?.reason === 'ProgressDeadlineExceeded')
    return untouched;
  const paused = deployment.spec.paused === true;
  if (paused === (current?.reason === 'DeploymentPaused')) return untouched;
  const wanted: Condition = paused
    ? { type: 'Progressing', status: 'Unknown', reason: 'DeploymentPaused', message: 'Deployment is paused' }
    : {
        type: 'Progressing',
        status: 'Unknown',
        reason: 'DeploymentResumed',
        message: 'Deployment is resumed',
      };
  return withDeploymentCondition(conditions, wanted, nowMs);
}

export interface StatusInput {
  readonly deployment: Deployment;
  readonly current: ReplicaSet | undefined;
  readonly all: readonly ReplicaSet[];
  readonly sizes: Sizes;
  /** Conditions so far in this look. */
  readonly conditions: readonly Condition[];
  readonly nowMs: number;
}

/** Counts and the Available condition. */
export function countedStatus(input: StatusInput): DeploymentStatus {
  const { deployment, current, all, sizes, nowMs } = input;
  const available = total(all, (set) => set.status?.availableReplicas ?? 0);
  const wanted = replicasOf(deployment);
  const enough = available >= wanted - strategyBounds(deployment).unavailable;
  const condition: Condition = enough
    ? {
        type: 'Available',
        status: 'True',
        reason: 'MinimumReplicasAvailable',
        message: 'Deployment has minimum availability.',
      }
    : {
        type: 'Available',
        status: 'False',
        reason: 'MinimumReplicasUnavailable',
        message: 'Deployment does not have minimum availability.',
      };
  const { collisionCount } = deployment.status ?? {};
  const counts = omitEmpty({
    observedGeneration: deployment.metadata.generation ?? 0,
    replicas: total(all, (set) => set.status?.replicas ?? 0),
    updatedReplicas: current?.status?.replicas ?? 0,
    readyReplicas: total(all, (set) => set.status?.readyReplicas ?? 0),
    availableReplicas: available,
    unavailableReplicas: Math.max(0, total(all, (set) => sizes.of(set)) - available),
  });
  return {
    ...counts,
    terminatingReplicas: total(all, (set) => set.status?.terminatingReplicas ?? 0),
    ...(collisionCount === undefined ? {} : { collisionCount }),
    conditions: withDeploymentCondition(input.conditions, condition, nowMs),
  };
}

/** All wanted pods run the present template and are available, and no others are left. */
export function isComplete(deployment: Deployment, status: DeploymentStatus): boolean {
  const wanted = replicasOf(deployment);
  return (
    (status.updatedReplicas ?? 0) === wanted &&
    (status.replicas ?? 0) === wanted &&
    (status.availableReplicas ?? 0) === wanted &&
    (status.observedGeneration ?? 0) >= (deployment.metadata.generation ?? 0)
  );
}

/** The status during a rollout: counts, then what the Progressing condition makes of them. */
export function rolloutStatus(input: StatusInput): { status: DeploymentStatus; requeueMs?: number } {
  const { deployment, nowMs } = input;
  const status = countedStatus(input);
  const deadlineMs = progressDeadlineMs(deployment);
  let conditions = status.conditions ?? [];
  if (deadlineMs === undefined) conditions = withoutCondition(conditions, 'Progressing');
  else conditions = progressed(input, { ...status, conditions }, deadlineMs);
  const failure = [input.current, ...input.all]
    .map((set) => findCondition(set?.status?.conditions, 'ReplicaFailure'))
    .find((condition) => condition !== undefined);
  if (failure === undefined) conditions = withoutCondition(conditions, 'ReplicaFailure');
  else conditions = withDeploymentCondition(conditions, failure, nowMs);
  const next = { ...status, conditions };
  const waitMs = deadlineMs === undefined ? undefined : untilDeadlineMs(deployment, next, deadlineMs, nowMs);
  return { status: next, ...(waitMs === undefined ? {} : { requeueMs: waitMs }) };
}

function progressed(input: StatusInput, status: DeploymentStatus, deadlineMs: number): Condition[] {
  const { deployment, nowMs } = input;
  const conditions = status.conditions ?? [];
  const current = findCondition(conditions, 'Progressing');
  const settled = (status.replicas ?? 0) === (status.updatedReplicas ?? 0);
  if (settled && current?.reason === 'NewReplicaSetAvailable') return conditions;
  const subject =
    input.current === undefined
      ? `Deployment "${nameOf(deployment)}"`
      : `ReplicaSet "${nameOf(input.current)}"`;
  if (isComplete(deployment, status)) {
    const message = `${subject} has successfully progressed.`;
    const done: Condition = {
      type: 'Progressing',
      status: 'True',
      reason: 'NewReplicaSetAvailable',
      message,
    };
    return withDeploymentCondition(conditions, done, nowMs);
  }
  if (isProgress(deployment.status ?? {}, status)) {
    const message = `${subject} is progressing.`;
    const moving: Condition = { type: 'Progressing', status: 'True', reason: 'ReplicaSetUpdated', message };
    // Repeated progress moves lastUpdateTime, from which the deadline counts.
    return replaced(
      conditions,
      moving,
      current?.status === 'True' ? current.lastTransitionTime : undefined,
      nowMs,
    );
  }
  if (!hasTimedOut(current, deadlineMs, nowMs)) return conditions;
  const message = `${subject} has timed out progressing.`;
  const late: Condition = {
    type: 'Progressing',
    status: 'False',
    reason: 'ProgressDeadlineExceeded',
    message,
  };
  return withDeploymentCondition(conditions, late, nowMs);
}

function isProgress(before: DeploymentStatus, after: DeploymentStatus): boolean {
  const old = (status: DeploymentStatus): number => (status.replicas ?? 0) - (status.updatedReplicas ?? 0);
  return (
    (after.updatedReplicas ?? 0) > (before.updatedReplicas ?? 0) ||
    old(after) < old(before) ||
    (after.readyReplicas ?? 0) > (before.readyReplicas ?? 0) ||
    (after.availableReplicas ?? 0) > (before.availableReplicas ?? 0)
  );
}

function hasTimedOut(progressing: Condition | undefined, deadlineMs: number, nowMs: number): boolean {
  if (progressing === undefined || progressing.reason === 'NewReplicaSetAvailable') return false;
  if (progressing.reason === 'ProgressDeadlineExceeded') return true;
  return timeMs(progressing.lastUpdateTime) + deadlineMs < nowMs;
}

function untilDeadlineMs(
  deployment: Deployment,
  status: DeploymentStatus,
  deadlineMs: number,
  nowMs: number,
): number | undefined {
  const progressing = findCondition(status.conditions, 'Progressing');
  const decided = progressing === undefined || progressing.reason === 'ProgressDeadlineExceeded';
  if (decided || isComplete(deployment, status)) return undefined;
  return Math.max(0, timeMs(progressing.lastUpdateTime) + deadlineMs - nowMs) + 1_000;
}
