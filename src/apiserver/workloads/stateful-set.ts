// StatefulSet: pods with stable names, made, replaced and removed in order (or in parallel). planStatefulSet is
// pure; scaling goes before updating, as on a real cluster.
import type { KubeObject } from '../../k8s/index.ts';
import type { Random } from '../../lib/index.ts';
import { dropRevisions, presentRevision, revisionHashLabel, templateOf } from './controller-revision.ts';
import {
  type ControllerRevision,
  isDeleting,
  nameOf,
  namespaceOf,
  omitEmpty,
  type Pod,
  type StatefulSet,
  types,
} from './kinds.ts';
import { isEmptySelector } from './label-selector.ts';
import { claimChildren, ownedTrigger } from './ownership.ts';
import { type Controller, type EventDraft, nothing, type Plan, type Write } from './plan.ts';
import { isAvailable, isFinished, isReady, nextAvailableMs } from './pod-facts.ts';
import { claimsFor, ordinalOf, startOrdinal, statefulPod, usesCurrentRevision } from './stateful-set-pod.ts';

const component = 'statefulset-controller';

export const statefulSetController: Controller = {
  name: 'statefulsets',
  type: types.statefulSets,
  triggers: [
    ownedTrigger(types.pods, types.statefulSets, 'StatefulSet'),
    ownedTrigger(types.controllerRevisions, types.statefulSets, 'StatefulSet'),
  ],
  plan(object, world) {
    const set = object as StatefulSet;
    if (isEmptySelector(set.spec.selector)) return nothing;
    const claim = claimChildren(world.view, object, types.pods, set.spec.selector);
    const revisions = claimChildren(world.view, object, types.controllerRevisions, set.spec.selector);
    const plan = planStatefulSet({
      set,
      pods: claim.owned as Pod[],
      revisions: revisions.owned as ControllerRevision[],
      hasClaim: (name) => world.view.get(types.volumeClaims, namespaceOf(set), name) !== undefined,
      nowMs: world.nowMs,
      random: world.random,
    });
    return { ...plan, writes: [...claim.writes, ...revisions.writes, ...plan.writes] };
  },
  refused: (object, error) => ({
    writes: [],
    events: [eventOf(object, 'Warning', 'FailedCreate', `create Pod failed error: ${error.message}`)],
  }),
};

export interface StatefulSetInput {
  readonly set: StatefulSet;
  readonly pods: readonly Pod[];
  readonly revisions: readonly ControllerRevision[];
  readonly hasClaim: (name: string) => boolean;
  readonly nowMs: number;
  readonly random: Random;
}

interface Look extends StatefulSetInput {
  readonly ordered: boolean;
  readonly minReadySeconds: number;
  readonly current: ControllerRevision;
  readonly update: ControllerRevision;
  readonly writes: Write[];
}

export function planStatefulSet(input: StatefulSetInput): Plan {
  const { set, revisions, nowMs } = input;
  const state = presentRevision({
    owner: set,
    revisions,
    collisionCount: set.status?.collisionCount ?? 0,
    hashLabel: 'controller.kubernetes.io/hash',
  });
  const current =
    state.all.find((revision) => nameOf(revision) === set.status?.currentRevision) ?? state.present;
  const look: Look = {
    ...input,
    ordered: (set.spec.podManagementPolicy ?? 'OrderedReady') === 'OrderedReady',
    minReadySeconds: set.spec.minReadySeconds ?? 0,
    current,
    update: state.present,
    writes: [...state.writes],
  };
  if (!isDeleting(set)) movePods(look);
  const live = new Set([current, state.present].map(nameOf));
  for (const pod of input.pods) live.add(revisionNameOf(pod));
  look.writes.push({ op: 'status', type: types.statefulSets, object: set, status: statusOf(look) });
  if (!isDeleting(set))
    look.writes.push(...dropRevisions(state.all, live, set.spec.revisionHistoryLimit ?? 10));
  return { writes: look.writes, requeueMs: nextAvailableMs(input.pods, look.minReadySeconds, nowMs) };
}

function movePods(look: Look): void {
  const { set, pods } = look;
  const start = startOrdinal(set);
  const replicas = set.spec.replicas ?? 1;
  const byOrdinal = new Map(pods.map((pod) => [ordinalOf(set, pod), pod]));
  const wanted = Array.from({ length: replicas }, (_, at) => start + at);
  const condemned = [...byOrdinal.keys()]
    .filter((ordinal) => ordinal >= 0 && (ordinal < start || ordinal >= start + replicas))
    .sort((a, b) => b - a);
  for (const ordinal of wanted) {
    const blocked = keepReplica(look, ordinal, byOrdinal.get(ordinal));
    if (blocked && look.ordered) return;
  }
  if (removeCondemned(look, condemned, wanted, byOrdinal) && look.ordered) return;
  updateOne(look, wanted, byOrdinal);
}

/** @returns true when later pods have to wait for this one. */
function keepReplica(look: Look, ordinal: number, pod: Pod | undefined): boolean {
  if (pod === undefined) {
    createReplica(look, ordinal);
    return true;
  }
  if (isFinished(pod)) {
    if (!isDeleting(pod)) deletePod(look, pod);
    return true;
  }
  return isDeleting(pod) || !isAvailable(pod, look.minReadySeconds, look.nowMs);
}

