// Runs a function for keys: each key at most once at a time, however often it is added, with back-off per key,
// two priorities and a bound on how many run together. Knows nothing of what a key means.
import { type Backoff, type Clock, jitteredBackoffMs, type Random, type Timer } from '../lib/index.ts';

export type Priority = 'high' | 'low';

export interface WorkQueueDeps {
  readonly clock: Clock;
  readonly random: Random;
}

/** What a run says about the next one. Nothing: only when the key is added again. */
export interface WorkResult {
  readonly requeueAfterMs?: number | undefined;
}

export interface WorkQueueOptions {
  /** For metrics and messages. */
  readonly name: string;
  /** Keys worked on at the same time. */
  readonly concurrency: number;
  /** Works on one key. A rejection adds the key again after its back-off. The signal aborts when the queue stops. */
  process(key: string, signal: AbortSignal): Promise<WorkResult | undefined>;
  /** Told about each rejection; 'drop' means not to try again until the key is added. */
  onError(key: string, error: unknown, failures: number): 'retry' | 'drop';
  /** Default: 5 ms doubling to 5 minutes. */
  readonly backoff?: Backoff | undefined;
}

export interface WorkQueueNumbers {
  /** Ready to run, by priority. */
  readonly high: number;
  readonly low: number;
  readonly delayed: number;
  readonly running: number;
  readonly added: number;
  readonly processed: number;
  readonly failed: number;
  /** Longest wait of a key that is ready now, milliseconds. */
  readonly oldestMs: number;
}

const BACKOFF: Backoff = { initialMs: 5, factor: 2, maxMs: 300_000 };
/** One low key runs after this many high ones, so that a steady stream of high ones starves nobody. */
const HIGH_IN_A_ROW = 8;

interface Delayed {
  readonly dueAt: number;
  readonly timer: Timer;
}

export class WorkQueue {
  readonly #deps: WorkQueueDeps;
  readonly #options: WorkQueueOptions;
  readonly #backoff: Backoff;
  /** Key → monotonic time it got ready, in the order to run. */
  readonly #ready: Record<Priority, Map<string, number>> = { high: new Map(), low: new Map() };
  readonly #delayed = new Map<string, Delayed>();
  readonly #running = new Set<string>();
  /** Added while running: runs again afterwards. */
  readonly #again = new Map<string, Priority>();
  readonly #failures = new Map<string, number>();
  readonly #stop = new AbortController();
  readonly #idleWaiters = new Set<() => void>();
  #started = false;
  #highInARow = 0;
  #pumping = false;
  #added = 0;
  #processed = 0;
  #failed = 0;

  constructor(deps: WorkQueueDeps, options: WorkQueueOptions) {
    this.#deps = deps;
    this.#options = options;
    this.#backoff = options.backoff ?? BACKOFF;
  }

  /** Begins to work; keys may be added before. */
  start(): void {
    this.#started = true;
    this.#pump();
  }

