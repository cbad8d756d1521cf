// Sign-in, sign-out, who am I.
import { SessionCreateRequest, type SessionResponse, type UserInfo } from '../../contract/index.ts';
import { SESSION_COOKIE } from '../auth/authenticate.ts';
import { SESSION_MS } from '../auth/session-tokens.ts';
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
      return new JsonAnswer(answer, { 'set-cookie': cookie(deps, token, SESSION_MS / 1000) });
    },
  }),
  route({
    method: 'DELETE',
    path: '/api/v1/session',
    access: 'public',
    async handle({ deps, caller, address }) {
      if (caller?.session !== undefined) {
        await deps.accounts.revoke(caller.session.id, caller.session.expiresAt);
        await deps.journal.fact({
          actor: { kind: 'user', name: caller.name },
          action: 'session.logout',
          object: { kind: 'Account', name: caller.name },
          sourceAddress: address,
        });
      }
      return new JsonAnswer({}, { 'set-cookie': cookie(deps, '', 0) });
    },
  }),
  route({
    method: 'GET',
    path: '/api/v1/session/userinfo',
    access: 'public',
    handle({ caller }): UserInfo {
      if (caller === undefined) return { loggedIn: false };
      return { loggedIn: true, username: caller.name, iss: 'argocd', groups: caller.groups };
    },
  }),
];

async function signIn(
  deps: ServerDeps,
  credentials: { readonly username: string; readonly password: string },
  address: string,
): Promise<string> {
  const { username, password } = credentials;
  if (username === '' || password === '') {
    throw new ApiError('InvalidArgument', 'Sign-in needs a user name and a password');
  }
  const waitMs = deps.loginLimit.waitMs(username, address);
  if (waitMs > 0) {
    throw new ApiError(
      'ResourceExhausted',
      `Too many failed sign-ins; try again in ${Math.ceil(waitMs / 1000)} s`,
    );
  }
  // Counted before the check, so that guesses sent side by side cannot slip through together.
  deps.loginLimit.failed(username, address);
  const account = deps.accounts.get(username);
  const isRight = await deps.passwords.verify(password, account?.passwordHash);
  const isAllowed = isRight && account?.enabled === true;
  await deps.journal.fact({
    actor: { kind: 'user', name: account?.name ?? 'unknown' },
    action: 'session.login',
    object: { kind: 'Account', name: account?.name ?? 'unknown' },
    sourceAddress: address,
    outcome: isAllowed ? 'succeeded' : 'failed',
  });
  if (!isAllowed || account === undefined)
    throw new ApiError('Unauthenticated', 'Invalid username or password');
  deps.loginLimit.succeeded(username, address);
  return (await deps.tokens.issue(account.name)).token;
}

function cookie({ options }: ServerDeps, token: string, maxAgeSeconds: number): string {
  const secure = options.publicUrl?.startsWith('https://') === true ? '; Secure' : '';
  return `${SESSION_COOKIE}=${token}; Path=/; Max-Age=${maxAgeSeconds}; HttpOnly; SameSite=Lax${secure}`;
}
