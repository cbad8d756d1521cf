// Logs of the pods of an application: which pods, all at once in order of time, within bounds. Who may read them is
// the server's question, in whose name the cluster is asked that of whoever gives the source.
import type { Readable } from 'node:stream';
import type { KubeClient } from '../k8s/index.ts';
import type { Clock, Timer } from '../lib/index.ts';
import type { ResourceNode } from '../model/index.ts';
import { PodsError } from './errors.ts';
import type { LogLine } from './log-lines.ts';
import { compareLogTimes, type LogTime, parseLogTime } from './log-time.ts';
import { LogMerger } from './merge.ts';
import { type FeedDeps, type FeedEnd, feedOf, type LogRange, type OpenedLog, openLog } from './pod-feed.ts';
import { isStillThere, type PodChoice, type PodRef, requireChosen, selectPods } from './select.ts';

/** The application as its cluster shows it. */
export interface PodSource {
  /** Name of the application, for messages. */
  readonly application: string;
  /** Its resource tree as it is now. Nothing outside of it is ever read. */
  nodes(): readonly ResourceNode[];
  /** Calls `listener` after each change of the tree, until the returned function is called. */
  onChange(listener: () => void): () => void;
  /** Makes a call to the cluster in the name that the application has there. */
  ask<T>(call: (client: KubeClient) => Promise<T>): Promise<T>;
}

export interface LogRequest extends PodChoice, LogRange {
  /** RFC 3339; the first line after it ends the answer. */
  readonly untilTime?: string;
  /** Who reads, for the bound on each reader. */
  readonly reader: string;
  /** Pods at once. */
  readonly maxPods: number;
}

export interface LogReading {
  /** Ends with the logs, or after `close`. */
  readonly lines: AsyncIterable<LogLine>;
  /** Ends every connection to the cluster. */
  close(): void;
}

/** Open connections for logs to all clusters; watches of the same clients need theirs. */
const MAX_CONNECTIONS = 300;
/** Of one reader at a time: a page has one, a script a few. */
const MAX_READINGS_EACH = 20;
/** Of one answer that is not followed; nobody reads more in one go. */
const MAX_BYTES = 256 * 1024 * 1024;
/** Lines of others wait this long for a pod that says nothing; a followed log must not lag. */
const FOLLOW_WINDOW_MS = 300;
const WINDOW_MS = 10_000;
/** A rollout changes the tree many times a second; it is looked at this often. */
const JOIN_MS = 250;

export class PodLogReader {
  readonly #clock: Clock;
  readonly #readings = new Map<string, number>();
  #connections = 0;

  constructor(deps: { readonly clock: Clock }) {
    this.#clock = deps.clock;
  }

  /** Open connections to clusters. */
  get connections(): number {
    return this.#connections;
  }

  /**
   * Opens the logs of every chosen pod. Rejects with PodsError `NOT_FOUND`, `INVALID` or `TOO_MANY_REQUESTS`, and with
   * the cluster's own error when not one of the logs can be read (followed logs wait until they can).
   * The connections end with `signal`, with `close`, and with the lines.
   */
  async open(source: PodSource, request: LogRequest, signal: AbortSignal): Promise<LogReading> {
    const until = untilOf(request);
    requireChosen(source.nodes(), request, source.application);
    const pods = selectPods(source.nodes(), request);
    if (pods.length > request.maxPods) throw tooManyPods(pods.length, request.maxPods);
    const leave = this.#enter(request.reader);
    const ended = new AbortController();
    const all = AbortSignal.any([signal, ended.signal]);
    const deps = this.#feedDeps(source, request);
    const range = rangeOf(request);
    // However the reading ends, also when nobody ever takes a line.
    all.addEventListener('abort', leave, { once: true });
    try {
      const open = await Promise.all(
        pods.map(async (pod) => ({ pod, log: await openLog(deps, pod, range, all) })),
      );
      throwWhenNone(open, request);
      const merged = new MergedLogs(this.#clock, deps, source, request, all);
      for (const { pod, log } of open) merged.add(pod, log, range);
      return {
        lines: linesOf(merged, until, () => ended.abort()),
        close: () => ended.abort(),
      };
    } catch (error) {
      ended.abort();
      throw error;
    }
  }

  #feedDeps(source: PodSource, { follow }: LogRange): FeedDeps {
    let bytes = 0;
    return {
      clock: this.#clock,
      ask: (call) => source.ask(call),
      stream: (pod, options) => this.#stream(() => source.ask((client) => client.logs(pod, options))),
      spend(count) {
        bytes += count;
        if (!follow && bytes > MAX_BYTES) throw tooLong();
      },
    };
  }