  /** Wants `key` worked on now. A key that waits already stays where it is, or moves up to `high`. */
  add(key: string, priority: Priority = 'high'): void {
    if (this.#stop.signal.aborted) return;
    this.#added += 1;
    this.#cancelDelay(key);
    if (this.#running.has(key)) {
      if (priority === 'high' || !this.#again.has(key)) this.#again.set(key, priority);
      return;
    }
    this.#makeReady(key, priority);
    this.#pump();
  }

  /** Wants `key` worked on after `ms`, or earlier when something else asks for it. */
  addAfter(key: string, ms: number): void {
    if (this.#stop.signal.aborted) return;
    if (ms <= 0) {
      this.add(key, 'low');
      return;
    }
    const dueAt = this.#deps.clock.monotonic() + ms;
    const known = this.#delayed.get(key);
    if (known !== undefined && known.dueAt <= dueAt) return;
    if (this.#ready.high.has(key) || this.#ready.low.has(key) || this.#again.has(key)) return;
    known?.timer.cancel();
    const timer = this.#deps.clock.after(ms, () => {
      this.#delayed.delete(key);
      this.add(key, 'low');
    });
    this.#delayed.set(key, { dueAt, timer });
  }

  /** Wants `key` worked on after its back-off, which doubles with each call until `forget`. */
  addRateLimited(key: string): void {
    const failures = this.#failures.get(key) ?? 0;
    this.#failures.set(key, failures + 1);
    this.addAfter(
      key,
      jitteredBackoffMs(this.#backoff, failures, () => this.#deps.random.next()),
    );
  }

  /** Ends the back-off of a key: the next failure starts from the beginning. */
  forget(key: string): void {
    this.#failures.delete(key);
  }

  /** Takes a key that waits out of the queue, with its back-off; one that runs is left to end. */
  remove(key: string): void {
    this.#cancelDelay(key);
    this.#ready.high.delete(key);
    this.#ready.low.delete(key);
    this.#again.delete(key);
    this.#failures.delete(key);
    this.#notifyIdle();
  }

  /** Resolves when nothing is ready or running; delayed keys do not count. */
  async idle(): Promise<void> {
    while (!this.#isIdle()) await new Promise<void>((resolve) => this.#idleWaiters.add(resolve));
  }

  /** Takes no more keys, drops those that wait, aborts the signal of those that run and waits for their end. */
  async stop(): Promise<void> {
    this.#stop.abort(new DOMException(`The queue ${this.#options.name} was stopped`, 'AbortError'));
    for (const { timer } of this.#delayed.values()) timer.cancel();
    this.#delayed.clear();
    this.#ready.high.clear();
    this.#ready.low.clear();
    this.#again.clear();
    await this.idle();
  }

  numbers(): WorkQueueNumbers {
    const now = this.#deps.clock.monotonic();
    const oldest = [this.#ready.high, this.#ready.low].flatMap((ready) => ready.values().next().value ?? []);
    return {
      high: this.#ready.high.size,
      low: this.#ready.low.size,
      delayed: this.#delayed.size,
      running: this.#running.size,
      added: this.#added,
      processed: this.#processed,
      failed: this.#failed,
      oldestMs: Math.max(0, ...oldest.map((since) => now - since)),
    };
  }

  #makeReady(key: string, priority: Priority): void {
    if (this.#ready.high.has(key)) return;
    const since = this.#ready.low.get(key);
    if (since !== undefined && priority === 'low') return;
    this.#ready.low.delete(key);
    this.#ready[priority].set(key, since ?? this.#deps.clock.monotonic());
  }

  #cancelDelay(key: string): void {
    this.#delayed.get(key)?.timer.cancel();
    this.#delayed.delete(key);
  }

  #pump(): void {
    // A process that adds keys before its first await must not nest.
    if (!this.#started || this.#pumping) return;
    this.#pumping = true;
    while (this.#running.size < this.#options.concurrency) {
      const key = this.#next();
      if (key === undefined) break;
      this.#running.add(key);
      void this.#run(key);
    }
    this.#pumping = false;
  }

  #next(): string | undefined {
    const { high, low } = this.#ready;
    const takeLow = low.size > 0 && (high.size === 0 || this.#highInARow >= HIGH_IN_A_ROW);
    const from = takeLow ? low : high;
    const { value: key, done } = from.keys().next();
    if (done === true) return undefined;
    this.#highInARow = takeLow ? 0 : this.#highInARow + 1;
    from.delete(key);
    return key;
  }

  async #run(key: string): Promise<void> {
    const { process, onError } = this.#options;
    try {
      const result = await process(key, this.#stop.signal);
      this.forget(key);
      this.#end(key);
      if (result?.requeueAfterMs !== undefined) this.addAfter(key, result.requeueAfterMs);
    } catch (error) {
      this.#failed += 1;
      const failures = (this.#failures.get(key) ?? 0) + 1;
      const stopping = this.#stop.signal.aborted;
      const verdict = stopping ? 'drop' : onError(key, error, failures);
      this.#end(key);
      if (verdict === 'retry') this.addRateLimited(key);
      else this.forget(key);
    }
    this.#pump();
    this.#notifyIdle();
  }

  #end(key: string): void {
    this.#processed += 1;
    this.#running.delete(key);
    const priority = this.#again.get(key);
    if (priority === undefined) return;
    this.#again.delete(key);
    this.#makeReady(key, priority);
  }

  #isIdle(): boolean {
    return this.#running.size === 0 && this.#ready.high.size === 0 && this.#ready.low.size === 0;
  }

  #notifyIdle(): void {
    if (!this.#isIdle()) return;
    for (const resolve of this.#idleWaiters) resolve();
    this.#idleWaiters.clear();
  }
}
