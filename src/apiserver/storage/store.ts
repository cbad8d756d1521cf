// The store: one revision counter over all resource types, writes in order, and delivery of each change to
// listeners after it is in place. Atomic because it is synchronous; the durable log is called before a change counts.

import type { KubeObject } from '../../k8s/index.ts';
import type { Clock } from '../../lib/index.ts';
import { Collection, type HistoryLimits } from './collection.ts';
import { type Change, nameOf, namespaceOf, StoredObject } from './stored-object.ts';

/** A resource type as the store names it: `configmaps`, `deployments.apps`. */
export type TypeKey = string;

export type ChangeListener = (change: Change, type: TypeKey) => void;

/** Where changes are made durable; throws when it cannot, and then the change does not happen. */
export interface Journal {
  append(type: TypeKey, change: Change): void;
}

export interface StoreDeps {
  readonly clock: Clock;
  readonly history: HistoryLimits;
  /** Told about a listener that threw: a bug in a built-in controller must not fail the client's write. */
  readonly onListenerError: (error: unknown) => void;
}

export class Store {
  readonly #deps: StoreDeps;
  readonly #collections = new Map<TypeKey, Collection>();
  readonly #listeners = new Map<TypeKey | '*', Set<ChangeListener>>();
  readonly #queue: { change: Change; type: TypeKey }[] = [];
  #delivering = false;
  #revision = 1;
  /** No change up to this revision is known. */
  #historyStart = 1;
  #journal: Journal | undefined;

  constructor(deps: StoreDeps) {
    this.#deps = deps;
  }

  get revision(): number {
    return this.#revision;
  }

  set journal(journal: Journal | undefined) {
    this.#journal = journal;
  }

  collection(type: TypeKey): Collection {
    let collection = this.#collections.get(type);
    if (collection === undefined) {
      collection = new Collection(this.#deps.history, this.#historyStart);
      this.#collections.set(type, collection);
    }
    return collection;
  }

  /** Types that hold or held objects. */
  types(): TypeKey[] {
    return [...this.#collections.keys()];
  }

  /** Stores `object` (which becomes the store's own) under the next revision, as new or in place of what is there. */
  put(type: TypeKey, object: KubeObject): StoredObject {
    const collection = this.collection(type);
    const previous = collection.get(namespaceOf(object), nameOf(object));
    const revision = this.#revision + 1;
    object.metadata.resourceVersion = String(revision);
    const current = new StoredObject(object, revision);
    this.#commit(type, collection, {
      type: previous === undefined ? 'ADDED' : 'MODIFIED',
      revision,
      at: this.#deps.clock.monotonic(),
      current,
      previous,
    });
    return current;
  }

  /**
   * Removes an object; the answer is its last state stamped with the revision of the removal.
   * @param lastState what the removing write made of it, default as stored
   */
  remove(type: TypeKey, namespace: string, name: string, lastState?: KubeObject): StoredObject | undefined {
    const collection = this.collection(type);
    const previous = collection.get(namespace, name);
    if (previous === undefined) return undefined;
    const revision = this.#revision + 1;
    const object = lastState ?? previous.object;
    const last = { ...object, metadata: { ...object.metadata, resourceVersion: String(revision) } };
    const current = new StoredObject(last, revision);
    const at = this.#deps.clock.monotonic();
    this.#commit(type, collection, { type: 'DELETED', revision, at, current, previous });
    return current;
  }

  /** Delivers each change of a type (or of all with '*') in order, after the write. Returns the unsubscribe. */
  listen(type: TypeKey | '*', listener: ChangeListener): () => void {
    const listeners = this.#listeners.get(type) ?? new Set();
    this.#listeners.set(type, listeners);
    listeners.add(listener);
    return () => listeners.delete(listener);
  }

  /** Recovery: puts an object back as it was; no change is recorded or delivered. */
  load(type: TypeKey, object: KubeObject, revision: number): void {
    this.collection(type).load(new StoredObject(object, revision));
    this.#revision = Math.max(this.#revision, revision);
  }

  /** Recovery: an object that was deleted at `revision`. */
  unload(type: TypeKey, namespace: string, name: string, revision: number): void {
    this.collection(type).unload(namespace, name);
    this.#revision = Math.max(this.#revision, revision);
  }

  /** Recovery: revisions up to this one have been given out. */
  raiseRevision(revision: number): void {
    this.#revision = Math.max(this.#revision, revision);
  }

  /** Ends recovery: nothing before `revision` can be watched or listed any more. */
  startHistory(): void {
    this.#historyStart = this.#revision;
    const loaded = [...this.#collections];
    for (const [type, old] of loaded) {
      const fresh = new Collection(this.#deps.history, this.#revision);
      for (const stored of old.list()) fresh.load(stored);
      this.#collections.set(type, fresh);
    }
  }

  /** Every object of every type: a consistent snapshot, since objects do not change. */
  snapshot(): { type: TypeKey; stored: StoredObject }[] {
    const all: { type: TypeKey; stored: StoredObject }[] = [];
    for (const [type, collection] of this.#collections) {
      for (const stored of collection.list()) all.push({ type, stored });
    }
    return all;
  }

  #commit(type: TypeKey, collection: Collection, change: Change): void {
    this.#journal?.append(type, change);
    this.#revision = change.revision;
    collection.apply(change);
    this.#queue.push({ change, type });
    if (!this.#delivering) this.#deliver();
  }

  // A listener may write; its change waits in the queue so that everybody sees changes in revision order.
  #deliver(): void {
    this.#delivering = true;
    try {
      for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) {
        this.#tell(this.#listeners.get(next.type), next.change, next.type);
        this.#tell(this.#listeners.get('*'), next.change, next.type);
      }
    } finally {
      this.#delivering = false;
    }
  }

  #tell(listeners: Set<ChangeListener> | undefined, change: Change, type: TypeKey): void {
    if (listeners === undefined) return;
    for (const listener of listeners) {
      try {
        listener(change, type);
      } catch (error) {
        this.#deps.onListenerError(error);
      }
    }
  }
}
