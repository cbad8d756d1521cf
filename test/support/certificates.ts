// A certificate authority in this process, and certificates as Fulcio issues them: X.509 made by hand, signed for real.
import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import { bits, der, integer, octets, oid, sequence, setOf, time, utf8 } from './der.ts';

export interface KeyPair {
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
}

export interface Issued {
  readonly certificate: Buffer;
  readonly key: KeyPair;
  /** DER of the Name. */
  readonly name: Buffer;
  readonly serial: Buffer;
}

export interface CertificateParts {
  /** Common name; without it the subject is empty, as Fulcio has it. */
  readonly commonName?: string;
  readonly key?: KeyPair;
  /** Self-signed when there is none. */
  readonly issuer?: Issued;
  readonly notBefore: number;
  readonly notAfter: number;
  readonly extensions: readonly Buffer[];
  /** Adds an extension that depends on all the others: the certificate log's. */
  readonly logged?: (precertificate: Buffer, issuer: Issued) => Buffer;
}

const ECDSA_SHA256 = sequence(oid('1.2.840.10045.4.3.2'));

export function keyPair(): KeyPair {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' });
}

export function spki(key: KeyObject): Buffer {
  return key.export({ type: 'spki', format: 'der' });
}

export function sha256(...parts: readonly Buffer[]): Buffer {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
}

export function extension(id: string, value: Buffer, critical = false): Buffer {
  return sequence(oid(id), ...(critical ? [der(0x01, Buffer.from([0xff]))] : []), octets(value));
}

/** @returns the certificate with its key */
export function issue(parts: CertificateParts): Issued {
  const key = parts.key ?? keyPair();
  const name =
    parts.commonName === undefined
      ? sequence()
      : sequence(setOf(sequence(oid('2.5.4.3'), utf8(parts.commonName))));
  const serial = integer(0x11, ...randomBytes(15));
  const self = { certificate: Buffer.alloc(0), key, name, serial };
  const issuer = parts.issuer ?? self;
  const keyId = (of: KeyPair): Buffer => sha256(spki(of.publicKey)).subarray(0, 20);
  const extensions = [
    ...parts.extensions,
    extension('2.5.29.14', octets(keyId(key))),
    extension('2.5.29.35', sequence(der(0x80, keyId(issuer.key)))),
  ];
  const body = (list: readonly Buffer[]): Buffer =>
    sequence(
      der(0xa0, integer(2)),
      serial,
      ECDSA_SHA256,
      issuer.name,
      sequence(time(parts.notBefore), time(parts.notAfter)),
      name,
      spki(key.publicKey),
      der(0xa3, sequence(...list)),
    );
  const stamp = parts.logged?.(body(extensions), issuer);
  const signed = body(stamp === undefined ? extensions : [...extensions, stamp]);
  const signature = bits(sign('sha256', signed, issuer.key.privateKey));
  return { certificate: sequence(signed, ECDSA_SHA256, signature), key, name, serial };
}

/** A root and an intermediate, as Fulcio has them. */
export function authority(name: string, from: number, to: number): { root: Issued; intermediate: Issued } {
  const canSign = [
    extension('2.5.29.15', bits(Buffer.from([0x06]), 1), true),
    extension('2.5.29.19', sequence(der(0x01, Buffer.from([0xff]))), true),
  ];
  const times = { notBefore: from, notAfter: to };
  const root = issue({ ...times, commonName: name, extensions: canSign });
  const intermediate = issue({
    ...times,
    commonName: `${name}-intermediate`,
    issuer: root,
    extensions: canSign,
  });
  return { root, intermediate };
}
