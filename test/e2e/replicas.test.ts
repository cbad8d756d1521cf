// Several control planes on one cluster: one acts, the others know the same and take over.
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type RunningApiServer, startApiServer } from '../../src/apiserver/index.ts';
import { type ControlPlane, startControlPlane } from '../../src/app/compose.ts';
import { connectionOfKubeconfig, type KubeObject } from '../../src/k8s/index.ts';
import { silentLogger, systemClock, systemExec, systemRandom } from '../../src/lib/index.ts';
import { type FaultProxy, startFaultProxy } from '../support/fault-proxy.ts';
import { startGitServer, type TestGitServer, type TestRepository } from '../support/git-server.ts';

const APPLICATIONS = { group: 'argoproj.io', resource: 'applications' };
const CONFIG_MAPS = { group: '', resource: 'configmaps' };
const LEASES = { group: 'coordination.k8s.io', resource: 'leases' };
const DEPS = {
  clock: systemClock,
  random: systemRandom,
  exec: systemExec,
  log: silentLogger,
  path: process.env['PATH'] ?? '',
};
const LEASE_MS = 1_500;
const UNTIL_MS = 60_000;

suite('several control planes on one cluster', () => {
  let folder: string;
  let git: TestGitServer;
  let repository: TestRepository;
  let cluster: RunningApiServer;
  let proxy: FaultProxy;
  const planes = new Map<string, ControlPlane>();

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fairlead-replicas-'));
    git = await startGitServer();
    repository = await git.repository('replicas');
    cluster = await startApiServer({ ...DEPS, listen: { host: '127.0.0.1', port: 0 }, tls: false });
    proxy = await startFaultProxy({ url: cluster.url });
    push('1');
    await start('a', 'all', proxy.url);
    await start('b', 'all');
    await start('page', 'server');
    cluster.internal.create(APPLICATIONS, application());
    await untilValue('1');
  });
  after(async () => {
    for (const plane of planes.values()) await plane.close();
    await proxy.close();
    await cluster.close();
    git.close();
    await rm(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
  });

  async function start(
    name: string,
    role: 'all' | 'controller' | 'server',
    url = cluster.url,
  ): Promise<void> {
    const kubeconfig = cluster.kubeconfig().replaceAll(cluster.url, url);
    const plane = await startControlPlane(DEPS, {
      connection: await connectionOfKubeconfig(kubeconfig, DEPS),
      namespace: 'argocd',
      host: '127.0.0.1',
      port: 0,
      auth: 'off',
      dataDir: join(folder, name),
      installCrds: true,
      role,
      uiDirectory: join(folder, 'no-page'),
      timing: { pollMs: 600_000, revisionPassMs: 100, waveDelayMs: 20, leaseMs: LEASE_MS },
    });
    planes.set(name, plane);
  }

  function push(value: string): string {
    const map = `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: greeting}\ndata: {v: "${value}"}\n`;
    return repository.push({ 'app/map.yaml': map });
  }

  function application(): KubeObject {
    return {
      apiVersion: 'argoproj.io/v1alpha1',
      kind: 'Application',
      metadata: { name: 'shop', namespace: 'argocd' },
      spec: {
        project: 'default',
        source: { repoURL: repository.url, path: 'app', targetRevision: 'main' },
        destination: { server: 'https://kubernetes.default.svc', namespace: 'default' },
        syncPolicy: { automated: { selfHeal: true } },
      },
    };
  }

  const value = (): unknown =>
    (cluster.internal.get(CONFIG_MAPS, 'default', 'greeting') as { data?: { v?: string } } | undefined)?.data
      ?.v;
  const holder = (): string =>
    (cluster.internal.get(LEASES, 'argocd', 'fairlead-controller') as { spec?: { holderIdentity?: string } })
      ?.spec?.holderIdentity ?? '';
  const written = async (name: string): Promise<number> =>
    (await planes.get(name)?.journal.query({ filters: { action: 'object.*' } }))?.records.length ?? 0;
  const call = (name: string, path: string, init?: RequestInit): Promise<Response> =>
    fetch(`${planes.get(name)?.url}${path}`, init);

  async function announce(name: string, commit: string): Promise<void> {
    const body = { ref: 'refs/heads/main', after: commit, repository: { clone_url: repository.url } };
    const headers = { 'content-type': 'application/json', 'x-github-event': 'push' };
    const answer = await call(name, '/api/webhook', { method: 'POST', headers, body: JSON.stringify(body) });
    assert.equal(answer.status, 200);
  }

  async function untilValue(wanted: string): Promise<void> {
    await until(`the value is ${wanted}`, () => value() === wanted);
  }

  test('only one of them writes', async () => {
    assert.ok((await written('a')) > 0);
    assert.equal(await written('b'), 0);
    assert.equal(await written('page'), 0);
  });

  test('a webhook that reaches one that does not act is passed on', async () => {
    await announce('page', push('2'));
    await untilValue('2');
    await announce('b', push('3'));
    await untilValue('3');
    assert.equal(await written('b'), 0);
  });

  test('one that does not act answers questions, and a refresh asked of it is done', async () => {
    const commit = push('4');
    const answer = await call('page', '/api/v1/applications/shop?refresh=normal');
    assert.equal(answer.status, 200);
    const app = (await answer.json()) as {
      metadata: { annotations?: object };
      status: { sync: { revision: string } };
    };
    assert.equal(app.status.sync.revision, commit);
    await untilValue('4');
    await until('its tree is known', async () => {
      const tree = await call('page', '/api/v1/applications/shop/resource-tree');
      return tree.status === 200 && JSON.stringify(await tree.json()).includes('greeting');
    });
  });

  test('when the acting one is cut off another takes over, and it stays so when it comes back', async () => {
    const before = holder();
    const off = proxy.add({ path: /.*/, fault: { kind: 'drop' } });
    proxy.cutAll();
    await until('another holds the lease', () => holder() !== before && holder() !== '');
    await announce('b', push('5'));
    await untilValue('5');
    assert.ok((await written('b')) > 0);
    const lastOfFirst = await written('a');
    off();
    await announce('a', push('6'));
    await untilValue('6');
    assert.equal(await written('a'), lastOfFirst);
  });

  test('one that stops hands over at once', async () => {
    const started = performance.now();
    await planes.get('b')?.close();
    planes.delete('b');
    await until('the first leads again', async () => (await leads('a')) && holder() !== '');
    assert.ok(performance.now() - started < UNTIL_MS);
    await announce('page', push('7'));
    await untilValue('7');
  });

  test('a controller serves health and metrics and nothing else', async () => {
    await start('worker', 'controller');
    assert.equal((await call('worker', '/healthz')).status, 200);
    for (const path of ['/api/v1/applications', '/', '/api/v1/session/userinfo'])
      assert.equal((await call('worker', path)).status, 404, path);
  });

  async function leads(name: string): Promise<boolean> {
    const before = await written(name);
    cluster.internal.update(CONFIG_MAPS, 'default', 'greeting', (object) => {
      object['data'] = { v: `drift ${Math.round(performance.now())}` };
    });
    await sleep(LEASE_MS / 5);
    return (await written(name)) > before;
  }
});

async function until(what: string, check: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + UNTIL_MS;
  while (!(await check())) {
    if (performance.now() > deadline) throw new Error(`waited ${UNTIL_MS} ms until ${what}`);
    await sleep(20);
  }
}
