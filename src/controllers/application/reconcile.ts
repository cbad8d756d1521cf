// The life of an application, one step at a time: observe, decide, operate, tell. Level-triggered: it is given a name,
// not an event, and everything is derived from Git, the cluster and the object itself.
import { messageOf } from '../../lib/index.ts';
import {
  type Application,
  annotations,
  instanceName,
  type Operation,
  type OperationState,
  revisionText,
} from '../../model/index.ts';
import type { LiveCluster } from '../cluster/index.ts';
import type { EffectiveProject } from '../settings/index.ts';
import {
  type AutoSyncDecision,
  decideAfterInterruption,
  decideAutoSync,
  type SyncNeed,
  shortRevisions,
} from './auto-sync.ts';
import { cascade } from './cascade.ts';
import { type ConditionType, type Finding, hasError, replaceConditions } from './conditions.ts';
import { keepDeleteFinalizers } from './delete-hooks.ts';
import type { ApplicationDeps } from './deps.ts';
import type { Facts } from './facts.ts';
import { holdEndsInMs, releaseExpired } from './hold.ts';
import type { ApplicationMemory } from './memory.ts';
import { compareDesired, isSameRender, observe } from './observe.ts';
import {
  beginOperation,
  continueOperation,
  failedBeforeStart,
  heldBeforeStart,
  type OperationContext,
  type OperationProgress,
  type OperationStart,
  planOperation,
  terminatedBlindly,
} from './operation.ts';
import { type Orphans, orphanFindings, orphansOf } from './orphans.ts';
import type { RunningOperation } from './running-operation.ts';
import { needsNoRepository, operationRevisions, revisionsIn } from './sources.ts';
import { projectStatus } from './status.ts';
import { heldFindings } from './warnings.ts';
import { holdOfAutomated, holdOfOperation, windowFindings } from './windows.ts';
import { writeDeletion, writeStatus } from './write.ts';

/** When to look again without being told; undefined: only when something changes. */
export interface Outcome {
  readonly requeueMs?: number;
}

/** Waits between tries at something that heals by itself. */
const RETRY_MS = [1_000, 2_000, 5_000, 10_000, 30_000, 60_000] as const;

export async function reconcileApplication(
  deps: ApplicationDeps,
  app: Application,
  memory: ApplicationMemory,
  signal: AbortSignal,
): Promise<Outcome> {
  if (app.metadata.deletionTimestamp !== undefined) {
    return deps.leadership.isLeader() ? await reconcileDeletion(deps, app, signal) : {};
  }
  if (app.metadata.annotations?.[annotations.skipReconcile] === 'true') return {};
  const refresh = memory.refresh;

  let facts: Seen = await observe(deps, app, memory, signal);
  // Whoever does not lead knows the same, for questions and to take over, and says nothing.
  if (!deps.leadership.isLeader()) return follow(memory);
  if (await releaseExpired(deps, app)) return { requeueMs: 0 };
  if (facts.desired !== undefined && (await keepDeleteFinalizers(deps, app, facts.desired)))
    return { requeueMs: 0 };
  const step = await nextStep(deps, app, memory, facts);
  const progress = await operate(deps, app, memory, facts, step, signal);
  if (progress?.ended === true && facts.desired !== undefined && facts.cluster !== undefined) {
    facts = await observeAgain(deps, app, memory, facts, facts.cluster, signal);
  }

  const orphans: Orphans =
    facts.cluster === undefined ? { kind: 'off' } : orphansOf(deps, app, facts.cluster);
  const findings = [
    ...facts.findings,
    ...standing(deps, app, facts, orphans),
    ...findingsOf(step, progress),
    ...heldFindings(progress?.operationState ?? app.status?.operationState),
  ];
  const status = projectStatus(app, {
    facts: { ...facts, findings },
    operationState: progress?.operationState,
    deployed: progress?.deployed,
    controlNamespace: deps.controlNamespace,
    now: deps.clock.now(),
  });
  await writeStatus(deps, app, {
    status,
    consumed: progress?.consumed ?? false,
    refreshed: refresh !== undefined,
  });
  if (facts.desired !== undefined && facts.comparison !== undefined) memory.told = facts.desired.set.digest;
  if (refresh !== undefined && memory.refresh === refresh) finishRefresh(memory);
  const next = nextLook(memory, facts, step, progress, holdEndsInMs(app, deps.clock.now()));
  if (orphans.kind !== 'unknown') return next;
  return { requeueMs: Math.min(next.requeueMs ?? ORPHAN_RETRY_MS, ORPHAN_RETRY_MS) };
}

