// Turns changes and hooks into ordered stages. Pure: the same input gives the same plan, also after a restart.
import { describeKey, type GroupKind, gvkOf, type KubeObject, keyOf, keyText } from '../k8s/index.ts';
import {
  type Change,
  FIELD_MANAGER,
  type OperationResource,
  type ResourceResult,
  type SyncOperation,
  type SyncPolicy,
} from '../model/index.ts';
import {
  generatedName,
  type HookNaming,
  hookDeadlineMs,
  hookDeletePolicies,
  hookObject,
  hookTypes,
  isSyncPhase,
} from './hooks.ts';
import { type OperationOptions, operationOptions, parseOptions, taskOptions } from './options.ts';
import { isProtected, massLimit, pruneRefusal } from './prune.ts';
import {
  DEFAULT_SETTINGS,
  type DeletePhase,
  type SyncPlan,
  type SyncSettings,
  type SyncTask,
  type TaskPhase,
} from './task.ts';
import { dependenciesFirst, reversePrunes, stagesOf, syncWaveOf } from './waves.ts';

export interface PlanInput {
  /** Every ordinary object of the application, `synced` ones included, and what is live and not desired. */
  readonly changes: readonly Change[];
  /** See `splitHooks`. */
  readonly hooks: readonly KubeObject[];
  readonly operation: SyncOperation;
  /** Of the operation, milliseconds since the epoch. */
  readonly startedAt: number;
  /** 0 for the first attempt. */
  readonly retryCount?: number;
  readonly automated: boolean;
  /** The revision that is synced (the first of several). */
  readonly revision: string;
  /** The application's `syncPolicy.syncOptions`; the operation's own list wins as a whole when it has one. */
  readonly syncOptions?: readonly string[];
  readonly destinationNamespace: string;
  /** The destination namespace as it is live; absent when it does not exist. */
  readonly liveNamespace?: KubeObject;
  readonly managedNamespaceMetadata?: SyncPolicy['managedNamespaceMetadata'];
  /** Why that may not be put on the namespace. */
  readonly namespaceRefusal?: string | undefined;
  /** Annotation `fairlead.dev/max-prune` of the application. */
  readonly maxPrune?: string | undefined;
  /** Objects that another application tracks, in the words of the SharedResourceWarnings. */
  readonly sharedResources?: readonly string[];
  /** Objects this application must not touch, with the reason (project, unknown kind). */
  readonly refused?: readonly { readonly object: KubeObject; readonly message: string }[];
  readonly settings?: Partial<SyncSettings>;
}

export function planSync(input: PlanInput): SyncPlan {
  const { operation, startedAt, retryCount = 0 } = input;
  const list = parseOptions(operation.syncOptions ?? input.syncOptions);
  const options = operationOptions(list);
  const selective = (operation.resources ?? []).length > 0;
  const selected = input.changes.filter((change) => isSelected(operation.resources, change.key));
  const changes = options.applyOutOfSyncOnly ? selected.filter(({ kind }) => kind !== 'synced') : selected;
  const force = operation.syncStrategy?.apply?.force ?? operation.syncStrategy?.hook?.force ?? false;
  const naming = {
    revision: input.revision,
    startedAt,
    retryCount,
    operation: `${Math.floor(startedAt / 1000)}-${retryCount}`,
  };

  const applies = changes.flatMap((change, index) => applyTask(withName(change, naming, index), list, force));
  const { prunes, skipped } = pruneTasks(changes, list, operation.prune ?? false);
  const mass = massOf(input, prunes.length);
  // `syncStrategy.apply` is the kubectl way: no hooks.
  const noHooks = selective || operation.syncStrategy?.apply !== undefined;
  const hooks = noHooks ? [] : input.hooks.flatMap((hook) => hookTasks(hook, naming, list));
  const namespace = namespaceTask(input, options, applies);
  const guarded = prunes.map((task) => ({
    ...task,
    needsApproval: needsApproval(task, input.automated, mass),
  }));
  const tasks = reversePrunes(dependenciesFirst([...namespace, ...applies, ...hooks, ...guarded]));
  const main = stagesOf(tasks.filter((task) => task.phase !== 'SyncFail'));
  return {
    id: naming.operation,
    startedAt,
    dryRun: operation.dryRun ?? false,
    automated: input.automated,
    stages: main,
    failStages: stagesOf(tasks.filter((task) => task.phase === 'SyncFail')),
    invalid: [...refusals(input), ...namespaceRefusal(input, namespace), ...sharedRefusal(input, options)],
    skipped,
    multiStep: main.length > 1 || hooks.length > 0,
    mass,
    options,
    settings: { ...DEFAULT_SETTINGS, ...input.settings },
  };
}

/** All tasks in order, SyncFail last. */
export function tasksOf(plan: SyncPlan): SyncTask[] {
  return [...plan.stages, ...plan.failStages].flatMap((stage) => [...stage.prunes, ...stage.groups.flat()]);
}

