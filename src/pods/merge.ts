// Several logs as one, in the order of their times. Each log is read at most a few lines ahead, so that a reader who
// does not read holds the clusters' connections back instead of filling memory.
import type { Clock, Timer } from '../lib/index.ts';
import type { LogLine } from './log-lines.ts';
import { compareLogTimes } from './log-time.ts';

/** Lines read ahead of each log. */
const AHEAD = 64;

interface Source {
  readonly lines: LogLine[];
  /** It was silent for a whole window: the others do not wait for it any more. */
  isQuiet: boolean;
  isDone: boolean;
  /** Continues the reading once there is room. */
  resume: (() => void) | undefined;
}

export interface MergerOptions {
  /** How long the lines of other logs wait for a log that says nothing. */
  readonly windowMs: number;
}

/** Logs may be added while lines are taken. */
export class LogMerger {
  readonly #clock: Clock;
  readonly #windowMs: number;
  readonly #sources = new Set<Source>();
  #timer: Timer | undefined;
  #wake: (() => void) | undefined;
  #failure: { readonly error: unknown } | undefined;
  #isClosed = false;

  constructor(clock: Clock, { windowMs }: MergerOptions) {
    this.#clock = clock;
    this.#windowMs = windowMs;
  }

  /** Reads `log` from now on. A log that throws ends the merged one with that error. */
  add(log: AsyncIterable<LogLine>): void {
    const source: Source = { lines: [], isQuiet: false, isDone: false, resume: undefined };
    this.#sources.add(source);
    void this.#read(source, log);
  }

  /** The next line, or undefined once every log has ended and `isOver` agrees, or after `close`. */
  async next(isOver: () => boolean): Promise<LogLine | undefined> {
    for (;;) {
      if (this.#failure !== undefined) throw this.#failure.error;
      if (this.#isClosed) return undefined;
      const line = this.#take();
      if (line !== undefined) return line;
      if (this.#sources.size === 0 && isOver()) return undefined;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** Lets `next` look again, because what `isOver` says may have changed. */
  wake(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }

  close(): void {
    this.#isClosed = true;
    this.#timer?.cancel();
    for (const source of this.#sources) source.resume?.();
    this.wake();
  }

  async #read(source: Source, log: AsyncIterable<LogLine>): Promise<void> {
    try {
      for await (const line of log) {
        if (this.#isClosed) return;
        source.lines.push(line);
        source.isQuiet = false;
        this.wake();
        if (source.lines.length < AHEAD) continue;
        await new Promise<void>((resolve) => {
          source.resume = resolve;
        });
        if (this.#isClosed) return;
      }
    } catch (error) {
      this.#failure ??= { error };
    } finally {
      source.isDone = true;
      if (source.lines.length === 0) this.#sources.delete(source);
      this.wake();
    }
  }

  /** The earliest line, unless one that is earlier still may come. */
  #take(): LogLine | undefined {
    let first: Source | undefined;
    let isComplete = true;
    for (const source of this.#sources) {
      const [line] = source.lines;
      if (line === undefined) {
        if (!source.isQuiet) isComplete = false;
      } else if (first === undefined || compareLogTimes(line.time, first.lines[0]?.time) < 0) {
        first = source;
      }
    }
    if (first === undefined) return undefined;
    if (!isComplete) {
      this.#timer ??= this.#clock.after(this.#windowMs, () => this.#onWindow());
      return undefined;
    }
    this.#timer?.cancel();
    this.#timer = undefined;
    return this.#shift(first);
  }

  #shift(source: Source): LogLine | undefined {
    const line = source.lines.shift();
    if (source.lines.length < AHEAD / 2) {
      source.resume?.();
      source.resume = undefined;
    }
    if (source.isDone && source.lines.length === 0) this.#sources.delete(source);
    return line;
  }

  #onWindow(): void {
    this.#timer = undefined;
    for (const source of this.#sources) if (source.lines.length === 0) source.isQuiet = true;
    this.wake();
  }
}
