// Door of server: the REST API and the page. Reads objects and writes intents; controllers are not known here.
export { hashPassword } from './auth/password.ts';
export type { ServerOptions, ServerPorts } from './deps.ts';
export type {
  Accounts,
  ApplicationEvent,
  ApplicationSetEvent,
  ApplicationSets,
  ApplicationStore,
  ApplicationViews,
  ApplicationWriter,
  CertificateFilter,
  ClusterChanges,
  Clusters,
  GeneratedApplications,
  LogReading,
  LogRequest,
  ManifestRequest,
  NotificationsPort,
  PodLogs,
  PodTerminals,
  Policies,
  Projects,
  Repositories,
  RepositoryContents,
  RepositorySecrets,
  ResourceId,
  SigningKeys,
  Webhook,
} from './ports.ts';
export { type RunningServer, startServer } from './server.ts';
