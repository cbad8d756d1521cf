// Repositories and credential templates: what sources are read with, and by the same rules what is pushed with.
import {
  RepositoryBody,
  type RepositoryList,
  RepositoryReadQuery,
  RepositoryTemplateBody,
  type RepositoryTemplateList,
  type RepositoryView,
  RepositoryWriteQuery,
} from '../../contract/index.ts';
import type { Permission } from '../auth/authorise.ts';
import type { Caller } from '../auth/session-tokens.ts';
import { ApiError } from '../errors.ts';
import type { RepositorySecrets } from '../ports.ts';
import { recorded } from '../recorded.ts';
import { type Call, type Route, route } from '../route.ts';

type SignedIn = Call<unknown, unknown> & { readonly caller: Caller };

export const repositorySecretRoutes: readonly Route[] = [...routesOf(''), ...routesOf('write-')];

/** @param of `write-`: those for pushing, with rights of their own */
function routesOf(of: '' | 'write-'): readonly Route[] {
  const repositories = `/api/v1/${of}repositories` as const;
  const one = `${repositories}/:repo` as const;
  const templates = `/api/v1/${of}repocreds` as const;
  const may = (action: Permission['action']): Permission => ({ resource: `${of}repositories`, action });
  const storeOf = ({ deps }: Pick<SignedIn, 'deps'>): RepositorySecrets =>
    of === '' ? deps.repositories : deps.writeRepositories;
  return [
    route({
      method: 'GET',
      path: repositories,
      access: { ...may('get'), scope: 'list' },
      query: RepositoryReadQuery,
      async handle(call): Promise<RepositoryList> {
        const { repo = '', appProject } = call.query;
        const wanted = [appProject, undefined]
          .map((project) => (repo === '' ? undefined : storeOf(call).find(repo, project)))
          .find((view) => view !== undefined);
        const isWanted = (view: RepositoryView): boolean =>
          repo === '' || (view.repo === wanted?.repo && view.project === wanted.project);
        const visible = (view: RepositoryView): boolean =>
          isWanted(view) && call.may(may('get'), objectOf(view.project, view.repo));
        const forced = call.query.forceRefresh === true;
        const items = await storeOf(call).list(visible, forced, call.signal);
        return { metadata: {}, items };
      },
    }),
    route({
      method: 'POST',
      path: repositories,
      access: { ...may('create'), scope: 'list' },
      query: RepositoryWriteQuery,
      body: RepositoryBody,
      async handle(call) {
        const { body, query, signal } = call;
        require(call, may('create'), objectOf(body.project, body.repo));
        if (query.upsert === true) require(call, may('update'), objectOf(body.project, body.repo));
        await requireReachable(storeOf(call), call);
        const effect = { action: `${of}repository.create`, object: refOf(body.repo) };
        return await recorded(call, effect, () =>
          storeOf(call).save(body, { existing: query.upsert === true ? 'replace' : 'refuse', signal }),
        );
      },
    }),
    route({
      method: 'GET',
      path: one,
      access: { ...may('get'), scope: 'list' },
      query: RepositoryReadQuery,
      async handle(call) {
        const view = knownRepository(
          storeOf(call),
          call,
          may('get'),
          call.query.appProject ?? call.query.project,
        );
        return await storeOf(call).read(view, call.query.forceRefresh === true, call.signal);
      },
    }),
    route({
      method: 'PUT',
      path: one,
      access: { ...may('update'), scope: 'list' },
      query: RepositoryWriteQuery,
      body: RepositoryBody,
      async handle(call) {
        const { body, params, signal } = call;
        if (body.repo !== params['repo'])
          throw new ApiError('InvalidArgument', 'repo: differs from the repository in the path');
        const { project = '' } = knownRepository(
          storeOf(call),
          call,
          may('update'),
          body.project ?? undefined,
        );
        // The one that is written need not be the one that was found: without a project it counts for all of them.
        require(call, may('update'), objectOf(body.project, body.repo));
        if (project !== (body.project ?? ''))
          throw new ApiError(
            'InvalidArgument',
            `project: the repository belongs to project ${JSON.stringify(project)}`,
          );
        await requireReachable(storeOf(call), call);
        const effect = { action: `${of}repository.update`, object: refOf(body.repo) };
        return await recorded(call, effect, () => storeOf(call).save(body, { existing: 'replace', signal }));
      },
    }),
    route({
      method: 'DELETE',
      path: one,
      access: { ...may('delete'), scope: 'list' },
      query: RepositoryReadQuery,
      async handle(call) {
        const view = knownRepository(
          storeOf(call),
          call,
          may('delete'),
          call.query.appProject ?? call.query.project,
        );
        const effect = { action: `${of}repository.delete`, object: refOf(view.repo) };
        await recorded(call, effect, () => storeOf(call).remove(view));
        return {};
      },
    }),
    route({
      method: 'POST',
      path: `${one}/validate`,
      access: { ...may('create'), scope: 'list' },
      query: RepositoryWriteQuery,
      body: RepositoryBody,
      async handle(call) {
        const { body } = call;
        if (body.repo !== call.params['repo'])
          throw new ApiError('InvalidArgument', 'repo: differs from the repository in the path');
        require(call, may('create'), objectOf(body.project, body.repo));
        await requireReachable(storeOf(call), call);
        return {};
      },
    }),
    route({
      method: 'GET',
      path: templates,
      access: { ...may('get'), scope: 'list' },
      handle(call): RepositoryTemplateList {
        const items = storeOf(call)
          .templates()
          .filter(({ url }) => call.may(may('get'), url));
        return { metadata: {}, items };
      },
    }),
    route({
      method: 'POST',
      path: templates,
      access: { ...may('create'), scope: 'list' },
      query: RepositoryWriteQuery,
      body: RepositoryTemplateBody,
      async handle(call) {
        const { body, query } = call;
        require(call, may('create'), body.url);
        if (query.upsert === true) require(call, may('update'), body.url);
        const effect = { action: `${of}repocreds.create`, object: refOf(body.url) };
        return await recorded(call, effect, () =>
          storeOf(call).saveTemplate(body, query.upsert === true ? 'replace' : 'refuse'),
        );
      },
    }),
    route({
      method: 'PUT',
      path: `${templates}/:url`,
      access: { ...may('update'), scope: 'object', objectOf: ({ url = '' }) => url },
      body: RepositoryTemplateBody,
      async handle(call) {
        const { body, params } = call;
        if (body.url !== params['url'])
          throw new ApiError('InvalidArgument', 'url: differs from the template in the path');
        const effect = { action: `${of}repocreds.update`, object: refOf(body.url) };
        return await recorded(call, effect, () => storeOf(call).saveTemplate(body, 'replace'));
      },
    }),
    route({
      method: 'DELETE',
      path: `${templates}/:url`,
      access: { ...may('delete'), scope: 'object', objectOf: ({ url = '' }) => url },
      async handle(call) {
        const { url = '' } = call.params;
        const effect = { action: `${of}repocreds.delete`, object: refOf(url) };
        await recorded(call, effect, () => storeOf(call).removeTemplate(url));
        return {};
      },
    }),
  ];
}

