// The parts of reading logs that need no cluster: which pods, which lines, in which order.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { VirtualClock } from '../../test/support/virtual-clock.ts';
import type { ResourceNode } from '../model/index.ts';
import { type LogLine, LogLineSplitter } from './log-lines.ts';
import { compareLogTimes, parseLogTime } from './log-time.ts';
import { LogMerger } from './merge.ts';
import { type PodChoice, requireChosen, selectPods } from './select.ts';

function node(kind: string, name: string, parent?: string, namespace = 'shop'): ResourceNode {
  const group = kind === 'Pod' ? {} : { group: 'apps' };
  const parentRefs =
    parent === undefined ? {} : { parentRefs: [{ version: 'v1', kind: '', name: '', uid: parent }] };
  return {
    ...group,
    version: 'v1',
    kind,
    name,
    namespace,
    uid: `${kind}/${namespace}/${name}`,
    ...parentRefs,
  };
}

const NODES: readonly ResourceNode[] = [
  node('Deployment', 'web'),
  node('ReplicaSet', 'web-1', 'Deployment/shop/web'),
  node('Pod', 'web-1-b', 'ReplicaSet/shop/web-1'),
  node('Pod', 'web-1-a', 'ReplicaSet/shop/web-1'),
  node('StatefulSet', 'web-db'),
  node('Pod', 'web-db-0', 'StatefulSet/shop/web-db'),
  node('Pod', 'web-1-a', undefined, 'other'),
  // Two that own each other must not keep anybody busy.
  node('ReplicaSet', 'loop-1', 'ReplicaSet/shop/loop-2'),
  node('ReplicaSet', 'loop-2', 'ReplicaSet/shop/loop-1'),
  node('Pod', 'loop-pod', 'ReplicaSet/shop/loop-1'),
  // Wanted, but not there.
  { version: 'v1', kind: 'Pod', name: 'missing', namespace: 'shop', health: { status: 'Missing' } },
];

const CHOICES: Record<string, { choice: PodChoice; want: string[] }> = {
  'every pod that exists': {
    choice: {},
    want: ['other/web-1-a', 'shop/loop-pod', 'shop/web-1-a', 'shop/web-1-b', 'shop/web-db-0'],
  },
  'the pods below a deployment, not those whose names begin alike': {
    choice: { group: 'apps', kind: 'Deployment', resourceName: 'web' },
    want: ['shop/web-1-a', 'shop/web-1-b'],
  },
  'the pods of all resources of a kind': { choice: { kind: 'StatefulSet' }, want: ['shop/web-db-0'] },
  'one pod in every namespace that has it': {
    choice: { podName: 'web-1-a' },
    want: ['other/web-1-a', 'shop/web-1-a'],
  },
  'one pod of a namespace': { choice: { podName: 'web-1-a', namespace: 'other' }, want: ['other/web-1-a'] },
  'nothing of another group': { choice: { group: 'batch', kind: 'Deployment' }, want: [] },
};
for (const [name, { choice, want }] of Object.entries(CHOICES)) {
  test(`selectPods() chooses ${name}`, () => {
    assert.deepEqual(
      selectPods(NODES, choice).map((pod) => `${pod.namespace}/${pod.name}`),
      want,
    );
  });
}

test('requireChosen() refuses what the application does not have, and names it', () => {
  const ask = (choice: PodChoice) => () => requireChosen(NODES, choice, 'web');
  assert.throws(ask({ podName: 'foreign' }), {
    code: 'NOT_FOUND',
    message: 'Application web has no pod foreign',
  });
  assert.throws(ask({ podName: 'missing' }), { code: 'NOT_FOUND' });
  assert.throws(ask({ kind: 'Deployment', resourceName: 'nope', namespace: 'shop' }), {
    message: 'Application web has no Deployment nope in namespace shop',
  });
  assert.doesNotThrow(ask({ kind: 'Deployment', resourceName: 'web' }));
  assert.doesNotThrow(ask({}));
});

const TIMES: Record<string, [string, string, number]> = {
  'by nanoseconds': ['2026-01-01T00:00:00.000000001Z', '2026-01-01T00:00:00.000000002Z', -1],
  'whatever the digits': ['2026-01-01T00:00:00.1Z', '2026-01-01T00:00:00.09Z', 1],
  'whatever the zone': ['2026-01-01T01:00:00+01:00', '2026-01-01T00:00:00.000Z', 0],
};
for (const [name, [a, b, want]] of Object.entries(TIMES)) {
  test(`compareLogTimes() compares ${name}`, () => {
    assert.equal(Math.sign(compareLogTimes(parseLogTime(a), parseLogTime(b))), want);
  });
}
for (const text of ['', 'now', '2026-01-01', '2026-13-01T00:00:00Z', '2026-01-01T00:00:00', '1767225600']) {
  test(`parseLogTime() does not take "${text}" for a time`, () =>
    assert.equal(parseLogTime(text), undefined));
}

