// SSH signatures (the SSHSIG format), verified with the host's own cryptography. Knows keys and bytes, nothing of Git.
import { createHash, createPublicKey, type KeyObject, verify } from 'node:crypto';
import { type AllowedSigner, isInForce } from './allowed-signers.ts';
import { SignatureError } from './errors.ts';
import { unsigned, WireReader, wireString } from './ssh-wire.ts';

const MAGIC = 'SSHSIG';
/** What Git signs under; a signature made for something else proves nothing here. */
const NAMESPACE = 'git';
const MAX_BYTES = 64 * 1024;
const CURVES: Readonly<Record<string, { crv: string; bytes: number; hash: string }>> = {
  nistp256: { crv: 'P-256', bytes: 32, hash: 'sha256' },
  nistp384: { crv: 'P-384', bytes: 48, hash: 'sha384' },
  nistp521: { crv: 'P-521', bytes: 66, hash: 'sha512' },
};

interface SshKey {
  readonly type: string;
  readonly key: KeyObject;
  /** Of a key on a security device. */
  readonly application?: string;
  readonly curve?: (typeof CURVES)[string];
}

/** `SHA256:…` of a public key, as ssh-keygen prints it. */
export function sshFingerprint(key: Buffer): string {
  return `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`;
}

/**
 * Verifies a signature by a key that both the allowed signers and `allowed` name.
 * @param allowed fingerprints (`SHA256:…`) or principals
 * @param now milliseconds
 * @returns principal and fingerprint
 * @throws SignatureError
 */
export function verifySsh(
  payload: Buffer,
  signature: string,
  signers: readonly AllowedSigner[],
  allowed: readonly string[],
  now: number,
): string {
  const { keyBytes, hash, namespace, reserved, blob } = parse(signature);
  const fingerprint = sshFingerprint(keyBytes);
  if (namespace !== NAMESPACE) {
    throw new SignatureError(
      'BAD_SIGNATURE',
      `its SSH signature was made for ${JSON.stringify(namespace.slice(0, 40))}, not for git`,
    );
  }
  const known = signers.filter((signer) => signer.key.equals(keyBytes));
  if (known.length === 0) {
    throw new SignatureError(
      'UNKNOWN_KEY',
      `it is signed with SSH key ${fingerprint}, which is not in argocd-ssh-allowed-signers-cm`,
    );
  }
  const inForce = known.filter((signer) => isInForce(signer, now));
  if (inForce.length === 0) {
    throw new SignatureError(
      'BAD_SIGNATURE',
      `SSH key ${fingerprint} is not allowed to sign for git at this time`,
    );
  }
  const signer = inForce.find(
    ({ principals }) => allowed.includes(fingerprint) || principals.some((name) => allowed.includes(name)),
  );
  if (signer === undefined) {
    throw new SignatureError(
      'UNKNOWN_KEY',
      `it is signed with SSH key ${fingerprint}, which the project does not name`,
    );
  }
  const digest = createHash(hash).update(payload).digest();
  const data = Buffer.concat([
    Buffer.from(MAGIC, 'latin1'),
    wireString(namespace),
    wireString(reserved),
    wireString(hash),
    wireString(digest),
  ]);
  if (!isGood(readKey(keyBytes), data, blob)) {
    throw new SignatureError('BAD_SIGNATURE', `its signature by SSH key ${fingerprint} is not good`);
  }
  return `${signer.principals[0] ?? ''} ${fingerprint}`.trim();
}