function createReplica(look: Look, ordinal: number): void {
  const { set, random, hasClaim } = look;
  const revision = usesCurrentRevision(set, ordinal) ? look.current : look.update;
  const template = templateOf(revision, set.spec.template);
  for (const object of claimsFor(set, ordinal)) {
    if (hasClaim(nameOf(object))) continue;
    const text = `create Claim ${nameOf(object)} Pod ${nameOf(set)}-${ordinal} in StatefulSet ${nameOf(set)} success`;
    const event = eventOf(set, 'Normal', 'SuccessfulCreate', text);
    look.writes.push({ op: 'create', type: types.volumeClaims, object, event });
  }
  const object = statefulPod({ set, template, revisionName: nameOf(revision), ordinal, random });
  const text = `create Pod ${nameOf(object)} in StatefulSet ${nameOf(set)} successful`;
  const event = eventOf(set, 'Normal', 'SuccessfulCreate', text);
  look.writes.push({ op: 'create', type: types.pods, object, event });
}

/** Scales down from the highest ordinal. @returns true when something is still going away or was told to. */
function removeCondemned(
  look: Look,
  condemned: readonly number[],
  wanted: readonly number[],
  byOrdinal: ReadonlyMap<number, Pod>,
): boolean {
  const healthy = (ordinal: number): boolean => {
    const pod = byOrdinal.get(ordinal);
    return pod !== undefined && !isDeleting(pod) && isAvailable(pod, look.minReadySeconds, look.nowMs);
  };
  const firstUnhealthy = [...wanted, ...[...condemned].reverse()].find((ordinal) => !healthy(ordinal));
  for (const ordinal of condemned) {
    const pod = byOrdinal.get(ordinal);
    if (pod === undefined) continue;
    const blocks = !healthy(ordinal) && ordinal !== firstUnhealthy;
    if (look.ordered && (isDeleting(pod) || blocks)) return true;
    if (isDeleting(pod)) continue;
    deletePod(look, pod);
    deleteClaims(look, ordinal);
    if (look.ordered) return true;
  }
  return condemned.length > 0;
}

function deleteClaims({ set, hasClaim, writes }: Look, ordinal: number): void {
  if (set.spec.persistentVolumeClaimRetentionPolicy?.whenScaled !== 'Delete') return;
  for (const object of claimsFor(set, ordinal)) {
    if (hasClaim(nameOf(object))) writes.push({ op: 'delete', type: types.volumeClaims, object });
  }
}

/** Replaces at most one pod of an older revision, from the highest ordinal down to the partition. */
function updateOne(look: Look, wanted: readonly number[], byOrdinal: ReadonlyMap<number, Pod>): void {
  const { type = 'RollingUpdate', rollingUpdate } = look.set.spec.updateStrategy ?? {};
  if (type === 'OnDelete') return;
  const lowest = startOrdinal(look.set) + (rollingUpdate?.partition ?? 0);
  for (const ordinal of [...wanted].reverse()) {
    if (ordinal < lowest) return;
    const pod = byOrdinal.get(ordinal);
    if (pod === undefined) return;
    if (revisionNameOf(pod) !== nameOf(look.update) && !isDeleting(pod)) {
      deletePod(look, pod);
      return;
    }
    if (isDeleting(pod) || !isAvailable(pod, look.minReadySeconds, look.nowMs)) return;
  }
}

function deletePod({ set, writes }: Look, object: Pod): void {
  const text = `delete Pod ${nameOf(object)} in StatefulSet ${nameOf(set)} successful`;
  const event = eventOf(set, 'Normal', 'SuccessfulDelete', text);
  writes.push({ op: 'delete', type: types.pods, object, event });
}

function statusOf(look: Look): object {
  const { set, pods, current, update, minReadySeconds, nowMs } = look;
  const ready = pods.filter((pod) => pod.status?.phase === 'Running' && isReady(pod));
  const living = pods.filter((pod) => !isDeleting(pod));
  const of = (name: string): number => living.filter((pod) => revisionNameOf(pod) === name).length;
  const updated = of(nameOf(update));
  const wanted = set.spec.replicas ?? 1;
  const rolling = (set.spec.updateStrategy?.type ?? 'RollingUpdate') === 'RollingUpdate';
  const complete = rolling && updated === wanted && ready.length === wanted && pods.length === wanted;
  const currentName = complete ? nameOf(update) : nameOf(current);
  return {
    replicas: pods.length,
    availableReplicas: ready.filter((pod) => isAvailable(pod, minReadySeconds, nowMs)).length,
    collisionCount: set.status?.collisionCount ?? 0,
    ...omitEmpty({
      observedGeneration: set.metadata.generation,
      readyReplicas: ready.length,
      currentReplicas: complete ? updated : of(nameOf(current)),
      updatedReplicas: updated,
      currentRevision: currentName,
      updateRevision: nameOf(update),
    }),
  };
}

function revisionNameOf(pod: Pod): string {
  return pod.metadata.labels?.[revisionHashLabel] ?? '';
}

function eventOf(about: KubeObject, type: 'Normal' | 'Warning', reason: string, message: string): EventDraft {
  return { about, type, reason, message, component };
}
