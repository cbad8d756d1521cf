// Clusters: shown, added, changed and removed.
import {
  type Cluster,
  ClusterBody,
  ClusterGetQuery,
  type ClusterList,
  ClusterListQuery,
  ClusterWriteQuery,
} from '../../contract/index.ts';
import type { Permission } from '../auth/authorise.ts';
import { ApiError } from '../errors.ts';
import type { ClusterChanges } from '../ports.ts';
import { recorded } from '../recorded.ts';
import { type Call, type Route, route } from '../route.ts';

const getCluster = { resource: 'clusters', action: 'get' } as const;
const updateCluster = { resource: 'clusters', action: 'update' } as const;
const CHANGEABLE = [
  'name',
  'namespaces',
  'clusterResources',
  'shard',
  'project',
  'labels',
  'annotations',
] as const;

export const configurationRoutes: readonly Route[] = [
  route({
    method: 'GET',
    path: '/api/v1/clusters',
    access: { ...getCluster, scope: 'list' },
    query: ClusterListQuery,
    handle(call): ClusterList {
      const { name = '', server = '' } = call.query;
      const isWanted = (cluster: Cluster): boolean =>
        (name === '' || cluster.name === name) && (server === '' || cluster.server === server);
      const visible = call.deps.clusters
        .list()
        .filter((cluster) => isWanted(cluster) && call.may(getCluster, clusterObject(cluster)));
      return { metadata: {}, items: withCounts(call, visible) };
    },
  }),
  route({
    method: 'GET',
    path: '/api/v1/clusters/:id',
    access: { ...getCluster, scope: 'list' },
    query: ClusterGetQuery,
    handle(call) {
      const cluster = knownCluster(call, getCluster, call.query['id.type']);
      return withCounts(call, [cluster])[0] ?? cluster;
    },
  }),
  route({
    method: 'POST',
    path: '/api/v1/clusters',
    access: { resource: 'clusters', action: 'create', scope: 'list' },
    query: ClusterWriteQuery,
    body: ClusterBody,
    async handle(call) {
      const { body, query, deps, signal } = call;
      requireCluster(call, 'create', body);
      if (query.upsert === true) requireCluster(call, 'update', body);
      // Whose it is says what is configured, not who asks.
      const existing = deps.clusters.list().find((item) => addressOf(item.server) === addressOf(body.server));
      if (existing !== undefined) requireCluster(call, query.upsert === true ? 'update' : 'get', existing);
      const effect = { action: 'cluster.create', object: clusterRef(body.server) };
      return await recorded(call, effect, () =>
        deps.clusters.save(body, query.upsert === true ? 'replace' : 'refuse', signal),
      );
    },
  }),
  route({
    method: 'PUT',
    path: '/api/v1/clusters/:id',
    access: { resource: 'clusters', action: 'update', scope: 'list' },
    query: ClusterWriteQuery,
    body: ClusterBody,
    async handle(call) {
      const { body, deps, query, signal } = call;
      const known = knownCluster(call, updateCluster, query['id.type']);
      const { server } = known;
      // A credential of one cluster must not be tried on another.
      if (body.server !== server)
        throw new ApiError('InvalidArgument', 'server: differs from the cluster in the path');
      const changes = query.updatedFields.length === 0 ? undefined : changesOf(body, query.updatedFields);
      // What is replaced as a whole belongs to whom the body says, to everybody when it says nothing.
      const becomes = changes === undefined ? body : { server, project: changes.project ?? known.project };
      requireCluster(call, 'update', becomes);
      const effect = { action: 'cluster.update', object: clusterRef(server) };
      return await recorded(call, effect, () =>
        changes === undefined
          ? deps.clusters.save(body, 'replace', signal)
          : deps.clusters.change(server, changes),
      );
    },
  }),
  route({
    method: 'POST',
    path: '/api/v1/clusters/:id/rotate-auth',
    access: { ...updateCluster, scope: 'list' },
    query: ClusterGetQuery,
    async handle(call) {
      const { server } = knownCluster(call, updateCluster, call.query['id.type']);
      const effect = { action: 'cluster.rotate-auth', object: clusterRef(server) };
      await recorded(call, effect, () => call.deps.clusters.rotate(server, call.signal));
      return {};
    },
  }),
  route({
    method: 'POST',
    path: '/api/v1/clusters/:id/invalidate-cache',
    access: { ...updateCluster, scope: 'list' },
    query: ClusterGetQuery,
    async handle(call) {
      const cluster = knownCluster(call, updateCluster, call.query['id.type']);
      const effect = { action: 'cluster.invalidate-cache', object: clusterRef(cluster.server) };
      await recorded(call, effect, () => call.deps.clusters.invalidateCache(cluster.server));
      return cluster;
    },
  }),
  route({
    method: 'DELETE',
    path: '/api/v1/clusters/:id',
    access: { resource: 'clusters', action: 'delete', scope: 'list' },
    query: ClusterGetQuery,
    async handle(call) {
      const { server } = knownCluster(
        call,
        { resource: 'clusters', action: 'delete' },
        call.query['id.type'],
      );
      const effect = { action: 'cluster.delete', object: clusterRef(server) };
      await recorded(call, effect, () => call.deps.clusters.remove(server));
      return {};
    },
  }),
];

