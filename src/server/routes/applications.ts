// Applications themselves: list, read, create, change, delete.
import type { z } from 'zod';
import {
  ApplicationCreateQuery,
  ApplicationDeleteQuery,
  ApplicationGetQuery,
  type ApplicationList,
  ApplicationListQuery,
  ApplicationScope,
  ApplicationSpecWrite,
  ApplicationUpdateQuery,
  ApplicationWrite,
  PatchRequest,
} from '../../contract/index.ts';
import {
  applyJsonPatch,
  applyMergePatch,
  isRecord,
  JsonPatchError,
  mergePatchBetween,
} from '../../lib/index.ts';
import type { Application } from '../../model/index.ts';
import { applicationFacts } from '../application-facts.ts';
import { queryApplications } from '../application-query.ts';
import { checkedSpec, finalizersForDelete, isSameIntent, newApplication } from '../application-write.ts';
import type { ServerDeps } from '../deps.ts';
import { ApiError } from '../errors.ts';
import { withVersion, writeExactly } from '../exact-write.ts';
import { below, parseFields, project } from '../fields.ts';
import { applicationRef, recorded } from '../recorded.ts';
import { applicationObject, requireSynced } from '../resolve-application.ts';
import { type ApplicationCall, type Call, type Route, route } from '../route.ts';
import { unknownMembers } from '../unknown-members.ts';

const LIST = '/api/v1/applications';
const ONE = '/api/v1/applications/:name';
const permission = (action: 'get' | 'create' | 'update' | 'delete') =>
  ({ resource: 'applications', action }) as const;
/** How long a write waits until reads show it. */
const OBSERVE_MS = 3_000;

export const applicationRoutes: readonly Route[] = [
  route({
    method: 'GET',
    path: LIST,
    access: { ...permission('get'), scope: 'list' },
    query: ApplicationListQuery,
    handle: listApplications,
  }),
  route({
    method: 'POST',
    path: LIST,
    access: { ...permission('create'), scope: 'list' },
    query: ApplicationCreateQuery,
    body: ApplicationWrite,
    handle: createApplication,
  }),
  route({
    method: 'GET',
    path: ONE,
    access: { ...permission('get'), scope: 'application' },
    query: ApplicationGetQuery,
    async handle({ deps, app, query, signal }) {
      const { refresh = '', fields } = query;
      if (refresh !== '')
        await deps.views.requestRefresh(app, refresh === 'hard' ? 'hard' : 'normal', signal);
      const { namespace = '', name = '' } = app.metadata;
      return project(applicationFacts(deps.applications.get(namespace, name) ?? app), parseFields(fields));
    },
  }),
  route({
    method: 'PUT',
    path: ONE,
    access: { ...permission('update'), scope: 'application', named: 'in-metadata' },
    query: ApplicationUpdateQuery,
    body: ApplicationWrite,
    handle(call) {
      const { body, app } = call;
      if (body.metadata.name !== '' && body.metadata.name !== app.metadata.name) {
        throw new ApiError(
          'InvalidArgument',
          'The body names another application than the path; a name cannot change',
        );
      }
      const write = { metadata: body.metadata, spec: checkedSpec(body.spec) };
      // A client that sends the version it read does not want to overwrite a newer one.
      return update(
        call,
        (current) => withIntent(current, write),
        call.query.validate !== false,
        body.metadata.resourceVersion,
      );
    },
  }),
  route({
    method: 'PUT',
    path: `${ONE}/spec`,
    access: { ...permission('update'), scope: 'application' },
    query: ApplicationUpdateQuery,
    body: ApplicationSpecWrite,
    async handle(call) {
      const spec = checkedSpec(call.body);
      return (await update(call, (current) => ({ ...current, spec }), call.query.validate !== false)).spec;
    },
  }),
  route({
    method: 'PATCH',
    path: ONE,
    access: { ...permission('update'), scope: 'application', named: 'in-body' },
    query: ApplicationScope,
    body: PatchRequest,
    handle: (call) => update(call, (current) => patched(current, call.body), true),
  }),
  route({
    method: 'DELETE',
    path: ONE,
    access: { ...permission('delete'), scope: 'application' },
    query: ApplicationDeleteQuery,
    handle: deleteApplication,
  }),
];

type ListCall = Call<z.output<typeof ApplicationListQuery>, undefined>;

