// Signing in through an identity provider: away, back, and on to where the person wanted to go. Every attempt is bound
// to one browser by a sealed cookie and can be used once.
import { createHash, timingSafeEqual } from 'node:crypto';
import { type Attempt, type ExternalUser, SsoError } from '../../access/index.ts';
import {
  CliSessionRequest,
  type SessionResponse,
  SsoCallbackForm,
  SsoCallbackQuery,
  SsoLoginQuery,
} from '../../contract/index.ts';
import { cookieValue, sessionCookies } from '../auth/authenticate.ts';
import { isSecure, signInExternal } from '../auth/external.ts';
import { AGAIN, continueScript, formAgain, SCRIPT_PATH } from '../auth/form-again.ts';
import { signOut } from '../auth/sign-out.ts';
import type { ServerDeps } from '../deps.ts';
import { ApiError } from '../errors.ts';
import { type Call, RawAnswer, type Route, route } from '../route.ts';

const ATTEMPT_SECONDS = 600;
const CLI_CODE_SECONDS = 60;
const COOKIE = 'argocd.oauthstate';
const SAFE = /^[A-Za-z0-9_-]{43,128}$/;

type AnyCall = Call<unknown, unknown>;

export const ssoRoutes: readonly Route[] = [
  route({
    method: 'GET',
    path: '/auth/login',
    access: 'public',
    query: SsoLoginQuery,
    async handle({ deps, query }) {
      const {
        connector = '',
        return_url: returnUrl = '',
        cli_port: port,
        cli_challenge: challenge,
        cli_state: cliState,
      } = query;
      const offered = deps.sso.connectors().filter(({ kind }) => kind === 'redirect');
      const id = connector === '' && offered.length === 1 ? offered[0]?.id : connector;
      const chosen = offered.find((item) => item.id === id);
      if (chosen === undefined) return redirect('/login');
      const cli = cliOf(port, challenge, cliState);
      const attempt = newAttempt(deps, chosen.id);
      const url = await failingToPage(deps, () => deps.sso.begin(chosen.id, attempt));
      if (url instanceof RawAnswer) return url;
      const note = { ...attempt, connector: chosen.id, returnPath: samePagePath(returnUrl), ...cli };
      return redirect(url, [
        attemptCookie(deps, await deps.sealed.seal('sign-in', note, ATTEMPT_SECONDS), ATTEMPT_SECONDS),
      ]);
    },
  }),
  ...['/auth/callback', '/api/dex/callback'].flatMap((path) => [
    route({
      method: 'GET',
      path,
      access: 'public',
      query: SsoCallbackQuery,
      handle: (call) => comeBack(call, call.query),
    }),
    route({
      method: 'POST',
      path,
      access: 'public',
      accepts: 'form',
      body: SsoCallbackForm,
      // The browser sends no cookie with a form of another site, but with one of ours.
      handle: (call) => {
        const { [AGAIN]: again, ...answer } = call.body;
        return again === undefined ? formAgain(path, answer) : comeBack(call, answer);
      },
    }),
  ]),
  route({ method: 'GET', path: SCRIPT_PATH, access: 'public', handle: continueScript }),
  route({
    method: 'POST',
    path: '/api/v1/fairlead/cli-session',
    access: 'public',
    body: CliSessionRequest,
    async handle({ deps, body, address }): Promise<SessionResponse> {
      const { user, challenge, id } = (await deps.sealed.open('cli', body.code)) as unknown as {
        user: ExternalUser;
        challenge: string;
        id: string;
      };
      const seen = createHash('sha256').update(body.verifier).digest('base64url');
      const isRight =
        seen.length === challenge.length && timingSafeEqual(Buffer.from(seen), Buffer.from(challenge));
      if (!isRight || deps.accounts.isRevoked(id))
        throw new ApiError('Unauthenticated', 'The code of this sign-in is not valid or was used');
      await deps.accounts.revoke(id, deps.clock.now() + CLI_CODE_SECONDS * 1000);
      return { token: await signInExternal(deps, user, address) };
    },
  }),
  route({
    method: 'GET',
    path: '/auth/logout',
    access: 'public',
    async handle({ deps, caller, headers, address }) {
      const site = headers['sec-fetch-site'];
      // A picture on another site must not sign people out.
      if (site === 'cross-site' || site === 'same-site') return redirect('/');
      const holder = caller?.session?.holder;
      await signOut(deps, caller, address);
      const onward = holder?.kind === 'sso' ? deps.sso.logoutUrl(holder.connector) : undefined;
      return redirect(onward ?? '/login', sessionCookies(isSecure(deps), '', 0));
    },
  }),
];