/** The members of the body that were named; those that reach the cluster are only taken with the whole of it. */
function changesOf(body: ClusterBody, fields: readonly string[]): ClusterChanges {
  const unknown = fields.find((field) => !CHANGEABLE.some((name) => name === field));
  if (unknown !== undefined)
    throw new ApiError(
      'InvalidArgument',
      `updatedFields: ${JSON.stringify(unknown.slice(0, 40))} is none of ${CHANGEABLE.join(', ')}; leave updatedFields out to replace the cluster`,
    );
  return Object.fromEntries(
    CHANGEABLE.filter((name) => fields.includes(name)).map((name) => [name, body[name] ?? null]),
  );
}

/** With the applications that are deployed to each; destinations name clusters by server or by name. */
function withCounts({ deps }: Call<unknown, unknown>, clusters: readonly Cluster[]): Cluster[] {
  const counts = new Map<string, number>();
  for (const { spec } of deps.applications.list()) {
    const { server, name } = spec.destination;
    const key = server ? addressOf(server) : `name ${name ?? ''}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return clusters.map((cluster) => {
    const { server, name, info } = cluster;
    const count = (counts.get(addressOf(server)) ?? 0) + (counts.get(`name ${name}`) ?? 0);
    return { ...cluster, info: { ...info, applicationsCount: count } };
  });
}

/** Foreign and missing get the same answer. */
function knownCluster(
  call: Call<unknown, unknown>,
  permission: Permission,
  idType: string | undefined,
): Cluster {
  const { id = '' } = call.params;
  const cluster = call.deps.clusters
    .list()
    .find((item) => (idType === 'name' ? item.name : item.server) === id);
  if (cluster !== undefined && call.may(permission, clusterObject(cluster))) return cluster;
  throw new ApiError(
    'PermissionDenied',
    'permission denied: the cluster does not exist or you may not see it',
  );
}

function requireCluster(
  call: Call<unknown, unknown>,
  action: Permission['action'],
  cluster: Pick<ClusterBody, 'server' | 'project'>,
): void {
  const object = clusterObject(cluster);
  if (call.may({ resource: 'clusters', action }, object)) return;
  throw new ApiError('PermissionDenied', `permission denied: clusters, ${action}, ${object.slice(0, 200)}`);
}

/** Argo CD's object of a cluster: `project/server` for one that belongs to a project. */
export function clusterObject({
  server,
  project,
}: {
  server: string;
  project?: string | null | undefined;
}): string {
  return project ? `${project}/${server}` : server;
}

/** Spelled differently it is the same cluster all the same. */
function addressOf(server: string): string {
  return URL.canParse(server) ? new URL(server).href.replace(/\/+$/, '') : server;
}

function clusterRef(server: string) {
  return { group: '', kind: 'Cluster', name: server };
}
