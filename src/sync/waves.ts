// The order of a sync: phase, wave, kind, name; prunes backwards. Pure.
import { type GroupKind, gvkOf, type KubeObject } from '../k8s/index.ts';
import { isRecord } from '../lib/index.ts';
import { annotations } from '../model/index.ts';
import { PHASES, type Stage, type SyncTask, type TaskPhase } from './task.ts';

/** Kinds in the order in which they need each other; all others come after. */
const KIND_ORDER = new Map(
  [
    'Namespace',
    'NetworkPolicy',
    'ResourceQuota',
    'LimitRange',
    'PodSecurityPolicy',
    'PodDisruptionBudget',
    'ServiceAccount',
    'Secret',
    'SecretList',
    'ConfigMap',
    'StorageClass',
    'PersistentVolume',
    'PersistentVolumeClaim',
    'CustomResourceDefinition',
    'ClusterRole',
    'ClusterRoleList',
    'ClusterRoleBinding',
    'ClusterRoleBindingList',
    'Role',
    'RoleList',
    'RoleBinding',
    'RoleBindingList',
    'Service',
    'DaemonSet',
    'Pod',
    'ReplicationController',
    'ReplicaSet',
    'Deployment',
    'HorizontalPodAutoscaler',
    'StatefulSet',
    'Job',
    'CronJob',
    'IngressClass',
    'Ingress',
    'APIService',
  ].map((kind, index) => [kind, index] as const),
);

/** The wave in an object's annotation, else the weight of a Helm hook, else 0. Text that is no integer counts as absent. */
export function syncWaveOf(object: KubeObject): number {
  const marks = object.metadata.annotations ?? {};
  return integer(marks[annotations.syncWave]) ?? integer(marks[annotations.helmHookWeight]) ?? 0;
}

function integer(text: string | undefined): number | undefined {
  return text !== undefined && /^\s*[+-]?\d{1,9}\s*$/.test(text) ? Number(text) : undefined;
}

/** Negative when `a` comes before `b`. */
export function compareTasks(a: SyncTask, b: SyncTask): number {
  return compareStage(a, b) || compareKind(a.key, b.key) || (a.id < b.id ? -1 : Number(a.id > b.id));
}

function compareStage(a: { phase: TaskPhase; wave: number }, b: { phase: TaskPhase; wave: number }): number {
  return PHASES.indexOf(a.phase) - PHASES.indexOf(b.phase) || a.wave - b.wave;
}

export function compareKind(a: GroupKind, b: GroupKind): number {
  const last = KIND_ORDER.size;
  const place = (KIND_ORDER.get(a.kind) ?? last) - (KIND_ORDER.get(b.kind) ?? last);
  if (place !== 0) return place;
  const [left, right] = [`${a.kind}.${a.group}`, `${b.kind}.${b.group}`];
  return left < right ? -1 : Number(left > right);
}

/**
 * Moves each Namespace and CustomResourceDefinition that would come later than something in need of it into the
 * phase and wave of that something.
 */
export function dependenciesFirst(tasks: readonly SyncTask[]): SyncTask[] {
  return tasks.map((task) => {
    const needs = task.action === 'apply' ? needsOf(task) : undefined;
    if (needs === undefined) return task;
    const first = tasks
      .filter((other) => other.action !== 'prune' && other !== task && needs(other))
      .sort(compareStage)[0];
    if (first === undefined || compareStage(first, task) >= 0) return task;
    return { ...task, phase: first.phase, wave: first.wave };
  });
}

function needsOf(task: SyncTask): ((other: SyncTask) => boolean) | undefined {
  if (task.key.group === '' && task.key.kind === 'Namespace') {
    return (other) => other.key.namespace === task.key.name;
  }
  const defined = definedKind(task.desired);
  if (defined === undefined) return undefined;
  return ({ key }) => key.group === defined.group && key.kind === defined.kind;
}

/** The kind a CustomResourceDefinition defines. */
export function definedKind(object: KubeObject | undefined): GroupKind | undefined {
  if (object === undefined || object.kind !== 'CustomResourceDefinition') return undefined;
  if (gvkOf(object).group !== 'apiextensions.k8s.io') return undefined;
  const spec = object['spec'];
  const names = isRecord(spec) ? spec['names'] : undefined;
  if (!isRecord(spec) || !isRecord(names)) return undefined;
  return { group: String(spec['group']), kind: String(names['kind']) };
}

/** Prunes in reverse order of their waves: the distinct waves swap places symmetrically. `PruneLast` goes behind all. */
export function reversePrunes(tasks: readonly SyncTask[]): SyncTask[] {
  const waves = [...new Set(tasks.filter(isOrdinaryPrune).map((task) => task.wave))].sort((a, b) => a - b);
  const swapped = new Map(waves.map((wave, index) => [wave, waves.at(-1 - index) ?? wave]));
  const turned = tasks.map((task) =>
    isOrdinaryPrune(task) ? { ...task, wave: swapped.get(task.wave) ?? task.wave } : task,
  );
  const last = Math.max(
    0,
    ...turned.filter((task) => task.phase === 'Sync' && !isPruneLast(task)).map(({ wave }) => wave),
  );
  return turned.map((task) => (isPruneLast(task) ? { ...task, wave: last + 1 } : task));
}

function isPruneLast(task: SyncTask): boolean {
  return task.action === 'prune' && task.options.pruneLast;
}

function isOrdinaryPrune(task: SyncTask): boolean {
  return task.action === 'prune' && !task.options.pruneLast;
}

/** Stages in order, each with its prunes (what depends first) and its groups of one kind. */
export function stagesOf(tasks: readonly SyncTask[]): Stage[] {
  const stages: { phase: TaskPhase; wave: number; prunes: SyncTask[]; groups: SyncTask[][] }[] = [];
  for (const task of [...tasks].sort(compareTasks)) {
    let stage = stages.at(-1);
    if (stage === undefined || compareStage(stage, task) !== 0) {
      stage = { phase: task.phase, wave: task.wave, prunes: [], groups: [] };
      stages.push(stage);
    }
    if (task.action === 'prune') {
      stage.prunes.unshift(task);
      continue;
    }
    const group = stage.groups.at(-1);
    const before = group?.[0];
    if (group !== undefined && before !== undefined && compareKind(before.key, task.key) === 0)
      group.push(task);
    else stage.groups.push([task]);
  }
  return stages;
}
