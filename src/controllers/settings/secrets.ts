// Reads repository and cluster Secrets as Argo CD writes them. Pure: Secrets in, plain values out.

import type { KubeObject } from '../../k8s/index.ts';
import { isRecord } from '../../lib/index.ts';
import { annotations, type Repository, type RepositoryCredential } from '../../model/index.ts';

/** What a credential is for: reading sources, or writing what was rendered from them. Neither stands in for the other. */
export type RepositoryUse = 'read' | 'write';

/** The labels of repository Secrets and of credential templates. */
export const REPOSITORY_SECRETS = {
  read: { repository: 'repository', template: 'repo-creds' },
  write: { repository: 'repository-write', template: 'repo-write-creds' },
} as const satisfies Readonly<Record<RepositoryUse, object>>;

/** A repository Secret or a credential template. */
export interface RepositorySecret {
  readonly secretName: string;
  readonly isTemplate: boolean;
  readonly name?: string;
  readonly project?: string;
  readonly enableOci: boolean;
  readonly repository: Repository;
}

/** A cluster Secret. */
export interface ClusterSecret {
  readonly secretName: string;
  readonly name: string;
  readonly server: string;
  readonly namespaces: readonly string[];
  readonly clusterResources: boolean;
  readonly project?: string;
  /** When somebody last asked for the cluster to be read anew. */
  readonly refreshRequestedAt?: string;
  /** Of the Secret; they say nothing of how the cluster is reached. */
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly config: ClusterConfig;
}

/** The `config` member of a cluster Secret; names as Argo CD has them. */
export interface ClusterConfig {
  readonly username?: string;
  readonly password?: string;
  readonly bearerToken?: string;
  readonly tlsClientConfig?: {
    readonly insecure?: boolean;
    readonly serverName?: string;
    readonly caData?: string;
    readonly certData?: string;
    readonly keyData?: string;
  };
  readonly proxyUrl?: string;
}

/** Decodes `data` (base64) and `stringData` into text members. */
export function secretValues(secret: KubeObject): Record<string, string> {
  const values: Record<string, string> = {};
  for (const [key, value] of Object.entries(isRecord(secret['data']) ? secret['data'] : {})) {
    if (typeof value === 'string') values[key] = Buffer.from(value, 'base64').toString('utf8');
  }
  for (const [key, value] of Object.entries(isRecord(secret['stringData']) ? secret['stringData'] : {})) {
    if (typeof value === 'string') values[key] = value;
  }
  return values;
}

/** Undefined when the Secret has no `url`: it cannot belong to any repository. */
export function parseRepositorySecret(secret: KubeObject, isTemplate: boolean): RepositorySecret | undefined {
  const values = secretValues(secret);
  const { url, type, project } = values;
  if (url === undefined || url === '') return undefined;
  const certificate = values['tlsClientCertData'];
  const key = values['tlsClientCertKey'];
  return {
    secretName: secret.metadata.name ?? '',
    isTemplate,
    enableOci: values['enableOCI'] === 'true',
    ...(values['name'] === undefined || values['name'] === '' ? {} : { name: values['name'] }),
    ...(project === undefined || project === '' ? {} : { project }),
    repository: {
      url,
      type: type === 'helm' || type === 'oci' ? type : 'git',
      credential: credentialOf(values),
      insecure: values['insecure'] === 'true',
      insecureIgnoreHostKey: values['insecureIgnoreHostKey'] === 'true',
      enableLfs: values['enableLfs'] === 'true',
      ...(values['enableOCI'] === 'true' ? { enableOci: true } : {}),
      ...(values['insecureOCIForceHttp'] === 'true' ? { forceHttp: true } : {}),
      ...(values['proxy'] === undefined ? {} : { proxy: values['proxy'] }),
      ...(values['noProxy'] === undefined ? {} : { noProxy: values['noProxy'] }),
      ...(certificate === undefined || key === undefined
        ? {}
        : { tlsClientCertificate: { certificate, key } }),
    },
  };
}

function credentialOf(values: Record<string, string>): RepositoryCredential {
  const { username, password, bearerToken, sshPrivateKey } = values;
  if (sshPrivateKey !== undefined) return { kind: 'ssh', privateKey: sshPrivateKey };
  if (bearerToken !== undefined) return { kind: 'bearer', token: bearerToken };
  if (password !== undefined) return { kind: 'basic', username: username ?? '', password };
  return githubApp(values) ?? { kind: 'none' };
}