const STAMP = '2026-01-02T03:04:05.000000006Z';
const LINES: Record<string, { chunks: string[]; max?: number; want: string[] }> = {
  'lines across chunks': { chunks: [`${STAMP} he`, 'llo\n', `${STAMP} you\n`], want: ['hello', 'you'] },
  'empty lines': { chunks: [`${STAMP} \n${STAMP} a\n`], want: ['', 'a'] },
  'a last line without an end': { chunks: [`${STAMP} a\n${STAMP} b`], want: ['a', 'b'] },
  'characters that a chunk cuts in two': { chunks: [`${STAMP} \u00e9\n`], want: ['\u00e9'] },
  'the ends of lines of Windows': { chunks: [`${STAMP} a\r\n`], want: ['a'] },
  'lines without a time': { chunks: ['unable to retrieve logs\n'], want: ['unable to retrieve logs'] },
  'the beginning of a line that is too long': {
    chunks: [`${STAMP} ${'x'.repeat(20)}`, `${'x'.repeat(30)}\n${STAMP} b\n`],
    max: 41,
    want: ['xxxxxxxxxx … [40 more bytes of this line are not shown]', 'b'],
  },
};
for (const [name, { chunks, max = 1_000, want }] of Object.entries(LINES)) {
  test(`LogLineSplitter keeps ${name}`, () => {
    const splitter = new LogLineSplitter('web-1', max);
    // Byte by byte finds what any other cutting finds.
    const bytes = chunks.flatMap((chunk) => [...Buffer.from(chunk)].map((byte) => Buffer.from([byte])));
    for (const pieces of [chunks.map((chunk) => Buffer.from(chunk)), bytes]) {
      const seen = [...pieces.flatMap((piece) => splitter.push(piece)), ...splitter.end()];
      assert.deepEqual(
        seen.map(({ content }) => content),
        want,
      );
    }
  });
}

function line(podName: string, second: number): LogLine {
  const time = parseLogTime(`2026-01-01T00:00:${String(second).padStart(2, '0')}Z`);
  return { content: `${podName}@${second}`, time, podName };
}

async function* log(podName: string, ...seconds: number[]): AsyncGenerator<LogLine> {
  for (const second of seconds) yield line(podName, second);
}

async function contents(merger: LogMerger): Promise<string[]> {
  const seen: string[] = [];
  for (let next = await merger.next(() => true); next !== undefined; next = await merger.next(() => true))
    seen.push(next.content);
  return seen;
}

test('LogMerger gives the lines of several logs by time, however many each has', async () => {
  const merger = new LogMerger(new VirtualClock(), { windowMs: 100 });
  merger.add(log('a', 1, 4, 5));
  merger.add(log('b', 2, 3, 6));
  merger.add(log('c'));
  assert.deepEqual(await contents(merger), ['a@1', 'b@2', 'b@3', 'a@4', 'a@5', 'b@6']);
});

test('LogMerger reads only a few lines ahead of who reads', async () => {
  let produced = 0;
  async function* endless(): AsyncGenerator<LogLine> {
    for (;;) {
      produced += 1;
      yield line('a', 1);
    }
  }
  const merger = new LogMerger(new VirtualClock(), { windowMs: 100 });
  merger.add(endless());
  for (let i = 0; i < 10; i += 1) await merger.next(() => true);
  assert.ok(produced < 200, `${produced} lines were read for 10`);
  merger.close();
  assert.equal(await merger.next(() => true), undefined);
});

test('LogMerger lets a silent log hold the others up for one window only', async () => {
  const clock = new VirtualClock();
  const merger = new LogMerger(clock, { windowMs: 100 });
  let speak: (value: LogLine) => void = () => {};
  async function* silent(): AsyncGenerator<LogLine> {
    yield await new Promise<LogLine>((resolve) => {
      speak = resolve;
    });
  }
  merger.add(silent());
  merger.add(log('a', 5, 6));
  const first = merger.next(() => true);
  while (clock.pending === 0) await Promise.resolve();
  clock.advance(100);
  assert.equal((await first)?.content, 'a@5');
  assert.equal((await merger.next(() => true))?.content, 'a@6');
  speak(line('b', 1));
  assert.deepEqual(await contents(merger), ['b@1']);
});

test('LogMerger ends with the failure of a log', async () => {
  const merger = new LogMerger(new VirtualClock(), { windowMs: 100 });
  merger.add(
    (async function* (): AsyncGenerator<LogLine> {
      yield line('a', 1);
      throw new Error('too long');
    })(),
  );
  await assert.rejects(contents(merger), /too long/);
});
