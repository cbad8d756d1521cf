// Repositories and their credentials over REST and the command line: against a Git server that wants a password, one
// that sends callers elsewhere, and a control plane on the embedded API.
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { parse as parseYaml } from 'yaml';
import { type RunningApiServer, startApiServer } from '../../src/apiserver/index.ts';
import { type ControlPlane, startControlPlane } from '../../src/app/compose.ts';
import type { RepositoryView } from '../../src/contract/index.ts';
import { connectionOfKubeconfig, createKubeClient, type KubeObject, wellKnown } from '../../src/k8s/index.ts';
import { silentLogger, systemClock, systemExec, systemRandom } from '../../src/lib/index.ts';
import { runFairlead } from '../support/fairlead-process.ts';
import { startGitServer, type TestGitServer } from '../support/git-server.ts';
import { pgpSigner } from '../support/signing.ts';

const PATH = process.env.PATH ?? '';
const DEPS = { clock: systemClock, random: systemRandom, exec: systemExec, log: silentLogger, path: PATH };
const PASSWORD = 'canary-repository-password';
const UNTIL_MS = 30_000;
const HOST_KEY = 'AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl';

let folder: string;
let api: RunningApiServer;
let plane: ControlPlane;
let git: TestGitServer;
let repoUrl: string;
let elsewhere: Server;
const seenElsewhere: (string | undefined)[] = [];

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fairlead-repositories-'));
  api = await startApiServer({ ...DEPS, listen: { host: '127.0.0.1', port: 0 } });
  const connection = await connectionOfKubeconfig(api.kubeconfig(), { clock: systemClock });
  plane = await startControlPlane(DEPS, {
    connection,
    namespace: 'argocd',
    host: '127.0.0.1',
    port: 0,
    auth: 'off',
    dataDir: join(folder, 'data'),
    installCrds: true,
    uiDirectory: join(folder, 'no-page'),
  });
  git = await startGitServer({ user: 'ann', password: PASSWORD });
  const repository = await git.repository('shop');
  repoUrl = repository.url;
  elsewhere = createServer((request, response) => {
    seenElsewhere.push(request.headers.authorization);
    response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => elsewhere.listen(0, '127.0.0.1', resolve));
});

