// What a sync needs of a target cluster, and nothing more. The controller gives it a client; tests give it a server.
import type { KubeObject, ManagedFieldsEntry } from '../k8s/index.ts';
import { CodedError } from '../lib/index.ts';

/** Names one object in one version. `namespace` is absent for cluster-scoped objects. */
export interface ObjectName {
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace?: string | undefined;
  readonly name: string;
}

export interface WriteChoice {
  readonly dryRun?: boolean | undefined;
  readonly fieldManager: string;
  /** `Strict` refuses unknown fields; `Ignore` is `Validate=false`. */
  readonly fieldValidation?: 'Strict' | 'Ignore' | undefined;
}

export interface DeleteChoice {
  readonly uid: string;
  readonly resourceVersion?: string | undefined;
  readonly propagation: 'Foreground' | 'Background' | 'Orphan';
  readonly gracePeriodSeconds?: number | undefined;
  readonly dryRun?: boolean | undefined;
}

/**
 * Calls to one cluster; all reject with KubeError. An object that does not exist is `undefined` from `get` and
 * `delete`, never an error; a kind that does not exist always is one (`UNKNOWN_KIND`).
 */
export interface TargetCluster {
  get(name: ObjectName): Promise<KubeObject | undefined>;
  /** Server-side apply. */
  apply(object: KubeObject, choice: WriteChoice & { readonly force: boolean }): Promise<KubeObject>;
  create(object: KubeObject, choice: WriteChoice): Promise<KubeObject>;
  /** Update with the object's own resourceVersion as precondition when it has one. */
  replace(object: KubeObject, choice: WriteChoice): Promise<KubeObject>;
  /** Rewrites metadata.managedFields; refused with CONFLICT when the object is not at `resourceVersion`. */
  patchManagedFields(
    name: ObjectName,
    managedFields: readonly ManagedFieldsEntry[],
    resourceVersion: string,
  ): Promise<KubeObject>;
  /** Sets the finalizers; refused with CONFLICT when the object is not at `resourceVersion`. */
  patchFinalizers(name: ObjectName, list: readonly string[], resourceVersion: string): Promise<KubeObject>;
  /** Only delete-guard.ts calls this. Resolves with the object while it is still there. */
  delete(name: ObjectName, choice: DeleteChoice): Promise<KubeObject | undefined>;
  /** Called after a kind was defined: forget what the cluster was known to serve. */
  kindsChanged?(): void;
}

export function nameOf(object: KubeObject): ObjectName {
  const { namespace, name = '' } = object.metadata;
  return { apiVersion: object.apiVersion, kind: object.kind, namespace, name };
}

/** The code of a KubeError, or '' for anything else. */
export function codeOf(error: unknown): string {
  return error instanceof CodedError ? error.code : '';
}
