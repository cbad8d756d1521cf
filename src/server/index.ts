// Door of server: the REST API and the page. Reads objects and writes intents; controllers are not known here.
export { hashPassword } from './auth/password.ts';
export type { ServerOptions, ServerPorts } from './deps.ts';
export { ApiError } from './errors.ts';
export type {
  Account,
  Accounts,
  ApplicationEvent,
  ApplicationStore,
  ApplicationViews,
  ApplicationWriter,
  AuditFact,
  AuditIntent,
  AuditJournal,
  Clusters,
  EventSubject,
  LogRequest,
  ManifestRequest,
  PodLogs,
  Projects,
  ResourceId,
  ServerInformation,
  VerifyRequest,
  Webhook,
} from './ports.ts';
export { type RunningServer, startServer } from './server.ts';