async function listApplications(call: ListCall): Promise<unknown> {
  const { deps, query, signal } = call;
  requireSynced(deps);
  const get = permission('get');
  const refresh = query.refresh ?? '';
  if (refresh !== '' && (query.name ?? '') !== '') {
    const named = deps.applications.get(
      query.appNamespace || deps.options.controlNamespace,
      query.name ?? '',
    );
    if (named !== undefined && call.may(get, applicationObject(named))) {
      await deps.views.requestRefresh(named, refresh === 'hard' ? 'hard' : 'normal', signal);
    }
  }
  // Read before the items: what a stream from here repeats does no harm, what it leaves out would.
  const resourceVersion = deps.applications.resourceVersion();
  const visible = deps.applications.list().filter((app) => call.may(get, applicationObject(app)));
  const page = queryApplications(visible, query);
  const fields = parseFields(query.fields);
  const itemFields = below(fields, 'items');
  const list: ApplicationList = {
    metadata: {
      resourceVersion,
      total: page.total,
      ...(page.continue === undefined ? {} : { continue: page.continue }),
    },
    items:
      itemFields === 'nothing'
        ? []
        : page.items.map((app) => project(applicationFacts(app), itemFields) as Application),
  };
  const metadataFields = below(fields, 'metadata');
  return metadataFields === 'nothing' ? { items: list.items } : list;
}

type CreateCall = Call<z.output<typeof ApplicationCreateQuery>, z.output<typeof ApplicationWrite>> & {
  readonly caller: ApplicationCall<unknown, unknown>['caller'];
};

async function createApplication(call: CreateCall): Promise<Application> {
  const { deps, body, query, signal } = call;
  requireSynced(deps);
  const wanted = newApplication(body, deps.options.controlNamespace);
  if (!call.may(permission('create'), applicationObject(wanted))) {
    throw new ApiError(
      'PermissionDenied',
      `permission denied: applications, create, ${applicationObject(wanted)}`,
    );
  }
  const { namespace = '', name = '' } = wanted.metadata;
  if (!deps.applications.isServed(namespace)) {
    throw new ApiError(
      'PermissionDenied',
      `namespace '${namespace}' is not permitted: applications of it are not served; add it to application.namespaces in argocd-cmd-params-cm or to --application-namespaces`,
    );
  }
  const existing = deps.applications.get(namespace, name);
  if (existing !== undefined) {
    const next = withIntent(existing, wanted);
    if (isSameIntent(existing, next)) return applicationFacts(existing);
    const mayUpdate = call.may(permission('update'), applicationObject(existing));
    if (query.upsert !== true || !mayUpdate) {
      throw new ApiError(
        'InvalidArgument',
        `existing application spec is different; use upsert flag to force update (${namespace}/${name})`,
      );
    }
    const want = (current: Application): Application => withIntent(current, wanted);
    return await update({ ...call, app: existing }, want, query.validate !== false);
  }
  if (query.validate !== false) await validate(deps, wanted, signal);
  const effect = { action: 'application.create', object: applicationRef(wanted), detail: specDetail(wanted) };
  const created = await recorded(call, effect, () => deps.writer.create(wanted));
  await deps.feed.observed(created, OBSERVE_MS);
  return applicationFacts(created);
}

type WriteCall = Pick<
  ApplicationCall<unknown, unknown>,
  'deps' | 'caller' | 'address' | 'headers' | 'signal' | 'app' | 'may'
>;

/** @param want what the application shall be, decided again on a newer one when somebody else was faster */
async function update(
  call: WriteCall,
  want: (current: Application) => Application,
  isChecked: boolean,
  resourceVersion = '',
): Promise<Application> {
  const { deps, app, signal } = call;
  const wanted = want(app);
  // Moving an application into another project needs the right there, too.
  if (!call.may(permission('update'), applicationObject(wanted))) {
    throw new ApiError(
      'PermissionDenied',
      `permission denied: applications, update, ${applicationObject(wanted)}`,
    );
  }
  if (isSameIntent(app, wanted) && resourceVersion === '') return applicationFacts(app);
  if (isChecked) await validate(deps, wanted, signal);
  const { namespace = '', name = '' } = app.metadata;
  const changes = (current: Application): object => mergePatchOf(intentOf(current), intentOf(want(current)));
  const effect = {
    action: 'application.update',
    object: applicationRef(app),
    detail: specDetail(wanted),
    before: app,
  };
  const updated = await recorded(call, effect, () =>
    resourceVersion === ''
      ? writeExactly(deps, app, changes)
      : deps.writer.patch(namespace, name, withVersion(changes(app), resourceVersion)),
  );
  await deps.feed.observed(updated, OBSERVE_MS);
  return applicationFacts(updated);
}

