// The sync as a state machine: a total, pure function of state and event. SPEC.md describes it; the transition table
// in machine.test.ts holds every cell. Effects are carried out by perform.ts, one at a time.
import { rfc3339 } from '../lib/index.ts';
import type { ResourceResult } from '../model/index.ts';
import { tasksOf } from './plan.ts';
import { describeWait, failureMessage, finalResults, outcomesOfResults, restoredStage } from './results.ts';
import type { Observation, Step, SyncEffect, SyncEvent, SyncState } from './state.ts';
import {
  isFailed,
  type OperationPhase,
  resourceText,
  type Stage,
  type SyncPlan,
  type SyncTask,
  type TaskOutcome,
} from './task.ts';

/** The state before anything happened; `begin` sets it going. */
export function startSync(plan: SyncPlan): SyncState {
  return {
    plan,
    at: 'starting',
    track: 'main',
    stage: 0,
    group: 0,
    outcomes: new Map(),
    phase: 'Running',
    message: 'starting',
    earlier: [],
  };
}

/** The state after a crash, from the recorded results: what has one is not done again. `begin` resumes it. */
export function restoreSync(plan: SyncPlan, results: readonly ResourceResult[]): SyncState {
  const { outcomes, earlier } = outcomesOfResults(plan, tasksOf(plan), results);
  const state = { ...startSync(plan), outcomes, earlier };
  return { ...state, ...restoredStage(state) };
}

/** The recorded form: `status.operationState.syncResult.resources`, in the order of the plan. */
export function syncResults(state: SyncState): ResourceResult[] {
  return finalResults(state.plan, tasksOf(state.plan), state.outcomes, state.earlier);
}

/** Total: an event that means nothing in a state leaves it as it is and has no effect. */
export function step(state: SyncState, event: SyncEvent): Step {
  if (event.kind === 'terminate') return terminate(state);
  switch (state.at) {
    case 'starting':
      return event.kind === 'begin' ? begin(state, event.now) : stay(state);
    case 'preparing':
      return event.kind === 'applied' ? prepared(record(state, event.outcomes), event.now) : stay(state);
    case 'validating':
      return event.kind === 'validated' ? validated(state, event.outcomes, event.now) : stay(state);
    case 'confirming':
      return confirming(state, event);
    case 'pruning':
      return event.kind === 'pruned' ? pruned(record(state, event.outcomes), event.now) : stay(state);
    case 'clearing':
      return clearing(state, event);
    case 'applying':
      return event.kind === 'applied' ? applied(record(state, event.outcomes), event.now) : stay(state);
    case 'waiting':
      return waiting(state, event);
    case 'cleaning':
      return event.kind === 'cleaned' ? end(state, event.problems) : stay(state);
    case 'terminating':
      return terminating(state, event);
    case 'done':
      return stay(state);
  }
}

function stay(state: SyncState): Step {
  return { state, effects: [] };
}

function begin(state: SyncState, now: number): Step {
  const { plan } = state;
  if (plan.invalid.length > 0) {
    return done(
      state,
      'Failed',
      failureMessage('one or more synchronization tasks are not valid', plan.invalid),
    );
  }
  // After a restart everything was validated before.
  const fresh = state.outcomes.size === 0;
  if (plan.dryRun) return validate(state);
  if (!fresh && state.track === 'main' && [...state.outcomes.values()].some(isFailed))
    return resumeFailure(state, now);
  if (!fresh || !plan.multiStep) return enter(state, now);
  const namespaces = newNamespaces(plan);
  if (namespaces.length === 0) return validate(state);
  return {
    state: { ...state, at: 'preparing', message: 'creating the destination namespace' },
    effects: [{ kind: 'apply', plan, tasks: namespaces }],
  };
}

/** It failed before the restart: nothing new is begun, running hooks may end. */
function resumeFailure(state: SyncState, now: number): Step {
  const stage = stageOf(state);
  return stage !== undefined && runningHooks(state).length > 0
    ? startWaiting(state, stage, now)
    : fail(state, now);
}

