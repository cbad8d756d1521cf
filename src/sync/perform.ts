// Carries out the effects of a sync: the only writer to target clusters. Decides nothing about order or success of the
// operation; it turns one effect into one event.
import { describeKey, type GroupKind, type KubeObject, type ResourceKey } from '../k8s/index.ts';
import { type Clock, isRecord, mapLimited, messageOf } from '../lib/index.ts';
import { FIELD_MANAGER, type Health } from '../model/index.ts';
import {
  type CallerDeleteFacts,
  type DeleteFacts,
  type DeleteOutcome,
  type DeletePurpose,
  type DeleteRequest,
  guardedDelete,
  isHeldByUs,
  releaseFinalizer,
} from './delete-guard.ts';
import { isImmutable, taskFailure } from './errors.ts';
import { OPERATION_MARK } from './hooks.ts';
import { tasksOf } from './plan.ts';
import { codeOf, nameOf, type ObjectName, type TargetCluster, type WriteChoice } from './port.ts';
import type { Clearance, Observation, SyncEffect, SyncEvent } from './state.ts';
import { takenOver } from './takeover.ts';
import { resourceText, type SyncPlan, type SyncTask, type TaskOutcome } from './task.ts';
import { compareKind, definedKind } from './waves.ts';

/** One write to the cluster, for the journal. */
export interface SyncIntent {
  readonly kind: 'apply' | 'replace' | 'prune' | 'deleteHook' | 'releaseHook';
  /** See `SyncPlan.id`. */
  readonly operation: string;
  readonly key: ResourceKey;
  readonly task: SyncTask;
}

export interface SyncJournal {
  /** Resolves when the intent is durable; a rejection stops the write. */
  before(intent: SyncIntent): Promise<void>;
  after(intent: SyncIntent, outcome: TaskOutcome): Promise<void>;
}

export interface PerformDeps {
  readonly cluster: TargetCluster;
  readonly clock: Clock;
  /** The health stage's judgement; undefined: no opinion. */
  assessHealth(object: KubeObject): Health | undefined | Promise<Health | undefined>;
  /** What only the controller knows about a delete; asked right before it, for each object. */
  facts(request: DeleteRequest, live: KubeObject): Promise<CallerDeleteFacts>;
  readonly journal: SyncJournal;
  /** When a person last approved deletions (`deletion-approved` of the application), milliseconds since the epoch. */
  approvedAt(): Promise<number | undefined>;
  /** Reads what a wave waits for; default: one GET each. A cache must not answer with less than was applied. */
  observe?(tasks: readonly SyncTask[]): Promise<readonly (KubeObject | undefined)[]>;
  /** Objects of one group at once; default 10. */
  readonly parallelism?: number;
  readonly fieldManager?: string;
  /** Further managers whose client-side applies are taken over (annotation on the application). */
  readonly formerManagers?: readonly string[];
  readonly signal?: AbortSignal;
}

const DEFAULT_PARALLELISM = 10;
/** After a CustomResourceDefinition is applied, its kind is served within this time or its objects say why not. */
const ESTABLISHED_MS = 3_000;
const ESTABLISHED_POLL_MS = 50;
/** A forced replacement waits this long for the old object to go. */
const REPLACED_MS = 60_000;
const REPLACED_POLL_MS = 250;
/** Against somebody who writes the same object at the same time. */
const MAX_TRIES = 5;
/** Waits before an apply or a clean-up is tried again whose answer was lost; both may be repeated without harm. */
const REPEAT_MS = [100, 400, 1_500] as const;

/** Rejects only when the deps' signal aborts; every other failure is in the event. */
export async function perform(deps: PerformDeps, effect: SyncEffect): Promise<SyncEvent> {
  const outcome = await performNow(deps, effect);
  deps.signal?.throwIfAborted();
  return { ...outcome, now: deps.clock.now() };
}

