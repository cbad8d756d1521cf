// Door of server: the REST API and the page. Reads objects and writes intents; controllers are not known here.
export { hashPassword } from './auth/password.ts';
export type { ServerOptions, ServerPorts } from './deps.ts';
export type {
  Account,
  Accounts,
  ApplicationEvent,
  ApplicationStore,
  ApplicationViews,
  ApplicationWriter,
  CertificateFilter,
  Clusters,
  LogRequest,
  ManifestRequest,
  PodLogs,
  Repositories,
  ResourceId,
  Webhook,
} from './ports.ts';
export { type RunningServer, startServer } from './server.ts';
