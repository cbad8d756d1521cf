// Finds out who makes a request: a bearer token or the session cookie, nothing else. Never trusts what it cannot verify.
import type { IncomingHttpHeaders } from 'node:http';
import { ApiError } from '../errors.ts';
import type { Caller, SessionTokens } from './session-tokens.ts';

const SESSION_COOKIE = 'argocd.token';

export interface Credentials {
  readonly token: string | undefined;
  readonly from: 'bearer' | 'cookie' | 'none';
}

const nobody = { groups: [], identity: { subject: '', groups: [], origin: 'guest' }, issuer: '' } as const;
const ANONYMOUS: Caller = { name: 'anonymous', kind: 'anonymous', ...nobody };
/** Nobody in particular, where guests are let in: has what the default role has. */
export const GUEST: Caller = { name: 'guest', kind: 'guest', ...nobody };
/** Browsers take this name only over TLS, for the whole site and from nobody else. */
const SECURE_COOKIE = `__Host-${SESSION_COOKIE}`;
/** A cookie holds 4 KiB; a session with many groups is cut into pieces `name`, `name-1`, … */
const COOKIE_CHARS = 3_800;
const MAX_PIECES = 4;

/**
 * The token of a request. A bearer token counts before the cookie.
 * @param isSecure only the cookie that no other site of the domain can have set is read
 */
export function credentialsOf(headers: IncomingHttpHeaders, isSecure = false): Credentials {
  const { authorization, cookie } = headers;
  if (authorization !== undefined) {
    const token = /^Bearer +(\S+)$/i.exec(authorization.trim())?.[1];
    // A header we cannot read is a failed attempt, not an anonymous request.
    return { token: token ?? '', from: 'bearer' };
  }
  const token = cookie === undefined ? undefined : sessionCookie(cookie, isSecure);
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

/**
 * Refuses requests that another site made a browser send: CORS is never granted, so only those can be cross-site. What
 * comes with a cookie must show in one way or another that a page of ours sent it; every browser says so.
 */
export function refuseForeignOrigin(headers: IncomingHttpHeaders, isByCookie: boolean): void {
  const { origin, referer, host } = headers;
  const site = headers['sec-fetch-site'];
  if (typeof site === 'string' && site !== 'same-origin' && site !== 'none') throw foreign();
  const sender = origin ?? referer;
  if (sender === undefined) {
    if (isByCookie && site !== 'same-origin') throw foreign();
  } else if (!URL.canParse(sender) || new URL(sender).host !== host) throw foreign();
}

function foreign(): ApiError {
  return new ApiError('PermissionDenied', 'Refused: the request comes from a page of another site');
}

function sessionCookie(header: string, isSecure: boolean): string | undefined {
  for (const name of isSecure ? [SECURE_COOKIE] : [SECURE_COOKIE, SESSION_COOKIE]) {
    let token = cookieValue(header, name);
    if (token === undefined || token === '') continue;
    for (let piece = 1; piece < MAX_PIECES; piece += 1)
      token += cookieValue(header, `${name}-${piece}`) ?? '';
    return token;
  }
  return undefined;
}

/** The headers that keep a session in the browser; with '' those that remove it. */
export function sessionCookies(isSecure: boolean, token: string, maxAgeSeconds: number): string[] {
  const name = isSecure ? SECURE_COOKIE : SESSION_COOKIE;
  const flags = `HttpOnly; SameSite=Lax${isSecure ? '; Secure' : ''}`;
  const cookies = [`${name}=${token.slice(0, COOKIE_CHARS)}; Path=/; Max-Age=${maxAgeSeconds}; ${flags}`];
  for (let piece = 1; piece < MAX_PIECES; piece += 1) {
    const value = token.slice(piece * COOKIE_CHARS, (piece + 1) * COOKIE_CHARS);
    // A shorter session must not be continued by the rest of a longer one before it.
    if (value === '') cookies.push(`${name}-${piece}=; Path=/; Max-Age=0; ${flags}`);
    else cookies.push(`${name}-${piece}=${value}; Path=/; Max-Age=${maxAgeSeconds}; ${flags}`);
  }
  return cookies;
}

export function cookieValue(header: string, name: string): string | undefined {
  for (const part of header.split(';')) {
    const at = part.indexOf('=');
    if (at > 0 && part.slice(0, at).trim() === name) return part.slice(at + 1).trim();
  }
  return undefined;
}
