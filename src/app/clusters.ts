// Cluster Secrets for the server: shows them without their credentials, writes them as Argo CD would, and tries a
// connection out before it is kept.
import type { Cluster, ClusterBody } from '../contract/index.ts';
import type { ClusterSecret, LiveClusters, Settings } from '../controllers/index.ts';
import {
  connectionOf,
  createKubeClient,
  endManagerToken,
  isKubeError,
  type KubeClient,
  type KubeObject,
  newManagerToken,
  ownerOfToken,
  wellKnown,
} from '../k8s/index.ts';
import {
  type AddressGuard,
  type Clock,
  CodedError,
  defaultAddressGuard,
  isRecord,
  messageOf,
  type Random,
  rfc3339,
  sha256,
} from '../lib/index.ts';
import { annotations, labels } from '../model/index.ts';
import type { ClusterChanges, Clusters } from '../server/index.ts';

const CHECK_MS = 15_000;
/** Where the home cluster, which has no Secret, is asked to be read anew. */
const CONFIG = 'argocd-cm';
const MANAGER = { fieldManager: 'fairlead-server' } as const;

export interface ClustersDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly home: KubeClient;
  readonly namespace: string;
  readonly settings: Settings;
  readonly clusters: LiveClusters;
  /** Says where connections may go; default: everywhere but to link-local addresses. */
  readonly guard?: AddressGuard | undefined;
}

class ClusterWriteError extends CodedError<'ALREADY_EXISTS' | 'NOT_FOUND' | 'INVALID'> {}

export function clusterStore(deps: ClustersDeps): Clusters {
  const known = (server: string): ClusterSecret | undefined =>
    deps.settings.clusters().find((secret) => addressOf(secret.server) === addressOf(server));
  return {
    list: () => listed(deps),
    async save(body, existing, signal) {
      const { server } = body;
      const before = known(server);
      if (before !== undefined && existing === 'refuse') {
        throw new ClusterWriteError(
          'ALREADY_EXISTS',
          'on-change',
          `A cluster with server ${server} is configured already; use upsert to change it`,
        );
      }
      const isTaken = ({
        name,
        server: other,
      }: {
        readonly name: string;
        readonly server: string;
      }): boolean => name === body.name && addressOf(other) !== addressOf(server);
      // Destinations name clusters by either.
      if (deps.clusters.entries().some(isTaken))
        throw new ClusterWriteError(
          'ALREADY_EXISTS',
          'on-change',
          `The name ${body.name} belongs to another cluster`,
        );
      const serverVersion = await tryOut(deps, body, signal);
      await write(deps, before?.secretName, body);
      const state = { status: 'Successful', message: '', attemptedAt: rfc3339(deps.clock.now()) };
      return { ...viewOf(body), serverVersion, connectionState: state };
    },
    async change(server, changes) {
      const secret = known(server);
      if (secret === undefined) throw withoutSecret(server, 'changed');
      await patchSecret(deps, secret.secretName, changes);
      const { name = secret.name, namespaces = secret.namespaces, project = secret.project } = changes;
      const connectionState = { status: 'Unknown', message: '' };
      return {
        ...viewOf({ server, name, namespaces: namespaces && [...namespaces], project }),
        connectionState,
      };
    },
    async rotate(server, signal) {
      const secret = known(server);
      if (secret === undefined) throw withoutSecret(server, 'rotated');
      await rotate(deps, secret, signal);
    },
    async invalidateCache(server) {
      const body = { metadata: { annotations: { [annotations.refresh]: rfc3339(deps.clock.now()) } } };
      const secret = known(server);
      const { namespace } = deps;
      if (secret !== undefined)
        await deps.home.patch(
          wellKnown.secrets,
          { namespace, name: secret.secretName },
          { type: 'merge', body },
          MANAGER,
        );
      else
        await deps.home
          .patch(wellKnown.configMaps, { namespace, name: CONFIG }, { type: 'merge', body }, MANAGER)
          .catch(async (error: unknown) => {
            if (!isKubeError(error, 'NOT_FOUND')) throw error;
            const metadata = { ...body.metadata, namespace, name: CONFIG };
            await deps.home.create(
              wellKnown.configMaps,
              { apiVersion: 'v1', kind: 'ConfigMap', metadata },
              MANAGER,
            );
          });
    },
    async remove(server) {
      const secret = known(server);
      if (secret === undefined) throw withoutSecret(server, 'removed');
      await deps.home.delete(wellKnown.secrets, { namespace: deps.namespace, name: secret.secretName });
    },
  };
}

