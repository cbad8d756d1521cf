// What the built-in controllers of the embedded server (simulated workloads, garbage collection, namespaces) may
// do: the reads and writes a client has, in process and synchronous. Knows no HTTP.
import type { KubeObject } from '../k8s/index.ts';

/** A resource type of the server, by group and plural name; the storage version is implied. */
export interface ResourceName {
  readonly group: string;
  /** Plural, lower case: `deployments`. */
  readonly resource: string;
}

export interface WatchEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly object: KubeObject;
}

/**
 * Objects returned and delivered are shared and frozen by convention: copy before changing.
 * Every write runs the same defaulting, validation, managedFields and finalizer rules as a client's request and
 * throws ApiError (`errors.ts`, a Kubernetes Status) when a client would get one.
 */
export interface InternalApi {
  get(type: ResourceName, namespace: string, name: string): KubeObject | undefined;
  /** All objects of a type, of one namespace when given. */
  list(type: ResourceName, namespace?: string): readonly KubeObject[];
  create(type: ResourceName, object: KubeObject): KubeObject;
  /**
   * Reads, lets `change` edit a copy, writes it; repeated on a conflict. `change` returns false to write nothing.
   * The scheduler's binding is an update of a pod that sets `spec.nodeName` where it was unset.
   * @returns the stored object, or undefined when it does not exist (any more) or nothing was written.
   */
  update(
    type: ResourceName,
    namespace: string,
    name: string,
    change: (object: KubeObject) => unknown,
    options?: { readonly subresource?: 'status' | 'scale' },
  ): KubeObject | undefined;
  /**
   * Deletes as a client's DELETE does (finalizers and propagation included); absent objects are not an error.
   * Pods that have a node and still run are deleted in two steps as on a real server: the first delete sets
   * deletionTimestamp and deletionGracePeriodSeconds, the kubelet's own with `gracePeriodSeconds: 0` removes them.
   */
  delete(
    type: ResourceName,
    namespace: string,
    name: string,
    options?: {
      readonly uid?: string;
      readonly propagationPolicy?: 'Foreground' | 'Background' | 'Orphan';
      readonly gracePeriodSeconds?: number;
    },
  ): void;
  /** Calls `handle` for each change of a type from now on, in order, after the write. Returns the unsubscribe. */
  subscribe(type: ResourceName, handle: (event: WatchEvent) => void): () => void;
  /** Every type served now, custom resources included. */
  types(): readonly (ResourceName & { readonly kind: string; readonly namespaced: boolean })[];
}
