// Repositories, credential templates, and the host keys and certificates they are trusted by.
import {
  type AppDetails,
  AppDetailsRequest,
  type AppList,
  CertificateBody,
  type CertificateList,
  CertificateQuery,
  type ChartList,
  RepositoryAppsQuery,
  RepositoryBody,
  type RepositoryList,
  RepositoryReadQuery,
  type RepositoryRefs,
  RepositoryTemplateBody,
  type RepositoryTemplateList,
  type RepositoryView,
  RepositoryWriteQuery,
} from '../../contract/index.ts';
import { jsonEqual } from '../../lib/index.ts';
import { sourcesOf } from '../../model/index.ts';
import type { Permission } from '../auth/authorise.ts';
import type { Caller } from '../auth/session-tokens.ts';
import { ApiError } from '../errors.ts';
import { recorded } from '../recorded.ts';
import { applicationObject } from '../resolve-application.ts';
import { type Call, type Route, route } from '../route.ts';

const may = (action: Permission['action']): Permission => ({ resource: 'repositories', action });
const mayCertificates = (action: Permission['action']): Permission => ({ resource: 'certificates', action });
type SignedIn = Call<unknown, unknown> & { readonly caller: Caller };

export const repositoryRoutes: readonly Route[] = [
  route({
    method: 'GET',
    path: '/api/v1/repositories',
    access: { ...may('get'), scope: 'list' },
    query: RepositoryReadQuery,
    async handle(call): Promise<RepositoryList> {
      const { repo = '', appProject } = call.query;
      const wanted = [appProject, undefined]
        .map((project) => (repo === '' ? undefined : call.deps.repositories.find(repo, project)))
        .find((view) => view !== undefined);
      const isWanted = (view: RepositoryView): boolean =>
        repo === '' || (view.repo === wanted?.repo && view.project === wanted.project);
      const visible = (view: RepositoryView): boolean =>
        isWanted(view) && call.may(may('get'), objectOf(view.project, view.repo));
      const forced = call.query.forceRefresh === true;
      const items = await call.deps.repositories.list(visible, forced, call.signal);
      return { metadata: {}, items };
    },
  }),
  route({
    method: 'POST',
    path: '/api/v1/repositories',
    access: { ...may('create'), scope: 'list' },
    query: RepositoryWriteQuery,
    body: RepositoryBody,
    async handle(call) {
      const { body, query, deps, signal } = call;
      require(call, 'create', objectOf(body.project, body.repo));
      if (query.upsert === true) require(call, 'update', objectOf(body.project, body.repo));
      await requireReachable(call, body);
      const effect = { action: 'repository.create', object: refOf(body.repo) };
      return await recorded(call, effect, () =>
        deps.repositories.save(body, { existing: query.upsert === true ? 'replace' : 'refuse', signal }),
      );
    },
  }),
  route({
    method: 'GET',
    path: '/api/v1/repositories/:repo',
    access: { ...may('get'), scope: 'list' },
    query: RepositoryReadQuery,
    async handle(call) {
      const view = known(call, 'get', call.query.appProject ?? call.query.project);
      return await call.deps.repositories.read(view, call.query.forceRefresh === true, call.signal);
    },
  }),
  route({
    method: 'PUT',
    path: '/api/v1/repositories/:repo',
    access: { ...may('update'), scope: 'list' },
    query: RepositoryWriteQuery,
    body: RepositoryBody,
    async handle(call) {
      const { body, deps, params, signal } = call;
      if (body.repo !== params['repo'])
        throw new ApiError('InvalidArgument', 'repo: differs from the repository in the path');
      const { project = '' } = known(call, 'update', body.project ?? undefined);
      // The one that is written need not be the one that was found: without a project it counts for all of them.
      require(call, 'update', objectOf(body.project, body.repo));
      if (project !== (body.project ?? ''))
        throw new ApiError(
          'InvalidArgument',
          `project: the repository belongs to project ${JSON.stringify(project)}`,
        );
      await requireReachable(call, body);
      const effect = { action: 'repository.update', object: refOf(body.repo) };
      return await recorded(call, effect, () =>
        deps.repositories.save(body, { existing: 'replace', signal }),
      );
    },
  }),
  route({
    method: 'DELETE',
    path: '/api/v1/repositories/:repo',
    access: { ...may('delete'), scope: 'list' },
    query: RepositoryReadQuery,
    async handle(call) {
      const view = known(call, 'delete', call.query.appProject ?? call.query.project);
      const effect = { action: 'repository.delete', object: refOf(view.repo) };
      await recorded(call, effect, () => call.deps.repositories.remove(view));
      return {};
    },
  }),
  route({
    method: 'POST',
    path: '/api/v1/repositories/:repo/validate',
    access: { ...may('create'), scope: 'list' },
    query: RepositoryWriteQuery,
    body: RepositoryBody,
    async handle(call) {
      const { body } = call;
      if (body.repo !== call.params['repo'])
        throw new ApiError('InvalidArgument', 'repo: differs from the repository in the path');
      require(call, 'create', objectOf(body.project, body.repo));
      await requireReachable(call, body);
      return {};
    },
  }),
  route({
    method: 'GET',
    path: '/api/v1/repositories/:repo/helmcharts',
    access: { ...may('get'), scope: 'list' },
    query: RepositoryReadQuery,
    async handle(call): Promise<ChartList> {
      const view = known(call, 'get', call.query.appProject ?? call.query.project);
      return { items: await call.deps.repositories.charts(view, call.signal) };
    },
  }),
  route({
    method: 'GET',
    path: '/api/v1/repositories/:repo/oci-tags',
    access: { ...may('get'), scope: 'list' },
    query: RepositoryReadQuery,
    async handle(call): Promise<RepositoryRefs> {
      const view = known(call, 'get', call.query.appProject ?? call.query.project);
      return { branches: [], tags: await call.deps.repositories.tags(view, call.signal) };
    },
  }),
  route({
    method: 'GET',
    path: '/api/v1/repositories/:repo/refs',
    access: { ...may('get'), scope: 'list' },
    query: RepositoryReadQuery,
    async handle(call): Promise<RepositoryRefs> {
      const view = known(call, 'get', call.query.appProject ?? call.query.project);
      return await call.deps.repositoryContents.refs(view, call.signal);
    },
  }),
  route({
    method: 'GET',
    path: '/api/v1/repositories/:repo/apps',
    access: { ...may('get'), scope: 'list' },
    query: RepositoryAppsQuery,
    async handle(call): Promise<AppList> {
      const { revision = '', appProject = '', project = '' } = call.query;
      // That of the project before one for all.
      const own = call.deps.repositories.find(call.params['repo'] ?? '', appProject);
      const view = known(call, 'get', own === undefined ? project : appProject);
      const used = appProject || view.project || 'default';
      return { items: await call.deps.repositoryContents.apps(view, used, revision, call.signal) };
    },
  }),
  route({
    method: 'POST',
    path: '/api/v1/repositories/:repo/appdetails',
    access: { ...may('get'), scope: 'list' },
    body: AppDetailsRequest,
    async handle(call): Promise<AppDetails> {
      const { source, appProject } = call.body;
      if (source.repoURL !== call.params['repo'])
        throw new ApiError('InvalidArgument', 'source.repoURL: differs from the repository in the path');
      requireUse(call);
      return await call.deps.repositoryContents.details(source, appProject || 'default', call.signal);
    },
  }),
  route({
    method: 'GET',
    path: '/api/v1/repocreds',
    access: { ...may('get'), scope: 'list' },
    handle(call): RepositoryTemplateList {
      const items = call.deps.repositories.templates().filter(({ url }) => call.may(may('get'), url));
      return { metadata: {}, items };
    },
  }),
  route({
    method: 'POST',
    path: '/api/v1/repocreds',
    access: { ...may('create'), scope: 'list' },
    query: RepositoryWriteQuery,
    body: RepositoryTemplateBody,
    async handle(call) {
      const { body, query, deps } = call;
      require(call, 'create', body.url);
      if (query.upsert === true) require(call, 'update', body.url);
      const effect = { action: 'repocreds.create', object: refOf(body.url) };
      return await recorded(call, effect, () =>
        deps.repositories.saveTemplate(body, query.upsert === true ? 'replace' : 'refuse'),
      );
    },
  }),
  route({
    method: 'PUT',
    path: '/api/v1/repocreds/:url',
    access: { ...may('update'), scope: 'object', objectOf: ({ url = '' }) => url },
    body: RepositoryTemplateBody,
    async handle(call) {
      const { body, deps, params } = call;
      if (body.url !== params['url'])
        throw new ApiError('InvalidArgument', 'url: differs from the template in the path');
      const effect = { action: 'repocreds.update', object: refOf(body.url) };
      return await recorded(call, effect, () => deps.repositories.saveTemplate(body, 'replace'));
    },
  }),
  route({
    method: 'DELETE',
    path: '/api/v1/repocreds/:url',
    access: { ...may('delete'), scope: 'object', objectOf: ({ url = '' }) => url },
    async handle(call) {
      const { url = '' } = call.params;
      const effect = { action: 'repocreds.delete', object: refOf(url) };
      await recorded(call, effect, () => call.deps.repositories.removeTemplate(url));
      return {};
    },
  }),
  route({
    method: 'GET',
    path: '/api/v1/certificates',
    access: { ...mayCertificates('get'), scope: 'list' },
    query: CertificateQuery,
    handle(call): CertificateList {
      const items = call.deps.repositories
        .certificates(call.query)
        .filter(({ serverName }) => call.may(mayCertificates('get'), serverName));
      return { metadata: {}, items };
    },
  }),
  route({
    method: 'POST',
    path: '/api/v1/certificates',
    access: { ...mayCertificates('create'), scope: 'list' },
    query: CertificateQuery,
    body: CertificateBody,
    async handle(call): Promise<CertificateList> {
      const { body, query, deps } = call;
      for (const { serverName } of body.items) requireCertificate(call, 'create', serverName);
      const effect = {
        action: 'certificate.create',
        object: { group: '', kind: 'Certificate', name: body.items[0]?.serverName ?? '' },
        detail: { hosts: body.items.map(({ serverName }) => serverName) },
      };
      const items = await recorded(call, effect, () =>
        deps.repositories.addCertificates(body, query.upsert === true),
      );
      return { metadata: {}, items };
    },
  }),
  route({
    method: 'DELETE',
    path: '/api/v1/certificates',
    access: { ...mayCertificates('delete'), scope: 'list' },
    query: CertificateQuery,
    async handle(call): Promise<CertificateList> {
      const { hostNamePattern = '' } = call.query;
      requireCertificate(call, 'delete', hostNamePattern);
      if (hostNamePattern === '')
        throw new ApiError('InvalidArgument', 'hostNamePattern: missing; * deletes everything');
      const effect = {
        action: 'certificate.delete',
        object: { group: '', kind: 'Certificate', name: hostNamePattern },
      };
      const items = await recorded(call, effect, () => call.deps.repositories.removeCertificates(call.query));
      return { metadata: {}, items };
    },
  }),
];

