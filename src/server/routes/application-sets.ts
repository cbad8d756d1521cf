// ApplicationSets: list, read, create, change, delete, and what they would generate.
import type { z } from 'zod';
import {
  ApplicationSetCreateQuery,
  ApplicationSetGenerateRequest,
  type ApplicationSetGenerateResponse,
  type ApplicationSetList,
  ApplicationSetListQuery,
  ApplicationSetScope,
  type ApplicationSetTree,
  ApplicationSetWrite,
  type EventList,
} from '../../contract/index.ts';
import { CodedError } from '../../lib/index.ts';
import { type ApplicationSet, effectiveProject } from '../../model/index.ts';
import { applicationFacts } from '../application-facts.ts';
import {
  applicationSetFacts,
  applicationSetTest,
  applicationSetTree,
  withPreview,
} from '../application-set-facts.ts';
import { refuseFurtherReach } from '../application-set-reach.ts';
import { changedApplicationSet, isSameApplicationSet, newApplicationSet } from '../application-set-write.ts';
import type { Caller } from '../auth/session-tokens.ts';
import { ApiError } from '../errors.ts';
import { type Effect, recorded } from '../recorded.ts';
import {
  applicationSetObject,
  projectOfSet,
  requireSetsSynced,
  requireSynced,
} from '../resolve-application.ts';
import { type Call, type Route, route } from '../route.ts';
import { clusterObject } from './configuration.ts';

const LIST = '/api/v1/applicationsets';
const ONE = '/api/v1/applicationsets/:name';
const permission = (action: 'get' | 'create' | 'update' | 'delete') =>
  ({ resource: 'applicationsets', action }) as const;
const onOne = (action: 'get' | 'delete') => ({ ...permission(action), scope: 'application-set' }) as const;
const EVERY_PROJECT = '*/*';
const MAX_TRIES = 5;
/** How long a write that somebody else was faster with waits for the newer version. */
const OBSERVE_MS = 3_000;

type SignedIn = Call<unknown, unknown> & { readonly caller: Caller };

export const applicationSetRoutes: readonly Route[] = [
  route({
    method: 'GET',
    path: LIST,
    access: { ...permission('get'), scope: 'list' },
    query: ApplicationSetListQuery,
    handle(call): ApplicationSetList {
      const { deps, query } = call;
      requireSetsSynced(deps);
      // Read before the items: what a stream from here repeats does no harm, what it leaves out would.
      const resourceVersion = deps.applicationSets.resourceVersion();
      const test = applicationSetTest(query);
      const visible = deps.applicationSets
        .list()
        .filter((set) => test(set) && call.may(permission('get'), applicationSetObject(set)));
      return { metadata: { resourceVersion }, items: visible.map(applicationSetFacts).sort(byName) };
    },
  }),
  route({
    method: 'POST',
    path: LIST,
    access: { ...permission('create'), scope: 'list' },
    query: ApplicationSetCreateQuery,
    body: ApplicationSetWrite,
    handle: createApplicationSet,
  }),
  route({
    method: 'POST',
    path: `${LIST}/generate`,
    access: { ...permission('create'), scope: 'list' },
    body: ApplicationSetGenerateRequest,
    async handle(call): Promise<ApplicationSetGenerateResponse> {
      const { deps, body, signal } = call;
      requireSetsSynced(deps);
      const set = newApplicationSet(body.applicationSet, deps.options.controlNamespace);
      requireCreatable(call, set);
      const { applications, unusable } = await deps.applicationSets.generate(set, signal);
      return {
        applications: applications.map(applicationFacts),
        ...(unusable.length === 0 ? {} : { unusable }),
      };
    },
  }),
  route({
    method: 'GET',
    path: ONE,
    access: onOne('get'),
    query: ApplicationSetScope,
    handle: ({ set }) => applicationSetFacts(set),
  }),
  route({
    method: 'DELETE',
    path: ONE,
    access: onOne('delete'),
    query: ApplicationSetScope,
    async handle(call) {
      const { deps, set } = call;
      const { namespace = '', name = '', uid } = set.metadata;
      const effect: Effect = { action: 'applicationset.delete', object: refOf(set), before: set };
      await recorded(call, effect, () =>
        deps.applicationSets.delete(namespace, name, uid === undefined ? {} : { uid }),
      );
      return {};
    },
  }),
  route({
    method: 'GET',
    path: `${ONE}/events`,
    access: onOne('get'),
    query: ApplicationSetScope,
    handle: ({ deps, set, signal }): Promise<EventList> => deps.applicationSets.events(set, signal),
  }),
  route({
    method: 'GET',
    path: `${ONE}/resource-tree`,
    access: onOne('get'),
    query: ApplicationSetScope,
    handle({ deps, set }): ApplicationSetTree {
      requireSynced(deps);
      return applicationSetTree(set, deps.applications.list());
    },
  }),
];

type CreateCall = Call<z.output<typeof ApplicationSetCreateQuery>, ApplicationSetWrite> & {
  readonly caller: Caller;
};

