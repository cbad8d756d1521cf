// What ownership alone can tell, on captured field sets; the same questions go to a real server in test/real.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parse } from 'yaml';
import type { FieldsV1, KubeObject } from '../k8s/index.ts';
import { compareObject, confirmChange, maskSecrets } from './index.ts';
import { parseQuantity } from './values.ts';

const MANAGER = 'argocd-controller';

function object(text: string): KubeObject {
  return {
    metadata: { name: 'x' },
    apiVersion: 'v1',
    kind: 'ConfigMap',
    ...(parse(text) as object),
  } as KubeObject;
}

function live(
  text: string,
  owned: string,
  manager = MANAGER,
  operation: 'Apply' | 'Update' = 'Apply',
): KubeObject {
  const given = object(text);
  const fieldsV1 = parse(owned) as FieldsV1;
  return {
    ...given,
    metadata: {
      ...given.metadata,
      managedFields: [
        { manager, operation, apiVersion: given.apiVersion, fieldsV1, time: '2026-01-01T00:00:00Z' },
      ],
    },
  };
}

function verdict(desired: string, current: KubeObject): string {
  const result = compareObject({ desired: object(desired), live: current, manager: MANAGER });
  return result.kind === 'suspected'
    ? `${result.takeover ? 'takeover ' : ''}${result.reasons.map(({ path }) => path).join(' ')}`.trim()
    : result.kind;
}

