// Door of the settings: what is configured in Kubernetes objects.

export { ConfigAudit } from './config-audit.ts';
export type { EffectiveProject } from './projects.ts';
export type { ClusterConfig, ClusterSecret } from './secrets.ts';
export { projectType, Settings, type SettingsChange } from './settings.ts';
