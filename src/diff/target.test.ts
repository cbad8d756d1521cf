// Targets from manifests: tracking ids, namespaces, identities.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KubeObject } from '../k8s/index.ts';
import type { Manifest } from '../model/index.ts';
import { DiffError, isSelfReferenced, parseTrackingId, prepareTarget, type TargetOptions } from './index.ts';

function manifest(
  kind: string,
  metadata: KubeObject['metadata'],
  sourceIndex = 0,
  file?: string,
  more: object = {},
): Manifest {
  const [group = '', name = kind] = kind.includes('/') ? kind.split('/') : ['', kind];
  const apiVersion = group === '' ? 'v1' : `${group}/v1`;
  return {
    object: { apiVersion, kind: name, metadata, ...more },
    origin: { sourceIndex, ...(file === undefined ? {} : { file, line: 3 }) },
  };
}

const OPTIONS: TargetOptions = {
  instance: 'app',
  destinationNamespace: 'dest',
  scopeOf: ({ kind }) =>
    kind === 'ClusterRole' || kind === 'CustomResourceDefinition'
      ? 'Cluster'
      : kind === 'Widget'
        ? 'unknown'
        : 'Namespaced',
};

function prepared(manifests: Manifest[], more: Partial<TargetOptions> = {}): KubeObject[] {
  return prepareTarget(manifests, { ...OPTIONS, ...more }).targets.map(({ object }) => object);
}

const ID = 'argocd.argoproj.io/tracking-id';

test('prepareTarget() gives namespaced objects the destination namespace and keeps their own', () => {
  const [a, b] = prepared([
    manifest('ConfigMap', { name: 'a' }),
    manifest('ConfigMap', { name: 'a', namespace: 'own' }),
  ]);
  assert.equal(a?.metadata.namespace, 'dest');
  assert.equal(a?.metadata.annotations?.[ID], 'app:/ConfigMap:dest/a');
  assert.equal(b?.metadata.annotations?.[ID], 'app:/ConfigMap:own/a');
});

test('prepareTarget() takes the namespace from cluster-scoped objects and tracks them under the destination', () => {
  const [role] = prepared([manifest('rbac.authorization.k8s.io/ClusterRole', { name: 'r', namespace: 'x' })]);
  assert.equal(role?.metadata.namespace, undefined);
  assert.equal(role?.metadata.annotations?.[ID], 'app:rbac.authorization.k8s.io/ClusterRole:dest/r');
});

test('prepareTarget() learns scopes from definitions of the same render and never tracks these', () => {
  const crd = (scope: string): Manifest =>
    manifest('apiextensions.k8s.io/CustomResourceDefinition', { name: 'w' }, 0, undefined, {
      spec: { group: 'example.org', scope, names: { kind: 'Widget' } },
    });
  const widget = manifest('example.org/Widget', { name: 'w' });
  assert.equal(prepared([crd('Cluster'), widget])[1]?.metadata.namespace, undefined);
  assert.equal(prepared([crd('Namespaced'), widget])[1]?.metadata.namespace, 'dest');
  assert.equal(prepared([widget])[0]?.metadata.namespace, 'dest');
  assert.equal(prepared([crd('Cluster')])[0]?.metadata.annotations, undefined);
});

test('prepareTarget() warns about one identity in two sources, and the last counts', () => {
  const { targets, conditions } = prepareTarget(
    [
      manifest('ConfigMap', { name: 'a' }, 0, 'x.yaml'),
      manifest('ConfigMap', { name: 'b' }),
      manifest('ConfigMap', { name: 'a', labels: { last: 'y' } }, 1),
    ],
    OPTIONS,
  );
  assert.deepEqual(
    targets.map(({ object }) => object.metadata.name),
    ['b', 'a'],
  );
  assert.deepEqual(targets[1]?.object.metadata.labels, { last: 'y' });
  assert.deepEqual(conditions, [
    {
      type: 'RepeatedResourceWarning',
      message:
        'Resource /ConfigMap/dest/a appeared 2 times among application resources: in x.yaml:3 (source 1) and (source 2); the last one counts',
    },
  ]);
});

test('prepareTarget() R-A8 refuses one identity twice in one source and names both places', () => {
  assert.throws(
    () =>
      prepareTarget(
        [
          manifest('ConfigMap', { name: 'a' }, 0, 'x.yaml'),
          manifest('ConfigMap', { name: 'a' }, 0, 'y.yaml'),
        ],
        OPTIONS,
      ),
    (error) =>
      error instanceof DiffError &&
      error.code === 'REPEATED_IN_SOURCE' &&
      /in x\.yaml:3 .* and in y\.yaml:3/.test(error.message),
  );
});

test('prepareTarget() keeps generated names apart and refuses no name at all', () => {
  assert.equal(
    prepared([manifest('Job', { generateName: 'j-' }), manifest('Job', { generateName: 'j-' })]).length,
    2,
  );
  assert.throws(() => prepared([manifest('Job', {})]), DiffError);
});

test('prepareTarget() marks the installation', () => {
  const [a] = prepared([manifest('ConfigMap', { name: 'a' })], { installationId: 'i' });
  assert.equal(a?.metadata.annotations?.['argocd.argoproj.io/installation-id'], 'i');
});

test('parseTrackingId() splits on the first two colons and refuses what is no tracking id', () => {
  assert.deepEqual(parseTrackingId('a:apps/Deployment:ns/b'), {
    instance: 'a',
    group: 'apps',
    kind: 'Deployment',
    namespace: 'ns',
    name: 'b',
  });
  assert.deepEqual(parseTrackingId('a:/Role:ns/system:x'), {
    instance: 'a',
    group: '',
    kind: 'Role',
    namespace: 'ns',
    name: 'system:x',
  });
  for (const text of ['', 'a', 'a:b:c', 'a:b/c:d', 'a:b/c/d:e/f'])
    assert.equal(parseTrackingId(text), undefined, text);
});

test('isSelfReferenced() tells an object from a copy of it', () => {
  const tracking = parseTrackingId('a:/ConfigMap:ns/b');
  assert.ok(tracking);
  const live = (name: string, namespace: string): KubeObject => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name, namespace },
  });
  assert.equal(isSelfReferenced(live('b', 'ns'), tracking), true);
  assert.equal(isSelfReferenced(live('b', 'copy'), tracking), false);
  assert.equal(isSelfReferenced(live('c', 'ns'), tracking), false);
});

test('the rules of an aggregated ClusterRole are left to the cluster, those of any other role are not', () => {
  const role = (name: string, more: object): Manifest => ({
    object: {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRole',
      metadata: { name },
      rules: [],
      ...more,
    } as KubeObject,
    origin: { sourceIndex: 0 },
  });
  const [whole, plain] = prepared([role('whole', { aggregationRule: {} }), role('plain', {})]);
  assert.equal(whole?.['rules'], undefined);
  assert.deepEqual(whole?.['aggregationRule'], {});
  assert.deepEqual(plain?.['rules'], []);
});
