// Tokens we issue: sessions, API keys, tokens of project roles. HS256 JWTs, each with an id that can be revoked before
// it expires. What identity providers sign is verified elsewhere (src/access) and never by this key.
import { createHmac } from 'node:crypto';
import { decodeJwt, errors, type JWTPayload, jwtVerify, SignJWT } from 'jose';
import type { Capability, ExternalUser, Identity } from '../../access/index.ts';
import { type Clock, type Random, randomName } from '../../lib/index.ts';
import { ApiError } from '../errors.ts';
import type { Accounts, SingleSignOn } from '../ports.ts';

const ISSUER = 'argocd';
/** Sessions of people an identity provider vouched for: no such token can name a local account. */
const SSO_ISSUER = 'fairlead-sso';
/** Clocks of two machines may differ this much. */
const SKEW_SECONDS = 60;
/** A token with the groups of a large company stays below; what is larger no header would carry. */
const MAX_TOKEN_CHARS = 12_000;
const PASSWORD_MARK = 'fairlead_pwd';
const MARK_CHARS = 16;

/** Whose word a session rests on; it ends when that is taken back. */
type Holder =
  | {
      readonly kind: 'account';
      readonly name: string;
      readonly capability: Capability;
      /** Tells the password that was signed in with from others; sessions of older versions have none. */
      readonly passwordMark?: string;
    }
  | { readonly kind: 'project'; readonly project: string; readonly role: string }
  | { readonly kind: 'sso'; readonly connector: string };

/** Who makes a request. */
export interface Caller {
  /** Account name, address or subject, for people to read. */
  readonly name: string;
  /** `anonymous`: authentication is off. `guest`: nobody signed in, and guests are let in. */
  readonly kind: 'user' | 'anonymous' | 'guest';
  readonly groups: readonly string[];
  readonly identity: Identity;
  readonly issuer: string;
  /** Id, begin and end (milliseconds since the epoch) of the session, when there is one. */
  readonly session?: {
    readonly id: string;
    readonly issuedAt: number;
    readonly expiresAt: number;
    readonly holder: Holder;
  };
}

export interface IssuedToken {
  readonly token: string;
  readonly id: string;
  /** Unix seconds; `exp` 0: never. */
  readonly iat: number;
  readonly exp: number;
}

export interface SessionTokens {
  /** A session of a local account. @param maxSeconds when it must end sooner than sessions do */
  issue(account: string, maxSeconds?: number): Promise<IssuedToken>;
  /** A session of somebody an identity provider vouched for. Rejects when the groups do not fit a token. */
  issueExternal(user: ExternalUser, maxSeconds?: number): Promise<IssuedToken>;
  /** An API key (`name:apiKey`) or a token of a project role. @param seconds 0: it does not expire */
  issueKey(subject: string, seconds: number, id?: string): Promise<IssuedToken>;
  /** Rejects with `Unauthenticated` for every token that is not exactly one of ours and still good. */
  verify(token: string): Promise<Caller>;
  /** False once the session is over, revoked, or what it rests on taken back: open streams end then. */
  isLive(caller: Caller): boolean;
}

export interface SessionDeps {
  readonly accounts: Accounts;
  readonly sso: SingleSignOn;
  readonly clock: Clock;
  readonly random: Random;
}

export function sessionTokens({ accounts, sso, clock, random }: SessionDeps): SessionTokens {
  const isLive = ({ session }: Caller): boolean => {
    if (session === undefined) return true;
    const isOver = clock.now() >= session.expiresAt || accounts.isRevoked(session.id);
    return !isOver && isBacked(accounts, sso, session);
  };
  const sign = async (claims: JWTPayload, seconds: number, id?: string): Promise<IssuedToken> => {
    const iat = Math.floor(clock.now() / 1000);
    const jti = id ?? randomName(random, 32);
    const jwt = new SignJWT({
      ...claims,
      iat,
      nbf: iat,
      jti,
      ...(seconds > 0 ? { exp: iat + seconds } : {}),
    });
    const token = await jwt.setProtectedHeader({ alg: 'HS256', typ: 'JWT' }).sign(accounts.signingKey());
    return { token, id: jti, iat, exp: seconds > 0 ? iat + seconds : 0 };
  };
  const sessionSeconds = (most = Number.POSITIVE_INFINITY): number =>
    Math.max(1, Math.min(most, Math.max(60, Math.floor(accounts.sessionMs() / 1000))));
  return {
    isLive,
    issue: (account, most) =>
      sign(
        { iss: ISSUER, sub: `${account}:login`, [PASSWORD_MARK]: passwordMark(accounts, account) },
        sessionSeconds(most),
      ),
    async issueExternal({ connector, subject, name, email, groups }, most) {
      const claims = {
        name,
        groups: [...groups],
        federated_claims: { connector_id: connector, user_id: subject },
      };
      const issued = await sign(
        { iss: SSO_ISSUER, sub: subject, ...claims, ...(email === undefined ? {} : { email }) },
        sessionSeconds(most),
      );
      if (issued.token.length <= MAX_TOKEN_CHARS) return issued;
      throw new ApiError(
        'FailedPrecondition',
        `Cannot sign in: the provider named ${groups.length} groups, more than a session can hold; have it send fewer`,
      );
    },
    issueKey: (subject, seconds, id) => sign({ iss: ISSUER, sub: subject }, seconds, id),
    async verify(token) {
      if (token.length > MAX_TOKEN_CHARS) throw signInAgain();
      const issuer = issuerOf(token);
      if (issuer !== ISSUER && issuer !== SSO_ISSUER) return await bearerOfProvider(sso, token);
      const claims = await verifiedClaims(token, issuer, accounts.signingKey(), clock.now());
      const caller = callerOf(claims);
      if (caller === undefined || !isLive(caller)) throw signInAgain();
      return caller;
    },
  };
}