function githubApp(values: Record<string, string>): RepositoryCredential | undefined {
  const {
    githubAppID = '',
    githubAppInstallationID = '',
    githubAppPrivateKey,
    githubAppEnterpriseBaseUrl,
  } = values;
  if (githubAppID === '' || githubAppPrivateKey === undefined) return undefined;
  return {
    kind: 'github-app',
    appId: githubAppID,
    privateKey: githubAppPrivateKey,
    ...(['', '0'].includes(githubAppInstallationID) ? {} : { installationId: githubAppInstallationID }),
    ...(githubAppEnterpriseBaseUrl ? { baseUrl: githubAppEnterpriseBaseUrl } : {}),
  };
}

/**
 * How to reach `url` for an application of `project`: the repository Secret of the project, else the unscoped one;
 * without its own credential the longest matching template lends one; else anonymous.
 * @param same whether two URLs name one repository
 */
export function repositoryFor(
  url: string,
  project: string,
  secrets: readonly RepositorySecret[],
  same: (a: string, b: string) => boolean,
): Repository {
  const own = secrets.filter(({ isTemplate, repository }) => !isTemplate && same(repository.url, url));
  const found =
    own.find((secret) => secret.project === project) ?? own.find((secret) => secret.project === undefined);
  const base: Repository = found?.repository ?? { url, type: 'git', credential: { kind: 'none' } };
  if (base.credential.kind !== 'none') return { ...base, url };
  const template = secrets
    .filter(({ isTemplate, repository }) => isTemplate && isBelow(url, repository.url))
    .sort((a, b) => b.repository.url.length - a.repository.url.length)[0]?.repository;
  if (template === undefined) return { ...base, url };
  return {
    ...template,
    ...base,
    type: found === undefined ? template.type : base.type,
    url,
    credential: template.credential,
  };
}

/** The host whose certificate counts for an address, in lower case; undefined when it is reached without TLS. */
export function tlsHostOf(url: string): string | undefined {
  // Addresses of registries have a scheme of their own, or none.
  const [, host] =
    /^(?:(?:https|oci):\/\/(?:[^/@]*@)?)?(\[[^\]]+\]|[^/:@]+)(?::\d+)?(?:\/|$)/i.exec(url) ?? [];
  return host?.toLowerCase();
}

/** `prefix` begins `url` and does not end within its host: a credential must never go to a host that only begins alike. */
function isBelow(url: string, prefix: string): boolean {
  if (!url.startsWith(prefix)) return false;
  const scheme = /^[A-Za-z][A-Za-z0-9+.-]*:\/\//.exec(prefix)?.[0];
  const place = prefix.slice(scheme?.length ?? 0);
  if (place === '') return false;
  const isPastHost = scheme === undefined ? /[:/]/.test(place) : place.includes('/');
  const next = url.charAt(prefix.length);
  return isPastHost || next === '' || next === '/' || (scheme === undefined && next === ':');
}

/** Throws a TypeError naming the Secret when `server` is missing or `config` is no JSON object. */
export function parseClusterSecret(secret: KubeObject): ClusterSecret {
  const values = secretValues(secret);
  const secretName = secret.metadata.name ?? '';
  const { server, name = server, config = '{}', namespaces = '', project } = values;
  if (server === undefined || server === '')
    throw new TypeError(`Cluster Secret ${secretName} has no server`);
  const parsed = parseJsonObject(config, secretName);
  const refreshRequestedAt = secret.metadata.annotations?.[annotations.refresh];
  return {
    secretName,
    name: name ?? server,
    server,
    namespaces: namespaces
      .split(',')
      .map((namespace) => namespace.trim())
      .filter((namespace) => namespace !== ''),
    clusterResources: values['clusterResources'] === 'true',
    ...(project === undefined || project === '' ? {} : { project }),
    ...(refreshRequestedAt === undefined ? {} : { refreshRequestedAt }),
    labels: secret.metadata.labels ?? {},
    annotations: shownAnnotations(secret),
    config: parsed,
  };
}

/** What kubectl last applied holds the credentials. */
function shownAnnotations({ metadata }: KubeObject): Readonly<Record<string, string>> {
  const { [annotations.lastApplied]: _, ...shown } = metadata.annotations ?? {};
  return shown;
}

function parseJsonObject(text: string, secretName: string): ClusterConfig {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    // The text holds credentials: neither it nor the parser's excerpt may travel.
    throw new TypeError(`The config of cluster Secret ${secretName} is not valid JSON`, {
      cause: (cause as Error).name,
    });
  }
  if (!isRecord(value))
    throw new TypeError(`The config of cluster Secret ${secretName} is not a JSON object`);
  return value;
}