async function performNow(deps: PerformDeps, effect: SyncEffect): Promise<SyncEvent> {
  // Set again when the effect is over; here only so that each event is whole.
  const now = deps.clock.now();
  switch (effect.kind) {
    case 'apply':
      return { kind: 'applied', outcomes: await applyGroup(deps, effect.plan, effect.tasks), now };
    case 'validate':
      return { kind: 'validated', outcomes: await validateAll(deps, effect.plan, effect.tasks), now };
    case 'askApproval':
      return {
        kind: 'approval',
        approved: (await isApproved(deps, effect.plan)) || (await areGone(deps, effect.tasks)),
        now,
      };
    case 'prune':
      return { kind: 'pruned', outcomes: await pruneAll(deps, effect.plan, effect.tasks, false), now };
    case 'clear':
      return { kind: 'cleared', clearances: await clearHooks(deps, effect.plan, effect.tasks), now };
    case 'observe':
      return { kind: 'observed', observations: await observeAll(deps, effect.tasks), now };
    case 'clean':
      return {
        kind: 'cleaned',
        problems: await cleanHooks(deps, effect.plan, effect.tasks, effect.remove),
        now,
      };
    case 'stopHooks':
      return { kind: 'stopped', problems: await stopHooks(deps, effect.plan, effect.tasks), now };
    case 'wait':
      await deps.clock.sleep(effect.ms, deps.signal);
      return { kind: 'tick', now };
  }
}

function forEachTask<T>(
  deps: PerformDeps,
  tasks: readonly SyncTask[],
  run: (task: SyncTask) => Promise<T>,
): Promise<T[]> {
  return mapLimited(tasks, deps.parallelism ?? DEFAULT_PARALLELISM, run);
}

async function applyGroup(
  deps: PerformDeps,
  plan: SyncPlan,
  tasks: readonly SyncTask[],
): Promise<TaskOutcome[]> {
  return forEachTask(deps, tasks, (task) =>
    journaled(deps, plan, task, task.options.replace ? 'replace' : 'apply', async () => {
      const live = await writeTask(deps, plan, task, false);
      if (definedKind(live) !== undefined) await established(deps, live);
      return appliedOutcome(task, live, false);
    }),
  );
}

/** Journals, runs, and turns a failure into an outcome. */
async function journaled(
  deps: PerformDeps,
  plan: SyncPlan,
  task: SyncTask,
  kind: SyncIntent['kind'],
  run: () => Promise<TaskOutcome>,
): Promise<TaskOutcome> {
  const intent: SyncIntent = { kind, operation: plan.id, key: task.key, task };
  let outcome: TaskOutcome;
  try {
    deps.signal?.throwIfAborted();
    await deps.journal.before(intent);
  } catch (error) {
    return failed(task, `not started: ${messageOf(error)}`);
  }
  try {
    outcome = await run();
  } catch (error) {
    outcome = failed(task, taskFailure(task, error));
  }
  try {
    await deps.journal.after(intent, outcome);
  } catch (error) {
    return failed(task, `${outcome.message}; done, and the journal could not be told: ${messageOf(error)}`);
  }
  return outcome;
}

function failed(task: SyncTask, message: string): TaskOutcome {
  return { id: task.id, status: 'SyncFailed', phase: 'Failed', message, changed: false };
}

function appliedOutcome(task: SyncTask, live: KubeObject, dryRun: boolean): TaskOutcome {
  const before = task.live?.metadata;
  const same = before?.uid === live.metadata.uid && before?.resourceVersion === live.metadata.resourceVersion;
  const word = before === undefined ? 'created' : same ? 'unchanged' : 'configured';
  return {
    id: task.id,
    status: 'Synced',
    phase: dryRun ? 'Succeeded' : 'Running',
    message: `${resourceText(task)} ${word}${dryRun ? ' (dry run)' : ''}`,
    changed: !dryRun && word !== 'unchanged',
    live,
  };
}

async function writeTask(
  deps: PerformDeps,
  plan: SyncPlan,
  task: SyncTask,
  dryRun: boolean,
): Promise<KubeObject> {
  const desired = desiredOf(task);
  const choice: WriteChoice = {
    dryRun,
    fieldManager: deps.fieldManager ?? FIELD_MANAGER,
    fieldValidation: task.options.validate ? 'Strict' : 'Ignore',
  };
  if (task.options.replace) return replaceObject(deps, plan, task, desired, choice);
  try {
    return await applyObject(deps, plan, task, desired, choice);
  } catch (error) {
    if (!task.options.force || !isImmutable(error)) throw error;
    return recreate(deps, plan, task, desired, choice);
  }
}

