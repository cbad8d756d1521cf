// JSON patch, merge patch and strategic merge patch in tables; results as kube-apiserver 1.35.4 gave them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { builtinKind } from '../schema/builtin.ts';
import { applyJsonPatch } from './json-patch.ts';
import { applyMergePatch } from './merge-patch.ts';
import { applyStrategicMerge } from './strategic-merge.ts';

const REJECTED = 'the server rejected our request due to an error in our request';

const JSON_PATCHES: Record<string, { patch: unknown; want: unknown }> = {
  'adds, replaces and removes members': {
    patch: [
      { op: 'add', path: '/b', value: 2 },
      { op: 'replace', path: '/a', value: 9 },
      { op: 'remove', path: '/o/x' },
    ],
    want: { a: 9, b: 2, l: [1, 2], o: {} },
  },
  'inserts and appends items': {
    patch: [
      { op: 'add', path: '/l/0', value: 0 },
      { op: 'add', path: '/l/-', value: 3 },
    ],
    want: { a: 1, l: [0, 1, 2, 3], o: { x: 1 } },
  },
  'moves and copies': {
    patch: [
      { op: 'move', from: '/a', path: '/o/a' },
      { op: 'copy', from: '/l', path: '/m' },
    ],
    want: { l: [1, 2], m: [1, 2], o: { a: 1, x: 1 } },
  },
  'unescapes ~1 and ~0': {
    patch: [{ op: 'add', path: '/o/a~1b~0c', value: 1 }],
    want: { a: 1, l: [1, 2], o: { 'a/b~c': 1, x: 1 } },
  },
  'adds what a replace does not find': {
    patch: [{ op: 'replace', path: '/z', value: 1 }],
    want: { a: 1, l: [1, 2], o: { x: 1 }, z: 1 },
  },
  'copies null from an absent member': {
    patch: [{ op: 'copy', from: '/z', path: '/y' }],
    want: { a: 1, l: [1, 2], o: { x: 1 }, y: null },
  },
  'rejects a failed test': { patch: [{ op: 'test', path: '/a', value: 2 }], want: REJECTED },
  'rejects removing what is absent': { patch: [{ op: 'remove', path: '/z' }], want: REJECTED },
  'rejects a path through an absent member': {
    patch: [{ op: 'add', path: '/z/y', value: 1 }],
    want: REJECTED,
  },
  'rejects an unknown operation': { patch: [{ op: 'bogus', path: '/a' }], want: REJECTED },
  'rejects a path without a slash': { patch: [{ op: 'add', path: 'a', value: 1 }], want: REJECTED },
  'refuses a body that is no list': {
    patch: { a: 1 },
    want: 'error decoding patch: json: cannot unmarshal object into Go value of type []handlers.jsonPatchOp',
  },
};
for (const [name, { patch, want }] of Object.entries(JSON_PATCHES)) {
  test(`applyJsonPatch() ${name}`, () => {
    const document = { a: 1, l: [1, 2], o: { x: 1 } };
    if (typeof want === 'string') assert.throws(() => applyJsonPatch(document, patch), { message: want });
    else assert.deepEqual(applyJsonPatch(document, patch), want);
    assert.deepEqual(document, { a: 1, l: [1, 2], o: { x: 1 } });
  });
}

test('applyMergePatch() merges objects, replaces lists, removes by null', () => {
  const patched = applyMergePatch(
    { a: { b: 1, c: 2 }, l: [1], k: 1 },
    { a: { b: null, d: { e: null, f: 1 } }, l: [2], k: null },
  );
  assert.deepEqual(patched, { a: { c: 2, d: { f: 1 } }, l: [2] });
});

const schema = builtinKind('apps', 'v1', 'Deployment')?.schema();
assert.ok(schema !== undefined);
const deploymentSchema = schema;

const LIVE = {
  metadata: { finalizers: ['a/a', 'a/b', 'a/c'], labels: { a: 'b', c: 'd' } },
  spec: {
    strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1 } },
    template: {
      spec: {
        containers: [
          {
            name: 'a',
            image: 'n',
            args: ['x'],
            env: [
              { name: 'A', value: '1' },
              { name: 'B', value: '2' },
            ],
          },
          { name: 'b', image: 'x' },
          { name: 'c', image: 'y' },
        ],
        volumes: [{ name: 'v1', emptyDir: {} }],
        tolerations: [{ key: 'a', operator: 'Exists' }],
      },
    },
  },
};