/** The server would pick a new name at every try; ours is the same for the whole attempt, so that a restart finds it. */
function withName(change: Change, naming: HookNaming, index: number): Change {
  const { desired } = change;
  if (desired === undefined || (desired.metadata.name ?? '') !== '') return change;
  const name = `${generatedName(desired, 'Sync', naming)}-${index}`;
  return { ...change, desired: { ...desired, metadata: { ...desired.metadata, name } } };
}

function applyTask(change: Change, list: ReadonlyMap<string, string>, force: boolean): SyncTask[] {
  const { desired, live } = change;
  if (desired === undefined) return [];
  const options = taskOptions(desired, list, force);
  return [
    {
      id: taskId('Sync', desired),
      action: 'apply',
      key: keyOf(desired),
      apiVersion: desired.apiVersion,
      phase: 'Sync',
      wave: syncWaveOf(desired),
      desired,
      ...(live === undefined ? {} : { live }),
      // Asked to delete and create anew, an object that is as desired is done over as well.
      unchanged: change.kind === 'synced' && !(options.force && options.replace),
      options,
      needsApproval: false,
    },
  ];
}

function pruneTasks(
  changes: readonly Change[],
  list: ReadonlyMap<string, string>,
  requested: boolean,
): { prunes: SyncTask[]; skipped: ResourceResult[] } {
  const prunes: SyncTask[] = [];
  const skipped: ResourceResult[] = [];
  for (const { kind, live } of changes) {
    if (kind !== 'extra' || live === undefined) continue;
    const options = taskOptions(live, list);
    const refusal = pruneRefusal(options, requested);
    if (refusal !== undefined) {
      skipped.push(skippedResult(live, refusal));
      continue;
    }
    prunes.push({
      id: taskId('Sync', live),
      action: 'prune',
      key: keyOf(live),
      apiVersion: live.apiVersion,
      phase: 'Sync',
      wave: syncWaveOf(live),
      live,
      unchanged: false,
      options,
      needsApproval: false,
    });
  }
  return { prunes, skipped };
}

function skippedResult(live: KubeObject, message: string): ResourceResult {
  const { group, version, kind } = gvkOf(live);
  const { namespace = '', name = '' } = live.metadata;
  return { group, version, kind, namespace, name, status: 'PruneSkipped', message, syncPhase: 'Sync' };
}

function hookTasks(hook: KubeObject, naming: HookNaming, list: ReadonlyMap<string, string>): SyncTask[] {
  return hookTypes(hook)
    .filter(isSyncPhase)
    .map((type) => hookTask(hook, type, naming, list));
}

function hookTask(
  hook: KubeObject,
  type: TaskPhase,
  naming: HookNaming,
  list: ReadonlyMap<string, string>,
): SyncTask {
  const desired = hookObject(hook, type, naming);
  const deadlineMs = hookDeadlineMs(hook);
  return {
    id: taskId(type, desired),
    action: 'hook',
    key: keyOf(desired),
    apiVersion: desired.apiVersion,
    phase: type,
    wave: syncWaveOf(hook),
    desired,
    unchanged: false,
    options: taskOptions(hook, list),
    hook: {
      type,
      deletePolicies: hookDeletePolicies(hook),
      ...(deadlineMs === undefined ? {} : { deadlineMs }),
    },
    needsApproval: false,
  };
}

export interface DeleteHooksInput {
  /** See `splitHooks().deleteHooks`; those of other phases are left out. */
  readonly hooks: readonly KubeObject[];
  readonly phase: DeletePhase;
  /** When the application was deleted, milliseconds since the epoch. */
  readonly deletedAt: number;
  readonly revision: string;
  readonly syncOptions?: readonly string[];
  readonly refused?: PlanInput['refused'];
  readonly settings?: Partial<SyncSettings>;
}

/**
 * The hooks of one phase of an application's deletion, in waves. The same for each attempt, so that a hook that
 * succeeded is not run again by the next one.
 */
export function planDeleteHooks(input: DeleteHooksInput): SyncPlan {
  const { phase, deletedAt: startedAt } = input;
  const list = parseOptions(input.syncOptions);
  const operation = `${Math.floor(startedAt / 1000)}-${phase.toLowerCase()}`;
  const naming = { revision: input.revision, startedAt, retryCount: 0, operation };
  const hooks = input.hooks.filter((hook) => hookTypes(hook).includes(phase));
  return {
    id: operation,
    startedAt,
    dryRun: false,
    automated: false,
    stages: stagesOf(dependenciesFirst(hooks.map((hook) => hookTask(hook, phase, naming, list)))),
    failStages: [],
    invalid: (input.refused ?? [])
      .filter(({ object }) => hooks.includes(object))
      .map(({ object, message }) => `${describeKey(keyOf(object))}: ${message}`),
    skipped: [],
    multiStep: true,
    mass: { deletions: 0, total: 0, limit: 0 },
    options: operationOptions(list),
    settings: { ...DEFAULT_SETTINGS, ...input.settings },
  };
}

