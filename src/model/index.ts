// Door of model: the kinds Fairlead serves and what its stages hand to each other. Runs in the browser too.
export { annotations, FIELD_MANAGER, finalizers, labels } from './annotations.ts';
export {
  APPLICATION_API_VERSION,
  type Application,
  instanceName,
  isAutomated,
  isMultiSource,
  revisionText,
  sourcesOf,
} from './application/application.ts';
export { type DependsOn, dependsOn } from './application/depends-on.ts';
export { describeHold, type Hold, type HoldState, holdOf } from './application/hold.ts';
export {
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
  ResourceResult,
  ResourceStatus,
  RetryStrategy,
  RevisionHistory,
  SyncOperation,
  SyncPolicy,
} from './application/schema.ts';
export type { ApplicationSet } from './application-set/application-set.ts';
export type {
  ClusterDecisionResourceGenerator,
  ClusterGenerator,
  Generator,
  GitGenerator,
  LabelSelector,
  ListGenerator,
  NestedGenerator,
  PluginGenerator,
  PullRequestGenerator,
  ScmProviderGenerator,
} from './application-set/generators.ts';
export { MatrixGenerator, MergeGenerator } from './application-set/generators.ts';
export { type PlacedGenerator, placedGenerators } from './application-set/placed-generators.ts';
export {
  type ApplicationSetApplicationStatus,
  type ApplicationSetCondition,
  ApplicationSetSpec,
  type ApplicationSetStatus,
  type ApplicationSetTemplate,
} from './application-set/schema.ts';

export type { Artifact, Checkout, SourceEntry, SourceTree } from './artifact.ts';
export type { Change, ChangeKind, FieldChange } from './change.ts';
export { applicationCrds, type CrdDescription } from './crd.ts';
export { HEALTH_ORDER, type Health, type HealthStatus, worseHealth } from './health.ts';
export type {
  InputRead,
  InputRecord,
  Manifest,
  ManifestOrigin,
  ManifestSet,
  SourceType,
} from './manifest-set.ts';
export { isObjectName } from './object-name.ts';
export { effectiveProject } from './project/effective.ts';
export { globMatches } from './project/glob.ts';
export {
  demandsIntegrity,
  type IntegrityPolicy,
  integrityPolicy,
  type KeylessIdentity,
  type KeylessPolicy,
} from './project/integrity.ts';
export { isPlainNamespace, matchesNamespace, namespaceProblem } from './project/namespaces.ts';
export {
  isDestinationPermitted,
  isKindPermitted,
  isSourceNamespacePermitted,
  isSourcePermitted,
  type ProjectRules,
} from './project/permissions.ts';
export type { AppProject } from './project/project.ts';
export {
  type GroupKindName,
  type ProjectRole,
  ProjectSpec,
  type SyncWindow,
} from './project/schema.ts';
export {
  SyncWindows,
  type WindowTarget,
  type WindowVerdict,
  windowDurationMs,
  windowText,
} from './project/sync-window.ts';
export { projectProblems, serviceAccountProblem } from './project/validate.ts';

export type { GitHubAppCredential, Repository, RepositoryCredential } from './repository.ts';
export type { ResourceNode, ResourceRef, ResourceTree } from './resource-tree.ts';
export type { CommitInfo, Revision } from './revision.ts';
