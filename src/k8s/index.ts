// Door of k8s: what any Kubernetes client needs, nothing of the product.
export {
  apiVersionOf,
  describeKey,
  type FieldsV1,
  type GroupKind,
  type GroupVersionKind,
  groupKindText,
  gvkOf,
  type KubeObject,
  keyOf,
  keyText,
  type ManagedFieldsEntry,
  type ObjectMeta,
  type OwnerReference,
  type ResourceKey,
} from './object.ts';
