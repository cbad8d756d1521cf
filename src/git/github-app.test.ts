import assert from 'node:assert/strict';
import { generateKeyPairSync, verify } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, afterEach, before, test } from 'node:test';
import { gitFixture } from '../../test/support/git-deps.ts';
import { startGitServer } from '../../test/support/git-server.ts';
import { VirtualClock } from '../../test/support/virtual-clock.ts';
import type { GitHubAppCredential, Repository } from '../model/index.ts';
import { GitError } from './errors.ts';
import { GitHubTokens } from './github-app.ts';

const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const PEM = privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
const APP = '4711';
const HOUR_MS = 3_600_000;

/** An API as GitHub's: gives a token to whoever signs for the App, and refuses everybody else. */
let api: Server;
let url: string;
let now: () => number = Date.now;
let calls: string[] = [];
/** Answers in place of the API while set. */
let instead: ((request: IncomingMessage, response: ServerResponse) => void) | undefined;
let issued = 0;

before(async () => {
  api = createServer((request, response) => {
    calls.push(`${request.method} ${request.url}`);
    if (instead !== undefined) return instead(request, response);
    const answer = (status: number, body: object): void => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    };
    const why = problemOf(request.headers.authorization ?? '');
    if (why !== undefined) return answer(401, { message: why });
    if (request.method === 'GET' && request.url === '/api/v3/repos/acme/shop/installation')
      return answer(200, { id: 99, account: { login: 'acme' } });
    if (request.method === 'POST' && request.url === '/api/v3/app/installations/99/access_tokens') {
      issued += 1;
      return answer(201, {
        token: `ghs_canary${issued}`,
        expires_at: new Date(now() + HOUR_MS).toISOString(),
      });
    }
    answer(404, { message: 'Not Found' });
  });
  await new Promise<void>((resolve) => api.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(api.address() as AddressInfo).port}`;
});
after(() => {
  api.closeAllConnections();
  api.close();
});
afterEach(() => {
  calls = [];
  instead = undefined;
  now = Date.now;
});

/** What GitHub would not take about a claim. */
function problemOf(authorization: string): string | undefined {
  const [head = '', payload = '', signature = ''] = authorization.replace(/^Bearer /, '').split('.');
  const signed = Buffer.from(`${head}.${payload}`);
  if (!verify('RSA-SHA256', signed, publicKey, Buffer.from(signature, 'base64url'))) return 'bad signature';
  const decode = (part: string) => JSON.parse(Buffer.from(part, 'base64url').toString());
  if (decode(head).alg !== 'RS256') return 'bad algorithm';
  const { iat, exp, iss } = decode(payload);
  const seconds = now() / 1000;
  if (iss !== APP) return 'bad issuer';
  if (!(iat <= seconds && exp > seconds && exp - iat <= 600)) return 'bad times';
  return undefined;
}

function repository(
  credential: Partial<GitHubAppCredential> = {},
  more: Partial<Repository> = {},
): Repository {
  return {
    url: 'https://github.example.test/acme/shop.git',
    type: 'git',
    credential: { kind: 'github-app', appId: APP, privateKey: PEM, baseUrl: `${url}/api/v3`, ...credential },
    ...more,
  };
}

function passwordOf({ credential }: Repository): string {
  return credential.kind === 'basic' ? `${credential.username}:${credential.password}` : credential.kind;
}

const fails = (code: string, text: RegExp) => (error: unknown) => {
  assert.ok(error instanceof GitError);
  assert.equal(error.code, code);
  assert.match(error.message, text);
  assert.doesNotMatch(error.message, /PRIVATE KEY|eyJ|ghs_/);
  return true;
};

test('a claim signed by the App is exchanged for a token, which is kept until shortly before its end', async () => {
  const clock = new VirtualClock(Date.UTC(2026, 4, 1));
  now = () => clock.now();
  const tokens = new GitHubTokens(clock);
  const app = repository({ installationId: '99' });
  const [first, together] = await Promise.all([tokens.usable(app), tokens.usable(app)]);
  assert.match(passwordOf(first), /^x-access-token:ghs_canary\d+$/);
  assert.equal(passwordOf(together), passwordOf(first));
  clock.advance(HOUR_MS - 301_000);
  assert.equal(passwordOf(await tokens.usable(app)), passwordOf(first));
  assert.deepEqual(calls, ['POST /api/v3/app/installations/99/access_tokens']);
  clock.advance(2_000);
  assert.notEqual(passwordOf(await tokens.usable(app)), passwordOf(first));
  assert.equal(calls.length, 2);
});

test('without an installation id the one of the repository is looked up', async () => {
  const found = await new GitHubTokens(new VirtualClock(Date.now())).usable(repository());
  assert.match(passwordOf(found), /^x-access-token:ghs_/);
  assert.deepEqual(calls, [
    'GET /api/v3/repos/acme/shop/installation',
    'POST /api/v3/app/installations/99/access_tokens',
  ]);
});

test('a token that a server refused is not used again', async () => {
  const tokens = new GitHubTokens(new VirtualClock(Date.now()));
  const app = repository({ installationId: '99' });
  const first = await tokens.usable(app);
  tokens.forget(app);
  assert.notEqual(passwordOf(await tokens.usable(app)), passwordOf(first));
});

const REFUSED: Record<
  string,
  { credential: Partial<GitHubAppCredential>; url?: string; code: string; says: RegExp }
> = {
  'another App': {
    credential: { appId: '1' },
    code: 'GIT_AUTH',
    says: /check githubAppID and githubAppPrivateKey/,
  },
  'an installation it does not have': {
    credential: { installationId: '7' },
    code: 'GIT_AUTH',
    says: /no such installation .*install it for acme\/shop/,
  },
  'a key that is none': {
    credential: { privateKey: 'PRIVATE KEY' },
    code: 'GIT_AUTH',
    says: /no RSA key in PEM form/,
  },
  'an address that is none': {
    credential: { baseUrl: 'github.example.test' },
    code: 'GIT_URL_REFUSED',
    says: /no http\(s\) address/,
  },
  'a repository over SSH': {
    credential: {},
    url: 'git@github.example.test:acme/shop.git',
    code: 'GIT_URL_REFUSED',
    says: /can only read https/,
  },
};

for (const [name, { credential, code, says, ...more }] of Object.entries(REFUSED)) {
  test(`${name} is refused with the remedy and without the key`, async () => {
    const tokens = new GitHubTokens(new VirtualClock(Date.now()));
    await assert.rejects(tokens.usable(repository(credential, more)), fails(code, says));
  });
}

test('S-H5: an API that sends the caller elsewhere gets no claim carried there', async () => {
  const seen: unknown[] = [];
  const catcher = createServer((request, response) => {
    seen.push(request.headers.authorization);
    response.end('{}');
  });
  await new Promise<void>((resolve) => catcher.listen(0, '127.0.0.1', resolve));
  try {
    const location = `http://127.0.0.1:${(catcher.address() as AddressInfo).port}/`;
    for (const status of [301, 302, 307, 308]) {
      instead = (_request, response) => response.writeHead(status, { location }).end();
      const tokens = new GitHubTokens(new VirtualClock(Date.now()));
      await assert.rejects(
        tokens.usable(repository({ installationId: '99' })),
        fails('GIT_REDIRECTED', /redirects/),
      );
    }
    assert.deepEqual(seen, []);
  } finally {
    catcher.close();
  }
});

