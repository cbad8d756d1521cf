// Sections 1.8 and 1.9 of the security requirements for git: where it connects to, and what it takes there. git and the
// servers are real; the names exist only for the resolver that is handed in, so reaching them shows that git was told.
import assert from 'node:assert/strict';
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type IncomingMessage, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { GitError, type GitErrorCode } from '../../../src/git/index.ts';
import type { Repository } from '../../../src/model/index.ts';
import { type GitFixture, gitFixture, gitPath } from '../../support/git-deps.ts';
import { startGitServer, type TestGitServer } from '../../support/git-server.ts';
import { REFUSED_HOSTS, setRefusedNames, type TestNames, testNames } from '../../support/names.ts';

const CREDENTIAL = { kind: 'basic', username: 'ann', password: 'canary-git-password' } as const;
const HEADER = `Basic ${Buffer.from(`ann:${CREDENTIAL.password}`).toString('base64')}`;

let names: TestNames;
let git: GitFixture;
let server: TestGitServer;
let port: string;
let commit: string;
const open: Server[] = [];

before(async () => {
  names = testNames();
  setRefusedNames(names);
  git = gitFixture(undefined, { guard: names.guard });
  server = await startGitServer();
  port = new URL(server.url).port;
  commit = (await server.repository('shop')).push({ 'a.yaml': 'a: 1\n' });
});
after(() => {
  git?.close();
  server?.close();
  for (const one of open) one.close();
});

async function headOf(url: string, extra: Partial<Repository> = {}): Promise<string | undefined> {
  return (await git.mirror(url, extra).fetch()).head;
}

const fails =
  (code: GitErrorCode, message = /./) =>
  (error: unknown) => {
    assert.ok(error instanceof GitError, String(error));
    assert.equal(error.code, code, error.message);
    assert.match(error.message, message);
    assert.ok(!error.message.includes('canary'), error.message);
    return true;
  };

/** A server that writes down who asks, and answers with `answer`. */
async function startServer(
  answer: (request: IncomingMessage) => { status: number; headers?: Record<string, string>; body?: string },
): Promise<{ port: number; seen: IncomingMessage[] }> {
  const seen: IncomingMessage[] = [];
  const made = createServer((incoming, response) => {
    seen.push(incoming);
    const { status, headers, body } = answer(incoming);
    response.writeHead(status, headers).end(body);
  });
  open.push(made);
  await new Promise<void>((resolve) => made.listen(0, '127.0.0.1', resolve));
  return { port: (made.address() as AddressInfo).port, seen };
}

for (const [how, host] of Object.entries(REFUSED_HOSTS)) {
  for (const url of [`http://${host}/shop.git`, `https://${host}/shop.git`, `ssh://git@${host}/shop.git`]) {
    test(`S-I1: git does not go to a metadata address ${how}: ${url}`, async () => {
      await assert.rejects(async () => await headOf(url), fails('GIT_URL_REFUSED'));
    });
  }
  test(`S-I1: git is not sent to a metadata address ${how} by a redirect`, async () => {
    const from = await startServer(({ url }) => ({
      status: 302,
      headers: { location: `http://${host}${url}` },
      body: 'canary-body',
    }));
    await assert.rejects(headOf(`http://127.0.0.1:${from.port}/shop.git`), fails('GIT_URL_REFUSED'));
  });
}

for (const host of ['git.example.test', 'GIT.Example.test', 'git.example.test.']) {
  test(`S-I1: git goes to the checked address of ${host}, and asks nobody else for it`, async () => {
    names.set(host.toLowerCase(), '127.0.0.1', '169.254.169.254');
    assert.equal(await headOf(`http://${host}:${port}/shop.git`), commit);
    // The name leads elsewhere now, and the next command is told so.
    await assert.rejects(git.mirror(`http://${host}:${port}/shop.git`).fetch(), fails('GIT_URL_REFUSED'));
  });
}

test('S-I1: a name is asked for once for each command of git', async () => {
  names.set('once.example.test', '127.0.0.1');
  names.asked.length = 0;
  await headOf(`http://once.example.test:${port}/shop.git`);
  assert.deepEqual(names.asked, ['once.example.test']);
});

test('a name without an address is said as such', async () => {
  const url = 'http://nowhere.example.test/shop.git';
  await assert.rejects(headOf(url), fails('GIT_UNREACHABLE', /Could not resolve host: nowhere/));
});

