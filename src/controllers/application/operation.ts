// Carries one operation of an application on: plan, machine, effects, journal. It returns as soon as there is
// something to wait for; the next reconciliation goes on from there, after a crash from the recorded results.
import { respectIgnored } from '../../diff/index.ts';
import type { KubeObject } from '../../k8s/index.ts';
import { rfc3339 } from '../../lib/index.ts';
import {
  type Application,
  annotations,
  type Change,
  type Operation,
  type OperationState,
  type RevisionHistory,
} from '../../model/index.ts';
import {
  nextRetry,
  operationOptions,
  type PerformDeps,
  parseOptions,
  perform,
  planSync,
  restoreSync,
  type SyncEffect,
  type SyncEvent,
  splitHooks,
  startSync,
  step,
  syncResults,
} from '../../sync/index.ts';
import type { LiveCluster } from '../cluster/index.ts';
import type { EffectiveProject } from '../settings/index.ts';
import { deleteFacts } from './delete-facts.ts';
import type { ApplicationDeps } from './deps.ts';
import { ApplicationError } from './errors.ts';
import type { Desired, Facts, Judged } from './facts.ts';
import { accountText } from './identity.ts';
import { localDesired } from './local-manifests.ts';
import type { ApplicationMemory } from './memory.ts';
import { compareDesired, desiredState, refusedTargets, renderAgain } from './observe.ts';
import { namespaceMetadataRefusal } from './project-rules.ts';
import type { RunningOperation } from './running-operation.ts';
import { sharedResources } from './shared-resources.ts';
import { isOfSources, operationSources, recordedSources, revisionForNames, revisionsIn } from './sources.ts';
import { syncJournal } from './sync-journal.ts';
import { syncSettingsOf } from './sync-settings.ts';
import { holdOfOperation, type WindowHold } from './windows.ts';
import { writeTarget } from './write-target.ts';

export interface OperationContext {
  readonly app: Application;
  readonly facts: Facts;
  readonly cluster: LiveCluster;
  readonly project: EffectiveProject;
  readonly memory: ApplicationMemory;
  readonly signal: AbortSignal;
}

export interface OperationProgress {
  readonly operationState: OperationState;
  readonly deployed?: Omit<RevisionHistory, 'id'>;
  readonly ended: boolean;
  /** True when the top-level `operation` is to be removed. */
  readonly consumed: boolean;
  /** Look again after this long, milliseconds. */
  readonly requeueMs?: number;
}

export interface OperationStart {
  readonly operation: Operation;
  readonly requested: boolean;
  readonly startedAt: number;
  readonly retryCount: number;
  /** Of a try after the first one: what the first one was pinned to. */
  readonly revisions?: readonly string[];
  /** The recorded state of this very operation, when it is resumed. */
  readonly recorded?: OperationState;
}

/** What an operation is going to do; nothing has happened yet. Rejects when that cannot be found out. */
export async function planOperation(
  deps: ApplicationDeps,
  context: OperationContext,
  start: OperationStart,
): Promise<RunningOperation> {
  const { app, cluster, memory, signal } = context;
  const list = operationSources(app.spec, start.operation.sync, context.facts.desired);
  const revisions = pinnedRevisions(start);
  const known = context.facts.desired;
  const isKnown =
    known !== undefined &&
    isOfSources(known, list) &&
    (revisions.length === 0 || revisions.join(',') === known.revision);
  const rendered = isKnown
    ? known
    : await desiredState(deps, app, memory, { list, cluster, signal, revisions });
  const { manifests = [] } = start.operation.sync ?? {};
  if (manifests.length > 0 && list.isMulti) {
    throw new ApplicationError(
      'NOT_PERMITTED',
      'Local manifests cannot take the place of several sources; commit the change or give the application one source',
    );
  }
  const desired = manifests.length === 0 ? rendered : localDesired(deps, app, cluster, rendered, manifests);
  const ownOptions = start.operation.sync?.syncOptions;
  const judged = await judgedFor(deps, context, desired, ownOptions);
  const changes = judged.map(({ change }) => change);
  const split = splitHooks(desired.targets.map(({ object }) => object));
  const namespace = app.spec.destination.namespace ?? '';
  const plan = planSync({
    changes,
    hooks: split.hooks,
    operation: start.operation.sync ?? {},
    startedAt: start.startedAt,
    retryCount: start.retryCount,
    automated: start.operation.initiatedBy?.automated === true,
    revision: revisionForNames(desired),
    destinationNamespace: namespace,
    ...(app.spec.syncPolicy?.syncOptions === undefined
      ? {}
      : { syncOptions: app.spec.syncPolicy.syncOptions }),
    ...(app.spec.syncPolicy?.managedNamespaceMetadata === undefined
      ? {}
      : { managedNamespaceMetadata: app.spec.syncPolicy.managedNamespaceMetadata }),
    ...(await liveNamespace(cluster, ownOptions ?? app.spec.syncPolicy?.syncOptions, namespace, signal)),
    maxPrune: app.metadata.annotations?.[annotations.maxPrune],
    sharedResources: sharedResources(app, cluster, judged, deps.controlNamespace),
    refused: refusedTargets(desired, context.project, cluster),
    namespaceRefusal: namespaceMetadataRefusal(context.project, app),
    settings: syncSettingsOf(deps, app),
  });
  const results = start.recorded?.syncResult?.resources;
  const state = results === undefined ? startSync(plan) : restoreSync(plan, results);
  return { ...start, desired, state };
}

