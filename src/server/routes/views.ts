// What an application looks like from inside. The answers come from the controller through the views port.
import {
  ApplicationScope,
  type CommitMetadata,
  EventQuery,
  type ManagedResourceList,
  ManifestQuery,
  type ManifestResponse,
  ResourceFilter,
  ResourceQuery,
  type ResourceResponse,
  RevisionQuery,
} from '../../contract/index.ts';
import type { Application } from '../../model/index.ts';
import { ApiError } from '../errors.ts';
import { type Route, route } from '../route.ts';

const ONE = '/api/v1/applications/:name';
const get = { resource: 'applications', action: 'get', scope: 'application' } as const;

export const viewRoutes: readonly Route[] = [
  route({
    method: 'GET',
    path: `${ONE}/manifests`,
    access: get,
    query: ManifestQuery,
    async handle({ deps, app, query, signal }): Promise<ManifestResponse> {
      const { revision, revisions, sourcePositions, noCache } = query;
      const request = {
        ...(revision === undefined || revision === '' ? {} : { revision }),
        ...(revisions.length === 0 ? {} : { revisions }),
        ...(sourcePositions.length === 0 ? {} : { sourcePositions: sourcePositions.map(positionOf) }),
        ...(noCache === undefined ? {} : { noCache }),
      };
      const { manifests, ...rest } = await deps.views.manifests(app, request, signal);
      return {
        ...rest,
        manifests: manifests.map((item) => (typeof item === 'string' ? item : JSON.stringify(item))),
      };
    },
  }),
  route({
    method: 'GET',
    path: `${ONE}/managed-resources`,
    access: get,
    query: ResourceFilter,
    async handle({ deps, app, query, signal }): Promise<ManagedResourceList> {
      const all = await deps.views.managedResources(app, signal);
      if (all === undefined) throw notKnownYet(app);
      const matches = (wanted: string | undefined, value: string | undefined): boolean =>
        wanted === undefined || wanted === '' || wanted === value;
      const items = all.filter(
        (item) =>
          matches(query.group, item.group) &&
          matches(query.version, item.version) &&
          matches(query.kind, item.kind) &&
          matches(query.namespace, item.namespace) &&
          matches(query.name, item.name),
      );
      return { items };
    },
  }),
  route({
    method: 'GET',
    path: '/api/v1/fairlead/applications/:name/explain',
    access: get,
    query: ApplicationScope,
    handle: ({ deps, app, signal }) => deps.views.explain(app, signal),
  }),
  route({
    method: 'GET',
    path: `${ONE}/resource-tree`,
    access: get,
    query: ResourceFilter,
    async handle({ deps, app }) {
      const tree = await deps.views.tree(app);
      if (tree === undefined) throw notKnownYet(app);
      return tree;
    },
  }),
  route({
    method: 'GET',
    path: `${ONE}/resource`,
    access: get,
    query: ResourceQuery,
    async handle({ deps, app, query, signal }): Promise<ResourceResponse> {
      const { group = '', version = '', kind = '', namespace = '', resourceName = '' } = query;
      if (kind === '' || resourceName === '') {
        throw new ApiError('InvalidArgument', 'Name the resource: kind and resourceName are needed');
      }
      const id = { group, kind, namespace, name: resourceName, ...(version === '' ? {} : { version }) };
      const live = await deps.views.liveObject(app, id, signal);
      if (live === undefined) {
        const gk = group === '' ? kind : `${group}/${kind}`;
        throw new ApiError(
          'NotFound',
          `${gk} ${namespace}/${resourceName} not found as part of application ${app.metadata.name}`,
        );
      }
      return { manifest: JSON.stringify(live) };
    },
  }),
  route({
    method: 'GET',
    path: `${ONE}/revisions/:revision/metadata`,
    access: get,
    query: RevisionQuery,
    async handle({ deps, app, params, query, signal }): Promise<CommitMetadata> {
      const { revision = '' } = params;
      const commit = await deps.views.commit(app, revision, query.sourceIndex ?? 0, signal);
      if (commit !== undefined) return commit;
      throw new ApiError(
        'NotFound',
        `Revision ${revision.slice(0, 80)} is not known in the repository of ${app.metadata.name}`,
      );
    },
  }),
  route({
    method: 'GET',
    path: `${ONE}/events`,
    access: get,
    query: EventQuery,
    handle({ deps, app, query, signal }) {
      const { resourceName = '', resourceNamespace = '', resourceUID = '' } = query;
      const of =
        resourceName === ''
          ? undefined
          : { name: resourceName, namespace: resourceNamespace, uid: resourceUID };
      return deps.views.events(app, of, signal);
    },
  }),
];

function positionOf(text: string): number {
  const position = Number(text);
  if (Number.isInteger(position) && position >= 1) return position;
  throw new ApiError('InvalidArgument', `sourcePositions: "${text.slice(0, 20)}" is not a position from 1`);
}

/** Not an empty answer: nothing has looked yet. */
function notKnownYet(app: Application): ApiError {
  return new ApiError(
    'NotFound',
    `The resources of ${app.metadata.namespace}/${app.metadata.name} are not known yet: it was not compared so far`,
  );
}