function newAttempt({ random, sso }: ServerDeps, connector: string): Attempt {
  const value = (): string => Buffer.from(random.bytes(32)).toString('base64url');
  return {
    state: value(),
    nonce: value(),
    verifier: value(),
    requestId: `_${Buffer.from(random.bytes(20)).toString('hex')}`,
    redirectUri: sso.redirectUri(connector),
  };
}

/** A path of this very site, or the first page: what begins with two slashes or a backslash is another site. */
export function samePagePath(text: string): string {
  const base = 'http://fairlead.invalid';
  if (!/^\/(?![/\\])/.test(text) || /[\\\p{Cc}]/u.test(text) || !URL.canParse(text, base)) return '/';
  const { origin, pathname, search, hash } = new URL(text, base);
  return origin === base && !pathname.startsWith('//') ? `${pathname}${search}${hash}` : '/';
}

function cliOf(port: number | undefined, challenge = '', state = ''): object {
  if (port === undefined) return {};
  if (!SAFE.test(challenge) || !SAFE.test(state))
    throw new ApiError(
      'InvalidArgument',
      'cli_challenge and cli_state must be 43 to 128 URL-safe characters',
    );
  return { cli: { port, challenge, state } };
}

async function comeBack(
  call: AnyCall,
  given: Readonly<Record<string, string | undefined>>,
): Promise<RawAnswer> {
  const { deps, headers, address } = call;
  const text = cookieValue(headers.cookie ?? '', attemptName(deps)) ?? '';
  const clear = attemptCookie(deps, '', 0);
  const done = await failingToPage(deps, async () => {
    const note = (await deps.sealed.open('sign-in', text)) as unknown as Attempt & {
      connector: string;
      returnPath: string;
      cli?: { port: number; challenge: string; state: string };
    };
    const answer = Object.fromEntries(
      Object.entries(given).filter((entry): entry is [string, string] => entry[1] !== undefined),
    );
    const user = await deps.sso.finish(note.connector, note, answer);
    // Only answers that hold are remembered: nobody without an account can make the list long.
    if (deps.accounts.isRevoked(note.state))
      throw new ApiError('Unauthenticated', 'This sign-in was finished already; begin again');
    await deps.accounts.revoke(note.state, deps.clock.now() + ATTEMPT_SECONDS * 1000);
    if (note.cli !== undefined) {
      const id = Buffer.from(deps.random.bytes(16)).toString('hex');
      const code = await deps.sealed.seal(
        'cli',
        { user, challenge: note.cli.challenge, id },
        CLI_CODE_SECONDS,
      );
      return redirect(
        `http://127.0.0.1:${note.cli.port}/callback?${new URLSearchParams({ code, state: note.cli.state })}`,
        [clear],
      );
    }
    const token = await signInExternal(deps, user, address);
    return redirect(note.returnPath, [
      clear,
      ...sessionCookies(isSecure(deps), token, deps.accounts.sessionMs() / 1000),
    ]);
  });
  return done;
}

/** A person gets a page that says what to do, by a code; what exactly happened is in the log (no text from outside is shown). */
async function failingToPage<T>(deps: ServerDeps, run: () => Promise<T>): Promise<T | RawAnswer> {
  try {
    return await run();
  } catch (error) {
    if (!(error instanceof SsoError) && !(error instanceof ApiError)) throw error;
    deps.log.warn('a sign-in through an identity provider failed', { reason: error.message, error });
    const code = error instanceof SsoError ? error.code.replace('SSO_', '').toLowerCase() : 'expired';
    return redirect(`/login?failed=${code}`, [attemptCookie(deps, '', 0)]) as RawAnswer;
  }
}

function attemptName(deps: ServerDeps): string {
  return `${isSecure(deps) ? '__Host-' : ''}${COOKIE}`;
}

function attemptCookie(deps: ServerDeps, value: string, seconds: number): string {
  const secure = isSecure(deps) ? '; Secure' : '';
  return `${attemptName(deps)}=${value}; Path=/; Max-Age=${seconds}; HttpOnly; SameSite=Lax${secure}`;
}

function redirect(location: string, cookies: readonly string[] = []): RawAnswer {
  const headers = {
    location,
    'cache-control': 'no-store',
    ...(cookies.length === 0 ? {} : { 'set-cookie': cookies }),
  };
  return new RawAnswer(303, headers, '');
}
