// Kubernetes objects as plain JSON, and the names by which they are found. No I/O.

/** meta/v1 ObjectMeta, the members Fairlead reads. Unknown members are kept. */
export interface ObjectMeta {
  name?: string;
  generateName?: string;
  namespace?: string;
  uid?: string;
  resourceVersion?: string;
  generation?: number;
  creationTimestamp?: string | null;
  deletionTimestamp?: string;
  deletionGracePeriodSeconds?: number;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  finalizers?: string[];
  ownerReferences?: OwnerReference[];
  managedFields?: ManagedFieldsEntry[];
  [key: string]: unknown;
}

export interface OwnerReference {
  apiVersion: string;
  kind: string;
  name: string;
  uid: string;
  controller?: boolean;
  blockOwnerDeletion?: boolean;
}

/** meta/v1 ManagedFieldsEntry; `fieldsV1` is the nested set of `f:`, `k:`, `v:` keys. */
export interface ManagedFieldsEntry {
  manager?: string;
  operation?: 'Apply' | 'Update';
  apiVersion?: string;
  time?: string;
  fieldsType?: string;
  fieldsV1?: FieldsV1;
  subresource?: string;
}

/** meta/v1 FieldsV1: `{"f:spec":{"f:replicas":{}}}`; `.` marks the field itself. */
export interface FieldsV1 {
  [key: string]: FieldsV1;
}

/** Any Kubernetes object. `apiVersion` and `kind` are always present once parsed. */
export interface KubeObject {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
  [key: string]: unknown;
}

export interface GroupVersionKind {
  /** '' for the core group. */
  readonly group: string;
  readonly version: string;
  readonly kind: string;
}

/** Group and kind without a version: the identity of a kind across versions. */
export interface GroupKind {
  readonly group: string;
  readonly kind: string;
}

/** Names one object of a cluster, independent of version. `namespace` is '' for cluster-scoped objects. */
export interface ResourceKey extends GroupKind {
  readonly namespace: string;
  readonly name: string;
}

export function gvkOf(object: { apiVersion: string; kind: string }): GroupVersionKind {
  const slash = object.apiVersion.indexOf('/');
  return {
    group: slash < 0 ? '' : object.apiVersion.slice(0, slash),
    version: object.apiVersion.slice(slash + 1),
    kind: object.kind,
  };
}

export function apiVersionOf(gv: { group: string; version: string }): string {
  return gv.group === '' ? gv.version : `${gv.group}/${gv.version}`;
}

export function keyOf(object: KubeObject): ResourceKey {
  const { group, kind } = gvkOf(object);
  return { group, kind, namespace: object.metadata.namespace ?? '', name: object.metadata.name ?? '' };
}

/** One string per object, e.g. `apps/Deployment/default/web`; the core group and cluster scope are empty parts. */
export function keyText(key: ResourceKey): string {
  return `${key.group}/${key.kind}/${key.namespace}/${key.name}`;
}

/** `group/Kind` (or `Kind` for the core group), as people write it. */
export function groupKindText(gk: GroupKind): string {
  return gk.group === '' ? gk.kind : `${gk.group}/${gk.kind}`;
}

/** `Deployment apps default/web`-like wording for messages: `apps/Deployment default/web`. */
export function describeKey(key: ResourceKey): string {
  const name = key.namespace === '' ? key.name : `${key.namespace}/${key.name}`;
  return `${groupKindText(key)} ${name}`;
}
