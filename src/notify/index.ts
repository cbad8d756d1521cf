// Door of notify: configuration, triggers, templates and services of notifications. Sends; decides nothing about when.
export { CATALOG_TRIGGERS } from './catalog.ts';
export { type ConfigSources, type NotifyConfig, readNotifyConfig } from './config.ts';
export { NotifyError, type NotifyErrorCode } from './errors.ts';
export { createNotifyHttp, type NotifyHttp } from './http.ts';
export {
  type CommitFacts,
  type ConditionResult,
  renderMessage,
  runTrigger,
  type Subject,
} from './programs.ts';
export type { Destination, Message, Service, ServiceDeps, Threads } from './service.ts';
export { NOTIFIED_ANNOTATION, type NotifiedState, readState, stateKey, writeState } from './state.ts';
export { subscriptionsFor } from './subscriptions.ts';
