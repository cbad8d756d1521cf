// The transition table of SPEC.md with every cell, invariants under random events, and whole runs with a played cluster.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fc } from '../../test/support/property.ts';
import type { KubeObject } from '../k8s/index.ts';
import { keyOf } from '../k8s/index.ts';
import { type Change, FIELD_MANAGER } from '../model/index.ts';
import {
  type PlanInput,
  planDeleteHooks,
  planSync,
  restoreSync,
  type Step,
  type SyncEffect,
  type SyncEvent,
  type SyncPosition,
  type SyncState,
  startSync,
  step,
  syncResults,
  type TaskOutcome,
} from './index.ts';

function object(kind: string, name: string, annotations: Record<string, string> = {}): KubeObject {
  return {
    apiVersion: kind === 'Job' ? 'batch/v1' : 'v1',
    kind,
    metadata: { name, namespace: 'ns', annotations },
  };
}

function missing(desired: KubeObject): Change {
  return { key: keyOf(desired), kind: 'missing', desired, fields: [] };
}

function extra(live: KubeObject): Change {
  return {
    key: keyOf(live),
    kind: 'extra',
    live: { ...live, metadata: { ...live.metadata, uid: 'u' } },
    fields: [],
  };
}

function input(more: Partial<PlanInput>): PlanInput {
  return {
    changes: [missing(object('ConfigMap', 'a'))],
    hooks: [],
    operation: { prune: true },
    startedAt: 1_000_000,
    automated: false,
    revision: '0123456789',
    destinationNamespace: 'ns',
    settings: {
      waveDelayMs: 0,
      pollMs: 10,
      waveDeadlineMs: 100,
      hookDeadlineMs: 100,
      approvalDeadlineMs: 100,
    },
    ...more,
  };
}

const WAVES = input({
  changes: [
    missing(object('ConfigMap', 'a')),
    missing(object('ConfigMap', 'b', { 'argocd.argoproj.io/sync-wave': '1' })),
    extra(
      object('ConfigMap', 'old', {
        'argocd.argoproj.io/sync-options': 'Prune=confirm',
        'argocd.argoproj.io/sync-wave': '1',
      }),
    ),
  ],
  hooks: [object('Job', 'hook', { 'argocd.argoproj.io/hook': 'Sync' })],
  syncOptions: ['CreateNamespace=true'],
});

const at = (now: number) => ({ now });
const EVENTS: { readonly [Kind in SyncEvent['kind']]: Extract<SyncEvent, { kind: Kind }> } = {
  begin: { kind: 'begin', ...at(0) },
  applied: { kind: 'applied', outcomes: [], ...at(0) },
  validated: { kind: 'validated', outcomes: [], ...at(0) },
  approval: { kind: 'approval', approved: true, ...at(0) },
  pruned: { kind: 'pruned', outcomes: [], ...at(0) },
  cleared: { kind: 'cleared', clearances: [], ...at(0) },
  observed: { kind: 'observed', observations: [], ...at(0) },
  cleaned: { kind: 'cleaned', problems: [], ...at(0) },
  stopped: { kind: 'stopped', problems: [], ...at(0) },
  tick: { kind: 'tick', ...at(0) },
  terminate: { kind: 'terminate', ...at(0) },
};

type EventKind = SyncEvent['kind'];
type Cell = SyncPosition | '-';

