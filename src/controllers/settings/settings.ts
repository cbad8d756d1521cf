// Everything that is configured in Kubernetes objects of the control namespace: projects, repository and cluster
// Secrets, config maps. Kept by watches; read on each use, so that a change counts at once.

import {
  Informer,
  type InformerDeps,
  type KubeObject,
  type ResourceType,
  wellKnown,
} from '../../k8s/index.ts';
import { type Logger, messageOf } from '../../lib/index.ts';
import {
  type AppProject,
  annotations,
  labels,
  namespaceProblem,
  type Repository,
} from '../../model/index.ts';
import type { Keyring } from '../../source/index.ts';
import type { WebhookSecrets } from '../repository/index.ts';
import { withNewestManager } from './config-audit.ts';
import { type EffectiveProject, EffectiveProjects } from './projects.ts';
import {
  type ClusterSecret,
  parseClusterSecret,
  parseRepositorySecret,
  REPOSITORY_SECRETS,
  type RepositorySecret,
  type RepositoryUse,
  repositoryFor,
  secretValues,
  tlsHostOf,
} from './secrets.ts';

export const projectType: ResourceType = {
  group: 'argoproj.io',
  version: 'v1alpha1',
  kind: 'AppProject',
  resource: 'appprojects',
  namespaced: true,
};

/** Host keys of SSH servers, member `ssh_known_hosts`. */
export const KNOWN_HOSTS = 'argocd-ssh-known-hosts-cm';
/** PEM certificates by host name. */
export const TLS_CERTIFICATES = 'argocd-tls-certs-cm';
const NO_DATA: Readonly<Record<string, string>> = {};
/** Armoured OpenPGP keys by id. */
export const GPG_KEYS = 'argocd-gpg-keys-cm';
const SSH_SIGNERS = 'argocd-ssh-allowed-signers-cm';
const SIGSTORE_ROOTS = 'argocd-sigstore-cm';
const WRITE_SECRETS: readonly string[] = Object.values(REPOSITORY_SECRETS.write);

export interface SettingsOptions {
  readonly namespace: string;
  sameRepository(a: string, b: string): boolean;
}

export type SettingsChange =
  | { readonly kind: 'project'; readonly name: string }
  | { readonly kind: 'repository'; readonly url: string }
  | { readonly kind: 'cluster'; readonly server: string }
  | { readonly kind: 'config' }
  /** Keys that signatures are verified with. */
  | { readonly kind: 'keys' }
  /** Checks or actions that users wrote. */
  | { readonly kind: 'customizations' };

