// OpenPGP signatures, verified in this process. Knows keys and bytes, nothing of Git or projects.
import type { PublicKey } from 'openpgp';
import { messageOf } from '../../lib/index.ts';
import { SignatureError } from './errors.ts';

/** An armoured public key under the id it is listed by. */
export interface PgpKey {
  readonly id: string;
  readonly armored: string;
}

/** 16 digits are what people write; less could be anybody's. */
const KEY_ID = /^(?:[0-9A-F]{16}|[0-9A-F]{40}|[0-9A-F]{64})$/;

/**
 * Verifies a detached signature by a key that `allowed` names.
 * @param now milliseconds; a key that is expired or revoked by now proves nothing
 * @returns the fingerprint of the primary key
 * @throws SignatureError
 */
export async function verifyPgp(
  payload: Buffer,
  signature: string,
  keys: readonly PgpKey[],
  allowed: readonly string[],
  now: number,
): Promise<string> {
  // A large module that only projects with signatures need.
  const openpgp = await import('openpgp');
  const parsed = await openpgp.readSignature({ armoredSignature: signature }).catch((cause: unknown) => {
    throw new SignatureError('MALFORMED', 'its OpenPGP signature cannot be read', { cause });
  });
  const [packet] = parsed.packets;
  if (packet === undefined || parsed.packets.length !== 1) {
    throw new SignatureError('MALFORMED', 'it does not hold exactly one OpenPGP signature');
  }
  const signer = packet.issuerKeyID;
  const known: PublicKey[] = [];
  for (const { id, armored } of keys) {
    const read = await openpgp.readKeys({ armoredKeys: armored }).catch((cause: unknown) => {
      throw new SignatureError('BAD_POLICY', `public key ${id} cannot be read: ${messageOf(cause)}`, {
        cause,
      });
    });
    known.push(...read);
  }
  const candidates = known.filter((key) => key.getKeys(signer).length > 0);
  const [key] = candidates;
  const hex = signer.toHex().toUpperCase();
  if (key === undefined) {
    throw new SignatureError(
      'UNKNOWN_KEY',
      `it is signed with OpenPGP key ${hex}, which is not in argocd-gpg-keys-cm`,
    );
  }
  const fingerprint = key.getFingerprint().toUpperCase();
  if (new Set(candidates.map((item) => item.getFingerprint())).size > 1) {
    throw new SignatureError('UNKNOWN_KEY', `several keys have the id ${hex}; remove those you do not trust`);
  }
  requireAllowed(key, hex, allowed);
  await requireValid(key, packet.issuerKeyID, now);
  const message = await openpgp.createMessage({ binary: payload });
  const { signatures } = await openpgp.verify({
    message,
    signature: parsed,
    verificationKeys: key,
    date: new Date(now),
    format: 'binary',
  });
  const [result] = signatures;
  try {
    if (result === undefined || (await result.verified) !== true) throw new Error('no result');
  } catch (cause) {
    throw new SignatureError(
      'BAD_SIGNATURE',
      `its signature by ${fingerprint} is not good: ${messageOf(cause)}`,
      {
        cause,
      },
    );
  }
  return fingerprint;
}

function requireAllowed(key: PublicKey, signer: string, allowed: readonly string[]): void {
  const wanted = allowed.map((id) => id.replace(/^0x/i, '').replace(/\s/g, '').toUpperCase());
  const short = wanted.find((id) => !KEY_ID.test(id));
  if (short !== undefined) {
    throw new SignatureError(
      'BAD_POLICY',
      `key id ${JSON.stringify(short.slice(0, 80))} is not one of 16 digits or a whole fingerprint`,
    );
  }
  const fingerprints = key
    .getKeys()
    .filter((part, index) => index === 0 || part.getKeyID().toHex().toUpperCase() === signer)
    .map((part) => part.getFingerprint().toUpperCase());
  if (wanted.some((id) => fingerprints.some((fingerprint) => fingerprint.endsWith(id)))) return;
  throw new SignatureError(
    'UNKNOWN_KEY',
    `it is signed with OpenPGP key ${fingerprints[0]}, which the project does not name`,
  );
}

async function requireValid(
  key: PublicKey,
  signer: Parameters<PublicKey['getSigningKey']>[0],
  now: number,
): Promise<void> {
  try {
    await key.getSigningKey(signer, new Date(now));
  } catch (cause) {
    throw new SignatureError(
      'BAD_SIGNATURE',
      `OpenPGP key ${key.getFingerprint().toUpperCase()} is not valid for signing now: ${messageOf(cause)}`,
      { cause },
    );
  }
}
