// Reading logs through the real client from an HTTP server that plays a cluster's kubelets, line by line as told.
import assert from 'node:assert/strict';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { connectionOf, createKubeClient } from '../k8s/index.ts';
import { systemClock } from '../lib/index.ts';
import type { ResourceNode } from '../model/index.ts';
import { type LogRequest, PodLogReader, type PodSource } from './index.ts';

const DEADLINE_MS = 60_000;

interface Opened {
  readonly query: URLSearchParams;
  readonly response: ServerResponse;
}

/** Answers GETs of pods and of their logs; tests write the logs. */
class Kubelets implements AsyncDisposable {
  /** Phase by name of pod; a pod without one does not exist. */
  readonly phases = new Map<string, string>();
  readonly containers = new Map<string, readonly string[]>();
  /** What is said instead of a log. */
  readonly refusals = new Map<string, string>();
  readonly #opened = new Map<string, Opened[]>();
  readonly #server = createServer((request, response) => this.#answer(request, response));
  readonly #listeners = new Set<() => void>();
  readonly #clients: { close(): Promise<void> }[] = [];
  readonly client;
  open = 0;

  static async start(): Promise<Kubelets> {
    const kubelets = new Kubelets();
    await new Promise<void>((resolve) => kubelets.#server.listen(0, '127.0.0.1', resolve));
    return kubelets;
  }

  constructor() {
    this.client = () => {
      const { port } = this.#server.address() as AddressInfo;
      const client = createKubeClient(connectionOf({ server: `http://127.0.0.1:${port}` }));
      this.#clients.push(client);
      return client;
    };
  }

  source(): PodSource {
    const client = this.client();
    return {
      application: 'web',
      nodes: () => [...this.phases.keys()].map(podNode),
      onChange: (listener) => {
        this.#listeners.add(listener);
        return () => this.#listeners.delete(listener);
      },
      ask: (call) => call(client),
    };
  }

  get watchers(): number {
    return this.#listeners.size;
  }

  add(name: string, phase = 'Running'): void {
    this.phases.set(name, phase);
    for (const listener of this.#listeners) listener();
  }

  /** The nth opening of a pod's log, waited for. */
  async log(name: string, nth = 1): Promise<Opened> {
    return await until(`log ${nth} of ${name} is opened`, () => this.#opened.get(name)?.[nth - 1]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const client of this.#clients) await client.close();
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const url = new URL(request.url ?? '', 'http://x');
    const [, name = '', log] = /\/pods\/([^/]+)(\/log)?$/.exec(url.pathname) ?? [];
    if (!this.phases.has(name)) {
      refuse(response, 404, 'NotFound', `pods "${name}" not found`, name);
      return;
    }
    if (log === undefined) {
      response.end(JSON.stringify(this.#pod(name)));
      return;
    }
    const refusal = this.refusals.get(name);
    if (refusal !== undefined) {
      refuse(response, 400, 'BadRequest', refusal, name);
      return;
    }
    this.open += 1;
    response.on('close', () => {
      this.open -= 1;
    });
    response.writeHead(200);
    response.flushHeaders();
    this.#opened.set(name, [...(this.#opened.get(name) ?? []), { query: url.searchParams, response }]);
  }

  #pod(name: string) {
    const containers = (this.containers.get(name) ?? ['app']).map((each) => ({ name: each }));
    const metadata = { name, namespace: 'shop', uid: `uid-${name}` };
    return {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata,
      spec: { containers },
      status: { phase: this.phases.get(name) },
    };
  }
}

function podNode(name: string): ResourceNode {
  return { version: 'v1', kind: 'Pod', name, namespace: 'shop', uid: `uid-${name}` };
}

function refuse(response: ServerResponse, code: number, reason: string, message: string, name: string): void {
  response.writeHead(code, { 'content-type': 'application/json' });
  response.end(
    JSON.stringify({ kind: 'Status', status: 'Failure', code, reason, message, details: { name } }),
  );
}

async function until<T>(what: string, check: () => T | undefined | false): Promise<T> {
  const end = performance.now() + DEADLINE_MS;
  for (;;) {
    const found = check();
    if (found !== undefined && found !== false) return found;
    assert.ok(performance.now() < end, `not within ${DEADLINE_MS} ms: ${what}`);
    await systemClock.sleep(5);
  }
}

const at = (second: number, text: string): string =>
  `2026-01-01T00:00:${String(second).padStart(2, '0')}.000000000Z ${text}\n`;
const ask = (more: Partial<LogRequest> = {}): LogRequest => ({
  follow: false,
  previous: false,
  reader: 'ann',
  maxPods: 10,
  ...more,
});
const live = (): AbortSignal => new AbortController().signal;

async function take(
  lines: AsyncIterator<{ podName: string; content: string }>,
  count: number,
): Promise<string[]> {
  const seen: string[] = [];
  while (seen.length < count) {
    const { value, done } = await lines.next();
    if (done === true) break;
    seen.push(`${value.podName} ${value.content}`);
  }
  return seen;
}

test('logs of all pods come in order of time, and their connections are closed at the end', async () => {
  await using kubelets = await Kubelets.start();
  for (const name of ['a', 'b']) kubelets.add(name);
  const reader = new PodLogReader({ clock: systemClock });
  const reading = await reader.open(kubelets.source(), ask({ tailLines: 7 }), live());
  const [a, b] = [await kubelets.log('a'), await kubelets.log('b')];
  assert.equal(a.query.toString(), 'previous=false&follow=false&tailLines=7&container=app&timestamps=true');
  b.response.end(at(2, 'two') + at(3, 'three'));
  a.response.end(at(1, 'one') + at(4, 'four'));
  const lines = reading.lines[Symbol.asyncIterator]();
  assert.deepEqual(await take(lines, 9), ['a one', 'b two', 'b three', 'a four']);
  await until('nothing is open', () => reader.connections === 0 && kubelets.open === 0);
});

test('a log that cannot be read is a line of its own beside the others, and an error when it is the only one', async () => {
  await using kubelets = await Kubelets.start();
  for (const name of ['a', 'b']) kubelets.add(name);
  kubelets.refusals.set('b', 'container "app" in pod "b" is waiting to start: ContainerCreating');
  const reader = new PodLogReader({ clock: systemClock });
  const reading = await reader.open(kubelets.source(), ask(), live());
  (await kubelets.log('a')).response.end(at(1, 'one'));
  const [first = '', second] = await take(reading.lines[Symbol.asyncIterator](), 3);
  assert.match(first, /^b Cannot read the logs of v1 Pod shop\/b .*waiting to start: ContainerCreating$/);
  assert.equal(second, 'a one');
  await assert.rejects(reader.open(kubelets.source(), ask({ podName: 'b' }), live()), {
    code: 'BAD_REQUEST',
    message: /waiting to start/,
  });
});

test('a pod that appears while logs are followed is read from its first line', async () => {
  await using kubelets = await Kubelets.start();
  kubelets.add('a');
  const reader = new PodLogReader({ clock: systemClock });
  const reading = await reader.open(kubelets.source(), ask({ follow: true, tailLines: 1 }), live());
  const lines = reading.lines[Symbol.asyncIterator]();
  (await kubelets.log('a')).response.write(at(1, 'one'));
  assert.deepEqual(await take(lines, 1), ['a one']);
  kubelets.add('b');
  const next = take(lines, 1);
  const opened = await kubelets.log('b');
  assert.equal(opened.query.get('tailLines'), null);
  opened.response.write(at(2, 'two'));
  assert.deepEqual(await next, ['b two']);
  reading.close();
  assert.deepEqual(await take(lines, 1), []);
  await until('nothing is open', () => reader.connections === 0 && kubelets.open === 0);
  assert.equal(kubelets.watchers, 0);
});

test('a followed log goes on where it broke off, without a line twice, until its pod has ended', async () => {
  await using kubelets = await Kubelets.start();
  kubelets.add('a');
  const reader = new PodLogReader({ clock: systemClock });
  const reading = await reader.open(kubelets.source(), ask({ follow: true }), live());
  const lines = reading.lines[Symbol.asyncIterator]();
  (await kubelets.log('a')).response.end(at(1, 'one') + at(2, 'two'));
  assert.deepEqual(await take(lines, 2), ['a one', 'a two']);
  const next = take(lines, 1);
  const again = await kubelets.log('a', 2);
  assert.equal(again.query.get('sinceTime'), '2026-01-01T00:00:02.000000000Z');
  again.response.write(at(2, 'two') + at(3, 'three'));
  assert.deepEqual(await next, ['a three']);
  kubelets.phases.set('a', 'Succeeded');
  again.response.end();
  assert.deepEqual(await take(lines, 1), []);
});

test('whoever goes away leaves no connection behind, whether they have read or not', async () => {
  await using kubelets = await Kubelets.start();
  for (const name of ['a', 'b', 'c']) kubelets.add(name);
  const reader = new PodLogReader({ clock: systemClock });
  for (const reads of [true, false]) {
    const gone = new AbortController();
    const reading = await reader.open(kubelets.source(), ask({ follow: true }), gone.signal);
    const waiting = reads ? take(reading.lines[Symbol.asyncIterator](), 1) : undefined;
    await until('three logs are open', () => kubelets.open === 3);
    gone.abort();
    assert.deepEqual(await waiting, reads ? [] : undefined);
    await until('nothing is open', () => reader.connections === 0 && kubelets.open === 0);
    assert.equal(kubelets.watchers, 0);
  }
});

test('pods and readings at once are bounded, and what a reader leaves is free again', async () => {
  await using kubelets = await Kubelets.start();
  for (let i = 0; i < 4; i += 1) kubelets.add(`pod-${i}`);
  const reader = new PodLogReader({ clock: systemClock });
  const source = kubelets.source();
  await assert.rejects(reader.open(source, ask({ maxPods: 3 }), live()), {
    code: 'INVALID',
    message: /these are 4 pods, and at most 3/,
  });
  const one = ask({ follow: true, podName: 'pod-0' });
  const readings = await Promise.all(Array.from({ length: 20 }, () => reader.open(source, one, live())));
  await assert.rejects(reader.open(source, one, live()), { code: 'TOO_MANY_REQUESTS' });
  const other = await reader.open(source, { ...one, reader: 'bob' }, live());
  readings[0]?.close();
  readings.push(other, await reader.open(source, one, live()));
  for (const reading of readings) reading.close();
  await until('nothing is open', () => reader.connections === 0);
});

test('times decide where the answer ends, and must be times', async () => {
  await using kubelets = await Kubelets.start();
  kubelets.add('a');
  const reader = new PodLogReader({ clock: systemClock });
  const reading = await reader.open(kubelets.source(), ask({ untilTime: '2026-01-01T00:00:02Z' }), live());
  (await kubelets.log('a')).response.write(at(1, 'one') + at(2, 'two') + at(3, 'three'));
  assert.deepEqual(await take(reading.lines[Symbol.asyncIterator](), 5), ['a one', 'a two']);
  await until('nothing is open', () => kubelets.open === 0);
  for (const [name, request] of Object.entries({
    untilTime: ask({ untilTime: 'yesterday' }),
    sinceTime: ask({ sinceTime: '5m' }),
    both: ask({ sinceTime: '2026-01-01T00:00:02Z', sinceSeconds: 5 }),
  })) {
    await assert.rejects(reader.open(kubelets.source(), request, live()), { code: 'INVALID' }, name);
  }
});

test('without a name the default container of each pod is read', async () => {
  await using kubelets = await Kubelets.start();
  kubelets.add('a');
  kubelets.containers.set('a', ['main', 'sidecar']);
  const reader = new PodLogReader({ clock: systemClock });
  const first = await reader.open(kubelets.source(), ask(), live());
  assert.equal((await kubelets.log('a')).query.get('container'), 'main');
  const second = await reader.open(kubelets.source(), ask({ container: 'sidecar' }), live());
  assert.equal((await kubelets.log('a', 2)).query.get('container'), 'sidecar');
  for (const reading of [first, second]) reading.close();
});
