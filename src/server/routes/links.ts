// Links people configured: of an application, of one of its objects, of a project.
import { ApplicationScope, type LinkList, ResourceQuery } from '../../contract/index.ts';
import type { Application } from '../../model/index.ts';
import { applicationFacts } from '../application-facts.ts';
import type { ServerDeps } from '../deps.ts';
import { ApiError } from '../errors.ts';
import { type LinkSubject, linksFor } from '../links.ts';
import { type Params, type Route, route } from '../route.ts';
import { notFound, resourceId } from './resource-writes.ts';

const ONE = '/api/v1/applications/:name';
const get = { resource: 'applications', action: 'get', scope: 'application' } as const;

export const linkRoutes: readonly Route[] = [
  route({
    method: 'GET',
    path: `${ONE}/links`,
    access: get,
    query: ApplicationScope,
    handle: ({ deps, app }) => links(deps, 'application.links', app, around(deps, app)),
  }),
  route({
    method: 'GET',
    path: `${ONE}/resource/links`,
    access: get,
    query: ResourceQuery,
    async handle({ deps, app, query, signal }): Promise<LinkList> {
      const id = resourceId(query);
      const resource = await deps.views.liveObject(app, id, signal);
      if (resource === undefined) throw notFound(app, id);
      return links(deps, 'resource.links', resource, { ...around(deps, app), resource });
    },
  }),
  route({
    method: 'GET',
    path: '/api/v1/projects/:name/links',
    access: {
      resource: 'projects',
      action: 'get',
      scope: 'object',
      objectOf: ({ name = '' }: Params) => name,
    },
    handle({ deps, params }): LinkList {
      const project = deps.projects.get(params['name'] ?? '');
      if (project === undefined)
        throw new ApiError(
          'NotFound',
          `appprojects.argoproj.io "${(params['name'] ?? '').slice(0, 80)}" not found`,
        );
      return links(deps, 'project.links', project, { project });
    },
  }),
];

function links(
  deps: ServerDeps,
  key: LinkSubject['key'],
  subject: object,
  values: LinkSubject['values'],
): LinkList {
  const warn = (message: string, reason: string): void => deps.log.warn(message, { reason });
  const text = deps.information.config(key);
  return { items: linksFor({ clock: deps.clock, warn }, { key, text, subject, values }) };
}

/** What a link of an application may mention besides the application: its project and its cluster, without credentials. */
function around(deps: ServerDeps, app: Application): Readonly<Record<string, unknown>> {
  const { server = '', name = '' } = app.spec.destination;
  const cluster = deps.clusters
    .list()
    .find((item) => (server === '' ? item.name === name : item.server === server));
  const project = deps.projects.get(app.spec.project);
  const facts = applicationFacts(app);
  return {
    app: facts,
    application: facts,
    ...(project === undefined ? {} : { project }),
    ...(cluster === undefined ? {} : { cluster }),
  };
}
