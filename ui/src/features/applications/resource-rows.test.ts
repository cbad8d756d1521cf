import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Application, ResourceTree } from '../../../../src/contract/index.ts';
import { filterRows, type ResourceRow, resourceRows } from './resource-rows.ts';

const app: Application = {
  apiVersion: 'argoproj.io/v1alpha1',
  kind: 'Application',
  metadata: { name: 'web' },
  spec: { project: 'default', destination: {} },
  status: {
    resources: [
      {
        group: 'apps',
        version: 'v1',
        kind: 'Deployment',
        namespace: 'dev',
        name: 'web',
        status: 'OutOfSync',
      },
      { version: 'v1', kind: 'Service', namespace: 'dev', name: 'web', status: 'Synced' },
      {
        version: 'v1',
        kind: 'ConfigMap',
        namespace: 'dev',
        name: 'old',
        status: 'OutOfSync',
        requiresPruning: true,
      },
    ],
    operationState: {
      operation: {},
      phase: 'Succeeded',
      startedAt: '2026-03-01T12:00:00Z',
      syncResult: {
        revision: 'x',
        resources: [
          {
            group: '',
            version: 'v1',
            kind: 'Service',
            namespace: 'dev',
            name: 'web',
            message: 'service/web created',
          },
        ],
      },
    },
  },
};
const owner = { group: 'apps', version: 'v1', kind: 'Deployment', namespace: 'dev', name: 'web', uid: 'd' };
const tree: ResourceTree = {
  orphanedNodes: [],
  nodes: [
    {
      version: 'v1',
      kind: 'Pod',
      namespace: 'dev',
      name: 'web-1',
      uid: 'p',
      parentRefs: [owner],
      health: { status: 'Degraded' },
    },
    { version: 'v1', kind: 'Service', namespace: 'dev', name: 'web', uid: 's' },
    { ...owner, health: { status: 'Healthy' } },
  ],
};

function drawn(rows: readonly ResourceRow[]): string {
  return rows
    .map(({ depth, kind, name, sync, health }) =>
      [`${'  '.repeat(depth)}${kind}/${name}`, sync?.label, health?.label].filter(Boolean).join(' '),
    )
    .join('\n');
}

test('resourceRows() puts what an object owns below it, and adds what only the application lists', () =>
  assert.equal(
    drawn(resourceRows(app, tree)),
    `ConfigMap/old To delete
Deployment/web OutOfSync Healthy
  Pod/web-1 Degraded
Service/web Synced`,
  ));

test('resourceRows() shows the list of the application while the tree is unknown', () =>
  assert.equal(
    drawn(resourceRows(app, undefined)),
    'ConfigMap/old To delete\nDeployment/web OutOfSync\nService/web Synced',
  ));

test('resourceRows() keeps what the last sync said', () =>
  assert.equal(
    resourceRows(app, tree).find(({ kind }) => kind === 'Service')?.syncMessage,
    'service/web created',
  ));

const FILTERS: Record<string, [Parameters<typeof filterRows>[1], string, string]> = {
  'by what differs': ['differs', '', 'ConfigMap/old To delete\nDeployment/web OutOfSync Healthy'],
  'by health, flat': ['unhealthy', '', 'Pod/web-1 Degraded'],
  'by words in any order': ['all', 'WEB serv', 'Service/web Synced'],
  'by both': ['differs', 'pod', ''],
};
for (const [name, [filter, text, want]] of Object.entries(FILTERS))
  test(`filterRows() chooses ${name}`, () =>
    assert.equal(drawn(filterRows(resourceRows(app, tree), filter, text)), want));

test('resourceRows() of 10,000 objects takes no time that a person notices', () => {
  const nodes = Array.from({ length: 10_000 }, (_, i) => ({
    version: 'v1',
    kind: 'Pod',
    name: `p${i}`,
    uid: `u${i}`,
    parentRefs: [owner],
  }));
  const before = performance.now();
  assert.equal(resourceRows(app, { nodes: [...nodes, owner], orphanedNodes: [] }).length, 10_003);
  assert.ok(performance.now() - before < 1_000);
});

test('resourceRows() calls an object the same before and after the tree is known', () => {
  const resources = [
    { version: 'v1', kind: 'ConfigMap', namespace: 'web', name: 'settings', status: 'Synced' },
  ];
  const app: Application = {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Application',
    metadata: { name: 'web' },
    spec: { project: 'default', destination: {} },
    status: { resources },
  };
  const nodes = [{ version: 'v1', kind: 'ConfigMap', namespace: 'web', name: 'settings', uid: 'u1' }];
  const keys = [undefined, { nodes, orphanedNodes: [] }].map((tree) =>
    resourceRows(app, tree).map(({ key }) => key),
  );
  assert.deepEqual(keys[0], keys[1]);
});
