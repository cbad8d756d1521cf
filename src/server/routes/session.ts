// Sign-in, sign-out, who am I.
import { SessionCreateRequest, type SessionResponse, type UserInfo } from '../../contract/index.ts';
import { sessionCookies } from '../auth/authenticate.ts';
import { isSecure, signInExternal } from '../auth/external.ts';
import { signOut } from '../auth/sign-out.ts';
import type { ServerDeps } from '../deps.ts';
import { ApiError } from '../errors.ts';
import { JsonAnswer, type Route, route } from '../route.ts';

export const sessionRoutes: readonly Route[] = [
  route({
    method: 'POST',
    path: '/api/v1/session',
    access: 'public',
    body: SessionCreateRequest,
    async handle({ deps, body, address }) {
      const token = await signIn(deps, body, address);
      const answer: SessionResponse = { token };
      return new JsonAnswer(answer, {
        'set-cookie': sessionCookies(isSecure(deps), token, deps.accounts.sessionMs() / 1000),
      });
    },
  }),
  route({
    method: 'DELETE',
    path: '/api/v1/session',
    access: 'public',
    async handle({ deps, caller, address }) {
      await signOut(deps, caller, address);
      return new JsonAnswer({}, { 'set-cookie': sessionCookies(isSecure(deps), '', 0) });
    },
  }),
  route({
    method: 'GET',
    path: '/api/v1/session/userinfo',
    access: 'public',
    handle({ caller }): UserInfo {
      if (caller === undefined) return { loggedIn: false };
      return { loggedIn: true, username: caller.name, iss: caller.issuer || 'argocd', groups: caller.groups };
    },
  }),
];

async function signIn(
  deps: ServerDeps,
  credentials: {
    readonly username: string;
    readonly password: string;
    readonly connector?: string | undefined;
  },
  address: string,
): Promise<string> {
  const { username, password, connector = '' } = credentials;
  const counted = connector === '' ? username : `${connector}:${username}`;
  if (username === '' || password === '') {
    throw new ApiError('InvalidArgument', 'Sign-in needs a user name and a password');
  }
  const waitMs = deps.loginLimit.waitMs(counted, address);
  if (waitMs > 0) {
    throw new ApiError(
      'ResourceExhausted',
      `Too many failed sign-ins; try again in ${Math.ceil(waitMs / 1000)} s`,
    );
  }
  // Counted before the check, so that guesses sent side by side cannot slip through together.
  deps.loginLimit.failed(counted, address);
  if (connector !== '') {
    const user = await deps.sso.checkPassword(connector, username, password);
    if (user === undefined) {
      await deps.loginLimit.keep(counted);
      throw await refusedAt(deps, connector, address);
    }
    deps.loginLimit.succeeded(counted, address);
    return await signInExternal(deps, user, address);
  }
  const account = deps.accounts.get(username);
  const isRight = await deps.passwords.verify(password, account?.passwordHash);
  const isAllowed = isRight && account?.enabled === true && account.capabilities.includes('login');
  await deps.journal.fact({
    actor: { kind: 'user', name: account?.name ?? 'unknown' },
    action: 'session.login',
    object: { kind: 'Account', name: account?.name ?? 'unknown' },
    sourceAddress: address,
    outcome: isAllowed ? 'succeeded' : 'failed',
  });
  if (!isAllowed || account === undefined) {
    await deps.loginLimit.keep(counted);
    throw new ApiError('Unauthenticated', 'Invalid username or password');
  }
  deps.loginLimit.succeeded(counted, address);
  return (await deps.tokens.issue(account.name)).token;
}

async function refusedAt(deps: ServerDeps, connector: string, address: string): Promise<ApiError> {
  await deps.journal.fact({
    actor: { kind: 'user', name: 'unknown' },
    action: 'session.login',
    object: { kind: 'Account', name: 'unknown' },
    sourceAddress: address,
    outcome: 'failed',
    detail: { connector },
  });
  return new ApiError('Unauthenticated', 'Invalid username or password');
}
