// Clusters, read only.
import { ClusterGetQuery, type ClusterList } from '../../contract/index.ts';
import { ApiError } from '../errors.ts';
import { type Route, route } from '../route.ts';

const getCluster = { resource: 'clusters', action: 'get' } as const;

export const configurationRoutes: readonly Route[] = [
  route({
    method: 'GET',
    path: '/api/v1/clusters',
    access: { ...getCluster, scope: 'list' },
    handle(call): ClusterList {
      return {
        metadata: {},
        items: call.deps.clusters.list().filter(({ server }) => call.may(getCluster, server)),
      };
    },
  }),
  route({
    method: 'GET',
    path: '/api/v1/clusters/:id',
    access: { ...getCluster, scope: 'list' },
    query: ClusterGetQuery,
    handle(call) {
      const { id = '' } = call.params;
      const isName = call.query['id.type'] === 'name';
      const cluster = call.deps.clusters.list().find((item) => (isName ? item.name : item.server) === id);
      // Foreign and missing get the same answer.
      if (cluster === undefined || !call.may(getCluster, cluster.server)) {
        throw new ApiError(
          'PermissionDenied',
          'permission denied: the cluster does not exist or you may not see it',
        );
      }
      return cluster;
    },
  }),
];