test('answers that are no token are errors: too large, no JSON, no token', async () => {
  const tokens = new GitHubTokens(new VirtualClock(Date.now()));
  const app = repository({ installationId: '99' });
  const bodies = [
    'x'.repeat(300_000),
    '<html>',
    '{}',
    '{"token":"ghs_a\\nb","expires_at":"2030-01-01T00:00:00Z"}',
  ];
  for (const body of bodies) {
    instead = (_request, response) => response.writeHead(201).end(body);
    await assert.rejects(tokens.usable(app), GitError);
  }
  instead = (_request, response) => response.writeHead(503).end();
  await assert.rejects(tokens.usable(app), fails('GIT_UNREACHABLE', /HTTP 503/));
});

test('the proxy of the repository is asked, unless noProxy names the host', async () => {
  const seen: string[] = [];
  const proxy = createServer((_request, response) => response.writeHead(502).end());
  proxy.on('connect', (request, socket) => {
    seen.push(request.url ?? '');
    socket.end('HTTP/1.1 502 Bad Gateway\r\n\r\n');
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  try {
    const address = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
    const tokens = new GitHubTokens(new VirtualClock(Date.now()));
    const through = repository({ installationId: '99' }, { proxy: address });
    await assert.rejects(tokens.usable(through), fails('GIT_UNREACHABLE', /Cannot/));
    assert.deepEqual(calls, []);
    const past = repository({ installationId: '99' }, { proxy: address, noProxy: '127.0.0.1' });
    assert.match(passwordOf(await tokens.usable(past)), /ghs_/);
  } finally {
    proxy.closeAllConnections();
    proxy.close();
  }
});

test('git reads a repository with the token of an App, and asks for a new one when it is refused', async () => {
  issued = 0;
  const server = await startGitServer({ user: 'x-access-token', password: 'ghs_canary2' });
  const git = gitFixture();
  try {
    const shop = await server.repository('shop');
    const commit = shop.push({ 'a.yaml': 'a: 1\n' });
    server.fault = (request) => {
      request.url = (request.url ?? '').replace('/acme/', '/');
      return false;
    };
    const app = repository({}, { url: shop.url.replace('/shop', '/acme/shop') });
    const mirror = git.mirrors.get(app);
    await assert.rejects(mirror.check(), fails('GIT_AUTH', /refused/));
    await mirror.check();
    assert.equal((await mirror.fetch()).head, commit);
    assert.equal(issued, 2);
  } finally {
    git.close();
    server.close();
  }
});
