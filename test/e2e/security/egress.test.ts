// Section 1.9 of the security requirements for everything but git (git-egress.test.ts): each place that connects on
// behalf of others, with each notation of an address that is never connected to. Names resolve as the tests say.
import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { type AddressInfo, createServer } from 'node:net';
import { after, before, test } from 'node:test';
import { singleSignOn } from '../../../src/access/index.ts';
import { connectionOf, createKubeClient } from '../../../src/k8s/index.ts';
import { silentLogger, systemClock, systemRandom } from '../../../src/lib/index.ts';
import { createNotifyHttp, readNotifyConfig } from '../../../src/notify/index.ts';
import { type GitFixture, gitFixture } from '../../support/git-deps.ts';
import { REFUSED_HOSTS, setRefusedNames, type TestNames, testNames } from '../../support/names.ts';
import { startHttpSink } from '../../support/sinks.ts';

const BODY = 'canary-of-an-inner-service';

const MESSAGE = {
  text: 'hello',
  sections: {},
  subject: { namespace: 'argocd', name: 'web' },
};

let metadata: TestNames;
let strict: TestNames;
let appKey: string;
const fixtures: GitFixture[] = [];

before(() => {
  metadata = testNames();
  setRefusedNames(metadata);
  // The services of this machine are refused here, so that one can listen and write down who comes all the same.
  strict = testNames(['127.0.0.0/8', '::1']);
  strict.set('inner.example.test', '127.0.0.1');
  strict.set('both.example.test', ['192.0.2.1', '127.0.0.1']);
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  appKey = privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
});
after(() => {
  for (const fixture of fixtures) fixture.close();
});

/** Each connects to `address` (`host` or `host:port`) as somebody configured it. */
const PLACES: Readonly<Record<string, (names: TestNames, address: string) => Promise<unknown>>> = {
  'a webhook of the notifications': (names, address) =>
    notify(names, 'webhook.ci', `{url: "http://${address}/", retryMax: 1, retryWaitMin: 1ms}`, 'ci:'),
  'a chat of the notifications': (names, address) =>
    notify(names, 'mattermost', `{apiURL: "http://${address}", token: t}`, 'mattermost:channel'),
  'a mail server of the notifications': (names, address) => {
    const { host, port } = hostAndPort(address);
    return notify(
      names,
      'email',
      `{host: "${host}", port: ${port}, from: a@example.com}`,
      'email:b@example.com',
    );
  },
  'the discovery of an identity provider': (names, address) =>
    redirected(names, {
      'oidc.config': JSON.stringify({ name: 'x', issuer: `http://${address}`, clientID: 'x' }),
    }),
  'the API of a sign-in with GitHub': (names, address) => {
    const at = (path: string): string => `http://${address}${path}`;
    const endpoints = { authorize: at('/a'), token: at('/t'), api: at('/api') };
    return redirected(names, {
      'dex.config': dex('github', { clientID: 'x', clientSecret: 'y', endpoints }),
    });
  },
  'an LDAP directory': (names, address) => directory(names, { host: address, insecureNoSSL: true }),
  'an LDAP directory over TLS': (names, address) => directory(names, { host: address }),
  'the API of a GitHub App': async (names, address) => {
    const git = gitFixture(undefined, { guard: names.guard });
    fixtures.push(git);
    const app = { kind: 'github-app', appId: '1', installationId: '2', privateKey: appKey } as const;
    const credential = { ...app, baseUrl: `http://${address}` };
    await git.mirror('https://git.example.com/acme/shop', { credential }).fetch();
  },
  'the server of a cluster': (names, address) => cluster(names, { server: `http://${address}` }),
  'the proxy of a cluster': (names, address) =>
    cluster(names, { server: 'http://cluster.example.test', proxyUrl: `http://${address}` }),
};

function hostAndPort(address: string): { host: string; port: string } {
  const [, host = '', port = '25'] = /^(\[[^\]]*\]|[^:]*)(?::(\d+))?$/.exec(address) ?? [];
  return { host: host.replace(/^\[|\]$/g, ''), port };
}

async function notify(names: TestNames, service: string, text: string, destination: string): Promise<void> {
  const http = createNotifyHttp(names.guard);
  const threads = { get: async () => undefined, set: async () => {} };
  const deps = { http: http.send, clock: systemClock, threads, guard: names.guard };
  const data = { [`service.${service}`]: text };
  const config = readNotifyConfig(deps, { data, secrets: {}, url: '' });
  try {
    assert.deepEqual(config.problems, []);
    const [name = '', recipient = ''] = destination.split(':');
    const found = config.services.get(name);
    assert.ok(found !== undefined, name);
    const signal = new AbortController().signal;
    await found.send(MESSAGE, recipient, { id: '1', signal });
  } finally {
    await http.close();
  }
}

