// Repositories over SSH, against a real OpenSSH server: the key of a repository Secret, the host keys of the known-hosts
// config map, and a name that only the control plane can resolve.
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type RunningApiServer, startApiServer } from '../../src/apiserver/index.ts';
import { type ControlPlane, startControlPlane } from '../../src/app/compose.ts';
import type { RepositoryView } from '../../src/contract/index.ts';
import { connectionOfKubeconfig, type KubeObject, wellKnown } from '../../src/k8s/index.ts';
import { silentLogger, systemClock, systemExec, systemRandom } from '../../src/lib/index.ts';
import { startGitServer, type TestGitServer, type TestRepository } from '../support/git-server.ts';
import { type TestNames, testNames } from '../support/names.ts';
import { missingSshd, type SshServer, sshKey, startSshd } from '../support/providers/sshd.ts';

const HOST = 'ssh.example.test';
const KNOWN_HOSTS = { namespace: 'argocd', name: 'argocd-ssh-known-hosts-cm' };
const WAIT_MS = 60_000;
const POLL_MS = 50;

suite('repositories over SSH', { skip: missingSshd() }, () => {
  let folder: string;
  let names: TestNames;
  let sshd: SshServer;
  let api: RunningApiServer;
  let plane: ControlPlane;
  let git: TestGitServer;
  let shop: TestRepository;
  let commit: string;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fairlead-ssh-'));
    names = testNames();
    names.set(HOST, '127.0.0.1');
    names.set('metadata.example.test', '169.254.169.254');
    [sshd, git] = await Promise.all([startSshd(), startGitServer()]);
    shop = await git.repository('shop');
    commit = shop.push({
      'map.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: web}\ndata: {a: b}\n',
    });
    const deps = { clock: systemClock, random: systemRandom, exec: systemExec, log: silentLogger };
    const machine = { ...deps, path: process.env['PATH'] ?? '', guard: names.guard };
    api = await startApiServer({ ...machine, listen: { host: '127.0.0.1', port: 0 } });
    plane = await startControlPlane(machine, {
      connection: await connectionOfKubeconfig(api.kubeconfig(), deps),
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
    await api?.close();
    git?.close();
    await sshd?.[Symbol.asyncDispose]();
    await rm(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
  });

  const addressAt = (host: string): string => `ssh://${sshd.user}@${host}:${sshd.port}${shop.gitDir}`;

  async function call(
    method: string,
    path: string,
    body?: unknown,
  ): Promise<{ status: number; body: unknown }> {
    const answer = await fetch(`${plane.url}/api/v1/${path}`, {
      method,
      headers: { 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    assert.ok(!text.includes('PRIVATE KEY'), `a key in the answer of ${method} ${path}`);
    return { status: answer.status, body: JSON.parse(text) };
  }

  /** Tries the repository out and keeps nothing; '' when it can be used. */
  async function problemOf(repo: string, extra: Readonly<Record<string, unknown>> = {}): Promise<string> {
    const body = { repo, sshPrivateKey: sshd.key, ...extra };
    const { status, body: answer } = await call(
      'POST',
      `repositories/${encodeURIComponent(repo)}/validate`,
      body,
    );
    return status === 200 ? '' : String((answer as { message?: string }).message);
  }

  /** The settings follow what was written by a watch. */
  async function remove(repo: string): Promise<void> {
    const path = `repositories/${encodeURIComponent(repo)}`;
    await until('the repository is known', async () => (await call('GET', path)).status === 200);
    assert.equal((await call('DELETE', path)).status, 200);
    await until('it is gone', async () => (await call('GET', path)).status !== 200);
  }

  async function until<T>(what: string, look: () => Promise<T | undefined | false>): Promise<T> {
    for (const end = performance.now() + WAIT_MS; performance.now() < end; await sleep(POLL_MS)) {
      const found = await look();
      if (found !== undefined && found !== false) return found;
    }
    throw new Error(`it never happened: ${what}`);
  }

  /** Replaces the known hosts, and waits until they count: the settings follow the API by a watch. */
  async function know(lines: string, expected: RegExp): Promise<void> {
    const object: KubeObject = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: KNOWN_HOSTS,
      data: { ssh_known_hosts: lines },
    };
    await plane.home.apply(wellKnown.configMaps, object, { fieldManager: 'test', force: true });
    await until(`${lines} counts`, async () => expected.test(await problemOf(addressAt(HOST))));
  }

  const line = (host: string, key: string): string => `[${host}]:${sshd.port} ${key}\n`;

  test('a host whose key nobody wrote down is refused, with what to do', async () => {
    await know('', /Host key verification failed/);
    const problem = await problemOf(addressAt(HOST));
    assert.match(
      problem,
      /Host key verification failed; add the server's host key to argocd-ssh-known-hosts-cm/,
    );
  });

  test('a host that shows another key than the one written down is refused, with what to do', async () => {
    const other = await sshKey(folder, 'other-host');
    await know(line(HOST, other.publicKey), /another host key/);
    const problem = await problemOf(addressAt(HOST));
    assert.match(problem, /shows another host key than argocd-ssh-known-hosts-cm has; find out why/);
  });

  test('a key of the host under another name or port does not count', async () => {
    const elsewhere = `${HOST} ${sshd.hostKey}\n[127.0.0.1]:${sshd.port} ${sshd.hostKey}\n[${HOST}]:1 ${sshd.hostKey}\n`;
    await know(elsewhere, /Host key verification failed/);
  });

  test('a repository is cloned with the key of its Secret by a name that was resolved here, and its application synced', async () => {
    await know(line(HOST, sshd.hostKey), /^$/);
    const repo = addressAt(HOST);
    assert.equal((await call('POST', 'repositories', { repo, sshPrivateKey: sshd.key })).status, 200);
    const created = await call('POST', 'applications', {
      metadata: { name: 'web' },
      spec: {
        project: 'default',
        source: { repoURL: repo, path: '.' },
        destination: { server: 'https://kubernetes.default.svc', namespace: 'default' },
        syncPolicy: { automated: {} },
      },
    });
    assert.equal(created.status, 200, JSON.stringify(created.body));
    await until('the application is synced to the commit', async () => {
      const { body } = await call('GET', 'applications/web');
      const { sync } = (body as { status?: { sync?: { status?: string; revision?: string } } }).status ?? {};
      return sync?.status === 'Synced' && sync.revision === commit;
    });
    assert.equal((await call('DELETE', 'applications/web')).status, 200);
    await remove(repo);
  });

  test('a host known by its address is reached by its address', async () => {
    const lines = line(HOST, sshd.hostKey) + line('127.0.0.1', sshd.hostKey);
    await know(lines, /^$/);
    await until('the address counts', async () => (await problemOf(addressAt('127.0.0.1'))) === '');
  });

  test('a key that the server does not let in is refused as such', async () => {
    await know(line(HOST, sshd.hostKey), /^$/);
    const { key } = await sshKey(folder, 'stranger');
    const problem = await problemOf(addressAt(HOST), { sshPrivateKey: key });
    assert.match(
      problem,
      /Permission denied.*the server refused the credential; check the repository Secret/,
    );
  });

  test('insecureIgnoreHostKey lets any host key through, and is shown', async () => {
    await know('', /Host key verification failed/);
    const repo = addressAt(HOST);
    const body = { repo, sshPrivateKey: sshd.key, insecureIgnoreHostKey: true };
    assert.equal((await call('POST', 'repositories', body)).status, 200);
    const path = `repositories/${encodeURIComponent(repo)}`;
    const view = await until('it is shown', async () => {
      const answer = await call('GET', path);
      return answer.status === 200 ? (answer.body as RepositoryView) : undefined;
    });
    assert.equal(view.insecureIgnoreHostKey, true);
    assert.equal(view.connectionState?.status, 'Successful');
    await remove(repo);
  });

  test('S-I1: a name that leads to a metadata address is not connected to', async () => {
    assert.match(await problemOf(addressAt('metadata.example.test')), /link-local addresses are refused/);
  });
});
