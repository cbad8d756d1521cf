// One object of an application, written by hand: a patch, or a deletion. Recorded before it is done.
import type { z } from 'zod';
import {
  ResourceDeleteQuery,
  ResourcePatchBody,
  ResourcePatchQuery,
  type ResourceQuery,
  type ResourceResponse,
} from '../../contract/index.ts';
import type { Application } from '../../model/index.ts';
import { ApiError } from '../errors.ts';
import type { PreparedWrite, ResourceId } from '../ports.ts';
import { recorded } from '../recorded.ts';
import { applicationObject } from '../resolve-application.ts';
import { type ApplicationCall, type Route, route } from '../route.ts';

const RESOURCE = '/api/v1/applications/:name/resource';
const access = { resource: 'applications', action: 'get', scope: 'application' } as const;

export const resourceWriteRoutes: readonly Route[] = [
  route({
    method: 'POST',
    path: RESOURCE,
    access,
    query: ResourcePatchQuery,
    body: ResourcePatchBody,
    async handle(call): Promise<ResourceResponse> {
      const { deps, app, query, signal } = call;
      const id = resourceId(query);
      requireRight(call, 'update', id);
      const patch = { type: query.patchType, body: parsePatch(call.body) };
      const prepared = await deps.resources.preparePatch(app, id, patch, signal);
      const members = Array.isArray(patch.body)
        ? patch.body.map((step: unknown) => String((step as { path?: unknown } | null)?.path ?? ''))
        : Object.keys(patch.body as object);
      const patched = await perform(call, 'resource.patch', id, prepared, {
        patchType: patch.type,
        // Where, not what: values may be secrets.
        members: members.slice(0, 50).map((member) => member.slice(0, 200)),
      });
      return { manifest: JSON.stringify(patched) };
    },
  }),
  route({
    method: 'DELETE',
    path: RESOURCE,
    access,
    query: ResourceDeleteQuery,
    async handle(call) {
      const { deps, app, query, signal } = call;
      const id = resourceId(query);
      requireRight(call, 'delete', id);
      const propagation =
        query.orphan === true ? 'Orphan' : query.force === true ? 'Background' : 'Foreground';
      const wish = {
        propagation,
        ...(query.force === true && query.orphan !== true ? { gracePeriodSeconds: 0 } : {}),
      } as const;
      const prepared = await deps.resources.prepareDeletion(app, id, wish, signal);
      await perform(
        call,
        'resource.delete',
        id,
        prepared === undefined ? undefined : { ...prepared, perform: async () => await orRefused(prepared) },
        { propagation, force: query.force === true },
      );
      return {};
    },
  }),
];

type AnyCall = ApplicationCall<unknown, unknown>;
type PreparedDeletion = PreparedWrite<{ kind: 'done' } | { kind: 'held'; message: string }>;

/** What the delete guard keeps is a failure of this request, and recorded as one. */
async function orRefused(prepared: PreparedDeletion): Promise<object> {
  const result = await prepared.perform();
  if (result.kind === 'held') throw new ApiError('FailedPrecondition', result.message);
  return {};
}

async function perform<T>(
  call: AnyCall,
  action: string,
  id: ResourceId,
  prepared: PreparedWrite<T> | undefined,
  detail: Readonly<Record<string, string | boolean | string[]>>,
): Promise<T> {
  const { app } = call;
  if (prepared === undefined) throw notFound(app, id);
  const application = `${app.metadata.namespace}/${app.metadata.name}`;
  const effect = { action, object: prepared.object, detail: { application, ...detail } };
  return await recorded(call, effect, () => prepared.perform());
}

function requireRight(call: AnyCall, verb: 'update' | 'delete', id: ResourceId): void {
  const action = `${verb}/${id.group}/${id.kind}/${id.namespace}/${id.name}` as const;
  const object = applicationObject(call.app);
  if (call.may({ resource: 'applications', action }, object)) return;
  throw new ApiError('PermissionDenied', `permission denied: applications, ${action}, ${object}`);
}

function parsePatch(text: string): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new ApiError('InvalidArgument', 'The patch is not JSON');
  }
  if (typeof value === 'object' && value !== null) return value;
  throw new ApiError('InvalidArgument', 'The patch is neither a JSON object nor a list of JSON patch steps');
}

/** The object a query names. */
export function resourceId(query: z.output<typeof ResourceQuery>): ResourceId {
  const { group = '', version = '', kind = '', namespace = '', resourceName = '' } = query;
  if (kind === '' || resourceName === '') {
    throw new ApiError('InvalidArgument', 'Name the resource: kind and resourceName are needed');
  }
  return { group, kind, namespace, name: resourceName, ...(version === '' ? {} : { version }) };
}

export function notFound(app: Application, { group, kind, namespace, name }: ResourceId): ApiError {
  const type = group === '' ? kind : `${group}/${kind}`;
  return new ApiError(
    'NotFound',
    `${type} ${namespace}/${name} not found as part of application ${app.metadata.name}`,
  );
}