/** What the session rests on still stands. */
function isBacked(
  accounts: Accounts,
  sso: SingleSignOn,
  { id, issuedAt, holder }: NonNullable<Caller['session']>,
): boolean {
  if (holder.kind === 'sso') return sso.connectors().some((connector) => connector.id === holder.connector);
  if (holder.kind === 'project') {
    const tokens = accounts.projectTokens(holder.project, holder.role) ?? [];
    // Tokens made before ids existed are known by the second they were issued in.
    return tokens.some(
      (known) =>
        (known.id === '' ? known.iat * 1000 === issuedAt : known.id === id) && known.iat * 1000 === issuedAt,
    );
  }
  const account = accounts.get(holder.name);
  if (account === undefined || !account.enabled || !account.capabilities.includes(holder.capability))
    return false;
  if (holder.capability === 'apiKey') {
    // The time, too: a token deleted and made again with the same id is another one.
    return account.tokens.some((known) => known.id === id && known.iat * 1000 === issuedAt);
  }
  // Times are in seconds: what began in the second of the change is told apart by the password itself.
  const isOfPassword =
    holder.passwordMark === undefined || holder.passwordMark === passwordMark(accounts, holder.name);
  return isOfPassword && issuedAt >= Math.floor((account.passwordChangedAt ?? 0) / 1000) * 1000;
}

/** Changes with the password, and says nothing of it to who has not our key. */
function passwordMark(accounts: Accounts, name: string): string {
  const hash = accounts.get(name)?.passwordHash ?? '';
  return createHmac('sha256', accounts.signingKey()).update(hash).digest('base64url').slice(0, MARK_CHARS);
}

/** A token that a configured provider signed for one of our audiences (`argocd` CLIs send those). */
async function bearerOfProvider(sso: SingleSignOn, token: string): Promise<Caller> {
  const verified = await sso.verifyBearer(token);
  if (verified === undefined) throw signInAgain();
  const { user, expiresAt, issuedAt, id, issuer } = verified;
  return {
    ...external(user),
    issuer,
    session: { id, issuedAt, expiresAt, holder: { kind: 'sso', connector: user.connector } },
  };
}

function external({ subject, email, name, groups }: Omit<ExternalUser, 'connector'>) {
  const identity: Identity = {
    subject,
    groups: email === undefined ? groups : [...groups, email],
    origin: 'external',
  };
  return { name: email ?? (name || subject), kind: 'user' as const, groups, identity };
}

interface Claims extends JWTPayload {
  readonly sub: string;
  readonly jti: string;
  readonly iat: number;
}

function callerOf(claims: Claims): Caller | undefined {
  const { iss = '', sub, jti: id, iat, exp } = claims;
  const times = {
    id,
    issuedAt: iat * 1000,
    expiresAt: exp === undefined ? Number.POSITIVE_INFINITY : exp * 1000,
  };
  if (iss === SSO_ISSUER) {
    const { groups, name, email, federated_claims: federated } = claims as Record<string, unknown>;
    const connector = (federated as { connector_id?: unknown } | undefined)?.connector_id;
    if (!Array.isArray(groups) || typeof connector !== 'string' || exp === undefined) return undefined;
    const user = {
      subject: sub,
      name: typeof name === 'string' ? name : '',
      groups: groups.map(String),
      ...(typeof email === 'string' ? { email } : {}),
    };
    return { ...external(user), issuer: iss, session: { ...times, holder: { kind: 'sso', connector } } };
  }
  const local = (holder: Holder, subject: string, origin: 'local' | 'project'): Caller => ({
    name: subject,
    kind: 'user',
    groups: [],
    identity: { subject, groups: [], origin },
    issuer: iss,
    session: { ...times, holder },
  });
  const role = /^proj:([^:]+):([^:]+)$/.exec(sub);
  if (role !== null)
    return local({ kind: 'project', project: role[1] ?? '', role: role[2] ?? '' }, sub, 'project');
  const [name = '', capability = 'login'] = sub.split(':');
  // A session ends by itself; only keys may be made to last.
  if (capability !== 'apiKey' && (capability !== 'login' || exp === undefined)) return undefined;
  const mark = claims[PASSWORD_MARK];
  const passwordMark = typeof mark === 'string' ? { passwordMark: mark } : {};
  return local({ kind: 'account', name, capability, ...passwordMark }, name, 'local');
}

function issuerOf(token: string): string | undefined {
  try {
    return decodeJwt(token).iss;
  } catch (error) {
    throw signInAgain(error);
  }
}

async function verifiedClaims(token: string, issuer: string, key: Uint8Array, now: number): Promise<Claims> {
  try {
    const { payload } = await jwtVerify(token, key, {
      algorithms: ['HS256'],
      issuer,
      requiredClaims: ['sub', 'iat', 'jti'],
      clockTolerance: SKEW_SECONDS,
      currentDate: new Date(now),
    });
    const { sub, jti, iat } = payload;
    if (typeof sub !== 'string' || typeof jti !== 'string' || typeof iat !== 'number')
      throw new TypeError('a claim is of another type');
    return { ...payload, sub, jti, iat };
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
