// What administrators ask of clusters, over a control plane on the embedded API whose watches can be made to miss things.
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { parse as parseYaml } from 'yaml';
import { type RunningApiServer, startApiServer } from '../../src/apiserver/index.ts';
import { type ControlPlane, startControlPlane } from '../../src/app/compose.ts';
import type { Cluster } from '../../src/contract/index.ts';
import {
  type ClusterConnection,
  connectionOfKubeconfig,
  createKubeClient,
  wellKnown,
} from '../../src/k8s/index.ts';
import { silentLogger, systemClock, systemExec, systemRandom } from '../../src/lib/index.ts';
import type { Application } from '../../src/model/index.ts';
import { runFairlead } from '../support/fairlead-process.ts';
import { type FaultProxy, startFaultProxy } from '../support/fault-proxy.ts';
import { startGitServer, type TestGitServer } from '../support/git-server.ts';

const PATH = process.env.PATH ?? '';
const DEPS = { clock: systemClock, random: systemRandom, exec: systemExec, log: silentLogger, path: PATH };
const UNTIL_MS = 60_000;
const HOME = 'https://kubernetes.default.svc';

let folder: string;
let api: RunningApiServer;
let direct: ClusterConnection;
let proxy: FaultProxy;
let plane: ControlPlane;
let git: TestGitServer;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fairlead-clusters-'));
  api = await startApiServer({ ...DEPS, listen: { host: '127.0.0.1', port: 0 } });
  direct = await connectionOfKubeconfig(api.kubeconfig(), { clock: systemClock });
  await writeFile(join(folder, 'kubeconfig'), api.kubeconfig());
  const ca = direct.tls.ca === undefined ? {} : { ca: String(direct.tls.ca) };
  proxy = await startFaultProxy({ url: direct.server, ...ca });
  git = await startGitServer();
  plane = await startControlPlane(DEPS, {
    connection: { ...direct, server: proxy.url, tls: {} },
    namespace: 'argocd',
    host: '127.0.0.1',
    port: 0,
    auth: 'off',
    dataDir: join(folder, 'data'),
    installCrds: true,
    uiDirectory: join(folder, 'no-page'),
  });
});