/**
 * Begins an operation and carries it as far as it goes without waiting. Rejects when it cannot be recorded; what it did
 * until then is found by its marks and goes on from the record.
 */
export async function beginOperation(
  deps: ApplicationDeps,
  context: OperationContext,
  running: RunningOperation,
  recorded: OperationState | undefined,
): Promise<OperationProgress> {
  const { app, memory } = context;
  // A restart must find an operation that takes several steps, and a person the one that was asked for.
  const isToBeFound = running.state.plan.multiStep || running.requested || running.retryCount > 0;
  if (isToBeFound && recorded === undefined) await recordRunning(deps, app, running, 'starting');
  memory.begun = { startedAt: running.startedAt, revision: running.desired.revision };
  memory.running = running;
  const isEnding = recorded?.phase === 'Terminating';
  return await advance(deps, context, running, {
    kind: isEnding ? 'terminate' : 'begin',
    now: deps.clock.now(),
  });
}

/** Goes on with a waiting operation: time passed, something changed, or it is to be ended. */
export async function continueOperation(
  deps: ApplicationDeps,
  context: OperationContext,
  running: RunningOperation,
): Promise<OperationProgress> {
  const now = deps.clock.now();
  const recorded = context.app.status?.operationState;
  if (recorded?.phase === 'Terminating' || running.superseded !== undefined) {
    return await advance(deps, context, running, { kind: 'terminate', now });
  }
  return await advance(deps, context, running, { kind: 'tick', now });
}

/** A history entry of several sources has no `revision`, while a sync result always does. */
function withoutEmptyRevision<T extends { revision: string }>({
  revision,
  ...others
}: T): Omit<T, 'revision'> & { revision?: string } {
  return revision === '' ? others : { ...others, revision };
}

/** What is deployed instead of what the sources are at: the first of these that says something. */
function pinnedRevisions({ operation, recorded, revisions }: OperationStart): readonly string[] {
  const candidates = [revisionsIn(recorded?.syncResult), revisions ?? [], revisionsIn(operation.sync)];
  return candidates.find((candidate) => candidate.length > 0) ?? [];
}

/** An operation that a sync window keeps from beginning. */
export function heldBeforeStart(start: OperationStart, hold: WindowHold): OperationProgress {
  const fresh = {
    operation: start.operation,
    startedAt: rfc3339(start.startedAt),
    ...(start.retryCount > 0 ? { retryCount: start.retryCount } : {}),
  };
  return {
    operationState: { ...(start.recorded ?? fresh), phase: 'Running', message: hold.message },
    ended: false,
    consumed: false,
    ...(hold.waitMs === undefined ? {} : { requeueMs: hold.waitMs }),
  };
}

/** An operation that could not even be planned: the source does not render, the spec is wrong. */
export function failedBeforeStart(start: OperationStart, message: string, now: number): OperationProgress {
  return {
    operationState: {
      operation: start.operation,
      phase: 'Error',
      message,
      startedAt: rfc3339(start.startedAt),
      finishedAt: rfc3339(now),
      ...(start.retryCount > 0 ? { retryCount: start.retryCount } : {}),
    },
    ended: true,
    consumed: start.requested,
  };
}

