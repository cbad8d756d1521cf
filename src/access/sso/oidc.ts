// OpenID Connect: authorization code with PKCE, ID tokens verified to the letter, groups from the token or the user
// info. Also Google, Microsoft Entra, GitLab, Okta and Keycloak, which speak it.
import { createHash } from 'node:crypto';
import { createLocalJWKSet, decodeJwt, errors, type JSONWebKeySet, type JWTPayload, jwtVerify } from 'jose';
import { type Clock, isRecord } from '../../lib/index.ts';
import { SsoError } from './errors.ts';
import type { ProviderFetch } from './provider-fetch.ts';
import type { Answer, Attempt, ExternalUser, RedirectConnector, VerifiedToken } from './types.ts';

/** Signatures with a key pair only: with HMAC, whoever knows a public key could sign. */
const ALGORITHMS = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA'];
const SKEW_SECONDS = 60;
const KEYS_MS = 3_600_000;
/** A key we do not know makes us look again, but not for everybody who sends one. */
const KEYS_RETRY_MS = 30_000;
const MAX_GROUPS = 2_000;

export interface OidcOptions {
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret?: string | undefined;
  readonly scopes: readonly string[];
  /** Claims to ask for, as OpenID Connect's `claims` parameter has them. */
  readonly requestedClaims?: unknown;
  readonly extraParameters?: Readonly<Record<string, string>>;
  readonly usePkce: boolean;
  /** Members of the token that are taken as groups. */
  readonly groupClaims: readonly string[];
  readonly emailClaim?: string | undefined;
  readonly nameClaim?: string | undefined;
  readonly subjectClaim?: string | undefined;
  /** Ask the user info endpoint and take groups from there, too. */
  readonly getUserInfo: boolean;
  readonly userInfoPath?: string | undefined;
  /** Further audiences whose tokens are accepted as bearer tokens. */
  readonly audiences: readonly string[];
  /** Domains (`hd`) of which one is required; Google. */
  readonly hostedDomains?: readonly string[];
  /** Groups of which one is required. */
  readonly allowedGroups?: readonly string[];
  readonly skipEmailVerified?: boolean | undefined;
}

export interface OidcDeps {
  readonly fetch: ProviderFetch;
  readonly clock: Clock;
}

interface Endpoints {
  readonly issuer: string;
  readonly authorize: string;
  readonly token: string;
  readonly keys: string;
  readonly userInfo?: string;
}

export function oidcConnector(deps: OidcDeps, options: OidcOptions): RedirectConnector {
  const provider = new Provider(deps, options.issuer);
  return {
    kind: 'redirect',
    async begin(attempt) {
      const url = new URL((await provider.endpoints()).authorize);
      for (const [name, value] of Object.entries(authorizeParameters(options, attempt)))
        url.searchParams.set(name, value);
      return url.href;
    },
    async finish(attempt, answer) {
      const tokens = await exchange(deps, options, await provider.endpoints(), attempt, answer);
      const claims = await provider.verified(tokens.idToken, options.clientId, [options.clientId]);
      if (claims.nonce !== attempt.nonce) throw invalid('the ID token answers another request');
      return await userOf(deps, options, await provider.endpoints(), claims, tokens.accessToken);
    },
    async verifyBearer(token): Promise<VerifiedToken | undefined> {
      if (unverifiedIssuer(token) !== options.issuer) return undefined;
      const claims = await provider.verified(token, options.clientId, [
        options.clientId,
        ...options.audiences,
      ]);
      const { sub = '', iat = 0, exp = 0, jti } = claims;
      const user = await userOf(
        deps,
        { ...options, getUserInfo: false },
        await provider.endpoints(),
        claims,
        undefined,
      );
      const id = jti ?? createHash('sha256').update(token).digest('hex');
      return {
        user,
        id: `${sub}/${id}`,
        issuer: options.issuer,
        issuedAt: iat * 1000,
        expiresAt: exp * 1000,
      };
    },
  };
}

/** What the provider says about itself and its keys, remembered for an hour. */
class Provider {
  readonly #deps: OidcDeps;
  readonly #issuer: string;
  #endpoints: { readonly value: Promise<Endpoints>; readonly until: number } | undefined;
  #keys: { readonly value: JSONWebKeySet; readonly at: number } | undefined;

  constructor(deps: OidcDeps, issuer: string) {
    this.#deps = deps;
    this.#issuer = issuer;
  }

  async endpoints(): Promise<Endpoints> {
    const now = this.#deps.clock.monotonic();
    if (this.#endpoints === undefined || this.#endpoints.until < now) {
      const value = this.#discover();
      this.#endpoints = { value, until: now + KEYS_MS };
      value.catch(() => {
        this.#endpoints = undefined;
      });
    }
    return await this.#endpoints.value;
  }

