// Binds pods to a simulated node, or says why not. Looks at cordons, node selectors, the node a DaemonSet asks for
// and claims; resources, taints and affinities are not simulated. Pure.

import type { KubeObject } from '../../k8s/index.ts';
import { staysPending } from './behaviour.ts';
import { withCondition } from './conditions.ts';
import { nameOf, namespaceOf, type Pod, types } from './kinds.ts';
import { nothing, type Plan, type World } from './plan.ts';
import { type Reference, unmetClaim } from './references.ts';

export interface SchedulingOutcome {
  readonly plan: Plan;
  /** What has to appear before it is worth another look. */
  readonly waitsFor?: Reference;
}

/** @param sinceMs how long the pod has been waiting, milliseconds. */
export function schedule(pod: Pod, world: World, sinceMs: number): SchedulingOutcome {
  if ((pod.spec.schedulingGates ?? []).length > 0) {
    const message = 'Scheduling is blocked due to non-empty scheduling gates';
    return { plan: unscheduled(pod, world, 'SchedulingGated', message) };
  }
  const nodes = [...world.view.list(types.nodes)];
  const claim = unmetClaim(world.view, pod);
  if (claim !== undefined && claim.text === '' && sinceMs < 1_000) {
    return { plan: { writes: [], requeueMs: 1_000 - sinceMs }, waitsFor: claim };
  }
  if (claim !== undefined) {
    const why = claim.text === '' ? 'pod has unbound immediate PersistentVolumeClaims' : claim.text;
    return { plan: unschedulable(pod, world, nodes.length, why), waitsFor: claim };
  }
  const problem = staysPending(pod) ? '1 Insufficient cpu' : undefined;
  const node = nodes.find((candidate) => nodeProblem(pod, candidate) === undefined);
  if (problem !== undefined || node === undefined) {
    return { plan: unschedulable(pod, world, nodes.length, problem ?? nodeProblems(pod, nodes)) };
  }
  const waitMs = world.latencies.scheduleMs - sinceMs;
  if (waitMs > 0) return { plan: { writes: [], requeueMs: waitMs } };
  return { plan: bind(pod, nameOf(node)) };
}

/** Whether a pod's constraints allow a node, cordons aside. */
export function fitsNode(spec: Pod['spec'], node: KubeObject): boolean {
  const labels = node.metadata.labels ?? {};
  return Object.entries(spec.nodeSelector ?? {}).every(([key, value]) => labels[key] === value);
}

function bind(pod: Pod, nodeName: string): Plan {
  const event = {
    about: pod,
    type: 'Normal',
    reason: 'Scheduled',
    message: `Successfully assigned ${namespaceOf(pod)}/${nameOf(pod)} to ${nodeName}`,
    component: 'default-scheduler',
  } as const;
  const change = (copy: KubeObject): void => {
    copy['spec'] = { ...(copy as Pod).spec, nodeName };
  };
  return { writes: [{ op: 'edit', type: types.pods, object: pod, change, event }] };
}

function nodeProblem(pod: Pod, node: KubeObject): string | undefined {
  const pinned = pinnedNode(pod);
  if (pinned !== undefined && pinned !== nameOf(node)) return 'selector';
  if (!fitsNode(pod.spec, node)) return 'selector';
  const cordoned = (node['spec'] as { unschedulable?: boolean } | undefined)?.unschedulable === true;
  return cordoned && pinned === undefined ? 'cordoned' : undefined;
}

function nodeProblems(pod: Pod, nodes: readonly KubeObject[]): string {
  const cordoned = nodes.filter((node) => nodeProblem(pod, node) === 'cordoned').length;
  const selected = nodes.filter((node) => nodeProblem(pod, node) === 'selector').length;
  const parts = [
    ...(cordoned > 0 ? [`${cordoned} node(s) were unschedulable`] : []),
    ...(selected > 0 ? [`${selected} node(s) didn't match Pod's node affinity/selector`] : []),
  ];
  return parts.length === 0 ? 'no nodes available to schedule pods' : parts.join(', ');
}

/** The node a DaemonSet wrote into the pod's affinity. */
export function pinnedNode(pod: Pod): string | undefined {
  const affinity = pod.spec['affinity'] as
    | {
        nodeAffinity?: {
          requiredDuringSchedulingIgnoredDuringExecution?: {
            nodeSelectorTerms?: { matchFields?: { key: string; values?: string[] }[] }[];
          };
        };
      }
    | undefined;
  const terms =
    affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? [];
  return terms.flatMap(({ matchFields = [] }) => matchFields).find(({ key }) => key === 'metadata.name')
    ?.values?.[0];
}

function unschedulable(pod: Pod, world: World, nodeCount: number, why: string): Plan {
  return unscheduled(pod, world, 'Unschedulable', `0/${nodeCount} nodes are available: ${why}.`);
}

function unscheduled(pod: Pod, world: World, reason: string, message: string): Plan {
  const current = pod.status?.conditions ?? [];
  const conditions = withCondition(
    current,
    { type: 'PodScheduled', status: 'False', reason, message },
    world.nowMs,
  );
  if (conditions === current) return nothing;
  const status = { ...pod.status, phase: 'Pending', conditions };
  const event = {
    about: pod,
    type: 'Warning',
    reason: 'FailedScheduling',
    message,
    component: 'default-scheduler',
  } as const;
  const recorded = reason === 'Unschedulable' ? { event } : {};
  return { writes: [{ op: 'status', type: types.pods, object: pod, status, ...recorded }] };
}
