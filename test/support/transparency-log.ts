// Transparency logs in this process: a Rekor with signed entry timestamps, Merkle proofs and checkpoints, and a
// certificate log with signed certificate timestamps (RFC 6962).
import { sign } from 'node:crypto';
import { extension, type Issued, type KeyPair, keyPair, sha256, spki } from './certificates.ts';
import { octets } from './der.ts';

/** As an entry stands in a signature: TransparencyLogEntry of Sigstore. */
export interface RekorEntry {
  readonly logIndex: number;
  readonly logId: Buffer;
  readonly kind: string;
  readonly version: string;
  /** Seconds. */
  readonly integratedTime: number;
  readonly signedEntryTimestamp?: Buffer;
  readonly proof?: RekorProof;
}

export interface RekorProof {
  readonly logIndex: number;
  readonly rootHash: Buffer;
  readonly treeSize: number;
  readonly hashes: readonly Buffer[];
  readonly checkpoint: string;
}

export class Rekor {
  readonly host: string;
  readonly key: KeyPair = keyPair();
  readonly #leaves: Buffer[] = [];

  constructor(host: string) {
    this.host = host;
    // Proofs of a log with one entry prove nothing.
    for (let i = 0; i < 5; i += 1) this.#leaves.push(leaf(Buffer.from(`somebody's ${i}`)));
  }

  get logId(): Buffer {
    return sha256(spki(this.key.publicKey));
  }

  /** @param at milliseconds */
  add(body: Buffer, at: number): RekorEntry {
    const logIndex = this.#leaves.push(leaf(body)) - 1;
    this.#leaves.push(leaf(Buffer.from(`the next one's ${logIndex}`)));
    const integratedTime = Math.floor(at / 1000);
    const promise = {
      body: body.toString('base64'),
      integratedTime,
      logID: this.logId.toString('hex'),
      logIndex,
    };
    return {
      logIndex,
      logId: this.logId,
      kind: 'hashedrekord',
      version: '0.0.1',
      integratedTime,
      signedEntryTimestamp: sign('sha256', Buffer.from(JSON.stringify(promise)), this.key.privateKey),
      proof: this.#proof(logIndex),
    };
  }

  #proof(logIndex: number): RekorProof {
    const rootHash = rootOf(this.#leaves);
    const treeSize = this.#leaves.length;
    const note = `${this.host} - 42\n${treeSize}\n${rootHash.toString('base64')}\n`;
    const signature = Buffer.concat([
      this.logId.subarray(0, 4),
      sign('sha256', Buffer.from(note), this.key.privateKey),
    ]);
    return {
      logIndex,
      rootHash,
      treeSize,
      hashes: pathTo(logIndex, this.#leaves),
      checkpoint: `${note}\n— ${this.host} ${signature.toString('base64')}\n`,
    };
  }
}

export class CertificateLog {
  readonly key: KeyPair = keyPair();

  get logId(): Buffer {
    return sha256(spki(this.key.publicKey));
  }

  /** The extension with one signed certificate timestamp. @param at milliseconds */
  stamp(precertificate: Buffer, issuer: Issued, at: number): Buffer {
    const when = Buffer.alloc(8);
    when.writeBigUInt64BE(BigInt(at));
    const data = Buffer.concat([
      Buffer.from([0, 0]),
      when,
      Buffer.from([0, 1]),
      sha256(spki(issuer.key.publicKey)),
      sized(precertificate, 3),
      Buffer.from([0, 0]),
    ]);
    const signature = sign('sha256', data, this.key.privateKey);
    const head = Buffer.concat([Buffer.from([0]), this.logId, when, Buffer.from([0, 0, 4, 3])]);
    const list = sized(Buffer.concat([head, sized(signature, 2)]), 2);
    return extension('1.3.6.1.4.1.11129.2.4.2', octets(sized(list, 2)));
  }
}

/** TransparencyLogEntry in protocol buffers. */
export function encodeEntry(entry: RekorEntry): Buffer {
  const { proof, signedEntryTimestamp } = entry;
  return Buffer.concat([
    numberField(1, entry.logIndex),
    bytesField(2, bytesField(1, entry.logId)),
    bytesField(3, Buffer.concat([textField(1, entry.kind), textField(2, entry.version)])),
    numberField(4, entry.integratedTime),
    ...(signedEntryTimestamp === undefined ? [] : [bytesField(5, bytesField(1, signedEntryTimestamp))]),
    ...(proof === undefined ? [] : [bytesField(6, encodeProof(proof))]),
  ]);
}

function encodeProof(proof: RekorProof): Buffer {
  return Buffer.concat([
    numberField(1, proof.logIndex),
    bytesField(2, proof.rootHash),
    numberField(3, proof.treeSize),
    ...proof.hashes.map((hash) => bytesField(4, hash)),
    bytesField(5, textField(1, proof.checkpoint)),
  ]);
}

function numberField(field: number, value: number): Buffer {
  return Buffer.concat([varint(field * 8), varint(value)]);
}

function bytesField(field: number, value: Buffer): Buffer {
  return Buffer.concat([varint(field * 8 + 2), varint(value.length), value]);
}

function textField(field: number, value: string): Buffer {
  return bytesField(field, Buffer.from(value));
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let left = value;
  for (; left > 0x7f; left = Math.floor(left / 128)) bytes.push((left % 128) + 0x80);
  return Buffer.from([...bytes, left]);
}

function sized(bytes: Buffer, width: number): Buffer {
  const size = Buffer.alloc(width);
  size.writeUIntBE(bytes.length, 0, width);
  return Buffer.concat([size, bytes]);
}

function leaf(body: Buffer): Buffer {
  return sha256(Buffer.from([0]), body);
}

/** The largest power of two below the number of leaves. */
function half(leaves: readonly Buffer[]): number {
  return 2 ** Math.floor(Math.log2(leaves.length - 1));
}

function rootOf(leaves: readonly Buffer[]): Buffer {
  const [first] = leaves;
  if (first !== undefined && leaves.length === 1) return first;
  const at = half(leaves);
  return sha256(Buffer.from([1]), rootOf(leaves.slice(0, at)), rootOf(leaves.slice(at)));
}

function pathTo(index: number, leaves: readonly Buffer[]): Buffer[] {
  if (leaves.length === 1) return [];
  const at = half(leaves);
  const [left, right] = [leaves.slice(0, at), leaves.slice(at)];
  return index < at ? [...pathTo(index, left), rootOf(right)] : [...pathTo(index - at, right), rootOf(left)];
}
