// What the Kubernetes client, informers, discovery and leases must do, against any API server: the embedded one and a
// real one run the same sentences.
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';
import {
  type ClusterSettings,
  connectionOf,
  createKubeClient,
  Discovery,
  Informer,
  isKubeError,
  type KubeClient,
  type KubeObject,
  LeaseLock,
  type ObjectChange,
  OpenApi,
  schemaAt,
  wellKnown,
} from '../../src/k8s/index.ts';
import { silentLogger, systemClock, systemRandom } from '../../src/lib/index.ts';
import { type FaultProxy, startFaultProxy } from './fault-proxy.ts';

export interface KubeUnderTest {
  readonly url: string;
  readonly token: string;
  /** PEM; absent for plain HTTP. */
  readonly ca?: string;
  close(): Promise<void>;
}

const deps = { clock: systemClock, random: systemRandom, log: silentLogger };
const DEADLINE_MS = 20_000;

/** Registers the suite; `start` is called once. */
export function kubeSuite(name: string, start: () => Promise<KubeUnderTest>): void {
  describe(name, { timeout: 120_000 }, () => {
    let server: KubeUnderTest;
    let proxy: FaultProxy;
    let client: KubeClient;
    /** Through the proxy. */
    let faulty: KubeClient;
    let counter = 0;
    const running: { stop(): Promise<void> }[] = [];

    before(async () => {
      server = await start();
      proxy = await startFaultProxy(server);
      client = createKubeClient(connectionOf(settings(server.url)));
      faulty = createKubeClient(connectionOf(settings(proxy.url)), { timeoutMs: 5_000 });
    });
    afterEach(async () => {
      proxy.clear();
      await Promise.all(running.splice(0).map((item) => item.stop()));
    });
    after(async () => {
      await Promise.all([client?.close(), faulty?.close()]);
      await proxy?.close();
      await server?.close();
    });

    function settings(url: string): ClusterSettings {
      const caData = server.ca === undefined ? undefined : Buffer.from(server.ca).toString('base64');
      return {
        server: url,
        bearerToken: server.token,
        tlsClientConfig: caData === undefined ? {} : { caData },
      };
    }

    async function freshNamespace(): Promise<string> {
      counter += 1;
      const name = `suite-${counter}`;
      await client.create(wellKnown.namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
      return name;
    }

    async function createMany(namespace: string, count: number): Promise<void> {
      for (let i = 0; i < count; i += 1)
        await client.create(wellKnown.configMaps, configMap(namespace, `cm-${i}`));
    }

    /** An informer of the config maps labelled by the suite in one namespace, and the changes it reported. */
    function informerOf(
      from: KubeClient,
      namespace: string,
      options: { relistMs?: number; idleTimeoutMs?: number } = {},
    ) {
      const informer = new Informer(
        { ...deps, client: from },
        {
          ...{ type: wellKnown.configMaps, namespace, labelSelector: 'suite=yes', pageSize: 3, ...options },
          backoff: { initialMs: 20, factor: 2, maxMs: 200 },
          graceMs: 0,
        },
      );
      running.push(informer);
      const changes: string[] = [];
      informer.subscribe((change: ObjectChange<KubeObject>) => {
        changes.push(`${change.kind} ${change.object.metadata.name}`);
      });
      return { informer, changes };
    }

    test('create, get, update, patch, apply and delete reach the same object', async () => {
      const namespace = await freshNamespace();
      const created = await client.create(wellKnown.configMaps, configMap(namespace, 'a'));
      assert.equal(created.kind, 'ConfigMap');
      const read = await client.get(wellKnown.configMaps, { namespace, name: 'a' });
      assert.deepEqual(read.data, { k: 'v' });
      const updated = await client.update(wellKnown.configMaps, { ...read, data: { k: 'w' } });
      assert.notEqual(updated.metadata.resourceVersion, read.metadata.resourceVersion);
      const patched = await client.patch(
        wellKnown.configMaps,
        { namespace, name: 'a' },
        { type: 'json', body: [{ op: 'replace', path: '/data/k', value: 'x' }] },
      );
      assert.deepEqual(patched.data, { k: 'x' });
      const options = { fieldManager: 'suite', force: true };
      const wanted = { ...configMap(namespace, 'a'), data: { l: 'y' } };
      const dry = await client.apply(wellKnown.configMaps, wanted, { ...options, dryRun: true });
      assert.deepEqual(dry.data, { k: 'x', l: 'y' });
      const applied = await client.apply(wellKnown.configMaps, wanted, options);
      assert.deepEqual(applied.data, { k: 'x', l: 'y' });
      assert.ok(applied.metadata.managedFields?.some((entry) => entry.manager === 'suite'));
      await client.delete(wellKnown.configMaps, { namespace, name: 'a' }, { uid: created.metadata.uid });
      assert.equal(await client.find(wellKnown.configMaps, { namespace, name: 'a' }), undefined);
    });

    test('failures have a code, name the object and the server, and keep the Status', async () => {
      const namespace = await freshNamespace();
      const made = await client.create(wellKnown.configMaps, configMap(namespace, 'a'));
      const ref = { namespace, name: 'a' };
      const unknown = { ...wellKnown.configMaps, group: 'nobody.example', kind: 'Thing', resource: 'things' };
      const cases: Record<string, () => Promise<unknown>> = {
        NOT_FOUND: () => client.get(wellKnown.configMaps, { namespace, name: 'none' }),
        ALREADY_EXISTS: () => client.create(wellKnown.configMaps, configMap(namespace, 'a')),
        CONFLICT: async () => {
          const stale = {
            ...made,
            metadata: { ...made.metadata, resourceVersion: made.metadata.resourceVersion ?? '' },
          };
          await client.update(wellKnown.configMaps, { ...made, data: { k: '2' } });
          await client.update(wellKnown.configMaps, { ...stale, data: { k: '3' } });
        },
        INVALID: () => client.create(wellKnown.configMaps, configMap(namespace, 'Not_A_Name')),
        UNKNOWN_KIND: () => client.get(unknown, ref),
      };
      for (const [code, run] of Object.entries(cases)) {
        const error = await rejection(run());
        assert.ok(isKubeError(error), `${code}: ${error}`);
        assert.equal(error.code, code, error.message);
        assert.match(error.message, new RegExp(`^Cannot .* on ${server.url.replaceAll('.', '[.]')}: `));
        assert.ok(!error.message.includes(server.token));
      }
    });

    test('delete() is refused for another uid or resource version', async () => {
      const namespace = await freshNamespace();
      const made = await client.create(wellKnown.configMaps, configMap(namespace, 'a'));
      const ref = { namespace, name: 'a' };
      for (const precondition of [{ uid: 'another' }, { resourceVersion: '1' }]) {
        const error = await rejection(client.delete(wellKnown.configMaps, ref, precondition));
        assert.ok(isKubeError(error, 'CONFLICT'), String(error));
      }
      const { uid, resourceVersion } = made.metadata;
      await client.delete(wellKnown.configMaps, ref, { uid, resourceVersion });
    });

    test('delete() as a dry run deletes nothing, also with preconditions', async () => {
      const namespace = await freshNamespace();
      const { uid } = (await client.create(wellKnown.configMaps, configMap(namespace, 'kept'))).metadata;
      const ref = { namespace, name: 'kept' };
      await client.delete(wellKnown.configMaps, ref, { dryRun: true });
      await client.delete(wellKnown.configMaps, ref, { dryRun: true, uid, propagationPolicy: 'Foreground' });
      const live = await client.get(wellKnown.configMaps, ref);
      assert.deepEqual([live.metadata.uid, live.metadata.deletionTimestamp], [uid, undefined]);
      await client.delete(wellKnown.configMaps, ref);
    });

    test('delete() gives back the object while a finalizer holds it', async () => {
      const namespace = await freshNamespace();
      const held = configMap(namespace, 'held');
      held.metadata.finalizers = ['suite.example/hold'];
      await client.create(wellKnown.configMaps, held);
      const ref = { namespace, name: 'held' };
      const left = await client.delete(wellKnown.configMaps, ref);
      assert.ok(left?.metadata.deletionTimestamp);
      const free = { type: 'merge' as const, body: { metadata: { finalizers: null } } };
      await client.patch(wellKnown.configMaps, ref, free);
      assert.equal(await client.find(wellKnown.configMaps, ref), undefined);
    });

    test('listAll() joins the pages and names the kind of each item', async () => {
      const namespace = await freshNamespace();
      await createMany(namespace, 7);
      const options = { namespace, pageSize: 3, labelSelector: 'suite=yes' };
      const all = await client.listAll(wellKnown.configMaps, options);
      assert.equal(all.kind, 'complete');
      assert.equal(all.items.length, 7);
      assert.ok(all.items.every(({ kind, apiVersion }) => kind === 'ConfigMap' && apiVersion === 'v1'));
      const metadata = await client.listAll(wellKnown.configMaps, { ...options, metadataOnly: true });
      assert.deepEqual(
        [metadata.items.length, metadata.items[0]?.data, metadata.items[0]?.kind],
        [7, undefined, 'ConfigMap'],
      );
    });

    const CUTS: Record<string, { path: RegExp; status: number; body?: unknown; reason: RegExp }> = {
      'page 2 fails': {
        path: /configmaps.*continue=/,
        status: 500,
        body: 'broken',
        reason: /HTTP 500: broken/,
      },
      'the kind becomes forbidden': {
        path: /configmaps/,
        status: 403,
        body: { kind: 'Status', reason: 'Forbidden', message: 'configmaps is forbidden' },
        reason: /forbidden; grant this permission by RBAC/,
      },
      'a proxy answers with a page': {
        path: /configmaps/,
        status: 200,
        body: '<html>',
        reason: /not a JSON object/,
      },
      'the items are missing': {
        path: /configmaps.*continue=/,
        status: 200,
        body: { kind: 'ConfigMapList', metadata: {} },
        reason: /not a list/,
      },
    };
    for (const [circumstance, { path, status, body, reason }] of Object.entries(CUTS)) {
      test(`listAll() is incomplete with the reason when ${circumstance}`, async () => {
        const namespace = await freshNamespace();
        await createMany(namespace, 4);
        const remove = proxy.add({ path, fault: { kind: 'answer', status, body } });
        const answer = await faulty.listAll(wellKnown.configMaps, { namespace, pageSize: 2 });
        remove();
        assert.equal(answer.kind, 'incomplete');
        assert.match(answer.kind === 'incomplete' ? answer.reason : '', reason);
      });
    }

    test('listAll() is incomplete when an answer is cut on the way', async () => {
      const namespace = await freshNamespace();
      await createMany(namespace, 4);
      const remove = proxy.add({ path: /configmaps/, fault: { kind: 'cut', afterBytes: 100 } });
      const answer = await faulty.listAll(wellKnown.configMaps, { namespace });
      remove();
      assert.equal(answer.kind, 'incomplete');
    });

    test('listAll() starts over once when the continue token is too old', async () => {
      const namespace = await freshNamespace();
      await createMany(namespace, 4);
      const expired = { kind: 'Status', code: 410, reason: 'Expired', message: 'too old' };
      const fault = { kind: 'answer', status: 410, body: expired } as const;
      const once = proxy.add({ path: /configmaps.*continue=/, times: 1, fault });
      const options = { namespace, pageSize: 2, labelSelector: 'suite=yes' };
      const answer = await faulty.listAll(wellKnown.configMaps, options);
      once();
      assert.deepEqual([answer.kind, answer.items.length], ['complete', 4]);
      const always = proxy.add({ path: /configmaps.*continue=/, fault });
      const again = await faulty.listAll(wellKnown.configMaps, options);
      always();
      assert.equal(again.kind, 'incomplete');
    });

    test('a call waits for Retry-After and is repeated when the server is overloaded', async () => {
      const namespace = await freshNamespace();
      const fault = { kind: 'answer', status: 429, headers: { 'retry-after': '0' } } as const;
      const path = new RegExp(`${namespace}/configmaps`);
      const remove = proxy.add({ path, times: 2, fault });
      await faulty.create(wellKnown.configMaps, configMap(namespace, 'a'));
      remove();
      assert.equal(proxy.requests.filter((line) => path.test(line)).length, 3);
    });

    test('a call that got no answer is repeated only when that is safe', async () => {
      const namespace = await freshNamespace();
      const path = new RegExp(`${namespace}/configmaps`);
      const remove = proxy.add({ path, times: 1, fault: { kind: 'drop' } });
      await faulty.apply(wellKnown.configMaps, configMap(namespace, 'a'), { fieldManager: 'suite' });
      remove();
      const removeNext = proxy.add({ path, method: 'POST', times: 1, fault: { kind: 'drop' } });
      const error = await rejection(faulty.create(wellKnown.configMaps, configMap(namespace, 'b')));
      removeNext();
      assert.ok(isKubeError(error, 'UNREACHABLE'), String(error));
    });

    test('a call ends with TIMEOUT when no answer comes', async () => {
      const remove = proxy.add({ path: /silent/, fault: { kind: 'silence' } });
      const error = await rejection(
        faulty.get(wellKnown.configMaps, { namespace: 'default', name: 'silent' }, { timeoutMs: 50 }),
      );
      remove();
      assert.ok(isKubeError(error, 'TIMEOUT'), String(error));
    });

    test('a call rejects with the reason of its signal', async () => {
      const remove = proxy.add({ path: /silent/, fault: { kind: 'silence' } });
      const stop = new AbortController();
      const call = faulty.get(
        wellKnown.configMaps,
        { namespace: 'default', name: 'silent' },
        { signal: stop.signal },
      );
      setImmediate(() => stop.abort(new Error('enough')));
      assert.equal(String(await rejection(call)), 'Error: enough');
      remove();
    });

    test('an informer reports each change once and in order', async () => {
      const namespace = await freshNamespace();
      await createMany(namespace, 4);
      const { informer, changes } = informerOf(client, namespace);
      informer.start();
      await informer.whenComplete(AbortSignal.timeout(DEADLINE_MS));
      assert.deepEqual(changes.toSorted(), ['add cm-0', 'add cm-1', 'add cm-2', 'add cm-3']);
      const ref = { namespace, name: 'cm-1' };
      await client.patch(wellKnown.configMaps, ref, { type: 'merge', body: { data: { k: 'n' } } });
      await client.delete(wellKnown.configMaps, ref);
      await client.create(wellKnown.configMaps, configMap(namespace, 'cm-1'));
      await until(() => changes.length >= 7);
      assert.deepEqual(changes.slice(4), ['update cm-1', 'delete cm-1', 'add cm-1']);
      assert.equal(informer.answer().kind, 'complete');
      await informer.stop();
      assert.equal(informer.answer().kind, 'incomplete');
    });

    test('an informer that is told to list anew does so at once, and reports only what changed', async () => {
      const namespace = await freshNamespace();
      await client.create(wellKnown.configMaps, configMap(namespace, 'a'));
      const { informer, changes } = informerOf(client, namespace);
      informer.start();
      await informer.whenComplete(AbortSignal.timeout(DEADLINE_MS));
      await until(() => informer.counts.watches === 1);
      informer.relist();
      assert.equal(informer.size, 1);
      await until(() => informer.counts.lists === 2 && informer.counts.watches === 2);
      await client.create(wellKnown.configMaps, configMap(namespace, 'b'));
      await until(() => changes.length === 2);
      assert.deepEqual(changes, ['add a', 'add b']);
      assert.deepEqual([informer.counts.failures, informer.counts.missed], [0, 0]);
      assert.equal(informer.answer().kind, 'complete');
    });

    test('an informer goes on where it was when its watch is cut, without a new list', async () => {
      const namespace = await freshNamespace();
      await createMany(namespace, 2);
      const { informer, changes } = informerOf(faulty, namespace);
      informer.start();
      await informer.whenComplete(AbortSignal.timeout(DEADLINE_MS));
      await until(() => informer.counts.watches === 1 && faulty.load.streams === 1);
      const blocked = proxy.add({ path: /watch=true/, fault: { kind: 'drop' } });
      proxy.cutAll();
      await client.create(wellKnown.configMaps, configMap(namespace, 'while-away'));
      await until(() => informer.state.reason !== undefined);
      assert.equal(informer.answer().kind, 'incomplete');
      blocked();
      await until(() => changes.includes('add while-away'));
      assert.equal(informer.answer().kind, 'complete');
      assert.equal(informer.counts.lists, 1);
      await informer.stop();
    });

    test('an informer lists again when its resource version is too old', async () => {
      const namespace = await freshNamespace();
      await createMany(namespace, 2);
      const { informer, changes } = informerOf(faulty, namespace);
      informer.start();
      await informer.whenComplete(AbortSignal.timeout(DEADLINE_MS));
      await until(() => faulty.load.streams === 1);
      const gone = {
        type: 'ERROR',
        object: { kind: 'Status', code: 410, reason: 'Expired', message: 'too old' },
      };
      const remove = proxy.add({
        path: /watch=true/,
        times: 1,
        fault: { kind: 'answer', status: 200, body: `${JSON.stringify(gone)}\n` },
      });
      proxy.cutAll();
      await client.delete(wellKnown.configMaps, { namespace, name: 'cm-0' });
      await until(() => changes.includes('delete cm-0'));
      remove();
      assert.equal(informer.counts.lists, 2);
      assert.equal(informer.counts.gone, 1);
      await informer.stop();
    });

    test('an informer is incomplete with the reason while its kind is forbidden, and keeps what it had', async () => {
      const namespace = await freshNamespace();
      await createMany(namespace, 2);
      const { informer } = informerOf(faulty, namespace);
      informer.start();
      await informer.whenComplete(AbortSignal.timeout(DEADLINE_MS));
      await until(() => faulty.load.streams === 1);
      const body = { kind: 'Status', reason: 'Forbidden', message: 'configmaps is forbidden: RBAC' };
      const remove = proxy.add({ path: /configmaps/, fault: { kind: 'answer', status: 403, body } });
      proxy.cutAll();
      await until(() => /forbidden: RBAC/.test(informer.state.reason ?? ''));
      const answer = informer.answer();
      assert.equal(answer.kind, 'incomplete');
      assert.equal(answer.items.length, 2);
      remove();
      await informer.stop();
    });

    test('an informer opens a silent watch again', async () => {
      const namespace = await freshNamespace();
      const { informer, changes } = informerOf(faulty, namespace, { idleTimeoutMs: 150 });
      const swallow = proxy.add({
        path: /watch=true/,
        times: 1,
        fault: { kind: 'lines', rewrite: () => [] },
      });
      informer.start();
      await informer.whenComplete(AbortSignal.timeout(DEADLINE_MS));
      await client.create(wellKnown.configMaps, configMap(namespace, 'unheard'));
      await until(() => changes.includes('add unheard'));
      swallow();
      assert.ok(informer.counts.idle >= 1);
      await informer.stop();
    });

    test('an informer equals the list again when a proxy drops, doubles and reorders events', async () => {
      const namespace = await freshNamespace();
      await createMany(namespace, 3);
      const { informer } = informerOf(faulty, namespace, { relistMs: 1_000 });
      let held = '';
      let seen = 0;
      const remove = proxy.add({
        path: /watch=true/,
        fault: {
          kind: 'lines',
          rewrite(line) {
            seen += 1;
            if (seen % 3 === 0) return [];
            if (seen % 3 === 1) {
              held = line;
              return [];
            }
            return [line, held, line];
          },
        },
      });
      informer.start();
      await informer.whenComplete(AbortSignal.timeout(DEADLINE_MS));
      for (let i = 0; i < 9; i += 1) {
        const ref = { namespace, name: `cm-${i % 3}` };
        await client.patch(wellKnown.configMaps, ref, { type: 'merge', body: { data: { i: `${i}` } } });
      }
      await client.delete(wellKnown.configMaps, { namespace, name: 'cm-2' });
      const wanted = await versions(client, namespace);
      await until(() => JSON.stringify(versionsOf(informer.values())) === JSON.stringify(wanted));
      remove();
      await informer.stop();
    });

    test('discovery knows kinds, scopes, verbs and sub-resources', async () => {
      const discovery = new Discovery({ ...deps, client });
      const catalog = await discovery.current();
      assert.equal(catalog.complete, true, JSON.stringify([...catalog.failures]));
      const deployment = catalog.byGroupKind({ group: 'apps', kind: 'Deployment' });
      assert.equal(deployment.kind, 'found');
      if (deployment.kind !== 'found') return;
      assert.deepEqual([deployment.type.resource, deployment.type.namespaced], ['deployments', true]);
      assert.ok(deployment.type.subresources.includes('status'));
      assert.ok(deployment.type.verbs.includes('watch'));
      const namespace = catalog.byGvk({ group: '', version: 'v1', kind: 'Namespace' });
      assert.equal(namespace.kind === 'found' && namespace.type.namespaced, false);
      assert.equal(catalog.byGroupKind({ group: 'apps', kind: 'Nothing' }).kind, 'absent');
    });

    test('discovery follows a CustomResourceDefinition that comes and goes', async () => {
      const discovery = new Discovery({ ...deps, client });
      await discovery.current();
      discovery.start();
      running.push(discovery);
      const gk = { group: 'suite.example', kind: 'Widget' };
      await client.create(wellKnown.customResourceDefinitions, widgetDefinition());
      await until(() => discovery.known?.byGroupKind(gk).kind === 'found');
      const openApi = new OpenApi(client);
      await untilAsync(async () => {
        await openApi.refresh();
        return (await openApi.schemaOf({ ...gk, version: 'v1' })) !== undefined;
      });
      const ports = schemaAt(await openApi.schemaOf({ ...gk, version: 'v1' }), ['spec', 'ports']);
      assert.deepEqual(ports?.kind === 'list' && [ports.listType, ports.keys], ['map', ['port']]);
      await client.delete(wellKnown.customResourceDefinitions, { name: 'widgets.suite.example' });
      await until(() => discovery.known?.byGroupKind(gk).kind === 'absent');
      await discovery.stop();
    });

    test('discovery does not take a group for removed because an answer leaves it out', async () => {
      const discovery = new Discovery({ ...deps, client: faulty });
      await discovery.current();
      const gk = { group: 'apps', kind: 'Deployment' };
      const cut = proxy.add({
        path: /^[/]apis$/,
        fault: {
          kind: 'answer',
          status: 200,
          body: { kind: 'APIGroupDiscoveryList', apiVersion: 'apidiscovery.k8s.io/v2', items: [] },
        },
      });
      assert.equal((await discovery.refresh()).byGroupKind(gk).kind, 'found');
      const broken = proxy.add({ path: /^[/]apis[/]apps[/]v1$/, fault: { kind: 'answer', status: 503 } });
      const catalog = await discovery.refresh();
      assert.equal(catalog.complete, false);
      const answer = catalog.byGroupKind({ group: 'apps', kind: 'Unheard' });
      assert.equal(answer.kind, 'unknown');
      cut();
      broken();
      const down = proxy.add({ path: /^[/]api/, fault: { kind: 'answer', status: 500 } });
      const failed = await discovery.refresh();
      down();
      assert.equal(failed.byGroupKind({ group: 'batch', kind: 'Unheard' }).kind, 'unknown');
      assert.equal(failed.byGroupKind(gk).kind, 'found');
      assert.equal((await discovery.refresh()).complete, true);
    });

    test('OpenAPI says how the fields of a Deployment merge', async () => {
      const openApi = new OpenApi(client);
      const schema = await openApi.schemaOf({ group: 'apps', version: 'v1', kind: 'Deployment' });
      const at = (path: string) => {
        const field = schemaAt(schema, path.split('.'));
        if (field?.kind === 'list') return `${field.listType}(${field.keys})`;
        return field?.kind === 'object' ? `object${field.atomic ? ' atomic' : ''}` : field?.kind;
      };
      const got = {
        containers: at('spec.template.spec.containers'),
        ports: at('spec.template.spec.containers.*.ports'),
        args: at('spec.template.spec.containers.*.args'),
        finalizers: at('metadata.finalizers'),
        selector: at('spec.selector'),
        labels: at('metadata.labels.app'),
        replicas: at('spec.replicas'),
      };
      assert.deepEqual(got, {
        containers: 'map(name)',
        ports: 'map(containerPort,protocol)',
        args: 'atomic()',
        finalizers: 'set()',
        selector: 'object atomic',
        labels: 'scalar',
        replicas: 'scalar',
      });
      const ports = schemaAt(schema, 'spec.template.spec.containers.*.ports'.split('.'));
      assert.deepEqual(ports?.kind === 'list' && ports.keyDefaults, { protocol: 'TCP' });
    });

    test('a lease has one holder, and a new epoch with each', async () => {
      const namespace = await freshNamespace();
      const lock = (identity: string) =>
        new LeaseLock({ ...deps, client }, { namespace, name: 'leader', identity, durationMs: 1_000 });
      const a = lock('a');
      const b = lock('b');
      assert.deepEqual(await a.step(), { kind: 'held', epoch: 1 });
      assert.deepEqual(await b.step(), { kind: 'other', holder: 'a', epoch: 1 });
      assert.deepEqual(await a.step(), { kind: 'held', epoch: 1 });
      await a.release();
      assert.throws(() => a.assertHeld(), /not held/);
      assert.deepEqual(await b.step(), { kind: 'held', epoch: 2 });
      assert.deepEqual(await a.steal(), { kind: 'held', epoch: 3 });
      assert.deepEqual(await b.step(), { kind: 'other', holder: 'a', epoch: 3 });
      assert.equal(b.heldEpoch, undefined);
      // Nobody renews: the other one takes over when the time it saw pass is over.
      await untilAsync(async () => (await b.step()).kind === 'held');
      assert.equal(b.assertHeld(), 4);
      assert.equal(a.heldEpoch, undefined);
    });
  });
}

function configMap(namespace: string, name: string): KubeObject {
  const metadata = { name, namespace, labels: { suite: 'yes' } };
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { k: 'v' } };
}

