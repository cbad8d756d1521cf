import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Application } from '../../model/index.ts';
import { Dependencies } from './dependencies.ts';
import type { Desired } from './facts.ts';
import { Memories } from './memory.ts';

interface Given {
  readonly needs?: string;
  readonly sync?: string;
  readonly health?: string;
  readonly revision?: string;
  readonly told?: string;
  readonly more?: Partial<Application>;
  readonly deleted?: boolean;
}

/** Applications `argocd/<name>` of one branch, compared and told unless it says otherwise. */
function world(given: Record<string, Given>) {
  const memories = new Memories();
  const apps = new Map<string, Application>();
  const dependencies = new Dependencies({
    controlNamespace: 'argocd',
    memories,
    application: (key) => apps.get(key),
  });
  const put = (name: string, value: Given): readonly string[] => {
    const app: Application = {
      apiVersion: 'argoproj.io/v1alpha1',
      kind: 'Application',
      metadata: {
        name,
        namespace: 'argocd',
        ...(value.needs === undefined ? {} : { annotations: { 'fairlead.dev/depends-on': value.needs } }),
        ...(value.deleted === true ? { deletionTimestamp: '2026-01-01T00:00:00Z' } : {}),
      },
      spec: { project: 'default', destination: {}, source: { repoURL: 'https://git.example.test/x' } },
      status: { sync: { status: value.sync ?? 'Synced' }, health: { status: value.health ?? 'Healthy' } },
      ...value.more,
    };
    apps.set(`argocd/${name}`, app);
    const memory = memories.of(name);
    const parts = [{ source: app.spec.source, revision: value.revision ?? 'r1' }];
    memory.desired = { parts, set: { digest: 'd' } } as unknown as Desired;
    memory.told = value.told ?? 'd';
    return dependencies.set(`argocd/${name}`, app);
  };
  for (const [name, value] of Object.entries(given)) put(name, value);
  const waitsFor = (name: string): string | undefined => {
    const app = apps.get(`argocd/${name}`);
    assert.ok(app);
    return dependencies.waitsFor(app, `argocd/${name}`);
  };
  return { apps, dependencies, put, waitsFor };
}

const REASONS: Record<string, { db?: Given; says?: RegExp }> = {
  'a dependency that is Synced and Healthy': { db: {} },
  'one that does not exist': { says: /argocd\/db \(it does not exist\)/ },
  'one that is OutOfSync': { db: { sync: 'OutOfSync' }, says: /it is OutOfSync/ },
  'one that is Degraded': { db: { health: 'Degraded' }, says: /it is Degraded/ },
  'one that syncs': {
    db: { more: { operation: { sync: {} } } },
    says: /a sync of it runs/,
  },
  'one that is being deleted': { db: { deleted: true }, says: /being deleted/ },
  'one whose status speaks of an older render': { db: { told: 'old' }, says: /being compared/ },
  'one that has not seen the commit': { db: { revision: 'r0' }, says: /not seen commit r1/ },
};

for (const [name, { db, says }] of Object.entries(REASONS)) {
  test(`waitsFor(): ${name}`, () => {
    const { waitsFor } = world({ web: { needs: 'db' }, ...(db === undefined ? {} : { db }) });
    if (says === undefined) assert.equal(waitsFor('web'), undefined);
    else assert.match(waitsFor('web') ?? '', says);
  });
}

test('waitsFor() names all that are not ready', () => {
  const { waitsFor } = world({ web: { needs: 'db,queue,cache' }, db: { health: 'Progressing' }, cache: {} });
  assert.match(
    waitsFor('web') ?? '',
    /argocd\/db \(it is Progressing\), argocd\/queue \(it does not exist\)/,
  );
});

test('problem() names the circle, from each member on', () => {
  const { dependencies } = world({
    a: { needs: 'b' },
    b: { needs: 'c' },
    c: { needs: 'a' },
    d: { needs: 'a' },
  });
  assert.match(dependencies.problem('argocd/a') ?? '', /argocd\/a → argocd\/b → argocd\/c → argocd\/a;/);
  assert.match(dependencies.problem('argocd/c') ?? '', /argocd\/c → argocd\/a → argocd\/b → argocd\/c;/);
  assert.equal(dependencies.problem('argocd/d'), undefined, 'it only depends on members');
});

test('set() tells everybody whom a closed or opened circle concerns', () => {
  const { dependencies, put } = world({ a: { needs: 'b' }, b: { needs: 'c' }, c: {} });
  assert.deepEqual([...put('c', { needs: 'a' })].sort(), ['argocd/a', 'argocd/b']);
  assert.deepEqual([...put('c', {})].sort(), ['argocd/a', 'argocd/b']);
  assert.equal(dependencies.problem('argocd/a'), undefined);
  assert.deepEqual(put('c', {}), [], 'the same again is no news');
});

test('noteReadiness() wakes those who wait once for each change', () => {
  const { dependencies, put } = world({ web: { needs: 'db' }, db: { health: 'Progressing' } });
  assert.deepEqual(dependencies.noteReadiness('argocd/db'), ['argocd/web']);
  assert.deepEqual(dependencies.noteReadiness('argocd/db'), []);
  put('db', {});
  assert.deepEqual(dependencies.noteReadiness('argocd/db'), ['argocd/web']);
  assert.deepEqual(dependencies.noteReadiness('argocd/web'), [], 'nobody waits for it');
});

test('remainingDependents() holds a deletion, and circles hold nobody', () => {
  const { apps, dependencies } = world({
    web: { needs: 'db' },
    db: {},
    x: { needs: 'y' },
    y: { needs: 'x' },
  });
  assert.deepEqual(dependencies.remainingDependents('argocd/db'), ['argocd/web']);
  assert.deepEqual(dependencies.remainingDependents('argocd/x'), []);
  apps.delete('argocd/web');
  assert.deepEqual(dependencies.remainingDependents('argocd/db'), []);
  assert.deepEqual(dependencies.delete('argocd/web'), ['argocd/db']);
});
