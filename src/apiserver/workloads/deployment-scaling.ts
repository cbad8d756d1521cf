// How large each ReplicaSet of a Deployment should be now: rolling update, Recreate, and plain scaling. Pure
// arithmetic over Sizes; nothing is written here.
import {
  availableOf,
  byAge,
  desiredReplicasAnnotation,
  isRolling,
  maxReplicasAnnotation,
  replicasOf,
  type Sizes,
  strategyBounds,
  total,
} from './deployment-facts.ts';
import type { Deployment, ReplicaSet } from './kinds.ts';

export interface ScalingInput {
  readonly deployment: Deployment;
  readonly current: ReplicaSet | undefined;
  readonly old: readonly ReplicaSet[];
  readonly sizes: Sizes;
}

/** Size of the new ReplicaSet of a rollout, within the surge. */
export function newSetSize(deployment: Deployment, size: number, allSizes: number): number {
  const wanted = replicasOf(deployment);
  if (!isRolling(deployment)) return wanted;
  const most = wanted + strategyBounds(deployment).surge;
  return allSizes >= most ? size : size + Math.min(most - allSizes, wanted - size);
}

/** One step of a rolling update: up if possible, else down. */
export function stepRolling(input: ScalingInput & { readonly current: ReplicaSet }): void {
  const { deployment, current, old, sizes } = input;
  const wanted = replicasOf(deployment);
  const size = sizes.of(current);
  const allSizes = total([current, ...old], (set) => sizes.of(set));
  const next = size > wanted ? wanted : newSetSize(deployment, size, allSizes);
  if (next !== size) sizes.set(current, next);
  else stepDown(input, allSizes);
}

function stepDown(input: ScalingInput & { readonly current: ReplicaSet }, allSizes: number): void {
  const { deployment, current, sizes } = input;
  const old = input.old.filter((set) => sizes.of(set) > 0).sort(byAge);
  const leastAvailable = replicasOf(deployment) - strategyBounds(deployment).unavailable;
  const newUnavailable = sizes.of(current) - availableOf(current);
  const removable = allSizes - leastAvailable - newUnavailable;
  if (old.length === 0 || removable <= 0) return;
  // Pods that do not work go first: removing them costs no availability.
  take(old, removable, sizes, (set) => sizes.of(set) - availableOf(set));
  const available = total([current, ...old], availableOf);
  take(old, available - leastAvailable, sizes, (set) => sizes.of(set));
}

function take(
  sets: readonly ReplicaSet[],
  most: number,
  sizes: Sizes,
  removable: (set: ReplicaSet) => number,
): void {
  let left = most;
  for (const set of sets) {
    const count = Math.max(0, Math.min(left, removable(set)));
    if (count > 0) sizes.set(set, sizes.of(set) - count);
    left -= count;
  }
}

/** True when the Deployment's size changed since its active ReplicaSets were sized. */
export function isScalingEvent({ deployment, current, old }: ScalingInput): boolean {
  return [current, ...old].some((set) => {
    if (set === undefined || replicasOf(set) === 0) return false;
    const desired = set.metadata.annotations?.[desiredReplicasAnnotation];
    return desired !== undefined && Number(desired) !== replicasOf(deployment);
  });
}

/** Plain scaling, outside or in the middle of a rollout. */
export function scale(input: ScalingInput): void {
  const { deployment, current, old, sizes } = input;
  const wanted = replicasOf(deployment);
  const all = current === undefined ? [...old] : [...old, current];
  const active = all.filter((set) => sizes.of(set) > 0);
  const only = active.length > 1 ? undefined : (active[0] ?? current ?? [...old].sort(byAge).at(-1));
  if (only !== undefined) sizes.set(only, wanted);
  else if (current !== undefined && isSaturated(deployment, current, sizes)) {
    for (const set of old) if (sizes.of(set) > 0) sizes.set(set, 0);
  } else if (isRolling(deployment)) scaleProportionally(deployment, active, sizes);
}

function isSaturated(deployment: Deployment, current: ReplicaSet, sizes: Sizes): boolean {
  const wanted = replicasOf(deployment);
  const desired = Number(current.metadata.annotations?.[desiredReplicasAnnotation]);
  return sizes.of(current) === wanted && desired === wanted && availableOf(current) === wanted;
}

function scaleProportionally(deployment: Deployment, active: readonly ReplicaSet[], sizes: Sizes): void {
  const wanted = replicasOf(deployment);
  const allowed = wanted === 0 ? 0 : wanted + strategyBounds(deployment).surge;
  const toAdd = allowed - total(active, (set) => sizes.of(set));
  const newestFirst = toAdd > 0 ? -1 : 1;
  const sorted = [...active].sort((a, b) => sizes.of(b) - sizes.of(a) || newestFirst * byAge(a, b));
  const parts = sorted.map((set) => fraction(deployment, set, sizes));
  let added = 0;
  for (const [at, set] of sorted.entries()) {
    const part = parts[at] ?? 0;
    const share = toAdd > 0 ? Math.min(part, toAdd - added) : Math.max(part, toAdd - added);
    const counted = toAdd === 0 ? 0 : share;
    sizes.set(set, sizes.of(set) + counted);
    added += counted;
  }
  const [largest] = sorted;
  if (largest !== undefined && toAdd !== 0)
    sizes.set(largest, Math.max(0, sizes.of(largest) + toAdd - added));
}

function fraction(deployment: Deployment, set: ReplicaSet, sizes: Sizes): number {
  const wanted = replicasOf(deployment);
  const size = sizes.of(set);
  if (wanted === 0) return -size;
  const annotated = Number(set.metadata.annotations?.[maxReplicasAnnotation]) || 0;
  const before = annotated === 0 ? (deployment.status?.replicas ?? 0) : annotated;
  if (before === 0) return 0;
  return Math.round((size * (wanted + strategyBounds(deployment).surge)) / before) - size;
}