async function applyObject(
  deps: PerformDeps,
  plan: SyncPlan,
  task: SyncTask,
  desired: KubeObject,
  choice: WriteChoice,
): Promise<KubeObject> {
  const takesOver = plan.options.clientSideApplyMigration && choice.dryRun !== true;
  if (task.live !== undefined && takesOver) {
    await takeOver(deps, nameOf(desired), task.live, choice.fieldManager);
  }
  return repeated(deps, () => deps.cluster.apply(desired, { ...choice, force: true }));
}

/** Only for what may be repeated: a connection that ends leaves open whether the server did what it was told. */
async function repeated<T>(deps: PerformDeps, run: () => Promise<T>): Promise<T> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await run();
    } catch (error) {
      const delay = REPEAT_MS[attempt];
      if (codeOf(error) !== 'UNREACHABLE' || delay === undefined) throw error;
      await deps.clock.sleep(delay, deps.signal);
    }
  }
}

/** Rewrites managedFields once, with the resourceVersion it was judged at as precondition. */
async function takeOver(
  deps: PerformDeps,
  name: ObjectName,
  seen: KubeObject,
  manager: string,
): Promise<void> {
  let live: KubeObject | undefined = seen;
  for (let attempt = 1; live !== undefined; attempt += 1) {
    const fields = takenOver(live, manager, deps.formerManagers);
    if (fields === undefined) return;
    try {
      await deps.cluster.patchManagedFields(name, fields, live.metadata.resourceVersion ?? '');
      return;
    } catch (error) {
      if (codeOf(error) === 'NOT_FOUND') return;
      if (codeOf(error) !== 'CONFLICT' || attempt >= MAX_TRIES) throw error;
      live = await deps.cluster.get(name);
    }
  }
}

/** `Replace=true`: an update of the whole object; with force a new object, but never of a CRD or Namespace. */
async function replaceObject(
  deps: PerformDeps,
  plan: SyncPlan,
  task: SyncTask,
  desired: KubeObject,
  choice: WriteChoice,
): Promise<KubeObject> {
  const live = await deps.cluster.get(nameOf(desired));
  if (live === undefined) return deps.cluster.create(desired, choice);
  if (task.options.force && !isKeptInPlace(task.key)) return recreate(deps, plan, task, desired, choice);
  const { resourceVersion } = live.metadata;
  const metadata = { ...desired.metadata, ...(resourceVersion === undefined ? {} : { resourceVersion }) };
  return deps.cluster.replace({ ...desired, metadata }, choice);
}

function isKeptInPlace({ group, kind }: GroupKind): boolean {
  return (
    (group === '' && kind === 'Namespace') ||
    (group === 'apiextensions.k8s.io' && kind === 'CustomResourceDefinition')
  );
}

async function recreate(
  deps: PerformDeps,
  plan: SyncPlan,
  task: SyncTask,
  desired: KubeObject,
  choice: WriteChoice,
): Promise<KubeObject> {
  if (choice.dryRun === true) {
    // The old object is still there, so the server can only say whether the new one would be valid elsewhere.
    return deps.cluster.get(nameOf(desired)).then((live) => live ?? desired);
  }
  const outcome = await removeObject(deps, plan, task, 'replace', undefined, false);
  if (outcome.kind === 'held') throw new Error(outcome.message);
  const uid = outcome.kind === 'deleting' ? outcome.live.metadata.uid : undefined;
  if (uid !== undefined) await untilGone(deps, task, uid);
  return repeated(deps, () => deps.cluster.apply(desired, { ...choice, force: true }));
}

