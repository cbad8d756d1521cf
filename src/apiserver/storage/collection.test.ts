import assert from 'node:assert/strict';
import { test } from 'node:test';
import { VirtualClock } from '../../../test/support/virtual-clock.ts';
import type { KubeObject } from '../../k8s/index.ts';
import type { HistoryLimits } from './collection.ts';
import { keyOf } from './collection.ts';
import { Store } from './store.ts';

const WIDE: HistoryLimits = { maxChanges: 100, minChanges: 100, maxAgeMs: 60_000 };

function newStore(history = WIDE): { store: Store; errors: unknown[] } {
  const errors: unknown[] = [];
  const onListenerError = (error: unknown): void => void errors.push(error);
  return { store: new Store({ clock: new VirtualClock(), history, onListenerError }), errors };
}

function object(name: string, namespace = 'a', value = ''): KubeObject {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace }, value };
}

test('Store gives every write the next revision and stamps the object with it', () => {
  const { store } = newStore();
  const first = store.put('configmaps', object('x'));
  const second = store.put('secrets', object('y'));
  assert.deepEqual([first.revision, second.revision, store.revision], [2, 3, 3]);
  assert.equal(second.object.metadata.resourceVersion, '3');
});

test('Collection lists in the order of namespaces, then names, whatever the order of writes', () => {
  const { store } = newStore();
  for (const [name, namespace] of [
    ['b', 'two'],
    ['a', 'two'],
    ['z', 'one'],
  ] as const) {
    store.put('configmaps', object(name, namespace));
  }
  const keys = (): string[] => store.collection('configmaps').list().map(keyOf);
  assert.deepEqual(keys(), ['one/z', 'two/a', 'two/b']);
  store.put('configmaps', object('c', 'one'));
  store.remove('configmaps', 'two', 'a');
  assert.deepEqual(keys(), ['one/c', 'one/z', 'two/b']);
});

test('listAt() undoes later creations, changes and deletions', () => {
  const { store } = newStore();
  store.put('configmaps', object('kept', 'a', 'old'));
  store.put('configmaps', object('gone'));
  const then = store.revision;
  store.put('configmaps', object('kept', 'a', 'new'));
  store.remove('configmaps', 'a', 'gone');
  store.put('configmaps', object('added'));
  const seen = store.collection('configmaps').listAt(then);
  assert.deepEqual(
    seen.map((stored) => [keyOf(stored), stored.object['value']]),
    [
      ['a/gone', ''],
      ['a/kept', 'old'],
    ],
  );
});

test('the history is bounded and its floor says what is gone', () => {
  const { store } = newStore({ maxChanges: 3, minChanges: 1, maxAgeMs: 60_000 });
  for (let i = 0; i < 10; i += 1) store.put('configmaps', object(`o${i}`));
  const collection = store.collection('configmaps');
  assert.equal(collection.floor, 8);
  assert.deepEqual(
    collection.changesAfter(8).map(({ revision }) => revision),
    [9, 10, 11],
  );
});

test('a listener that writes does not disturb the order others see, and one that throws harms nobody', () => {
  const { store, errors } = newStore();
  const seen: number[] = [];
  store.listen('configmaps', ({ current }) => {
    if (current.object.metadata.name === 'first') store.put('configmaps', object('second'));
  });
  store.listen('configmaps', () => {
    throw new Error('broken listener');
  });
  store.listen('*', ({ revision }) => seen.push(revision));
  store.put('configmaps', object('first'));
  assert.deepEqual(seen, [2, 3]);
  assert.equal(errors.length, 2);
});

test('a journal that refuses keeps the change from happening', () => {
  const { store } = newStore();
  store.journal = {
    append() {
      throw new Error('disk full');
    },
  };
  assert.throws(() => store.put('configmaps', object('x')), /disk full/);
  assert.equal(store.revision, 1);
  assert.equal(store.collection('configmaps').size, 0);
});
