// DaemonSet: one pod on every node its node selector allows. planDaemonSet is pure.
import type { KubeObject } from '../../k8s/index.ts';
import type { Random } from '../../lib/index.ts';
import { dropRevisions, presentRevision, revisionHashLabel } from './controller-revision.ts';
import { countOf } from './int-or-percent.ts';
import {
  type ControllerRevision,
  type DaemonSet,
  isDeleting,
  nameOf,
  omitEmpty,
  type Pod,
  types,
} from './kinds.ts';
import { isEmptySelector } from './label-selector.ts';
import { claimChildren, ownedTrigger } from './ownership.ts';
import { type Controller, type EventDraft, nothing, type Plan, type Write } from './plan.ts';
import { isAvailable, isFinished, isReady, nextAvailableMs } from './pod-facts.ts';
import { podFromTemplate } from './pod-template.ts';
import { fitsNode, pinnedNode } from './scheduler.ts';

const component = 'daemonset-controller';
const generationAnnotation = 'deprecated.daemonset.template.generation';
const unharmfulTaints = [
  'not-ready',
  'unreachable',
  'disk-pressure',
  'memory-pressure',
  'pid-pressure',
  'unschedulable',
];

export const daemonSetController: Controller = {
  name: 'daemonsets',
  type: types.daemonSets,
  triggers: [
    ownedTrigger(types.pods, types.daemonSets, 'DaemonSet'),
    ownedTrigger(types.controllerRevisions, types.daemonSets, 'DaemonSet'),
    {
      type: types.nodes,
      *keysFor(_node, view) {
        for (const set of view.list(types.daemonSets)) yield `${set.metadata.namespace ?? ''}/${nameOf(set)}`;
      },
    },
  ],
  plan(object, world) {
    const set = object as DaemonSet;
    if (isEmptySelector(set.spec.selector)) return nothing;
    const claim = claimChildren(world.view, object, types.pods, set.spec.selector);
    const revisions = claimChildren(world.view, object, types.controllerRevisions, set.spec.selector);
    const plan = planDaemonSet({
      set,
      pods: claim.owned as Pod[],
      revisions: revisions.owned as ControllerRevision[],
      nodes: [...world.view.list(types.nodes)],
      nowMs: world.nowMs,
      random: world.random,
    });
    return { ...plan, writes: [...claim.writes, ...revisions.writes, ...plan.writes] };
  },
  refused: (object, error) => ({
    writes: [],
    events: [eventOf(object, 'Warning', 'FailedCreate', `Error creating: ${error.message}`)],
  }),
};

export interface DaemonSetInput {
  readonly set: DaemonSet;
  readonly pods: readonly Pod[];
  readonly revisions: readonly ControllerRevision[];
  readonly nodes: readonly KubeObject[];
  readonly nowMs: number;
  readonly random: Random;
}

export function planDaemonSet(input: DaemonSetInput): Plan {
  const { set, revisions, pods, nowMs } = input;
  const state = presentRevision({ owner: set, revisions, collisionCount: 0, hashLabel: revisionHashLabel });
  const hash = state.present.metadata.labels?.[revisionHashLabel] ?? '';
  const writes: Write[] = [...state.writes];
  const wanted = input.nodes.filter((node) => fitsNode(set.spec.template.spec, node));
  if (!isDeleting(set)) {
    writes.push(...manage(input, wanted, hash), ...roll(input, wanted, hash));
    const live = new Set(
      pods.map((pod) => `${nameOf(set)}-${pod.metadata.labels?.[revisionHashLabel] ?? ''}`),
    );
    live.add(nameOf(state.present));
    writes.push(...dropRevisions(state.all, live, set.spec.revisionHistoryLimit ?? 10));
  }
  writes.push({ op: 'status', type: types.daemonSets, object: set, status: statusOf(input, wanted, hash) });
  return { writes, requeueMs: nextAvailableMs(pods, set.spec.minReadySeconds ?? 0, nowMs) };
}

