// Door of the settings: what is configured in Kubernetes objects.
export { ConfigAudit } from './config-audit.ts';
export type { ClusterConfig, ClusterSecret } from './secrets.ts';
export { Settings, type SettingsChange } from './settings.ts';
