// Bearer tokens: the administrator's fixed one and signed tokens of service accounts (JWT, ES256). Verifies the
// signature, times and audience; whether the account still exists is the caller's question.
import { createPublicKey, type KeyObject, sign, verify } from 'node:crypto';
import { isRecord, sha256 } from '../../lib/index.ts';

export const ISSUER = 'https://kubernetes.default.svc.cluster.local';
export const DEFAULT_AUDIENCES: readonly string[] = [ISSUER];

export interface BoundObject {
  readonly name: string;
  readonly uid: string;
}

/** What a service-account token says. */
export interface TokenClaims {
  readonly namespace: string;
  readonly account: BoundObject;
  readonly pod?: BoundObject;
  readonly secret?: BoundObject;
  readonly audiences: readonly string[];
  readonly issuedAtSeconds: number;
  /** Undefined for tokens kept in Secrets, which do not expire. */
  readonly expiresAtSeconds?: number;
  readonly id?: string;
}

const HEADER_TYPE = { alg: 'ES256' };

export class TokenIssuer {
  readonly #privateKey: KeyObject;
  readonly #publicKey: KeyObject;
  readonly keyId: string;

  constructor(privateKey: KeyObject) {
    this.#privateKey = privateKey;
    this.#publicKey = createPublicKey(privateKey);
    this.keyId = sha256(this.#publicKey.export({ type: 'spki', format: 'der' })).slice(0, 16);
  }

  issue(claims: TokenClaims): string {
    const { namespace, account, pod, secret } = claims;
    const payload = {
      aud: claims.audiences,
      ...(claims.expiresAtSeconds === undefined ? {} : { exp: claims.expiresAtSeconds }),
      iat: claims.issuedAtSeconds,
      iss: ISSUER,
      ...(claims.id === undefined ? {} : { jti: claims.id }),
      'kubernetes.io': {
        namespace,
        ...(pod === undefined ? {} : { pod }),
        ...(secret === undefined ? {} : { secret }),
        serviceaccount: account,
      },
      nbf: claims.issuedAtSeconds,
      sub: `system:serviceaccount:${namespace}:${account.name}`,
    };
    const text = `${encode({ ...HEADER_TYPE, kid: this.keyId })}.${encode(payload)}`;
    const signature = sign('sha256', Buffer.from(text), { key: this.#privateKey, dsaEncoding: 'ieee-p1363' });
    return `${text}.${signature.toString('base64url')}`;
  }

  /** @returns the claims of a token signed here, whatever its times and audience; undefined for any other text. */
  read(token: string): TokenClaims | undefined {
    const [header = '', payload = '', signature = '', more] = token.split('.');
    if (signature === '' || more !== undefined) return undefined;
    const key = { key: this.#publicKey, dsaEncoding: 'ieee-p1363' } as const;
    const text = Buffer.from(`${header}.${payload}`);
    if (!verify('sha256', text, key, Buffer.from(signature, 'base64url'))) return undefined;
    return claimsOf(decode(payload));
  }

  /** The public key as a JSON Web Key Set, as /openid/v1/jwks answers. */
  keySet(): Record<string, unknown> {
    const key = this.#publicKey.export({ format: 'jwk' });
    return { keys: [{ use: 'sig', kid: this.keyId, alg: 'ES256', ...key }] };
  }
}

function encode(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

function decode(text: string): unknown {
  try {
    return JSON.parse(Buffer.from(text, 'base64url').toString('utf8'));
  } catch {
    return undefined;
  }
}

function claimsOf(payload: unknown): TokenClaims | undefined {
  if (!isRecord(payload) || payload['iss'] !== ISSUER || !isRecord(payload['kubernetes.io']))
    return undefined;
  const { namespace, serviceaccount, pod, secret } = payload['kubernetes.io'];
  const account = boundObject(serviceaccount);
  if (typeof namespace !== 'string' || account === undefined) return undefined;
  const boundPod = boundObject(pod);
  const boundSecret = boundObject(secret);
  return {
    namespace,
    account,
    audiences: Array.isArray(payload['aud']) ? payload['aud'].map(String) : [],
    issuedAtSeconds: Number(payload['iat'] ?? 0),
    ...(boundPod === undefined ? {} : { pod: boundPod }),
    ...(boundSecret === undefined ? {} : { secret: boundSecret }),
    ...(typeof payload['exp'] === 'number' ? { expiresAtSeconds: payload['exp'] } : {}),
    ...(typeof payload['jti'] === 'string' ? { id: payload['jti'] } : {}),
  };
}

function boundObject(value: unknown): BoundObject | undefined {
  if (!isRecord(value) || typeof value['name'] !== 'string' || typeof value['uid'] !== 'string')
    return undefined;
  return { name: value['name'], uid: value['uid'] };
}