test('a name with an address that does not answer and one that does is reached', async () => {
  names.set('two.example.test', ['127.0.0.2', '127.0.0.1']);
  assert.equal(await headOf(`http://two.example.test:${port}/shop.git`), commit);
});

test('S-I1: what an administrator refuses besides is refused by name and by address', async () => {
  const strict = testNames(['127.0.0.0/8']);
  strict.set('git.example.test', '127.0.0.1');
  const own = gitFixture(undefined, { guard: strict.guard });
  try {
    for (const host of ['127.0.0.1', '[::ffff:127.0.0.1]', '2130706433', 'git.example.test'])
      await assert.rejects(
        own.mirror(`http://${host}:${port}/shop.git`).fetch(),
        fails('GIT_URL_REFUSED'),
        host,
      );
  } finally {
    own.close();
  }
});

for (const status of [301, 302, 303, 307, 308]) {
  test(`S-H5: a redirect with ${status} is followed without a credential to a checked address, and with one only at the same origin`, async () => {
    names.set('moved.example.test', '127.0.0.1');
    const from = await startServer(({ url = '' }) =>
      url.startsWith('/old')
        ? { status, headers: { location: url.replace('/old', '/new') } }
        : { status, headers: { location: `http://moved.example.test:${port}${url}` } },
    );
    const address = `http://127.0.0.1:${from.port}`;
    assert.equal(await headOf(`${address}/shop.git`), commit);
    assert.equal(
      await git
        .mirror(`${address}/shop.git`)
        .poll()
        .then(({ head }) => head),
      commit,
    );
    const before = server.requests.length;
    for (const credential of [CREDENTIAL, { kind: 'bearer', token: 'canary-token' } as const]) {
      await assert.rejects(
        headOf(`${address}/shop.git`, { credential }),
        fails('GIT_REDIRECTED', /credentials are never carried along; set repoURL/),
      );
    }
    assert.equal(server.requests.length, before, 'the other server was asked');
    // On one origin the credential stays: the last step is the one that leaves it.
    from.seen.length = 0;
    await assert.rejects(headOf(`${address}/old.git`, { credential: CREDENTIAL }), fails('GIT_REDIRECTED'));
    const [first] = from.seen;
    assert.equal(first?.headers.authorization, HEADER);
    assert.ok(
      from.seen.some(({ url = '', headers }) => url.startsWith('/new') && headers.authorization === HEADER),
    );
  });
}

test('S-H5: a repository that was renamed on its server is reached with its credential', async () => {
  const guarded = await startGitServer({ user: 'ann', password: CREDENTIAL.password });
  try {
    const repository = await guarded.repository('new');
    const head = repository.push({ 'a.yaml': 'a: 1\n' });
    guarded.fault = ({ url = '' }, response) => {
      if (!url.startsWith('/old.git')) return false;
      response.writeHead(301, { location: url.replace('/old', '/new') }).end();
      return true;
    };
    assert.equal(await headOf(`${guarded.url}/old.git`, { credential: CREDENTIAL }), head);
  } finally {
    guarded.close();
  }
});

const ELSEWHERE: Readonly<Record<string, (url: string) => string>> = {
  'another scheme': (url) => `ftp://127.0.0.1${url}`,
  'a file': () => 'file:///etc/passwd',
  'a local program': () => 'ext::sh -c true',
  'an address with a password': (url) => `http://ann:canary@127.0.0.1${url}`,
  'what is no repository': () => 'http://127.0.0.1:1/login',
  itself: (url) => url,
};
for (const [what, location] of Object.entries(ELSEWHERE)) {
  test(`S-H5: a redirect to ${what} is not followed`, async () => {
    const from = await startServer(({ url = '' }) => ({ status: 302, headers: { location: location(url) } }));
    await assert.rejects(headOf(`http://127.0.0.1:${from.port}/shop.git`), fails('GIT_REDIRECTED'));
    assert.ok(from.seen.length < 20);
  });
}

