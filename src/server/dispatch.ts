// From an HTTP request to a route's answer: who calls, may they, is the input well-formed, then the handler.
// One path for all routes, so that nothing can be forgotten on one of them.
import type { FastifyRequest } from 'fastify';
import type { z } from 'zod';
import { ListQuery } from '../contract/index.ts';
import type { Application } from '../model/index.ts';
import {
  authenticate,
  type Credentials,
  credentialsOf,
  GUEST,
  refuseForeignOrigin,
} from './auth/authenticate.ts';
import type { Permission } from './auth/authorise.ts';
import { isSecure } from './auth/external.ts';
import type { Caller } from './auth/session-tokens.ts';
import type { ServerDeps } from './deps.ts';
import { ApiError } from './errors.ts';
import { isShaped, shapeList } from './list-shape.ts';
import {
  applicationName,
  applicationObject,
  applicationSetName,
  resolveApplication,
  resolveApplicationSet,
} from './resolve-application.ts';
import { type Access, type ApplicationCall, type Params, type Route, StreamAnswer } from './route.ts';
import { unknownMembers } from './unknown-members.ts';

/** A request, whoever received it. */
export type Asked = Pick<FastifyRequest, 'headers' | 'params' | 'query' | 'body' | 'ip'>;

export interface Dispatched {
  readonly answer: unknown;
  readonly caller: Caller | undefined;
}

/** Runs the route. Rejects with whatever the caller should be told. */
export async function dispatch(
  deps: ServerDeps,
  route: Route,
  request: Asked,
  signal: AbortSignal,
): Promise<Dispatched> {
  const { headers } = request;
  const params = request.params as Params;
  const isChange = route.method !== 'GET';
  const credentials = credentialsOf(headers, isSecure(deps));
  if (isChange && route.accepts !== 'form') refuseForeignOrigin(headers, credentials.from === 'cookie');
  const caller = await callerOf(deps, route.access, credentials);
  const may = (permission: Permission, object: string): boolean =>
    caller !== undefined && deps.authorise(caller, permission, object);
  if (isChange) requireType(route.accepts, headers['content-type']);
  checkObject(route.access, caller, may, params);
  const query = parse(route.query, request.query, 'query');
  const app = findApplication(deps, route.access, caller, params, request);
  const set = findApplicationSet(deps, route.access, caller, params, request);
  // No body at all asks for nothing in particular; anything else must be what the route reads.
  const body = parse(route.body, request.body === undefined ? {} : request.body, 'body');
  refuseUnknown(route, request.body);
  const call = {
    deps,
    caller,
    params,
    query,
    body,
    headers,
    address: request.ip,
    signal,
    token: credentials.token,
    may,
    app,
    set,
    // Routes of these scopes get what they name; finding it has thrown otherwise.
  } as ApplicationCall<unknown, unknown>;
  const shape = isShaped(route)
    ? (parse(ListQuery, request.query, 'query') as z.output<typeof ListQuery>)
    : undefined;
  const answer = await untilAborted(Promise.resolve(route.handle(call)), signal);
  if (answer instanceof StreamAnswer) {
    const isAllowed = (): boolean => answer.isAllowed() && mayStill(deps, route.access, caller, app);
    const { fileName } = answer;
    return { answer: new StreamAnswer(answer.run, { isAllowed, fileName }), caller };
  }
  return { answer: shape === undefined ? answer : shapeList(shape, answer), caller };
}

/** Whether what let a stream begin still holds: guests are let in, the application is the same one and may be seen. */
function mayStill(
  deps: ServerDeps,
  access: Access,
  caller: Caller | undefined,
  app: Application | undefined,
): boolean {
  if (caller?.kind === 'guest' && !deps.policies.admitsGuests()) return false;
  if (caller === undefined || access === 'public' || app === undefined) return true;
  const { namespace = '', name = '', uid } = app.metadata;
  const now = deps.applications.get(namespace, name);
  return (
    now?.metadata.uid === uid && now !== undefined && deps.authorise(caller, access, applicationObject(now))
  );
}

/** Rejects for protected routes without a caller; on public ones a bad token counts as none. */
async function callerOf(
  deps: ServerDeps,
  access: Access,
  credentials: Credentials,
): Promise<Caller | undefined> {
  const found = authenticate(deps.tokens, deps.options.auth, credentials);
  if (access === 'public') {
    return await found.catch((error: unknown) => {
      if (error instanceof ApiError) return undefined;
      throw error;
    });
  }
  const caller = (await found) ?? (deps.policies.admitsGuests() ? GUEST : undefined);
  if (caller === undefined) throw new ApiError('Unauthenticated', 'no session information');
  return caller;
}

function checkObject(
  access: Access,
  caller: Caller | undefined,
  may: (permission: Permission, object: string) => boolean,
  params: Params,
): void {
  if (access === 'public' || access.scope !== 'object') return;
  const object = access.objectOf(params);
  const isOwn = caller?.session?.holder.kind === 'account' && caller.name === object;
  if (access.orOwn === true && isOwn) return;
  if (!may(access, object)) {
    throw new ApiError('PermissionDenied', `permission denied: ${access.resource}, ${access.action}`);
  }
}

function findApplication(
  deps: ServerDeps,
  access: Access,
  caller: Caller | undefined,
  params: Params,
  request: Asked,
) {
  if (access === 'public' || access.scope !== 'application' || caller === undefined) return undefined;
  const body = { value: request.body, named: access.named };
  return resolveApplication(deps, caller, access, applicationName(deps, params, request.query, body));
}

function findApplicationSet(
  deps: ServerDeps,
  access: Access,
  caller: Caller | undefined,
  params: Params,
  { query }: Asked,
) {
  if (access === 'public' || access.scope !== 'application-set' || caller === undefined) return undefined;
  return resolveApplicationSet(deps, caller, access, applicationSetName(deps, params, query));
}

/** A form or plain text needs no permission of the browser to be sent from elsewhere; JSON does. */
function requireType(accepts: Route['accepts'], contentType: string | undefined): void {
  const wanted = accepts === 'form' ? 'application/x-www-form-urlencoded' : 'application/json';
  if (contentType?.split(';', 1)[0]?.trim().toLowerCase() === wanted) return;
  throw new ApiError('InvalidArgument', `Invalid content type: send ${wanted}`, { httpStatus: 415 });
}

function parse(schema: z.ZodType | undefined, value: unknown, what: 'query' | 'body'): unknown {
  if (schema === undefined) return undefined;
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const seen = result.error.issues
    .slice(0, 5)
    .map(({ path, message }) => (path.length === 0 ? message : `${path.join('.')}: ${message}`));
  throw new ApiError('InvalidArgument', `The ${what} is not valid: ${seen.join('; ')}`);
}

/**
 * Queries may hold more than a route knows, as the gateway's do, and so may the forms of identity providers; what a body
 * of JSON says and nobody reads is a mistake.
 */
function refuseUnknown({ accepts, body: schema }: Route, value: unknown): void {
  if (schema === undefined || value === undefined || accepts === 'form') return;
  const unknown = unknownMembers(schema, value);
  if (unknown.length === 0) return;
  const which = unknown.length === 1 ? 'an unknown member' : 'unknown members';
  throw new ApiError(
    'InvalidArgument',
    `The body has ${which}: ${unknown.join(', ')}; correct or remove what is not known`,
  );
}

/** A handler that ignores its signal must not hold the request for ever. */
function untilAborted<T>(task: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason);
    if (signal.aborted) onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    task.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}