/** Namespaces must be there before a server can say whether what goes into them would be accepted. */
function newNamespaces(plan: SyncPlan): SyncTask[] {
  return tasksOf(plan).filter(
    (task) =>
      task.action === 'apply' &&
      task.key.kind === 'Namespace' &&
      task.key.group === '' &&
      task.live === undefined,
  );
}

function prepared(state: SyncState, now: number): Step {
  return hasFailed(state) ? fail(state, now) : validate(state);
}

function validate(state: SyncState): Step {
  const { plan } = state;
  const tasks = tasksOf(plan).filter((task) => !task.unchanged && !state.outcomes.has(task.id));
  return {
    state: { ...state, at: 'validating', message: 'validating' },
    effects: [{ kind: 'validate', plan, tasks }],
  };
}

function validated(state: SyncState, outcomes: readonly TaskOutcome[], now: number): Step {
  const failed = outcomes.filter(isFailed);
  if (failed.length > 0) {
    const reasons = failed.map(({ message }) => message);
    return done(
      record(state, failed),
      'Failed',
      failureMessage('one or more objects failed to apply (dry run)', reasons),
    );
  }
  if (state.plan.dryRun) {
    const others = tasksOf(state.plan).filter((task) => task.unchanged);
    const all = record(record(state, others.map(unchanged)), outcomes);
    return done(settle(all), 'Succeeded', 'successfully synced (all tasks run)');
  }
  return enter(state, now);
}

/** Begins the present stage: approval, prunes, hooks, groups. */
function enter(state: SyncState, now: number): Step {
  const stage = stageOf(state);
  if (stage === undefined) return finish(state, 'successfully synced (all tasks run)');
  const fresh = { ...state, group: 0 };
  const prunes = open(fresh, stage.prunes);
  const unapproved = prunes.filter((task) => task.needsApproval);
  if (unapproved.length === 0) return prune(fresh, stage, now);
  const deadline = now + state.plan.settings.approvalDeadlineMs;
  return {
    state: {
      ...fresh,
      at: 'confirming',
      since: now,
      deadline,
      message: spanned(describeWait(state.plan, 'approval', unapproved), now, deadline),
    },
    effects: [{ kind: 'askApproval', plan: state.plan, tasks: unapproved }],
  };
}

function confirming(state: SyncState, event: SyncEvent): Step {
  const stage = stageOf(state);
  if (stage === undefined) return stay(state);
  const tasks = open(state, stage.prunes).filter((task) => task.needsApproval);
  if (event.kind === 'tick') {
    return { state, effects: [{ kind: 'askApproval', plan: state.plan, tasks }] };
  }
  if (event.kind !== 'approval') return stay(state);
  if (event.approved) {
    const pausedMs = (state.pausedMs ?? 0) + event.now - (state.since ?? event.now);
    return prune({ ...state, pausedMs }, stage, event.now);
  }
  if (isLate(state, event.now))
    return fail(
      { ...state, failure: gaveUp(describeWait(state.plan, 'approval', tasks), state, event.now) },
      event.now,
    );
  return { state, effects: [wait(state, tasks)] };
}

function prune(state: SyncState, stage: Stage, now: number): Step {
  const tasks = open(state, stage.prunes);
  if (tasks.length === 0) return clear(state, stage, now);
  return {
    state: { ...state, at: 'pruning', message: `pruning ${tasks.length} objects` },
    effects: [{ kind: 'prune', plan: state.plan, tasks }],
  };
}

function pruned(state: SyncState, now: number): Step {
  const stage = stageOf(state);
  if (stage === undefined || hasFailed(state)) return fail(state, now);
  return clear(state, stage, now);
}

function clear(state: SyncState, stage: Stage, now: number): Step {
  const hooks = open(state, stage.groups.flat()).filter((task) => task.action === 'hook');
  if (hooks.length === 0) return apply(state, stage, now);
  const deadline = now + state.plan.settings.waveDeadlineMs;
  return {
    state: {
      ...state,
      at: 'clearing',
      since: now,
      deadline,
      message: spanned(describeWait(state.plan, 'clearance', hooks), now, deadline),
    },
    effects: [{ kind: 'clear', plan: state.plan, tasks: hooks }],
  };
}

