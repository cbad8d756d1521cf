// Reads kubeconfig files and the service account of a Pod into a ClusterConnection. Reads no environment: paths,
// the context and whether exec plugins may run are given by the caller.
import { readFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { parse } from 'yaml';
import { type Clock, isRecord, messageOf } from '../lib/index.ts';
import { fixedHeader, serverUrl, staticAuthorization } from './connection.ts';
import type { ClusterConnection, TlsMaterial } from './connection-types.ts';
import { KubeError } from './errors.ts';
import { type ExecPlugin, type ExecPluginDeps, execConnection } from './exec-plugin.ts';

export interface KubeconfigOptions {
  /** Default: the file's current-context. */
  readonly context?: string | undefined;
  readonly clock: Clock;
  /** Allows exec plugins and says how they run; without it a kubeconfig that needs one is refused. */
  readonly plugins?: Omit<ExecPluginDeps, 'clock' | 'folder'> | undefined;
}

export interface KubeconfigConnection extends ClusterConnection {
  /** Name of the context used. */
  readonly context: string;
  /** Namespace of the context; 'default' when it has none. */
  readonly namespace: string;
}

interface Entry {
  readonly name: string;
  readonly value: Record<string, unknown>;
  /** Relative paths inside an entry are relative to its file. */
  readonly folder: string;
}

interface Kubeconfig {
  readonly currentContext: string;
  readonly clusters: readonly Entry[];
  readonly users: readonly Entry[];
  readonly contexts: readonly Entry[];
}

/** The connection of a kubeconfig on disk; several files are merged as kubectl does (the first of a name wins). */
export async function loadKubeconfig(
  files: string | readonly string[],
  options: KubeconfigOptions,
): Promise<KubeconfigConnection> {
  const parts: Kubeconfig[] = [];
  for (const file of typeof files === 'string' ? [files] : files) {
    const text = await readFile(file, 'utf8').catch((cause: unknown) => {
      throw new KubeError('CONFIG', `Cannot read kubeconfig ${file}: ${messageOf(cause)}`, { cause });
    });
    parts.push(parseKubeconfig(text, file, dirname(resolve(file))));
  }
  return connect(merge(parts), options);
}

/** The connection of a kubeconfig given as text. Relative paths in it are refused. */
export async function connectionOfKubeconfig(
  text: string,
  options: KubeconfigOptions,
): Promise<KubeconfigConnection> {
  return connect(parseKubeconfig(text, 'text', ''), options);
}

/** Where a Pod finds its service account. */
export interface InClusterSettings {
  /** KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT. */
  readonly host: string;
  readonly port: string;
  /** Default `/var/run/secrets/kubernetes.io/serviceaccount`. */
  readonly folder?: string;
  readonly clock: Clock;
}

/** The connection of a Pod to its own cluster; the token is read again as the kubelet renews it. */
export async function inClusterConnection(settings: InClusterSettings): Promise<KubeconfigConnection> {
  const folder = settings.folder ?? '/var/run/secrets/kubernetes.io/serviceaccount';
  const host = settings.host.includes(':') ? `[${settings.host}]` : settings.host;
  const server = serverUrl(`https://${host}:${settings.port}`);
  const ca = await readPart(join(folder, 'ca.crt'), server);
  const namespace = (await readPart(join(folder, 'namespace'), server)).trim();
  const tokens = tokenFile(join(folder, 'token'), settings.clock, server);
  return { server, tls: { ca }, ...tokens, context: 'in-cluster', namespace: namespace || 'default' };
}

async function connect(config: Kubeconfig, options: KubeconfigOptions): Promise<KubeconfigConnection> {
  const context = options.context ?? config.currentContext;
  const { value: chosen } = entry(config.contexts, context, 'context');
  const cluster = entry(config.clusters, text(chosen, 'cluster'), 'cluster');
  const userName = text(chosen, 'user');
  const user = userName === '' ? { name: '', value: {}, folder: '' } : entry(config.users, userName, 'user');
  const server = serverUrl(text(cluster.value, 'server'));
  const proxy = text(cluster.value, 'proxy-url');
  const base = {
    server,
    tls: await tlsOf(cluster, user, server),
    ...(proxy === '' ? {} : { proxy }),
  };
  const named = { context, namespace: text(chosen, 'namespace') || 'default' };
  // Assigned, not spread: `tls` of a plugin's connection is a getter.
  return withImpersonation(Object.assign(credentials(base, user, options), named), user.value);
}

function credentials(
  base: Pick<ClusterConnection, 'server' | 'tls' | 'proxy'>,
  user: Entry,
  options: KubeconfigOptions,
): ClusterConnection {
  const { value, folder } = user;
  if (isRecord(value.exec)) {
    const { clock, plugins } = options;
    const deps = plugins && { ...plugins, clock, ...(folder === '' ? {} : { folder }) };
    return execConnection(base, pluginOf(value.exec, base.server), deps);
  }
  if (value['auth-provider'] !== undefined) {
    throw new KubeError(
      'CONFIG',
      `Cannot use the credentials of ${base.server}: kubeconfig user ${user.name} has an auth-provider, which Kubernetes removed; use an exec plugin or a token`,
    );
  }
  const file = text(value, 'tokenFile');
  if (file !== '') return { ...base, ...tokenFile(pathIn(folder, file), options.clock, base.server) };
  const header = staticAuthorization({
    bearerToken: text(value, 'token'),
    username: text(value, 'username'),
    password: text(value, 'password'),
  });
  return { ...base, authorize: fixedHeader(header) };
}

function pluginOf(value: Record<string, unknown>, server: string): ExecPlugin {
  if (text(value, 'command') === '') {
    throw new KubeError('CONFIG', `Cannot use the credentials of ${server}: the exec plugin has no command`);
  }
  return value as unknown as ExecPlugin;
}

/** Adds the headers of `as`, `as-uid`, `as-groups` and `as-user-extra`. */
function withImpersonation(
  connection: KubeconfigConnection,
  user: Record<string, unknown>,
): KubeconfigConnection {
  const extra: string[] = [];
  if (text(user, 'as') !== '') extra.push('impersonate-user', text(user, 'as'));
  if (text(user, 'as-uid') !== '') extra.push('impersonate-uid', text(user, 'as-uid'));
  for (const group of list(user['as-groups'])) extra.push('impersonate-group', String(group));
  const more = isRecord(user['as-user-extra']) ? user['as-user-extra'] : {};
  for (const [name, values] of Object.entries(more)) {
    for (const value of list(values)) {
      extra.push(`impersonate-extra-${encodeURIComponent(name)}`.toLowerCase(), String(value));
    }
  }
  if (extra.length === 0) return connection;
  const { authorize } = connection;
  return Object.assign(connection, {
    authorize(headers: string[]) {
      headers.push(...extra);
      return authorize(headers);
    },
  });
}

const TOKEN_MAX_AGE_MS = 60_000;

/** A token that something else renews in a file: read again every minute and after a refusal. */
function tokenFile(
  path: string,
  clock: Clock,
  server: string,
): Pick<ClusterConnection, 'authorize'> & Required<Pick<ClusterConnection, 'forget'>> {
  let header = '';
  let readAt = Number.NEGATIVE_INFINITY;
  const renew = async (headers: string[]): Promise<void> => {
    const token = (await readPart(path, server)).trim();
    header = `Bearer ${token}`;
    readAt = clock.monotonic();
    headers.push('authorization', header);
  };
  return {
    authorize(headers) {
      if (clock.monotonic() - readAt > TOKEN_MAX_AGE_MS) return renew(headers);
      headers.push('authorization', header);
      return undefined;
    },
    forget() {
      readAt = Number.NEGATIVE_INFINITY;
    },
  };
}

async function tlsOf(cluster: Entry, user: Entry, server: string): Promise<TlsMaterial> {
  const insecure = cluster.value['insecure-skip-tls-verify'] === true;
  const serverName = text(cluster.value, 'tls-server-name');
  const ca = insecure ? undefined : await pemOf(cluster, 'certificate-authority', server);
  const cert = await pemOf(user, 'client-certificate', server);
  const key = await pemOf(user, 'client-key', server);
  return {
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    ...(insecure ? { insecure } : {}),
    ...(serverName === '' ? {} : { serverName }),
  };
}

/** PEM text of `name-data` (base64) or of the file `name`. */
async function pemOf(owner: Entry, name: string, server: string): Promise<string | undefined> {
  const data = text(owner.value, `${name}-data`);
  if (data !== '') return Buffer.from(data, 'base64').toString('utf8');
  const file = text(owner.value, name);
  return file === '' ? undefined : readPart(pathIn(owner.folder, file), server);
}

async function readPart(path: string, server: string): Promise<string> {
  return readFile(path, 'utf8').catch((cause: unknown) => {
    throw new KubeError('CONFIG', `Cannot read ${path} for ${server}: ${messageOf(cause)}`, { cause });
  });
}

function pathIn(folder: string, path: string): string {
  if (folder === '' && !path.startsWith('/')) {
    throw new KubeError(
      'CONFIG',
      `Cannot read ${path}: a kubeconfig given as text has no folder; use an absolute path`,
    );
  }
  return resolve(folder, path);
}

function parseKubeconfig(source: string, name: string, folder: string): Kubeconfig {
  let value: unknown;
  try {
    value = parse(source);
  } catch {
    // The parser quotes the line it stumbles over, and lines of a kubeconfig are credentials.
    throw new KubeError('CONFIG', `Cannot read kubeconfig ${name}: it is not valid YAML`);
  }
  if (!isRecord(value))
    throw new KubeError('CONFIG', `Cannot read kubeconfig ${name}: it is empty or no mapping`);
  return {
    currentContext: text(value, 'current-context'),
    clusters: entries(value.clusters, 'cluster', folder),
    users: entries(value.users, 'user', folder),
    contexts: entries(value.contexts, 'context', folder),
  };
}

function entries(value: unknown, member: string, folder: string): Entry[] {
  return list(value)
    .filter(isRecord)
    .map((item) => ({
      name: String(item.name ?? ''),
      value: isRecord(item[member]) ? item[member] : {},
      folder,
    }));
}

function merge(parts: readonly Kubeconfig[]): Kubeconfig {
  return {
    currentContext: parts.find((part) => part.currentContext !== '')?.currentContext ?? '',
    clusters: parts.flatMap((part) => part.clusters),
    users: parts.flatMap((part) => part.users),
    contexts: parts.flatMap((part) => part.contexts),
  };
}

function entry(items: readonly Entry[], name: string, what: string): Entry {
  const found = items.find((item) => item.name === name);
  if (found !== undefined) return found;
  const names = items.map((item) => item.name).join(', ') || 'none';
  const wanted = name === '' ? `no ${what} is chosen` : `there is no ${what} ${name}`;
  throw new KubeError('CONFIG', `Cannot use the kubeconfig: ${wanted}; it has ${names}`);
}

function text(value: Record<string, unknown>, name: string): string {
  const member = value[name];
  return typeof member === 'string' ? member : '';
}

function list(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}