/** Somebody wants it to end, and source or cluster cannot be reached: what runs there is left to itself. */
export function terminatedBlindly(
  start: OperationStart,
  recorded: OperationState,
  now: number,
): OperationProgress {
  const running = (recorded.syncResult?.resources ?? []).filter(
    ({ hookType, hookPhase }) => hookType !== undefined && hookPhase === 'Running',
  );
  const left = running.map(({ kind, name }) => `${kind}/${name}`).join(', ');
  const more = left === '' ? '' : `; hooks may still run: ${left}`;
  return {
    operationState: {
      ...recorded,
      phase: 'Failed',
      message: `Operation terminated${more}`,
      finishedAt: rfc3339(now),
    },
    ended: true,
    consumed: start.requested,
  };
}

async function advance(
  deps: ApplicationDeps,
  context: OperationContext,
  running: RunningOperation,
  first: SyncEvent,
): Promise<OperationProgress> {
  const performing = performDeps(deps, context, running);
  const { held } = running;
  delete running.held;
  // What a window kept from being done is what comes next, unless all of it is to end.
  let next =
    held === undefined || first.kind === 'terminate'
      ? step(running.state, first)
      : { state: running.state, effects: [held] };
  for (;;) {
    running.state = next.state;
    const [effect] = next.effects;
    if (effect === undefined) break;
    if (effect.kind === 'wait') return progress(deps, context, running, effect.ms);
    const hold = isWrite(effect) ? holdOfOperation(deps, context.app, context.cluster, running) : undefined;
    if (hold !== undefined) {
      running.held = effect;
      const seen = progress(deps, context, running, hold.waitMs);
      return { ...seen, operationState: { ...seen.operationState, message: hold.message } };
    }
    // Hooks go now: who finds them gone after a restart must know how they ended.
    if (effect.kind === 'clean') await recordRunning(deps, context.app, running, running.state.message);
    const event = await perform(performing, effect);
    if (event.kind === 'applied')
      for (const { live } of event.outcomes) if (live !== undefined) context.cluster.observe(live);
    next = step(next.state, event);
  }
  return progress(deps, context, running, undefined);
}

/** Effects that begin something new on the cluster; watching and tidying up go on in a closed window. */
function isWrite({ kind }: SyncEffect): boolean {
  return kind === 'apply' || kind === 'prune' || kind === 'clear';
}

function progress(
  deps: ApplicationDeps,
  context: OperationContext,
  running: RunningOperation,
  waitMs: number | undefined,
): OperationProgress {
  const now = deps.clock.now();
  const { state } = running;
  if (state.at !== 'done') {
    return {
      operationState: recordedState(running, { phase: state.phase, message: state.message }),
      ended: false,
      consumed: false,
      ...(waitMs === undefined ? {} : { requeueMs: waitMs }),
    };
  }
  const message = running.superseded ?? state.message;
  const ended = recordedState(running, { phase: state.phase, message, finishedAt: rfc3339(now) });
  const retry =
    running.superseded === undefined && state.plan.dryRun === false
      ? nextRetry(ended, now)
      : { kind: 'none' as const };
  const told = (deps.current(context.app) ?? context.app).status?.operationState?.phase;
  if (retry.kind === 'retry' && told !== 'Terminating') {
    delete context.memory.running;
    return {
      operationState: { ...ended, phase: 'Running', message: retry.message },
      ended: false,
      consumed: false,
      requeueMs: Math.max(0, retry.at - now),
    };
  }
  delete context.memory.running;
  return {
    operationState: ended,
    ended: true,
    consumed: running.requested,
    ...deployment(running, ended, now),
  };
}

/** Full, real, successful syncs are deployments; repairs and selective syncs are not. */
function deployment(
  running: RunningOperation,
  ended: OperationState,
  now: number,
): Pick<OperationProgress, 'deployed'> {
  const { operation, desired, startedAt } = running;
  const { resources = [], manifests = [], dryRun } = operation.sync ?? {};
  // What somebody sent along is no revision anybody could go back to.
  const isFull = resources.length === 0 && manifests.length === 0 && dryRun !== true;
  if (ended.phase !== 'Succeeded' || !isFull) return {};
  return {
    deployed: {
      ...withoutEmptyRevision(recordedSources(desired)),
      deployStartedAt: rfc3339(startedAt),
      deployedAt: rfc3339(now),
      ...(operation.initiatedBy === undefined ? {} : { initiatedBy: operation.initiatedBy }),
    },
  };
}