const CASES: Record<string, { desired: string; live: string; owned: string; want: string }> = {
  'equal and owned': {
    desired: 'data: {a: "1"}',
    live: 'data: {a: "1"}',
    owned: '{"f:data": {"f:a": {}}}',
    want: 'synced',
  },
  'equal and not owned': {
    desired: 'data: {a: "1"}',
    live: 'data: {a: "1"}',
    owned: '{"f:data": {}}',
    want: 'synced',
  },
  'fields of others': {
    desired: 'data: {a: "1"}',
    live: 'data: {a: "1", b: "2"}',
    owned: '{"f:data": {"f:a": {}}}',
    want: 'synced',
  },
  'a changed value': {
    desired: 'data: {a: "2"}',
    live: 'data: {a: "1"}',
    owned: '{"f:data": {"f:a": {}}}',
    want: '.data.a',
  },
  'a value that is not live': {
    desired: 'data: {a: "1", b: "2"}',
    live: 'data: {a: "1"}',
    owned: '{"f:data": {"f:a": {}}}',
    want: '.data.b',
  },
  'an owned value that nobody desires': {
    desired: 'data: {a: "1"}',
    live: 'data: {a: "1", b: "2"}',
    owned: '{"f:data": {"f:a": {}, "f:b": {}}}',
    want: '.data.b',
  },
  'the last owned value': {
    desired: '{}',
    live: 'data: {a: "1"}',
    owned: '{"f:data": {"f:a": {}}}',
    want: '.data',
  },
  'an owned value that is gone anyway': {
    desired: '{}',
    live: '{}',
    owned: '{"f:data": {"f:a": {}}}',
    want: 'synced',
  },
  'a zero value the server drops': {
    desired: 'spec: {paused: false, name: ""}',
    live: 'spec: {}',
    owned: '{"f:spec": {"f:paused": {}, "f:name": {}}}',
    want: 'synced',
  },
  'a false that was never applied': {
    desired: 'spec: {paused: false}',
    live: 'spec: {}',
    owned: '{"f:spec": {"f:other": {}}}',
    want: '.spec.paused',
  },
  'null, which the server writes as empty text': {
    desired: 'data: {a: null}',
    live: 'data: {a: ""}',
    owned: '{"f:data": {"f:a": {}}}',
    want: 'synced',
  },
  'an empty list nobody keeps': {
    desired: 'spec: {list: []}',
    live: 'spec: {}',
    owned: '{"f:spec": {"f:other": {}}}',
    want: 'synced',
  },
  'a quantity in another spelling': {
    desired: 'spec: {limits: {cpu: 1000m, memory: 1024Mi}}',
    live: 'spec: {limits: {cpu: "1", memory: 1Gi}}',
    owned: '{"f:spec": {"f:limits": {"f:cpu": {}, "f:memory": {}}}}',
    want: 'synced',
  },
  'a spelling that is no quantity': {
    desired: 'data: {limits: 1000m}',
    live: 'data: {limits: "1"}',
    owned: '{"f:data": {"f:limits": {}}}',
    want: '.data.limits',
  },
  'keyed items in whatever place': {
    desired: 'spec: {c: [{name: a, v: 1}]}',
    live: 'spec: {c: [{name: z, v: 9}, {name: a, v: 1, d: 2}]}',
    owned: '{"f:spec": {"f:c": {"k:{\\"name\\":\\"a\\"}": {".": {}, "f:name": {}, "f:v": {}}}}}',
    want: 'synced',
  },
  'a keyed item that left': {
    desired: 'spec: {c: []}',
    live: 'spec: {c: [{name: a, v: 1}]}',
    owned: '{"f:spec": {"f:c": {"k:{\\"name\\":\\"a\\"}": {".": {}, "f:name": {}}}}}',
    want: '.spec.c[name="a"]',
  },
  'a defaulted key': {
    desired: 'spec: {ports: [{port: 80}]}',
    live: 'spec: {ports: [{port: 80, protocol: TCP}]}',
    owned: '{"f:spec": {"f:ports": {"k:{\\"port\\":80,\\"protocol\\":\\"TCP\\"}": {".": {}, "f:port": {}}}}}',
    want: 'synced',
  },
  'two items that differ in the defaulted key': {
    desired: 'spec: {ports: [{port: 80, n: a}, {port: 80, protocol: UDP, n: b}]}',
    live: 'spec: {ports: [{port: 80, protocol: TCP, n: a}, {port: 80, protocol: UDP, n: b}]}',
    owned:
      '{"f:spec": {"f:ports": {"k:{\\"port\\":80,\\"protocol\\":\\"UDP\\"}": {".": {}, "f:port": {}, "f:n": {}, "f:protocol": {}}, "k:{\\"port\\":80,\\"protocol\\":\\"TCP\\"}": {".": {}, "f:port": {}, "f:n": {}}}}}',
    want: 'synced',
  },
  'an order that counts': {
    desired: 'spec: {c: [{name: b}, {name: a}]}',
    live: 'spec: {c: [{name: a}, {name: b}]}',
    owned:
      '{"f:spec": {"f:c": {"k:{\\"name\\":\\"a\\"}": {".": {}, "f:name": {}}, "k:{\\"name\\":\\"b\\"}": {".": {}, "f:name": {}}}}}',
    want: '.spec.c',
  },
  'a set': {
    desired: 'metadata: {name: x, finalizers: [a]}',
    live: 'metadata: {name: x, finalizers: [z, a]}',
    owned: '{"f:metadata": {"f:finalizers": {"v:\\"a\\"": {}}}}',
    want: 'synced',
  },
  'a set with a value that left': {
    desired: '{}',
    live: 'metadata: {name: x, finalizers: [a]}',
    owned: '{"f:metadata": {"f:finalizers": {"v:\\"a\\"": {}}}}',
    want: '.metadata.finalizers',
  },
  'an atomic map': {
    desired: 'spec: {sel: {a: b}}',
    live: 'spec: {sel: {a: b, c: d}}',
    owned: '{"f:spec": {"f:sel": {}}}',
    want: '.spec.sel',
  },
  'a known default inside an atomic map': {
    desired: 'spec: {fieldRef: {fieldPath: p}}',
    live: 'spec: {fieldRef: {fieldPath: p, apiVersion: v1}}',
    owned: '{"f:spec": {"f:fieldRef": {}}}',
    want: 'synced',
  },
  'status, which is the controller’s': {
    desired: 'status: {a: 1}',
    live: 'status: {b: 2}',
    owned: '{"f:data": {}}',
    want: 'synced',
  },
};

for (const [name, { desired, live: current, owned, want }] of Object.entries(CASES)) {
  test(`compareObject() judges ${name}`, () => assert.equal(verdict(desired, live(current, owned)), want));
}

test('compareObject() says missing and extra', () => {
  assert.equal(compareObject({ desired: object('{}'), manager: MANAGER }).kind, 'missing');
  assert.equal(compareObject({ live: object('{}'), manager: MANAGER }).kind, 'extra');
});

test('compareObject() does not trust field sets of another version', () => {
  const current = live('data: {a: "1"}', '{"f:data": {"f:a": {}}}');
  for (const entry of current.metadata.managedFields ?? []) entry.apiVersion = 'v1beta1';
  assert.equal(verdict('data: {a: "1"}', current), '.apiVersion');
});

const TRACKED = 'metadata: {name: x, annotations: {argocd.argoproj.io/tracking-id: "app:/ConfigMap:/x"}}';

