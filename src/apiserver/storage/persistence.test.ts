import assert from 'node:assert/strict';
import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { KubeObject } from '../../k8s/index.ts';
import { silentLogger, systemClock } from '../../lib/index.ts';
import { Persistence } from './persistence.ts';
import { Store } from './store.ts';

function folderFor(context: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'fairlead-store-'));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

function open(folder: string, snapshotMinBytes?: number): { store: Store; persistence: Persistence } {
  const history = { maxChanges: 100, minChanges: 10, maxAgeMs: 1_000 };
  const store = new Store({ clock: systemClock, history, onListenerError: () => {} });
  const deps = {
    clock: systemClock,
    log: silentLogger,
    ...(snapshotMinBytes === undefined ? {} : { snapshotMinBytes }),
  };
  const persistence = new Persistence(folder, store, deps);
  store.startHistory();
  store.journal = persistence;
  return { store, persistence };
}

function object(name: string, value = ''): KubeObject {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: 'a' }, value };
}

function names(store: Store): string[] {
  return store
    .collection('configmaps')
    .list()
    .map(({ object: { metadata } }) => metadata.name ?? '');
}

test('Persistence brings objects, deletions and the revision back', async (context) => {
  const folder = folderFor(context);
  const first = open(folder);
  first.store.put('configmaps', object('kept'));
  first.store.put('configmaps', object('gone'));
  first.store.remove('configmaps', 'a', 'gone');
  await first.persistence.close();

  const second = open(folder);
  context.after(() => second.persistence.close());
  assert.deepEqual(names(second.store), ['kept']);
  assert.equal(second.store.revision, 4);
  assert.equal(second.store.collection('configmaps').floor, 4, 'older revisions cannot be watched any more');
});

test('Persistence cuts off a record that was being written and goes on after it', async (context) => {
  const folder = folderFor(context);
  const first = open(folder);
  first.store.put('configmaps', object('kept'));
  await first.persistence.close();
  appendFileSync(join(folder, 'log-00000001'), '0badc0de ["P","configmaps",{"met');

  const second = open(folder);
  second.store.put('configmaps', object('later'));
  await second.persistence.close();
  const third = open(folder);
  context.after(() => third.persistence.close());
  assert.deepEqual(names(third.store), ['kept', 'later']);
});

test('Persistence refuses a log that is damaged in the middle', async (context) => {
  const folder = folderFor(context);
  const first = open(folder);
  for (const name of ['one', 'two', 'three']) first.store.put('configmaps', object(name));
  await first.persistence.close();
  const path = join(folder, 'log-00000001');
  writeFileSync(path, readFileSync(path, 'utf8').replace('"two"', '"twX"'));
  assert.throws(() => open(folder), { code: 'STORE_DAMAGED' });
});

test('Persistence lets one writer into a folder, and takes over the lock of one that is gone', async (context) => {
  const folder = folderFor(context);
  const first = open(folder);
  assert.throws(() => open(folder), { code: 'FOLDER_LOCKED' });
  await first.persistence.close();
  writeFileSync(join(folder, 'lock'), JSON.stringify({ pid: 2 ** 22 + 7, started: '1' }));
  const second = open(folder);
  await second.persistence.close();
});

test('Persistence replaces a long log by a snapshot and loses nothing', async (context) => {
  const folder = folderFor(context);
  const first = open(folder, 20_000);
  for (let i = 0; i < 200; i += 1) {
    first.store.put('configmaps', object(`o${i % 20}`, 'x'.repeat(200)));
    await Promise.resolve();
  }
  await first.persistence.close();
  const files = readdirSync(folder);
  assert.ok(
    files.some((name) => name.startsWith('snapshot-')),
    files.join(),
  );
  assert.ok(!files.includes('log-00000001'), files.join());

  const second = open(folder);
  context.after(() => second.persistence.close());
  assert.equal(second.store.collection('configmaps').size, 20);
  assert.equal(second.store.revision, 201);
});