/** Where each event leads from each state, in the sync of WAVES. `-`: the state stays and nothing is asked for. */
const TABLE: Record<SyncPosition, Record<EventKind, Cell>> = {
  starting: {
    begin: 'preparing',
    applied: '-',
    validated: '-',
    approval: '-',
    pruned: '-',
    cleared: '-',
    observed: '-',
    cleaned: '-',
    stopped: '-',
    tick: '-',
    terminate: 'terminating',
  },
  preparing: {
    begin: '-',
    applied: 'validating',
    validated: '-',
    approval: '-',
    pruned: '-',
    cleared: '-',
    observed: '-',
    cleaned: '-',
    stopped: '-',
    tick: '-',
    terminate: 'terminating',
  },
  validating: {
    begin: '-',
    applied: '-',
    validated: 'clearing',
    approval: '-',
    pruned: '-',
    cleared: '-',
    observed: '-',
    cleaned: '-',
    stopped: '-',
    tick: '-',
    terminate: 'terminating',
  },
  confirming: {
    begin: '-',
    applied: '-',
    validated: '-',
    approval: 'pruning',
    pruned: '-',
    cleared: '-',
    observed: '-',
    cleaned: '-',
    stopped: '-',
    tick: 'confirming',
    terminate: 'terminating',
  },
  pruning: {
    begin: '-',
    applied: '-',
    validated: '-',
    approval: '-',
    pruned: 'applying',
    cleared: '-',
    observed: '-',
    cleaned: '-',
    stopped: '-',
    tick: '-',
    terminate: 'terminating',
  },
  clearing: {
    begin: '-',
    applied: '-',
    validated: '-',
    approval: '-',
    pruned: '-',
    cleared: 'applying',
    observed: '-',
    cleaned: '-',
    stopped: '-',
    tick: 'clearing',
    terminate: 'terminating',
  },
  applying: {
    begin: '-',
    applied: 'waiting',
    validated: '-',
    approval: '-',
    pruned: '-',
    cleared: '-',
    observed: '-',
    cleaned: '-',
    stopped: '-',
    tick: '-',
    terminate: 'terminating',
  },
  waiting: {
    begin: '-',
    applied: '-',
    validated: '-',
    approval: '-',
    pruned: '-',
    cleared: '-',
    observed: 'waiting',
    cleaned: '-',
    stopped: '-',
    tick: 'waiting',
    terminate: 'terminating',
  },
  cleaning: {
    begin: '-',
    applied: '-',
    validated: '-',
    approval: '-',
    pruned: '-',
    cleared: '-',
    observed: '-',
    cleaned: 'done',
    stopped: '-',
    tick: '-',
    terminate: 'terminating',
  },
  terminating: {
    begin: '-',
    applied: '-',
    validated: '-',
    approval: '-',
    pruned: '-',
    cleared: '-',
    observed: '-',
    cleaned: '-',
    stopped: 'done',
    tick: '-',
    terminate: '-',
  },
  done: {
    begin: '-',
    applied: '-',
    validated: '-',
    approval: '-',
    pruned: '-',
    cleared: '-',
    observed: '-',
    cleaned: '-',
    stopped: '-',
    tick: '-',
    terminate: '-',
  },
};

/** Answers an effect as a cluster in which everything works. */
function answer(effect: SyncEffect, now = 0): SyncEvent {
  const outcomes = (status: TaskOutcome['status'], phase: TaskOutcome['phase']): TaskOutcome[] =>
    'plan' in effect
      ? effect.tasks.map(({ id }) => ({ id, status, phase, message: 'ok', changed: true }))
      : [];
  switch (effect.kind) {
    case 'apply':
      return { kind: 'applied', outcomes: outcomes('Synced', 'Running'), now };
    case 'validate':
      return { kind: 'validated', outcomes: outcomes('Synced', 'Succeeded'), now };
    case 'askApproval':
      return { kind: 'approval', approved: true, now };
    case 'prune':
      return { kind: 'pruned', outcomes: outcomes('Pruned', 'Succeeded'), now };
    case 'clear':
      return { kind: 'cleared', clearances: effect.tasks.map(({ id }) => ({ id, status: 'clear' })), now };
    case 'observe':
      return {
        kind: 'observed',
        observations: effect.tasks.map((task) => ({
          id: task.id,
          ...(task.desired === undefined ? {} : { live: task.desired }),
        })),
        now,
      };
    case 'clean':
      return { kind: 'cleaned', problems: [], now };
    case 'stopHooks':
      return { kind: 'stopped', problems: [], now };
    case 'wait':
      return { kind: 'tick', now };
  }
}

