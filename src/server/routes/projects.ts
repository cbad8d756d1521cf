// Projects: read, create, change, delete, and what applies to them.
import {
  ApplicationScope,
  type ApplicationWindows,
  type DetailedProject,
  type EventList,
  ProjectCreateRequest,
  type ProjectList,
  ProjectUpdateRequest,
  type WindowList,
} from '../../contract/index.ts';
import type { AppProject } from '../../model/index.ts';
import type { ServerDeps } from '../deps.ts';
import { ApiError } from '../errors.ts';
import { changedProject, isSameProject, newProject, refuseShutOut } from '../project-write.ts';
import { type Effect, recorded } from '../recorded.ts';
import { requireSynced } from '../resolve-application.ts';
import { type Call, type Params, type Route, route } from '../route.ts';
import { applicationWindows } from '../windows.ts';

const LIST = '/api/v1/projects';
const ONE = '/api/v1/projects/:name';
const DEFAULT_PROJECT = 'default';
const permission = (action: 'get' | 'create' | 'update' | 'delete') =>
  ({ resource: 'projects', action }) as const;
const onOne = (action: 'get' | 'update' | 'delete') =>
  ({ ...permission(action), scope: 'object', objectOf: ({ name = '' }: Params) => name }) as const;

export const projectRoutes: readonly Route[] = [
  route({
    method: 'GET',
    path: LIST,
    access: { ...permission('get'), scope: 'list' },
    handle(call): ProjectList {
      const visible = call.deps.projects
        .list()
        .filter(({ metadata }) => call.may(permission('get'), metadata.name ?? ''));
      return { metadata: {}, items: visible.map(projectFacts) };
    },
  }),
  route({
    method: 'POST',
    path: LIST,
    access: { ...permission('create'), scope: 'list' },
    body: ProjectCreateRequest,
    async handle(call) {
      const { deps, body } = call;
      const wanted = newProject(body.project, deps.options.controlNamespace);
      const name = wanted.metadata.name ?? '';
      requireRight(call, 'create', name);
      const existing = deps.projects.get(name);
      if (existing !== undefined) {
        const next = changedProject(existing, body.project);
        if (isSameProject(existing, next)) return projectFacts(existing);
        if (body.upsert !== true) {
          throw new ApiError(
            'InvalidArgument',
            `existing project spec is different; use upsert flag to force update (${name})`,
          );
        }
        requireRight(call, 'update', name);
        return await replace(call, existing, next);
      }
      const effect: Effect = { action: 'project.create', object: projectRef(wanted) };
      return projectFacts(await recorded(call, effect, () => deps.projects.create(wanted)));
    },
  }),
  route({
    method: 'GET',
    path: ONE,
    access: onOne('get'),
    handle: ({ deps, params }) => projectFacts(find(deps, params)),
  }),
  route({
    method: 'PUT',
    path: ONE,
    access: onOne('update'),
    body: ProjectUpdateRequest,
    async handle(call) {
      const current = find(call.deps, call.params);
      if (call.body.project.metadata.name !== current.metadata.name) {
        throw new ApiError(
          'InvalidArgument',
          'The body names another project than the path; a name cannot change',
        );
      }
      return await replace(call, current, changedProject(current, call.body.project));
    },
  }),
  route({
    method: 'DELETE',
    path: ONE,
    access: onOne('delete'),
    async handle(call) {
      const { deps, params } = call;
      const project = find(deps, params);
      const name = project.metadata.name ?? '';
      if (name === DEFAULT_PROJECT) {
        throw new ApiError('InvalidArgument', `name '${DEFAULT_PROJECT}' is reserved and cannot be deleted`);
      }
      requireSynced(deps);
      const users = deps.applications.list().filter(({ spec }) => spec.project === name).length;
      if (users > 0) {
        throw new ApiError(
          'InvalidArgument',
          `project is referenced by ${users} applications; move or delete them first`,
        );
      }
      const { uid } = project.metadata;
      const effect: Effect = { action: 'project.delete', object: projectRef(project) };
      await recorded(call, effect, () => deps.projects.delete(name, uid === undefined ? {} : { uid }));
      return {};
    },
  }),
  route({
    method: 'GET',
    path: `${ONE}/detailed`,
    access: onOne('get'),
    handle({ deps, params }): DetailedProject {
      const project = find(deps, params);
      const name = project.metadata.name ?? '';
      return {
        project: projectFacts(project),
        globalProjects: deps.projects.globalsOf(project).map(projectFacts),
        repositories: deps.projects.repositoriesOf(name),
        clusters: deps.clusters.list().filter((cluster) => cluster.project === name),
      };
    },
  }),
  route({
    method: 'GET',
    path: `${ONE}/globalprojects`,
    access: onOne('get'),
    handle: ({ deps, params }) => ({
      items: deps.projects.globalsOf(find(deps, params)).map(projectFacts),
    }),
  }),
  route({
    method: 'GET',
    path: `${ONE}/syncwindows`,
    access: onOne('get'),
    handle({ deps, params }): WindowList {
      const { name = '' } = find(deps, params).metadata;
      return { windows: deps.projects.windows(name)?.openAt(deps.clock.now()) ?? [] };
    },
  }),
  route({
    method: 'GET',
    path: `${ONE}/events`,
    access: onOne('get'),
    handle: ({ deps, params, signal }): Promise<EventList> =>
      deps.projects.events(find(deps, params), signal),
  }),
  route({
    method: 'GET',
    path: '/api/v1/applications/:name/syncwindows',
    access: { resource: 'applications', action: 'get', scope: 'application' },
    query: ApplicationScope,
    handle: ({ deps, app }): ApplicationWindows => applicationWindows(deps, app),
  }),
];

type WriteCall = Pick<Call<unknown, unknown>, 'deps' | 'address'> & Parameters<typeof recorded>[0];

async function replace(call: WriteCall, current: AppProject, next: AppProject): Promise<AppProject> {
  const { deps } = call;
  requireSynced(deps);
  const name = current.metadata.name ?? '';
  const clusters = deps.clusters.list();
  refuseShutOut({
    applications: deps.applications.list().filter(({ spec }) => spec.project === name),
    before: current.spec,
    after: next.spec,
    normalize: (url) => deps.projects.normalizeUrl(url),
    place({ spec: { destination } }) {
      const found = clusters.find((item) =>
        destination.server ? item.server === destination.server : item.name === destination.name,
      );
      return {
        server: found?.server ?? destination.server ?? '',
        name: found?.name ?? destination.name ?? '',
      };
    },
  });
  const effect: Effect = { action: 'project.update', object: projectRef(current) };
  return projectFacts(await recorded(call, effect, () => deps.projects.replace(next)));
}

function find(deps: ServerDeps, { name = '' }: Params): AppProject {
  const project = deps.projects.get(name);
  if (project !== undefined) return project;
  throw new ApiError('NotFound', `appprojects.argoproj.io "${name.slice(0, 80)}" not found`);
}

function requireRight(
  call: Pick<Call<unknown, unknown>, 'may'>,
  action: 'create' | 'update',
  name: string,
): void {
  if (call.may(permission(action), name)) return;
  throw new ApiError('PermissionDenied', `permission denied: projects, ${action}, ${name}`);
}

function projectRef({ metadata }: AppProject): Effect['object'] {
  const { namespace = '', name = '' } = metadata;
  return { group: 'argoproj.io', kind: 'AppProject', namespace, name };
}

function projectFacts(project: AppProject): AppProject {
  const { managedFields: _, ...metadata } = project.metadata;
  return { ...project, metadata };
}