const names = (value: unknown) => (value as { name: string }[]).map(({ name }) => name);
const pod = (spec: unknown) => ({ spec: { template: { spec } } });
type Spec = (typeof LIVE)['spec']['template']['spec'];

const STRATEGIC: Record<
  string,
  { patch: unknown; see: (live: typeof LIVE, spec: Spec) => unknown; want: unknown }
> = {
  'merges containers by name': {
    patch: pod({ containers: [{ name: 'b', image: 'x2' }] }),
    see: (_, spec) => spec.containers.map(({ name, image }) => [name, image]),
    want: [
      ['a', 'n'],
      ['b', 'x2'],
      ['c', 'y'],
    ],
  },
  'puts a new container first, as the patch names it': {
    patch: pod({ containers: [{ name: 'n', image: 'i' }] }),
    see: (_, spec) => names(spec.containers),
    want: ['n', 'a', 'b', 'c'],
  },
  'deletes an item by directive': {
    patch: pod({ containers: [{ name: 'b', $patch: 'delete' }] }),
    see: (_, spec) => names(spec.containers),
    want: ['a', 'c'],
  },
  'replaces a list by directive': {
    patch: pod({ containers: [{ $patch: 'replace' }, { name: 'z', image: 'z' }] }),
    see: (_, spec) => names(spec.containers),
    want: ['z'],
  },
  'orders by $setElementOrder': {
    patch: pod({
      '$setElementOrder/containers': [{ name: 'c' }, { name: 'n' }, { name: 'a' }],
      containers: [{ name: 'n', image: 'i' }],
    }),
    see: (_, spec) => names(spec.containers),
    want: ['b', 'c', 'n', 'a'],
  },
  'replaces lists without a merge key': {
    patch: pod({ tolerations: [{ key: 'z' }] }),
    see: (_, spec) => spec.tolerations,
    want: [{ key: 'z' }],
  },
  'replaces lists of values that are atomic': {
    patch: pod({ containers: [{ name: 'a', args: ['q'] }] }),
    see: (_, spec) => spec.containers[0]?.args,
    want: ['q'],
  },
  'adds to sets of values, its own items first in order': {
    patch: { metadata: { finalizers: ['a/d', 'a/a'] } },
    see: (live) => live.metadata.finalizers,
    want: ['a/d', 'a/a', 'a/b', 'a/c'],
  },
  'removes values by $deleteFromPrimitiveList': {
    patch: { metadata: { '$deleteFromPrimitiveList/finalizers': ['a/b'] } },
    see: (live) => live.metadata.finalizers,
    want: ['a/a', 'a/c'],
  },
  'replaces a map by directive': {
    patch: { metadata: { labels: { $patch: 'replace', z: '1' } } },
    see: (live) => live.metadata.labels,
    want: { z: '1' },
  },
  'keeps only $retainKeys': {
    patch: { spec: { strategy: { $retainKeys: ['type'], type: 'Recreate' } } },
    see: (live) => live.spec.strategy,
    want: { type: 'Recreate' },
  },
  'switches the source of a volume': {
    patch: pod({ volumes: [{ name: 'v1', emptyDir: null, secret: { secretName: 's' } }] }),
    see: (_, spec) => spec.volumes,
    want: [{ name: 'v1', secret: { secretName: 's' } }],
  },
};
for (const [name, { patch, see, want }] of Object.entries(STRATEGIC)) {
  test(`applyStrategicMerge() ${name}`, () => {
    const patched = applyStrategicMerge(LIVE, patch, deploymentSchema) as unknown as typeof LIVE;
    assert.deepEqual(see(patched, patched.spec.template.spec), want);
  });
}

const MISUSED: Record<string, unknown> = {
  'unknown patch type: bogus in map: map[$patch:bogus]': { metadata: { labels: { $patch: 'bogus' } } },
  'map: map[image:x] does not contain declared merge key: name': pod({ containers: [{ image: 'x' }] }),
  'invalid patch format of retainKeys': { spec: { strategy: { $retainKeys: ['type'], rollingUpdate: {} } } },
  'json: cannot unmarshal array into Go value of type map[string]interface {}': [1],
};
for (const [message, patch] of Object.entries(MISUSED)) {
  test(`applyStrategicMerge() says: ${message}`, () => {
    assert.throws(() => applyStrategicMerge(LIVE, patch, deploymentSchema), { message });
  });
}