/** Runs to the end; `bend` may answer differently. Returns all states passed. */
function run(
  first: SyncState,
  bend: (effect: SyncEffect, state: SyncState) => SyncEvent | undefined = () => undefined,
): { states: SyncState[]; effects: SyncEffect[]; last: SyncState } {
  const states: SyncState[] = [];
  const effects: SyncEffect[] = [];
  let next: Step = step(first, { kind: 'begin', now: 0 });
  for (let turn = 0; turn < 500; turn += 1) {
    states.push(next.state);
    const [effect, ...more] = next.effects;
    assert.deepEqual(more, [], 'one effect at a time');
    if (effect === undefined) return { states, effects, last: next.state };
    effects.push(effect);
    next = step(next.state, bend(effect, next.state) ?? answer(effect));
  }
  throw new Error('did not end');
}

/** A reachable state for each position. */
function stateAt(position: SyncPosition): SyncState {
  const plan = planSync(WAVES);
  if (position === 'starting') return startSync(plan);
  if (position === 'terminating') {
    const { states } = run(startSync(plan));
    const running = states.find((state) => state.at === 'waiting');
    assert.ok(running);
    return step(running, EVENTS.terminate).state;
  }
  const found = run(startSync(plan)).states.find((state) => state.at === position);
  assert.ok(found, `no run passes ${position}`);
  return found;
}

for (const [position, row] of Object.entries(TABLE) as [SyncPosition, Record<EventKind, Cell>][]) {
  test(`${position}: every event`, () => {
    for (const [kind, want] of Object.entries(row) as [EventKind, Cell][]) {
      const before = stateAt(position);
      const { state, effects } = step(before, faithful(before, kind));
      if (want === '-') {
        assert.equal(state, before, `${position} × ${kind} changes the state`);
        assert.deepEqual(effects, [], `${position} × ${kind} has effects`);
      } else assert.equal(state.at, want, `${position} × ${kind}`);
    }
  });
}

/** The event with the content the state asked for, so that answers are about real tasks. */
function faithful(state: SyncState, kind: EventKind): SyncEvent {
  if (kind === 'applied' && state.at === 'applying') {
    const stage = state.plan.stages[state.stage];
    const outcomes = (stage?.groups.flat() ?? []).map(
      ({ id }): TaskOutcome => ({ id, status: 'Synced', phase: 'Running', message: '', changed: true }),
    );
    return { ...EVENTS.applied, outcomes };
  }
  return EVENTS[kind];
}

test('a plan in order: hooks, waves, prunes, one stage after the other', () => {
  const { effects, last } = run(startSync(planSync(WAVES)));
  const text = effects.map((effect) => `${effect.kind} ${effect.tasks.map(({ key }) => key.name).join(',')}`);
  assert.deepEqual(text, [
    'apply ns',
    'validate a,hook,old,b',
    'clear hook',
    'apply a',
    'apply hook',
    'observe ns,a,hook',
    'askApproval old',
    'prune old',
    'apply b',
    'clean hook',
  ]);
  assert.equal(last.phase, 'Succeeded');
});

test('a plain sync is over with its last apply', () => {
  const { effects, last } = run(startSync(planSync(input({}))));
  assert.deepEqual(
    effects.map(({ kind }) => kind),
    ['apply'],
  );
  assert.equal(last.message, 'successfully synced (all tasks run)');
  assert.deepEqual(
    syncResults(last).map(({ name, status, hookPhase }) => [name, status, hookPhase]),
    [['a', 'Synced', 'Succeeded']],
  );
});

test('nothing to do needs nothing', () => {
  const desired = object('ConfigMap', 'a');
  const { effects, last } = run(
    startSync(
      planSync(
        input({ changes: [{ key: keyOf(desired), kind: 'synced', desired, live: desired, fields: [] }] }),
      ),
    ),
  );
  assert.deepEqual(effects, []);
  assert.deepEqual(
    syncResults(last).map(({ message }) => message),
    ['configmap/a unchanged'],
  );
  assert.equal(run(startSync(planSync(input({ changes: [] })))).last.phase, 'Succeeded');
});