async function untilGone(deps: PerformDeps, task: SyncTask, uid: string): Promise<void> {
  const until = deps.clock.monotonic() + REPLACED_MS;
  for (;;) {
    const live = await deps.cluster.get(taskName(task));
    if (live === undefined || live.metadata.uid !== uid) return;
    if (deps.clock.monotonic() >= until) {
      const held = (live.metadata.finalizers ?? []).join(', ') || 'its children';
      throw new Error(
        `${describeKey(task.key)} is still being deleted after ${REPLACED_MS / 1000} s, held by ${held}`,
      );
    }
    await deps.clock.sleep(REPLACED_POLL_MS, deps.signal);
  }
}

/** A kind is usable a moment after its definition was accepted. */
async function established(deps: PerformDeps, definition: KubeObject): Promise<void> {
  const until = deps.clock.monotonic() + ESTABLISHED_MS;
  let live: KubeObject | undefined = definition;
  while (live !== undefined && !isEstablished(live) && deps.clock.monotonic() < until) {
    await deps.clock.sleep(ESTABLISHED_POLL_MS, deps.signal);
    live = await deps.cluster.get(nameOf(definition));
  }
  deps.cluster.kindsChanged?.();
}

function isEstablished(definition: KubeObject): boolean {
  const status = definition['status'];
  const conditions =
    isRecord(status) && Array.isArray(status['conditions']) ? (status['conditions'] as unknown[]) : [];
  return conditions.some(
    (condition) =>
      isRecord(condition) && condition['type'] === 'Established' && condition['status'] === 'True',
  );
}

/** Dry-runs everything; what depends on a namespace or kind that this very sync creates is taken on trust. */
async function validateAll(
  deps: PerformDeps,
  plan: SyncPlan,
  tasks: readonly SyncTask[],
): Promise<TaskOutcome[]> {
  const prunes = tasks.filter((task) => task.action === 'prune');
  const writes = tasks.filter((task) => task.action !== 'prune');
  const expected = expectations(plan);
  const outcomes = await forEachTask(deps, writes, async (task) => {
    try {
      return appliedOutcome(task, await writeTask(deps, plan, task, true), true);
    } catch (error) {
      if (isExpected(expected, task, error)) return trusted(task);
      return failed(task, taskFailure(task, error));
    }
  });
  return plan.dryRun ? [...(await pruneAll(deps, plan, prunes, true)), ...outcomes] : outcomes;
}

function trusted(task: SyncTask): TaskOutcome {
  const message = `${resourceText(task)} not checked (dry run)`;
  return { id: task.id, status: 'Synced', phase: 'Succeeded', message, changed: false };
}

interface Expectations {
  readonly namespaces: ReadonlySet<string>;
  readonly kinds: readonly GroupKind[];
}

function expectations(plan: SyncPlan): Expectations {
  const tasks = tasksOf(plan).filter((task) => task.action !== 'prune');
  const namespaces = tasks.filter(({ key }) => key.group === '' && key.kind === 'Namespace');
  return {
    namespaces: new Set(namespaces.map(({ key }) => key.name)),
    kinds: tasks.map((task) => definedKind(task.desired)).filter((kind) => kind !== undefined),
  };
}

function isExpected(expected: Expectations, task: SyncTask, error: unknown): boolean {
  const code = codeOf(error);
  if (code === 'UNKNOWN_KIND') {
    if (task.options.skipDryRunOnMissingResource) return true;
    return expected.kinds.some(({ group, kind }) => group === task.key.group && kind === task.key.kind);
  }
  return (
    code === 'NOT_FOUND' &&
    expected.namespaces.has(task.key.namespace) &&
    messageOf(error).includes('namespaces')
  );
}

async function isApproved(deps: PerformDeps, plan: SyncPlan): Promise<boolean> {
  const at = await deps.approvedAt();
  return at !== undefined && at >= Math.floor(plan.startedAt / 1000) * 1000;
}

/** Nobody need be asked about objects that went, or are going, without this sync. Ends at the first that is there. */
async function areGone(deps: PerformDeps, tasks: readonly SyncTask[]): Promise<boolean> {
  for (const task of tasks) {
    const live = await deps.cluster.get(taskName(task)).catch((): 'unknown' => 'unknown');
    if (live === 'unknown') return false;
    if (live !== undefined && live.metadata.deletionTimestamp === undefined) return false;
  }
  return true;
}