function clearing(state: SyncState, event: SyncEvent): Step {
  const stage = stageOf(state);
  if (stage === undefined) return stay(state);
  const hooks = open(state, stage.groups.flat()).filter((task) => task.action === 'hook');
  if (event.kind === 'tick') return { state, effects: [{ kind: 'clear', plan: state.plan, tasks: hooks }] };
  if (event.kind !== 'cleared') return stay(state);
  const failed = event.clearances.find(({ status }) => status === 'failed');
  if (failed !== undefined) {
    return fail({ ...state, failure: failed.message ?? 'an older hook could not be deleted' }, event.now);
  }
  const mine = event.clearances.filter(({ status }) => status === 'mine');
  const resumed = record(
    state,
    mine.map(({ id }) => runningHook(id)),
  );
  if (event.clearances.some(({ status }) => status === 'deleting')) {
    if (isLate(state, event.now))
      return fail(
        { ...resumed, failure: gaveUp(describeWait(state.plan, 'clearance', hooks), state, event.now) },
        event.now,
      );
    return { state: resumed, effects: [wait(resumed, hooks)] };
  }
  return apply(resumed, stage, event.now);
}

function runningHook(id: string): TaskOutcome {
  return { id, status: 'Synced', phase: 'Running', message: 'found after a restart', changed: true };
}

/** Starts the next group that has something to do, or ends the stage. */
function apply(state: SyncState, stage: Stage, now: number): Step {
  const settled = record(
    state,
    stage.groups
      .flat()
      .filter((task) => isSettled(state, task))
      .map(unchanged),
  );
  for (let group = settled.group; group < stage.groups.length; group += 1) {
    const tasks = open(settled, stage.groups[group] ?? []);
    if (tasks.length === 0) continue;
    return {
      state: { ...settled, at: 'applying', group, message: `applying ${describeGroup(tasks)}` },
      effects: [{ kind: 'apply', plan: state.plan, tasks }],
    };
  }
  return applyDone(settled, stage, now);
}

function isSettled(state: SyncState, task: SyncTask): boolean {
  return task.unchanged && !state.outcomes.has(task.id);
}

function unchanged(task: SyncTask): TaskOutcome {
  return {
    id: task.id,
    status: 'Synced',
    phase: 'Running',
    message: `${resourceText(task)} unchanged`,
    changed: false,
    ...(task.live === undefined ? {} : { live: task.live }),
  };
}

function applied(state: SyncState, now: number): Step {
  const stage = stageOf(state);
  if (stage === undefined) return fail(state, now);
  if (hasFailed(state)) {
    // Hooks that run already are allowed to finish before the failure is final.
    return runningHooks(state).length > 0 ? startWaiting(state, stage, now) : fail(state, now);
  }
  return apply({ ...state, group: state.group + 1 }, stage, now);
}

function applyDone(state: SyncState, stage: Stage, now: number): Step {
  if (hasFailed(state)) return fail(state, now);
  const hooks = runningHooks(state).length > 0;
  if (isLastStage(state) && !hooks) return finish(state, 'successfully synced (all tasks run)');
  return startWaiting(state, stage, now);
}

/** Begins to wait for health, hooks and deletions of this stage. */
function startWaiting(state: SyncState, stage: Stage, now: number): Step {
  const { settings } = state.plan;
  const tasks = awaited(state, stage);
  const deadline = deadlineOf(state, tasks, now);
  const { notBefore: _, ...rest } = state;
  const next: SyncState = {
    ...rest,
    at: 'waiting',
    since: now,
    deadline,
    message: spanned(describeWait(state.plan, 'progress', tasks), now, deadline),
  };
  // Nothing of this stage runs any more: it is over at once.
  if (tasks.length === 0) return waiting(next, { kind: 'observed', observations: [], now });
  const changedSomething = tasks.some((task) => state.outcomes.get(task.id)?.changed === true);
  const pause = changedSomething && !isLastStage(state) ? settings.waveDelayMs : 0;
  if (pause > 0) {
    const paused = { ...next, notBefore: now + pause };
    return { state: paused, effects: [{ kind: 'wait', ms: pause, reason: next.message, tasks }] };
  }
  return { state: next, effects: [{ kind: 'observe', plan: state.plan, tasks }] };
}