function withoutSecret(server: string, done: string): ClusterWriteError {
  return new ClusterWriteError(
    'INVALID',
    'on-change',
    `The cluster ${server} has no Secret, so it cannot be ${done}`,
  );
}

/**
 * A new token in place of the old one, which ends last: whatever happens in between, the one that is written down works.
 * What is written to the cluster here are only the two Secrets of these tokens.
 */
async function rotate(deps: ClustersDeps, secret: ClusterSecret, signal: AbortSignal): Promise<void> {
  const { server, config } = secret;
  const owner = ownerOfToken(config.bearerToken ?? '');
  if (owner === undefined) {
    throw new ClusterWriteError(
      'INVALID',
      'on-change',
      `The cluster ${server} is not used with the token of a service account's Secret, so there is none to rotate; add it again with upsert`,
    );
  }
  const client = createKubeClient(
    connectionOf({ ...settingsOf(config), server }),
    { guard: guardOf(deps) },
    deps,
  );
  try {
    const fresh = await newManagerToken(client, deps, owner, signal);
    const renewed = { ...config, bearerToken: fresh.token };
    await tryOut(deps, { server, config: renewed } as ClusterBody, signal);
    const body = { data: { config: base64(JSON.stringify(renewed)) } };
    const ref = { namespace: deps.namespace, name: secret.secretName };
    await deps.home.patch(wellKnown.secrets, ref, { type: 'merge', body }, MANAGER);
    await endManagerToken(client, owner, owner.secretName);
  } finally {
    await client.close();
  }
}

function guardOf({ guard = defaultAddressGuard }: ClustersDeps): AddressGuard {
  return guard;
}

function listed({ clusters, settings }: ClustersDeps): Cluster[] {
  const connected = new Map(clusters.connected().map((cluster) => [cluster.server, cluster]));
  return clusters.entries().map(({ server, name }): Cluster => {
    const secret = settings.clusters().find((item) => item.server === server);
    const cluster = connected.get(server);
    const serverVersion = cluster?.versions().version ?? '';
    const connectionState = cluster?.connection() ?? { status: 'Unknown', message: '' };
    const { kinds, objects } = cluster?.size() ?? { kinds: 0, objects: 0 };
    const cacheInfo = { apisCount: kinds, resourcesCount: objects };
    return {
      ...(secret === undefined ? { server, name } : viewOf(secret)),
      ...(secret?.config.tlsClientConfig?.insecure === true ? { insecure: true } : {}),
      serverVersion,
      connectionState,
      info: { connectionState, serverVersion, cacheInfo },
    };
  });
}

function viewOf(
  secret: Pick<ClusterBody, 'server' | 'name' | 'namespaces' | 'project'> | ClusterSecret,
): Pick<Cluster, 'server' | 'name' | 'namespaces' | 'project'> {
  const { server, name, namespaces, project } = secret;
  return {
    server,
    name: name || server,
    ...(namespaces === undefined || namespaces === null || namespaces.length === 0 ? {} : { namespaces }),
    ...(project === undefined || project === null || project === '' ? {} : { project }),
  };
}

/** The version that the cluster answers with these credentials. */
async function tryOut(
  deps: ClustersDeps,
  { server, config }: ClusterBody,
  signal: AbortSignal,
): Promise<string> {
  if (guardOf(deps).isRefused(new URL(server).hostname))
    throw new ClusterWriteError(
      'INVALID',
      'on-change',
      `The cluster ${server} cannot be used: link-local addresses are refused`,
    );
  const client = createKubeClient(
    connectionOf({ ...settingsOf(config), server }),
    { guard: guardOf(deps) },
    deps,
  );
  const late = new AbortController();
  const timer = deps.clock.after(CHECK_MS, () => late.abort());
  try {
    const answer = await client.raw({ path: '/version', signal: AbortSignal.any([signal, late.signal]) });
    const version = versionIn(answer.text);
    if (version !== undefined) return version;
    throw new Error('the answer names no version; is this the address of a Kubernetes API?');
  } catch (error) {
    signal.throwIfAborted();
    const why = late.signal.aborted ? `no answer within ${CHECK_MS / 1000} s` : messageOf(error);
    throw new ClusterWriteError('INVALID', 'on-change', `The cluster ${server} cannot be used: ${why}`, {
      cause: error,
    });
  } finally {
    timer.cancel();
    await client.close();
  }
}