test('what may not be done fails before anything happens', () => {
  const { effects, last } = run(
    startSync(
      planSync(
        input({ refused: [{ object: object('ConfigMap', 'a'), message: 'not permitted in project p' }] }),
      ),
    ),
  );
  assert.deepEqual(effects, []);
  assert.deepEqual(
    [last.phase, last.message],
    [
      'Failed',
      'one or more synchronization tasks are not valid, reason: ConfigMap ns/a: not permitted in project p',
    ],
  );
});

test('a degraded wave ends the sync and later waves are not begun', () => {
  const { effects, last } = run(startSync(planSync(WAVES)), (effect) =>
    effect.kind === 'observe'
      ? {
          kind: 'observed',
          observations: effect.tasks.map(({ id, desired }) => ({
            id,
            live: desired ?? object('X', 'x'),
            health: { status: 'Degraded', message: 'broken' },
          })),
          now: 0,
        }
      : undefined,
  );
  assert.equal(last.phase, 'Failed');
  assert.match(last.message, /^one or more synchronization tasks completed unsuccessfully, reason: /);
  assert.ok(!effects.some((effect) => effect.kind === 'prune'));
});

test('an awaited object that disappears is named', () => {
  const { last } = run(startSync(planSync(WAVES)), (effect) =>
    effect.kind === 'observe'
      ? { kind: 'observed', observations: effect.tasks.map(({ id }) => ({ id })), now: 0 }
      : undefined,
  );
  assert.match(last.message, /is missing, it might have been deleted/);
});

test('no answer about a hook is no answer: the wait ends at its deadline', () => {
  let now = 0;
  const { last } = run(startSync(planSync(WAVES)), (effect) => {
    now += 30;
    return effect.kind === 'observe' ? { kind: 'observed', observations: [], now } : answer(effect, now);
  });
  assert.equal(last.phase, 'Failed');
  assert.match(last.message, /^gave up waiting for completion of hook batch\/Job\/hook/);
});

test('approval is awaited until its deadline', () => {
  let now = 0;
  const { last } = run(startSync(planSync(WAVES)), (effect) => {
    now += 20;
    return effect.kind === 'askApproval' ? { kind: 'approval', approved: false, now } : answer(effect, now);
  });
  assert.match(last.message, /^gave up waiting for pruning confirmation of ConfigMap\/old after \d+ s$/);
});

test('an order to stop deletes the hooks of a group that was on its way', () => {
  const applying = run(startSync(planSync(WAVES))).states.find((state) => state.at === 'applying');
  assert.ok(applying);
  const hook = applying.plan.stages[0]?.groups.flat().find((task) => task.action === 'hook');
  assert.ok(hook);
  const stopping = step(applying, EVENTS.terminate);
  const late = step(stopping.state, {
    kind: 'applied',
    outcomes: [{ id: hook.id, status: 'Synced', phase: 'Running', message: '', changed: true }],
    now: 0,
  });
  assert.deepEqual(
    late.effects.map(({ kind, tasks }) => [kind, tasks.map(({ id }) => id)]),
    [['stopHooks', [hook.id]]],
  );
  const { state } = step(late.state, EVENTS.stopped);
  assert.deepEqual([state.phase, state.message], ['Failed', 'Operation terminated']);
});

test('a restart at any point ends as the run without it, and applies nothing twice', () => {
  const plan = planSync(WAVES);
  const whole = run(startSync(plan));
  for (const interrupted of whole.states) {
    if (interrupted.at === 'done') continue;
    const applied = new Set(
      [...interrupted.outcomes].filter(([, outcome]) => outcome.status === 'Synced').map(([id]) => id),
    );
    const resumed = run(restoreSync(plan, syncResults(interrupted)));
    assert.equal(resumed.last.phase, 'Succeeded', interrupted.at);
    const again = resumed.effects
      .filter((effect) => effect.kind === 'apply')
      .flatMap(({ tasks }) => tasks.map(({ id }) => id));
    assert.deepEqual(
      again.filter((id) => applied.has(id)),
      [],
    );
    assert.deepEqual(
      syncResults(resumed.last).map(({ name, status }) => [name, status]),
      syncResults(whole.last).map(({ name, status }) => [name, status]),
    );
  }
});

