// Door of the settings: what is configured in Kubernetes objects.
export {
  type ClusterConfig,
  type ClusterSecret,
  parseRepositorySecret,
  type RepositorySecret,
  repositoryFor,
} from './secrets.ts';
export { KNOWN_HOSTS, Settings, type SettingsChange, TLS_CERTIFICATES } from './settings.ts';
export {
  certificateFacts,
  fingerprintOf,
  type KnownHost,
  knownHostsOf,
  withKnownHosts,
  withoutKnownHosts,
} from './trust.ts';
