// The objects an informer keeps, by namespace and name, and the changes a new list or an event makes to them. No I/O.
import type { KubeObject } from './object.ts';

/** One change of one object, as handlers see it. */
export type ObjectChange<T extends KubeObject> =
  | { readonly kind: 'add'; readonly object: T }
  | { readonly kind: 'update'; readonly object: T; readonly old: T }
  | { readonly kind: 'delete'; readonly object: T };

export class ObjectStore<T extends KubeObject> {
  readonly #namespaces = new Map<string, Map<string, T>>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get(namespace: string, name: string): T | undefined {
    return this.#namespaces.get(namespace)?.get(name);
  }

  /** All objects, of one namespace when given ('' means cluster-scoped here). */
  *values(namespace?: string): Generator<T, void> {
    if (namespace !== undefined) {
      yield* this.#namespaces.get(namespace)?.values() ?? [];
      return;
    }
    for (const objects of this.#namespaces.values()) yield* objects.values();
  }

  /** Takes in an object that exists. Returns nothing when it is known already, or older than what is known. */
  put(object: T): ObjectChange<T> | undefined {
    const { namespace = '', name = '' } = object.metadata;
    let objects = this.#namespaces.get(namespace);
    if (objects === undefined) {
      objects = new Map();
      this.#namespaces.set(namespace, objects);
    }
    const old = objects.get(name);
    if (old !== undefined && !isNewer(object.metadata.resourceVersion, old.metadata.resourceVersion)) {
      return undefined;
    }
    objects.set(name, object);
    if (old !== undefined) return { kind: 'update', object, old };
    this.#size += 1;
    return { kind: 'add', object };
  }

  /**
   * Takes in the end of an object; `last` is its final state. Returns nothing when it is not known, or when another
   * object of the same name has taken its place.
   */
  remove(last: T): ObjectChange<T> | undefined {
    const { namespace = '', name = '', uid } = last.metadata;
    const objects = this.#namespaces.get(namespace);
    const known = objects?.get(name);
    if (objects === undefined || known === undefined) return undefined;
    if (uid !== undefined && known.metadata.uid !== undefined && known.metadata.uid !== uid) return undefined;
    objects.delete(name);
    this.#size -= 1;
    if (objects.size === 0) this.#namespaces.delete(namespace);
    return { kind: 'delete', object: last };
  }

  /** Replaces everything by a complete list; the differences in the order deletions, then the list's order. */
  replace(items: readonly T[]): ObjectChange<T>[] {
    const listed = new Set<string>();
    for (const { metadata } of items) listed.add(`${metadata.namespace ?? ''}/${metadata.name ?? ''}`);
    const changes: ObjectChange<T>[] = [];
    for (const object of [...this.values()]) {
      const { namespace = '', name = '' } = object.metadata;
      const change = listed.has(`${namespace}/${name}`) ? undefined : this.remove(object);
      if (change !== undefined) changes.push(change);
    }
    for (const item of items) {
      const { namespace = '', name = '' } = item.metadata;
      const known = this.get(namespace, name);
      // Deleted and created again while nobody watched: two changes, not one.
      if (known !== undefined && known.metadata.uid !== item.metadata.uid) {
        const gone = this.remove(known);
        if (gone !== undefined) changes.push(gone);
      }
      const change = this.put(item);
      if (change !== undefined) changes.push(change);
    }
    return changes;
  }
}

/**
 * Compares resource versions of one type of one server: decimal numbers of any length. Versions that are no numbers
 * cannot be ordered, so any different one counts as newer.
 */
export function isNewer(version: string | undefined, known: string | undefined): boolean {
  if (version === undefined || known === undefined) return true;
  if (version === known) return false;
  if (!/^\d+$/.test(version) || !/^\d+$/.test(known)) return true;
  return version.length === known.length ? version > known : version.length > known.length;
}