function follow(memory: ApplicationMemory): Outcome {
  delete memory.running;
  finishRefresh(memory);
  return {};
}

/** A list of orphans waits for a cluster that is not known completely. */
const ORPHAN_RETRY_MS = 10_000;

/** What this reconciliation does beyond looking. */
type NextStep =
  | { readonly kind: 'continue' }
  | { readonly kind: 'begin'; readonly start: OperationStart }
  | { readonly kind: 'wait-for-retry'; readonly requeueMs: number }
  /** Something else has to be ready first; whoever makes it ready wakes us. */
  | { readonly kind: 'blocked'; readonly message: string }
  | { readonly kind: 'idle'; readonly decision?: AutoSyncDecision; readonly finding?: Finding };

/** What one look found, and what it may be acted upon with. */
type Seen = Facts & { readonly cluster?: LiveCluster; readonly project?: EffectiveProject };

async function nextStep(
  deps: ApplicationDeps,
  app: Application,
  memory: ApplicationMemory,
  facts: Seen,
): Promise<NextStep> {
  const now = deps.clock.now();
  if (memory.running !== undefined) {
    supersede(memory, facts);
    return { kind: 'continue' };
  }
  const resumed = await resumable(deps, app, facts, now);
  if (resumed !== undefined) return resumed;
  const fresh = { startedAt: startOf(app, now), retryCount: 0 };
  const waitsFor = deps.dependencies.waitsFor(app, keyOf(app));
  if (app.operation !== undefined) {
    if (waitsFor !== undefined && app.operation.sync?.dryRun !== true)
      return { kind: 'blocked', message: waitsFor };
    return { kind: 'begin', start: { ...fresh, operation: app.operation, requested: true } };
  }
  const decision = await decideNext(deps, app, memory, facts);
  if (decision === undefined) return { kind: 'idle' };
  if (decision.kind !== 'sync') return { kind: 'idle', decision };
  const hold = facts.cluster === undefined ? undefined : holdOfAutomated(deps, app, facts.cluster);
  if (hold !== undefined) {
    const waitMs = hold.waitMs ?? Number.POSITIVE_INFINITY;
    const finding: Finding = { type: 'SyncWindowInfo', message: hold.message };
    return { kind: 'idle', decision: { kind: 'wait', waitMs, why: hold.message }, finding };
  }
  // A repair brings back what was there already; only something new has to wait.
  const isRepair = decision.operation.sync?.resources !== undefined;
  if (waitsFor !== undefined && !isRepair) return { kind: 'blocked', message: waitsFor };
  return { kind: 'begin', start: { ...fresh, operation: decision.operation, requested: false } };
}

/** Recorded times have whole seconds and tell operations, and thereby their hooks, apart: no two start in the same one. */
function startOf(app: Application, now: number): number {
  const last = Date.parse(app.status?.operationState?.startedAt ?? '');
  return Number.isNaN(last) ? now : Math.max(now, last + 1_000);
}

