// Finds out who makes a request: a bearer token or the session cookie, nothing else. Never trusts what it cannot verify.
import type { IncomingHttpHeaders } from 'node:http';
import { ApiError } from '../errors.ts';
import type { Caller, SessionTokens } from './session-tokens.ts';

export const SESSION_COOKIE = 'argocd.token';

export interface Credentials {
  readonly token: string | undefined;
  readonly from: 'bearer' | 'cookie' | 'none';
}

const ANONYMOUS: Caller = { name: 'anonymous', kind: 'anonymous', groups: [] };

/** The token of a request. A bearer token counts before the cookie. */
export function credentialsOf(headers: IncomingHttpHeaders): Credentials {
  const { authorization, cookie } = headers;
  if (authorization !== undefined) {
    const token = /^Bearer +(\S+)$/i.exec(authorization.trim())?.[1];
    // A header we cannot read is a failed attempt, not an anonymous request.
    return { token: token ?? '', from: 'bearer' };
  }
  const token = cookie === undefined ? undefined : cookieValue(cookie, SESSION_COOKIE);
  return token === undefined || token === '' ? { token: undefined, from: 'none' } : { token, from: 'cookie' };
}

/**
 * The caller, or undefined when the request shows no credentials. Rejects with `Unauthenticated` when it shows some
 * that do not hold. Without authentication a left-over cookie is ignored, but a wrong bearer token is still refused.
 */
export async function authenticate(
  tokens: SessionTokens,
  auth: 'on' | 'off',
  { token, from }: Credentials,
): Promise<Caller | undefined> {
  if (auth === 'off' && from !== 'bearer') return ANONYMOUS;
  return token === undefined ? undefined : await tokens.verify(token);
}

/** Refuses requests that another site made a browser send: CORS is never granted, so only those can be cross-site. */
export function refuseForeignOrigin(headers: IncomingHttpHeaders): void {
  const { origin, host } = headers;
  const site = headers['sec-fetch-site'];
  if (typeof site === 'string' && site !== 'same-origin' && site !== 'none') throw foreign();
  if (origin === undefined) return;
  if (!URL.canParse(origin) || new URL(origin).host !== host) throw foreign();
}

function foreign(): ApiError {
  return new ApiError('PermissionDenied', 'Refused: the request comes from a page of another site');
}

function cookieValue(header: string, name: string): string | undefined {
  for (const part of header.split(';')) {
    const at = part.indexOf('=');
    if (at > 0 && part.slice(0, at).trim() === name) return part.slice(at + 1).trim();
  }
  return undefined;
}
