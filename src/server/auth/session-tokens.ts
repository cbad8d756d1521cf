// Session tokens: HS256 JWTs of issuer `argocd`, each with an id that can be revoked before it expires.
import { errors, jwtVerify, SignJWT } from 'jose';
import { type Clock, type Random, randomName } from '../../lib/index.ts';
import { ApiError } from '../errors.ts';
import type { Accounts } from '../ports.ts';

const ISSUER = 'argocd';
const CAPABILITY = 'login';
export const SESSION_MS = 24 * 3_600_000;
/** Clocks of two machines may differ this much. */
const SKEW_SECONDS = 60;
/** A real token has some 300 characters. */
const MAX_TOKEN_CHARS = 8_192;

/** Who makes a request. */
export interface Caller {
  /** Account name. */
  readonly name: string;
  readonly kind: 'user' | 'anonymous';
  readonly groups: readonly string[];
  /** Id and end (milliseconds since the epoch) of the session, when there is one. */
  readonly session?: { readonly id: string; readonly expiresAt: number };
}

export interface SessionTokens {
  issue(account: string): Promise<{ readonly token: string; readonly expiresAt: number }>;
  /** Rejects with `Unauthenticated` for every token that is not exactly one of ours and still good. */
  verify(token: string): Promise<Caller>;
  /** False once the session is over, revoked, or its account disabled: open streams end then. */
  isLive(caller: Caller): boolean;
}

export interface SessionDeps {
  readonly accounts: Accounts;
  readonly clock: Clock;
  readonly random: Random;
}

export function sessionTokens({ accounts, clock, random }: SessionDeps): SessionTokens {
  const isLive = (caller: Caller): boolean => {
    if (caller.session === undefined) return true;
    const { id, expiresAt } = caller.session;
    return clock.now() < expiresAt && !accounts.isRevoked(id) && accounts.get(caller.name)?.enabled === true;
  };
  return {
    isLive,
    async issue(account) {
      const now = Math.floor(clock.now() / 1000);
      const expires = now + SESSION_MS / 1000;
      const token = await new SignJWT({})
        .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
        .setIssuer(ISSUER)
        .setSubject(`${account}:${CAPABILITY}`)
        .setIssuedAt(now)
        .setNotBefore(now)
        .setExpirationTime(expires)
        .setJti(randomName(random, 32))
        .sign(accounts.signingKey());
      return { token, expiresAt: expires * 1000 };
    },
    async verify(token) {
      const claims = await verifiedClaims(token, accounts.signingKey(), clock.now());
      const [name = '', capability = CAPABILITY] = claims.subject.split(':');
      const account = accounts.get(name);
      const caller: Caller = {
        name,
        kind: 'user',
        groups: [],
        session: { id: claims.id, expiresAt: claims.expiresAt },
      };
      const isOutdated = claims.issuedAt < Math.floor((account?.passwordChangedAt ?? 0) / 1000) * 1000;
      if (account === undefined || capability !== CAPABILITY || isOutdated || !isLive(caller)) {
        throw signInAgain();
      }
      return caller;
    },
  };
}

interface Claims {
  readonly subject: string;
  readonly id: string;
  /** Milliseconds since the epoch. */
  readonly issuedAt: number;
  readonly expiresAt: number;
}

async function verifiedClaims(token: string, key: Uint8Array, now: number): Promise<Claims> {
  if (token.length > MAX_TOKEN_CHARS) throw signInAgain();
  try {
    const { payload } = await jwtVerify(token, key, {
      algorithms: ['HS256'],
      issuer: ISSUER,
      requiredClaims: ['sub', 'iat', 'exp', 'jti'],
      clockTolerance: SKEW_SECONDS,
      currentDate: new Date(now),
    });
    const { sub, jti = '', iat = 0, exp = 0 } = payload;
    if (typeof sub !== 'string' || typeof jti !== 'string') throw new TypeError('a claim is of another type');
    return { subject: sub, id: jti, issuedAt: iat * 1000, expiresAt: exp * 1000 };
  } catch (error) {
    if (error instanceof errors.JOSEError || error instanceof TypeError) throw signInAgain(error);
    throw error;
  }
}

function signInAgain(cause?: unknown): ApiError {
  return new ApiError('Unauthenticated', 'invalid session: the token is not valid or no longer so', {
    cause,
  });
}
