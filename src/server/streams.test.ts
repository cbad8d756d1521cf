// Streams over real sockets: from the beginning, on from where a client was, and their end.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { application, startTestServer, type TestServer } from '../../test/support/api-server.ts';
import { createClient } from '../client/index.ts';
import type { ApplicationWatchEvent } from '../contract/index.ts';
import { systemClock } from '../lib/index.ts';
import type { Application } from '../model/index.ts';

async function clientOf(server: TestServer) {
  return createClient({ fetch, clock: systemClock }, { server: server.url, token: await server.signIn() });
}

/** The next `count` events as `TYPE name`, then closes the stream. */
async function take(events: AsyncIterable<ApplicationWatchEvent>, count: number): Promise<string[]> {
  const seen: string[] = [];
  for await (const { type, application: app } of events) {
    seen.push(`${type} ${app.metadata.name}`);
    if (seen.length === count) break;
  }
  return seen;
}

test('a stream begins with what is there, then tells every change', async () => {
  await using server = await startTestServer();
  await server.applications.create(application('web'));
  const client = await clientOf(server);
  const events = client.applications.watch({});
  assert.equal((await events.next()).value?.application.metadata.name, 'web');
  await server.applications.create(application('api'));
  await server.applications.patch('argocd', 'web', { metadata: { labels: { a: '1' } } });
  await server.applications.delete('argocd', 'api', {});
  // A slow reader may get only the newest state of each; the last word on each is what counts.
  const last = new Map<string, string>();
  for await (const { type, application: app } of events) {
    last.set(app.metadata.name ?? '', type);
    if (last.get('api') === 'DELETED' && last.get('web') === 'MODIFIED') break;
  }
});

test('a stream that goes on from a version tells what changed and what went since', async () => {
  await using server = await startTestServer();
  for (const name of ['a', 'b', 'c']) await server.applications.create(application(name));
  const resourceVersion = server.applications.resourceVersion();
  await server.applications.patch('argocd', 'b', { metadata: { labels: { x: '1' } } });
  await server.applications.delete('argocd', 'c', {});
  const client = await clientOf(server);
  assert.deepEqual(await take(client.applications.watch({ resourceVersion }), 2), [
    'DELETED c',
    'MODIFIED b',
  ]);
});

test('filters and fields hold in streams', async () => {
  await using server = await startTestServer();
  await server.applications.create(application('web'));
  await server.applications.create(application('api'));
  const client = await clientOf(server);
  const events = client.applications.watch({
    name: 'api',
    fields: 'result.type,result.application.metadata.name',
  });
  assert.deepEqual((await events.next()).value, {
    type: 'ADDED',
    application: { metadata: { name: 'api' } },
  });
  await events.return();
});