async function createApplicationSet(call: CreateCall): Promise<ApplicationSet> {
  const { deps, body, query, signal } = call;
  requireSetsSynced(deps);
  const wanted = newApplicationSet(body, deps.options.controlNamespace);
  requireCreatable(call, wanted);
  const { namespace = '', name = '' } = wanted.metadata;
  const existing = deps.applicationSets.get(namespace, name);
  if (query.dryRun === true) {
    // Nothing of a set that the caller may not see gets into the answer.
    const isSeen = existing !== undefined && call.may(permission('get'), applicationSetObject(existing));
    const set = isSeen ? changedApplicationSet(existing, wanted) : wanted;
    const { applications } = await deps.applicationSets.generate(set, signal);
    return withPreview(applicationSetFacts(set), applications);
  }
  if (existing === undefined) {
    const detail = { project: projectOfSet(wanted) };
    const effect: Effect = { action: 'applicationset.create', object: refOf(wanted), detail };
    return applicationSetFacts(await recorded(call, effect, () => deps.applicationSets.create(wanted)));
  }
  if (isSameApplicationSet(existing, changedApplicationSet(existing, wanted)))
    return applicationSetFacts(existing);
  const mayUpdate = call.may(permission('update'), applicationSetObject(existing));
  if (query.upsert !== true || !mayUpdate) {
    throw new ApiError(
      'InvalidArgument',
      `existing ApplicationSet spec is different; use upsert flag to force update (${namespace}/${name})`,
    );
  }
  // A set that moves into another project has to be allowed there, too.
  requireRight(call, 'update', wanted);
  return await update(call, existing, wanted, body.metadata.resourceVersion);
}

/** @param resourceVersion the version that the caller has read; without it the change is decided again on a newer one */
async function update(
  call: CreateCall,
  existing: ApplicationSet,
  wanted: ApplicationSet,
  resourceVersion = '',
): Promise<ApplicationSet> {
  const detail = { project: projectOfSet(wanted) };
  const effect: Effect = {
    action: 'applicationset.update',
    object: refOf(existing),
    detail,
    before: existing,
  };
  return applicationSetFacts(
    await recorded(call, effect, () => replaced(call, existing, wanted, resourceVersion)),
  );
}

async function replaced(
  call: CreateCall,
  existing: ApplicationSet,
  wanted: ApplicationSet,
  resourceVersion: string,
): Promise<ApplicationSet> {
  const { deps } = call;
  let current = existing;
  for (let tries = 1; ; tries += 1) {
    const next = changedApplicationSet(current, wanted);
    try {
      return await deps.applicationSets.replace(
        resourceVersion === '' ? next : { ...next, metadata: { ...next.metadata, resourceVersion } },
      );
    } catch (error) {
      const isConflict = error instanceof CodedError && error.code === 'CONFLICT';
      if (!isConflict || resourceVersion !== '' || tries >= MAX_TRIES) throw error;
      current = await newerThan(call, current);
    }
  }
}

/** The set once the store shows a newer version than the one that was refused. The right counts on it anew. */
async function newerThan(call: CreateCall, stale: ApplicationSet): Promise<ApplicationSet> {
  const { deps } = call;
  const { namespace = '', name = '', resourceVersion = '' } = stale.metadata;
  const next = { ...stale.metadata, resourceVersion: String(Number(resourceVersion) + 1) };
  await deps.setFeed.observed({ ...stale, metadata: next }, OBSERVE_MS);
  const current = deps.applicationSets.get(namespace, name);
  if (current === undefined)
    throw new ApiError('NotFound', `ApplicationSet ${namespace}/${name} was deleted meanwhile`);
  requireRight(call, 'update', current);
  return current;
}

/** The caller may create it, its namespace is served, its project is there, and its generators read what they may. */
function requireCreatable(call: SignedIn, set: ApplicationSet): void {
  const { deps } = call;
  requireRight(call, 'create', set);
  const { namespace = '' } = set.metadata;
  if (!deps.applicationSets.isServed(namespace)) {
    throw new ApiError(
      'PermissionDenied',
      `namespace '${namespace}' is not permitted: ApplicationSets of it are not served; add it to applicationsetcontroller.namespaces in argocd-cmd-params-cm`,
    );
  }
  const name = projectOfSet(set);
  const project = deps.projects.get(name);
  if (project === undefined) {
    throw new ApiError(
      'InvalidArgument',
      `ApplicationSet references project ${name} which does not exist; create it, or correct spec.template.spec.project`,
    );
  }
  // Whoever may do this in every project is an administrator of sets, as those who write them to Kubernetes are.
  if (call.may(permission('create'), EVERY_PROJECT)) return;
  const globals = deps.projects.globalsOf(project).map(({ spec }) => spec);
  refuseFurtherReach(set, {
    rules: effectiveProject(project.spec, globals),
    normalize: (url) => deps.projects.normalizeUrl(url),
    seesEveryCluster: deps.clusters
      .list()
      .every((cluster) => call.may({ resource: 'clusters', action: 'get' }, clusterObject(cluster))),
  });
}

function requireRight(call: SignedIn, action: 'create' | 'update', set: ApplicationSet): void {
  const object = applicationSetObject(set);
  if (call.may(permission(action), object)) return;
  throw new ApiError('PermissionDenied', `permission denied: applicationsets, ${action}, ${object}`);
}

function refOf({ metadata }: ApplicationSet): Effect['object'] {
  const { namespace = '', name = '' } = metadata;
  return { group: 'argoproj.io', kind: 'ApplicationSet', namespace, name };
}

function byName(a: ApplicationSet, b: ApplicationSet): number {
  const key = ({ metadata: { namespace = '', name = '' } }: ApplicationSet): string =>
    `${name}\0${namespace}`;
  return key(a) < key(b) ? -1 : 1;
}
