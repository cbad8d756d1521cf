import assert from 'node:assert/strict';
import { test } from 'node:test';
import { VirtualClock } from '../../test/support/virtual-clock.ts';
import { seededRandom } from '../lib/index.ts';
import { WorkQueue, type WorkResult } from './work-queue.ts';

/** A queue whose runs end when told to. */
function controlled(concurrency = 1) {
  const clock = new VirtualClock();
  const started: string[] = [];
  const ends = new Map<string, { resolve(result?: WorkResult): void; reject(error: Error): void }>();
  const queue = new WorkQueue(
    { clock, random: { ...seededRandom(1), next: () => 0 } },
    {
      name: 'test',
      concurrency,
      backoff: { initialMs: 100, factor: 2, maxMs: 1_000 },
      process: (key) => {
        started.push(key);
        return new Promise((resolve, reject) => ends.set(key, { resolve, reject }));
      },
      onError: (_key, error) => (String(error).includes('final') ? 'drop' : 'retry'),
    },
  );
  const end = async (key: string, result?: WorkResult | Error): Promise<void> => {
    const run = ends.get(key) ?? assert.fail(`${key} does not run`);
    ends.delete(key);
    if (result instanceof Error) run.reject(result);
    else run.resolve(result);
    await settle();
  };
  queue.start();
  return { clock, queue, started, end };
}

async function settle(): Promise<void> {
  for (let i = 0; i < 10; i += 1) await Promise.resolve();
}

test('a key added many times while it waits runs once', async () => {
  const { queue, started, end } = controlled();
  for (const key of ['a', 'b', 'b', 'a', 'b']) queue.add(key);
  await end('a');
  await end('b');
  // a was added again while it ran.
  await end('a');
  assert.deepEqual(started, ['a', 'b', 'a']);
  assert.equal(queue.numbers().processed, 3);
});

test('a key never runs twice at the same time', async () => {
  const { queue, started, end } = controlled(10);
  queue.add('a');
  queue.add('a');
  queue.add('a');
  assert.deepEqual([started, queue.numbers().running], [['a'], 1]);
  await end('a');
  assert.deepEqual(started, ['a', 'a']);
});

test('at most `concurrency` keys run together', async () => {
  const { queue, started, end } = controlled(2);
  for (const key of ['a', 'b', 'c']) queue.add(key);
  assert.deepEqual(started, ['a', 'b']);
  await end('b');
  assert.deepEqual(started, ['a', 'b', 'c']);
});

test('high keys go first, and low ones still get their turn', async () => {
  const { queue, started, end } = controlled();
  queue.add('first');
  queue.add('low', 'low');
  for (let i = 0; i < 20; i += 1) queue.add(`h${i}`);
  for (let i = 0; i < 21; i += 1) await end(started.at(-1) ?? '');
  const place = started.indexOf('low');
  assert.ok(place > 1 && place <= 9, `place ${place}`);
});

test('a low key that is added as high moves up', async () => {
  const { queue, started, end } = controlled();
  queue.add('first');
  queue.add('a', 'low');
  queue.add('b', 'low');
  queue.add('b', 'high');
  await end('first');
  assert.deepEqual(started, ['first', 'b']);
});

test('a failed key waits for its back-off, doubling, until it succeeds', async () => {
  const { clock, queue, started, end } = controlled();
  queue.add('a');
  const waits: number[] = [];
  for (let i = 0; i < 5; i += 1) {
    await end('a', new Error('no'));
    const from = clock.monotonic();
    const runs = started.length;
    while (started.length === runs) clock.advance(10);
    waits.push(clock.monotonic() - from);
  }
  assert.deepEqual(waits, [100, 200, 400, 800, 1_000]);
  await end('a');
  queue.add('a');
  await end('a', new Error('no'));
  clock.advance(100);
  assert.equal(queue.numbers().running, 1);
});

test('a failure that is final does not come back by itself', async () => {
  const { clock, queue, started, end } = controlled();
  queue.add('a');
  await end('a', new Error('final'));
  clock.advance(1_000_000);
  assert.deepEqual(started, ['a']);
});

test('a delayed key runs when its time comes, or earlier when it is added', async () => {
  const { clock, queue, started, end } = controlled();
  queue.addAfter('a', 500);
  queue.addAfter('a', 900);
  queue.addAfter('b', 500);
  queue.add('b');
  await end('b', { requeueAfterMs: 50 });
  clock.advance(49);
  assert.deepEqual(started, ['b']);
  clock.advance(1);
  assert.deepEqual(started, ['b', 'b']);
  await end('b');
  clock.advance(450);
  assert.deepEqual(started, ['b', 'b', 'a']);
  assert.equal(queue.numbers().delayed, 0);
});

test('stop() drops what waits, aborts what runs and waits for its end', async () => {
  const clock = new VirtualClock();
  const seen: string[] = [];
  const queue = new WorkQueue(
    { clock, random: seededRandom(1) },
    {
      name: 'test',
      concurrency: 1,
      process: (key, signal) =>
        new Promise((_resolve, reject) => {
          signal.addEventListener('abort', () => {
            seen.push(`aborted ${key}`);
            reject(signal.reason);
          });
        }),
      onError: () => 'retry',
    },
  );
  queue.start();
  for (const key of ['a', 'b']) queue.add(key);
  queue.addAfter('c', 10);
  await queue.stop();
  queue.add('d');
  assert.deepEqual([seen, clock.pending, queue.numbers().running], [['aborted a'], 0, 0]);
});