/** A recorded operation that nobody carries on: after a restart, or between two tries. */
async function resumable(
  deps: ApplicationDeps,
  app: Application,
  facts: Facts,
  now: number,
): Promise<NextStep | undefined> {
  const recorded = app.status?.operationState;
  if (recorded === undefined || (recorded.phase !== 'Running' && recorded.phase !== 'Terminating'))
    return undefined;
  const base = { operation: recorded.operation, requested: app.operation !== undefined };
  if (recorded.finishedAt === undefined || recorded.phase === 'Terminating') {
    const startedAt = Date.parse(recorded.startedAt);
    return { kind: 'begin', start: { ...base, startedAt, retryCount: recorded.retryCount ?? 0, recorded } };
  }
  const newer = await newerRevision(deps, app, facts, recorded);
  if (newer !== undefined) {
    // A newer commit need not wait for the retries of an older one.
    // What takes its place is for the newer commit, and for all of it.
    const { autoHealAttemptsCount: _, resources: __, ...rest } = recorded.operation.sync ?? {};
    const sync = { ...rest, ...newer };
    const operation = { ...recorded.operation, sync };
    return { kind: 'begin', start: { ...base, operation, startedAt: startOf(app, now), retryCount: 0 } };
  }
  const waitMs = retryDueMs(recorded.message, now);
  if (waitMs > 0) return { kind: 'wait-for-retry', requeueMs: waitMs };
  const retryCount = (recorded.retryCount ?? 0) + 1;
  const revisions = revisionsIn(recorded.syncResult);
  const isPinned = recorded.operation.retry?.refresh !== true && revisions.length > 0;
  const operation = isPinned ? recorded.operation : followingSource(recorded.operation);
  return {
    kind: 'begin',
    start: {
      ...base,
      operation,
      startedAt: startOf(app, now),
      retryCount,
      ...(isPinned ? { revisions } : {}),
    },
  };
}

/** The commit an automated operation between two tries is to give way to. */
async function newerRevision(
  deps: ApplicationDeps,
  app: Application,
  { desired }: Facts,
  recorded: OperationState,
): Promise<ReturnType<typeof operationRevisions> | undefined> {
  if (desired === undefined || recorded.operation.initiatedBy?.automated !== true) return undefined;
  const isSame = await isSameRender(deps, app, desired, revisionText(recorded.syncResult));
  return isSame ? undefined : operationRevisions(desired);
}

/** The next try of an operation that is to be refreshed takes what its source is at by then. */
function followingSource(operation: Operation): Operation {
  if (operation.initiatedBy?.automated !== true) return operation;
  const { revision: _, revisions: __, ...sync } = operation.sync ?? {};
  return { ...operation, sync };
}

/** The time is part of the message ("… at <RFC 3339>."), which is all that a restart leaves. */
function retryDueMs(message: string | undefined, now: number): number {
  const at = Date.parse(/ at (\d{4}-\d{2}-\d{2}T[0-9:.]+Z)/.exec(message ?? '')?.[1] ?? '');
  return Number.isNaN(at) ? 0 : at - now;
}

/** An automated operation that waits gives way to a newer commit. */
function supersede(memory: ApplicationMemory, facts: Facts): void {
  const { running } = memory;
  if (
    running === undefined ||
    facts.desired === undefined ||
    running.operation.initiatedBy?.automated !== true
  )
    return;
  if (facts.desired.set.digest === running.desired.set.digest) return;
  running.superseded ??= `superseded by commit ${shortRevisions(facts.desired.revision)}`;
}

/** What automated sync makes of an application as it is; undefined while it cannot be judged. Changes nothing. */
export async function decideNext(
  deps: ApplicationDeps,
  app: Application,
  memory: ApplicationMemory,
  facts: Facts,
): Promise<AutoSyncDecision | undefined> {
  const need = await needOf(deps, app, facts);
  if (need === undefined) return undefined;
  return decideAfterInterruption(app, need, memory.begun) ?? decideAutoSync(app, need, deps.clock.now());
}