/** The earliest end of the patience with any of these: a hook has its own, and all share the operation's. */
function deadlineOf({ plan, pausedMs = 0 }: SyncState, tasks: readonly SyncTask[], since: number): number {
  const { waveDeadlineMs, hookDeadlineMs, operationDeadlineMs } = plan.settings;
  const limits = tasks.map((task) =>
    task.action === 'hook' ? (task.hook?.deadlineMs ?? hookDeadlineMs) : waveDeadlineMs,
  );
  return Math.min(
    since + Math.min(...limits, operationDeadlineMs),
    plan.startedAt + operationDeadlineMs + pausedMs,
  );
}

function waiting(state: SyncState, event: SyncEvent): Step {
  const stage = stageOf(state);
  if (stage === undefined) return stay(state);
  if (event.kind === 'tick') {
    const leftMs = (state.notBefore ?? event.now) - event.now;
    if (leftMs > 0) {
      const tasks = awaited(state, stage);
      return { state, effects: [{ kind: 'wait', ms: leftMs, reason: state.message, tasks }] };
    }
    return { state, effects: [{ kind: 'observe', plan: state.plan, tasks: awaited(state, stage) }] };
  }
  if (event.kind !== 'observed') return stay(state);
  const seen = observe(state, stage, event.observations);
  const left = awaited(seen.state, stage);
  if (left.length > 0 && (!hasFailed(seen.state) || left.some((task) => task.action === 'hook'))) {
    const since = state.since ?? event.now;
    const text = describeWait(state.plan, 'progress', left, seen.reasons);
    const deadline = deadlineOf(state, left, since);
    if (event.now >= deadline) {
      return fail(
        { ...seen.state, failure: failureText(seen.state, gaveUp(text, state, event.now)) },
        event.now,
      );
    }
    const next = { ...seen.state, deadline, message: spanned(text, since, deadline) };
    return { state: next, effects: [wait(next, left)] };
  }
  if (hasFailed(seen.state)) return fail(seen.state, event.now);
  if (isLastStage(seen.state)) return finish(seen.state, 'successfully synced (no more tasks)');
  return enter({ ...seen.state, stage: state.stage + 1, group: 0 }, event.now);
}

/** Judges what was seen. `reasons` say what each running task still lacks. */
function observe(
  state: SyncState,
  stage: Stage,
  observations: readonly Observation[],
): { readonly state: SyncState; readonly reasons: ReadonlyMap<string, string> } {
  const reasons = new Map<string, string>();
  const outcomes: TaskOutcome[] = [];
  const tasks = new Map(awaited(state, stage).map((task) => [task.id, task]));
  for (const observation of observations) {
    const task = tasks.get(observation.id);
    const outcome = state.outcomes.get(observation.id);
    if (task === undefined || outcome === undefined) continue;
    const judged = judge(task, outcome, observation);
    if (judged.phase === 'Running') reasons.set(task.id, observation.health?.message ?? '');
    outcomes.push(judged);
  }
  return { state: record(state, outcomes), reasons };
}