/** Argo CD's object of a repository: `project/url` for one that belongs to a project. */
function objectOf(project: string | null | undefined, url: string): string {
  return project ? `${project}/${url}` : url;
}

function refOf(url: string) {
  // An address may have a password in it; the record must not.
  return { group: '', kind: 'Repository', name: url.replace(/^([a-z+]+:\/\/)[^/@]*@/i, '$1') };
}

function require(call: SignedIn, permission: Permission, object: string): void {
  if (call.may(permission, object)) return;
  const { resource, action } = permission;
  throw new ApiError(
    'PermissionDenied',
    `permission denied: ${resource}, ${action}, ${object.slice(0, 200)}`,
  );
}

/** The repository that the path names. Foreign and missing get the same answer. */
export function knownRepository(
  store: RepositorySecrets,
  call: SignedIn,
  permission: Permission,
  project: string | undefined,
): RepositoryView {
  const view = store.find(call.params['repo'] ?? '', project);
  if (view !== undefined && call.may(permission, objectOf(view.project, view.repo))) return view;
  throw new ApiError(
    'PermissionDenied',
    'permission denied: the repository does not exist or you may not see it',
  );
}

async function requireReachable(
  store: RepositorySecrets,
  { body, signal }: Pick<Call<unknown, RepositoryBody>, 'body' | 'signal'>,
): Promise<void> {
  const { status, message } = await store.check(body, signal);
  if (status !== 'Failed') return;
  throw new ApiError('InvalidArgument', `the repository cannot be used: ${message}`);
}
