// The log of one pod from its first line to its end; while followed also of what its container becomes after a restart.
import type { Readable } from 'node:stream';
import { isKubeError, type KubeClient, type KubeObject, type LogOptions, wellKnown } from '../k8s/index.ts';
import { type Clock, isRecord, messageOf } from '../lib/index.ts';
import { PodsError } from './errors.ts';
import { type LogLine, LogLineSplitter } from './log-lines.ts';
import { compareLogTimes, type LogTime } from './log-time.ts';
import type { PodRef } from './select.ts';

/** How a log is read; units as in Kubernetes' PodLogOptions. */
export interface LogRange {
  readonly container?: string;
  readonly previous: boolean;
  readonly follow: boolean;
  readonly tailLines?: number;
  readonly sinceSeconds?: number;
  /** RFC 3339. */
  readonly sinceTime?: string;
}

export interface FeedDeps {
  readonly clock: Clock;
  /** Makes a call to the pod's cluster in the name that the application has there. */
  readonly ask: <T>(call: (client: KubeClient) => Promise<T>) => Promise<T>;
  /** Opens a log, within the bound on open ones. */
  readonly stream: (pod: PodRef, options: LogOptions) => Promise<Readable>;
  /** Counts what is read; throws when it is too much. */
  readonly spend: (bytes: number) => void;
}

/** Why no further line comes: its containers have ended for good, the pod is gone, or nobody asked for more. */
export type FeedEnd = 'finished' | 'gone' | 'read';

/** Bytes of one line that are kept; containers' runtimes cut lines at 16 KiB, other sources at nothing. */
const MAX_LINE_BYTES = 256 * 1024;
/** A log that is not followed and sends nothing for so long is given up. */
const IDLE_MS = 60_000;
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 10_000;

/** An open log, or why there is none, or one that is opened when it is read. */
export type OpenedLog =
  | { readonly kind: 'pending'; readonly open: () => Promise<OpenedLog> }
  | { readonly kind: 'open'; readonly stream: Readable; readonly container: string | undefined }
  | { readonly kind: 'failed'; readonly error: unknown };

/** Never rejects, except when `signal` aborts. */
export async function openLog(
  deps: FeedDeps,
  pod: PodRef,
  range: LogRange,
  signal: AbortSignal,
): Promise<OpenedLog> {
  try {
    const container = range.container ?? (await defaultContainer(deps, pod, signal));
    const options = { ...range, container, timestamps: true, signal };
    const stream = await deps.stream(pod, options);
    return { kind: 'open', stream, container };
  } catch (error) {
    signal.throwIfAborted();
    return { kind: 'failed', error };
  }
}

/**
 * Lines of a log that `openLog` opened. Followed logs are opened again after each end until the pod is gone or over.
 * What cannot be read is said in a line of its own, so that one pod does not end the logs of the others.
 */
export async function* feedOf(
  deps: FeedDeps,
  pod: PodRef,
  range: LogRange,
  first: OpenedLog,
  signal: AbortSignal,
): AsyncGenerator<LogLine, FeedEnd> {
  let opened = first.kind === 'pending' ? await first.open() : first;
  let last: LogTime | undefined;
  /** Where the log before this one broke off. */
  let seen: LogTime | undefined;
  let said = '';
  for (let pauseMs = FIRST_PAUSE_MS; ; ) {
    if (opened.kind === 'failed') {
      const text = messageOf(opened.error);
      // Said once, not again at each try.
      if (text !== said) yield { content: text, time: undefined, podName: pod.name };
      said = text;
    } else if (opened.kind === 'open') {
      try {
        for await (const line of linesOf(deps, pod, opened.stream, range.follow, signal)) {
          if (seen !== undefined && line.time !== undefined && compareLogTimes(line.time, seen) <= 0)
            continue;
          last = line.time ?? last;
          pauseMs = FIRST_PAUSE_MS;
          yield line;
        }
        said = '';
      } catch (error) {
        if (signal.aborted) return 'read';
        if (error instanceof PodsError && error.code === 'TOO_LARGE') throw error;
        opened = { kind: 'failed', error };
        if (range.follow) continue;
        yield { content: messageOf(error), time: undefined, podName: pod.name };
      }
    }
    if (!range.follow || range.previous) return 'read';
    const end = await endOf(deps, pod, signal);
    if (end !== undefined) return end;
    await deps.clock.sleep(pauseMs, signal).catch(() => undefined);
    if (signal.aborted) return 'read';
    pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
    seen = last;
    opened = await openLog(deps, pod, resumed(range, opened, last), signal).catch(
      (error: unknown): OpenedLog => ({ kind: 'failed', error }),
    );
    if (signal.aborted) return 'read';
  }
}