test('a restart after a failure begins nothing new', () => {
  const plan = planSync(WAVES);
  const failed = run(startSync(plan), (effect) =>
    effect.kind === 'apply'
      ? {
          kind: 'applied',
          outcomes: effect.tasks.map(({ id }) => ({
            id,
            status: 'SyncFailed',
            phase: 'Failed',
            message: 'no',
            changed: false,
          })),
          now: 0,
        }
      : undefined,
  );
  const resumed = run(restoreSync(plan, syncResults(failed.last)));
  assert.equal(resumed.last.phase, 'Failed');
  assert.ok(!resumed.effects.some(({ kind }) => kind === 'apply' || kind === 'prune'));
});

const POSITIONS = Object.keys(TABLE) as SyncPosition[];

test('under random events it keeps its invariants (SPEC.md I1–I6)', () => {
  const outcome = fc.record({
    pick: fc.nat(20),
    status: fc.constantFrom<TaskOutcome['status']>('Synced', 'SyncFailed', 'Pruned', 'PruneSkipped'),
    phase: fc.constantFrom<TaskOutcome['phase']>('Running', 'Succeeded', 'Failed'),
  });
  const event = fc.record({
    honest: fc.integer({ min: 0, max: 9 }),
    kind: fc.constantFrom(...(Object.keys(EVENTS) as EventKind[])),
    outcome,
  });
  fc.assert(
    fc.property(fc.array(event, { maxLength: 60 }), (events) => {
      const plan = planSync(WAVES);
      const ids = [...plan.stages]
        .flatMap((stage) => [...stage.prunes, ...stage.groups.flat()])
        .map(({ id }) => id);
      const created = new Set<string>();
      const pending: SyncEffect[] = [];
      let state = startSync(plan);
      let now = 0;
      const play = (played: SyncEvent): Step => {
        const next = step(state, played);
        for (const effect of next.effects) {
          for (const task of effect.kind === 'apply' ? effect.tasks : []) {
            assert.ok(!created.has(task.id), `I1: ${task.id} is applied twice`);
            created.add(task.id);
          }
        }
        pending.push(...next.effects);
        return next;
      };
      state = play(EVENTS.begin).state;
      for (const {
        honest,
        kind,
        outcome: { pick, status, phase },
      } of events) {
        now += 1;
        const before = state;
        const effect = honest > 1 ? pending.shift() : undefined;
        const event = effect === undefined ? { ...EVENTS[kind], now } : answer(effect, now);
        // Answers nobody asked for are the perform step's mistake, except that orders and clocks come at any time.
        if (effect === undefined && kind !== 'terminate' && kind !== 'tick' && kind !== 'begin') continue;
        const bent: TaskOutcome = {
          id: ids[pick % ids.length] ?? '',
          status,
          phase,
          message: '',
          changed: true,
        };
        const next = play(
          honest === 2 && 'outcomes' in event ? { ...event, outcomes: [...event.outcomes, bent] } : event,
        );
        state = next.state;
        assert.ok(POSITIONS.includes(next.state.at));
        assert.ok(next.effects.length <= 1, 'I2: one effect at a time');
        assert.ok(
          next.state.stage >= before.stage || next.state.track !== before.track,
          'I3: stages only go forward',
        );
        const over = next.state.at === 'done';
        assert.equal(
          over,
          ['Succeeded', 'Failed'].includes(next.state.phase),
          'I4: over means a final phase',
        );
        if (over) assert.deepEqual(next.effects, [], 'I5: nothing after the end');
        if (before.at === 'done') assert.equal(next.state, before);
        assert.notEqual(next.state.message, '', 'I6: it always says what it does');
      }
    }),
    { numRuns: 300, seed: 7 },
  );
});

