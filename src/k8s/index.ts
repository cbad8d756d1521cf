// Door of k8s: what any Kubernetes client needs, nothing of the product.
export {
  ApiCatalog,
  type ApiGroupVersion,
  type ApiResource,
  describeTypeAnswer,
  type TypeAnswer,
} from './catalog.ts';
export {
  type ApplyOptions,
  type CallOptions,
  type CompleteList,
  createKubeClient,
  type DeleteOptions,
  type GetOptions,
  type IncompleteList,
  type KubeClient,
  type KubeClientDeps,
  type KubeClientOptions,
  type ListAnswer,
  type ListOptions,
  type LogOptions,
  type Page,
  type PatchType,
  type Query,
  type RawRequest,
  type WatchOptions,
  type WriteOptions,
} from './client.ts';
export type { Condition } from './conditions.ts';
export { type ClusterSettings, connectionOf } from './connection.ts';
export type { ClusterConnection, TlsMaterial } from './connection-types.ts';
export { Discovery, type DiscoveryDeps } from './discovery.ts';
export {
  isKubeError,
  KubeError,
  type KubeErrorCode,
  type KubeStatus,
  type KubeStatusCause,
} from './errors.ts';
export {
  EXEC_PROTOCOL,
  type ExecEnd,
  type ExecHandlers,
  type ExecOptions,
  type ExecSession,
  execChannels,
} from './exec.ts';
export type { ExecPlugin, ExecPluginDeps } from './exec-plugin.ts';
export {
  type ChangeHandler,
  Informer,
  type InformerCounts,
  type InformerDeps,
  type InformerOptions,
  type InformerState,
} from './informer.ts';
export type { ObjectChange } from './informer-store.ts';
export { isNewer as isNewerVersion } from './informer-store.ts';
export {
  connectionOfKubeconfig,
  type InClusterSettings,
  inClusterConnection,
  type KubeconfigConnection,
  type KubeconfigOptions,
  loadKubeconfig,
} from './kubeconfig.ts';
export {
  type LabelRequirement,
  type LabelSelector,
  labelSelectorText,
  matchesLabels,
  requirementsOf,
} from './label-selector.ts';
export { type LeaseDeps, LeaseLock, LeaseLostError, type LeaseOptions, type LeaseState } from './lease.ts';
export {
  endManagerToken,
  installManager,
  MANAGER_ACCOUNT,
  type ManagerAccount,
  type ManagerToken,
  newManagerToken,
  ownerOfToken,
} from './manager-account.ts';
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
export { type FieldSchema, OpenApi, schemaAt } from './openapi.ts';
export {
  canonicalQuantity,
  parseQuantity,
  type Quantity,
} from './quantity.ts';
export {
  type ObjectRef,
  type ResourceType,
  wellKnown,
} from './resource-type.ts';
export type { HttpAnswer, StreamSink } from './transport.ts';
export type { WatchEvent, WatchHandlers, WatchRequest } from './watch.ts';
export {
  type Priority,
  WorkQueue,
  type WorkQueueDeps,
  type WorkQueueNumbers,
  type WorkQueueOptions,
  type WorkResult,
} from './work-queue.ts';