/** Creates missing pods, removes finished ones and those on nodes that no longer fit. */
function manage({ set, pods, random }: DaemonSetInput, wanted: readonly KubeObject[], hash: string): Write[] {
  const names = new Set(wanted.map(nameOf));
  const writes: Write[] = [];
  for (const pod of pods) {
    if (isDeleting(pod) || (!isFinished(pod) && names.has(nodeOf(pod)))) continue;
    writes.push(deletion(set, pod));
  }
  for (const node of wanted) {
    const surging = pods.filter((pod) => nodeOf(pod) === nameOf(node));
    // A terminating pod still holds the node; its successor follows.
    if (surging.length > 0) continue;
    const object = daemonPod(set, nameOf(node), hash, random);
    const event = eventOf(set, 'Normal', 'SuccessfulCreate', `Created pod: ${nameOf(object)}`);
    writes.push({ op: 'create', type: types.pods, object, event });
  }
  return writes;
}

/** Deletes pods of an older template, as many as may be unavailable; their successors come with the next look. */
function roll({ set, pods, nowMs }: DaemonSetInput, wanted: readonly KubeObject[], hash: string): Write[] {
  const { type = 'RollingUpdate', rollingUpdate } = set.spec.updateStrategy ?? {};
  if (type === 'OnDelete') return [];
  const allowed = Math.max(1, countOf(rollingUpdate?.maxUnavailable ?? 1, wanted.length, 'up'));
  const living = pods.filter((pod) => !isDeleting(pod) && !isFinished(pod));
  const old = living.filter((pod) => pod.metadata.labels?.[revisionHashLabel] !== hash);
  const available = living.filter((pod) => isAvailable(pod, set.spec.minReadySeconds ?? 0, nowMs));
  const broken = old.filter((pod) => !available.includes(pod));
  const spare = allowed - (wanted.length - available.length);
  const working = old.filter((pod) => available.includes(pod)).slice(0, Math.max(0, spare));
  return [...broken, ...working].map((pod) => deletion(set, pod));
}

function daemonPod(set: DaemonSet, nodeName: string, hash: string, random: Random): KubeObject {
  const { template } = set.spec;
  const generation = set.metadata.annotations?.[generationAnnotation];
  const terms = [{ matchFields: [{ key: 'metadata.name', operator: 'In', values: [nodeName] }] }];
  const affinity = template.spec['affinity'] as Record<string, unknown> | undefined;
  const tolerations = (template.spec['tolerations'] as object[] | undefined) ?? [];
  const own = unharmfulTaints.map((taint) => ({
    key: `node.kubernetes.io/${taint}`,
    operator: 'Exists',
    effect: taint === 'not-ready' || taint === 'unreachable' ? 'NoExecute' : 'NoSchedule',
  }));
  return podFromTemplate({
    owner: set,
    template,
    prefix: `${nameOf(set)}-`,
    labels: {
      [revisionHashLabel]: hash,
      ...(generation === undefined ? {} : { 'pod-template-generation': generation }),
    },
    spec: {
      affinity: {
        ...affinity,
        nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: terms } },
      },
      tolerations: [...tolerations, ...own],
    },
    random,
  });
}

/** The node a pod is on, or is meant for. */
function nodeOf(pod: Pod): string {
  return pod.spec.nodeName ?? pinnedNode(pod) ?? '';
}

function statusOf({ set, pods, nowMs }: DaemonSetInput, wanted: readonly KubeObject[], hash: string): object {
  const names = new Set(wanted.map(nameOf));
  const living = pods.filter((pod) => !isDeleting(pod) && !isFinished(pod));
  const placed = living.filter((pod) => names.has(nodeOf(pod)));
  const available = placed.filter((pod) => isAvailable(pod, set.spec.minReadySeconds ?? 0, nowMs)).length;
  return {
    currentNumberScheduled: placed.length,
    numberMisscheduled: living.length - placed.length,
    desiredNumberScheduled: wanted.length,
    numberReady: placed.filter(isReady).length,
    ...omitEmpty({
      observedGeneration: set.metadata.generation,
      updatedNumberScheduled: placed.filter((pod) => pod.metadata.labels?.[revisionHashLabel] === hash)
        .length,
      numberAvailable: available,
      numberUnavailable: wanted.length - available,
    }),
  };
}

function deletion(set: DaemonSet, object: Pod): Write {
  const event = eventOf(set, 'Normal', 'SuccessfulDelete', `Deleted pod: ${nameOf(object)}`);
  return { op: 'delete', type: types.pods, object, event };
}

function eventOf(about: KubeObject, type: 'Normal' | 'Warning', reason: string, message: string): EventDraft {
  return { about, type, reason, message, component };
}
