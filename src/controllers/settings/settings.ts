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
import { type AppProject, labels, type ProjectRules, type Repository } from '../../model/index.ts';
import type { WebhookSecrets } from '../repository/index.ts';
import {
  type ClusterSecret,
  parseClusterSecret,
  parseRepositorySecret,
  type RepositorySecret,
  repositoryFor,
  secretValues,
} from './secrets.ts';

const projectType: ResourceType = {
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

export interface SettingsOptions {
  readonly namespace: string;
  sameRepository(a: string, b: string): boolean;
}

export type SettingsChange =
  | { readonly kind: 'project'; readonly name: string }
  | { readonly kind: 'repository'; readonly url: string }
  | { readonly kind: 'cluster'; readonly server: string }
  | { readonly kind: 'config' };

export class Settings {
  readonly #options: SettingsOptions;
  readonly #log: Logger;
  readonly #projects: Informer;
  readonly #secrets: Informer;
  readonly #configMaps: Informer;
  #repositories: readonly RepositorySecret[] = [];
  #clusters: readonly ClusterSecret[] = [];
  readonly #cache = new Map<string, Repository>();
  readonly #listeners = new Set<(change: SettingsChange) => void>();

  constructor(deps: InformerDeps, options: SettingsOptions) {
    this.#options = options;
    this.#log = deps.log;
    const { namespace } = options;
    this.#projects = new Informer(deps, { type: projectType, namespace });
    this.#secrets = new Informer(deps, { type: wellKnown.secrets, namespace, transform: withoutBulk });
    this.#configMaps = new Informer(deps, { type: wellKnown.configMaps, namespace, transform: withoutBulk });
  }

  /** Begins to watch; resolves when everything was listed once. */
  async start(signal: AbortSignal): Promise<void> {
    this.#projects.subscribe(({ object }) =>
      this.#tell({ kind: 'project', name: object.metadata.name ?? '' }),
    );
    this.#secrets.subscribe(({ object }) => this.#onSecret(object));
    this.#configMaps.subscribe(({ object }) => {
      if (object.metadata.name === TLS_CERTIFICATES) this.#cache.clear();
      this.#tell({ kind: 'config' });
    });
    const all = [this.#projects, this.#secrets, this.#configMaps];
    for (const informer of all) informer.start();
    await Promise.all(all.map((informer) => informer.whenComplete(signal)));
  }

  async stop(): Promise<void> {
    await Promise.all([this.#projects, this.#secrets, this.#configMaps].map((informer) => informer.stop()));
  }

  onChange(listener: (change: SettingsChange) => void): void {
    this.#listeners.add(listener);
  }

  project(name: string): AppProject | undefined {
    return this.#projects.get(this.#options.namespace, name) as AppProject | undefined;
  }

  projects(): readonly AppProject[] {
    return [...this.#projects.values()] as AppProject[];
  }

  projectRules(name: string): ProjectRules | undefined {
    return this.project(name)?.spec;
  }

  /** The same object for the same question until a Secret changes: holders may compare by identity. */
  repository(url: string, project: string): Repository {
    const key = `${project}\n${url}`;
    const known = this.#cache.get(key);
    if (known !== undefined) return known;
    const found = repositoryFor(url, project, this.#repositories, (a, b) =>
      this.#options.sameRepository(a, b),
    );
    const trusted = this.withTrust(found);
    this.#cache.set(key, trusted);
    return trusted;
  }

  /** The repository with the certificates that argocd-tls-certs-cm has for its host. */
  withTrust(repository: Repository): Repository {
    const host = /^https:\/\/(?:[^/@]*@)?(\[[^\]]+\]|[^/:]+)/i.exec(repository.url)?.[1];
    const tlsCertificates =
      host === undefined ? undefined : this.configMap(TLS_CERTIFICATES)[host.toLowerCase()];
    return tlsCertificates === undefined ? repository : { ...repository, tlsCertificates };
  }

  /** Lines of a known_hosts file. */
  knownHosts(): string {
    return this.configMap(KNOWN_HOSTS)['ssh_known_hosts'] ?? '';
  }

  repositorySecrets(): readonly RepositorySecret[] {
    return this.#repositories;
  }

  clusters(): readonly ClusterSecret[] {
    return this.#clusters;
  }

  /** A member of config map `argocd-cm`. */
  config(key: string): string | undefined {
    return this.configMap('argocd-cm')[key];
  }

  /** The members of a config map; none when it is not there. */
  configMap(name: string): Readonly<Record<string, string>> {
    const data = this.#configMaps.get(this.#options.namespace, name)?.['data'];
    return (data ?? {}) as Record<string, string>;
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

  #onSecret(secret: KubeObject): void {
    const type = secret.metadata.labels?.[labels.secretType];
    if (type === undefined) {
      this.#tell({ kind: 'config' });
      return;
    }
    const secrets = [...this.#secrets.values()];
    const ofType = (name: string): KubeObject[] =>
      secrets.filter((item) => item.metadata.labels?.[labels.secretType] === name);
    this.#repositories = [
      ...ofType('repository').flatMap((item) => parseRepositorySecret(item, false) ?? []),
      ...ofType('repo-creds').flatMap((item) => parseRepositorySecret(item, true) ?? []),
    ];
    this.#cache.clear();
    this.#clusters = ofType('cluster').flatMap((item) => this.#cluster(item) ?? []);
    const values = secretValues(secret);
    if (type === 'cluster') this.#tell({ kind: 'cluster', server: values['server'] ?? '' });
    else this.#tell({ kind: 'repository', url: values['url'] ?? '' });
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

function withoutBulk(object: KubeObject): KubeObject {
  const { managedFields: _, ...metadata } = object.metadata;
  return { ...object, metadata };
}