function parse(signature: string) {
  const base64 = signature.split('\n').slice(1, -1).join('');
  const bytes = Buffer.from(base64, 'base64');
  if (bytes.length > MAX_BYTES) throw new SignatureError('MALFORMED', 'its SSH signature is too long');
  const reader = new WireReader(bytes);
  if (reader.literal(MAGIC.length).toString('latin1') !== MAGIC || reader.uint32() !== 1) {
    throw new SignatureError('MALFORMED', 'its SSH signature has an unknown form');
  }
  const keyBytes = reader.bytes();
  const namespace = reader.text();
  const reserved = reader.bytes();
  const hash = reader.text();
  const blob = reader.bytes();
  reader.end();
  if (hash !== 'sha256' && hash !== 'sha512') {
    throw new SignatureError('MALFORMED', `its SSH signature uses hash ${JSON.stringify(hash.slice(0, 20))}`);
  }
  return { keyBytes, namespace, reserved, hash, blob };
}

function readKey(bytes: Buffer): SshKey {
  const reader = new WireReader(bytes);
  const type = reader.text();
  switch (type) {
    case 'ssh-ed25519':
    case 'sk-ssh-ed25519@openssh.com': {
      const x = reader.bytes().toString('base64url');
      const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
      return type === 'ssh-ed25519' ? { type, key } : { type, key, application: reader.text() };
    }
    case 'ecdsa-sha2-nistp256':
    case 'ecdsa-sha2-nistp384':
    case 'ecdsa-sha2-nistp521':
    case 'sk-ecdsa-sha2-nistp256@openssh.com': {
      const curve = CURVES[reader.text()];
      const point = reader.bytes();
      if (curve === undefined || point[0] !== 4 || point.length !== 1 + 2 * curve.bytes) {
        throw new SignatureError('MALFORMED', 'its SSH key is no point of a known curve');
      }
      const x = point.subarray(1, 1 + curve.bytes).toString('base64url');
      const y = point.subarray(1 + curve.bytes).toString('base64url');
      const key = createPublicKey({ key: { kty: 'EC', crv: curve.crv, x, y }, format: 'jwk' });
      return type.startsWith('sk-') ? { type, key, curve, application: reader.text() } : { type, key, curve };
    }
    case 'ssh-rsa': {
      const e = reader.bytes().toString('base64url');
      const n = reader.bytes();
      if (n.length < 256) throw new SignatureError('BAD_SIGNATURE', 'its RSA key has less than 2048 bits');
      return {
        type,
        key: createPublicKey({ key: { kty: 'RSA', e, n: n.toString('base64url') }, format: 'jwk' }),
      };
    }
    default:
      throw new SignatureError(
        'MALFORMED',
        `SSH keys of type ${JSON.stringify(type.slice(0, 60))} are not supported`,
      );
  }
}

function isGood({ type, key, application, curve }: SshKey, data: Buffer, blob: Buffer): boolean {
  const reader = new WireReader(blob);
  const algorithm = reader.text();
  const value = reader.bytes();
  const signed = application === undefined ? data : deviceData(application, data, reader);
  reader.end();
  if (type === 'ssh-rsa') {
    // SHA-1 (`ssh-rsa`) has no place in a signature any more.
    const hash = { 'rsa-sha2-256': 'sha256', 'rsa-sha2-512': 'sha512' }[algorithm];
    return hash !== undefined && verify(hash, signed, key, value);
  }
  if (algorithm !== type) return false;
  if (curve === undefined) return verify(null, signed, key, value);
  const numbers = new WireReader(value);
  const raw = [unsigned(numbers.bytes(), curve.bytes), unsigned(numbers.bytes(), curve.bytes)];
  numbers.end();
  return verify(curve.hash, signed, { key, dsaEncoding: 'ieee-p1363' }, Buffer.concat(raw));
}

/** What a security device signs instead of the data; somebody must have touched it. */
function deviceData(application: string, data: Buffer, reader: WireReader): Buffer {
  const flags = reader.byte();
  const counter = reader.literal(4);
  if ((flags & 1) === 0) throw new SignatureError('BAD_SIGNATURE', 'nobody touched the security device');
  const hash = (value: string | Buffer): Buffer => createHash('sha256').update(value).digest();
  return Buffer.concat([hash(application), Buffer.from([flags]), counter, hash(data)]);
}
