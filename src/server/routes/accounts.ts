// Local accounts, their passwords and keys, tokens of project roles, and "can I".

import type { Account } from '../../access/index.ts';
import { RESOURCES } from '../../access/index.ts';
import {
  type AccessWarnings,
  type AccountFacts,
  type AccountList,
  type CanIResponse,
  TokenRequest,
  type TokenResponse,
  UpdatePasswordRequest,
} from '../../contract/index.ts';
import { parseDurationMs, randomName } from '../../lib/index.ts';
import { accessWarnings } from '../auth/access-warnings.ts';
import type { Action, Resource } from '../auth/authorise.ts';
import { hashPassword } from '../auth/password.ts';
import type { ServerDeps } from '../deps.ts';
import { ApiError } from '../errors.ts';
import { recorded } from '../recorded.ts';
import { type Route, route } from '../route.ts';

const get = { resource: 'accounts', action: 'get' } as const;
const update = { resource: 'accounts', action: 'update' } as const;
const ofAccount = {
  scope: 'object',
  orOwn: true,
  objectOf: ({ name = '' }: Readonly<Record<string, string>>) => name,
} as const;
const ofProject = {
  resource: 'projects',
  action: 'update',
  scope: 'object',
  objectOf: ({ project = '' }: Readonly<Record<string, string>>) => project,
} as const;

export const accountRoutes: readonly Route[] = [
  route({
    method: 'GET',
    path: '/api/v1/account',
    access: { ...get, scope: 'list' },
    handle({ deps, may }): AccountList {
      return {
        items: deps.accounts
          .list()
          .filter(({ name }) => may(get, name))
          .map(facts),
      };
    },
  }),
  route({
    method: 'GET',
    path: '/api/v1/fairlead/warnings',
    access: { ...get, scope: 'list' },
    handle: ({ deps, may }): AccessWarnings => ({ items: accessWarnings(deps, may) }),
  }),
  route({
    method: 'GET',
    path: '/api/v1/account/:name',
    access: { ...get, ...ofAccount },
    handle: ({ deps, params }): AccountFacts => facts(accountOf(deps, params['name'])),
  }),
  route({
    method: 'GET',
    path: '/api/v1/account/can-i/:resource/:action/*',
    access: { ...get, scope: 'list' },
    handle({ params, may, deps }): CanIResponse {
      const { resource = '', action = '', '*': object = '' } = params;
      const isKnown = (RESOURCES as readonly string[]).includes(resource);
      if (!isKnown)
        throw new ApiError(
          'InvalidArgument',
          `"${resource.slice(0, 40)}" is no resource; one of: ${RESOURCES.join(', ')}`,
        );
      return {
        value: may(
          { resource: resource as Resource, action: action as Action },
          inControl(deps, resource, object),
        )
          ? 'yes'
          : 'no',
      };
    },
  }),
  route({
    method: 'PUT',
    path: '/api/v1/account/password',
    access: { ...get, scope: 'list' },
    body: UpdatePasswordRequest,
    async handle(call) {
      const { deps, caller, body, may, address } = call;
      const own = caller.session?.holder.kind === 'account' ? caller.name : '';
      const name = body.name === '' ? own : body.name;
      const isOwn = name !== '' && name === own;
      if (!isOwn && !may(update, name)) throw denied(name);
      const account = accountOf(deps, name);
      // Whoever finds a browser unlocked must not take the account over: one's own password is asked for again.
      if (isOwn || caller.session?.holder.kind === 'account')
        await requireCurrent(deps, caller.name, body.currentPassword, address);
      if (!account.capabilities.includes('login'))
        throw new ApiError('FailedPrecondition', `Account ${name} has no capability login`);
      if (!new RegExp(deps.accounts.passwordPattern()).test(body.newPassword))
        throw new ApiError(
          'InvalidArgument',
          `New password does not match the following expression: ${deps.accounts.passwordPattern()}.`,
        );
      const effect = { action: 'account.update-password', object: { group: '', kind: 'Account', name } };
      const hash = await hashPassword(body.newPassword);
      await recorded(call, effect, () => deps.accounts.setPassword(name, hash));
      return {};
    },
  }),
  route({
    method: 'POST',
    path: '/api/v1/account/:name/token',
    access: { ...update, ...ofAccount },
    body: TokenRequest,
    async handle(call): Promise<TokenResponse> {
      const { deps, body, params } = call;
      const { name, capabilities, tokens } = accountOf(deps, params['name']);
      if (!capabilities.includes('apiKey'))
        throw new ApiError('FailedPrecondition', `account '${name}' does not have apiKey capability`);
      const id = body.id === '' ? randomName(deps.random, 24) : body.id;
      if (tokens.some((token) => token.id === id))
        throw new ApiError('AlreadyExists', `account already has token with id '${id.slice(0, 80)}'`);
      const issued = await deps.tokens.issueKey(`${name}:apiKey`, allowedSeconds(deps, body.expiresIn), id);
      const effect = {
        action: 'account.generate-token',
        object: { group: '', kind: 'Account', name },
        detail: { id, exp: issued.exp },
      };
      await recorded(call, effect, () =>
        deps.accounts.addToken(name, { id, iat: issued.iat, exp: issued.exp }),
      );
      return { token: issued.token };
    },
  }),
  route({
    method: 'DELETE',
    path: '/api/v1/account/:name/token/:id',
    access: { ...update, ...ofAccount },
    async handle(call) {
      const { deps, params } = call;
      const { name } = accountOf(deps, params['name']);
      const { id = '' } = params;
      const effect = {
        action: 'account.delete-token',
        object: { group: '', kind: 'Account', name },
        detail: { id },
      };
      await recorded(call, effect, () => deps.accounts.removeToken(name, id));
      return {};
    },
  }),
  route({
    method: 'POST',
    path: '/api/v1/projects/:project/roles/:role/token',
    access: ofProject,
    body: TokenRequest,
    async handle(call): Promise<TokenResponse> {
      const { deps, body, params } = call;
      const { project, role, tokens } = projectRole(deps, params);
      const id = body.id === '' ? randomName(deps.random, 24) : body.id;
      if (tokens.some((token) => token.id === id))
        throw new ApiError('AlreadyExists', `the role has a token with id '${id.slice(0, 80)}' already`);
      const seconds = allowedSeconds(deps, body.expiresIn);
      const issued = await deps.tokens.issueKey(`proj:${project}:${role}`, seconds, id);
      const effect = {
        action: 'project.generate-token',
        object: { group: 'argoproj.io', kind: 'AppProject', name: project },
        detail: { role, id, exp: issued.exp },
      };
      await recorded(call, effect, () =>
        deps.accounts.addProjectToken(project, role, { id, iat: issued.iat, exp: issued.exp }),
      );
      return { token: issued.token };
    },
  }),
  route({
    method: 'DELETE',
    path: '/api/v1/projects/:project/roles/:role/token/:iat',
    access: ofProject,
    async handle(call) {
      const { deps, params } = call;
      const { project, role } = projectRole(deps, params);
      const iat = Number(params['iat']);
      if (!Number.isSafeInteger(iat))
        throw new ApiError('InvalidArgument', 'iat is the Unix time the token was issued at');
      const effect = {
        action: 'project.delete-token',
        object: { group: 'argoproj.io', kind: 'AppProject', name: project },
        detail: { role, iat },
      };
      await recorded(call, effect, () => deps.accounts.removeProjectToken(project, role, iat));
      return {};
    },
  }),
];