async function needOf(deps: ApplicationDeps, app: Application, facts: Facts): Promise<SyncNeed | undefined> {
  const { comparison, desired } = facts;
  if (comparison === undefined || desired === undefined || hasError(facts.findings)) return undefined;
  const differing = comparison.judged.filter(({ status }) => status === 'OutOfSync');
  return {
    status: comparison.sync,
    revision: desired.revision,
    isMulti: desired.isMulti,
    sources: desired.parts.map(({ source }) => source),
    sameAsLastSync:
      comparison.sync === 'OutOfSync' &&
      (await isSameRender(deps, app, desired, revisionText(app.status?.operationState?.syncResult))),
    toApply: differing.filter(({ requiresPruning }) => !requiresPruning).map(({ change }) => change.key),
    // What an incomplete answer shows as left over may merely be unseen.
    toPrune: comparison.complete
      ? differing.filter(({ requiresPruning }) => requiresPruning).map(({ change }) => change.key)
      : [],
    desiredCount: desired.targets.length,
  };
}

async function operate(
  deps: ApplicationDeps,
  app: Application,
  memory: ApplicationMemory,
  facts: Seen,
  step: NextStep,
  signal: AbortSignal,
): Promise<OperationProgress | undefined> {
  if (step.kind === 'idle' || step.kind === 'wait-for-retry' || step.kind === 'blocked') return undefined;
  const { cluster, project } = facts;
  if (step.kind === 'continue') {
    if (memory.running === undefined) return undefined;
    if (cluster === undefined || project === undefined) return abandoned(deps, app, memory, facts);
    return await continueOperation(deps, { app, facts, cluster, project, memory, signal }, memory.running);
  }
  const isBlind = hasError(facts.findings) && !(await needsNoRepository(deps, facts, step.start.operation));
  if (cluster === undefined || project === undefined || isBlind) {
    if (step.start.recorded?.phase === 'Terminating')
      return terminatedBlindly(step.start, step.start.recorded, deps.clock.now());
    if (facts.retry === 'backoff') return undefined;
    return failedBeforeStart(
      step.start,
      facts.findings.map(({ message }) => message).join('; '),
      deps.clock.now(),
    );
  }
  const isEnding = step.start.recorded?.phase === 'Terminating';
  const hold = isEnding ? undefined : holdOfOperation(deps, app, cluster, step.start);
  if (hold !== undefined) return heldBeforeStart(step.start, hold);
  const context: OperationContext = { app, facts, cluster, project, memory, signal };
  let running: RunningOperation;
  try {
    running = await planOperation(deps, context, step.start);
  } catch (error) {
    signal.throwIfAborted();
    deps.log.info('an operation could not be started', {
      application: app.metadata.name,
      reason: messageOf(error),
    });
    return failedBeforeStart(step.start, messageOf(error), deps.clock.now());
  }
  return await beginOperation(deps, context, running, step.start.recorded);
}

/** What runs may no longer go on once the specification is refused; a failure that heals by itself is waited for. */
function abandoned(
  deps: ApplicationDeps,
  app: Application,
  memory: ApplicationMemory,
  facts: Facts,
): OperationProgress | undefined {
  const { running } = memory;
  if (running === undefined || facts.retry !== 'on-change') return undefined;
  delete memory.running;
  const message = facts.findings.map((finding) => finding.message).join('; ');
  const ended = failedBeforeStart(running, message, deps.clock.now());
  const { syncResult } = app.status?.operationState ?? {};
  return {
    ...ended,
    operationState: { ...ended.operationState, ...(syncResult === undefined ? {} : { syncResult }) },
  };
}

async function observeAgain(
  deps: ApplicationDeps,
  app: Application,
  memory: ApplicationMemory,
  facts: Seen,
  cluster: LiveCluster,
  signal: AbortSignal,
): Promise<Seen> {
  const { desired } = facts;
  if (desired === undefined) return facts;
  return { ...facts, comparison: await compareDesired(deps, { app, cluster, memory, desired, signal }) };
}