function widgetDefinition(): KubeObject {
  const port = { type: 'object', required: ['port'], properties: { port: { type: 'integer' } } };
  const ports = {
    type: 'array',
    items: port,
    'x-kubernetes-list-type': 'map',
    'x-kubernetes-list-map-keys': ['port'],
  };
  const spec = { type: 'object', properties: { ports } };
  const schema = { openAPIV3Schema: { type: 'object', properties: { spec } } };
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: 'widgets.suite.example' },
    spec: {
      group: 'suite.example',
      scope: 'Namespaced',
      names: { plural: 'widgets', singular: 'widget', kind: 'Widget', listKind: 'WidgetList' },
      versions: [{ name: 'v1', served: true, storage: true, schema }],
    },
  };
}

async function versions(client: KubeClient, namespace: string): Promise<string[]> {
  const answer = await client.listAll(wellKnown.configMaps, { namespace, labelSelector: 'suite=yes' });
  return versionsOf(answer.items);
}

function versionsOf(objects: Iterable<KubeObject>): string[] {
  return [...objects].map(({ metadata }) => `${metadata.name}@${metadata.resourceVersion}`).sort();
}

async function rejection(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => assert.fail('it succeeded'),
    (error: unknown) => error,
  );
}

function until(condition: () => boolean): Promise<void> {
  return untilAsync(async () => condition());
}

async function untilAsync(condition: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + DEADLINE_MS;
  while (!(await condition())) {
    if (performance.now() > deadline) assert.fail('the condition was not met in time');
    await systemClock.sleep(10);
  }
}