/** What may be shown of an account: no hash, and of tokens only what identifies them. */
function facts({ name, enabled, capabilities, tokens }: Account): AccountFacts {
  const shown = tokens.map(({ id, iat, exp }) => ({ id, issuedAt: String(iat), expiresAt: String(exp) }));
  return { name, enabled, capabilities, tokens: shown };
}

function accountOf(deps: ServerDeps, name = ''): Account {
  const account = deps.accounts.get(name);
  if (account === undefined) throw new ApiError('NotFound', `account '${name.slice(0, 80)}' does not exist`);
  return account;
}

function projectRole(deps: ServerDeps, { project = '', role = '' }: Readonly<Record<string, string>>) {
  const tokens = deps.accounts.projectTokens(project, role);
  if (tokens === undefined)
    throw new ApiError('NotFound', `project '${project.slice(0, 80)}' has no role '${role.slice(0, 80)}'`);
  return { project, role, tokens };
}

async function requireCurrent(
  deps: ServerDeps,
  name: string,
  password: string,
  address: string,
): Promise<void> {
  const waitMs = deps.loginLimit.waitMs(name, address);
  if (waitMs > 0)
    throw new ApiError(
      'ResourceExhausted',
      `Too many failed attempts; try again in ${Math.ceil(waitMs / 1000)} s`,
    );
  deps.loginLimit.failed(name, address);
  const isRight = await deps.passwords.verify(password, deps.accounts.get(name)?.passwordHash);
  if (!isRight) {
    await deps.loginLimit.keep(name);
    throw new ApiError('InvalidArgument', 'current password does not match');
  }
  deps.loginLimit.succeeded(name, address);
}

/** What asks for no end gets the longest time that is allowed. */
function allowedSeconds({ accounts }: ServerDeps, wanted: string | number): number {
  const seconds = secondsOf(wanted);
  const most = accounts.maxTokenSeconds();
  if (most === 0 || (seconds > 0 && seconds <= most)) return seconds;
  if (seconds === 0) return most;
  throw new ApiError(
    'InvalidArgument',
    `expiresIn: keys hold for ${most} seconds at most here (users.token.maxDuration); ask for less`,
  );
}

/** Seconds as Argo CD's clients send them (a number or a text of one), or a duration. 0: no end. */
function secondsOf(value: string | number): number {
  const seconds = /^\d*$/.test(String(value))
    ? Number(value)
    : (parseDurationMs(String(value)) ?? Number.NaN) / 1000;
  if (Number.isSafeInteger(seconds) && seconds <= 3_155_760_000) return seconds;
  throw new ApiError('InvalidArgument', 'expiresIn is a number of seconds');
}

/** `can-i` names an application as policies do, without the control namespace. */
function inControl({ options }: ServerDeps, resource: string, object: string): string {
  const parts = object.split('/');
  const isShort =
    parts.length === 2 && ['applications', 'applicationsets', 'logs', 'exec'].includes(resource);
  return isShort ? `${parts[0]}/${options.controlNamespace}/${parts[1]}` : object;
}

function denied(name: string): ApiError {
  return new ApiError('PermissionDenied', `permission denied: accounts, update, ${name.slice(0, 80)}`);
}
