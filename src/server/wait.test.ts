import assert from 'node:assert/strict';
import { test } from 'node:test';
import { application, startTestServer } from '../../test/support/api-server.ts';
import type { WaitAnswer, WaitGoal } from '../contract/index.ts';
import type { Application } from '../model/index.ts';
import { judgeWait } from './wait.ts';

const A = 'a'.repeat(40);
const B = 'b'.repeat(40);
const SOURCE = { repoURL: 'https://git.example.com/shop.git' };
const app = (status: NonNullable<Application['status']>, rest: Partial<Application> = {}): Application =>
  application('web', { status, ...rest });
const at = (revision: string, sync = 'Synced', health = 'Healthy'): NonNullable<Application['status']> =>
  ({ sync: { status: sync, revision }, health: { status: health } }) as NonNullable<Application['status']>;
const operation = (phase: string, revision: string, message: string) => ({
  operation: {},
  phase,
  message,
  startedAt: '2026-03-01T12:00:00Z',
  syncResult: { revision, source: SOURCE },
});
const all: readonly WaitGoal[] = ['synced', 'healthy'];

const verdicts: readonly [string, Application, readonly WaitGoal[], string, RegExp][] = [
  ['it is there and well', app(at(A)), all, 'reached', /Synced and Healthy at aaaaaaa/],
  ['it is not compared yet', application('web'), all, 'waiting', /no revision so far/],
  ['it is still out of sync', app(at(A, 'OutOfSync')), all, 'waiting', /OutOfSync/],
  ['it is not healthy yet', app(at(A, 'Synced', 'Progressing')), all, 'waiting', /Progressing/],
  ['health does not matter', app(at(A, 'Synced', 'Progressing')), ['synced'], 'reached', /Synced/],
  [
    'a sync runs',
    app({ ...at(A), operationState: operation('Running', A, 'waiting for hook') }),
    all,
    'waiting',
    /under way: waiting for hook/,
  ],
  ['a sync was asked for', app(at(A), { operation: {} }), all, 'waiting', /it was asked for/],
  ['another commit is there that contains it', app(at(B)), all, 'superseded', /commit bbbbbbb contains it/],
  [
    'its sync failed',
    app({ ...at(A, 'OutOfSync'), operationState: operation('Failed', A, 'invalid') }),
    all,
    'failed',
    /the sync failed: invalid/,
  ],
  [
    'the sync of an older commit failed',
    app({ ...at(A, 'OutOfSync'), operationState: operation('Failed', B, 'invalid') }),
    all,
    'waiting',
    /OutOfSync/,
  ],
  [
    'it does not render',
    app({ ...at(A, 'Unknown'), conditions: [{ type: 'ComparisonError', message: 'line 3' }] }),
    all,
    'failed',
    /ComparisonError: line 3/,
  ],
  ['it is to go', app(at(A)), ['deleted'], 'waiting', /still there/],
];

for (const [name, given, goals, result, reason] of verdicts) {
  test(`${result} when ${name}`, () => {
    const verdict = judgeWait(given, { revision: A, goals }, (revision) => revision === B);
    assert.equal(verdict.result, result);
    assert.match(verdict.reason, reason);
  });
}

test('a wait is answered as soon as it is so', async () => {
  await using server = await startTestServer();
  await server.applications.create(app(at(A, 'OutOfSync')));
  const answer = server.call('GET', `/api/v1/fairlead/applications/web/wait?revision=${A}&timeoutSeconds=60`);
  await server.applications.patch('argocd', 'web', { status: at(A, 'Synced', 'Progressing') });
  await server.applications.patch('argocd', 'web', { status: at(A) });
  const { status, body } = await answer;
  assert.deepEqual([status, (body as WaitAnswer).result], [200, 'reached']);
});

test('a wait that takes too long says what is missing', async () => {
  await using server = await startTestServer();
  await server.applications.create(app(at(A, 'OutOfSync')));
  const { body } = await server.call('GET', '/api/v1/fairlead/applications/web/wait?timeoutSeconds=0');
  assert.deepEqual(body, {
    result: 'timeout',
    reason: 'it is OutOfSync',
    sync: 'OutOfSync',
    health: 'Healthy',
    revision: A,
  });
});

test('a wish nobody understands is refused with its words', async () => {
  await using server = await startTestServer();
  await server.applications.create(app(at(A)));
  const { status, body } = await server.call(
    'GET',
    '/api/v1/fairlead/applications/web/wait?for=synced,lucky',
  );
  assert.equal(status, 400);
  assert.match(JSON.stringify(body), /synced,lucky/);
});
