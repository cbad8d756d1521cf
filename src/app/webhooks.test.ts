// The webhook over real sockets: every provider's payload damaged in hundreds of ways, wrong signatures, repetitions,
// floods, and what is on record before an answer.
import assert from 'node:assert/strict';
import { request as httpRequest } from 'node:http';
import { test } from 'node:test';
import { startTestServer } from '../../test/support/api-server.ts';
import { VirtualClock } from '../../test/support/virtual-clock.ts';
import { ALL_SECRETS, mutants, WEBHOOKS, type WebhookSample } from '../../test/support/webhooks.ts';
import type { WebhookSecrets } from '../controllers/index.ts';
import { placeOf } from '../git/index.ts';
import { type Journal, openJournal } from '../journal/index.ts';
import { silentLogger, systemClock } from '../lib/index.ts';
import { repositoriesOf, WEBHOOK_ACTION, webhookInbox } from './webhooks.ts';

const GITHUB = WEBHOOKS['github'] as WebhookSample;
const BODY = JSON.stringify(GITHUB.payload);
const MUTANTS = 500;
const ANSWER_MS = 10_000;

interface Receiver {
  readonly url: string;
  readonly clock: VirtualClock;
  readonly journal: Journal;
  readonly looked: string[][];
  post(
    body: string,
    headers?: Record<string, string>,
    path?: string,
  ): Promise<{ status: number; text: string }>;
  healthy(): Promise<boolean>;
  [Symbol.asyncDispose](): Promise<void>;
}