async function deleteApplication(
  call: ApplicationCall<z.output<typeof ApplicationDeleteQuery>, undefined>,
): Promise<object> {
  const { deps, app, query } = call;
  const { namespace = '', name = '', uid, deletionTimestamp } = app.metadata;
  const policy = query.propagationPolicy ?? '';
  const wanted = finalizersForDelete(app, query.cascade, policy);
  const cascade = query.cascade !== false && policy.toLowerCase() !== 'orphan';
  const effect = {
    action: 'application.delete',
    object: applicationRef(app),
    detail: { cascade, policy },
    before: app,
  };
  await recorded(call, effect, async () => {
    const isSame = wanted.toString() === (app.metadata.finalizers ?? []).toString();
    // Kubernetes takes no new finalizers once the deletion has begun; asking again then changes nothing.
    if (!isSame && deletionTimestamp === undefined) {
      await deps.writer.patch(namespace, name, { metadata: { finalizers: wanted } });
    }
    await deps.writer.delete(namespace, name, uid === undefined ? {} : { uid });
  });
  return {};
}

async function validate(deps: ServerDeps, app: Application, signal: AbortSignal): Promise<void> {
  const conditions = await deps.views.validate(app, signal);
  if (conditions.length === 0) return;
  const seen = conditions.map(({ type, message }) => `${type}: ${message}`).join('; ');
  throw new ApiError('InvalidArgument', `application spec for ${app.metadata.name} is invalid: ${seen}`);
}

function mergePatchOf(before: object, after: object): object {
  const patch = mergePatchBetween(before, after);
  return isRecord(patch) ? patch : {};
}

/** What clients may set of an application; the rest belongs to Kubernetes and to the controller. */
function intentOf({ metadata, spec }: Application): object {
  const { labels = {}, annotations = {}, finalizers = [] } = metadata;
  return { metadata: { labels, annotations, finalizers }, spec };
}

/** `existing` with the client's specification, labels, annotations and finalizers. */
function withIntent(
  existing: Application,
  {
    metadata,
    spec,
  }: Pick<ApplicationWrite, 'spec'> & { readonly metadata: Partial<ApplicationWrite['metadata']> },
): Application {
  const { labels, annotations, finalizers } = metadata;
  return {
    ...existing,
    metadata: {
      ...existing.metadata,
      ...(labels ? { labels } : {}),
      ...(annotations ? { annotations } : {}),
      ...(finalizers ? { finalizers } : {}),
    },
    spec,
  };
}

/** Applies a client's patch to what clients may set; its effect on anything else is dropped, as Argo CD does. */
function patched(
  app: Application,
  { patch, patchType }: { patch: string; patchType?: string | undefined },
): Application {
  const before = applicationFacts(app);
  const after = patchResult(before, parsePatch(patch), patchType === 'merge' ? 'merge' : 'json');
  const write = ApplicationWrite.safeParse(after);
  if (!write.success) {
    const seen = write.error.issues.slice(0, 3).map(({ path, message }) => `${path.join('.')}: ${message}`);
    throw new ApiError('InvalidArgument', `The patch gives no valid application: ${seen.join('; ')}`);
  }
  const unknown = unknownMembers(ApplicationWrite, after);
  if (unknown.length > 0)
    throw new ApiError('InvalidArgument', `The patch sets members no application has: ${unknown.join(', ')}`);
  const { labels, annotations, finalizers } = write.data.metadata;
  const metadata = { labels: labels ?? {}, annotations: annotations ?? {}, finalizers: finalizers ?? [] };
  return withIntent(app, { metadata, spec: checkedSpec(write.data.spec) });
}

function parsePatch(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new ApiError('InvalidArgument', 'The patch is not JSON');
  }
}

function patchResult(value: unknown, patch: unknown, type: 'json' | 'merge'): unknown {
  try {
    return type === 'json' ? applyJsonPatch(value, patch) : applyMergePatch(value, patch);
  } catch (error) {
    if (error instanceof JsonPatchError)
      throw new ApiError('InvalidArgument', error.message, { cause: error });
    throw error;
  }
}

/** What the journal keeps of a write: where from and where to. Parameters and values may hold secrets. */
function specDetail({ spec }: Application) {
  const { destination, project: projectName } = spec;
  return {
    project: projectName,
    sources: [spec.source, ...(spec.sources ?? [])].flatMap((source) =>
      source === undefined
        ? []
        : [
            {
              repoURL: source.repoURL.replace(/\/\/[^/@]*@/, '//'),
              path: source.path ?? '',
              chart: source.chart ?? '',
              targetRevision: source.targetRevision ?? '',
            },
          ],
    ),
    destination: {
      server: destination.server ?? '',
      name: destination.name ?? '',
      namespace: destination.namespace ?? '',
    },
  };
}