/** What holds whatever this reconciliation does. */
function standing(
  deps: ApplicationDeps,
  app: Application,
  { cluster, project }: Seen,
  orphans: Orphans,
): readonly Finding[] {
  if (cluster === undefined) return [];
  return [...windowFindings(deps, app, cluster), ...orphanFindings(app, project?.spec, orphans)];
}

function findingsOf(step: NextStep, progress: OperationProgress | undefined): Finding[] {
  if (step.kind === 'idle' && step.finding !== undefined) return [step.finding];
  if (step.kind === 'blocked') return [{ type: 'DependencyWarning', message: step.message }];
  if (step.kind === 'idle' && step.decision?.kind === 'refuse')
    return [{ type: 'SyncError', message: step.decision.message }];
  const state = progress?.operationState;
  if (progress?.ended !== true || state === undefined || state.phase === 'Succeeded') return [];
  if (state.operation.initiatedBy?.automated !== true || state.message?.startsWith('superseded') === true)
    return [];
  return [
    {
      type: 'SyncError',
      message: `Failed last sync attempt to ${shortRevisions(revisionText(state.syncResult)) || 'this commit'}: ${state.message}`,
    },
  ];
}

function nextLook(
  memory: ApplicationMemory,
  facts: Facts,
  step: NextStep,
  progress: OperationProgress | undefined,
  endsInMs: number | undefined,
): Outcome {
  const waits: number[] = [];
  if (progress?.requeueMs !== undefined) waits.push(progress.requeueMs);
  // The end of an operation may be the beginning of the next: a newer commit, a repair, a requested one.
  const isLeftBehind = revisionText(progress?.operationState.syncResult) !== facts.desired?.revision;
  if (progress?.ended === true && (progress.operationState.phase !== 'Succeeded' || isLeftBehind))
    waits.push(100);
  if (step.kind === 'wait-for-retry') waits.push(step.requeueMs);
  if (step.kind === 'idle' && step.decision?.kind === 'wait') waits.push(step.decision.waitMs);
  if (step.kind === 'idle' && step.decision?.kind === 'refuse' && step.decision.retryInMs !== undefined)
    waits.push(step.decision.retryInMs);
  memory.failures = facts.retry === undefined ? 0 : memory.failures + 1;
  if (endsInMs !== undefined) waits.push(endsInMs);
  if (facts.retry === 'backoff')
    waits.push(RETRY_MS[Math.min(memory.failures - 1, RETRY_MS.length - 1)] ?? 60_000);
  return waits.length === 0 ? {} : { requeueMs: Math.min(...waits) };
}

function finishRefresh(memory: ApplicationMemory): void {
  delete memory.refresh;
  for (const done of memory.waiting) done();
  memory.waiting.clear();
}

/** While an application is being deleted nothing is applied for it any more. */
async function reconcileDeletion(
  deps: ApplicationDeps,
  app: Application,
  signal: AbortSignal,
): Promise<Outcome> {
  const memory = deps.memories.of(instanceName(app, deps.controlNamespace));
  delete memory.running;
  const cluster = await deps.clusters.resolve(app.spec.destination);
  const result = await cascade(deps, app, cluster, memory, signal);
  if (result.kind === 'done') {
    await writeDeletion(deps, deps.current(app) ?? app, result.finalizers);
    return {};
  }
  const evaluated: ReadonlySet<ConditionType> = new Set(['DeletionError']);
  const conditions = replaceConditions(
    app.status?.conditions ?? [],
    evaluated,
    result.finding === undefined ? [] : [result.finding],
    deps.clock.now(),
  );
  await writeStatus(deps, app, { status: { ...app.status, conditions }, consumed: false, refreshed: false });
  return { requeueMs: result.requeueMs };
}

function keyOf({ metadata }: Application): string {
  return `${metadata.namespace ?? ''}/${metadata.name ?? ''}`;
}
