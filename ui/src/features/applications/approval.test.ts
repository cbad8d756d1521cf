import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Application } from '../../../../src/contract/index.ts';
import { type Approval, approvalOf } from './approval.ts';

const SINCE = '2026-01-31T10:00:00Z';
const UNTIL = '2026-02-01T10:00:00Z';
const span = `, since ${SINCE} and at the latest until ${UNTIL}`;
type Status = NonNullable<Application['status']>;

function app(status: Status, metadata: Application['metadata'] = {}): Application {
  return {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Application',
    metadata: { name: 'web', ...metadata },
    spec: { project: 'default', destination: {} },
    status,
  };
}
const map = (name: string, more: object = {}) => ({
  version: 'v1',
  kind: 'ConfigMap',
  namespace: 'dev',
  name,
  ...more,
});
const gone = { requiresPruning: true };
function waiting(message: string, resources: Status['resources'], settled: string[] = []): Status {
  return {
    resources,
    operationState: {
      operation: {},
      phase: 'Running',
      message,
      startedAt: SINCE,
      syncResult: {
        revision: 'x',
        resources: settled.map((name) => ({
          group: '',
          version: 'v1',
          kind: 'ConfigMap',
          namespace: 'dev',
          name,
          status: 'PruneSkipped',
        })),
      },
    },
  };
}
const deleting = (message: string, resources: Status['resources']): Status => ({
  resources,
  conditions: [{ type: 'DeletionError', message }],
});
const told = (approval: Approval | undefined) =>
  approval && [
    approval.of,
    approval.reason,
    approval.objects.map(({ name, asks }) => `${name}${asks ? '!' : ''}`).join(' '),
  ];
const marked = { requiresDeletionConfirmation: true };
const MASS =
  'waiting for pruning confirmation of ConfigMap/a and 1 more resources (12 of 20 objects would be deleted, 10 are allowed)';

const CASES: Record<string, { app: Application; want: string[] | undefined }> = {
  'of a sync lists what left Git, what asks first': {
    app: app(
      waiting(`waiting for pruning confirmation of ConfigMap/b${span}`, [
        map('a', gone),
        map('b', { ...gone, ...marked }),
        map('c'),
      ]),
    ),
    want: ['sync', 'Among them is what may only be deleted with approval.', 'b! a'],
  },
  'of a sync leaves out what is kept anyway': {
    app: app(
      waiting(
        `waiting for pruning confirmation of ConfigMap/a${span}`,
        [map('a', gone), map('b', gone)],
        ['b'],
      ),
    ),
    want: ['sync', 'Among them is what may only be deleted with approval.', 'a'],
  },
  'of very many says how many are too many': {
    app: app(waiting(`${MASS}${span}`, [map('a', gone)])),
    want: ['sync', '12 of its 20 objects left Git, and no more than 10 are deleted without asking.', 'a'],
  },
  'is not needed by a sync that waits for something else': {
    app: app(waiting('waiting for healthy state of apps/Deployment/web', [map('a', gone)])),
    want: undefined,
  },
  'of a deletion lists what asks': {
    app: app(
      deleting('waiting for deletion confirmation of ConfigMap a; set …', [map('a', marked), map('b')]),
      { deletionTimestamp: SINCE },
    ),
    want: [
      'application',
      'These may only be deleted with approval; the deletion of all 2 objects waits for it.',
      'a!',
    ],
  },
  'of a deletion under another application names that': {
    app: app(
      deleting('waiting for the deletion of argocd/shop, which depends on it; delete that too, or set …', [
        map('a'),
      ]),
      { deletionTimestamp: SINCE },
    ),
    want: ['application', 'argocd/shop depends on it and would lose it.', ''],
  },
  'is not needed by a deletion that fails otherwise': {
    app: app(deleting('the objects could not be listed completely: no', [map('a')]), {
      deletionTimestamp: SINCE,
    }),
    want: undefined,
  },
};
for (const [name, { app: given, want }] of Object.entries(CASES))
  test(`approvalOf(): approval ${name}`, () => assert.deepEqual(told(approvalOf(given)), want));

test('approvalOf() knows since when, until when, and whether it is approved', () => {
  const status = waiting(`${MASS}${span}`, [map('a', gone)]);
  const at = (time: string) =>
    approvalOf(app(status, { annotations: { 'argocd.argoproj.io/deletion-approved': time } }));
  const { since, until, isApproved } = approvalOf(app(status)) ?? {};
  assert.deepEqual([since, until, isApproved], [SINCE, UNTIL, false]);
  assert.equal(at('2026-01-31T09:59:59Z')?.isApproved, false);
  assert.equal(at(SINCE)?.isApproved, true);
  assert.equal(at('soon')?.isApproved, false);
});