  async #discover(): Promise<Endpoints> {
    const url = `${this.#issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
    const { status, body } = await this.#deps.fetch(url);
    const text = (name: string): string =>
      isRecord(body) && typeof body[name] === 'string' ? body[name] : '';
    if (status !== 200 || text('authorization_endpoint') === '' || text('token_endpoint') === '') {
      throw new SsoError(
        'SSO_UNREACHABLE',
        `The provider ${this.#issuer} answers no OpenID configuration (${status})`,
      );
    }
    // A configuration of another issuer would let that one sign for this one.
    if (text('issuer') !== this.#issuer) {
      throw new SsoError(
        'SSO_CONFIG',
        `The provider calls itself "${text('issuer').slice(0, 200)}", the configuration says "${this.#issuer}"; make them equal`,
      );
    }
    return {
      issuer: this.#issuer,
      authorize: text('authorization_endpoint'),
      token: text('token_endpoint'),
      keys: text('jwks_uri'),
      ...(text('userinfo_endpoint') === '' ? {} : { userInfo: text('userinfo_endpoint') }),
    };
  }

  async #keySet(isAgain: boolean): Promise<JSONWebKeySet> {
    const now = this.#deps.clock.monotonic();
    const age = this.#keys === undefined ? Number.POSITIVE_INFINITY : now - this.#keys.at;
    if (this.#keys !== undefined && age < (isAgain ? KEYS_RETRY_MS : KEYS_MS)) return this.#keys.value;
    const { status, body } = await this.#deps.fetch((await this.endpoints()).keys);
    if (status !== 200 || !isRecord(body) || !Array.isArray(body['keys']))
      throw new SsoError('SSO_UNREACHABLE', `The provider ${this.#issuer} answers no keys (${status})`);
    const value = { keys: body['keys'] } as JSONWebKeySet;
    this.#keys = { value, at: now };
    return value;
  }

  /** The claims of a token that this provider signed for exactly one of `audiences`. */
  async verified(token: string, clientId: string, audiences: readonly string[]): Promise<JWTPayload> {
    const check = async (isAgain: boolean): Promise<JWTPayload> => {
      const { payload, protectedHeader } = await jwtVerify(
        token,
        createLocalJWKSet(await this.#keySet(isAgain)),
        {
          algorithms: ALGORITHMS,
          issuer: this.#issuer,
          audience: [...audiences],
          requiredClaims: ['sub', 'iat', 'exp', 'aud'],
          clockTolerance: SKEW_SECONDS,
          currentDate: new Date(this.#deps.clock.now()),
        },
      );
      if (
        !isUsable(
          protectedHeader.typ,
          payload,
          audiences.filter((name) => name !== clientId),
        )
      )
        throw invalid('the token is no ID token');
      return payload;
    };
    try {
      const payload = await check(false).catch((error: unknown) => {
        if (error instanceof errors.JWKSNoMatchingKey) return check(true);
        throw error;
      });
      const { aud, azp, iat = 0 } = payload;
      // With several audiences the token must say that it was made for us.
      if (Array.isArray(aud) && aud.length > 1 && azp !== clientId)
        throw invalid('the token was made for another client');
      if (iat * 1000 > this.#deps.clock.now() + SKEW_SECONDS * 1000)
        throw invalid('the token comes from the future');
      return payload;
    } catch (error) {
      if (error instanceof SsoError) throw error;
      if (error instanceof errors.JOSEError || error instanceof TypeError)
        throw invalid('its signature, issuer, audience or times are wrong', error);
      throw error;
    }
  }
}

function authorizeParameters(options: OidcOptions, attempt: Attempt): Record<string, string> {
  const { clientId, scopes, requestedClaims, usePkce, extraParameters, hostedDomains = [] } = options;
  const challenge = createHash('sha256').update(attempt.verifier).digest('base64url');
  return {
    ...extraParameters,
    response_type: 'code',
    client_id: clientId,
    redirect_uri: attempt.redirectUri,
    scope: scopes.join(' '),
    state: attempt.state,
    nonce: attempt.nonce,
    ...(usePkce ? { code_challenge: challenge, code_challenge_method: 'S256' } : {}),
    ...(requestedClaims === undefined ? {} : { claims: JSON.stringify({ id_token: requestedClaims }) }),
    ...(hostedDomains.length === 1 ? { hd: hostedDomains[0] ?? '' } : {}),
  };
}

async function exchange(
  { fetch }: OidcDeps,
  { clientId, clientSecret, usePkce }: OidcOptions,
  endpoints: Endpoints,
  attempt: Attempt,
  answer: Answer,
): Promise<{ idToken: string; accessToken: string | undefined }> {
  requireCode(answer, attempt);
  if (answer['iss'] !== undefined && answer['iss'] !== endpoints.issuer)
    throw invalid('another provider answered');
  const form = new URLSearchParams({
    grant_type: 'authorization_code',
    code: answer['code'] ?? '',
    redirect_uri: attempt.redirectUri,
    client_id: clientId,
    ...(usePkce ? { code_verifier: attempt.verifier } : {}),
  });
  const headers: Record<string, string> = { 'content-type': 'application/x-www-form-urlencoded' };
  if (clientSecret !== undefined && clientSecret !== '') {
    const pair = `${encodeURIComponent(clientId)}:${encodeURIComponent(clientSecret)}`;
    headers['authorization'] = `Basic ${Buffer.from(pair).toString('base64')}`;
  }
  const { status, body } = await fetch(endpoints.token, { method: 'POST', headers, body: form.toString() });
  if (status !== 200 || !isRecord(body) || typeof body['id_token'] !== 'string') {
    const seen =
      isRecord(body) && typeof body['error'] === 'string' ? body['error'].slice(0, 80) : String(status);
    throw new SsoError('SSO_REFUSED', `The provider gives no token for the code: ${seen}`);
  }
  const accessToken = typeof body['access_token'] === 'string' ? body['access_token'] : undefined;
  return { idToken: body['id_token'], accessToken };
}

/** The provider's answer has a code and is the answer to this attempt. */
export function requireCode(answer: Answer, attempt: Attempt): void {
  if (answer['error'] !== undefined)
    throw new SsoError('SSO_REFUSED', `The provider refuses: ${answer['error'].slice(0, 80)}`);
  if (answer['state'] !== attempt.state) throw invalid('it answers another attempt');
  if (answer['code'] === undefined || answer['code'] === '') throw invalid('it has no code');
}

async function userOf(
  { fetch }: OidcDeps,
  options: OidcOptions,
  endpoints: Endpoints,
  claims: JWTPayload,
  accessToken: string | undefined,
): Promise<Omit<ExternalUser, 'connector'>> {
  let all: Record<string, unknown> = claims;
  const userInfo =
    options.userInfoPath === undefined
      ? endpoints.userInfo
      : new URL(options.userInfoPath, options.issuer).href;
  if (options.getUserInfo && userInfo !== undefined && accessToken !== undefined) {
    const { status, body } = await fetch(userInfo, { headers: { authorization: `Bearer ${accessToken}` } });
    if (status !== 200 || !isRecord(body))
      throw new SsoError('SSO_UNREACHABLE', `The provider answers no user info (${status})`);
    if (body['sub'] !== claims.sub) throw invalid('the user info is about somebody else');
    all = { ...body, ...claims, ...groupsOnly(options.groupClaims, body, claims) };
  }
  const text = (name: string): string => (typeof all[name] === 'string' ? all[name] : '');
  const { hostedDomains = [], allowedGroups = [] } = options;
  if (hostedDomains.length > 0 && !hostedDomains.includes(text('hd')))
    throw new SsoError('SSO_REFUSED', 'The account belongs to no domain that may sign in');
  const emailClaim = options.emailClaim ?? 'email';
  const isVerified = all['email_verified'] === true || options.skipEmailVerified === true;
  const groups = options.groupClaims
    // An address that anybody could have typed in must not be a name that policies give rights to.
    .filter((name) => name !== emailClaim || isVerified)
    .flatMap((name) => groupNames(all[name]))
    .slice(0, MAX_GROUPS);
  if (allowedGroups.length > 0 && !groups.some((group) => allowedGroups.includes(group)))
    throw new SsoError('SSO_REFUSED', 'The account is in no group that may sign in');
  const subject = text(options.subjectClaim ?? 'sub');
  if (subject === '') throw invalid('it names nobody');
  const email = text(emailClaim);
  return {
    subject,
    name: text(options.nameClaim ?? 'name') || text('preferred_username') || subject,
    ...(email !== '' && isVerified ? { email } : {}),
    groups,
  };
}

function groupsOnly(names: readonly string[], ...from: Record<string, unknown>[]): Record<string, unknown> {
  return Object.fromEntries(
    names.map((name) => [name, [...new Set(from.flatMap((item) => groupNames(item[name])))]]),
  );
}

/** A list of texts, or one text. Anything nested is no group. */
export function groupNames(value: unknown): string[] {
  if (typeof value === 'string') return value === '' ? [] : [value];
  return Array.isArray(value)
    ? value.filter((item): item is string => typeof item === 'string' && item !== '')
    : [];
}

/**
 * Providers sign other tokens with the same key: for signing out, for asking again, for access. Only ID tokens count,
 * and those for access when they were made for an audience that the settings name besides the client.
 */
function isUsable(
  header: string | undefined,
  { aud = [], events, typ }: JWTPayload,
  named: readonly string[],
): boolean {
  // Keycloak says it in a member, others in the header, many nowhere.
  const type = String(typ ?? header ?? 'JWT').toLowerCase();
  if (events !== undefined) return false;
  if (type === 'at+jwt' || type === 'bearer') return [aud].flat().some((name) => named.includes(name));
  return type === 'jwt' || type === 'id';
}

function unverifiedIssuer(token: string): string | undefined {
  try {
    return decodeJwt(token).iss;
  } catch {
    return undefined;
  }
}

function invalid(why: string, cause?: unknown): SsoError {
  return new SsoError('SSO_INVALID', `Cannot accept the provider's answer: ${why}`, { cause });
}
