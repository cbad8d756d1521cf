import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KubeObject } from '../../k8s/index.ts';
import { LiveStore } from './live-store.ts';
import { resourceTree } from './tree.ts';

test('LiveStore tracks an object by the id that names it, and ignores copies of the id', () => {
  const store = new LiveStore();
  store.upsert(object('ConfigMap', 'a', { tracking: 'app:/ConfigMap:d/a' }), true);
  store.upsert(object('ConfigMap', 'copy', { tracking: 'app:/ConfigMap:d/a' }), true);
  assert.deepEqual(
    store.trackedBy('app').map(({ key }) => key.name),
    ['a'],
  );
});

test('LiveStore ignores ids of another installation', () => {
  const store = new LiveStore({ installationId: 'one' });
  store.upsert(object('ConfigMap', 'a', { tracking: 'app:/ConfigMap:d/a' }), true);
  assert.deepEqual(store.trackedBy('app'), []);
});

test('LiveStore does not go back to an older version, whichever comes last', () => {
  const store = new LiveStore();
  store.upsert(object('ConfigMap', 'a', { version: '10' }), true);
  assert.equal(store.upsert(object('ConfigMap', 'a', { version: '9' }), true), undefined);
  assert.equal(store.get(key('ConfigMap', 'a'))?.resourceVersion, '10');
  assert.equal(
    store.upsert(object('ConfigMap', 'a', { version: '10' }), true),
    undefined,
    'the same version is no news',
  );
});

test('LiveStore takes a new object of the same name for what it is, and removes only the one that is meant', () => {
  const store = new LiveStore();
  store.upsert(object('ConfigMap', 'a', { uid: 'old', version: '10' }), true);
  store.upsert(object('ConfigMap', 'a', { uid: 'new', version: '12' }), true);
  assert.equal(store.remove(key('ConfigMap', 'a'), 'old'), undefined);
  assert.equal(store.get(key('ConfigMap', 'a'))?.uid, 'new');
});

test('LiveStore forgets the application of an object whose tracking id went', () => {
  const store = new LiveStore();
  store.upsert(object('ConfigMap', 'a', { tracking: 'app:/ConfigMap:d/a', version: '1' }), true);
  const change = store.upsert(object('ConfigMap', 'a', { version: '2' }), true);
  assert.equal(change?.before?.instance, 'app');
  assert.equal(change?.after?.instance, undefined);
  assert.deepEqual(store.trackedBy('app'), []);
});

test('resourceTree() shows roots, what they own, and what is missing', () => {
  const store = new LiveStore();
  store.upsert(object('Deployment', 'web', { uid: 'u1', tracking: 'app:/Deployment:d/web' }), true);
  store.upsert(object('ReplicaSet', 'web-1', { uid: 'u2', owner: 'u1' }), true);
  store.upsert(object('Pod', 'web-1-x', { uid: 'u3', owner: 'u2' }), true);
  store.upsert(object('Pod', 'other', { uid: 'u4' }), true);
  const tree = resourceTree(store, store.trackedBy('app'), [object('Service', 'gone', {})], () => ({
    status: 'Healthy',
  }));
  assert.deepEqual(
    tree.nodes.map(({ kind, name, health, parentRefs }) => [
      kind,
      name,
      health?.status,
      parentRefs?.[0]?.name,
    ]),
    [
      ['Deployment', 'web', 'Healthy', undefined],
      ['ReplicaSet', 'web-1', 'Healthy', 'web'],
      ['Pod', 'web-1-x', 'Healthy', 'web-1'],
      ['Service', 'gone', 'Missing', undefined],
    ],
  );
});

test('resourceTree() survives objects that own each other', () => {
  const store = new LiveStore();
  store.upsert(object('Pod', 'a', { uid: 'u1', owner: 'u2', tracking: 'app:/Pod:d/a' }), true);
  store.upsert(object('Pod', 'b', { uid: 'u2', owner: 'u1' }), true);
  assert.equal(resourceTree(store, store.trackedBy('app'), [], () => undefined).nodes.length, 2);
});

interface Facts {
  readonly uid?: string;
  readonly version?: string;
  readonly tracking?: string;
  readonly owner?: string;
}

function object(
  kind: string,
  name: string,
  { owner, tracking, uid = name, version = '1' }: Facts,
): KubeObject {
  return {
    apiVersion: 'v1',
    kind,
    metadata: {
      name,
      namespace: 'd',
      uid,
      resourceVersion: version,
      ...(tracking === undefined ? {} : { annotations: { 'argocd.argoproj.io/tracking-id': tracking } }),
      ...(owner === undefined
        ? {}
        : { ownerReferences: [{ apiVersion: 'v1', kind: 'X', name: owner, uid: owner }] }),
    },
  };
}

function key(kind: string, name: string) {
  return { group: '', kind, namespace: 'd', name };
}
