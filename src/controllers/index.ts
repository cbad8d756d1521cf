// Door of the controllers: what the composition root builds and connects.
export {
  ApplicationController,
  type ApplicationDeps,
  type ApplicationMemory,
  admissionFindings,
  applicationObject,
  applicationType,
  asAccount,
  type ControllerOptions,
  compareDesired,
  Dependencies,
  type Desired,
  decideNext,
  desiredState,
  engineNamed,
  IgnoreRuleBook,
  keyOfApplication,
  type Leadership,
  listActions,
  localDesired,
  Memories,
  onlyLeader,
  orphansOf,
  prepareAction,
  prepareDeletion,
  preparePatch,
  type RefreshLevel,
  writeOperationState,
} from './application/index.ts';
export {
  type ClusterEntry,
  HOME_NAME,
  HOME_SERVER,
  judgedTree,
  LiveCluster,
  LiveClusters,
  resourceTree,
} from './cluster/index.ts';
export { type EventFacts, EventRecorder, eventOfRecord, eventsOfChange } from './events/index.ts';
export { type NotificationMetrics, NotificationsController } from './notifications/index.ts';
export { ProjectController } from './project/index.ts';
export { ChangedPaths, parseWebhook, RepositoryTracker, type WebhookSecrets } from './repository/index.ts';
export {
  type ClusterSecret,
  ConfigAudit,
  projectType,
  Settings,
  type SettingsChange,
} from './settings/index.ts';
