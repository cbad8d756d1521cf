// Whole syncs against a real API server: requests sent, order kept, hooks run, objects taken over and pruned.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { parseAllDocuments } from 'yaml';
import { compareObject } from '../../src/diff/index.ts';
import type { KubeObject } from '../../src/k8s/index.ts';
import { FIELD_MANAGER, type Health } from '../../src/model/index.ts';
import { restoreSync, type SyncIntent, syncResults } from '../../src/sync/index.ts';
import { planFor, runSync } from './sync-run.ts';
import { type TestTarget, testTarget } from './target.ts';

/** A server to hold the suite against. */
export interface SuiteServer {
  readonly url: string;
  readonly token: string;
  close(): Promise<void>;
}

let target: TestTarget;

/**
 * Registers the tests; they run against the server that `start` gives. `lacksValidation`: the server accepts what a
 * real one refuses by the rules of a kind (immutable fields, ranges), so that there is nothing to see.
 */
export function syncSuite(start: () => Promise<SuiteServer>, lacksValidation = false): void {
  let server: SuiteServer | undefined;
  before(async () => {
    server = await start();
    target = testTarget(server);
  });
  after(async () => {
    await target?.close();
    await server?.close();
  });
  register(lacksValidation && 'needs a server that validates built-in kinds');
}

function docs(text: string): KubeObject[] {
  return parseAllDocuments(text).map((document) => document.toJS() as KubeObject);
}

function configMap(name: string, more = ''): string {
  return `---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: ${name}, ${more}}\ndata: {a: '1'}\n`;
}

function job(name: string, annotations: string): string {
  return `---
apiVersion: batch/v1
kind: Job
metadata: {${name}, annotations: {${annotations}}}
spec: {suspend: true, template: {spec: {restartPolicy: Never, containers: [{name: c, image: i}]}}}
`;
}

const DEFINITION = `
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: gadgets.example.org}
spec:
  group: example.org
  scope: Namespaced
  names: {kind: Gadget, plural: gadgets}
  versions: [{name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}}]
---
apiVersion: example.org/v1
kind: Gadget
metadata: {name: gadget}
spec: {a: 1}
`;

function calls(): string[] {
  return target.calls.splice(0);
}

async function tracked(name: string, kind = 'ConfigMap'): Promise<KubeObject> {
  const [object] = docs(`apiVersion: v1\nkind: ${kind}\nmetadata: {name: ${name}}\n`);
  assert.ok(object);
  const plan = await planFor(target, [object]);
  await runSync({ target }, plan);
  const live = await target.get({ ...object, metadata: { name, namespace: 'default' } });
  assert.ok(live);
  return live;
}

