// Clusters added, changed and given new tokens on a real API server, whose own controller makes the tokens.
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import {
  type ControlPlane as FairleadPlane,
  startControlPlane as startFairlead,
} from '../../src/app/compose.ts';
import { createKubeClient, type KubeClient, loadKubeconfig, wellKnown } from '../../src/k8s/index.ts';
import { silentLogger, systemClock, systemExec, systemRandom } from '../../src/lib/index.ts';
import { type ControlPlane, startControlPlane } from '../support/control-plane.ts';
import { runFairlead } from '../support/fairlead-process.ts';

const DEPS = {
  clock: systemClock,
  random: systemRandom,
  exec: systemExec,
  log: silentLogger,
  path: process.env.PATH ?? '',
};
const UNTIL_MS = 60_000;

suite('clusters on a real API server', () => {
  let folder: string;
  let server: ControlPlane;
  let kube: KubeClient;
  let plane: FairleadPlane;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fairlead-clusters-'));
    server = await startControlPlane();
    const connection = await loadKubeconfig(server.kubeconfig, { clock: systemClock });
    kube = createKubeClient(connection, {}, DEPS);
    plane = await startFairlead(DEPS, {
      connection,
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
    await kube?.close();
    await server?.close();
    await rm(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
  });

  const cli = (...args: string[]) =>
    runFairlead([...args, '--server', plane.url, '--plaintext'], { cwd: folder });
  const tokens = async (): Promise<string[]> => {
    const answer = await kube.listAll(wellKnown.secrets, { namespace: 'kube-system' });
    if (answer.kind === 'incomplete') throw answer.error;
    return answer.items
      .filter(
        ({ metadata }) => metadata.annotations?.['kubernetes.io/service-account.name'] === 'argocd-manager',
      )
      .map(({ metadata }) => metadata.name ?? '');
  };
  const configOf = async (): Promise<{ bearerToken: string } | undefined> => {
    const answer = await kube.listAll(wellKnown.secrets, { namespace: 'argocd' });
    if (answer.kind === 'incomplete') throw answer.error;
    const secret = answer.items.find(({ metadata }) => metadata.name?.startsWith('cluster-'));
    const data = secret?.['data'] as Record<string, string> | undefined;
    return data?.['config'] === undefined
      ? undefined
      : JSON.parse(Buffer.from(data['config'], 'base64').toString());
  };
  const until = async <T>(what: string, check: () => Promise<T | undefined | false>): Promise<T> => {
    const deadline = performance.now() + UNTIL_MS;
    for (;;) {
      const found = await check();
      if (found !== undefined && found !== false) return found;
      assert.ok(performance.now() < deadline, `waited until ${what}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  };

  test('cluster add makes an account, and the server reaches the cluster with its token', async () => {
    const added = await cli(
      'cluster',
      'add',
      'test',
      '--kubeconfig',
      server.kubeconfig,
      '--name',
      'second',
      '-y',
    );
    assert.equal(added.code, 0, added.stderr);
    assert.match(added.stdout, /Cluster 'https:\/\/127\.0\.0\.1:\d+' added/);
    assert.equal((await tokens()).length, 1);
    await until('it is listed', async () => (await cli('cluster', 'list')).stdout.includes('second'));
  });

  test('cluster set changes name and namespaces, and leaves the credential', async () => {
    const before = await configOf();
    const set = await cli(
      'cluster',
      'set',
      'second',
      '--name',
      'third',
      '--namespace',
      'default',
      '--label',
      'tier=1',
    );
    assert.equal(set.code, 0, set.stderr);
    await until('it has its new name', async () => (await cli('cluster', 'list')).stdout.includes('third'));
    assert.deepEqual(await configOf(), before);
  });

  test('cluster rotate-auth writes a new token down, and the old one ends', async () => {
    const old = (await configOf())?.bearerToken ?? '';
    const [secret = ''] = await tokens();
    const rotated = await cli('cluster', 'rotate-auth', 'third');
    assert.equal(rotated.code, 0, rotated.stderr);
    const fresh = (await configOf())?.bearerToken ?? '';
    assert.notEqual(fresh, old);
    const left = await tokens();
    assert.equal(left.length, 1);
    assert.ok(!left.includes(secret));
    for (const { stdout, stderr } of [rotated, await cli('cluster', 'get', 'third', '-o', 'json')])
      assert.ok(![stdout, stderr].some((text) => text.includes(fresh) || text.includes(old)));
    const whoAmI = async (token: string): Promise<number> => {
      const client = createKubeClient(
        {
          server: server.url,
          tls: { ca: server.ca },
          authorize: (headers) => void headers.push('authorization', `Bearer ${token}`),
        },
        {},
        DEPS,
      );
      try {
        await client.raw({ path: '/api/v1/namespaces/kube-system' });
        return 200;
      } catch (error) {
        return (error as { code?: string }).code === 'UNAUTHORIZED' ? 401 : 500;
      } finally {
        await client.close();
      }
    };
    assert.equal(await whoAmI(fresh), 200);
    await until('the old token is refused', async () => (await whoAmI(old)) === 401);
  });

  test('the home cluster has no token to rotate', async () => {
    const rotated = await cli('cluster', 'rotate-auth', 'in-cluster');
    assert.notEqual(rotated.code, 0);
    assert.match(rotated.stderr, /has no Secret/);
  });
});
