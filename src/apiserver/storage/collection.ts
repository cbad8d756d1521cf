// All objects of one resource type at the newest revision, and a bounded history of their changes from which
// older states and watches are served. Knows no HTTP and no rules about objects.

import { SortedMap } from './sorted-map.ts';
import { type Change, nameOf, namespaceOf, type StoredObject } from './stored-object.ts';

export interface HistoryLimits {
  /** Changes kept per type at most. */
  readonly maxChanges: number;
  /** Changes older than this may go once more than `minChanges` are kept, milliseconds. */
  readonly maxAgeMs: number;
  readonly minChanges: number;
}

export class Collection {
  /** Namespace → name → object; '' holds cluster-scoped objects. */
  readonly #namespaces = new SortedMap<SortedMap<StoredObject>>();
  readonly #limits: HistoryLimits;
  #history: Change[] = [];
  #head = 0;
  #floor: number;
  #size = 0;

  /** @param floor the newest revision whose changes are not in the history. */
  constructor(limits: HistoryLimits, floor: number) {
    this.#limits = limits;
    this.#floor = floor;
  }

  get size(): number {
    return this.#size;
  }

  /** States and watches from before this revision are not available. */
  get floor(): number {
    return this.#floor;
  }

  get(namespace: string, name: string): StoredObject | undefined {
    return this.#namespaces.get(namespace)?.get(name);
  }

  /** Objects in key order (`namespace/name`), of one namespace when given. */
  list(namespace?: string): StoredObject[] {
    if (namespace !== undefined) return this.#namespaces.get(namespace)?.values() ?? [];
    const found: StoredObject[] = [];
    for (const key of this.#namespaces.keys()) {
      for (const object of this.#namespaces.get(key)?.values() ?? []) found.push(object);
    }
    return found;
  }

  /** The objects as they were at `revision`, which must not be below `floor`. */
  listAt(revision: number, namespace?: string): StoredObject[] {
    const later = this.changesAfter(revision);
    if (later.length === 0) return this.list(namespace);
    // The first change after the revision tells what the object was at it.
    const before = new Map<string, StoredObject | undefined>();
    for (const change of later) {
      const key = keyOf(change.current);
      if (!before.has(key)) before.set(key, change.previous);
    }
    const found = this.list(namespace).filter((stored) => !before.has(keyOf(stored)));
    for (const stored of before.values()) {
      if (stored !== undefined && (namespace === undefined || namespaceOf(stored.object) === namespace)) {
        found.push(stored);
      }
    }
    return found.sort((a, b) => compareKeys(keyOf(a), keyOf(b)));
  }

  /** Changes after `revision` in order; call only with a revision not below `floor`. */
  changesAfter(revision: number): Change[] {
    let low = this.#head;
    let high = this.#history.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#history[middle]?.revision ?? 0) <= revision) low = middle + 1;
      else high = middle;
    }
    return this.#history.slice(low);
  }

  /** Takes an object without recording a change: recovery from disk. */
  load(stored: StoredObject): void {
    this.#place(stored);
  }

  /** Takes an object away without recording a change: recovery from disk. */
  unload(namespace: string, name: string): void {
    this.#remove(namespace, name);
  }

  apply(change: Change): void {
    const { object } = change.current;
    if (change.type === 'DELETED') this.#remove(namespaceOf(object), nameOf(object));
    else this.#place(change.current);
    this.#history.push(change);
    this.#trim(change.at);
  }

  #place(stored: StoredObject): void {
    const namespace = namespaceOf(stored.object);
    let names = this.#namespaces.get(namespace);
    if (names === undefined) {
      names = new SortedMap();
      this.#namespaces.set(namespace, names);
    }
    const before = names.size;
    names.set(nameOf(stored.object), stored);
    this.#size += names.size - before;
  }

  #remove(namespace: string, name: string): void {
    const names = this.#namespaces.get(namespace);
    if (names?.delete(name) !== true) return;
    this.#size -= 1;
    if (names.size === 0) this.#namespaces.delete(namespace);
  }

  #trim(now: number): void {
    const { maxChanges, maxAgeMs, minChanges } = this.#limits;
    for (;;) {
      const kept = this.#history.length - this.#head;
      const oldest = this.#history[this.#head];
      if (oldest === undefined || kept <= minChanges) break;
      if (kept <= maxChanges && now - oldest.at <= maxAgeMs) break;
      this.#floor = oldest.revision;
      this.#head += 1;
    }
    if (this.#head > 1024 && this.#head * 2 > this.#history.length) {
      this.#history = this.#history.slice(this.#head);
      this.#head = 0;
    }
  }
}

/** `namespace/name`, or the name alone for cluster-scoped objects: the order of lists. */
export function keyOf(stored: StoredObject): string {
  const namespace = namespaceOf(stored.object);
  return namespace === '' ? nameOf(stored.object) : `${namespace}/${nameOf(stored.object)}`;
}

/** Orders keys as `Collection.list` does: by namespace, then by name. */
export function compareKeys(a: string, b: string): number {
  const left = splitKey(a);
  const right = splitKey(b);
  if (left.namespace !== right.namespace) return left.namespace < right.namespace ? -1 : 1;
  if (left.name === right.name) return 0;
  return left.name < right.name ? -1 : 1;
}

export function splitKey(key: string): { namespace: string; name: string } {
  const slash = key.indexOf('/');
  return slash < 0
    ? { namespace: '', name: key }
    : { namespace: key.slice(0, slash), name: key.slice(slash + 1) };
}
