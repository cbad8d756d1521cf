// Tokens that nobody issued, in every way that fooled a product somewhere: by header, for whatever claims they carry.
import { createHmac, generateKeyPairSync } from 'node:crypto';
import { exportJWK, SignJWT } from 'jose';

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

function hmac(header: object, claims: object, key: string): string {
  const text = `${encode(header)}.${encode(claims)}`;
  return `${text}.${createHmac('sha256', key).update(text).digest('base64url')}`;
}

/**
 * Tokens with `claims` by what is wrong with them.
 * @param publicKey PEM or JSON of the key that the real issuer signs with, '' when it signs with a secret
 */
export async function forgedTokens(
  claims: Readonly<Record<string, unknown>>,
  publicKey = '',
): Promise<Record<string, string>> {
  const { privateKey, publicKey: own } = generateKeyPairSync('rsa', { modulusLength: 2_048 });
  const signed = (header: object): Promise<string> =>
    new SignJWT({ ...claims }).setProtectedHeader({ alg: 'RS256', ...header }).sign(privateKey);
  const jwk = await exportJWK(own);
  const evil = 'http://127.0.0.1:9/keys';
  return {
    'alg none': `${encode({ alg: 'none' })}.${encode(claims)}.`,
    'alg None': `${encode({ alg: 'None', typ: 'JWT' })}.${encode(claims)}.`,
    'alg NONE with a signature': hmac({ alg: 'NONE' }, claims, 'x'),
    'no alg': `${encode({ typ: 'JWT' })}.${encode(claims)}.`,
    'an alg nobody knows': hmac({ alg: 'XX256' }, claims, ''),
    'HS256 with an empty key': hmac({ alg: 'HS256' }, claims, ''),
    'HS256 with the public key': hmac({ alg: 'HS256' }, claims, publicKey),
    'kid as a path': hmac({ alg: 'HS256', kid: '../../../../dev/null' }, claims, ''),
    'another key': await signed({}),
    'its own key': await signed({ jwk }),
    'keys elsewhere': await signed({ jku: evil, kid: 'x' }),
    'a certificate elsewhere': await signed({ x5u: evil }),
    'a critical extension': hmac({ alg: 'HS256', crit: ['x'], x: 1 }, claims, publicKey),
    'an unencoded payload': hmac({ alg: 'HS256', b64: false, crit: ['b64'] }, claims, ''),
    'claims only': encode(claims),
    'five parts': `${encode({ alg: 'dir', enc: 'A256GCM' })}.${encode(claims)}.x.x.x`,
  };
}