test('S-H5: a realm that names another server gets no credential, and its text is not repeated', async () => {
  const catcher = await startServer(() => ({ status: 404 }));
  const from = await startServer(() => ({
    status: 401,
    headers: {
      'www-authenticate': `Bearer realm="http://127.0.0.1:${catcher.port}/token",service="canary-realm"`,
    },
    body: 'canary-body',
  }));
  const url = `http://127.0.0.1:${from.port}/shop.git`;
  await assert.rejects(headOf(url, { credential: CREDENTIAL }), fails('GIT_AUTH'));
  await assert.rejects(headOf(url), fails('GIT_AUTH'));
  assert.equal(catcher.seen.length, 0);
  assert.ok(from.seen.length > 0);
});

test('S-H5: the server of a submodule is not asked', async () => {
  const catcher = await startServer(() => ({ status: 404 }));
  const repository = await server.repository('parent');
  const other = `http://127.0.0.1:${catcher.port}/child.git`;
  repository.write({
    '.gitmodules': `[submodule "child"]\n\tpath = child\n\turl = ${other}\n`,
    'app/a.yaml': 'a: 1\n',
  });
  repository.git('update-index', '--add', '--cacheinfo', `160000,${commit},child`);
  repository.git('add', '.gitmodules', 'app');
  repository.git('commit', '-q', '-m', 'with a submodule');
  repository.git('push', '-q', 'origin', 'HEAD:refs/heads/main');
  const artifact = await git.artifact(repository.url);
  const checkout = await artifact.materialise(['']);
  checkout.release();
  assert.equal(catcher.seen.length, 0);
});

/** Forwards plain requests wherever they are for, resolving by itself; says whom it was asked for. */
async function startProxy(): Promise<{ url: string; seen: string[] }> {
  const seen: string[] = [];
  const proxy = createServer((incoming, response) => {
    const { hostname, pathname, search } = new URL(incoming.url ?? '');
    seen.push(hostname);
    const { method = 'GET', headers } = incoming;
    const forward = request(`http://127.0.0.1:${port}${pathname}${search}`, { method, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    forward.on('error', () => response.writeHead(502).end());
    incoming.pipe(forward);
  });
  open.push(proxy);
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`, seen };
}

test('S-I1: behind a proxy the proxy resolves, and a name that nobody here knows is not reached past it', async () => {
  const proxy = await startProxy();
  const url = 'http://inside.example.test/shop.git';
  assert.equal(await headOf(url, { proxy: proxy.url }), commit);
  assert.ok(proxy.seen.length > 0 && proxy.seen.every((host) => host === 'inside.example.test'));
  proxy.seen.length = 0;
  await assert.rejects(headOf(url, { proxy: proxy.url, noProxy: 'inside.example.test' }), GitError);
  assert.deepEqual(proxy.seen, []);
});

test('S-I1: a proxy by name is pinned, and a proxy at a refused address is refused', async () => {
  const proxy = await startProxy();
  const at = new URL(proxy.url).port;
  names.set('proxy.example.test', '127.0.0.1');
  const url = 'http://inside.example.test/shop.git';
  for (const address of [`http://proxy.example.test:${at}`, `proxy.example.test:${at}`])
    assert.equal(await headOf(url, { proxy: address }), commit);
  for (const host of Object.values(REFUSED_HOSTS))
    await assert.rejects(headOf(url, { proxy: `http://${host}:3128` }), fails('GIT_URL_REFUSED'), host);
});

test('S-I1: ssh is told the checked address and keeps the host key of the name', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'fairlead-ssh-'));
  // Writes down how it was called, as a program outside would see it.
  const program = join(folder, 'ssh');
  writeFileSync(
    program,
    `#!/bin/sh\nprintf '%s\\n' "$@" > '${folder}/args'\nenv > '${folder}/env'\nexit 255\n`,
  );
  chmodSync(program, 0o755);
  const own = gitFixture(undefined, { guard: names.guard, path: `${folder}:${gitPath}` });
  names.set('ssh.example.test', '127.0.0.1', '::1', '169.254.169.254');
  try {
    const argsOf = async (url: string): Promise<string[]> => {
      await assert.rejects(
        own.mirror(url, { credential: { kind: 'ssh', privateKey: 'canary-key' } }).fetch(),
        GitError,
      );
      return readFileSync(join(folder, 'args'), 'utf8').split('\n');
    };
    const plain = await argsOf('git@ssh.example.test:shop.git');
    assert.ok(
      plain.includes('HostName=127.0.0.1') && plain.includes('HostKeyAlias=ssh.example.test'),
      plain.join(' '),
    );
    const other = await argsOf('ssh://git@ssh.example.test:2222/shop.git');
    assert.ok(
      other.includes('HostName=::1') && other.includes('HostKeyAlias=[ssh.example.test]:2222'),
      other.join(' '),
    );
    assert.ok(!readFileSync(join(folder, 'env'), 'utf8').includes('canary'));
    rmSync(join(folder, 'args'));
    await assert.rejects(own.mirror('git@ssh.example.test:shop.git').fetch(), fails('GIT_URL_REFUSED'));
    assert.throws(() => readFileSync(join(folder, 'args')));
  } finally {
    own.close();
    rmSync(folder, { recursive: true, force: true });
  }
});

