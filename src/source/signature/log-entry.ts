// The entry of a transparency log that gitsign leaves in a signature: a TransparencyLogEntry of Sigstore in protocol
// buffers. Reads it, and makes again what the log recorded. Whether the log vouches for it is not decided here.
import { SignatureError } from './errors.ts';

export interface LogEntry {
  readonly logIndex: string;
  readonly logId: Buffer;
  readonly kind: string;
  readonly version: string;
  /** Seconds since the epoch. */
  readonly integratedTime: string;
  /** What the log signed when it took the entry in. */
  readonly signedEntryTimestamp: Buffer | undefined;
  readonly proof: InclusionProof | undefined;
}

export interface InclusionProof {
  readonly logIndex: string;
  readonly rootHash: Buffer;
  readonly treeSize: string;
  readonly hashes: readonly Buffer[];
  readonly checkpoint: string;
}

/** A tree of 2^64 leaves needs 64. */
const MAX_HASHES = 64;
const MAX_FIELDS = 256;

/** Field number to its values, in their order. */
type Fields = ReadonlyMap<number, readonly (Buffer | bigint)[]>;

/** @throws SignatureError `MALFORMED` */
export function readLogEntry(bytes: Buffer): LogEntry {
  const entry = fieldsOf(bytes);
  const kind = message(entry, 3);
  const promise = message(entry, 5);
  const proof = message(entry, 6);
  return {
    logIndex: number(entry, 1),
    logId: buffer(message(entry, 2), 1),
    kind: buffer(kind, 1).toString('utf8'),
    version: buffer(kind, 2).toString('utf8'),
    integratedTime: number(entry, 4),
    signedEntryTimestamp: promise === undefined ? undefined : buffer(promise, 1),
    proof: proof === undefined ? undefined : inclusionProof(proof),
  };
}

/**
 * What Rekor records for a signature (`hashedrekord` 0.0.1), in its canonical form. Made from the signature at hand,
 * never read from it: an entry about anything else can therefore not be vouched for by the log.
 * @param digest SHA-256 of the signed bytes
 */
export function recordedBody(digest: Buffer, signature: Buffer, certificate: Buffer): Buffer {
  const lines = certificate.toString('base64').match(/.{1,64}/g) ?? [];
  const pem = `${['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----'].join('\n')}\n`;
  const body = {
    apiVersion: '0.0.1',
    kind: 'hashedrekord',
    spec: {
      data: { hash: { algorithm: 'sha256', value: digest.toString('hex') } },
      signature: {
        content: signature.toString('base64'),
        publicKey: { content: Buffer.from(pem).toString('base64') },
      },
    },
  };
  return Buffer.from(JSON.stringify(body));
}

function inclusionProof(fields: Fields): InclusionProof {
  const hashes = fields.get(4) ?? [];
  if (hashes.length > MAX_HASHES) throw malformed(`its proof has ${hashes.length} hashes`);
  return {
    logIndex: number(fields, 1),
    rootHash: buffer(fields, 2),
    treeSize: number(fields, 3),
    hashes: hashes.map(asBuffer),
    checkpoint: buffer(message(fields, 5), 1).toString('utf8'),
  };
}

function fieldsOf(bytes: Buffer): Fields {
  const found = new Map<number, (Buffer | bigint)[]>();
  let at = 0;
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; shift < 64n; shift += 7n) {
      const byte = bytes[at++];
      if (byte === undefined) throw malformed('it is cut off');
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    throw malformed('a number is too long');
  };
  for (let count = 0; at < bytes.length; count += 1) {
    if (count >= MAX_FIELDS) throw malformed(`it has more than ${MAX_FIELDS} members`);
    const key = varint();
    const field = Number(key >> 3n);
    let value: Buffer | bigint = varint();
    if ((key & 7n) === 2n) {
      const end = at + Number(value);
      if (end > bytes.length) throw malformed('it is cut off');
      value = bytes.subarray(at, end);
      at = end;
    } else if ((key & 7n) !== 0n) throw malformed('it has a member of an unknown form');
    found.set(field, [...(found.get(field) ?? []), value]);
  }
  return found;
}

function only(fields: Fields | undefined, field: number): Buffer | bigint | undefined {
  const values = fields?.get(field) ?? [];
  if (values.length > 1) throw malformed(`it has member ${field} twice`);
  return values[0];
}

function message(fields: Fields, field: number): Fields | undefined {
  const value = only(fields, field);
  return value === undefined ? undefined : fieldsOf(asBuffer(value));
}

/** Left out means empty. */
function buffer(fields: Fields | undefined, field: number): Buffer {
  return asBuffer(only(fields, field) ?? Buffer.alloc(0));
}

/** Left out means 0; negative numbers have no place here. */
function number(fields: Fields, field: number): string {
  const value = only(fields, field) ?? 0n;
  if (typeof value !== 'bigint' || value > BigInt(Number.MAX_SAFE_INTEGER)) {
    throw malformed(`member ${field} is no number in range`);
  }
  return String(value);
}

function asBuffer(value: Buffer | bigint): Buffer {
  if (typeof value === 'bigint') throw malformed('a number stands where bytes belong');
  return value;
}

function malformed(why: string): SignatureError {
  return new SignatureError('MALFORMED', `its entry of a transparency log cannot be read: ${why}`);
}
