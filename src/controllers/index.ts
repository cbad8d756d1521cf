// Door of the controllers: what the composition root builds and connects.
export {
  ApplicationController,
  type ApplicationDeps,
  type ApplicationMemory,
  admissionFindings,
  applicationType,
  type ControllerOptions,
  compareDesired,
  decideNext,
  desiredState,
  keyOfApplication,
  type Leadership,
  Memories,
  onlyLeader,
  type RefreshLevel,
  sourceListOf,
  writeOperationState,
} from './application/index.ts';
export {
  type ClusterEntry,
  HOME_NAME,
  HOME_SERVER,
  LiveCluster,
  LiveClusters,
  resourceTree,
} from './cluster/index.ts';
export {
  ChangedPaths,
  parseWebhook,
  RepositoryTracker,
  type WebhookRequest,
  type WebhookResult,
  type WebhookSecrets,
} from './repository/index.ts';
export { type ClusterSecret, Settings, type SettingsChange } from './settings/index.ts';
