// Door of model: the kinds Fairlead serves and what its stages hand to each other. Runs in the browser too.
export { annotations, FIELD_MANAGER, finalizers, labels } from './annotations.ts';
export {
  APPLICATION_API_VERSION,
  type Application,
  instanceName,
  isAutomated,
  isMultiSource,
  sourcesOf,
} from './application/application.ts';
export {
  ApplicationBody,
  ApplicationSource,
  ApplicationSpec,
  ApplicationStatus,
  type ComparedTo,
  Condition,
  Destination,
  DirectorySource,
  HelmSource,
  IgnoreDifference,
  KustomizeSource,
  Operation,
  OperationResource,
  OperationState,
  PluginSource,
  ResourceResult,
  ResourceStatus,
  RetryStrategy,
  RevisionHistory,
  SourceHydrator,
  SyncOperation,
  SyncPolicy,
  SyncResult,
} from './application/schema.ts';
export type { ApplicationSet } from './application-set/application-set.ts';
export { Generator, LabelSelector, NestedGenerator } from './application-set/generators.ts';
export {
  ApplicationSetApplicationStatus,
  ApplicationSetBody,
  ApplicationSetCondition,
  ApplicationSetSpec,
  ApplicationSetStatus,
  ApplicationSetStrategy,
  ApplicationSetTemplate,
} from './application-set/schema.ts';
export type { Artifact, Checkout, SourceEntry, SourceTree } from './artifact.ts';
export type { Change, ChangeKind, FieldChange } from './change.ts';
export { applicationCrds, type CrdDescription, crdOf } from './crd.ts';
export { HEALTH_ORDER, type Health, type HealthStatus, worseHealth } from './health.ts';
export type {
  InputRead,
  InputRecord,
  Manifest,
  ManifestOrigin,
  ManifestSet,
  SourceType,
} from './manifest-set.ts';
export {
  isDestinationPermitted,
  isKindPermitted,
  isSourcePermitted,
  type ProjectRules,
} from './project/permissions.ts';
export type { AppProject } from './project/project.ts';
export {
  DestinationServiceAccount,
  GroupKindName,
  ProjectBody,
  ProjectDestination,
  ProjectRole,
  ProjectSpec,
  ProjectStatus,
  ProjectToken,
  SourceIntegrity,
  SyncWindow,
} from './project/schema.ts';
export type { Repository, RepositoryCredential } from './repository.ts';
export type { ResourceNode, ResourceRef, ResourceTree } from './resource-tree.ts';
export type { CommitInfo, Revision } from './revision.ts';