/** Argo CD's object of a repository: `project/url` for one that belongs to a project. */
function objectOf(project: string | null | undefined, url: string): string {
  return project ? `${project}/${url}` : url;
}

function refOf(url: string) {
  // An address may have a password in it; the record must not.
  return { group: '', kind: 'Repository', name: url.replace(/^([a-z+]+:\/\/)[^/@]*@/i, '$1') };
}

function require(call: SignedIn, action: Permission['action'], object: string): void {
  if (call.may(may(action), object)) return;
  throw new ApiError(
    'PermissionDenied',
    `permission denied: repositories, ${action}, ${object.slice(0, 200)}`,
  );
}

function requireCertificate(call: SignedIn, action: Permission['action'], host: string): void {
  if (call.may(mayCertificates(action), host)) return;
  throw new ApiError('PermissionDenied', `permission denied: certificates, ${action}, ${host.slice(0, 200)}`);
}

/** Foreign and missing get the same answer. */
function known(call: SignedIn, action: Permission['action'], project: string | undefined): RepositoryView {
  const view = call.deps.repositories.find(call.params['repo'] ?? '', project);
  if (view !== undefined && call.may(may(action), objectOf(view.project, view.repo))) return view;
  throw new ApiError(
    'PermissionDenied',
    'permission denied: the repository does not exist or you may not see it',
  );
}

/** A source is looked into by who sees an application that has it, or may create one. The project is asked besides. */
function requireUse({ body, deps, may: isAllowed }: Call<unknown, AppDetailsRequest>): void {
  const { source, appName: name, appNamespace, appProject } = body;
  const namespace = appNamespace || deps.options.controlNamespace;
  const project = appProject || 'default';
  const known = deps.applications.get(namespace, name);
  const isItsSource =
    known !== undefined &&
    known.spec.project === project &&
    sourcesOf(known.spec).some((item) => jsonEqual(item, source)) &&
    isAllowed({ resource: 'applications', action: 'get' }, applicationObject(known));
  const wanted = { metadata: { namespace, name }, spec: { project } };
  if (isItsSource || isAllowed({ resource: 'applications', action: 'create' }, applicationObject(wanted)))
    return;
  throw new ApiError(
    'PermissionDenied',
    `permission denied: applications, create, ${applicationObject(wanted).slice(0, 200)}`,
  );
}

async function requireReachable(call: SignedIn, body: RepositoryBody): Promise<void> {
  const { status, message } = await call.deps.repositories.check(body, call.signal);
  if (status !== 'Failed') return;
  throw new ApiError('InvalidArgument', `the repository cannot be used: ${message}`);
}