test('what a wave changed is not judged before the pause is over, whatever wakes it', () => {
  const plan = planSync({ ...WAVES, settings: { ...WAVES.settings, waveDelayMs: 50 } });
  const { states } = run(startSync(plan), (effect) =>
    effect.kind === 'wait' ? { kind: 'tick', now: 50 } : undefined,
  );
  const paused = states.find((state) => state.at === 'waiting');
  assert.ok(paused);
  const early = step(paused, { kind: 'tick', now: 20 });
  assert.deepEqual(
    early.effects.map((effect) => [effect.kind, effect.kind === 'wait' ? effect.ms : 0]),
    [['wait', 30]],
  );
  assert.deepEqual(
    step(paused, { kind: 'tick', now: 50 }).effects.map(({ kind }) => kind),
    ['observe'],
  );
});

test('a hook that is deleted while it runs has failed; one that had ended counts as it ended', () => {
  const ends = (status: 'Progressing' | 'Healthy' | 'Degraded') =>
    run(startSync(planSync(WAVES)), (effect) =>
      effect.kind === 'observe'
        ? {
            kind: 'observed',
            observations: effect.tasks.map(({ id, action, desired }) => {
              const live = desired ?? object('X', 'x');
              if (action !== 'hook') return { id, live };
              const metadata = { ...live.metadata, deletionTimestamp: '2026-01-01T00:00:00Z' };
              return { id, live: { ...live, metadata }, health: { status, message: 'so far' } };
            }),
            now: 0,
          }
        : undefined,
    ).last;
  assert.equal(ends('Healthy').phase, 'Succeeded');
  assert.match(ends('Degraded').message, /so far/);
  assert.match(ends('Progressing').message, /hook batch\/Job\/hook was deleted before it ended \(so far\)/);
});

test('a wait says since when and until when, by the deadline of what it waits for', () => {
  const own = object('Job', 'hook', {
    'argocd.argoproj.io/hook': 'Sync',
    'fairlead.dev/hook-timeout': '90s',
  });
  const plan = planSync({ ...WAVES, hooks: [own], settings: { pollMs: 10, waveDelayMs: 0 } });
  const messages = run(startSync(plan)).states.filter(({ at }) => at === 'waiting');
  assert.match(
    messages[0]?.message ?? '',
    /hook batch\/Job\/hook, since 1970-01-01T00:00:00Z and at the latest until 1970-01-01T00:01:30Z$/,
  );
});

test('the hooks of a deletion are a plan of their own, the same for each attempt', () => {
  const hooks = [
    object('Job', 'late', { 'argocd.argoproj.io/hook': 'PreDelete', 'argocd.argoproj.io/sync-wave': '1' }),
    object('Job', 'early', { 'argocd.argoproj.io/hook': 'PreDelete,PostDelete' }),
    object('Job', 'other', { 'argocd.argoproj.io/hook': 'PostDelete' }),
    object('Job', 'sync', { 'argocd.argoproj.io/hook': 'PreSync' }),
  ];
  const plan = (phase: 'PreDelete' | 'PostDelete') =>
    planDeleteHooks({ hooks, phase, deletedAt: 1_000_000, revision: 'r', settings: { waveDelayMs: 0 } });
  const applied = (phase: 'PreDelete' | 'PostDelete') =>
    run(startSync(plan(phase)))
      .effects.filter(({ kind }) => kind === 'apply')
      .map(({ tasks }) => tasks.map(({ key }) => key.name).join());
  assert.deepEqual(applied('PreDelete'), ['early', 'late']);
  assert.deepEqual(applied('PostDelete'), ['early,other']);
  assert.equal(plan('PreDelete').id, plan('PreDelete').id);
  assert.notEqual(plan('PreDelete').id, plan('PostDelete').id);
});

test('the field manager is the one of the contract', () => assert.equal(FIELD_MANAGER, 'argocd-controller'));
