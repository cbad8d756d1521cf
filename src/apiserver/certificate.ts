// A self-signed X.509 certificate for the server's own address, written as DER by hand: Node can read certificates
// but not make them. One certificate is both authority and server, so a client that trusts it needs nothing else.
import { createPrivateKey, createPublicKey, generateKeyPairSync, sign } from 'node:crypto';
import { isIP } from 'node:net';
import type { Random } from '../lib/index.ts';

/** PEM texts. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

export interface CertificateRequest {
  /** Host names and IP addresses the certificate is good for. */
  readonly hosts: readonly string[];
  readonly nowMs: number;
  readonly random: Random;
}

const DAY_MS = 86_400_000;
const VALID_DAYS = 3_650;
const ECDSA_SHA256 = oid('1.2.840.10045.4.3.2');

export function selfSigned({ hosts, nowMs, random }: CertificateRequest): Certificate {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const key = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  const spki = createPublicKey(createPrivateKey(key)).export({ type: 'spki', format: 'der' });
  const algorithm = sequence(ECDSA_SHA256);
  const name = sequence(set(sequence(oid('2.5.4.3'), utf8('fairlead-apiserver'))));
  const serial = Buffer.from(random.bytes(16));
  serial[0] = ((serial[0] ?? 0) & 0x7f) | 0x40;
  const body = sequence(
    tagged(0, integer(Buffer.from([2]))),
    integer(serial),
    algorithm,
    name,
    sequence(time(nowMs - DAY_MS), time(nowMs + VALID_DAYS * DAY_MS)),
    name,
    spki,
    tagged(3, sequence(...extensions(hosts))),
  );
  const signature = sign('sha256', body, privateKey);
  const der = sequence(body, algorithm, bitString(signature, 0));
  const base64 = der.toString('base64').replace(/.{64}/g, '$&\n').trimEnd();
  return { cert: `-----BEGIN CERTIFICATE-----\n${base64}\n-----END CERTIFICATE-----\n`, key };
}

function extensions(hosts: readonly string[]): Buffer[] {
  const critical = der(0x01, Buffer.from([0xff]));
  const names = hosts.map((host) => {
    const version = isIP(host);
    return version === 0 ? der(0x82, Buffer.from(host, 'ascii')) : der(0x87, addressBytes(host, version));
  });
  return [
    sequence(oid('2.5.29.19'), critical, octets(sequence(critical))),
    // digitalSignature and keyCertSign.
    sequence(oid('2.5.29.15'), critical, octets(bitString(Buffer.from([0x84]), 2))),
    sequence(oid('2.5.29.37'), octets(sequence(oid('1.3.6.1.5.5.7.3.1')))),
    sequence(oid('2.5.29.17'), octets(sequence(...names))),
  ];
}

function addressBytes(host: string, version: number): Buffer {
  if (version === 4) return Buffer.from(host.split('.').map(Number));
  const [head = '', tail] = host.split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = Array.from({ length: 8 - left.length - right.length }, () => '0');
  const groups = tail === undefined ? left : [...left, ...zeros, ...right];
  return Buffer.concat(groups.map((group) => Buffer.from(group.padStart(4, '0'), 'hex')));
}

function der(tag: number, content: Buffer): Buffer {
  return Buffer.concat([Buffer.from([tag]), length(content.length), content]);
}

function length(bytes: number): Buffer {
  if (bytes < 0x80) return Buffer.from([bytes]);
  return bytes < 0x100 ? Buffer.from([0x81, bytes]) : Buffer.from([0x82, bytes >> 8, bytes & 0xff]);
}

function sequence(...parts: Buffer[]): Buffer {
  return der(0x30, Buffer.concat(parts));
}

function set(...parts: Buffer[]): Buffer {
  return der(0x31, Buffer.concat(parts));
}

function tagged(number: number, content: Buffer): Buffer {
  return der(0xa0 + number, content);
}

function integer(bytes: Buffer): Buffer {
  return der(0x02, bytes);
}

function octets(content: Buffer): Buffer {
  return der(0x04, content);
}

function bitString(content: Buffer, unusedBits: number): Buffer {
  return der(0x03, Buffer.concat([Buffer.from([unusedBits]), content]));
}

function utf8(text: string): Buffer {
  return der(0x0c, Buffer.from(text, 'utf8'));
}

/** GeneralizedTime, as X.509 wants it from 2050 on and readers accept before; UTCTime until then. */
function time(ms: number): Buffer {
  const digits = new Date(ms).toISOString().replace(/[-:T]/g, '').slice(0, 14);
  return Number(digits.slice(0, 4)) < 2050
    ? der(0x17, Buffer.from(`${digits.slice(2)}Z`, 'ascii'))
    : der(0x18, Buffer.from(`${digits}Z`, 'ascii'));
}

function oid(text: string): Buffer {
  const [first = 0, second = 0, ...rest] = text.split('.').map(Number);
  const bytes = [first * 40 + second];
  for (const number of rest) {
    const groups = [number & 0x7f];
    for (let left = number >>> 7; left > 0; left >>>= 7) groups.unshift((left & 0x7f) | 0x80);
    bytes.push(...groups);
  }
  return der(0x06, Buffer.from(bytes));
}
