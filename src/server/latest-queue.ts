// A queue that keeps only the newest value per key: a slow reader costs at most one value per object, never more.

export class LatestQueue<T> {
  readonly #values = new Map<string, T>();
  #wake: (() => void) | undefined;

  get isEmpty(): boolean {
    return this.#values.size === 0;
  }

  /** The value that waits under `key`. */
  get(key: string): T | undefined {
    return this.#values.get(key);
  }

  /** Adds or replaces; the replaced value's place in the order is given up. */
  put(key: string, value: T): void {
    this.#values.delete(key);
    this.#values.set(key, value);
    this.#wake?.();
  }

  /** The values in order, as they come, until `signal` aborts. One reader at a time. */
  async *drain(signal: AbortSignal): AsyncGenerator<T, void, undefined> {
    while (!signal.aborted) {
      const [first] = this.#values;
      if (first === undefined) {
        await this.#next(signal);
        continue;
      }
      this.#values.delete(first[0]);
      yield first[1];
    }
  }

  #next(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        signal.removeEventListener('abort', done);
        this.#wake = undefined;
        resolve();
      };
      this.#wake = done;
      signal.addEventListener('abort', done, { once: true });
    });
  }
}