test('server-sent events carry an id to go on from, and a browser that was away too long is told to list again', async () => {
  await using server = await startTestServer();
  await server.applications.create(application('web'));
  const token = await server.signIn();
  const open = async (lastEventId?: string) => {
    const response = await fetch(`${server.url}/api/v1/stream/applications`, {
      headers: {
        authorization: `Bearer ${token}`,
        accept: 'text/event-stream',
        ...(lastEventId === undefined ? {} : { 'last-event-id': lastEventId }),
      },
    });
    assert.match(response.headers.get('content-type') ?? '', /^text\/event-stream/);
    return response.body?.getReader();
  };
  const read = async (reader: Awaited<ReturnType<typeof open>>, pattern: RegExp): Promise<string> => {
    let text = '';
    while (!pattern.test(text)) {
      const { value, done } = (await reader?.read()) ?? { done: true };
      if (done) throw new Error(`the stream ended with: ${text}`);
      text += new TextDecoder().decode(value);
    }
    return text;
  };
  const reader = await open();
  const first = await read(reader, /\n\ndata|data: .*\n\n/);
  assert.match(first, /^retry: 1000\n\nid: 101\ndata: \{"result":\{"type":"ADDED"/);
  await reader?.cancel();
  const late = await open('5');
  assert.match(await read(late, /data: \{"result"/), /event: relist\n/);
  await late?.cancel();
});

test('S-E4: a stream ends within seconds of its session', async () => {
  // A hundred times as fast, so that nobody waits.
  const clock = { ...systemClock, after: (ms: number, run: () => void) => systemClock.after(ms / 100, run) };
  await using server = await startTestServer({ ports: { clock } });
  await server.applications.create(application('web'));
  const client = await clientOf(server);
  const events = client.applications.watch({});
  await events.next();
  const started = performance.now();
  await client.session.delete();
  assert.equal((await events.next()).done, true);
  assert.ok((performance.now() - started) * 100 < 10_000 * 2);
});

test('a reader that goes away leaves nothing behind', async () => {
  await using server = await startTestServer();
  await server.applications.create(application('web'));
  const client = await clientOf(server);
  const before = server.applications.watchers;
  await Promise.all(Array.from({ length: 50 }, () => take(client.applications.watch({}), 1)));
  assert.equal(server.applications.watchers, before, 'the store is watched once, however many read');
});

test('10,000 changes in a burst reach a reader as the newest state of each application', async () => {
  await using server = await startTestServer();
  for (let i = 0; i < 100; i += 1) await server.applications.create(application(`app-${i}`));
  const client = await clientOf(server);
  const newest = new Map<string, string>();
  const wanted = new Map<string, string>();
  const events = client.applications.watch({});
  await events.next();
  for (let i = 0; i < 10_000; i += 1) {
    const app: Application = await server.applications.patch('argocd', `app-${i % 100}`, {
      metadata: { labels: { i: `${i}` } },
    });
    wanted.set(app.metadata.name ?? '', app.metadata.labels?.['i'] ?? '');
  }
  for await (const { application: app } of events) {
    newest.set(app.metadata.name ?? '', app.metadata.labels?.['i'] ?? '');
    if ([...wanted].every(([name, label]) => newest.get(name) === label)) break;
  }
  assert.deepEqual(newest.size, 100);
});

test('logs end with the pods, filtered line by line', async () => {
  await using server = await startTestServer();
  await server.applications.create(application('web'));
  const client = await clientOf(server);
  const lines: string[] = [];
  for await (const { content, last } of client.applications.logs({ name: 'web' }, { filter: '!READY' })) {
    lines.push(last ? '(end)' : content);
  }
  assert.deepEqual(lines, ['starting', 'GET /', '(end)']);
});

// A hundred times as fast, so that nobody waits.
const fast = { ...systemClock, after: (ms: number, run: () => void) => systemClock.after(ms / 100, run) };

test('S-E4: followed logs end when the application is deleted, or another one has its name', async () => {
  for (const replaced of [false, true]) {
    await using server = await startTestServer({ ports: { clock: fast } });
    await server.applications.create(application('web'));
    const client = await clientOf(server);
    const lines = client.applications.logs({ name: 'web' }, { follow: true });
    assert.equal((await lines.next()).value?.content, 'starting');
    await server.applications.delete('argocd', 'web', {});
    if (replaced)
      await server.applications.create({
        ...application('web'),
        metadata: { name: 'web', namespace: 'argocd', uid: 'another' },
      });
    const rest: boolean[] = [];
    for await (const { last } of lines) rest.push(last);
    assert.ok(rest.length <= 2 && !rest.includes(true), 'cut off, not ended');
  }
});

test('each line of logs has the members that Argo CD gives it', async () => {
  await using server = await startTestServer();
  await server.applications.create(application('web'));
  const answer = await fetch(
    `${server.url}/api/v1/applications/web/pods/web-7/logs?tailLines=0&filter=ready`,
    {
      headers: { authorization: `Bearer ${await server.signIn()}` },
    },
  );
  const lines = (await answer.text())
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line).result);
  assert.deepEqual(lines[0], {
    content: 'ready',
    timeStamp: '2026-01-02T03:04:05Z',
    timeStampStr: '2026-01-02T03:04:05Z',
    podName: 'web-7',
    last: false,
  });
  const { timeStamp, timeStampStr, ...end } = lines[1];
  assert.deepEqual(end, { content: '', podName: '', last: true });
  assert.equal(timeStamp, timeStampStr);
});

test('questions about logs that cannot be answered are refused before the stream begins', async () => {
  await using server = await startTestServer();
  await server.applications.create(application('web'));
  const queries = ['tailLines=-1', 'sinceSeconds=x', 'follow=perhaps', `filter=${'x'.repeat(2_000)}`];
  for (const query of queries) {
    const { status, body } = await server.call('GET', `/api/v1/applications/web/logs?${query}`);
    assert.equal(status, 400, query);
    assert.match(JSON.stringify(body), /"code":3/);
  }
});
