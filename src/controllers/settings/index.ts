// Door of the settings: what is configured in Kubernetes objects.
export { type EffectiveProject, EffectiveProjects } from './projects.ts';
export type { ClusterConfig, ClusterSecret } from './secrets.ts';
export { Settings, type SettingsChange } from './settings.ts';
