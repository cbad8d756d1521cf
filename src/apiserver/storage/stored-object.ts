// One version of one object, with its JSON text made once and shared by answers, lists, watches and the log.
import type { KubeObject } from '../../k8s/index.ts';

export class StoredObject {
  /** Shared and frozen by convention; `metadata.resourceVersion` equals `revision`. */
  readonly object: KubeObject;
  readonly revision: number;
  #text: string | undefined;

  constructor(object: KubeObject, revision: number) {
    this.object = object;
    this.revision = revision;
  }

  /** The object at its storage version as JSON. `kind` and `apiVersion` are the first members. */
  get text(): string {
    this.#text ??= JSON.stringify(this.object);
    return this.#text;
  }
}

/** One change of one object. For DELETED, `current` is the last state stamped with the revision of the deletion. */
export interface Change {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly revision: number;
  /** Monotonic milliseconds, for ageing the history. */
  readonly at: number;
  readonly current: StoredObject;
  readonly previous: StoredObject | undefined;
}

export function namespaceOf(object: KubeObject): string {
  return object.metadata.namespace ?? '';
}

export function nameOf(object: KubeObject): string {
  return object.metadata.name ?? '';
}
