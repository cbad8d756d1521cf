// Door of contract: the shapes of the REST API, shared by server, client, CLI and page. Runs in the browser too.
export type {
  Application,
  ApplicationSet,
  AppProject,
  ResourceNode,
  ResourceTree,
} from '../model/index.ts';
export {
  type AccessWarning,
  type AccessWarnings,
  type AccountFacts,
  type AccountList,
  type CanIResponse,
  TokenRequest,
  type TokenResponse,
  UpdatePasswordRequest,
} from './accounts.ts';
export {
  type ActionInfo,
  ActionParameter,
  ActionQuery,
  ActionRunBody,
  ActionRunRequest,
  type ResourceActionList,
} from './actions.ts';
export {
  ApplicationSetCreateQuery,
  ApplicationSetGenerateRequest,
  type ApplicationSetGenerateResponse,
  type ApplicationSetList,
  ApplicationSetListQuery,
  ApplicationSetScope,
  ApplicationSetStreamQuery,
  type ApplicationSetTree,
  type ApplicationSetWatchEvent,
  ApplicationSetWrite,
} from './application-sets.ts';
export {
  ApplicationCreateQuery,
  ApplicationDeleteQuery,
  ApplicationGetQuery,
  type ApplicationList,
  ApplicationListQuery,
  ApplicationScope,
  ApplicationSpecWrite,
  ApplicationUpdateQuery,
  type ApplicationWatchEvent,
  ApplicationWrite,
  PatchRequest,
  RollbackRequest,
  SyncRequest,
  type WatchEventType,
} from './applications.ts';
export {
  type AuditPage,
  AuditQuery,
  type AuditVerification,
  AuditVerifyQuery,
} from './audit.ts';
export {
  type Cluster,
  ClusterBody,
  ClusterGetQuery,
  type ClusterList,
  ClusterListQuery,
  ClusterWriteQuery,
  type ProjectList,
} from './configuration.ts';
export { type ErrorBody, type GrpcCodeName, grpcCodes, httpStatusOf } from './errors.ts';
export type {
  Explanation,
  ExplanationCause,
  ExplanationLink,
  ExplanationStep,
} from './explanation.ts';
export {
  type SigningKey,
  SigningKeyBody,
  type SigningKeyList,
  SigningKeyQuery,
  type SigningKeysCreated,
  SigningKeyWriteQuery,
} from './keys.ts';
export {
  type NotificationNames,
  type NotificationTemplates,
  type NotificationTriggers,
  TemplateNotifyRequest,
  type TemplateNotifyResult,
  TriggerRunRequest,
  type TriggerRunResult,
} from './notifications.ts';
export {
  type ApplicationWindows,
  type DetailedProject,
  type ProjectBodyWrite,
  ProjectCreateRequest,
  ProjectUpdateRequest,
  type WindowList,
} from './projects.ts';
export { ListQuery, type QueryKind, queryKindOf } from './query.ts';
export {
  type AppDetails,
  AppDetailsRequest,
  type AppInfo,
  type AppList,
  CertificateBody,
  type CertificateList,
  CertificateQuery,
  type CertificateView,
  type ChartList,
  type ConnectionState,
  RepositoryAppsQuery,
  RepositoryBody,
  type RepositoryList,
  RepositoryReadQuery,
  type RepositoryRefs,
  RepositoryTemplateBody,
  type RepositoryTemplateList,
  type RepositoryTemplateView,
  type RepositoryView,
  RepositoryWriteQuery,
} from './repositories.ts';
export {
  BadgeQuery,
  type ChartDetails,
  ChartQuery,
  CompareRequest,
  type LinkInfo,
  type LinkList,
  type OciMetadata,
  ResourceDeleteQuery,
  ResourcePatchBody,
  ResourcePatchQuery,
  type ResourcePatchType,
  type ServerSideDiff,
  ServerSideDiffQuery,
  UploadLines,
} from './resources.ts';
export {
  CliSessionRequest,
  DeviceApproval,
  type DeviceCode,
  DeviceSessionRequest,
  type DeviceSessionResponse,
  SessionCreateRequest,
  type SessionResponse,
  type Settings,
  SsoCallbackForm,
  SsoCallbackQuery,
  SsoLoginQuery,
  type UserInfo,
  type VersionInfo,
} from './session.ts';
export { TerminalInput, type TerminalOutput, TerminalQuery } from './terminal.ts';
export {
  type CommitMetadata,
  type EventList,
  EventQuery,
  type LogEntry,
  LogQuery,
  type ManagedResource,
  type ManagedResourceList,
  ManifestQuery,
  type ManifestResponse,
  ResourceFilter,
  ResourceQuery,
  type ResourceResponse,
  RevisionQuery,
} from './views.ts';
export { MAX_WAIT_SECONDS, type WaitAnswer, type WaitGoal, WaitQuery, waitGoals } from './wait.ts';
