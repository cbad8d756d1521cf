import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SimulatedCluster, template } from '../../../test/support/simulated-cluster.ts';
import { nextTimeMs, parseCron } from './cron-schedule.ts';
import { indexesText, parseIndexes } from './job-indexes.ts';
import { types } from './kinds.ts';

const once = (image = 'job:1', restartPolicy = 'Never', annotations: object = {}): object =>
  template({ image, labels: { app: 'job' }, spec: { restartPolicy }, annotations });

function createJob(cluster: SimulatedCluster, spec: object = {}): void {
  cluster.create(types.jobs, {
    apiVersion: 'batch/v1',
    metadata: { name: 'migrate', namespace: 'default' },
    spec: { completions: 1, parallelism: 1, backoffLimit: 6, template: once(), ...spec },
  });
}

function outcome(cluster: SimulatedCluster): string[] {
  const { conditions = [] } = cluster.get(types.jobs, 'migrate').status;
  return conditions.map(({ type, status, reason }: Record<string, string>) => `${type}=${status} ${reason}`);
}

test('a Job completes, in two steps, and lets its pods go', () => {
  const cluster = new SimulatedCluster();
  createJob(cluster, { completions: 3, parallelism: 2 });
  cluster.clock.advance(5_000);
  assert.deepEqual(outcome(cluster), [
    'SuccessCriteriaMet=True CompletionsReached',
    'Complete=True CompletionsReached',
  ]);
  const { status } = cluster.get(types.jobs, 'migrate');
  assert.equal(status.succeeded, 3);
  assert.equal(status.active, undefined);
  assert.deepEqual(status.uncountedTerminatedPods, {});
  assert.ok(status.completionTime >= status.startTime);
  assert.deepEqual(
    cluster.list(types.pods).map((pod) => [pod.status.phase, pod.metadata.finalizers]),
    [
      ['Succeeded', []],
      ['Succeeded', []],
      ['Succeeded', []],
    ],
  );
  assert.deepEqual(cluster.errors, []);
});

test('never more than parallelism pods run', () => {
  const cluster = new SimulatedCluster();
  createJob(cluster, { completions: 5, parallelism: 2 });
  let most = 0;
  for (let step = 0; step < 500; step += 1) {
    cluster.clock.advance(10);
    const running = cluster
      .list(types.pods)
      .filter((pod) => !['Succeeded', 'Failed'].includes(pod.status?.phase));
    most = Math.max(most, running.length);
  }
  assert.equal(most, 2);
  assert.equal(cluster.get(types.jobs, 'migrate').status.succeeded, 5);
});

test('a Job whose pods fail stops at its back-off limit', () => {
  const cluster = new SimulatedCluster({ backoffMs: 100 });
  createJob(cluster, { backoffLimit: 2, template: once('job:fail') });
  cluster.clock.advance(60_000);
  assert.deepEqual(outcome(cluster), [
    'FailureTarget=True BackoffLimitExceeded',
    'Failed=True BackoffLimitExceeded',
  ]);
  assert.equal(cluster.get(types.jobs, 'migrate').status.failed, 3);
});

test('restarts inside one pod count against the limit with OnFailure', () => {
  const cluster = new SimulatedCluster({ backoffMs: 100 });
  createJob(cluster, { backoffLimit: 2, template: once('job:fail', 'OnFailure') });
  cluster.clock.advance(60_000);
  assert.deepEqual(outcome(cluster), [
    'FailureTarget=True BackoffLimitExceeded',
    'Failed=True BackoffLimitExceeded',
  ]);
  assert.deepEqual(cluster.podLines(), []);
});

test('a Job past its deadline fails and its pods go', () => {
  const cluster = new SimulatedCluster();
  const template = once('job:1', 'Never', { 'simulate.fairlead.dev/duration': '1h' });
  createJob(cluster, { activeDeadlineSeconds: 5, template });
  cluster.clock.advance(4_000);
  assert.deepEqual(outcome(cluster), []);
  cluster.clock.advance(4_000);
  assert.deepEqual(outcome(cluster), ['FailureTarget=True DeadlineExceeded', 'Failed=True DeadlineExceeded']);
  assert.deepEqual(cluster.podLines(), []);
});

test('a suspended Job runs nothing until it is resumed', () => {
  const cluster = new SimulatedCluster();
  createJob(cluster, { suspend: true });
  cluster.clock.advance(2_000);
  assert.deepEqual([cluster.podLines(), outcome(cluster)], [[], ['Suspended=True JobSuspended']]);
  cluster.change(types.jobs, 'migrate', (job) => {
    job['spec'] = { ...(job['spec'] as object), suspend: false };
  });
  cluster.clock.advance(3_000);
  assert.equal(outcome(cluster).at(-1), 'Complete=True CompletionsReached');
  assert.equal(outcome(cluster)[0], 'Suspended=False JobResumed');
});

test('a finished Job goes after its time to live', () => {
  const cluster = new SimulatedCluster();
  createJob(cluster, { ttlSecondsAfterFinished: 10 });
  cluster.clock.advance(5_000);
  assert.equal(outcome(cluster).length, 2);
  cluster.clock.advance(10_000);
  assert.equal(cluster.get(types.jobs, 'migrate'), undefined);
});