/** What others depend on goes last: kinds in reverse order, one kind at a time. */
async function pruneAll(
  deps: PerformDeps,
  plan: SyncPlan,
  tasks: readonly SyncTask[],
  dryRun: boolean,
): Promise<TaskOutcome[]> {
  const outcomes: TaskOutcome[] = [];
  for (const group of kindGroups(tasks)) {
    outcomes.push(
      ...(await forEachTask(deps, group, (task) =>
        dryRun
          ? pruneOne(deps, plan, task, true).catch((error: unknown) => failed(task, taskFailure(task, error)))
          : journaled(deps, plan, task, 'prune', () => pruneOne(deps, plan, task, false)),
      )),
    );
  }
  return outcomes;
}

function kindGroups(tasks: readonly SyncTask[]): SyncTask[][] {
  const groups: SyncTask[][] = [];
  for (const task of [...tasks].sort((a, b) => compareKind(b.key, a.key))) {
    const group = groups.at(-1);
    const first = group?.[0];
    if (group !== undefined && first !== undefined && compareKind(first.key, task.key) === 0)
      group.push(task);
    else groups.push([task]);
  }
  return groups;
}

async function pruneOne(
  deps: PerformDeps,
  plan: SyncPlan,
  task: SyncTask,
  dryRun: boolean,
): Promise<TaskOutcome> {
  const outcome = await removeObject(deps, plan, task, 'prune', task.live?.metadata.uid, dryRun);
  if (outcome.kind === 'held') {
    return {
      id: task.id,
      status: 'PruneSkipped',
      phase: 'Succeeded',
      message: outcome.message,
      changed: false,
    };
  }
  return {
    id: task.id,
    status: 'Pruned',
    phase: dryRun || outcome.kind === 'gone' ? 'Succeeded' : 'Running',
    message: dryRun ? 'pruned (dry run)' : 'pruned',
    changed: !dryRun,
  };
}

function removeObject(
  deps: PerformDeps,
  plan: SyncPlan,
  task: SyncTask,
  purpose: DeletePurpose,
  recordedUid: string | undefined,
  dryRun: boolean,
): Promise<DeleteOutcome> {
  const name = taskName(task);
  const { propagation } = plan.options;
  const facts = async (request: DeleteRequest, live: KubeObject): Promise<DeleteFacts> => {
    const known = await deps.facts(request, live);
    return {
      ...known,
      protection: { ...known.protection, needsApproval: task.needsApproval },
      mass: plan.mass,
      approved: await isApproved(deps, plan),
      // A rejected intent ends in an outcome before anything gets here.
      auditDurable: true,
    };
  };
  const request = { purpose, key: task.key, name, recordedUid, propagation, dryRun };
  return repeated(deps, () => guardedDelete({ cluster: deps.cluster, facts }, request));
}

/** Our own hook of this attempt is kept, an older one goes when its policy says so. */
async function clearHooks(
  deps: PerformDeps,
  plan: SyncPlan,
  tasks: readonly SyncTask[],
): Promise<Clearance[]> {
  return forEachTask(deps, tasks, async (task): Promise<Clearance> => {
    try {
      const live = await deps.cluster.get(taskName(task));
      if (live === undefined) return { id: task.id, status: 'clear' };
      const mark = live.metadata.annotations?.[OPERATION_MARK];
      if (mark === plan.id && live.metadata.deletionTimestamp === undefined)
        return { id: task.id, status: 'mine' };
      const leaves = task.hook?.deletePolicies.includes('BeforeHookCreation') ?? false;
      if (!leaves && live.metadata.deletionTimestamp === undefined) return { id: task.id, status: 'clear' };
      const outcome = await removeHook(deps, plan, task, live);
      if (outcome.kind === 'held') return { id: task.id, status: 'failed', message: outcome.message };
      return { id: task.id, status: outcome.kind === 'gone' ? 'clear' : 'deleting' };
    } catch (error) {
      // A kind that this sync defines has no older hooks.
      if (codeOf(error) === 'UNKNOWN_KIND') return { id: task.id, status: 'clear' };
      return { id: task.id, status: 'failed', message: taskFailure(task, error) };
    }
  });
}

