// A work queue for the server's own controllers: each key once, handled soon after but never inside the write that
// caused it, in short slices so that requests are answered in between.
import { type Clock, type Logger, messageOf, type Timer } from '../../lib/index.ts';

const SLICE_KEYS = 100;
const RETRY_MS = 100;
const LONGEST_RETRY_MS = 30_000;

export class WorkQueue {
  readonly #keys = new Set<string>();
  readonly #failures = new Map<string, number>();
  readonly #timers = new Set<Timer>();
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #handle: (key: string) => void;
  #next: Timer | undefined;
  #closed = false;

  constructor(deps: { readonly clock: Clock; readonly log: Logger }, handle: (key: string) => void) {
    this.#clock = deps.clock;
    this.#log = deps.log;
    this.#handle = handle;
  }

  add(key: string): void {
    if (this.#closed) return;
    this.#keys.add(key);
    this.#next ??= this.#clock.after(0, () => this.#run());
  }

  close(): void {
    this.#closed = true;
    this.#next?.cancel();
    for (const timer of this.#timers) timer.cancel();
    this.#keys.clear();
  }

  #run(): void {
    this.#next = undefined;
    let left = SLICE_KEYS;
    for (const key of this.#keys) {
      this.#keys.delete(key);
      this.#handleOne(key);
      left -= 1;
      if (left === 0) break;
    }
    if (this.#keys.size > 0 && !this.#closed) this.#next ??= this.#clock.after(0, () => this.#run());
  }

  #handleOne(key: string): void {
    try {
      this.#handle(key);
      this.#failures.delete(key);
    } catch (error) {
      const failures = (this.#failures.get(key) ?? 0) + 1;
      this.#failures.set(key, failures);
      this.#log.warn('controller will try again', { key, error: messageOf(error) });
      const timer = this.#clock.after(Math.min(RETRY_MS * 2 ** failures, LONGEST_RETRY_MS), () => {
        this.#timers.delete(timer);
        this.add(key);
      });
      this.#timers.add(timer);
    }
  }
}