/** Undefined for what is no version object; the text itself may be anybody's and is not repeated. */
function versionIn(text: string): string | undefined {
  try {
    const version: unknown = JSON.parse(text);
    const found = isRecord(version) ? version['gitVersion'] : undefined;
    return typeof found === 'string' && /^v[\w.+-]{1,60}$/.test(found) ? found : undefined;
  } catch {
    return undefined;
  }
}

/** Without members that are null, which clients of Argo CD send for "not set". */
function settingsOf(config: ClusterBody['config']): Omit<Parameters<typeof connectionOf>[0], 'server'> {
  return JSON.parse(JSON.stringify(config ?? {}, (_key, value: unknown) => value ?? undefined));
}

/** Changes the named members and leaves the others, the credentials above all, as they are. */
async function patchSecret(deps: ClustersDeps, name: string, changes: ClusterChanges): Promise<void> {
  const { labels: wantedLabels, annotations: wantedAnnotations, ...members } = changes;
  const ref = { namespace: deps.namespace, name };
  const { metadata } = await deps.home.get(wellKnown.secrets, ref);
  const data: Record<string, string | null> = {};
  for (const [key, value] of Object.entries(members)) {
    const text = Array.isArray(value) ? value.join(',') : value === true ? 'true' : String(value || '');
    data[key] = text === '' ? null : base64(text);
  }
  const body = {
    data,
    metadata: {
      ...(wantedLabels === undefined ? {} : { labels: replaced(metadata.labels, wantedLabels) }),
      ...(wantedAnnotations === undefined
        ? {}
        : { annotations: replaced(metadata.annotations, wantedAnnotations) }),
    },
  };
  await deps.home.patch(wellKnown.secrets, ref, { type: 'merge', body }, MANAGER);
}

/** As a merge patch; what says whose Secret it is stays. */
function replaced(
  now: Readonly<Record<string, string>> = {},
  wanted: Readonly<Record<string, string>> | null,
): Record<string, string | null> {
  const isOurs = (key: string): boolean =>
    key === labels.secretType || key === 'managed-by' || key.startsWith('kubectl.kubernetes.io/');
  const gone = Object.keys(now).filter((key) => !isOurs(key));
  const kept = Object.entries(wanted ?? {}).filter(([key]) => !isOurs(key));
  return { ...Object.fromEntries(gone.map((key) => [key, null])), ...Object.fromEntries(kept) };
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}

async function write(deps: ClustersDeps, known: string | undefined, body: ClusterBody): Promise<void> {
  const { home, namespace } = deps;
  const values: Record<string, string> = {
    name: body.name || body.server,
    server: body.server,
    config: JSON.stringify(settingsOf(body.config)),
    namespaces: (body.namespaces ?? []).join(','),
    clusterResources: body.clusterResources === true ? 'true' : '',
    shard: body.shard === undefined || body.shard === null ? '' : String(body.shard),
    project: body.project ?? '',
  };
  const data: Record<string, string> = {};
  for (const [key, value] of Object.entries(values))
    if (value !== '') data[key] = Buffer.from(value).toString('base64');
  if (known !== undefined) {
    const patch = [
      { op: 'remove', path: '/data' },
      { op: 'add', path: '/data', value: data },
    ];
    await home.patch(wellKnown.secrets, { namespace, name: known }, { type: 'json', body: patch }, MANAGER);
    return;
  }
  const secret: KubeObject = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: {
      name: nameOf(body.server),
      namespace,
      labels: { ...body.labels, [labels.secretType]: 'cluster' },
      annotations: { ...body.annotations, 'managed-by': 'argocd.argoproj.io' },
    },
    data,
  };
  await home.create(wellKnown.secrets, secret, MANAGER);
}

function addressOf(server: string): string {
  return URL.canParse(server) ? new URL(server).href.replace(/\/+$/, '') : server;
}

function nameOf(server: string): string {
  const host = new URL(server).hostname
    .toLowerCase()
    .replace(/[^a-z0-9.-]/g, '-')
    .replace(/^[.-]+|[.-]+$/g, '');
  return `cluster-${host.slice(0, 200)}-${sha256(server).slice(0, 10)}`;
}
