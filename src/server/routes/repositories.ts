// What is in repositories, and the host keys and certificates they are trusted by.
import {
  type AppDetails,
  AppDetailsRequest,
  type AppList,
  CertificateBody,
  type CertificateList,
  CertificateQuery,
  type ChartList,
  RepositoryAppsQuery,
  RepositoryReadQuery,
  type RepositoryRefs,
} from '../../contract/index.ts';
import { jsonEqual } from '../../lib/index.ts';
import { sourcesOf } from '../../model/index.ts';
import type { Permission } from '../auth/authorise.ts';
import type { Caller } from '../auth/session-tokens.ts';
import { ApiError } from '../errors.ts';
import { recorded } from '../recorded.ts';
import { applicationObject } from '../resolve-application.ts';
import { type Call, type Route, route } from '../route.ts';
import { knownRepository } from './repository-secrets.ts';

const may = (action: Permission['action']): Permission => ({ resource: 'repositories', action });
const mayCertificates = (action: Permission['action']): Permission => ({ resource: 'certificates', action });
type SignedIn = Call<unknown, unknown> & { readonly caller: Caller };

export const repositoryRoutes: readonly Route[] = [
  route({
    method: 'GET',
    path: '/api/v1/repositories/:repo/helmcharts',
    access: { ...may('get'), scope: 'list' },
    query: RepositoryReadQuery,
    async handle(call): Promise<ChartList> {
      const view = knownRepository(
        call.deps.repositories,
        call,
        may('get'),
        call.query.appProject ?? call.query.project,
      );
      return { items: await call.deps.repositories.charts(view, call.signal) };
    },
  }),
  route({
    method: 'GET',
    path: '/api/v1/repositories/:repo/oci-tags',
    access: { ...may('get'), scope: 'list' },
    query: RepositoryReadQuery,
    async handle(call): Promise<RepositoryRefs> {
      const view = knownRepository(
        call.deps.repositories,
        call,
        may('get'),
        call.query.appProject ?? call.query.project,
      );
      return { branches: [], tags: await call.deps.repositories.tags(view, call.signal) };
    },
  }),
  route({
    method: 'GET',
    path: '/api/v1/repositories/:repo/refs',
    access: { ...may('get'), scope: 'list' },
    query: RepositoryReadQuery,
    async handle(call): Promise<RepositoryRefs> {
      const view = knownRepository(
        call.deps.repositories,
        call,
        may('get'),
        call.query.appProject ?? call.query.project,
      );
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
      const view = knownRepository(
        call.deps.repositories,
        call,
        may('get'),
        own === undefined ? project : appProject,
      );
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

function requireCertificate(call: SignedIn, action: Permission['action'], host: string): void {
  if (call.may(mayCertificates(action), host)) return;
  throw new ApiError('PermissionDenied', `permission denied: certificates, ${action}, ${host.slice(0, 200)}`);
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
