// Ownership after creates and updates, as kube-apiserver 1.35.4 records it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KubeObject, ManagedFieldsEntry } from '../../k8s/index.ts';
import { builtinKind } from '../schema/builtin.ts';
import { applyBuiltinDefaults } from '../schema/defaults/index.ts';
import { trackUpdate } from './managed-fields.ts';

const NOW = '2026-01-01T00:00:00Z';

function create(object: KubeObject): KubeObject {
  const [group = '', version = ''] = object.apiVersion.includes('/')
    ? object.apiVersion.split('/')
    : ['', object.apiVersion];
  const kind = builtinKind(group, version, object.kind);
  assert.ok(kind !== undefined);
  const after = applyBuiltinDefaults(structuredClone(object), kind);
  const { apiVersion } = object;
  return trackUpdate({ schema: kind.schema(), manager: 'k', apiVersion, now: NOW, before: undefined, after });
}

const POD_SPEC = {
  'f:containers': {
    'k:{"name":"a"}': {
      '.': {},
      'f:image': {},
      'f:imagePullPolicy': {},
      'f:name': {},
      'f:ports': {
        '.': {},
        'k:{"containerPort":80,"protocol":"TCP"}': { '.': {}, 'f:containerPort': {}, 'f:protocol': {} },
      },
      'f:resources': {},
      'f:terminationMessagePath': {},
      'f:terminationMessagePolicy': {},
    },
  },
  'f:dnsPolicy': {},
  'f:restartPolicy': {},
  'f:schedulerName': {},
  'f:securityContext': {},
  'f:terminationGracePeriodSeconds': {},
};

const CREATED: Record<string, { object: KubeObject; want: unknown }> = {
  'a Deployment, structs without an entry of their own': {
    object: {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'd', labels: { q: '1' } },
      spec: {
        selector: { matchLabels: { app: 'x' } },
        template: {
          metadata: { labels: { app: 'x' } },
          spec: { containers: [{ name: 'a', image: 'b', ports: [{ containerPort: 80 }] }] },
        },
      },
    },
    want: {
      'f:metadata': { 'f:labels': { '.': {}, 'f:q': {} } },
      'f:spec': {
        'f:progressDeadlineSeconds': {},
        'f:replicas': {},
        'f:revisionHistoryLimit': {},
        'f:selector': {},
        'f:strategy': {
          'f:rollingUpdate': { '.': {}, 'f:maxSurge': {}, 'f:maxUnavailable': {} },
          'f:type': {},
        },
        'f:template': { 'f:metadata': { 'f:labels': { '.': {}, 'f:app': {} } }, 'f:spec': POD_SPEC },
      },
    },
  },
  'a Role, its rules as a whole': {
    object: {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'Role',
      metadata: { name: 'r' },
      rules: [{ apiGroups: [''], resources: ['pods'], verbs: ['get'] }],
    },
    want: { 'f:rules': {} },
  },
  'a ConfigMap, its data key by key': {
    object: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'c' }, data: { a: '1' } },
    want: { 'f:data': { '.': {}, 'f:a': {} } },
  },
};

for (const [name, { object, want }] of Object.entries(CREATED)) {
  test(`trackUpdate() owns ${name}`, () =>
    assert.deepEqual(create(object).metadata.managedFields?.[0]?.fieldsV1, want));
}

const configMapSchema = builtinKind('', 'v1', 'ConfigMap')?.schema();
assert.ok(configMapSchema !== undefined);
const schema = configMapSchema;

function configMap(data: Record<string, string>, managedFields?: ManagedFieldsEntry[]): KubeObject {
  const metadata = { name: 'c', uid: 'u', ...(managedFields === undefined ? {} : { managedFields }) };
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata, data };
}

function update(before: KubeObject, after: KubeObject, manager: string, now = NOW): KubeObject {
  return trackUpdate({ schema, manager, apiVersion: 'v1', now, before, after });
}

test('trackUpdate() moves a changed field to who changed it, and keeps the rest', () => {
  const first = create(configMap({ a: '1', b: '1' }));
  const second = update(first, configMap({ a: '1', b: '2' }), 'm');
  const fields = second.metadata.managedFields?.map(({ manager, fieldsV1 }) => [manager, fieldsV1]);
  assert.deepEqual(fields, [
    ['k', { 'f:data': { '.': {}, 'f:a': {} } }],
    ['m', { 'f:data': { 'f:b': {} } }],
  ]);
});

test('trackUpdate() leaves entries alone when nothing changed', () => {
  const first = create(configMap({ a: '1' }));
  const second = update(first, configMap({ a: '1' }), 'm', '2027-01-01T00:00:00Z');
  assert.deepEqual(second.metadata.managedFields, first.metadata.managedFields);
});

test('trackUpdate() forgets a manager whose fields are all gone', () => {
  const first = create(configMap({ a: '1' }));
  const second = update(first, configMap({ a: '1', b: '1' }), 'm');
  const third = update(second, configMap({ a: '1' }), 'n');
  assert.deepEqual(
    third.metadata.managedFields?.map(({ manager }) => manager),
    ['k'],
  );
});

test('trackUpdate() stops tracking when a client sends an empty list, or a list of one empty entry', () => {
  const first = create(configMap({ a: '1' }));
  for (const reset of [[], [{}]]) {
    const second = update(first, configMap({ a: '1' }, reset), 'm');
    assert.equal(second.metadata.managedFields, undefined);
    assert.equal(update(second, configMap({ a: '2' }), 'm').metadata.managedFields, undefined);
  }
});

test('trackUpdate() bounds updaters to ten, the oldest of a version becoming ancient-changes', () => {
  let object = create(configMap({ a: '1' }));
  const data: Record<string, string> = { a: '1' };
  for (let i = 0; i < 13; i++) {
    data[`y${i}`] = '1';
    object = update(object, configMap({ ...data }), `k${i}`, `2026-01-01T00:00:${10 + i}Z`);
  }
  const managers = object.metadata.managedFields?.map(({ manager }) => manager) ?? [];
  assert.equal(managers.length, 10);
  assert.equal(managers[0], 'ancient-changes');
  assert.equal(managers.at(-1), 'k12');
});

test('trackUpdate() records changes through scale without a time', () => {
  const kind = builtinKind('apps', 'v1', 'ReplicaSet');
  assert.ok(kind !== undefined);
  const object = (replicas: number): KubeObject => ({
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: { name: 'r' },
    spec: { replicas },
  });
  const context = { schema: kind.schema(), apiVersion: 'apps/v1', now: NOW };
  const before = trackUpdate({ ...context, manager: 'k', before: undefined, after: object(1) });
  const after = trackUpdate({ ...context, manager: 's', subresource: 'scale', before, after: object(2) });
  assert.deepEqual(after.metadata.managedFields, [
    {
      manager: 's',
      operation: 'Update',
      apiVersion: 'apps/v1',
      fieldsType: 'FieldsV1',
      fieldsV1: { 'f:spec': { 'f:replicas': {} } },
      subresource: 'scale',
    },
  ]);
});