test('S-I1: a git that cannot be held to an address reaches no name', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'fairlead-old-git-'));
  writeFileSync(
    join(folder, 'git'),
    `#!/bin/sh\n[ "$1" = version ] && echo 'git version 2.36.9' && exit\nexec git-of-the-machine\n`,
  );
  chmodSync(join(folder, 'git'), 0o755);
  const own = gitFixture(undefined, { guard: names.guard, path: `${folder}:${gitPath}` });
  names.set('old.example.test', '127.0.0.1');
  try {
    const fetched = own.mirror(`http://old.example.test:${port}/shop.git`).fetch();
    await assert.rejects(fetched, fails('GIT_FAILED', /git is 2\.36\.9.*install git 2\.37/));
  } finally {
    own.close();
    rmSync(folder, { recursive: true, force: true });
  }
});

test('S-H6: git gets the credential of the repository it fetches and no other, in its environment and its files', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'fairlead-git-env-'));
  const real =
    gitPath
      .split(':')
      .map((at) => join(at, 'git'))
      .find(existsSync) ?? 'git';
  // Writes down what it was given, then is git.
  const program = `#!/bin/sh
{ env; printf '%s\\n' "$@"; find "$HOME/.access" -type f -exec cat {} + 2>/dev/null; } >> '${folder}/seen'
exec '${real}' "$@"
`;
  writeFileSync(join(folder, 'git'), program);
  chmodSync(join(folder, 'git'), 0o755);
  process.env['CANARY_OF_THE_PROCESS'] = 'canary-of-the-process';
  const own = gitFixture(undefined, { guard: names.guard, path: `${folder}:${gitPath}` });
  const certificate = (name: string): string => `-----BEGIN CERTIFICATE-----\ncanary-ca-${name}\n`;
  const seen = (): string => {
    const text = readFileSync(join(folder, 'seen'), 'utf8');
    rmSync(join(folder, 'seen'));
    return text;
  };
  try {
    for (const [name, others] of [
      ['one', 'two'],
      ['two', 'one'],
    ] as const) {
      const guarded = await startGitServer({ user: 'ann', password: `canary-${name}` });
      try {
        const repository = await guarded.repository('shop');
        const head = repository.push({ 'a.yaml': `a: ${name}\n` });
        const credential = { kind: 'basic', username: 'ann', password: `canary-${name}` } as const;
        const mirror = own.mirror(repository.url, { credential, tlsCertificates: certificate(name) });
        assert.equal((await mirror.fetch()).head, head);
        await mirror.poll();
        const text = seen();
        const header = (who: string): string => Buffer.from(`ann:canary-${who}`).toString('base64');
        assert.ok(text.includes(header(name)) && text.includes(`canary-ca-${name}`));
        for (const other of [
          header(others),
          `canary-${others}`,
          `canary-ca-${others}`,
          'canary-of-the-process',
        ])
          assert.ok(!text.includes(other), `${other} while fetching ${name}`);
        // Reading what was fetched takes no credential at all.
        assert.equal((await mirror.commitInfo(head)).sha, head);
        await mirror
          .isAncestor(
            head,
            head.replace(/^./, (digit) => (digit === '0' ? '1' : '0')),
          )
          .catch(() => false);
        assert.ok(!seen().includes('canary-'));
      } finally {
        guarded.close();
      }
    }
    const left = join(own.dataDir, 'git', '.access');
    assert.deepEqual(existsSync(left) ? readdirSync(left) : [], []);
  } finally {
    delete process.env['CANARY_OF_THE_PROCESS'];
    own.close();
    rmSync(folder, { recursive: true, force: true });
  }
});
