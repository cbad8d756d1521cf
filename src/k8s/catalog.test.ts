import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ApiCatalog, type ApiGroupVersion, type ApiResource, mergeCatalog } from './catalog.ts';
import { parseAggregated, parseResourceList } from './discovery-read.ts';

function resource(group: string, version: string, kind: string, verbs = ['list', 'watch']): ApiResource {
  const name = `${kind.toLowerCase()}s`;
  const rest = { singular: '', shortNames: [], categories: [], subresources: [] };
  return { group, version, kind, resource: name, namespaced: true, verbs, ...rest };
}

const apps: ApiGroupVersion = {
  group: 'apps',
  version: 'v1',
  resources: [resource('apps', 'v1', 'Deployment'), resource('apps', 'v1', 'Scale', ['get'])],
};
const v2: ApiGroupVersion = { group: 'x.io', version: 'v2', resources: [resource('x.io', 'v2', 'Thing')] };
const v1: ApiGroupVersion = {
  group: 'x.io',
  version: 'v1',
  resources: [resource('x.io', 'v1', 'Thing'), resource('x.io', 'v1', 'Old')],
};

test('a catalogue finds a kind in the preferred version, and in the one asked for', () => {
  const catalog = new ApiCatalog([apps, v2, v1], 1);
  const found = catalog.byGroupKind({ group: 'x.io', kind: 'Thing' });
  assert.equal(found.kind === 'found' && found.type.version, 'v2');
  const old = catalog.byGvk({ group: 'x.io', version: 'v1', kind: 'Thing' });
  assert.equal(old.kind === 'found' && old.type.version, 'v1');
  const byName = catalog.byResource('x.io', 'olds');
  assert.equal(byName.kind === 'found' && byName.type.kind, 'Old');
  assert.deepEqual(catalog.byGvk({ group: 'x.io', version: 'v3', kind: 'Thing' }), { kind: 'absent' });
  assert.deepEqual(
    catalog.preferred('list', 'watch').map(({ kind, version }) => `${kind} ${version}`),
    ['Deployment v1', 'Thing v2', 'Old v1'],
  );
  assert.deepEqual(catalog.apiVersions().slice(0, 3), ['apps/v1', 'apps/v1/Deployment', 'apps/v1/Scale']);
});

test('a kind of a group that could not be read is unknown, not absent', () => {
  const failed = { ...v2, resources: [], failure: 'it is down' };
  const catalog = new ApiCatalog([apps, failed], 1);
  assert.equal(catalog.complete, false);
  assert.deepEqual(catalog.byGroupKind({ group: 'x.io', kind: 'Thing' }), {
    kind: 'unknown',
    reason: 'it is down',
  });
  assert.deepEqual(catalog.byGroupKind({ group: 'apps', kind: 'Nothing' }), { kind: 'absent' });
});

test('mergeCatalog() keeps what was known of a version that fails now', () => {
  const before = new ApiCatalog([apps, v2], 1);
  const after = mergeCatalog(before, [apps, { ...v2, resources: [], failure: 'it is down' }], 2);
  const answer = after.byGroupKind({ group: 'x.io', kind: 'Thing' });
  assert.deepEqual(answer.kind === 'found' && [answer.type.resource, answer.failure], [
    'things',
    'it is down',
  ]);
});

test('a catalogue whose reading failed as a whole answers nothing with absent', () => {
  const catalog = new ApiCatalog([apps], 1, 'no connection');
  assert.equal(catalog.byGroupKind({ group: 'apps', kind: 'Deployment' }).kind, 'found');
  assert.equal(catalog.byGroupKind({ group: 'y.io', kind: 'Other' }).kind, 'unknown');
});

test('parseAggregated() reads resources and takes a stale version for failed', () => {
  const document = {
    items: [
      {
        metadata: { name: 'metrics.k8s.io' },
        versions: [{ version: 'v1beta1', freshness: 'Stale', resources: [] }],
      },
      {
        metadata: { name: 'apps' },
        versions: [
          {
            version: 'v1',
            freshness: 'Current',
            resources: [
              {
                resource: 'deployments',
                responseKind: { kind: 'Deployment' },
                scope: 'Namespaced',
                singularResource: 'deployment',
                verbs: ['get'],
                shortNames: ['deploy'],
                subresources: [{ subresource: 'scale' }],
              },
              { resource: 'only-a-parent', subresources: [] },
            ],
          },
        ],
      },
    ],
  };
  const [metrics, parsed] = parseAggregated(document);
  assert.match(metrics?.failure ?? '', /metrics.k8s.io\/v1beta1 does not answer/);
  assert.deepEqual(parsed?.resources, [
    {
      ...{ group: 'apps', version: 'v1', kind: 'Deployment', resource: 'deployments', namespaced: true },
      ...{
        singular: 'deployment',
        shortNames: ['deploy'],
        categories: [],
        verbs: ['get'],
        subresources: ['scale'],
      },
    },
  ]);
});

test('parseResourceList() joins sub-resources to their resource', () => {
  const document = {
    resources: [
      { name: 'pods', singularName: 'pod', namespaced: true, kind: 'Pod', verbs: ['get'] },
      { name: 'pods/log', namespaced: true, kind: 'Pod', verbs: ['get'] },
    ],
  };
  const [pods, ...rest] = parseResourceList('', 'v1', document);
  assert.deepEqual([pods?.subresources, rest], [['log'], []]);
});