function dex(type: string, config: object): string {
  return JSON.stringify({ connectors: [{ type, id: 'one', name: 'One', config }] });
}

function provider(names: TestNames, config: Readonly<Record<string, string>>) {
  const source = () => ({ config, secret: () => undefined });
  return singleSignOn({
    clock: systemClock,
    log: silentLogger,
    guard: names.guard,
    source,
    publicUrl: () => 'http://cd.example.com',
  });
}

/** Signs in with a code, which makes the server ask the provider. */
async function redirected(names: TestNames, config: Readonly<Record<string, string>>): Promise<void> {
  const sso = provider(names, config);
  const [id] = sso.connectors().map((connector) => connector.id);
  assert.ok(id !== undefined);
  const attempt = {
    state: 's',
    nonce: 'n',
    verifier: 'v'.repeat(43),
    redirectUri: 'http://cd.example.com/x',
  };
  await sso.finish(id, attempt, { state: 's', code: 'c' });
}

async function directory(names: TestNames, config: object): Promise<void> {
  const userSearch = { baseDN: 'dc=x', username: 'uid' };
  const ldap = { bindDN: 'cn=x', bindPW: 'canary-bind', userSearch, ...config };
  await provider(names, { 'dex.config': dex('ldap', ldap) }).checkPassword('one', 'ann', 'canary-password');
}

async function cluster(names: TestNames, settings: Parameters<typeof connectionOf>[0]): Promise<void> {
  const deps = { clock: systemClock, random: systemRandom };
  const client = createKubeClient(connectionOf(settings), { guard: names.guard, maxTries: 1 }, deps);
  try {
    const { status } = await client.raw({ path: '/version' });
    if (status >= 300) throw new Error(`HTTP ${status} is no answer of a cluster`);
  } finally {
    await client.close();
  }
}

/** What a person is told, and what is behind it. */
async function failureOf(work: Promise<unknown>): Promise<{ message: string; chain: string }> {
  const error: unknown = await work.then(
    () => assert.fail('it was let through'),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof Error, String(error));
  if (error instanceof assert.AssertionError) throw error;
  const chain: string[] = [];
  for (let at: unknown = error; at instanceof Error && chain.length < 10; at = at.cause)
    chain.push(at.message);
  return { message: error.message, chain: chain.join(' < ') };
}

const SPEAKS_HTTP = (place: string): boolean => !/LDAP|mail|proxy/.test(place);
const LOCAL_HOSTS = [
  '127.0.0.1',
  '2130706433',
  '0x7f.1',
  '[::ffff:7f00:1]',
  'inner.example.test',
  'both.example.test',
];
const REFUSED = /refused|no http\(s\) address|must be an http\(s\) (?:URL|address)/;

for (const [place, connect] of Object.entries(PLACES)) {
  for (const [how, host] of Object.entries(REFUSED_HOSTS)) {
    test(`S-I1: ${place} is not at a metadata address ${how}`, async () => {
      const { chain } = await failureOf(connect(metadata, host));
      assert.match(chain, REFUSED);
    });
  }

  test(`S-I1: ${place} is not a refused service of this machine, however it is written`, async () => {
    let connections = 0;
    const inner = createServer((socket) => {
      connections += 1;
      socket.destroy();
    });
    await new Promise<void>((resolve) => inner.listen(0, '127.0.0.1', resolve));
    const { port } = inner.address() as AddressInfo;
    try {
      for (const host of LOCAL_HOSTS) {
        const { chain } = await failureOf(connect(strict, `${host}:${port}`));
        assert.match(chain, REFUSED, host);
      }
    } finally {
      await new Promise((resolve) => inner.close(resolve));
    }
    assert.equal(connections, 0);
  });

  if (!SPEAKS_HTTP(place)) continue;
  for (const status of [301, 302, 307]) {
    test(`S-H5, S-I1: ${place} that sends the caller elsewhere (${status}) is not followed`, async () => {
      await using elsewhere = await startHttpSink();
      await using inner = await startHttpSink(() => ({
        status,
        headers: { location: elsewhere.url },
        body: BODY,
      }));
      const { message } = await failureOf(connect(metadata, inner.host));
      assert.ok(inner.requests.length > 0);
      assert.deepEqual(elsewhere.requests, []);
      assert.ok(!message.includes(BODY), message);
    });
  }

  for (const status of [200, 401, 404, 500]) {
    test(`S-I1: what a wrong ${place} answers (${status}) is not repeated`, async () => {
      await using inner = await startHttpSink(() => ({ status, body: BODY }));
      const failure = await connect(metadata, inner.host).then(
        () => '',
        (error: unknown) => String(error),
      );
      assert.ok(inner.requests.length > 0);
      assert.ok(!failure.includes(BODY), failure);
    });
  }
}
