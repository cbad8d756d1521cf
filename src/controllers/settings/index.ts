// Door of the settings: what is configured in Kubernetes objects.

export { ConfigAudit } from './config-audit.ts';
export type { EffectiveProject } from './projects.ts';
export {
  type ClusterConfig,
  type ClusterSecret,
  parseRepositorySecret,
  REPOSITORY_SECRETS,
  type RepositorySecret,
  type RepositoryUse,
  repositoryFor,
} from './secrets.ts';
export {
  GPG_KEYS,
  KNOWN_HOSTS,
  projectType,
  Settings,
  type SettingsChange,
  TLS_CERTIFICATES,
} from './settings.ts';
export {
  certificateFacts,
  fingerprintOf,
  type KnownHost,
  knownHostsOf,
  withKnownHosts,
  withoutKnownHosts,
} from './trust.ts';
