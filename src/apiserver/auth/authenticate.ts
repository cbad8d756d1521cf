// Who sent a request: the administrator, a service account, or nobody (system:anonymous). A token that is presented
// but not good is refused, never taken for nobody.
import { timingSafeEqual } from 'node:crypto';
import { sha256 } from '../../lib/index.ts';
import type { Core, User } from '../core.ts';
import { ApiError } from '../errors.ts';
import { ISSUER, type TokenClaims, type TokenIssuer } from './tokens.ts';

export const ADMIN: User = {
  name: 'kubernetes-admin',
  groups: ['system:masters', 'system:authenticated'],
};
const ANONYMOUS: User = { name: 'system:anonymous', groups: ['system:unauthenticated'] };
/** The server's own controllers. */
export const SYSTEM: User = { name: 'system:apiserver', groups: ['system:masters', 'system:authenticated'] };

/** Verified signatures kept, so that a token costs one verification. */
const CACHED_TOKENS = 1_000;

export class Authenticator {
  readonly #core: Core;
  readonly #issuer: TokenIssuer;
  readonly #adminDigest: Buffer;
  readonly #claims = new Map<string, TokenClaims>();

  constructor(core: Core, issuer: TokenIssuer, adminToken: string) {
    this.#core = core;
    this.#issuer = issuer;
    this.#adminDigest = Buffer.from(sha256(adminToken), 'hex');
  }

  /** @throws ApiError 401 for a token that is not good */
  authenticate(authorization: string | undefined): User {
    if (authorization === undefined || authorization === '') return ANONYMOUS;
    const match = /^Bearer\s+(\S+)$/i.exec(authorization);
    if (match === null) throw unauthorized();
    const token = match[1] ?? '';
    return this.reviewToken(token, [ISSUER])?.user ?? refuse();
  }

  /** @returns the user of a good token and the audiences it and the question share; undefined for a bad one. */
  reviewToken(
    token: string,
    audiences: readonly string[],
  ): { user: User; audiences: readonly string[] } | undefined {
    // Digests have one length, so that the comparison takes the same time for any text.
    if (timingSafeEqual(Buffer.from(sha256(token), 'hex'), this.#adminDigest))
      return { user: ADMIN, audiences };
    const claims = this.#read(token);
    if (claims === undefined) return undefined;
    const shared = audiences.filter((audience) => claims.audiences.includes(audience));
    const nowSeconds = this.#core.clock.now() / 1000;
    if (shared.length === 0 || (claims.expiresAtSeconds ?? Number.POSITIVE_INFINITY) < nowSeconds)
      return undefined;
    return this.#stillBound(claims) ? { user: userOf(claims), audiences: shared } : undefined;
  }

  #read(token: string): TokenClaims | undefined {
    const known = this.#claims.get(token);
    if (known !== undefined) return known;
    const claims = this.#issuer.read(token);
    if (claims === undefined) return undefined;
    if (this.#claims.size >= CACHED_TOKENS) this.#claims.clear();
    this.#claims.set(token, claims);
    return claims;
  }

  // The account, and the pod or Secret a token is bound to, must still be the same objects.
  #stillBound({ namespace, account, pod, secret }: TokenClaims): boolean {
    const { store } = this.#core;
    const uidIn = (type: string, name: string): string | undefined => {
      const metadata = store.collection(type).get(namespace, name)?.object.metadata;
      return metadata?.uid;
    };
    if (uidIn('serviceaccounts', account.name) !== account.uid) return false;
    if (pod !== undefined && uidIn('pods', pod.name) !== pod.uid) return false;
    return secret === undefined || uidIn('secrets', secret.name) === secret.uid;
  }
}

function userOf({ namespace, account, pod, id }: TokenClaims): User {
  const extra: Record<string, string[]> = {};
  if (id !== undefined) extra['authentication.kubernetes.io/credential-id'] = [`JTI=${id}`];
  if (pod !== undefined) {
    extra['authentication.kubernetes.io/pod-name'] = [pod.name];
    extra['authentication.kubernetes.io/pod-uid'] = [pod.uid];
  }
  return {
    name: `system:serviceaccount:${namespace}:${account.name}`,
    uid: account.uid,
    groups: ['system:serviceaccounts', `system:serviceaccounts:${namespace}`, 'system:authenticated'],
    extra,
  };
}

function unauthorized(): ApiError {
  return new ApiError(401, 'Unauthorized', 'Unauthorized');
}

function refuse(): never {
  throw unauthorized();
}
