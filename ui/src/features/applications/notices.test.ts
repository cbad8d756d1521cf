import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Application } from '../../../../src/contract/index.ts';
import { noticesOf, worstProblem } from './notices.ts';

function appWith(status: Application['status'], metadata: Application['metadata'] = {}): Application {
  return {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Application',
    metadata: { name: 'web', ...metadata },
    spec: { project: 'default', destination: {} },
    ...(status === undefined ? {} : { status }),
  };
}
const titles = (app: Application): string[] => noticesOf(app).map(({ tone, title }) => `${tone}: ${title}`);

const CASES: Record<string, [Application, string[]]> = {
  'is empty when all is well': [appWith({ health: { status: 'Healthy', message: 'fine' } }), []],
  'reads conditions aloud': [
    appWith({
      conditions: [
        { type: 'InvalidSpecError', message: 'spec.source is missing' },
        { type: 'OrphanedResourceWarning', message: '3 orphans' },
      ],
    }),
    ['bad: Invalid spec error', 'attention: Orphaned resource warning'],
  ],
  'gives the reason of bad health': [
    appWith({ health: { status: 'Degraded', message: 'Deployment web: crash loop' } }),
    ['bad: Degraded'],
  ],
  'says that it is being deleted': [
    appWith(undefined, { deletionTimestamp: '2026-03-01T12:00:00Z' }),
    ['attention: Being deleted'],
  ],
  'says that it is paused': [
    appWith(undefined, { annotations: { 'argocd.argoproj.io/skip-reconcile': 'true' } }),
    ['off: Paused'],
  ],
};
for (const [name, [app, want]] of Object.entries(CASES))
  test(`noticesOf() ${name}`, () => assert.deepEqual(titles(app), want));

test('worstProblem() is an error, never a warning', () => {
  const warning = { type: 'OrphanedResourceWarning', message: '3 orphans' };
  assert.equal(worstProblem(appWith({ conditions: [warning] })), undefined);
  const error = { type: 'SyncError', message: 'no such namespace' };
  assert.equal(worstProblem(appWith({ conditions: [warning, error] })), 'no such namespace');
});