  async #stream(open: () => Promise<Readable>): Promise<Readable> {
    if (this.#connections >= MAX_CONNECTIONS) {
      throw new PodsError(
        'TOO_MANY_REQUESTS',
        `${MAX_CONNECTIONS} logs are being read already; close some, or try again later`,
      );
    }
    this.#connections += 1;
    try {
      const stream = await open();
      stream.once('close', () => {
        this.#connections -= 1;
      });
      return stream;
    } catch (error) {
      this.#connections -= 1;
      throw error;
    }
  }

  /** @returns what ends the reading, once */
  #enter(reader: string): () => void {
    const count = this.#readings.get(reader) ?? 0;
    if (count >= MAX_READINGS_EACH) {
      throw new PodsError(
        'TOO_MANY_REQUESTS',
        `You read ${count} logs at the same time already; close some of them`,
      );
    }
    this.#readings.set(reader, count + 1);
    let isIn = true;
    return () => {
      if (!isIn) return;
      isIn = false;
      const left = (this.#readings.get(reader) ?? 1) - 1;
      if (left === 0) this.#readings.delete(reader);
      else this.#readings.set(reader, left);
    };
  }
}

/** The logs of one request as one; while followed, pods that appear join in. */
class MergedLogs {
  readonly #merger: LogMerger;
  readonly #deps: FeedDeps;
  readonly #source: PodSource;
  readonly #request: LogRequest;
  readonly #signal: AbortSignal;
  readonly #known = new Set<string>();
  readonly #finished = new Set<string>();
  readonly #stopListening: () => void;
  readonly #onAbort: () => void;
  #joining: Timer | undefined;
  #active = 0;
  #hasRefused = false;

