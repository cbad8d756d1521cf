import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Application, ApplicationSet } from '../../model/index.ts';
import { rolloutOf } from './rolling-sync.ts';

type Seen = 'new' | 'unknown' | 'failed' | 'outdated' | 'running' | 'becoming' | 'done' | 'ill';

const SEEN: Readonly<Record<Seen, object>> = {
  new: {},
  unknown: { sync: { status: 'Unknown' }, health: { status: 'Unknown' } },
  outdated: { sync: { status: 'OutOfSync', revision: 'b' }, health: { status: 'Healthy' } },
  running: { sync: { status: 'OutOfSync', revision: 'b' }, operationState: { phase: 'Running' } },
  failed: {
    sync: { status: 'OutOfSync', revision: 'b' },
    operationState: { phase: 'Failed', startedAt: '1970-01-01T00:00:01Z', syncResult: { revision: 'b' } },
  },
  becoming: { sync: { status: 'Synced', revision: 'b' }, health: { status: 'Progressing' } },
  done: { sync: { status: 'Synced', revision: 'b' }, health: { status: 'Healthy' } },
  ill: { sync: { status: 'Synced', revision: 'b' }, health: { status: 'Degraded' } },
};

/** `dev1` is an application with label env=dev. */
function app(name: string, seen: Seen): Application {
  return {
    metadata: { name, namespace: 'argocd', labels: { env: name.replace(/\d+$/, '') } },
    spec: {},
    status: SEEN[seen],
  } as unknown as Application;
}

const step = (env: string, maxUpdate?: number | string): object => ({
  matchExpressions: [{ key: 'env', operator: 'In', values: [env] }],
  ...(maxUpdate === undefined ? {} : { maxUpdate }),
});

function setOf(steps: readonly object[], applicationStatus: readonly object[] = []): ApplicationSet {
  return {
    metadata: { name: 'set', namespace: 'argocd' },
    spec: { generators: [], template: {}, strategy: { type: 'RollingSync', rollingSync: { steps } } },
    status: { applicationStatus },
  } as unknown as ApplicationSet;
}

/** Plays looks one after another: each is what is seen of the applications; gives `name=status` with `!` for those due. */
function play(steps: readonly object[], ...looks: readonly Readonly<Record<string, Seen>>[]): string[] {
  let statuses: readonly object[] = [];
  return looks.map((look, i) => {
    const apps = Object.entries(look).map(([name, seen]) => app(name, seen));
    const rollout = rolloutOf(setOf(steps, statuses), apps, i * 1_000);
    statuses = rollout.statuses;
    const due = new Set(rollout.due.map(({ metadata }) => metadata.name));
    return rollout.statuses
      .map(({ application, status }) => `${application}=${status}${due.has(application) ? '!' : ''}`)
      .join(' ');
  });
}

test('a step is synced once all of the step before are synced and healthy', () => {
  assert.deepEqual(
    play(
      [step('dev'), step('prod')],
      { dev1: 'outdated', prod1: 'outdated' },
      { dev1: 'running', prod1: 'outdated' },
      { dev1: 'becoming', prod1: 'outdated' },
      { dev1: 'ill', prod1: 'outdated' },
      { dev1: 'done', prod1: 'outdated' },
      { dev1: 'done', prod1: 'done' },
      { dev1: 'outdated', prod1: 'outdated' },
    ),
    [
      'dev1=Pending! prod1=Waiting',
      'dev1=Progressing prod1=Waiting',
      'dev1=Progressing prod1=Waiting',
      'dev1=Progressing prod1=Waiting',
      'dev1=Healthy prod1=Pending!',
      'dev1=Healthy prod1=Healthy',
      'dev1=Pending! prod1=Waiting',
    ],
  );
});

test('maxUpdate bounds how many of a step are underway: a number, a percentage of at least one, or none', () => {
  const all: Record<string, Seen> = { a1: 'outdated', a2: 'outdated', a3: 'outdated', a4: 'outdated' };
  const cases: [number | string | undefined, string][] = [
    [undefined, 'a1=Pending! a2=Pending! a3=Pending! a4=Pending!'],
    [2, 'a1=Pending! a2=Pending! a3=Waiting a4=Waiting'],
    ['50%', 'a1=Pending! a2=Pending! a3=Waiting a4=Waiting'],
    ['10%', 'a1=Pending! a2=Waiting a3=Waiting a4=Waiting'],
    [0, 'a1=Waiting a2=Waiting a3=Waiting a4=Waiting'],
    ['0%', 'a1=Waiting a2=Waiting a3=Waiting a4=Waiting'],
  ];
  for (const [maxUpdate, want] of cases)
    assert.deepEqual(play([step('a', maxUpdate)], all), [want], String(maxUpdate));
});

test('the place of one that is done goes to the next', () => {
  assert.deepEqual(
    play(
      [step('a', 1)],
      { a1: 'outdated', a2: 'outdated' },
      { a1: 'running', a2: 'outdated' },
      { a1: 'done', a2: 'outdated' },
    ),
    ['a1=Pending! a2=Waiting', 'a1=Progressing a2=Waiting', 'a1=Healthy a2=Pending!'],
  );
});

test('a sync that failed is not tried again and again, and the next step waits for somebody to mend it', () => {
  assert.deepEqual(
    play(
      [step('dev'), step('prod')],
      { dev1: 'outdated', prod1: 'outdated' },
      { dev1: 'running', prod1: 'outdated' },
      { dev1: 'failed', prod1: 'outdated' },
      { dev1: 'failed', prod1: 'outdated' },
      { dev1: 'done', prod1: 'outdated' },
    ),
    [
      'dev1=Pending! prod1=Waiting',
      'dev1=Progressing prod1=Waiting',
      'dev1=Progressing prod1=Waiting',
      'dev1=Progressing prod1=Waiting',
      'dev1=Healthy prod1=Pending!',
    ],
  );
  // It may fail before anybody saw it begin.
  assert.deepEqual(play([step('dev')], { dev1: 'outdated' }, { dev1: 'failed' }), [
    'dev1=Pending!',
    'dev1=Progressing',
  ]);
});

test('an application that no step names is never synced by the rollout, and holds nobody up', () => {
  assert.deepEqual(play([step('dev')], { dev1: 'done', other1: 'outdated' }), [
    'dev1=Healthy other1=Waiting',
  ]);
});

test('a new application waits for its turn like any other, and is synced once it was compared', () => {
  assert.deepEqual(
    play(
      [step('dev'), step('prod')],
      { dev1: 'new', prod1: 'new' },
      { dev1: 'unknown', prod1: 'new' },
      { dev1: 'outdated', prod1: 'new' },
    ),
    ['dev1=Pending prod1=Waiting', 'dev1=Pending prod1=Waiting', 'dev1=Pending! prod1=Waiting'],
  );
});

test('steps that cannot be used are refused', () => {
  const cases: [readonly object[], RegExp][] = [
    [[], /steps: missing/],
    [[{ matchExpressions: [{ key: 'a', operator: 'Exists' }] }], /steps\[0\]\.matchExpressions/],
    [[step('a', 'many')], /"many" is neither a number/],
  ];
  for (const [steps, message] of cases) {
    assert.throws(() => rolloutOf(setOf(steps), [], 0), { code: 'SET_INVALID', message });
  }
});