async function receiver(
  secrets: WebhookSecrets,
  more: { moved?: () => Promise<void>; wait?: number } = {},
): Promise<Receiver> {
  const clock = new VirtualClock();
  const journal = await openJournal({ clock: systemClock }, { url: 'sqlite::memory:' });
  const looked: string[][] = [];
  const known = new Set(GITHUB.names.map(placeOf));
  const webhook = webhookInbox({
    clock,
    log: silentLogger,
    journal,
    secrets: () => secrets,
    isKnown: (urls) => urls.some((url) => known.has(placeOf(url))),
    moved: async (urls) => {
      looked.push([...urls]);
      await more.moved?.();
    },
    pushed: async (names) => looked.push([...names]),
  });
  const server = await startTestServer({ ports: { webhook } });
  return {
    url: server.url,
    clock,
    journal,
    looked,
    async post(body, headers = {}, path = '/api/webhook') {
      // Time passes between honest webhooks: the rate limit is another test's.
      await clock.advance(more.wait ?? 1_000);
      const answer = await fetch(`${server.url}${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body,
        signal: AbortSignal.timeout(ANSWER_MS),
      });
      return { status: answer.status, text: await answer.text() };
    },
    healthy: async () => (await fetch(`${server.url}/api/version`)).status < 500,
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      await journal.close();
    },
  };
}

for (const [name, sample] of Object.entries(WEBHOOKS)) {
  test(`S-D2: damaged webhooks of ${name} crash nothing, and unsigned ones start nothing`, async () => {
    await using signed = await receiver(sample.secrets);
    await using unsigned = await receiver(ALL_SECRETS);
    let count = 0;
    for (const body of sampled([...mutants(sample.payload)])) {
      count += 1;
      const answer = await signed.post(body, { ...sample.headers, ...sample.sign(body) });
      assert.ok([200, 400, 401].includes(answer.status), `${answer.status} for ${body.slice(0, 300)}`);
      assert.ok(!answer.text.includes('canary'), answer.text);
      if (count % 4 !== 0) continue; // What is refused is refused before it is read.
      const refused = await unsigned.post(body, { ...sample.headers });
      assert.ok([400, 401].includes(refused.status), `${refused.status} for ${body.slice(0, 300)}`);
    }
    assert.ok(count >= MUTANTS, `only ${count} mutants`);
    assert.deepEqual(unsigned.looked, []);
    assert.ok((await signed.healthy()) && (await unsigned.healthy()));
    const body = JSON.stringify(sample.payload);
    const before = signed.looked.length;
    await signed.post(body, { ...sample.headers, ...fresh(sample), ...sample.sign(body) });
    assert.deepEqual(signed.looked.slice(before), [[...sample.names]]);
  });
}

test('an accepted webhook is on record before it is answered, and its end after', async () => {
  let finish = (): void => {};
  const moved = () => new Promise<void>((resolve) => (finish = resolve));
  await using server = await receiver(GITHUB.secrets, { moved });
  assert.equal((await server.post(BODY, { ...GITHUB.headers, ...GITHUB.sign(BODY) })).status, 200);
  const [open] = await server.journal.openIntents();
  assert.equal(open?.record.action, WEBHOOK_ACTION);
  assert.deepEqual(open === undefined ? [] : repositoriesOf(open.record), GITHUB.names);
  finish();
  while ((await server.journal.openIntents()).length > 0) await new Promise(setImmediate);
});

test('a webhook that cannot be written down is not accepted', async () => {
  await using server = await receiver(GITHUB.secrets);
  await server.journal.close();
  const answer = await server.post(BODY, { ...GITHUB.headers, ...GITHUB.sign(BODY) });
  assert.ok(answer.status >= 500, String(answer.status));
  assert.deepEqual(server.looked, []);
});

test('a repository nobody uses fills no journal', async () => {
  await using server = await receiver(GITHUB.secrets);
  const body = JSON.stringify({ repository: { clone_url: 'https://elsewhere/o/r.git' } });
  assert.equal((await server.post(body, { ...GITHUB.headers, ...GITHUB.sign(body) })).status, 200);
  assert.deepEqual(await server.journal.openIntents(), []);
});

test('a delivery counts once, for ten minutes', async () => {
  await using server = await receiver(GITHUB.secrets);
  const send = () => server.post(BODY, { ...GITHUB.headers, ...GITHUB.sign(BODY) });
  assert.equal((await send()).text, 'Webhook accepted');
  assert.equal((await send()).text, 'Webhook was accepted before');
  assert.equal(server.looked.length, 1);
  await server.clock.advance(600_000);
  assert.equal((await send()).text, 'Webhook accepted');
});

test('S-D1: an address that floods is told to stop, sooner when its webhooks are refused', async () => {
  await using refused = await receiver(ALL_SECRETS, { wait: 0 });
  const statuses: number[] = [];
  for (let i = 0; i < 80; i += 1) statuses.push((await refused.post(BODY, { ...GITHUB.headers })).status);
  assert.equal(statuses.filter((status) => status === 401).length, 48);
  assert.equal(statuses.at(-1), 429);
  await refused.clock.advance(60_000);
  assert.equal((await refused.post(BODY, { ...GITHUB.headers })).status, 401);
});

test('S-D1: a body beyond 5 MB is refused without being read to its end', async () => {
  await using server = await receiver(GITHUB.secrets);
  const status = await new Promise<number>((resolve, reject) => {
    const sending = httpRequest(`${server.url}/api/webhook`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-github-event': 'push' },
    });
    sending.on('response', (answer) => resolve(answer.statusCode ?? 0));
    sending.on('error', reject);
    const chunk = Buffer.alloc(1024 * 1024, 0x20);
    for (let i = 0; i < 7; i += 1) sending.write(chunk);
  });
  assert.equal(status, 413);
});

/** Evenly chosen, so that every member's damage is among them and the test ends soon. */
function sampled(all: readonly string[]): readonly string[] {
  const step = Math.max(1, all.length / (MUTANTS + 50));
  return all.filter((_, index) => Math.floor(index / step) !== Math.floor((index - 1) / step));
}

/** A delivery of its own, so that it does not count as a repetition. */
function fresh({ headers }: WebhookSample): Record<string, string> {
  const ids = Object.keys(headers).filter((name) => /delivery|uuid|request-id|activityid/.test(name));
  return Object.fromEntries(ids.map((id) => [id, 'fresh']));
}