after(async () => {
  await plane?.close();
  git?.close();
  await proxy?.close();
  await api?.close();
  await rm(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
});

async function until<T>(what: string, check: () => Promise<T | undefined | false>): Promise<T> {
  const deadline = performance.now() + UNTIL_MS;
  for (;;) {
    const found = await check();
    if (found !== undefined && found !== false) return found;
    assert.ok(performance.now() < deadline, `waited until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

async function call<T>(method: string, path: string, body?: unknown): Promise<T> {
  const answer = await fetch(`${plane.url}${path}`, {
    method,
    headers: { 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  assert.equal(answer.status, 200, text);
  return JSON.parse(text) as T;
}

const cli = (...args: string[]) =>
  runFairlead([...args, '--server', plane.url, '--plaintext'], { cwd: folder });
const web = () => call<Application>('GET', '/api/v1/applications/web');

test('a cluster shows what is deployed to it, and what was missed once it is asked to be read anew', async () => {
  const repository = await git.repository('web');
  const manifest = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: web}\ndata: {k: v}\n';
  repository.push({ 'web/map.yaml': manifest });
  const kube = createKubeClient(direct, {}, DEPS);
  try {
    await kube.create(wellKnown.namespaces, {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: 'shop' },
    });
    await call('POST', '/api/v1/applications', {
      metadata: { name: 'web' },
      spec: {
        project: 'default',
        source: { repoURL: repository.url, path: 'web', targetRevision: 'main' },
        destination: { server: HOME, namespace: 'shop' },
      },
    });
    await call('POST', '/api/v1/applications/web/sync', {});
    await until('it is synced', async () => {
      const { status } = await web();
      return status?.sync?.status === 'Synced' && status.operationState?.phase === 'Succeeded';
    });

    const { info } = await call<Cluster>('GET', '/api/v1/clusters/in-cluster?id.type=name');
    assert.equal(info?.applicationsCount, 1);
    assert.ok((info?.cacheInfo?.resourcesCount ?? 0) > 5 && (info?.cacheInfo?.apisCount ?? 0) > 5);
    const stats = JSON.parse((await cli('admin', 'cluster', 'stats', '-o', 'json')).stdout);
    assert.deepEqual([stats.length, stats[0].applications, stats[0].namespaces], [1, 1, 1]);
    assert.equal(
      (await cli('admin', 'cluster', 'namespaces')).stdout,
      'CLUSTER                         NAMESPACE\nhttps://kubernetes.default.svc  shop\n',
    );

    // A watch that is cut and opened again is one whose events go through the rule.
    const lost = (line: string): readonly string[] => (line.includes('"DELETED"') ? [] : [line]);
    proxy.add({ path: /configmaps.*watch=true/, fault: { kind: 'lines', rewrite: lost } });
    const watches = (): number =>
      proxy.requests.filter((request) => /\/api\/v1\/configmaps\?.*watch=true/.test(request)).length;
    const opened = watches();
    proxy.cutAll();
    await until('it is watched again', async () => watches() > opened);
    await kube.delete(wellKnown.configMaps, { namespace: 'shop', name: 'web' });
    // An event of the same watch that comes later: the deletion was on its way and is lost.
    await kube.create(wellKnown.configMaps, {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: {
        name: 'later',
        namespace: 'shop',
        annotations: { 'argocd.argoproj.io/tracking-id': 'web:/ConfigMap:shop/later' },
      },
    });
    await until('the later object is seen', async () =>
      (await web()).status?.resources?.some(({ name }) => name === 'later'),
    );
    const blind = (await web()).status?.resources?.find(({ name }) => name === 'web');
    assert.equal(blind?.status, 'Synced');

    proxy.clear();
    await call('POST', '/api/v1/clusters/in-cluster/invalidate-cache?id.type=name', {});
    await until('the deletion is known', async () => {
      const found = (await web()).status?.resources?.find(({ name }) => name === 'web');
      return found?.status === 'OutOfSync';
    });
  } finally {
    await kube.close();
  }
});

test('admin cluster kubeconfig writes a file that kubectl can use, and only its owner can read', async () => {
  const text = parseYaml(api.kubeconfig()) as {
    clusters: { cluster: { 'certificate-authority-data'?: string } }[];
    users: { user: { token?: string; 'client-certificate-data'?: string; 'client-key-data'?: string } }[];
  };
  const caData = text.clusters[0]?.cluster['certificate-authority-data'];
  const user = text.users[0]?.user ?? {};
  await call('POST', '/api/v1/clusters', {
    server: direct.server,
    name: 'second',
    config: {
      bearerToken: user.token,
      tlsClientConfig: {
        caData,
        certData: user['client-certificate-data'],
        keyData: user['client-key-data'],
      },
    },
  });
  const home = ['--kubeconfig', join(folder, 'kubeconfig'), '--namespace', 'argocd'];
  const file = join(folder, 'second.kubeconfig');
  const written = await runFairlead(['admin', 'cluster', 'kubeconfig', 'second', file, ...home], {
    cwd: folder,
  });
  assert.deepEqual([written.code, written.stdout], [0, ''], written.stderr);
  assert.equal((await stat(file)).mode & 0o777, 0o600);
  const connection = await connectionOfKubeconfig(await readFile(file, 'utf8'), { clock: systemClock });
  const client = createKubeClient(connection, {}, DEPS);
  try {
    assert.equal((await client.get(wellKnown.namespaces, { name: 'argocd' })).metadata.name, 'argocd');
  } finally {
    await client.close();
  }
  const none = await runFairlead(['admin', 'cluster', 'kubeconfig', 'third', ...home], { cwd: folder });
  assert.deepEqual(
    [none.code, none.stderr],
    [20, 'Error: Namespace argocd has no Secret of a cluster "third"; there are second\n'],
  );
});
