// Door of the controllers: what the composition root builds and connects.
export {
  ApplicationController,
  type ApplicationDeps,
  type ApplicationMemory,
  admissionFindings,
  applicationType,
  type ControllerOptions,
  compareDesired,
  Dependencies,
  decideNext,
  desiredState,
  engineNamed,
  IgnoreRuleBook,
  keyOfApplication,
  type Leadership,
  listActions,
  Memories,
  onlyLeader,
  prepareAction,
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
export { ChangedPaths, parseWebhook, RepositoryTracker, type WebhookSecrets } from './repository/index.ts';
export { type ClusterSecret, Settings, type SettingsChange } from './settings/index.ts';
