// Bounded concurrency: a counting semaphore and a per-key gate. No timers of their own.
import { CodedError } from './errors.ts';

/** At most `limit` tasks of one kind at a time; the rest wait in order, at most `maxWaiting` of them. */
export class Semaphore {
  readonly #limit: number;
  readonly #maxWaiting: number;
  #running = 0;
  readonly #waiting: (() => void)[] = [];

  constructor(limit: number, maxWaiting = 100_000) {
    this.#limit = limit;
    this.#maxWaiting = maxWaiting;
  }

  get running(): number {
    return this.#running;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  /** Runs `task` when a place is free; rejects with `OVERLOADED` when too many wait already. */
  async run<T>(task: () => Promise<T>): Promise<T> {
    if (this.#running < this.#limit) {
      this.#running += 1;
    } else {
      if (this.#waiting.length >= this.#maxWaiting) {
        throw new CodedError(
          'OVERLOADED',
          'backoff',
          `${this.#waiting.length} tasks wait already; try again later`,
        );
      }
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    try {
      return await task();
    } finally {
      const next = this.#waiting.shift();
      // The place passes on directly, so #running stays as it is.
      if (next === undefined) this.#running -= 1;
      else next();
    }
  }
}

/** Joins concurrent calls for one key into one: everybody gets the same promise while it runs. */
export class SingleFlight<T> {
  readonly #flights = new Map<string, Promise<T>>();

  run(key: string, task: () => Promise<T>): Promise<T> {
    const known = this.#flights.get(key);
    if (known !== undefined) return known;
    const flight = task().finally(() => this.#flights.delete(key));
    this.#flights.set(key, flight);
    return flight;
  }
}

/** Runs `task` over `items` with at most `limit` at once; results keep the order of the items. */
export async function mapLimited<T, R>(
  items: readonly T[],
  limit: number,
  task: (item: T, index: number) => Promise<R>,
): Promise<R[]> {
  const results: R[] = new Array(items.length);
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let i = next++; i < items.length; i = next++) results[i] = await task(items[i] as T, i);
  };
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, worker));
  return results;
}