  constructor(clock: Clock, deps: FeedDeps, source: PodSource, request: LogRequest, signal: AbortSignal) {
    this.#deps = deps;
    this.#source = source;
    this.#request = request;
    this.#signal = signal;
    this.#merger = new LogMerger(clock, { windowMs: request.follow ? FOLLOW_WINDOW_MS : WINDOW_MS });
    this.#onAbort = () => this.stop();
    if (signal.aborted) this.#onAbort();
    signal.addEventListener('abort', this.#onAbort, { once: true });
    this.#stopListening =
      request.follow && !request.previous ? source.onChange(() => this.#joinSoon()) : () => {};
  }

  add(pod: PodRef, log: OpenedLog, range: LogRange): void {
    this.#known.add(pod.uid);
    this.#active += 1;
    this.#merger.add(this.#feed(pod, log, range));
  }

  next(): Promise<LogLine | undefined> {
    return this.#merger.next(() => this.#isOver());
  }

  stop(): void {
    this.#stopListening?.();
    this.#joining?.cancel();
    this.#signal.removeEventListener('abort', this.#onAbort);
    this.#merger.close();
  }

  async *#feed(pod: PodRef, log: OpenedLog, range: LogRange): AsyncGenerator<LogLine, void> {
    let end: FeedEnd = 'read';
    try {
      end = yield* feedOf(this.#deps, pod, range, log, this.#signal);
    } finally {
      this.#active -= 1;
      if (end === 'finished') this.#finished.add(pod.uid);
    }
  }

  #joinSoon(): void {
    this.#joining ??= this.#deps.clock.after(JOIN_MS, () => this.#join());
  }

  #join(): void {
    this.#joining = undefined;
    for (const pod of selectPods(this.#source.nodes(), this.#request)) {
      if (this.#known.has(pod.uid) || this.#signal.aborted) continue;
      if (this.#active >= this.#request.maxPods) {
        this.#refuse(pod);
        return;
      }
      // A pod that is new is read from its first line.
      const { follow, previous, container } = this.#request;
      const range = { follow, previous, ...(container === undefined ? {} : { container }) };
      const notYet: OpenedLog = {
        kind: 'pending',
        open: () => openLog(this.#deps, pod, range, this.#signal),
      };
      this.add(pod, notYet, range);
    }
    this.#merger.wake();
  }

  #refuse(pod: PodRef): void {
    if (this.#hasRefused) return;
    this.#hasRefused = true;
    const content = `The log of this pod is not shown: ${this.#request.maxPods} pods are followed already`;
    this.#merger.add(once({ content, time: undefined, podName: pod.name }));
  }

  #isOver(): boolean {
    if (this.#active > 0) return false;
    const { follow, previous, podName } = this.#request;
    if (!follow || previous || podName !== undefined) return true;
    const nodes = this.#source.nodes();
    if (!isStillThere(nodes, this.#request)) return true;
    const pods = selectPods(nodes, this.#request);
    return pods.length > 0 && pods.every(({ uid }) => this.#finished.has(uid));
  }
}

async function* once(line: LogLine): AsyncGenerator<LogLine, void> {
  yield line;
}

async function* linesOf(
  merged: MergedLogs,
  until: LogTime | undefined,
  end: () => void,
): AsyncGenerator<LogLine, void> {
  try {
    for (let line = await merged.next(); line !== undefined; line = await merged.next()) {
      if (until !== undefined && line.time !== undefined && compareLogTimes(line.time, until) > 0) return;
      yield line;
    }
  } finally {
    merged.stop();
    end();
  }
}

function rangeOf({ container, previous, follow, tailLines, sinceSeconds, sinceTime }: LogRequest): LogRange {
  return {
    previous,
    follow: follow && !previous,
    ...(container === undefined ? {} : { container }),
    ...(tailLines === undefined ? {} : { tailLines }),
    ...(sinceSeconds === undefined ? {} : { sinceSeconds }),
    ...(sinceTime === undefined ? {} : { sinceTime }),
  };
}

function untilOf({ untilTime, sinceTime, sinceSeconds }: LogRequest): LogTime | undefined {
  if (sinceTime !== undefined && sinceSeconds !== undefined)
    throw new PodsError('INVALID', 'Give sinceTime or sinceSeconds, not both');
  if (sinceTime !== undefined) timeOf('sinceTime', sinceTime);
  return untilTime === undefined ? undefined : timeOf('untilTime', untilTime);
}

function timeOf(name: string, text: string): LogTime {
  const time = parseLogTime(text);
  if (time !== undefined) return time;
  throw new PodsError(
    'INVALID',
    `${name} ${JSON.stringify(text.slice(0, 40))} is no time; write it as 2006-01-02T15:04:05Z`,
  );
}

function throwWhenNone(open: readonly { readonly log: OpenedLog }[], { follow, previous }: LogRange): void {
  if (follow && !previous) return;
  const [first] = open;
  if (first?.log.kind === 'failed' && open.every(({ log }) => log.kind === 'failed')) throw first.log.error;
}

function tooManyPods(count: number, max: number): PodsError {
  return new PodsError(
    'INVALID',
    `max pods to view logs are reached: these are ${count} pods, and at most ${max} are shown at once; name a resource or a pod`,
  );
}

function tooLong(): PodsError {
  return new PodsError(
    'TOO_LARGE',
    `The logs are longer than ${MAX_BYTES / 1024 / 1024} MiB, which is all that one answer holds; ask for less with tailLines, sinceSeconds or one pod`,
  );
}