/** From the last line on: the server compares times by the second, so what was seen is left out by whoever reads. */
function resumed(range: LogRange, opened: OpenedLog, last: LogTime | undefined): LogRange {
  const container = opened.kind === 'open' ? opened.container : range.container;
  const { tailLines: _tail, sinceSeconds: _seconds, sinceTime: _time, ...rest } = range;
  const same = last === undefined ? range : { ...rest, sinceTime: last.text };
  return { ...same, ...(container === undefined ? {} : { container }) };
}

async function* linesOf(
  deps: FeedDeps,
  pod: PodRef,
  stream: Readable,
  isFollowed: boolean,
  signal: AbortSignal,
): AsyncGenerator<LogLine, void> {
  const splitter = new LogLineSplitter(pod.name, MAX_LINE_BYTES);
  const chunks = stream[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  const onAbort = (): void => void stream.destroy();
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    for (;;) {
      const timer = isFollowed ? undefined : deps.clock.after(IDLE_MS, () => stream.destroy(silence(pod)));
      const step = await chunks.next().finally(() => timer?.cancel());
      if (step.done === true) break;
      deps.spend(step.value.length);
      yield* splitter.push(step.value);
    }
    yield* splitter.end();
  } finally {
    signal.removeEventListener('abort', onAbort);
    stream.destroy();
  }
}

function silence(pod: PodRef): PodsError {
  return new PodsError(
    'TIMEOUT',
    `Cannot read the log of pod ${pod.namespace}/${pod.name} to its end: the cluster sent nothing for ${IDLE_MS / 1000} s; try again`,
  );
}

/** Undefined while further lines may come. */
async function endOf(deps: FeedDeps, pod: PodRef, signal: AbortSignal): Promise<FeedEnd | undefined> {
  try {
    const live = await deps.ask((client) => client.find(wellKnown.pods, pod, { signal }));
    if (live === undefined || live.metadata.uid !== pod.uid) return 'gone';
    const phase = memberOf(live['status'], 'phase');
    return phase === 'Succeeded' || phase === 'Failed' ? 'finished' : undefined;
  } catch (error) {
    if (signal.aborted) return 'read';
    // What cannot be seen is not over, unless nobody may look.
    return isKubeError(error, 'FORBIDDEN') ? 'finished' : undefined;
  }
}

/** The container that kubectl takes when none is named; undefined leaves the choice to the server. */
async function defaultContainer(
  deps: FeedDeps,
  pod: PodRef,
  signal: AbortSignal,
): Promise<string | undefined> {
  const live = await deps.ask((client) => client.find(wellKnown.pods, pod, { signal }));
  return live === undefined ? undefined : defaultContainerOf(live);
}

const DEFAULT_CONTAINER = 'kubectl.kubernetes.io/default-container';

/** By annotation, else the first one. */
export function defaultContainerOf(pod: KubeObject): string | undefined {
  const names = containersOf(pod);
  const annotated = pod.metadata.annotations?.[DEFAULT_CONTAINER];
  return annotated !== undefined && names.includes(annotated) ? annotated : names[0];
}

/** Names of the ordinary containers of a pod. */
export function containersOf(pod: KubeObject): string[] {
  const containers = memberOf(pod['spec'], 'containers');
  if (!Array.isArray(containers)) return [];
  return containers.flatMap((item) => {
    const name = memberOf(item, 'name');
    return typeof name === 'string' ? [name] : [];
  });
}

function memberOf(value: unknown, name: string): unknown {
  return isRecord(value) ? value[name] : undefined;
}
