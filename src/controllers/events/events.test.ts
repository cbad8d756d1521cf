// The recorder against the embedded API, and which events a change is worth.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startTestApi } from '../../../test/support/kube-api.ts';
import { connectionOfKubeconfig, createKubeClient, type KubeObject } from '../../k8s/index.ts';
import { type Clock, silentLogger, systemClock, systemRandom } from '../../lib/index.ts';
import type { Application } from '../../model/index.ts';
import { eventsOfChange } from './application-events.ts';
import { type EventFacts, EventRecorder } from './recorder.ts';

const OBJECT: KubeObject = {
  apiVersion: 'argoproj.io/v1alpha1',
  kind: 'Application',
  metadata: { name: 'web', namespace: 'default', uid: 'u-1' },
};
const FACTS: EventFacts = { reason: 'ResourceUpdated', type: 'Normal', message: 'm', component: 'c' };

async function recorded(
  task: (recorder: EventRecorder, advance: (ms: number) => void) => void,
): Promise<{ events: { message: string; count: number }[]; dropped: number }> {
  await using api = await startTestApi();
  const connection = await connectionOfKubeconfig(api.server.kubeconfig(), { clock: systemClock });
  const client = createKubeClient(connection, {}, { clock: systemClock, random: systemRandom });
  let moved = 0;
  const clock: Clock = {
    ...systemClock,
    now: () => systemClock.now() + moved,
    monotonic: () => systemClock.monotonic() + moved,
  };
  const recorder = new EventRecorder({ client, clock, log: silentLogger });
  task(recorder, (ms) => {
    moved += ms;
  });
  await recorder.stop();
  const answer = await api.call('GET', '/api/v1/namespaces/default/events');
  await client.close();
  const events = (answer.body.items as { message: string; count: number }[]).map(({ message, count }) => ({
    message,
    count,
  }));
  return { events: events.sort((a, b) => (a.message < b.message ? -1 : 1)), dropped: recorder.dropped };
}

test('the same event again counts up the first one, another one stands beside it', async () => {
  const { events } = await recorded((recorder) => {
    for (const message of ['a', 'b', 'a', 'a']) recorder.record(OBJECT, { ...FACTS, message });
  });
  assert.deepEqual(events, [
    { message: 'a', count: 3 },
    { message: 'b', count: 1 },
  ]);
});

test('an object that makes too many events is held back, others are not, and time lifts it', async () => {
  const other = { ...OBJECT, metadata: { ...OBJECT.metadata, name: 'api', uid: 'u-2' } };
  const { events, dropped } = await recorded((recorder, advance) => {
    for (let i = 0; i < 30; i += 1) recorder.record(OBJECT, { ...FACTS, message: `web ${i}` });
    recorder.record(other, { ...FACTS, message: 'api' });
    advance(300_000);
    recorder.record(OBJECT, { ...FACTS, message: 'web later' });
  });
  assert.equal(dropped, 5);
  assert.equal(events.length, 27);
  assert.ok(
    events.some(({ message }) => message === 'api') && events.some(({ message }) => message === 'web later'),
  );
});

const state = (phase: string, more: object = {}): Application['status'] => ({
  operationState: {
    operation: { initiatedBy: { username: 'ada' }, sync: {} },
    phase,
    startedAt: '2026-01-02T03:04:05Z',
    syncResult: { revision: 'abc' },
    ...more,
  },
});
const ended = { finishedAt: '2026-01-02T03:04:09Z' };

const CHANGES: Record<string, { from: Application['status']; to: Application['status']; want: string[] }> = {
  'a sync that begins': {
    from: {},
    to: state('Running'),
    want: ['OperationStarted ada initiated sync to abc'],
  },
  'a sync that ends': {
    from: state('Running'),
    to: state('Succeeded', ended),
    want: ['OperationCompleted Sync operation to abc succeeded'],
  },
  'a sync that failed': {
    from: state('Running'),
    to: state('Failed', { ...ended, message: 'no such kind' }),
    want: ['OperationCompleted Sync operation to abc failed: no such kind'],
  },
  'a sync that was over before anybody looked': {
    from: {},
    to: state('Succeeded', { ...ended, operation: { initiatedBy: { automated: true }, sync: {} } }),
    want: [
      'OperationStarted Initiated automated sync to abc',
      'OperationCompleted Sync operation to abc succeeded',
    ],
  },
  'a sync seen again': { from: state('Succeeded', ended), to: state('Succeeded', ended), want: [] },
  'a try between two others': { from: state('Running'), to: state('Running', { retryCount: 1 }), want: [] },
  'a status that moved': {
    from: { sync: { status: 'Synced' }, health: { status: 'Healthy' } },
    to: { sync: { status: 'OutOfSync' }, health: { status: 'Degraded' } },
    want: [
      'ResourceUpdated Updated sync status: Synced -> OutOfSync',
      'ResourceUpdated Updated health status: Healthy -> Degraded',
    ],
  },
};

for (const [name, { from, to, want }] of Object.entries(CHANGES)) {
  test(`eventsOfChange() tells of ${name}`, () => {
    const app = (status: Application['status']): Application =>
      ({ ...OBJECT, status }) as unknown as Application;
    const lines = eventsOfChange(app(from), app(to)).map(({ reason, message }) => `${reason} ${message}`);
    assert.deepEqual(lines, want);
  });
}