after(async () => {
  await plane?.close();
  await api?.close();
  git?.close();
  elsewhere?.close();
  await rm(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
});

async function call(
  method: string,
  path: string,
  body?: unknown,
): Promise<{ status: number; body: unknown }> {
  const answer = await fetch(`${plane.url}${path}`, {
    method,
    headers: { 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  assert.ok(!text.includes(PASSWORD), `a secret in the answer of ${method} ${path}`);
  return { status: answer.status, body: JSON.parse(text) };
}

async function cli(...args: string[]): Promise<{ code: number | null; stdout: string; stderr: string }> {
  return await runFairlead([...args, '--server', plane.url, '--plaintext'], { cwd: folder });
}

const one = (url: string): string => `/api/v1/repositories/${encodeURIComponent(url)}`;

async function secrets(): Promise<KubeObject[]> {
  const answer = await plane.home.listAll(wellKnown.secrets, { namespace: 'argocd' });
  if (answer.kind === 'incomplete') throw answer.error;
  return answer.items.filter(({ metadata }) => metadata.labels?.['argocd.argoproj.io/secret-type']);
}

/** The settings follow the API by a watch. */
async function until<T>(what: string, check: () => Promise<T | undefined | false>): Promise<T> {
  const deadline = performance.now() + UNTIL_MS;
  for (;;) {
    const found = await check();
    if (found !== undefined && found !== false) return found;
    assert.ok(performance.now() < deadline, `waited until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

test('a repository is tried out before it is written down', async () => {
  const wrong = await call('POST', '/api/v1/repositories', {
    repo: repoUrl,
    username: 'ann',
    password: 'no',
  });
  assert.equal(wrong.status, 400, JSON.stringify(wrong.body));
  assert.match(JSON.stringify(wrong.body), /cannot be used/);
  assert.deepEqual(await secrets(), []);
});

test('a repository is added, shown with its connection and without its password, changed and removed', async () => {
  const body = { repo: repoUrl, username: 'ann', password: PASSWORD, name: 'shop' };
  assert.equal((await call('POST', '/api/v1/repositories', body)).status, 200);
  const [secret] = await secrets();
  assert.match(secret?.metadata.name ?? '', /^repo-\d+$/);
  const view = await until('it is shown', async () => {
    const answer = await call('GET', one(repoUrl));
    return answer.status === 200 ? (answer.body as RepositoryView) : undefined;
  });
  assert.deepEqual(
    { ...view, connectionState: view.connectionState?.status },
    {
      repo: repoUrl,
      type: 'git',
      name: 'shop',
      username: 'ann',
      connectionState: 'Successful',
    },
  );
  assert.equal((await call('POST', '/api/v1/repositories', body)).status, 409);
  assert.equal((await call('PUT', one(repoUrl), { ...body, name: 'store' })).status, 200);
  await until('the new name is shown', async () => {
    const { body: answer } = await call('GET', '/api/v1/repositories');
    return (answer as { items: RepositoryView[] }).items[0]?.name === 'store';
  });
  assert.equal((await call('DELETE', one(repoUrl))).status, 200);
  await until('it is gone', async () => (await call('GET', one(repoUrl))).status === 403);
});

test('S-H5: a template lends its credential by the longest prefix, and never to a host that begins alike', async () => {
  const template = { url: git.url, username: 'ann', password: PASSWORD };
  assert.equal((await call('POST', '/api/v1/repocreds', template)).status, 200);
  await until(
    'the template counts',
    async () => (await call('POST', '/api/v1/repositories', { repo: repoUrl })).status === 200,
  );
  const view = await until('it is shown', async () => {
    const answer = await call('GET', one(repoUrl));
    return answer.status === 200 ? (answer.body as RepositoryView) : undefined;
  });
  assert.equal(view.inheritedCreds, true);
  assert.equal(view.connectionState?.status, 'Successful');
  // The template's address is the beginning of this one, whose host is another.
  const alike = `${git.url}@127.0.0.1:${(elsewhere.address() as AddressInfo).port}/shop.git`;
  await call('POST', `${one(alike)}/validate`, { repo: alike });
  assert.ok(
    seenElsewhere.every(
      (header) => header === undefined || !header.includes(Buffer.from(`ann:${PASSWORD}`).toString('base64')),
    ),
  );
  await call('DELETE', one(repoUrl));
  await call('DELETE', `/api/v1/repocreds/${encodeURIComponent(git.url)}`);
});

test('S-H5: a server that sends the caller to another host gets the password nowhere', async () => {
  seenElsewhere.length = 0;
  const target = `http://127.0.0.1:${(elsewhere.address() as AddressInfo).port}`;
  const redirecting = createServer((request, response) => {
    response.writeHead(302, { location: `${target}${request.url}` }).end();
  });
  await new Promise<void>((resolve) => redirecting.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(redirecting.address() as AddressInfo).port}/shop.git`;
  const answer = await call('POST', '/api/v1/repositories', {
    repo: url,
    username: 'ann',
    password: PASSWORD,
  });
  redirecting.close();
  assert.equal(answer.status, 400);
  assert.deepEqual(
    seenElsewhere.filter((header) => header !== undefined),
    [],
  );
});

test('the command line adds, lists and removes repositories and templates', async () => {
  const added = await cli(
    'repo',
    'add',
    repoUrl,
    '--username',
    'ann',
    '--password',
    PASSWORD,
    '--name',
    'shop',
  );
  assert.equal(added.code, 0, added.stderr);
  const listed = await until('it is listed', async () => {
    const { stdout } = await cli('repo', 'list');
    return stdout.includes(repoUrl) ? stdout : undefined;
  });
  assert.match(listed, /TYPE\s+NAME\s+REPO/);
  assert.match(listed, /git\s+shop\s+\S+\s+false\s+false\s+false\s+true\s+Successful/);
  const refused = await cli('repo', 'add', `${git.url}/nothing.git`, '--username', 'ann', '--password', 'no');
  assert.notEqual(refused.code, 0);
  assert.equal((await cli('repo', 'rm', repoUrl)).code, 0);
  assert.equal((await cli('repocreds', 'add', git.url, '--username', 'ann', '--password', PASSWORD)).code, 0);
  await until('the template is listed', async () =>
    (await cli('repocreds', 'list')).stdout.includes(git.url),
  );
  assert.equal((await cli('repocreds', 'rm', git.url)).code, 0);
});

test('what is pushed with is kept, shown and tried out apart from what is read with', async () => {
  const written = (url: string): string => `/api/v1/write-repositories/${encodeURIComponent(url)}`;
  const body = { repo: repoUrl, username: 'ann', password: PASSWORD, name: 'pushed' };
  const wrong = await call('POST', '/api/v1/write-repositories', { ...body, password: 'no' });
  assert.equal(wrong.status, 400, JSON.stringify(wrong.body));
  assert.equal((await call('POST', '/api/v1/write-repositories', body)).status, 200);
  const [secret, ...others] = await secrets();
  assert.deepEqual(others, []);
  assert.match(secret?.metadata.name ?? '', /^repo-write-\d+$/);
  assert.equal(secret?.metadata.labels?.['argocd.argoproj.io/secret-type'], 'repository-write');
  const view = await until('it is shown', async () => {
    const answer = await call('GET', written(repoUrl));
    return answer.status === 200 ? (answer.body as RepositoryView) : undefined;
  });
  assert.deepEqual([view.name, view.username, view.connectionState?.status], ['pushed', 'ann', 'Successful']);
  // Sources are not read with it: to them the repository is one that nobody configured.
  assert.equal((await call('GET', one(repoUrl))).status, 403);
  assert.deepEqual(((await call('GET', '/api/v1/repositories')).body as { items: unknown[] }).items, []);
  assert.equal((await call('POST', '/api/v1/repositories', { repo: repoUrl })).status, 400);
  const source = { repoURL: repoUrl, path: '.' };
  const details = await call('POST', `${one(repoUrl)}/appdetails`, { source, appName: 'shop' });
  assert.equal(details.status >= 400, true, JSON.stringify(details.body));
  assert.equal((await call('POST', '/api/v1/write-repositories', body)).status, 409);
  assert.equal((await call('PUT', written(repoUrl), { ...body, name: 'store' })).status, 200);
  await until('the new name is shown', async () => {
    const { body: answer } = await call('GET', '/api/v1/write-repositories');
    return (answer as { items: RepositoryView[] }).items[0]?.name === 'store';
  });
  assert.equal((await call('POST', `${written(repoUrl)}/validate`, body)).status, 200);
  assert.equal((await call('DELETE', written(repoUrl))).status, 200);
  await until('it is gone', async () => (await call('GET', written(repoUrl))).status === 403);
});

test('templates for pushing lend to repositories for pushing alone, and the other way round', async () => {
  const template = { url: git.url, username: 'ann', password: PASSWORD };
  for (const [own, other] of [
    ['write-repo', 'repo'],
    ['repo', 'write-repo'],
  ]) {
    assert.equal((await call('POST', `/api/v1/${own}creds`, template)).status, 200);
    await until('the template lends', async () => {
      const path = `/api/v1/${own}sitories/${encodeURIComponent(repoUrl)}/validate`;
      return (await call('POST', path, { repo: repoUrl })).status === 200;
    });
    const foreign = `/api/v1/${other}sitories/${encodeURIComponent(repoUrl)}/validate`;
    assert.equal((await call('POST', foreign, { repo: repoUrl })).status, 400, foreign);
    const listed = async (which = ''): Promise<unknown[]> =>
      ((await call('GET', `/api/v1/${which}creds`)).body as { items: unknown[] }).items;
    assert.deepEqual(await listed(own), [{ url: git.url, type: 'git', username: 'ann' }]);
    assert.deepEqual(await listed(other), []);
    const at = `/api/v1/${own}creds/${encodeURIComponent(git.url)}`;
    assert.equal((await call('PUT', at, { ...template, username: 'bob' })).status, 200);
    assert.equal((await call('DELETE', at)).status, 200);
    await until('it is gone', async () => (await listed(own)).length === 0);
  }
});

test('the command line keeps what is pushed with by --write', async () => {
  const credential = ['--username', 'ann', '--password', PASSWORD];
  const added = await cli('repo', 'add', repoUrl, '--write', ...credential);
  assert.equal(added.code, 0, added.stderr);
  await until('it is listed', async () => (await cli('repo', 'list', '--write')).stdout.includes(repoUrl));
  assert.ok(!(await cli('repo', 'list')).stdout.includes(repoUrl));
  assert.match((await cli('repo', 'get', repoUrl, '--write')).stdout, /Successful/);
  assert.notEqual((await cli('repo', 'rm', repoUrl)).code, 0);
  assert.equal((await cli('repo', 'rm', repoUrl, '--write')).code, 0);
  assert.equal((await cli('repocreds', 'add', git.url, '--write', ...credential)).code, 0);
  await until('the template is listed', async () =>
    (await cli('repocreds', 'list', '--write')).stdout.includes(git.url),
  );
  assert.ok(!(await cli('repocreds', 'list')).stdout.includes(git.url));
  assert.equal((await cli('repocreds', 'rm', git.url, '--write')).code, 0);
});

test('host keys and certificates are added, listed and removed', async () => {
  const file = join(folder, 'known_hosts');
  await writeFile(file, `# a remark\ngit.example.test ssh-ed25519 ${HOST_KEY}\n`);
  assert.equal((await cli('cert', 'add-ssh', '--from', file)).code, 0);
  const listed = await until('it is listed', async () => {
    const { stdout } = await cli('cert', 'list');
    return stdout.includes('git.example.test') ? stdout : undefined;
  });
  assert.match(
    listed,
    /git\.example\.test\s+ssh\s+ssh-ed25519\s+SHA256:\+DiY3wvvV6TuJJhbpZisF\/zLDA0zPMSvHdkr4UvCOqU/,
  );
  const notOne = join(folder, 'no.pem');
  await writeFile(notOne, 'nothing');
  const refused = await cli('cert', 'add-tls', 'git.example.test', '--from', notOne);
  assert.notEqual(refused.code, 0);
  assert.match(refused.stderr, /is not a PEM certificate/);
  assert.equal((await cli('cert', 'rm', 'git.example.test')).code, 0);
  await until('it is gone', async () => !(await cli('cert', 'list')).stdout.includes('git.example.test'));
});

test('a cluster is tried out, added, shown without its credential and removed', async () => {
  const second = await startApiServer({ ...DEPS, listen: { host: '127.0.0.1', port: 0 } });
  try {
    const config = parseYaml(second.kubeconfig()) as {
      clusters: { cluster: { server: string; 'certificate-authority-data'?: string } }[];
      users: { user: { token?: string; 'client-certificate-data'?: string; 'client-key-data'?: string } }[];
    };
    const { server, 'certificate-authority-data': caData } = config.clusters[0]?.cluster ?? { server: '' };
    const user = config.users[0]?.user ?? {};
    const body = {
      server,
      name: 'second',
      config: {
        bearerToken: user.token,
        tlsClientConfig: {
          caData,
          certData: user['client-certificate-data'],
          keyData: user['client-key-data'],
        },
      },
    };
    const refused = await call('POST', '/api/v1/clusters', { ...body, config: { bearerToken: 'wrong' } });
    assert.ok(refused.status >= 400, JSON.stringify(refused.body));
    const exec = { config: { execProviderConfig: { command: 'sh' } } };
    assert.equal((await call('POST', '/api/v1/clusters', { ...body, ...exec })).status, 400);
    const added = await call('POST', '/api/v1/clusters', body);
    assert.equal(added.status, 200, JSON.stringify(added.body));
    assert.equal((await call('POST', '/api/v1/clusters', body)).status, 409);
    const listed = await until('it is listed', async () => {
      const { stdout } = await cli('cluster', 'list');
      return stdout.includes('second') ? stdout : undefined;
    });
    assert.ok(user.token === undefined || !listed.includes(user.token));
    const shown = await call('GET', '/api/v1/clusters/second?id.type=name');
    assert.equal((shown.body as { server: string }).server, server);
    assert.equal('config' in (shown.body as object), false);
    const moved = { ...body, server: 'https://127.0.0.1:1' };
    assert.equal((await call('PUT', `/api/v1/clusters/${encodeURIComponent(server)}`, moved)).status, 400);
    assert.equal((await cli('cluster', 'rm', 'second')).code, 0);
    await until('it is gone', async () => !(await cli('cluster', 'list')).stdout.includes('second'));
    const home = await cli('cluster', 'rm', 'in-cluster');
    assert.notEqual(home.code, 0);
  } finally {
    await second.close();
  }
});

test('cluster add makes an account in the cluster of a context and hands its token over', async () => {
  const second = await startApiServer({ ...DEPS, listen: { host: '127.0.0.1', port: 0 } });
  const file = join(folder, 'second.kubeconfig');
  await writeFile(file, second.kubeconfig());
  const config = parseYaml(second.kubeconfig()) as {
    'current-context': string;
    users: { user: { token?: string } }[];
  };
  const client = createKubeClient(await connectionOfKubeconfig(second.kubeconfig(), DEPS), {}, DEPS);
  // What a token controller does, as long as the test runs; the token is one that this server takes.
  let isOver = false;
  const controller = (async () => {
    while (!isOver) {
      const answer = await client.listAll(wellKnown.secrets, { namespace: 'kube-system' });
      const open = answer.kind === 'complete' ? answer.items.filter((secret) => !hasToken(secret)) : [];
      for (const { metadata } of open) {
        const token = Buffer.from(config.users[0]?.user.token ?? '').toString('base64');
        const ref = { namespace: 'kube-system', name: metadata.name ?? '' };
        await client.patch(wellKnown.secrets, ref, { type: 'merge', body: { data: { token } } });
      }
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  })();
  try {
    const context = config['current-context'];
    const asked = await cli('cluster', 'add', context, '--kubeconfig', file);
    assert.notEqual(asked.code, 0);
    assert.match(asked.stderr, /needs a confirmation; without a terminal say --yes/);
    const added = await cli('cluster', 'add', context, '--kubeconfig', file, '--name', 'made', '--yes');
    assert.equal(added.code, 0, added.stderr);
    await until('it is listed', async () => (await cli('cluster', 'list')).stdout.includes('made'));
    const twice = await cli('cluster', 'add', context, '--kubeconfig', file, '--name', 'made', '--yes');
    assert.match(twice.stderr, /use upsert/);
    const set = await cli('cluster', 'set', 'made', '--name', 'renamed', '--namespace', 'shop');
    assert.equal(set.code, 0, set.stderr);
    const shown = await until('it is renamed', async () => {
      const { code, stdout } = await cli('cluster', 'get', 'renamed', '-o', 'json');
      return code === 0 ? (JSON.parse(stdout) as { namespaces?: string[] }) : undefined;
    });
    assert.deepEqual(shown.namespaces, ['shop']);
    const rotated = await cli('cluster', 'rotate-auth', 'renamed');
    assert.match(rotated.stderr, /not used with the token of a service account's Secret/);
    assert.equal((await cli('cluster', 'rm', 'renamed')).code, 0);
  } finally {
    isOver = true;
    await controller;
    await client.close();
    await second.close();
  }
});

function hasToken(secret: KubeObject): boolean {
  return typeof (secret['data'] as { token?: string } | undefined)?.token === 'string';
}

test('a body that names other credentials than the changes it asks for changes nothing else', async () => {
  const server = 'https://kubernetes.default.svc';
  const path = `/api/v1/clusters/${encodeURIComponent(server)}?updatedFields=config`;
  const refused = await call('PUT', path, { server, config: { bearerToken: 'x' } });
  assert.equal(refused.status, 400);
  assert.match(JSON.stringify(refused.body), /is none of name, namespaces/);
});

test('OpenPGP keys are added once, shown, listed and removed; private ones are refused', async () => {
  const signer = await pgpSigner();
  const file = join(folder, 'key.asc');
  await writeFile(file, signer.key.armor());
  const refused = await cli('gpg', 'add', '--from', file);
  assert.notEqual(refused.code, 0);
  assert.match(refused.stderr, /has a private key in it/);
  await writeFile(file, signer.publicKey);
  const id = signer.id.slice(-16);
  const added = await cli('gpg', 'add', '--from', file);
  assert.match(added.stdout, new RegExp(`Key ${id} of Ada <ada@example.com> added`));
  await until('it is listed', async () => (await cli('gpg', 'list')).stdout.includes(id));
  assert.match((await cli('gpg', 'add', '--from', file)).stdout, /is there already/);
  const { stdout } = await cli('gpg', 'get', signer.id);
  assert.match(stdout, new RegExp(`Key fingerprint: ${signer.id}`));
  assert.match(stdout, /BEGIN PGP PUBLIC KEY BLOCK/);
  assert.equal((await cli('gpg', 'rm', id)).code, 0);
  await until('it is gone', async () => !(await cli('gpg', 'list')).stdout.includes(id));
  assert.notEqual((await cli('gpg', 'rm', id)).code, 0);
  await writeFile(file, 'no key');
  assert.match((await cli('gpg', 'add', '--from', file)).stderr, /no armoured OpenPGP public key/);
});

test('Secrets of repositories and clusters are printed without a server', async () => {
  const options = { cwd: folder };
  const repo = await runFairlead(
    [
      'admin',
      'repo',
      'generate-spec',
      'https://git.example.test/shop.git',
      '--username',
      'ann',
      '--password',
      'p',
    ],
    options,
  );
  assert.equal(repo.code, 0, repo.stderr);
  const secret = parseYaml(repo.stdout) as KubeObject & { stringData: Record<string, string> };
  assert.equal(secret.metadata.labels?.['argocd.argoproj.io/secret-type'], 'repository');
  assert.deepEqual(secret.stringData, {
    url: 'https://git.example.test/shop.git',
    type: 'git',
    username: 'ann',
    password: 'p',
  });
  const file = join(folder, 'home.kubeconfig');
  await writeFile(file, api.kubeconfig());
  const context = (parseYaml(api.kubeconfig()) as { 'current-context': string })['current-context'];
  const cluster = await runFairlead(
    [
      'admin',
      'cluster',
      'generate-spec',
      context,
      '--kubeconfig',
      file,
      '--bearer-token',
      't',
      '--label',
      'a=b',
    ],
    options,
  );
  assert.equal(cluster.code, 0, cluster.stderr);
  const made = parseYaml(cluster.stdout) as typeof secret;
  assert.equal(made.metadata.labels?.['a'], 'b');
  assert.equal(made.metadata.labels?.['argocd.argoproj.io/secret-type'], 'cluster');
  assert.equal(JSON.parse(made.stringData['config'] ?? '{}').bearerToken, 't');
});

test('S-F5: what is shown has no credential, and a change that names another repository or project is refused', async () => {
  const body = { repo: repoUrl, username: 'ann', password: PASSWORD, project: 'default' };
  assert.equal((await call('POST', '/api/v1/repositories', body)).status, 200);
  const path = `${one(repoUrl)}?appProject=default`;
  const view = await until('it is shown', async () => {
    const answer = await call('GET', path);
    return answer.status === 200 ? (answer.body as RepositoryView) : undefined;
  });
  assert.equal('password' in view, false);
  const other = await call('PUT', path, { ...body, repo: 'https://git.example.test/other.git' });
  assert.equal(other.status, 400);
  assert.match(JSON.stringify(other.body), /differs from the repository in the path/);
  const { project: _, ...everybody } = body;
  const wider = await call('PUT', path, everybody);
  assert.equal(wider.status, 400);
  assert.match(JSON.stringify(wider.body), /the repository belongs to project/);
  assert.equal((await secrets()).length, 1);
  assert.equal((await call('DELETE', path)).status, 200);
  await until('it is gone', async () => (await secrets()).length === 0);
});

test('a cluster that cannot be reached is shown as such, with the reason', async () => {
  const server = 'https://127.0.0.1:9';
  const data = { server, name: 'lost', config: '{"bearerToken":"canary-cluster-token"}' };
  await plane.home.create(wellKnown.secrets, {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: {
      name: 'cluster-lost',
      namespace: 'argocd',
      labels: { 'argocd.argoproj.io/secret-type': 'cluster' },
    },
    data: Object.fromEntries(
      Object.entries(data).map(([key, value]) => [key, Buffer.from(value).toString('base64')]),
    ),
  });
  const lost = '/api/v1/clusters/lost?id.type=name';
  const state = async (): Promise<{ status: string; message: string } | undefined> =>
    ((await call('GET', lost)).body as { connectionState?: { status: string; message: string } })
      .connectionState;
  await until('it is known', async () => (await state())?.status === 'Unknown');
  const source = { repoURL: repoUrl, path: '.' };
  const created = await call('POST', '/api/v1/applications', {
    metadata: { name: 'far' },
    spec: { project: 'default', source, destination: { server, namespace: 'x' } },
  });
  assert.equal(created.status, 400);
  assert.match(JSON.stringify(created.body), /Cannot GET \/version on https:\/\/127\.0\.0\.1:9/);
  const failed = await until('it failed', async () => {
    const found = await state();
    return found?.status === 'Failed' ? found : undefined;
  });
  assert.match(failed.message, /127\.0\.0\.1:9/);
  assert.ok(!failed.message.includes('canary'));
  assert.match((await cli('cluster', 'list')).stdout, /lost .*Failed/);
});
