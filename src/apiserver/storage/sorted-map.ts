// A map that can be walked in key order. The order is computed when first asked for and kept by binary insertion
// from then on, so bulk loading costs no sorting.

export class SortedMap<V> {
  readonly #values = new Map<string, V>();
  #keys: string[] | undefined;

  get size(): number {
    return this.#values.size;
  }

  get(key: string): V | undefined {
    return this.#values.get(key);
  }

  set(key: string, value: V): void {
    if (this.#keys !== undefined && !this.#values.has(key)) this.#keys.splice(this.#position(key), 0, key);
    this.#values.set(key, value);
  }

  delete(key: string): boolean {
    if (!this.#values.delete(key)) return false;
    this.#keys?.splice(this.#position(key), 1);
    return true;
  }

  /** Keys in ascending code-unit order; do not change the array. */
  keys(): readonly string[] {
    this.#keys ??= [...this.#values.keys()].sort();
    return this.#keys;
  }

  /** Values in the order of their keys. */
  values(): V[] {
    const found: V[] = [];
    for (const key of this.keys()) {
      const value = this.#values.get(key);
      if (value !== undefined) found.push(value);
    }
    return found;
  }

  /** Values in no particular order, without sorting. */
  unordered(): Iterable<V> {
    return this.#values.values();
  }

  #position(key: string): number {
    const keys = this.#keys ?? [];
    let low = 0;
    let high = keys.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((keys[middle] ?? '') < key) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