test('an Indexed Job completes every index once', () => {
  const cluster = new SimulatedCluster();
  createJob(cluster, { completionMode: 'Indexed', completions: 4, parallelism: 2 });
  cluster.clock.advance(5_000);
  assert.equal(cluster.get(types.jobs, 'migrate').status.completedIndexes, '0-3');
  assert.equal(cluster.list(types.pods).length, 4);
});

test('indexes are written as ranges', () => {
  assert.equal(indexesText(new Set([5, 0, 1, 2, 7, 8])), '0-2,5,7,8');
  assert.deepEqual([...parseIndexes('0-2,5')], [0, 1, 2, 5]);
});

const NEXT: Record<string, string> = {
  '*/5 * * * *': '2026-01-31T12:05:00Z',
  '30 2 * * *': '2026-02-01T02:30:00Z',
  '0 9-17/4 * * mon-fri': '2026-02-02T09:00:00Z',
  '0 0 1 * 1': '2026-02-01T00:00:00Z',
  '0 0 29 feb ?': '2028-02-29T00:00:00Z',
  '@hourly': '2026-01-31T13:00:00Z',
  '15,45 12 31 1 *': '2026-01-31T12:15:00Z',
  '0 0 * * 7': '2026-02-01T00:00:00Z',
};
for (const [text, want] of Object.entries(NEXT)) {
  test(`nextTimeMs() of ${text} is ${want}`, () => {
    const schedule = parseCron(text);
    assert.ok(schedule);
    const next = nextTimeMs(schedule, Date.parse('2026-01-31T12:00:30Z'));
    assert.equal(new Date(next ?? 0).toISOString(), want.replace('Z', '.000Z'));
  });
}

test('nextTimeMs() follows a time zone and its clock changes', () => {
  const schedule = parseCron('30 2 * * *');
  assert.ok(schedule);
  const next = (after: string): string =>
    new Date(nextTimeMs(schedule, Date.parse(after), 'Europe/Berlin') ?? 0).toISOString();
  assert.equal(next('2026-01-10T12:00:00Z'), '2026-01-11T01:30:00.000Z');
  assert.equal(next('2026-07-10T12:00:00Z'), '2026-07-11T00:30:00.000Z');
});

test('parseCron() refuses what is not a schedule', () => {
  for (const text of [
    '',
    '* * * *',
    '60 * * * *',
    '* 24 * * *',
    '* * 0 * *',
    '5-1 * * * *',
    '*/0 * * * *',
    'x * * * *',
  ]) {
    assert.equal(parseCron(text), undefined, text);
  }
});

function createCronJob(cluster: SimulatedCluster, spec: object = {}): void {
  cluster.create(types.cronJobs, {
    apiVersion: 'batch/v1',
    metadata: { name: 'tick', namespace: 'default' },
    spec: {
      schedule: '* * * * *',
      jobTemplate: { spec: { completions: 1, backoffLimit: 0, template: once() } },
      ...spec,
    },
  });
}

test('a CronJob starts a Job each minute and keeps three', () => {
  const cluster = new SimulatedCluster();
  createCronJob(cluster);
  cluster.clock.advance(6 * 60_000 + 5_000);
  const { status } = cluster.get(types.cronJobs, 'tick');
  assert.equal(status.lastScheduleTime, '2026-01-01T00:06:00Z');
  assert.equal(status.lastSuccessfulTime, '2026-01-01T00:06:00Z');
  assert.equal(cluster.list(types.jobs).length, 3);
  assert.equal(
    cluster.list(types.jobs)[0].metadata.name,
    `tick-${Date.parse('2026-01-01T00:04:00Z') / 60_000}`,
  );
  assert.deepEqual(cluster.errors, []);
});

const CONCURRENCY: Record<string, { running: number; created: number }> = {
  Allow: { running: 3, created: 3 },
  Forbid: { running: 1, created: 1 },
  Replace: { running: 1, created: 3 },
};
for (const [concurrencyPolicy, want] of Object.entries(CONCURRENCY)) {
  test(`a CronJob with concurrencyPolicy ${concurrencyPolicy} has ${want.running} long Jobs running after three minutes`, () => {
    const cluster = new SimulatedCluster();
    const long = once('job:1', 'Never', { 'simulate.fairlead.dev/duration': '1h' });
    createCronJob(cluster, { concurrencyPolicy, jobTemplate: { spec: { completions: 1, template: long } } });
    cluster.clock.advance(3 * 60_000 + 2_000);
    const created = cluster.eventsAbout('tick').filter((event) => event.includes('SuccessfulCreate')).length;
    assert.deepEqual({ running: cluster.get(types.cronJobs, 'tick').status.active.length, created }, want);
  });
}

test('a suspended CronJob starts nothing', () => {
  const cluster = new SimulatedCluster();
  createCronJob(cluster, { suspend: true });
  cluster.clock.advance(10 * 60_000);
  assert.deepEqual(cluster.list(types.jobs), []);
});

test('failed Jobs are kept up to their own limit', () => {
  const cluster = new SimulatedCluster();
  const failing = { spec: { completions: 1, backoffLimit: 0, template: once('job:fail') } };
  createCronJob(cluster, { jobTemplate: failing });
  cluster.clock.advance(4 * 60_000 + 5_000);
  assert.equal(cluster.list(types.jobs).length, 1);
});