async function removeHook(
  deps: PerformDeps,
  plan: SyncPlan,
  task: SyncTask,
  live: KubeObject,
): Promise<DeleteOutcome> {
  let removed: DeleteOutcome = { kind: 'gone' };
  const outcome = await journaled(deps, plan, task, 'deleteHook', async () => {
    removed = await removeObject(deps, plan, task, 'hook', live.metadata.uid, false);
    return { id: task.id, status: 'Pruned', phase: 'Succeeded', message: 'hook deleted', changed: true };
  });
  if (outcome.phase !== 'Succeeded') throw new Error(outcome.message);
  return removed;
}

async function observeAll(deps: PerformDeps, tasks: readonly SyncTask[]): Promise<Observation[]> {
  const observations: Observation[] = [];
  const seen = await readAll(deps, tasks);
  for (const [index, task] of tasks.entries()) {
    const live = seen[index];
    // What could not be read is no observation: the wait goes on until its deadline.
    if (live === 'unknown') continue;
    const health = live === undefined ? undefined : await deps.assessHealth(live);
    observations.push({
      id: task.id,
      ...(live === undefined ? {} : { live }),
      ...(health === undefined ? {} : { health }),
    });
  }
  return observations;
}

async function readAll(
  deps: PerformDeps,
  tasks: readonly SyncTask[],
): Promise<readonly (KubeObject | undefined | 'unknown')[]> {
  if (deps.observe !== undefined) {
    return deps.observe(tasks).catch(() => tasks.map((): 'unknown' => 'unknown'));
  }
  return forEachTask(deps, tasks, (task) =>
    deps.cluster.get(taskName(task)).catch((): 'unknown' => 'unknown'),
  );
}

/** Problems are told, never fatal: the hooks' work is done. */
async function cleanHooks(
  deps: PerformDeps,
  plan: SyncPlan,
  tasks: readonly SyncTask[],
  remove: ReadonlySet<string>,
): Promise<string[]> {
  const problems = await forEachTask(deps, tasks, async (task) => {
    try {
      return await repeated(deps, () => cleanHook(deps, plan, task, remove.has(task.id)));
    } catch (error) {
      return taskFailure(task, error);
    }
  });
  return problems.filter((problem) => problem !== undefined);
}

/** Releases a hook that ended, or deletes it; the controller of its kind may write at the same time. */
async function cleanHook(
  deps: PerformDeps,
  plan: SyncPlan,
  task: SyncTask,
  remove: boolean,
): Promise<string | undefined> {
  const name = taskName(task);
  for (let attempt = 1; ; attempt += 1) {
    const live = await deps.cluster.get(name);
    if (live?.metadata.annotations?.[OPERATION_MARK] !== plan.id) return undefined;
    if (remove) {
      const outcome = await removeHook(deps, plan, task, live);
      return outcome.kind === 'held' ? outcome.message : undefined;
    }
    if (!isHeldByUs(live)) return undefined;
    try {
      await releaseFinalizer(deps.cluster, name, live);
      return undefined;
    } catch (error) {
      if (codeOf(error) !== 'CONFLICT' || attempt >= MAX_TRIES) throw error;
    }
  }
}

async function stopHooks(deps: PerformDeps, plan: SyncPlan, tasks: readonly SyncTask[]): Promise<string[]> {
  return cleanHooks(deps, plan, tasks, new Set(tasks.map(({ id }) => id)));
}

function desiredOf(task: SyncTask): KubeObject {
  if (task.desired === undefined) throw new Error(`${describeKey(task.key)} has no desired state`);
  return task.desired;
}

function taskName(task: SyncTask): ObjectName {
  const { kind, namespace, name } = task.key;
  return { apiVersion: task.apiVersion, kind, namespace: namespace === '' ? undefined : namespace, name };
}