function register(skip: string | false): void {
  test('a plain sync sends one request per changed object and none for the others', async () => {
    const manifests = docs(configMap('plain-a') + configMap('plain-b'));
    const first = await planFor(target, manifests);
    calls();
    const state = await runSync({ target }, first);
    assert.deepEqual([state.phase, state.message], ['Succeeded', 'successfully synced (all tasks run)']);
    assert.deepEqual(calls().sort(), ['apply plain-a', 'apply plain-b']);
    const changed = structuredClone(manifests);
    changed[0] = { ...(changed[0] as KubeObject), data: { a: '2' } };
    const second = await planFor(target, changed);
    const again = await runSync({ target }, second);
    assert.deepEqual(calls(), ['apply plain-a']);
    assert.deepEqual(
      syncResults(again).map(({ message }) => message),
      ['configmap/plain-a configured', 'configmap/plain-b unchanged'],
    );
  });

  test('kubectl-applied objects are taken over, and what left the source goes', async () => {
    const [desired] = docs(configMap('kubectl'));
    assert.ok(desired);
    const applied = { ...desired, data: { a: '1', old: 'x' } };
    const type = await target.typeOf({ group: '', version: 'v1', kind: 'ConfigMap' });
    await target.client.create(
      type,
      {
        ...applied,
        metadata: {
          name: 'kubectl',
          namespace: 'default',
          annotations: { 'kubectl.kubernetes.io/last-applied-configuration': JSON.stringify(applied) },
        },
      },
      { fieldManager: 'kubectl-client-side-apply' },
    );
    const plan = await planFor(target, [desired]);
    calls();
    const state = await runSync({ target }, plan);
    assert.equal(state.phase, 'Succeeded', state.message);
    assert.deepEqual(calls(), ['take-over kubectl', 'apply kubectl']);
    const live = await target.client.get(type, { name: 'kubectl', namespace: 'default' });
    assert.deepEqual(live['data'], { a: '1' });
    assert.deepEqual(
      live.metadata.managedFields?.map(({ manager, operation }) => [manager, operation]),
      [[FIELD_MANAGER, 'Apply']],
    );
    assert.equal(live.metadata.annotations?.['kubectl.kubernetes.io/last-applied-configuration'], undefined);
    const task = plan.stages[0]?.groups[0]?.[0];
    assert.equal(compareObject({ desired: task?.desired, live, manager: FIELD_MANAGER }).kind, 'synced');
    await runSync({ target }, await planFor(target, [desired]));
    assert.deepEqual(calls(), []);
  });

  test('a take-over at a stale resourceVersion reads again', async () => {
    const [desired] = docs(configMap('stale'));
    assert.ok(desired);
    const type = await target.typeOf({ group: '', version: 'v1', kind: 'ConfigMap' });
    await target.client.create(
      type,
      { ...desired, metadata: { name: 'stale', namespace: 'default' } },
      { fieldManager: 'argocd-controller' },
    );
    const plan = await planFor(target, [{ ...desired, data: { a: '2' } }]);
    await target.client.patch(
      type,
      { name: 'stale', namespace: 'default' },
      { type: 'merge', body: { data: { other: 'y' } } },
      { fieldManager: 'someone' },
    );
    calls();
    const state = await runSync({ target }, plan);
    assert.equal(state.phase, 'Succeeded', state.message);
    assert.deepEqual(calls(), ['take-over stale', 'get stale', 'take-over stale', 'apply stale']);
  });

  test('CreateNamespace makes the namespace first, in waves too', async () => {
    const plain = await planFor(target, docs(configMap('ns-a')), {
      namespace: 'made',
      syncOptions: ['CreateNamespace=true'],
    });
    calls();
    assert.equal((await runSync({ target }, plain)).phase, 'Succeeded');
    assert.deepEqual(calls(), ['apply made', 'apply ns-a']);
    const waves = await planFor(
      target,
      docs(configMap('ns-a') + configMap('ns-b', "annotations: {argocd.argoproj.io/sync-wave: '1'}")),
      {
        namespace: 'made-waves',
        syncOptions: ['CreateNamespace=true'],
        managedNamespaceMetadata: { labels: { team: 'x' } },
      },
    );
    calls();
    const state = await runSync({ target }, waves);
    assert.equal(state.phase, 'Succeeded', state.message);
    assert.deepEqual(calls().slice(0, 3), ['apply made-waves', 'dry-run ns-a', 'dry-run ns-b']);
    const live = await target.client.get(
      await target.typeOf({ group: '', version: 'v1', kind: 'Namespace' }),
      {
        name: 'made-waves',
      },
    );
    assert.equal(live.metadata.labels?.['team'], 'x');
  });

  test('a definition and its objects in one sync', async () => {
    const state = await runSync({ target }, await planFor(target, docs(DEFINITION)));
    assert.equal(state.phase, 'Succeeded', state.message);
    const waves = docs(
      DEFINITION.replaceAll('adget', 'izmo') +
        configMap('after-crd', "annotations: {argocd.argoproj.io/sync-wave: '1'}"),
    );
    const second = await runSync({ target }, await planFor(target, waves));
    assert.equal(second.phase, 'Succeeded', second.message);
  });

  test('an immutable field says what to do; Force=true,Replace=true does it', { skip }, async () => {
    const workload = (label: string, options = ''): KubeObject[] =>
      docs(`
apiVersion: apps/v1
kind: Deployment
metadata: {name: immutable, annotations: {argocd.argoproj.io/sync-options: '${options}'}}
spec: {replicas: 0, selector: {matchLabels: {a: ${label}}}, template: {metadata: {labels: {a: ${label}}}, spec: {containers: [{name: c, image: i}]}}}
`);
    await runSync({ target }, await planFor(target, workload('one')));
    const failed = await runSync({ target }, await planFor(target, workload('two')));
    assert.equal(failed.phase, 'Failed');
    assert.match(
      failed.message,
      /one or more synchronization tasks completed unsuccessfully, reason: .*immutable.*Force=true,Replace=true/,
    );
    const forced = await runSync(
      { target },
      await planFor(target, workload('two', 'Force=true,Replace=true')),
    );
    assert.equal(forced.phase, 'Succeeded', forced.message);
  });

  test('hooks: created once, named after the operation, judged, released and deleted by policy', async () => {
    const manifests = docs(
      configMap('with-hooks') +
        job(
          'generateName: pre-',
          'argocd.argoproj.io/hook: PreSync, argocd.argoproj.io/hook-delete-policy: HookSucceeded',
        ) +
        job('name: post', 'argocd.argoproj.io/hook: PostSync'),
    );
    const healthy = (object: KubeObject): Health | undefined =>
      object.kind === 'Job' ? { status: 'Healthy', message: 'done' } : undefined;
    const startedAt = Date.now();
    const plan = await planFor(target, manifests, { startedAt });
    calls();
    const intents: SyncIntent[] = [];
    const state = await runSync({ target, assessHealth: healthy, intents }, plan);
    assert.deepEqual([state.phase, state.message], ['Succeeded', 'successfully synced (no more tasks)']);
    const name = `pre-0123456-presync-${Math.floor(startedAt / 1000)}`;
    const applies = calls().filter((call) => call.startsWith('apply'));
    assert.deepEqual(applies, [`apply ${name}`, 'apply with-hooks', 'apply post']);
    const type = await target.typeOf({ group: 'batch', version: 'v1', kind: 'Job' });
    const gone = await target.client.find(type, { name, namespace: 'default' });
    assert.ok(gone === undefined || gone.metadata.deletionTimestamp !== undefined);
    const kept = await target.client.get(type, { name: 'post', namespace: 'default' });
    assert.deepEqual(kept.metadata.finalizers ?? [], []);
    assert.deepEqual(
      syncResults(state).map(({ kind, hookType, hookPhase, syncPhase }) => [
        kind,
        hookType,
        hookPhase,
        syncPhase,
      ]),
      [
        ['Job', 'PreSync', 'Succeeded', 'PreSync'],
        ['ConfigMap', undefined, 'Succeeded', 'Sync'],
        ['Job', 'PostSync', 'Succeeded', 'PostSync'],
      ],
    );
    // The next operation removes the hook that was kept and creates it anew.
    const before = kept.metadata.uid;
    const next = await runSync(
      { target, assessHealth: healthy },
      await planFor(target, manifests, { startedAt: startedAt + 5_000 }),
    );
    assert.equal(next.phase, 'Succeeded', next.message);
    const fresh = await target.client.get(type, { name: 'post', namespace: 'default' });
    assert.notEqual(fresh.metadata.uid, before);
  });

  test('a restart in the middle finds the hook instead of running it twice', async () => {
    const manifests = docs(configMap('restart') + job('name: once', 'argocd.argoproj.io/hook: PreSync'));
    const startedAt = Date.now();
    const plan = await planFor(target, manifests, { startedAt });
    // The process dies right after the hook was created: nothing of it is recorded.
    const died = await runSync(
      {
        target,
        intervene: async (state) => {
          if (state.at === 'waiting') throw new Error('killed');
          return undefined;
        },
      },
      plan,
    ).catch(() => undefined);
    assert.equal(died, undefined);
    const type = await target.typeOf({ group: 'batch', version: 'v1', kind: 'Job' });
    const first = await target.client.get(type, { name: 'once', namespace: 'default' });
    const replanned = await planFor(target, manifests, { startedAt });
    calls();
    const state = await runSync({ target }, replanned, restoreSync(replanned, []));
    assert.equal(state.phase, 'Succeeded', state.message);
    assert.deepEqual(
      calls().filter((call) => call.startsWith('apply')),
      ['apply restart'],
    );
    const live = await target.client.get(type, { name: 'once', namespace: 'default' });
    assert.equal(live.metadata.uid, first.metadata.uid);
  });

  test('a failed hook runs the SyncFail hooks and fails the operation', async () => {
    const manifests = docs(
      job('name: bad', 'argocd.argoproj.io/hook: PreSync') +
        configMap('never') +
        job('name: on-fail', 'argocd.argoproj.io/hook: SyncFail'),
    );
    const assessHealth = (object: KubeObject): Health =>
      object.metadata.name === 'bad'
        ? { status: 'Degraded', message: 'Job has failed' }
        : { status: 'Healthy' };
    calls();
    const state = await runSync({ target, assessHealth }, await planFor(target, manifests));
    assert.equal(state.phase, 'Failed');
    assert.equal(
      state.message,
      'one or more synchronization tasks completed unsuccessfully, reason: Job has failed',
    );
    assert.deepEqual(
      calls().filter((call) => call.startsWith('apply')),
      ['apply bad', 'apply on-fail'],
    );
  });

  test('terminate deletes running hooks', async () => {
    const manifests = docs(job('name: endless', 'argocd.argoproj.io/hook: PreSync'));
    let turns = 0;
    const state = await runSync(
      {
        target,
        assessHealth: () => ({ status: 'Progressing' }),
        intervene: async ({ at }) => {
          turns += at === 'waiting' ? 1 : 0;
          return at === 'waiting' && turns === 2 ? { kind: 'terminate', now: Date.now() } : undefined;
        },
      },
      await planFor(target, manifests),
    );
    assert.deepEqual([state.phase, state.message], ['Failed', 'Operation terminated']);
    const type = await target.typeOf({ group: 'batch', version: 'v1', kind: 'Job' });
    const live = await target.client.find(type, { name: 'endless', namespace: 'default' });
    assert.ok(live === undefined || live.metadata.deletionTimestamp !== undefined);
  });

  test('prunes with preconditions, and not without the prune flag', async () => {
    const extra = await tracked('leaving');
    const kept = await runSync({ target }, await planFor(target, [], { extras: [extra] }));
    assert.deepEqual(
      syncResults(kept).map(({ status, message }) => [status, message]),
      [['PruneSkipped', 'ignored (requires pruning)']],
    );
    calls();
    const state = await runSync(
      { target },
      await planFor(target, [], { extras: [extra], operation: { prune: true } }),
    );
    assert.equal(state.phase, 'Succeeded', state.message);
    assert.deepEqual(calls(), ['get leaving', 'delete leaving']);
    const left = await target.get(extra);
    assert.ok(left === undefined || left.metadata.deletionTimestamp !== undefined);
  });

  test('never prunes an object that was created anew under the same name', async () => {
    const old = await tracked('reborn');
    const type = await target.typeOf({ group: '', version: 'v1', kind: 'ConfigMap' });
    await target.client.delete(type, { name: 'reborn', namespace: 'default' });
    const fresh = await tracked('reborn');
    const state = await runSync(
      { target },
      await planFor(target, [], { extras: [old], operation: { prune: true } }),
    );
    assert.match(syncResults(state)[0]?.message ?? '', /another object has this name by now/);
    assert.equal((await target.get(fresh))?.metadata.uid, fresh.metadata.uid);
  });

  test('Prune=confirm waits for the approval and says so', async () => {
    const extra = await tracked('asked');
    const marked = {
      ...extra,
      metadata: {
        ...extra.metadata,
        annotations: { ...extra.metadata.annotations, 'argocd.argoproj.io/sync-options': 'Prune=confirm' },
      },
    };
    const plan = await planFor(target, [], { extras: [marked], operation: { prune: true } });
    let asked = 0;
    const messages = new Set<string>();
    const state = await runSync(
      {
        target,
        approvedAt: () => (asked++ < 2 ? undefined : Date.now()),
        intervene: async (current) => {
          messages.add(current.message);
          return undefined;
        },
      },
      plan,
    );
    assert.equal(state.phase, 'Succeeded', state.message);
    assert.match([...messages].join('\n'), /^waiting for pruning confirmation of ConfigMap\/asked, since /m);
  });

  test('a confirmation is not waited for once what it is about is gone', async () => {
    const extra = await tracked('went');
    const mark = { 'argocd.argoproj.io/sync-options': 'Prune=confirm' };
    const marked = {
      ...extra,
      metadata: { ...extra.metadata, annotations: { ...extra.metadata.annotations, ...mark } },
    };
    const plan = await planFor(target, [], { extras: [marked], operation: { prune: true } });
    let isDeleted = false;
    const state = await runSync(
      {
        target,
        approvedAt: () => undefined,
        intervene: async ({ message }) => {
          if (isDeleted || !message.startsWith('waiting for pruning confirmation')) return undefined;
          isDeleted = true;
          const type = await target.typeOf({ group: '', version: 'v1', kind: 'ConfigMap' });
          await target.client.delete(type, { name: 'went', namespace: 'default' });
          return undefined;
        },
      },
      plan,
    );
    assert.deepEqual([isDeleted, state.phase], [true, 'Succeeded'], state.message);
  });

  test('a dry run changes nothing', async () => {
    const extra = await tracked('dry-extra');
    const plan = await planFor(target, docs(configMap('dry')), {
      extras: [extra],
      operation: { prune: true, dryRun: true },
    });
    const state = await runSync({ target }, plan);
    assert.deepEqual([state.phase, state.message], ['Succeeded', 'successfully synced (all tasks run)']);
    assert.deepEqual(
      syncResults(state)
        .map(({ message }) => message)
        .sort(),
      ['configmap/dry created (dry run)', 'pruned (dry run)'],
    );
    assert.ok(await target.get(extra));
    assert.equal(await target.get({ ...extra, metadata: { name: 'dry', namespace: 'default' } }), undefined);
  });

  test('waves wait for health, say for what, and give up at the deadline', async () => {
    const manifests = docs(
      configMap('wave-0') + configMap('wave-1', "annotations: {argocd.argoproj.io/sync-wave: '1'}"),
    );
    let looks = 0;
    const messages = new Set<string>();
    const state = await runSync(
      {
        target,
        assessHealth: (object) =>
          object.metadata.name === 'wave-0' && looks++ < 2
            ? { status: 'Progressing', message: '0 of 1 ready' }
            : { status: 'Healthy' },
        intervene: async (current) => {
          messages.add(current.message);
          return undefined;
        },
      },
      await planFor(target, manifests),
    );
    assert.equal(state.phase, 'Succeeded', state.message);
    assert.match(
      [...messages].join('\n'),
      /^waiting for healthy state of ConfigMap\/wave-0 \(0 of 1 ready\), since /m,
    );
    const settings = { waveDelayMs: 0, pollMs: 5, waveDeadlineMs: 30 };
    const late = await runSync(
      { target, assessHealth: () => ({ status: 'Progressing', message: '0 of 1 ready' }) },
      await planFor(
        target,
        manifests.map((o) => ({ ...o, data: { a: '9' } })),
        { settings },
      ),
    );
    assert.equal(late.phase, 'Failed');
    assert.match(
      late.message,
      /^gave up waiting for healthy state of ConfigMap\/wave-0 \(0 of 1 ready\) after \d+ s$/,
    );
  });

  test('one bad object of many stops a multi-wave sync before anything is written', { skip }, async () => {
    const manifests = docs(
      configMap('good') +
        `---\napiVersion: v1\nkind: Service\nmetadata: {name: bad, annotations: {argocd.argoproj.io/sync-wave: '1'}}\nspec: {ports: [{port: 0}]}\n`,
    );
    calls();
    const state = await runSync({ target }, await planFor(target, manifests));
    assert.equal(state.phase, 'Failed');
    assert.match(state.message, /^one or more objects failed to apply \(dry run\), reason: /);
    assert.deepEqual(
      calls().filter((call) => call.startsWith('apply')),
      [],
    );
  });
}
