// The web terminal over real WebSockets: who gets one, what is said, how it ends, and what is written down.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { WebSocket } from 'undici';
import { account, memoryAccounts, memoryPolicies } from '../../test/support/access.ts';
import { application, request, startTestServer, type TestServer } from '../../test/support/api-server.ts';
import type { TerminalOutput } from '../contract/index.ts';
import { systemClock } from '../lib/index.ts';
import { sessionTokens } from './auth/session-tokens.ts';
import type { ServerPorts } from './deps.ts';

const POLICY = 'p, dev, applications, get, default/web, allow\np, dev, exec, create, default/web, allow\n';
/** A hundred times as fast where time has to pass, so that nobody waits. */
const fast = { ...systemClock, after: (ms: number, run: () => void) => systemClock.after(ms / 100, run) };

interface World extends AsyncDisposable {
  readonly server: TestServer;
  readonly config: Map<string, string>;
  readonly policy: { csv: string };
  token(name: string): Promise<string>;
}

async function startWorld(ports: Partial<ServerPorts> = {}): Promise<World> {
  const config = new Map([['exec.enabled', 'true']]);
  const policy = { csv: POLICY };
  const known = new Map(['dev', 'viewer'].map((name) => [name, account(name)]));
  const server = await startTestServer({
    ports: {
      accounts: memoryAccounts(known),
      policies: {
        ...memoryPolicies(),
        may: (identity, resource, action, object) =>
          memoryPolicies(policy.csv).may(identity, resource, action, object),
      },
      information: {
        version: () => ({ Version: 'v0.1.0' }),
        settings: () => ({ userLoginsDisabled: false, execEnabled: true, statusBadgeEnabled: false }),
        config: (key) => config.get(key) ?? '',
        problem: () => undefined,
      },
      ...ports,
    },
  });
  await server.applications.create(application('web'));
  return {
    server,
    config,
    policy,
    token: async (name) => (await sessionTokens({ ...server.ports }).issue(name)).token,
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

class Page {
  readonly socket: WebSocket;
  readonly ended: Promise<string>;
  #text = '';
  #exit = '';
  #look: () => void = () => {};

  constructor(url: string, headers: Record<string, string>) {
    this.socket = new WebSocket(url.replace('http', 'ws'), { headers });
    this.ended = new Promise((resolve) => {
      this.socket.onclose = () => resolve(this.#exit);
    });
    this.socket.onerror = () => {};
    this.socket.onmessage = ({ data }) => {
      const output = JSON.parse(String(data)) as TerminalOutput;
      if (output.operation === 'exit') this.#exit = output.data ?? '';
      else this.#text += output.operation === 'pong' ? '(pong)' : (output.data ?? '');
      this.#look();
    };
  }

  say(input: unknown): void {
    this.socket.send(typeof input === 'string' ? input : JSON.stringify(input));
  }

  type(data: string): void {
    this.say({ operation: 'stdin', data });
  }

  /** Everything shown so far, once it ends with `end`. */
  async until(end: string): Promise<string> {
    while (!this.#text.endsWith(end)) {
      await new Promise<void>((resolve) => {
        this.#look = resolve;
      });
    }
    return this.#text;
  }
}

const PATH =
  '/terminal?pod=web-1&container=app&appName=web&appNamespace=argocd&projectName=default&namespace=web';
/** As browsers send it from a page of ours. */
const cookie = (token: string) => ({ cookie: `argocd.token=${token}`, 'sec-fetch-site': 'same-origin' });

async function openPage(world: World, path = PATH): Promise<Page> {
  return new Page(`${world.server.url}${path}`, cookie(await world.token('dev')));
}

test('a shell shows what is typed, takes the size of the page, and ends with its sentence', async () => {
  await using world = await startWorld();
  const page = await openPage(world);
  assert.equal(await page.until('$ '), 'bash$ ');
  page.type('ls');
  assert.equal(await page.until(']'), 'bash$ [ls]');
  page.say({ operation: 'resize', cols: 120, rows: 40 });
  page.say({ operation: 'ping' });
  assert.equal(await page.until('(pong)'), 'bash$ [ls]120x40(pong)');
  page.type('exit');
  assert.equal(await page.ended, 'exit code 0');
});

async function recordsOf(world: World, count: number) {
  for (;;) {
    const { records } = await world.server.ports.journal.query({ filters: { action: 'pod.terminal' } });
    if (records.length >= count) return records;
    await systemClock.sleep(5);
  }
}

test('the journal says who was where and for how long, and nothing of what was typed', async () => {
  await using world = await startWorld();
  const page = await openPage(world);
  await page.until('$ ');
  page.type('canary-77');
  await page.until(']');
  page.socket.close();
  await page.ended;
  const records = await recordsOf(world, 2);
  const text = JSON.stringify(records);
  assert.ok(!text.includes('canary'));
  const intent = records.find(({ kind }) => kind === 'intent');
  const outcome = records.find(({ kind }) => kind === 'outcome');
  assert.equal(intent?.actor.name, 'dev');
  assert.equal(intent?.sourceAddress, '127.0.0.1');
  assert.deepEqual(intent?.object, {
    group: '',
    kind: 'Pod',
    namespace: 'web',
    name: 'web-1',
    cluster: 'https://kubernetes.default.svc',
  });
  assert.deepEqual(intent?.detail, {
    application: 'default/argocd/web',
    container: 'app',
    shells: ['bash', 'sh', 'powershell', 'cmd'],
  });
  assert.equal(outcome?.reason, 'the page closed it');
  assert.equal(typeof (outcome?.detail as { seconds?: unknown })?.seconds, 'number');
});

/** The status of a refused handshake. */
async function refusal(world: World, path: string, headers: Record<string, string>): Promise<number> {
  const { request: open } = await import('node:http');
  return await new Promise((resolve, reject) => {
    const handshake = {
      connection: 'Upgrade',
      upgrade: 'websocket',
      'sec-websocket-version': '13',
      'sec-websocket-key': Buffer.alloc(16).toString('base64'),
    };
    const asked = open(`${world.server.url}${path}`, { headers: { ...handshake, ...headers } });
    asked.on('response', (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    asked.on('upgrade', (_response, socket) => {
      socket.destroy();
      resolve(101);
    });
    asked.on('error', reject);
    asked.end();
  });
}

test('S-E4 handshakes that are not in order are refused before anything is opened', async () => {
  await using world = await startWorld();
  const [dev, viewer] = await Promise.all(['dev', 'viewer'].map((name) => world.token(name)));
  const own = cookie(dev ?? '');
  const CASES: Record<string, { path?: string; headers: Record<string, string>; want: number }> = {
    'the page itself': { headers: { ...own, origin: world.server.url }, want: 101 },
    'a program with a token': { headers: { authorization: `Bearer ${dev}` }, want: 101 },
    nobody: { headers: {}, want: 401 },
    'a cookie from nobody knows where': { headers: { cookie: own.cookie }, want: 403 },
    'a wrong token': { headers: cookie('x.y.z'), want: 401 },
    'a page of another site': { headers: { ...own, origin: 'https://evil.example' }, want: 403 },
    'a page of another port': { headers: { ...own, origin: 'http://127.0.0.1:1' }, want: 403 },
    'a sandboxed page': { headers: { ...own, origin: 'null' }, want: 403 },
    'a browser that says so': { headers: { ...own, 'sec-fetch-site': 'cross-site' }, want: 403 },
    'without the right': { headers: cookie(viewer ?? ''), want: 403 },
    'an application that is not there': {
      path: PATH.replace('appName=web', 'appName=no'),
      headers: own,
      want: 403,
    },
    'another project': { path: PATH.replace('default', 'other'), headers: own, want: 403 },
    "somebody else's pod": { path: PATH.replace('web-1', 'foreign'), headers: own, want: 404 },
    'no pod': { path: PATH.replace('pod=web-1&', ''), headers: own, want: 400 },
    'a shell that is not allowed': { path: `${PATH}&shell=python`, headers: own, want: 400 },
    'a wrong handshake': { headers: { ...own, 'sec-websocket-version': '8' }, want: 400 },
    'another path': { path: '/api/v1/applications', headers: own, want: 400 },
    'no path': { path: '/nothing', headers: own, want: 404 },
  };
  const seen: Record<string, number> = {};
  for (const [name, { path = PATH, headers }] of Object.entries(CASES))
    seen[name] = await refusal(world, path, headers);
  assert.deepEqual(seen, Object.fromEntries(Object.entries(CASES).map(([name, { want }]) => [name, want])));
  world.config.delete('exec.enabled');
  assert.equal(await refusal(world, PATH, own), 404);
  assert.equal((await request(world.server.url, 'GET', PATH, dev)).status, 404);
  world.config.set('exec.enabled', 'true');
  assert.equal((await request(world.server.url, 'GET', PATH, dev)).status, 426);
});

const REVOCATIONS: Record<string, (world: World) => unknown> = {
  'the right is taken away': (world) => {
    world.policy.csv = POLICY.replace('exec, create', 'exec, get');
  },
  'the application may not be seen': (world) => {
    world.policy.csv = POLICY.replace('applications, get', 'applications, sync');
  },
  'the application is deleted': (world) => world.server.applications.delete('argocd', 'web', {}),
  'the terminal is turned off': (world) => world.config.set('exec.enabled', 'false'),
};
for (const [name, revoke] of Object.entries(REVOCATIONS)) {
  test(`S-E4 nothing that is typed reaches the shell once ${name}`, async () => {
    await using world = await startWorld();
    const page = await openPage(world);
    const shown = await page.until('$ ');
    await revoke(world);
    page.type('rm -rf /');
    assert.match(await page.ended, /may not have a terminal here any more/);
    assert.equal(await page.until('$ '), shown);
  });
  test(`S-E4 an open terminal ends by itself once ${name}`, async () => {
    await using world = await startWorld({ clock: fast });
    const page = await openPage(world);
    await page.until('$ ');
    await revoke(world);
    assert.match(await page.ended, /may not have a terminal here any more/);
  });
}

test('S-E4 an open terminal ends with the session', async () => {
  await using world = await startWorld({ clock: fast });
  const token = await world.token('dev');
  const page = new Page(`${world.server.url}${PATH}`, cookie(token));
  await page.until('$ ');
  await request(world.server.url, 'DELETE', '/api/v1/session', token);
  assert.match(await page.ended, /your session is over/);
});

test('a terminal that nobody uses ends', async () => {
  let ahead = 0;
  const clock = { ...fast, monotonic: () => systemClock.monotonic() + ahead };
  await using world = await startWorld({ clock });
  const page = await openPage(world);
  await page.until('$ ');
  ahead = 31 * 60_000;
  assert.equal(await page.ended, 'nothing was typed for 30 minutes');
});

test('what cannot be opened is said, and recorded as failed', async () => {
  await using world = await startWorld();
  const page = await openPage(world, PATH.replace('web-1', 'broken'));
  assert.equal(await page.ended, 'pods "broken" is forbidden');
  const [outcome] = (await recordsOf(world, 2)).filter(({ kind }) => kind === 'outcome');
  assert.equal(outcome?.outcome, 'failed');
});

for (const input of [
  'no JSON',
  '{"operation":"eval"}',
  '{"operation":"resize","cols":0,"rows":1e9}',
  '[]',
  '{"operation":"stdin"}',
]) {
  test(`what no page says ends the terminal: ${input}`, async () => {
    await using world = await startWorld();
    const page = await openPage(world);
    await page.until('$ ');
    page.say(input);
    assert.equal(await page.ended, 'what the page sent is not understood');
  });
}

test('terminals end when the server stops', async () => {
  const world = await startWorld();
  const page = await openPage(world);
  await page.until('$ ');
  await world[Symbol.asyncDispose]();
  assert.equal(await page.ended, 'the server is stopping');
});
