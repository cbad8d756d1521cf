// What is known of one cluster's live objects, indexed by name, by owner and by the application that tracks them.
// In memory and synchronous; fed by watches and by the answers of our own writes. Knows no HTTP.

import { isSelfReferenced, parseTrackingId } from '../../diff/index.ts';
import {
  isNewerVersion,
  type KubeObject,
  keyOf,
  keyText,
  type OwnerReference,
  type ResourceKey,
} from '../../k8s/index.ts';
import { annotations } from '../../model/index.ts';

export interface LiveObject {
  readonly key: ResourceKey;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly owners: readonly OwnerReference[];
  /** Instance name of the tracking id that names this very object; copies of the annotation do not count. */
  readonly instance?: string;
  /**
   * The whole object for tracked ones and for kinds whose state the tree shows; metadata alone for the rest.
   * Shared: never change it.
   */
  readonly object: KubeObject;
  /** False when `object` holds metadata only. */
  readonly full: boolean;
}

export type LiveChange = { readonly before?: LiveObject; readonly after?: LiveObject };

export class LiveStore {
  readonly #objects = new Map<string, LiveObject>();
  readonly #byInstance = new Map<string, Map<string, LiveObject>>();
  readonly #byUid = new Map<string, LiveObject>();
  /** Namespaced objects without an owner, by namespace. */
  readonly #ownerless = new Map<string, Map<string, LiveObject>>();
  readonly #children = new Map<string, Set<string>>();
  readonly #installationId: string | undefined;

  constructor(options: { installationId?: string } = {}) {
    this.#installationId = options.installationId;
  }

  get size(): number {
    return this.#objects.size;
  }

  get(key: ResourceKey): LiveObject | undefined {
    return this.#objects.get(keyText(key));
  }

  byUid(uid: string): LiveObject | undefined {
    return this.#byUid.get(uid);
  }

  /** The roots of an application: objects that carry its tracking id and own no ownerReference. */
  trackedBy(instance: string): readonly LiveObject[] {
    return [...(this.#byInstance.get(instance)?.values() ?? [])];
  }

  /** Objects whose ownerReferences name `uid`. */
  childrenOf(uid: string): readonly LiveObject[] {
    const keys = this.#children.get(uid) ?? [];
    return [...keys].flatMap((key) => this.#objects.get(key) ?? []);
  }

  /** Objects of a namespace that no other object owns. */
  ownerlessIn(namespace: string): readonly LiveObject[] {
    return [...(this.#ownerless.get(namespace)?.values() ?? [])];
  }

  all(): Iterable<LiveObject> {
    return this.#objects.values();
  }

  /**
   * Takes over a newer state. An older one (a watch that lags behind the answer of our own write) is ignored.
   * @returns what changed, or undefined when nothing did.
   */
  upsert(object: KubeObject, full: boolean): LiveChange | undefined {
    const after = this.#describe(object, full);
    const text = keyText(after.key);
    const before = this.#objects.get(text);
    if (before !== undefined && before.uid === after.uid && !isNewer(after, before)) return undefined;
    if (before !== undefined) this.#unlink(text, before);
    this.#link(text, after);
    return before === undefined ? { after } : { before, after };
  }

  /** @param uid when given, only that incarnation is removed */
  remove(key: ResourceKey, uid?: string): LiveChange | undefined {
    const text = keyText(key);
    const before = this.#objects.get(text);
    if (before === undefined || (uid !== undefined && before.uid !== uid)) return undefined;
    this.#unlink(text, before);
    return { before };
  }

  #describe(object: KubeObject, full: boolean): LiveObject {
    const key = keyOf(object);
    const owners = object.metadata.ownerReferences ?? [];
    const instance = this.#instanceOf(object);
    return {
      key,
      uid: object.metadata.uid ?? '',
      resourceVersion: object.metadata.resourceVersion ?? '',
      owners,
      ...(instance === undefined ? {} : { instance }),
      object,
      full,
    };
  }

  #instanceOf(object: KubeObject): string | undefined {
    const text = object.metadata.annotations?.[annotations.trackingId];
    if (text === undefined) return undefined;
    if (this.#installationId !== undefined) {
      if (object.metadata.annotations?.[annotations.installationId] !== this.#installationId)
        return undefined;
    }
    const tracking = parseTrackingId(text);
    if (tracking === undefined) return undefined;
    return isSelfReferenced(object, tracking) ? tracking.instance : undefined;
  }

  #link(text: string, live: LiveObject): void {
    this.#objects.set(text, live);
    this.#byUid.set(live.uid, live);
    if (live.instance !== undefined) {
      const roots = this.#byInstance.get(live.instance) ?? new Map<string, LiveObject>();
      roots.set(text, live);
      this.#byInstance.set(live.instance, roots);
    }
    const { namespace } = live.key;
    if (namespace !== '' && live.owners.length === 0) {
      const objects = this.#ownerless.get(namespace) ?? new Map<string, LiveObject>();
      objects.set(text, live);
      this.#ownerless.set(namespace, objects);
    }
    for (const { uid } of live.owners) {
      const children = this.#children.get(uid) ?? new Set<string>();
      children.add(text);
      this.#children.set(uid, children);
    }
  }

  #unlink(text: string, live: LiveObject): void {
    this.#objects.delete(text);
    if (this.#byUid.get(live.uid) === live) this.#byUid.delete(live.uid);
    if (live.instance !== undefined) {
      const roots = this.#byInstance.get(live.instance);
      roots?.delete(text);
      if (roots?.size === 0) this.#byInstance.delete(live.instance);
    }
    const ownerless = this.#ownerless.get(live.key.namespace);
    ownerless?.delete(text);
    if (ownerless?.size === 0) this.#ownerless.delete(live.key.namespace);
    for (const { uid } of live.owners) {
      const children = this.#children.get(uid);
      children?.delete(text);
      if (children?.size === 0) this.#children.delete(uid);
    }
  }
}

/** A whole object is news even at a version of which only the metadata was known. */
function isNewer(after: LiveObject, before: LiveObject): boolean {
  if (after.resourceVersion === before.resourceVersion) return after.full && !before.full;
  return isNewerVersion(after.resourceVersion, before.resourceVersion);
}