/** The destination namespace: created when missing, and its labels and annotations kept when the policy names some. */
function namespaceTask(
  input: PlanInput,
  options: OperationOptions,
  applies: readonly SyncTask[],
): SyncTask[] {
  const { destinationNamespace: name, liveNamespace: live, managedNamespaceMetadata: managed } = input;
  if (!options.createNamespace || name === '') return [];
  const declared = applies.some(
    ({ key }) => key.group === '' && key.kind === 'Namespace' && key.name === name,
  );
  if (declared || (live !== undefined && managed === undefined)) return [];
  // Without the tracking id: the namespace is nobody's part, so that no sync ever prunes it.
  const desired: KubeObject = {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: {
      name,
      ...(managed?.labels === undefined ? {} : { labels: managed.labels }),
      ...(managed?.annotations === undefined ? {} : { annotations: managed.annotations }),
    },
  };
  const task: SyncTask = {
    id: taskId('Sync', desired),
    action: 'apply',
    key: keyOf(desired),
    apiVersion: 'v1',
    phase: 'Sync',
    wave: 0,
    desired,
    ...(live === undefined ? {} : { live }),
    unchanged: live !== undefined && keepsMetadata(live, managed),
    options: taskOptions(undefined, new Map()),
    needsApproval: false,
  };
  return [task];
}

function namespaceRefusal({ namespaceRefusal: reason }: PlanInput, tasks: readonly SyncTask[]): string[] {
  return reason === undefined ? [] : tasks.map(({ key }) => `${describeKey(key)}: ${reason}`);
}

function keepsMetadata(live: KubeObject, managed: PlanInput['managedNamespaceMetadata']): boolean {
  const same = (
    given: Record<string, string> | undefined,
    have: Record<string, string> | undefined,
  ): boolean => Object.entries(given ?? {}).every(([name, value]) => have?.[name] === value);
  const owned = live.metadata.managedFields?.find(
    (entry) => entry.manager === FIELD_MANAGER && entry.operation === 'Apply',
  )?.fieldsV1?.['f:metadata'];
  const left = (part: 'labels' | 'annotations', given: Record<string, string> | undefined): boolean =>
    Object.keys(owned?.[`f:${part}`] ?? {}).some((key) => key !== '.' && given?.[key.slice(2)] === undefined);
  if (left('labels', managed?.labels) || left('annotations', managed?.annotations)) return false;
  return same(managed?.labels, live.metadata.labels) && same(managed?.annotations, live.metadata.annotations);
}

function massOf(input: PlanInput, deletions: number): SyncPlan['mass'] {
  const total = input.changes.filter((change) => change.live !== undefined).length;
  return { deletions, total, limit: massLimit(input.maxPrune, total) };
}

function needsApproval(task: SyncTask, automated: boolean, mass: SyncPlan['mass']): boolean {
  if (task.options.prune === 'confirm' || mass.deletions > mass.limit) return true;
  // A person who syncs with prune has seen what goes.
  return automated && isProtected(task.key, task.live);
}

function refusals(input: PlanInput): string[] {
  return (input.refused ?? [])
    .filter(({ object }) => isSelected(input.operation.resources, keyOf(object)))
    .map(({ object, message }) => `${describeKey(keyOf(object))}: ${message}`);
}

function sharedRefusal(input: PlanInput, options: OperationOptions): string[] {
  const shared = input.sharedResources ?? [];
  if (!options.failOnSharedResource || shared.length === 0) return [];
  return [`Shared resource found: ${shared.join(', ')}`];
}

/** Selected by name; an entry with `exclude` takes out, and a list of only those takes out from everything. */
function isSelected(
  selection: readonly OperationResource[] | undefined,
  key: GroupKind & { readonly namespace: string; readonly name: string },
): boolean {
  if (selection === undefined || selection.length === 0) return true;
  const matches = (entry: OperationResource): boolean =>
    fits((entry.group ?? '').replace(/^!/, ''), key.group) &&
    fits(entry.kind, key.kind) &&
    fits(entry.name, key.name) &&
    (entry.namespace === undefined || entry.namespace === '' || fits(entry.namespace, key.namespace));
  if (selection.some((entry) => isExclusion(entry) && matches(entry))) return false;
  const named = selection.filter((entry) => !isExclusion(entry));
  return named.length === 0 || named.some(matches);
}

/** `!apps` as a group is how clients without the member say it. */
function isExclusion(entry: OperationResource): boolean {
  return entry.exclude === true || entry.group?.startsWith('!') === true;
}

/** `*` stands for any text. Walks along the parts, so that no pattern takes longer than its length says. */
function fits(pattern: string, value: string): boolean {
  const [first = '', ...parts] = pattern.split('*');
  const last = parts.pop();
  if (last === undefined) return pattern === value;
  if (!value.startsWith(first)) return false;
  let at = first.length;
  for (const part of parts) {
    const found = value.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return value.length - last.length >= at && value.endsWith(last);
}

function taskId(phase: string, object: KubeObject): string {
  return `${phase}:${keyText(keyOf(object))}`;
}