test('compareObject() takes objects of a former Argo CD as they are when nothing differs', () => {
  const applied = JSON.stringify({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'x' },
    data: { a: '1', old: '2' },
  });
  const current = (data: string, annotation?: string): KubeObject => {
    const base = live(`${TRACKED}\ndata: ${data}`, '{"f:data": {".": {}, "f:a": {}}}', MANAGER, 'Update');
    if (annotation !== undefined)
      base.metadata.annotations = {
        ...base.metadata.annotations,
        'kubectl.kubernetes.io/last-applied-configuration': annotation,
      };
    return base;
  };
  const desired = `${TRACKED}\ndata: {a: "1"}`;
  assert.equal(verdict(desired, current('{a: "1"}')), 'synced');
  assert.equal(verdict(desired, current('{a: "2"}')), 'takeover .data.a');
  assert.equal(verdict(desired, current('{a: "1", old: "2"}', applied)), 'takeover .data.old');
  assert.equal(verdict(desired, current('{a: "1"}', applied)), 'synced');
  assert.equal(verdict('data: {a: "1"}', current('{a: "1"}')), 'takeover');
});

test('compareObject() never shows secret values', () => {
  const current = live('{apiVersion: v1, kind: Secret, data: {a: Zmlyc3Q=}}', '{"f:data": {"f:a": {}}}');
  const result = compareObject({
    desired: object('{apiVersion: v1, kind: Secret, stringData: {a: second}}'),
    live: current,
    manager: MANAGER,
  });
  assert.ok(result.kind === 'suspected');
  assert.deepEqual(
    result.reasons.map(({ path, desired, live: was }) => [path, desired, was]),
    [['.data.a', '++++++++++++', '++++++++']],
  );
});

test('confirmChange() leaves out what others wrote between the look and the dry-run', () => {
  const before = live('metadata: {name: x, resourceVersion: "1"}\ndata: {a: "1"}', '{"f:data": {"f:a": {}}}');
  const after = live(
    'metadata: {name: x, resourceVersion: "2"}\ndata: {a: "9", other: "z"}',
    '{"f:data": {"f:a": {}}}',
  );
  assert.deepEqual(confirmChange({ desired: object('data: {a: "9"}'), live: before, predicted: after }), [
    {
      path: '.data.a',
      desired: '9',
      live: '1',
      owners: [{ manager: MANAGER, operation: 'Apply', time: '2026-01-01T00:00:00Z' }],
    },
  ]);
});

test('maskSecrets() gives equal values equal masks in all copies, last-applied included', () => {
  const desired = object('{apiVersion: v1, kind: Secret, stringData: {a: one, b: two}}');
  const current = object('{apiVersion: v1, kind: Secret, data: {a: b25l, b: b3RoZXI=}}');
  current.metadata.annotations = {
    'kubectl.kubernetes.io/last-applied-configuration': JSON.stringify({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'x', annotations: {} },
      data: { a: 'b25l', b: 'dHdv' },
    }),
  };
  const [one, two] = maskSecrets([desired, current]);
  assert.deepEqual(one?.['stringData'], { a: '++++++++', b: '++++++++' });
  assert.deepEqual(two?.['data'], { a: '++++++++', b: '++++++++++++' });
  const last = JSON.parse(
    two?.metadata.annotations?.['kubectl.kubernetes.io/last-applied-configuration'] ?? '{}',
  ) as KubeObject;
  assert.deepEqual(last['data'], { a: '++++++++', b: '++++++++' });
  assert.doesNotMatch(JSON.stringify([one, two]), /b25l|b3RoZXI|dHdv|"one"|"two"/);
});

test('maskSecrets() shows nothing of a last-applied annotation it cannot read', () => {
  const current = object('{apiVersion: v1, kind: Secret, data: {}}');
  current.metadata.annotations = {
    'kubectl.kubernetes.io/last-applied-configuration': '{"data": {"a": "c2VjcmV0"',
  };
  const [masked] = maskSecrets([current]);
  assert.doesNotMatch(JSON.stringify(masked), /c2VjcmV0/);
});

test('parseQuantity() knows every spelling', () => {
  const equal: [unknown, unknown][] = [
    ['1', 1],
    ['1000m', 1],
    ['0.5', '500m'],
    ['1Gi', '1024Mi'],
    ['1e3', '1k'],
    ['1.5Gi', '1536Mi'],
    ['100u', '0.1m'],
    ['-1', -1],
  ];
  for (const [a, b] of equal) assert.equal(parseQuantity(a), parseQuantity(b), `${a} = ${b}`);
  for (const text of ['', 'a', '1 Gi', '1Q', '.', '--1', '1.2.3'])
    assert.equal(parseQuantity(text), undefined, text);
});
