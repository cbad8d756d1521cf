import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openStream } from './stream.ts';

class Source extends EventTarget {
  readonly CLOSED = 2;
  readyState = 1;
  onopen: (() => void) | null = null;
  onerror: (() => void) | null = null;
  onmessage: ((event: { data: string; lastEventId: string }) => void) | null = null;
  readonly url: string;
  constructor(url: string) {
    super();
    this.url = url;
  }
  close(): void {
    this.readyState = this.CLOSED;
  }
}

function setUp() {
  const sources: Source[] = [];
  const timers: { ms: number; task: () => void }[] = [];
  const seen: string[] = [];
  const document = Object.assign(new EventTarget(), { hidden: false });
  const end = openStream(
    {
      document: document as unknown as Document,
      open(url) {
        const source = new Source(url);
        sources.push(source);
        return source as unknown as EventSource;
      },
      after(ms, task) {
        const timer = { ms, task };
        timers.push(timer);
        return () => timers.splice(timers.indexOf(timer), 1);
      },
    },
    {
      url: (since) => `/stream?since=${since}`,
      onMessage: (data) => seen.push(data),
      onGap: () => seen.push('gap'),
      onLive: (isLive) => seen.push(isLive ? 'live' : 'lost'),
    },
  );
  const show = (hidden: boolean): void => {
    document.hidden = hidden;
    document.dispatchEvent(new Event('visibilitychange'));
  };
  const fire = (): void => timers.shift()?.task();
  return { sources, timers, seen, end, show, fire };
}

test('openStream() hands on messages and says when it is live', () => {
  const { sources, seen } = setUp();
  sources[0]?.onopen?.();
  sources[0]?.onmessage?.({ data: 'a', lastEventId: '7' });
  assert.deepEqual(seen, ['live', 'a']);
});

test('openStream() opens again from the last change when the browser gave up', () => {
  const { sources, fire } = setUp();
  const [first] = sources;
  first?.onmessage?.({ data: 'a', lastEventId: '7' });
  first?.close();
  first?.onerror?.();
  fire();
  assert.equal(sources[1]?.url, '/stream?since=7');
});

test('openStream() leaves it to the browser while that still tries', () => {
  const { sources, timers } = setUp();
  sources[0]?.onerror?.();
  assert.deepEqual([sources.length, timers.length], [1, 0]);
});

test('openStream() lets go of the connection while the page stays hidden', () => {
  const { sources, show, fire } = setUp();
  show(true);
  fire();
  assert.equal(sources[0]?.readyState, 2);
  show(false);
  assert.equal(sources.length, 2);
});

test('openStream() keeps the connection over a glance elsewhere', () => {
  const { sources, timers, show } = setUp();
  show(true);
  show(false);
  assert.deepEqual([sources.length, timers.length], [1, 0]);
});

test('openStream() reports a gap and ends without timers left', () => {
  const { sources, timers, seen, show, end } = setUp();
  sources[0]?.dispatchEvent(new Event('relist'));
  show(true);
  end();
  assert.deepEqual(seen, ['gap', 'lost']);
  assert.equal(timers.length, 0);
});