function recordedState(
  running: RunningOperation,
  now: { phase: string; message: string; finishedAt?: string },
): OperationState {
  const { operation, desired, retryCount, startedAt, state } = running;
  const resources = syncResults(state);
  return {
    operation,
    phase: now.phase,
    message: now.message,
    startedAt: rfc3339(startedAt),
    ...(now.finishedAt === undefined ? {} : { finishedAt: now.finishedAt }),
    ...(retryCount > 0 ? { retryCount } : {}),
    syncResult: {
      ...recordedSources(desired),
      ...(resources.length === 0 ? {} : { resources }),
    },
  };
}

async function recordRunning(
  deps: ApplicationDeps,
  app: Application,
  running: RunningOperation,
  message: string,
): Promise<void> {
  await deps.writeOperationState(app, recordedState(running, { phase: 'Running', message }));
}

/** The comparison of the facts when it is of the same render; another revision is compared for itself. */
async function judgedFor(
  deps: ApplicationDeps,
  context: OperationContext,
  desired: Desired,
  ownOptions: readonly string[] | undefined,
): Promise<readonly Judged[]> {
  const { facts } = context;
  const sameRender = facts.desired?.set.digest === desired.set.digest;
  const comparison =
    sameRender && facts.comparison !== undefined
      ? facts.comparison
      : await compareDesired(deps, { ...context, desired });
  const list = parseOptions(ownOptions ?? context.app.spec.syncPolicy?.syncOptions);
  if (!operationOptions(list).respectIgnoreDifferences) return comparison.judged;
  return comparison.judged.map((item) => ({ ...item, change: respected(deps, context.app, item.change) }));
}

/** With `RespectIgnoreDifferences=true` an apply leaves what is ignored as it is in the cluster. */
function respected(deps: ApplicationDeps, app: Application, change: Change): Change {
  const { desired, live } = change;
  if (desired === undefined || live === undefined) return change;
  return { ...change, desired: respectIgnored(deps.ignoreRules.rulesFor(app), desired, live) };
}

async function liveNamespace(
  cluster: LiveCluster,
  options: readonly string[] | undefined,
  name: string,
  signal: AbortSignal,
): Promise<{ liveNamespace?: KubeObject }> {
  if (name === '' || parseOptions(options).get('CreateNamespace') !== 'true') return {};
  const live = await cluster.read({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } }, signal);
  return live === undefined ? {} : { liveNamespace: live };
}

function performDeps(
  deps: ApplicationDeps,
  context: OperationContext,
  running: RunningOperation,
): PerformDeps {
  const { app, cluster, signal } = context;
  return {
    cluster: writeTarget(deps, app, cluster),
    clock: deps.clock,
    assessHealth: (object) => deps.health.assess(object, app),
    facts: async (request, live) =>
      deleteFacts(
        deps,
        {
          app,
          cluster,
          desired: running.desired,
          stable: request.purpose !== 'prune' || (await isStable(deps, context, running)),
          mass: running.state.plan.mass,
          automated: running.state.plan.automated,
          approved: isApproved(deps, app, running),
        },
        request,
        live,
      ),
    journal: syncJournal(deps, app, running, accountText(deps, app, cluster)),
    approvedAt: async () => approvedAt(deps, app),
    formerManagers: formerManagers(app),
    signal,
  };
}

/** Further managers whose client-side applies become ours. */
function formerManagers(app: Application): string[] {
  const name = app.metadata.annotations?.[annotations.migrationManager]?.trim() ?? '';
  return name === '' ? [] : [name];
}

/** When a person last approved deletions, by the annotation on the application as it is now. */
function approvedAt(deps: ApplicationDeps, app: Application): number | undefined {
  const at = Date.parse(deps.current(app)?.metadata.annotations?.[annotations.deletionApproved] ?? '');
  return Number.isNaN(at) ? undefined : at;
}

function isApproved(deps: ApplicationDeps, app: Application, running: RunningOperation): boolean {
  // Annotations have whole seconds; an approval in the second of the start counts.
  return (approvedAt(deps, app) ?? 0) >= Math.floor(running.startedAt / 1000) * 1000;
}

/** Before anything is deleted the same commit is rendered once more: a render that differs from itself proves nothing. */
async function isStable(
  deps: ApplicationDeps,
  context: OperationContext,
  running: RunningOperation,
): Promise<boolean> {
  // Nothing renders what somebody sent along.
  if ((running.operation.sync?.manifests ?? []).length > 0) return true;
  running.stable ??= renderAgain(deps, context, running.desired).then(
    ({ set }) => set.digest === running.desired.set.digest,
  );
  return await running.stable;
}