function judge(task: SyncTask, outcome: TaskOutcome, { live, health }: Observation): TaskOutcome {
  if (task.action === 'prune') return live === undefined ? { ...outcome, phase: 'Succeeded' } : outcome;
  if (live === undefined) {
    const message = `Resource ${keyTextOf(task)} is missing, it might have been deleted`;
    return { ...outcome, status: 'SyncFailed', phase: 'Error', message };
  }
  const status = health?.status;
  const ended = health?.message ?? outcome.message;
  if (task.action === 'hook') {
    if (status === undefined || status === 'Healthy')
      return { ...outcome, phase: 'Succeeded', message: ended, live };
    if (status === 'Degraded' || status === 'Unknown')
      return { ...outcome, phase: 'Failed', message: ended, live };
    // Our finalizer keeps it readable, so this is its last word.
    if (live.metadata.deletionTimestamp !== undefined) {
      const message = `hook ${keyTextOf(task)} was deleted before it ended${ended === '' ? '' : ` (${ended})`}`;
      return { ...outcome, phase: 'Failed', message, live };
    }
    return { ...outcome, live, message: ended };
  }
  if (status === undefined || status === 'Healthy') return { ...outcome, phase: 'Succeeded', live };
  if (status === 'Degraded') {
    return { ...outcome, phase: 'Failed', message: `${keyTextOf(task)} is degraded: ${ended}`, live };
  }
  return { ...outcome, live };
}

/** What of the present stage still runs. The last stage of a sync waits for hooks only when it has nothing else. */
function awaited(state: SyncState, stage: Stage): SyncTask[] {
  const waitsForHealth = !isLastStage(state) || (state.plan.multiStep && state.plan.stages.length > 1);
  return [...stage.prunes, ...stage.groups.flat()].filter((task) => {
    if (state.outcomes.get(task.id)?.phase !== 'Running') return false;
    return task.action === 'hook' || waitsForHealth;
  });
}

function runningHooks(state: SyncState): SyncTask[] {
  return tasksOf(state.plan).filter(
    (task) => task.action === 'hook' && state.outcomes.get(task.id)?.phase === 'Running',
  );
}

/** Something failed: the SyncFail hooks run once, then the operation ends. */
function fail(state: SyncState, now: number): Step {
  const failure = failureText(state, 'one or more synchronization tasks completed unsuccessfully');
  const failed: SyncState = { ...state, failure, message: failure };
  if (state.track === 'main' && state.plan.failStages.length > 0) {
    return enter({ ...failed, track: 'fail', stage: 0, group: 0 }, now);
  }
  return finish(failed, failure);
}

function failureText(state: SyncState, text: string): string {
  if (state.failure !== undefined) return state.failure;
  const failed = [...state.outcomes.values()].filter(isFailed).map(({ message }) => message);
  return failureMessage(text, failed);
}

/** The end: hooks are released and deleted by their policies first. */
function finish(state: SyncState, message: string): Step {
  const { plan } = state;
  const ended = withoutUnfinished({ ...state, message: state.failure ?? message });
  const hooks = tasksOf(plan).filter((task) => task.action === 'hook' && ended.outcomes.has(task.id));
  if (hooks.length === 0) return end(ended, []);
  const remove = new Set(
    hooks.filter((task) => isRemoved(task, ended.outcomes.get(task.id))).map(({ id }) => id),
  );
  return { state: { ...ended, at: 'cleaning' }, effects: [{ kind: 'clean', plan, tasks: hooks, remove }] };
}

/** A hook that still runs when the operation ends has failed to do so in time. */
function withoutUnfinished(state: SyncState): SyncState {
  const late = runningHooks(state).flatMap((task): TaskOutcome[] => {
    const outcome = state.outcomes.get(task.id);
    return outcome === undefined
      ? []
      : [{ ...outcome, phase: 'Failed', message: 'not finished when the operation ended' }];
  });
  return record(state, late);
}

function isRemoved(task: SyncTask, outcome: TaskOutcome | undefined): boolean {
  const policy = outcome?.phase === 'Succeeded' ? 'HookSucceeded' : 'HookFailed';
  return task.hook?.deletePolicies.includes(policy) ?? false;
}

function end(state: SyncState, problems: readonly string[]): Step {
  const left = problems.length === 0 ? '' : ` (hooks not cleaned up: ${problems.join('; ')})`;
  if (state.failure !== undefined) return done(state, 'Failed', state.failure + left);
  return done(settle(state), 'Succeeded', state.message + left);
}