export class Settings {
  readonly #options: SettingsOptions;
  readonly #log: Logger;
  readonly #projects: Informer;
  readonly #secrets: Informer;
  readonly #configMaps: Informer;
  readonly #effective = new EffectiveProjects({
    project: (name) => this.project(name),
    globalProjects: () => (this.#configMaps.state.synced ? (this.config('globalProjects') ?? '') : undefined),
    onProblem: (problem) => this.#log.warn('global projects cannot be used', { problem }),
  });
  #repositories: Readonly<Record<RepositoryUse, readonly RepositorySecret[]>> = { read: [], write: [] };
  #clusters: readonly ClusterSecret[] = [];
  #globalProjects = '';
  readonly #cache = new Map<string, Repository>();
  readonly #listeners = new Set<(change: SettingsChange) => void>();
  readonly #objectListeners = new Set<(old: KubeObject | undefined, now: KubeObject | undefined) => void>();
  #revision = 0;
  #isListed = false;

  constructor(deps: InformerDeps, options: SettingsOptions) {
    this.#options = options;
    this.#log = deps.log;
    const { namespace } = options;
    this.#projects = new Informer(deps, { type: projectType, namespace, transform: withNewestManager });
    this.#secrets = new Informer(deps, { type: wellKnown.secrets, namespace, transform: withNewestManager });
    this.#configMaps = new Informer(deps, {
      type: wellKnown.configMaps,
      namespace,
      transform: withNewestManager,
    });
  }

  /** Begins to watch; resolves when everything was listed once. */
  async start(signal: AbortSignal): Promise<void> {
    this.#projects.subscribe(({ object }) => this.#onProject(object.metadata.name ?? ''));
    this.#secrets.subscribe(({ object }) => this.#onSecret(object));
    this.#configMaps.subscribe(({ object }) => this.#onConfigMap(object.metadata.name ?? ''));
    const all = [this.#projects, this.#secrets, this.#configMaps];
    for (const informer of all) {
      informer.subscribe((change) => {
        this.#revision += 1;
        if (!this.#isListed) return;
        const old = change.kind === 'add' ? undefined : change.kind === 'update' ? change.old : change.object;
        const now = change.kind === 'delete' ? undefined : change.object;
        for (const listener of this.#objectListeners) listener(old, now);
      });
      informer.start();
    }
    await Promise.all(all.map((informer) => informer.whenComplete(signal)));
    // What was there at the start is no change.
    this.#isListed = true;
  }

  async stop(): Promise<void> {
    await Promise.all([this.#projects, this.#secrets, this.#configMaps].map((informer) => informer.stop()));
  }

  onChange(listener: (change: SettingsChange) => void): void {
    this.#listeners.add(listener);
  }

  /** Calls `listener` for each object that was created, changed or deleted, with the newest of its managers. */
  onObject(listener: (old: KubeObject | undefined, now: KubeObject | undefined) => void): void {
    this.#objectListeners.add(listener);
  }

  /** Another number after each change. */
  get revision(): number {
    return this.#revision;
  }

  project(name: string): AppProject | undefined {
    return this.#projects.get(this.#options.namespace, name) as AppProject | undefined;
  }

  projects(): readonly AppProject[] {
    return [...this.#projects.values()] as AppProject[];
  }

  /** The project with the global projects that apply to it. */
  effectiveProject(name: string): EffectiveProject | undefined {
    return this.#effective.get(name);
  }

  /** The global projects that add to a project. */
  globalProjectsOf(project: AppProject): readonly AppProject[] {
    return this.#effective.globalsOf(project);
  }

  /** The same object for the same question until a Secret changes: holders may compare by identity. */
  repository(url: string, project: string): Repository {
    const key = `${project}\n${url}`;
    const known = this.#cache.get(key);
    if (known !== undefined) return known;
    const found = this.#repositoryFor(url, project, 'read');
    this.#cache.set(key, found);
    return found;
  }

  /** How to write to `url`: only with what Secrets for writing say. */
  writeRepository(url: string, project: string): Repository {
    return this.#repositoryFor(url, project, 'write');
  }

  #repositoryFor(url: string, project: string, use: RepositoryUse): Repository {
    const same = (a: string, b: string): boolean => this.#options.sameRepository(a, b);
    return this.withTrust(repositoryFor(url, project, this.#repositories[use], same));
  }

  /** The repository with the certificates that argocd-tls-certs-cm has for its host. */
  withTrust(repository: Repository): Repository {
    const host = tlsHostOf(repository.url);
    const tlsCertificates = host === undefined ? undefined : this.configMap(TLS_CERTIFICATES)[host];
    return tlsCertificates === undefined ? repository : { ...repository, tlsCertificates };
  }

  /** Lines of a known_hosts file. */
  knownHosts(): string {
    return this.configMap(KNOWN_HOSTS)['ssh_known_hosts'] ?? '';
  }

  repositorySecrets(use: RepositoryUse): readonly RepositorySecret[] {
    return this.#repositories[use];
  }

  /** URLs of the repositories scoped to a project. */
  repositoriesOf(project: string): readonly string[] {
    return this.#repositories.read
      .filter((secret) => secret.project === project && !secret.isTemplate)
      .map(({ repository }) => repository.url);
  }

  clusters(): readonly ClusterSecret[] {
    return this.#clusters;
  }

  /** A member of config map `argocd-cm`. */
  config(key: string): string | undefined {
    return this.configData()[key];
  }

  /** A member of config map `argocd-cmd-params-cm`. */
  parameter(key: string): string | undefined {
    return this.configMap('argocd-cmd-params-cm')[key];
  }

  /** All members of config map `argocd-cm`; the same object until they change. */
  configData(): Readonly<Record<string, string>> {
    return this.configMap('argocd-cm');
  }

  /**
   * `application.sync.impersonation.enabled` of argocd-cm. An application whose project names no account for its
   * destination is refused then, unless `application.sync.impersonation.enforced` is "false".
   */
  impersonation(): 'off' | 'optional' | 'enforced' {
    if (this.config('application.sync.impersonation.enabled') !== 'true') return 'off';
    return this.config('application.sync.impersonation.enforced') === 'false' ? 'optional' : 'enforced';
  }

  /** What signatures are verified with: OpenPGP keys as Argo CD keeps them, SSH's allowed signers, trusted roots. */
  keyring(): Keyring {
    const keys = Object.entries(this.configMap(GPG_KEYS)).map(([id, armored]) => ({ id, armored }));
    return {
      pgp: keys,
      allowedSigners: this.configMap(SSH_SIGNERS)['allowed_signers'] ?? '',
      trustedRoots: this.configMap(SIGSTORE_ROOTS),
    };
  }

  /** Namespaces besides the control namespace whose Applications are served (`application.namespaces`). */
  applicationNamespaces(): readonly string[] {
    return (this.parameter('application.namespaces') ?? '')
      .split(',')
      .map((pattern) => pattern.trim())
      .filter((pattern) => pattern !== '' && namespaceProblem(pattern) === undefined);
  }

  /** The members of a config map, the same object until they change; none when it does not exist. */
  configMap(name: string): Readonly<Record<string, string>> {
    const data = this.#configMaps.get(this.#options.namespace, name)?.['data'];
    return (data ?? NO_DATA) as Readonly<Record<string, string>>;
  }

  /** A Secret of the control namespace as text members; undefined when there is none. */
  secret(name: string): Record<string, string> | undefined {
    const secret = this.#secrets.get(this.#options.namespace, name);
    return secret === undefined ? undefined : secretValues(secret);
  }

  webhookSecrets(): WebhookSecrets {
    const values = this.secret('argocd-secret') ?? {};
    const of = <K extends string>(name: K, key: string): { [P in K]?: string } => {
      const value = this.#indirect(values[key] ?? '');
      return value === '' ? {} : ({ [name]: value } as { [P in K]: string });
    };
    return {
      ...of('github', 'webhook.github.secret'),
      ...of('gitlab', 'webhook.gitlab.secret'),
      ...of('bitbucketUuid', 'webhook.bitbucket.uuid'),
      ...of('bitbucketServer', 'webhook.bitbucketserver.secret'),
      ...of('gogs', 'webhook.gogs.secret'),
      ...of('azureUsername', 'webhook.azuredevops.username'),
      ...of('azurePassword', 'webhook.azuredevops.password'),
      ...of('dockerHub', 'webhook.dockerhub.secret'),
      ...of('quay', 'webhook.quay.secret'),
      ...of('harbor', 'webhook.harbor.secret'),
      ...of('generic', 'webhook.generic.secret'),
      allowUnverified: this.config('fairlead.webhook.unverified') === 'allow',
    };
  }

  /** `$SECRET:KEY` stands for a member of a Secret labelled as part of Argo CD. One that is not there stays as it is: it never matches. */
  #indirect(value: string): string {
    const [, name, key] = /^\$([^:]+):(.+)$/.exec(value) ?? [];
    if (name === undefined || key === undefined) return value;
    const secret = this.#secrets.get(this.#options.namespace, name);
    if (secret?.metadata.labels?.['app.kubernetes.io/part-of'] !== 'argocd') return value;
    return secretValues(secret)[key] ?? value;
  }

  /** A global project changes every project it adds to. */
  #onProject(name: string): void {
    const isGlobal = this.#effective.globalNames().has(name);
    const names = isGlobal ? this.projects().map(({ metadata }) => metadata.name ?? '') : [name];
    for (const concerned of names) this.#tell({ kind: 'project', name: concerned });
  }

  /** Selectors of global projects may have changed, and with them any project. */
  #onConfigMap(name: string): void {
    if (name === TLS_CERTIFICATES) this.#cache.clear();
    this.#tell({ kind: 'config' });
    if ([GPG_KEYS, SSH_SIGNERS, SIGSTORE_ROOTS].includes(name)) this.#tell({ kind: 'keys' });
    if (name === 'argocd-cmd-params-cm') this.#checkNamespaces();
    if (name !== 'argocd-cm') return;
    const text = this.config('globalProjects') ?? '';
    if (text === this.#globalProjects) return;
    this.#globalProjects = text;
    for (const { metadata } of this.projects()) this.#tell({ kind: 'project', name: metadata.name ?? '' });
  }

  #checkNamespaces(): void {
    const text = this.configMap('argocd-cmd-params-cm')['application.namespaces'] ?? '';
    for (const pattern of text.split(',')) {
      const problem = namespaceProblem(pattern.trim());
      if (problem !== undefined)
        this.#log.warn('a namespace of application.namespaces is left out', { problem });
    }
  }

  #onSecret(secret: KubeObject): void {
    const type = secret.metadata.labels?.[labels.secretType];
    if (type === undefined) {
      this.#tell({ kind: 'config' });
      return;
    }
    const secrets = [...this.#secrets.values()];
    const ofType = (name: string): KubeObject[] =>
      secrets.filter((item) => item.metadata.labels?.[labels.secretType] === name);
    const repositories = (use: RepositoryUse): RepositorySecret[] => [
      ...ofType(REPOSITORY_SECRETS[use].repository).flatMap(
        (item) => parseRepositorySecret(item, false) ?? [],
      ),
      ...ofType(REPOSITORY_SECRETS[use].template).flatMap((item) => parseRepositorySecret(item, true) ?? []),
    ];
    this.#repositories = { read: repositories('read'), write: repositories('write') };
    this.#cache.clear();
    this.#clusters = ofType('cluster').flatMap((item) => this.#cluster(item) ?? []);
    const values = secretValues(secret);
    if (type === 'cluster') this.#tell({ kind: 'cluster', server: values['server'] ?? '' });
    // No source is read with a credential for writing.
    else if (WRITE_SECRETS.includes(type)) this.#tell({ kind: 'config' });
    else this.#tell({ kind: 'repository', url: values['url'] ?? '' });
  }

  /** When somebody last asked for the home cluster to be read anew; it has no Secret to write that on. */
  homeRefreshRequestedAt(): string | undefined {
    return this.#configMaps.get(this.#options.namespace, 'argocd-cm')?.metadata.annotations?.[
      annotations.refresh
    ];
  }

  /** A broken cluster Secret makes its own cluster unknown, not the others. */
  #cluster(secret: KubeObject): ClusterSecret | undefined {
    try {
      return parseClusterSecret(secret);
    } catch (error) {
      this.#log.warn('a cluster Secret cannot be used', {
        secret: secret.metadata.name,
        reason: messageOf(error),
      });
      return undefined;
    }
  }

  #tell(change: SettingsChange): void {
    for (const listener of this.#listeners) listener(change);
  }
}
