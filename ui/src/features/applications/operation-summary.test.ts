import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Application } from '../../../../src/contract/index.ts';
import { operationSummary } from './operation-summary.ts';

const NOW = Date.parse('2026-03-01T12:00:30Z');
type State = NonNullable<NonNullable<Application['status']>['operationState']>;

function summaryOf(state: Partial<State>) {
  const operationState: State = {
    operation: { initiatedBy: { username: 'ada' } },
    phase: 'Running',
    startedAt: '2026-03-01T12:00:00Z',
    ...state,
  };
  const app: Application = {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Application',
    metadata: { name: 'web' },
    spec: { project: 'default', destination: {} },
    status: { operationState },
  };
  return operationSummary(app, NOW);
}

const finishedAt = '2026-03-01T12:00:20Z';
const CASES: Record<
  string,
  [Partial<State>, { tone: string; label: string; message: string; circumstances: string }]
> = {
  'says what a running sync waits for': [
    { message: 'waiting for healthy state of apps/Deployment/web' },
    {
      tone: 'moving',
      label: 'Syncing',
      message: 'waiting for healthy state of apps/Deployment/web',
      circumstances: 'by ada',
    },
  ],
  'says nothing more of a success': [
    { phase: 'Succeeded', message: 'successfully synced (all tasks run)', finishedAt },
    { tone: 'good', label: 'Succeeded', message: '', circumstances: 'by ada, took 20 s' },
  ],
  'keeps the reason of a failure': [
    { phase: 'Failed', message: 'one or more objects failed to apply', finishedAt },
    {
      tone: 'bad',
      label: 'Failed',
      message: 'one or more objects failed to apply',
      circumstances: 'by ada, took 20 s',
    },
  ],
  'counts down to the next attempt': [
    {
      message: 'one or more objects failed to apply. Retrying attempt #2 at 2026-03-01T12:00:40Z.',
      finishedAt,
    },
    {
      tone: 'attention',
      label: 'Attempt 3 in 10 s',
      message: 'one or more objects failed to apply',
      circumstances: 'by ada, took 20 s',
    },
  ],
  'does not call a superseded sync a failure': [
    {
      phase: 'Failed',
      message: 'superseded by commit 1a2b3c4',
      finishedAt,
      operation: { initiatedBy: { automated: true } },
    },
    {
      tone: 'off',
      label: 'Superseded',
      message: 'Superseded by commit 1a2b3c4: a newer one took its place',
      circumstances: 'by automated sync, took 20 s',
    },
  ],
};
for (const [name, [state, want]] of Object.entries(CASES)) {
  test(`operationSummary() ${name}`, () => {
    const { tone, label, message, circumstances } = summaryOf(state) ?? {};
    assert.deepEqual({ tone, label, message, circumstances }, want);
  });
}

test('operationSummary() names the objects that failed', () => {
  const resource = { group: 'apps', version: 'v1', kind: 'Deployment', namespace: 'dev', name: 'web' };
  const summary = summaryOf({
    phase: 'Failed',
    finishedAt,
    syncResult: {
      revision: 'x',
      resources: [
        { ...resource, status: 'SyncFailed', message: 'spec.replicas: must be a number' },
        { ...resource, name: 'api', status: 'Synced' },
      ],
    },
  });
  assert.deepEqual(summary?.failed, [
    {
      key: 'apps/Deployment/dev/web',
      title: 'Deployment dev/web',
      message: 'spec.replicas: must be a number',
    },
  ]);
});