/** A sync that ends well awaits nothing any more. */
function settle(state: SyncState): SyncState {
  return record(
    state,
    [...state.outcomes.values()]
      .filter(({ phase }) => phase === 'Running')
      .map((outcome): TaskOutcome => ({ ...outcome, phase: 'Succeeded' })),
  );
}

function done(state: SyncState, phase: OperationPhase, message: string): Step {
  const { deadline: _, since: __, notBefore: ___, ...rest } = state;
  return { state: { ...rest, at: 'done', phase, message }, effects: [] };
}

function terminate(state: SyncState): Step {
  if (state.at === 'done' || state.at === 'terminating') return stay(state);
  const hooks = runningHooks(state);
  const stopping: SyncState = { ...state, at: 'terminating', phase: 'Terminating', message: 'terminating' };
  return { state: stopping, effects: [{ kind: 'stopHooks', plan: state.plan, tasks: hooks }] };
}

function terminating(state: SyncState, event: SyncEvent): Step {
  // A group that was on its way when the order came: its hooks have to go as well.
  if (event.kind === 'applied') {
    const late = record(state, event.outcomes);
    const tasks = runningHooks(late).filter((task) => event.outcomes.some(({ id }) => id === task.id));
    return { state: late, effects: tasks.length > 0 ? [{ kind: 'stopHooks', plan: state.plan, tasks }] : [] };
  }
  if (event.kind === 'pruned') return stay(record(state, event.outcomes));
  if (event.kind !== 'stopped') return stay(state);
  const stopped = runningHooks(state).map((task): TaskOutcome => {
    const outcome = state.outcomes.get(task.id) ?? runningHook(task.id);
    return { ...outcome, phase: 'Failed', message: 'Terminated' };
  });
  const left = event.problems.length === 0 ? '' : `: ${event.problems.join('; ')}`;
  return done(record(state, stopped), 'Failed', `Operation terminated${left}`);
}

function record(state: SyncState, outcomes: readonly TaskOutcome[]): SyncState {
  if (outcomes.length === 0) return state;
  const known = new Map(state.outcomes);
  for (const outcome of outcomes) known.set(outcome.id, outcome);
  return { ...state, outcomes: known };
}

function stageOf(state: SyncState): Stage | undefined {
  return (state.track === 'main' ? state.plan.stages : state.plan.failStages)[state.stage];
}

function isLastStage(state: SyncState): boolean {
  return state.stage >= (state.track === 'main' ? state.plan.stages : state.plan.failStages).length - 1;
}

/** Tasks nothing became of yet. */
function open(state: SyncState, tasks: readonly SyncTask[]): SyncTask[] {
  return tasks.filter((task) => !state.outcomes.has(task.id));
}

function hasFailed(state: SyncState): boolean {
  const stage = stageOf(state);
  const ids = new Set([...(stage?.prunes ?? []), ...(stage?.groups.flat() ?? [])].map(({ id }) => id));
  for (const outcome of state.outcomes.values()) {
    if (isFailed(outcome) && (state.at === 'preparing' || ids.has(outcome.id))) return true;
  }
  return false;
}

function isLate(state: SyncState, now: number): boolean {
  return state.deadline !== undefined && now >= state.deadline;
}

/** What is awaited, and between when and when. */
function spanned(text: string, since: number, deadline: number): string {
  return `${text}, since ${rfc3339(since)} and at the latest until ${rfc3339(deadline)}`;
}

function gaveUp(text: string, { since }: SyncState, now: number): string {
  return `gave up ${text} after ${Math.round((now - (since ?? now)) / 1000)} s`;
}

function wait(state: SyncState, tasks: readonly SyncTask[]): SyncEffect {
  return { kind: 'wait', ms: state.plan.settings.pollMs, reason: state.message, tasks };
}

function describeGroup(tasks: readonly SyncTask[]): string {
  const [first] = tasks;
  if (first === undefined) return '';
  return tasks.length === 1 ? keyTextOf(first) : `${tasks.length} objects of kind ${first.key.kind}`;
}

function keyTextOf(task: SyncTask): string {
  return [task.key.group, task.key.kind, task.key.name].join('/');
}
