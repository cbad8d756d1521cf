// Follows an object of the server until it is as wanted. Comes back after a lost connection.
import { ClientError } from '../client/index.ts';
import type { Clock } from '../lib/index.ts';
import { CliError } from './errors.ts';
import type { Output } from './output.ts';

export interface Wanted<T> {
  /** `isDone` is asked on every state seen; the object that answered true is returned. */
  readonly isDone: (object: T) => boolean;
  /** What is still missing, in words, for the message when time is up. */
  readonly missing: (object: T | undefined) => string;
  /** The object is gone: undefined means that this is no failure. */
  readonly onDeleted?: () => T | undefined;
}

export interface WaitOptions<T> {
  /** 0: as long as it takes. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  /** Prints each change. */
  readonly progress?: (object: T) => void;
}

/** How one object is read and followed. */
export interface Followed<T> {
  /** What people call it: `app "web"`. */
  readonly called: string;
  /** The object, or nothing when it is not there. */
  list(signal: AbortSignal): Promise<readonly T[]>;
  /** @param onOpen called once no change can be missed any more */
  watch(
    signal: AbortSignal,
    onOpen: () => void,
  ): AsyncIterable<{ readonly isDeleted: boolean; readonly object: T }>;
}

interface FollowDeps {
  readonly clock: Clock;
  readonly out: Output;
}

const RETRY_MS = 1_000;

/** The object once it is as wanted; undefined when it was deleted and that is fine. */
export async function follow<T>(
  deps: FollowDeps,
  followed: Followed<T>,
  wanted: Wanted<T>,
  options: WaitOptions<T>,
): Promise<T | undefined> {
  const late = new AbortController();
  const timer = options.timeoutMs > 0 ? deps.clock.after(options.timeoutMs, () => late.abort()) : undefined;
  const signal = AbortSignal.any([options.signal, late.signal]);
  let last: T | undefined;
  try {
    for (;;) {
      const end = await followOnce(deps, followed, wanted, signal, (object) => {
        last = object;
        options.progress?.(object);
      });
      if (end !== 'lost') return end.object;
      await deps.clock.sleep(RETRY_MS, signal);
    }
  } catch (error) {
    if (!late.signal.aborted || options.signal.aborted) throw error;
    const seconds = options.timeoutMs / 1000;
    throw new CliError(
      'TIMED_OUT',
      `timed out (${seconds}s) waiting for ${followed.called} match desired state: ${wanted.missing(last)}`,
    );
  } finally {
    timer?.cancel();
  }
}

/** One connection's worth: done, deleted, or `lost` when the server ended the stream. */
async function followOnce<T>(
  deps: FollowDeps,
  followed: Followed<T>,
  wanted: Wanted<T>,
  signal: AbortSignal,
  seen: (object: T) => void,
): Promise<{ readonly object: T | undefined } | 'lost'> {
  const absent = new AbortController();
  // A stream tells what is there and what goes from now on, and nothing of an object that went before it opened.
  const look = async (): Promise<void> => {
    if ((await followed.list(signal)).length === 0) absent.abort(new Absent());
  };
  const onOpen = (): void => void look().catch((error: unknown) => absent.abort(error));
  try {
    const either = AbortSignal.any([signal, absent.signal]);
    for await (const { isDeleted, object } of followed.watch(either, onOpen)) {
      if (isDeleted) return { object: deleted(followed, wanted) };
      seen(object);
      if (wanted.isDone(object)) return { object };
    }
  } catch (error) {
    if (error instanceof Absent) return { object: deleted(followed, wanted) };
    const isLost = error instanceof ClientError && error.code === 'UNREACHABLE';
    if (!isLost || signal.aborted) throw error;
    deps.out.note(`${error.message}; trying again`);
  }
  signal.throwIfAborted();
  return 'lost';
}

class Absent extends Error {
  override readonly name = 'Absent';
}

function deleted<T>(followed: Followed<T>, wanted: Wanted<T>): T | undefined {
  if (wanted.onDeleted !== undefined) return wanted.onDeleted();
  throw new CliError('FAILED', `${followed.called} was deleted while waiting for it`);
}
