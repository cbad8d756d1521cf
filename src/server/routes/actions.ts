// Resource actions: which there are for an object, and running one. What is written is recorded before it is.
import {
  ActionQuery,
  ActionRunBody,
  ActionRunRequest,
  type ResourceActionList,
} from '../../contract/index.ts';
import type { Application } from '../../model/index.ts';
import { ApiError } from '../errors.ts';
import type { ResourceId } from '../ports.ts';
import { recorded } from '../recorded.ts';
import { applicationObject } from '../resolve-application.ts';
import { type ApplicationCall, type Route, route } from '../route.ts';

const ACTIONS = '/api/v1/applications/:name/resource/actions';
const get = { resource: 'applications', action: 'get', scope: 'application' } as const;

interface Subject {
  readonly namespace?: string | null | undefined;
  readonly resourceName?: string | undefined;
  readonly version?: string | null | undefined;
  readonly group?: string | null | undefined;
  readonly kind?: string | undefined;
}

export const actionRoutes: readonly Route[] = [
  route({
    method: 'GET',
    path: ACTIONS,
    access: get,
    query: ActionQuery,
    async handle({ deps, app, query, signal }): Promise<ResourceActionList> {
      const id = resourceId(query);
      const actions = await deps.actions.list(app, id, signal);
      if (actions === undefined) throw notFound(app, id);
      return { actions };
    },
  }),
  route({
    method: 'POST',
    path: ACTIONS,
    access: get,
    query: ActionQuery,
    body: ActionRunBody,
    handle: (call) => runAction(call, resourceId(call.query), call.body, {}),
  }),
  route({
    method: 'POST',
    path: `${ACTIONS}/v2`,
    access: { ...get, named: 'in-body' },
    query: ActionQuery,
    body: ActionRunRequest,
    handle: (call) => {
      const { action, resourceActionParameters } = call.body;
      const given = (resourceActionParameters ?? []).map(({ name, value }) => [name, value] as const);
      return runAction(call, resourceId(call.body), action, Object.fromEntries(given));
    },
  }),
];

async function runAction(
  call: ApplicationCall<unknown, unknown>,
  id: ResourceId,
  action: string,
  params: Readonly<Record<string, string>>,
): Promise<object> {
  const { deps, app, signal } = call;
  const right = `action/${id.group}/${id.kind}/${action}` as const;
  if (!call.may({ resource: 'applications', action: right }, applicationObject(app))) {
    throw new ApiError(
      'PermissionDenied',
      `permission denied: applications, ${right}, ${applicationObject(app)}`,
    );
  }
  const prepared = await deps.actions.prepare(app, id, { action, params }, signal);
  if (prepared === undefined) throw notFound(app, id);
  const { namespace = '', name = '' } = app.metadata;
  const effect = {
    action: 'resource.action',
    object: prepared.object,
    reason: `the action ${action} was asked for`,
    // Names of parameters only: what people type into one is not ours to keep.
    detail: {
      application: `${namespace}/${name}`,
      action,
      parameters: Object.keys(params),
      writes: prepared.writes,
    },
  };
  await recorded(call, effect, () => prepared.perform());
  return {};
}

function resourceId({ namespace, resourceName, version, group, kind }: Subject): ResourceId {
  if ((kind ?? '') === '' || (resourceName ?? '') === '') {
    throw new ApiError('InvalidArgument', 'Name the resource: kind and resourceName are needed');
  }
  return {
    group: group ?? '',
    kind: kind ?? '',
    namespace: namespace ?? '',
    name: resourceName ?? '',
    ...((version ?? '') === '' ? {} : { version: version ?? '' }),
  };
}

function notFound(app: Application, { group, kind, namespace, name }: ResourceId): ApiError {
  const type = group === '' ? kind : `${group}/${kind}`;
  return new ApiError(
    'NotFound',
    `${type} ${namespace}/${name} not found as part of application ${app.metadata.name}`,
  );
}
