import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isNewer, type ObjectChange, ObjectStore } from './informer-store.ts';
import type { KubeObject } from './object.ts';

function object(name: string, resourceVersion: string, uid = `uid-${name}`, namespace = 'ns'): KubeObject {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace, uid, resourceVersion } };
}

function text(change: ObjectChange<KubeObject> | undefined): string | undefined {
  return change && `${change.kind} ${change.object.metadata.name}@${change.object.metadata.resourceVersion}`;
}

test('put() adds, updates, and ignores what is known or older', () => {
  const store = new ObjectStore();
  assert.equal(text(store.put(object('a', '5'))), 'add a@5');
  assert.equal(store.put(object('a', '5')), undefined);
  assert.equal(store.put(object('a', '4')), undefined);
  assert.equal(text(store.put(object('a', '10'))), 'update a@10');
  assert.equal(store.size, 1);
});

test('remove() ignores the end of an object that another one has replaced', () => {
  const store = new ObjectStore();
  store.put(object('a', '5', 'new'));
  assert.equal(store.remove(object('a', '6', 'old')), undefined);
  assert.equal(text(store.remove(object('a', '7', 'new'))), 'delete a@7');
  assert.equal(store.remove(object('a', '7', 'new')), undefined);
  assert.equal(store.size, 0);
});

test('replace() tells deletions, additions, updates, and an object made anew as two changes', () => {
  const store = new ObjectStore();
  for (const name of ['gone', 'same', 'moved', 'reborn']) store.put(object(name, '5'));
  const list = [
    object('same', '5'),
    object('moved', '6'),
    object('reborn', '7', 'other'),
    object('fresh', '8'),
  ];
  assert.deepEqual(store.replace(list).map(text), [
    'delete gone@5',
    'update moved@6',
    'delete reborn@5',
    'add reborn@7',
    'add fresh@8',
  ]);
  assert.equal(store.size, 4);
});

test('values() are those of one namespace when asked', () => {
  const store = new ObjectStore();
  store.put(object('a', '1', 'u1', 'x'));
  store.put(object('b', '2', 'u2', ''));
  assert.deepEqual(
    [...store.values('')].map(({ metadata }) => metadata.name),
    ['b'],
  );
  assert.deepEqual([...store.values('none')], []);
  assert.equal([...store.values()].length, 2);
});

const VERSIONS: [string | undefined, string | undefined, boolean][] = [
  ['10', '9', true],
  ['9', '10', false],
  ['9', '9', false],
  ['99999999999999999999', '99999999999999999998', true],
  ['abc', 'abd', true],
  [undefined, '1', true],
];
for (const [version, known, want] of VERSIONS) {
  test(`isNewer(${version}, ${known}) is ${want}`, () => assert.equal(isNewer(version, known), want));
}
