// Projects and clusters, read only.
import { ClusterGetQuery, type ClusterList, type ProjectList } from '../../contract/index.ts';
import type { AppProject } from '../../model/index.ts';
import { ApiError } from '../errors.ts';
import { type Route, route } from '../route.ts';

const getProject = { resource: 'projects', action: 'get' } as const;
const getCluster = { resource: 'clusters', action: 'get' } as const;

export const configurationRoutes: readonly Route[] = [
  route({
    method: 'GET',
    path: '/api/v1/projects',
    access: { ...getProject, scope: 'list' },
    handle(call): ProjectList {
      const visible = call.deps.projects
        .list()
        .filter(({ metadata }) => call.may(getProject, metadata.name ?? ''));
      return { metadata: {}, items: visible.map(projectFacts) };
    },
  }),
  route({
    method: 'GET',
    path: '/api/v1/projects/:name',
    access: { ...getProject, scope: 'object', objectOf: ({ name = '' }) => name },
    handle({ deps, params: { name = '' } }) {
      const project = deps.projects.get(name);
      if (project === undefined)
        throw new ApiError('NotFound', `appprojects.argoproj.io "${name.slice(0, 80)}" not found`);
      return projectFacts(project);
    },
  }),
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

function projectFacts(project: AppProject): AppProject {
  const { managedFields: _, ...metadata } = project.metadata;
  return { ...project, metadata };
}
