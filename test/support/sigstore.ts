// A Sigstore in this process: Fulcio, certificate log, Rekor and time-stamps, with the trusted root they are known by, and
// signers who sign as gitsign does. Every step can be forged.
import { sign } from 'node:crypto';
import { recordedBody } from '../../src/source/signature/log-entry.ts';
import { authority, extension, type Issued, issue, sha256, spki } from './certificates.ts';
import { bits, der, generalizedTime, integer, octets, oid, sequence, setOf, time, utf8 } from './der.ts';
import type { Signer } from './signing.ts';
import { CertificateLog, encodeEntry, Rekor, type RekorEntry } from './transparency-log.ts';

export const ISSUER = 'https://accounts.example.com';
const MINUTE_MS = 60_000;
const YEAR_MS = 365 * 24 * 3_600_000;
const SHA256 = sequence(oid('2.16.840.1.101.3.4.2.1'));
const ECDSA = sequence(oid('1.2.840.10045.4.3.2'));
const DATA = oid('1.2.840.113549.1.7.1');

/** What a signer does other than gitsign would. */
export interface KeylessOptions {
  readonly subject?: string;
  readonly issuer?: string;
  /** When the certificate begins; it is good for ten minutes. Milliseconds. */
  readonly at?: number;
  /** When the log takes the entry. */
  readonly loggedAt?: number;
  /** The bytes that are signed in place of the payload. */
  readonly content?: (payload: Buffer) => Buffer;
  /** What stands in the signature for the log's answer; undefined leaves it out. */
  readonly entry?: (entry: RekorEntry) => RekorEntry | undefined;
  readonly signature?: (signature: Buffer) => Buffer;
  /** Extensions of the certificate in place of the usual ones. */
  readonly extensions?: (usual: CertificateExtensions) => readonly Buffer[];
  readonly certificateLog?: CertificateLog | 'none';
  readonly rekor?: Rekor;
  /** Who issues a time-stamp besides, and over which bytes. */
  readonly timestamp?: { readonly authority: Issued; readonly over?: Buffer };
  /** The whole structure, DER. */
  readonly cms?: (bytes: Buffer) => Buffer;
  /** Members of SignerInfo and SignedData. */
  readonly parts?: (parts: CmsParts) => CmsParts;
}

export type CertificateExtensions = Readonly<
  Record<'usage' | 'purpose' | 'subject' | 'issuer' | 'issuerV2', Buffer>
>;

export interface CmsParts {
  readonly enclosed: Buffer;
  readonly certificates: readonly Buffer[];
  readonly signedAttributes: readonly Buffer[];
  readonly unsignedAttributes: readonly Buffer[];
  readonly digestAlgorithm: Buffer;
}

export class Sigstore {
  readonly rekor = new Rekor('rekor.example.com');
  readonly certificateLog = new CertificateLog();
  readonly #from: number;
  readonly #fulcio: ReturnType<typeof authority>;
  readonly #stamps: ReturnType<typeof authority>;
  /** Issues time-stamps. */
  readonly timestampAuthority: Issued;

  /** @param now milliseconds: all authorities are good a year before and after */
  constructor(now: number, name = 'example') {
    this.#from = now - YEAR_MS;
    this.#fulcio = authority(name, this.#from, now + YEAR_MS);
    this.#stamps = authority(`${name}-time`, this.#from, now + YEAR_MS);
    this.timestampAuthority = issue({
      commonName: `${name}-time-stamps`,
      issuer: this.#stamps.intermediate,
      notBefore: this.#from,
      notAfter: now + YEAR_MS,
      extensions: [
        extension('2.5.29.15', bits(Buffer.from([0x80]), 7), true),
        extension('2.5.29.37', sequence(oid('1.3.6.1.5.5.7.3.8')), true),
      ],
    });
  }

  /** `trusted_root.json`; `change` may take parts away. */
  trustedRoot(change: (root: Record<string, unknown[]>) => Record<string, unknown> = (root) => root): string {
    const validFor = { start: new Date(this.#from).toISOString() };
    const certChain = (...chain: readonly Issued[]) => ({
      certificates: chain.map(({ certificate }) => ({ rawBytes: certificate.toString('base64') })),
    });
    const log = ({ key, logId }: Rekor | CertificateLog, baseUrl: string) => ({
      baseUrl,
      hashAlgorithm: 'SHA2_256',
      publicKey: {
        rawBytes: spki(key.publicKey).toString('base64'),
        keyDetails: 'PKIX_ECDSA_P256_SHA_256',
        validFor,
      },
      logId: { keyId: logId.toString('base64') },
    });
    const { intermediate, root } = this.#fulcio;
    const fulcio = { uri: 'https://fulcio.example.com', certChain: certChain(intermediate, root), validFor };
    const stamps = certChain(this.timestampAuthority, this.#stamps.intermediate, this.#stamps.root);
    const parts = change({
      tlogs: [log(this.rekor, `https://${this.rekor.host}`)],
      certificateAuthorities: [fulcio],
      ctlogs: [log(this.certificateLog, 'https://ctfe.example.com')],
      timestampAuthorities: [{ uri: 'https://time.example.com', certChain: stamps, validFor }],
    });
    return JSON.stringify({
      mediaType: 'application/vnd.dev.sigstore.trustedroot+json;version=0.1',
      ...parts,
    });
  }

  signer(options: KeylessOptions = {}): Signer {
    const subject = options.subject ?? 'ada@example.com';
    return {
      id: subject,
      publicKey: this.trustedRoot(),
      sign: async (payload) => armored(this.#sign(payload, subject, options)),
    };
  }

  #sign(payload: Buffer, subject: string, options: KeylessOptions): Buffer {
    const at = options.at ?? Date.now();
    const leaf = this.#certify(subject, at, options);
    const content = options.content?.(payload) ?? payload;
    const parts: CmsParts = {
      enclosed: sequence(DATA),
      certificates: [leaf.certificate],
      signedAttributes: [
        attribute('1.2.840.113549.1.9.3', DATA),
        attribute('1.2.840.113549.1.9.5', time(at)),
        attribute('1.2.840.113549.1.9.4', octets(sha256(content))),
      ],
      unsignedAttributes: [],
      digestAlgorithm: SHA256,
    };
    const changed = options.parts?.(parts) ?? parts;
    const signed = setOf(...changed.signedAttributes);
    const made = sign('sha256', signed, leaf.key.privateKey);
    const signature = options.signature?.(made) ?? made;
    const body = recordedBody(sha256(signed), made, leaf.certificate);
    const logged = (options.rekor ?? this.rekor).add(body, options.loggedAt ?? at + MINUTE_MS);
    const entry = options.entry === undefined ? logged : options.entry(logged);
    const { timestamp } = options;
    const unsigned = [
      ...changed.unsignedAttributes,
      ...(entry === undefined ? [] : [attribute('1.3.6.1.4.1.57264.3.1', octets(encodeEntry(entry)))]),
      ...(timestamp === undefined
        ? []
        : [
            attribute(
              '1.2.840.113549.1.9.16.2.14',
              timestampToken(timestamp.over ?? signature, at + MINUTE_MS, timestamp.authority),
            ),
          ]),
    ];
    const bytes = signedData(leaf, { ...changed, unsignedAttributes: unsigned }, signed, signature);
    return options.cms?.(bytes) ?? bytes;
  }

  #certify(subject: string, at: number, options: KeylessOptions): Issued {
    const log = options.certificateLog ?? this.certificateLog;
    const issuer = options.issuer ?? ISSUER;
    const usual: CertificateExtensions = {
      usage: extension('2.5.29.15', bits(Buffer.from([0x80]), 7), true),
      purpose: extension('2.5.29.37', sequence(oid('1.3.6.1.5.5.7.3.3'))),
      subject: extension('2.5.29.17', sequence(generalName(subject)), true),
      issuer: extension('1.3.6.1.4.1.57264.1.1', Buffer.from(issuer)),
      issuerV2: extension('1.3.6.1.4.1.57264.1.8', utf8(issuer)),
    };
    return issue({
      issuer: this.#fulcio.intermediate,
      notBefore: at,
      notAfter: at + 10 * MINUTE_MS,
      extensions: options.extensions?.(usual) ?? Object.values(usual),
      ...(log === 'none' ? {} : { logged: (body, by) => log.stamp(body, by, at) }),
    });
  }
}

/** An e-mail address or a URI. */
export function generalName(subject: string): Buffer {
  return der(subject.includes('://') ? 0x86 : 0x81, Buffer.from(subject));
}

export function attribute(type: string, ...values: readonly Buffer[]): Buffer {
  return sequence(oid(type), setOf(...values));
}

export function armored(bytes: Buffer): string {
  const lines = bytes.toString('base64').match(/.{1,64}/g) ?? [];
  return ['-----BEGIN SIGNED MESSAGE-----', ...lines, '-----END SIGNED MESSAGE-----'].join('\n');
}

function signedData(signer: Issued, parts: CmsParts, signed: Buffer, signature: Buffer): Buffer {
  const { certificates, digestAlgorithm, enclosed, unsignedAttributes } = parts;
  const names = issuerOf(signer.certificate);
  const placed = Buffer.from(signed);
  placed[0] = 0xa0;
  const unsigned = setOf(...unsignedAttributes);
  unsigned[0] = 0xa1;
  const info = sequence(
    integer(1),
    sequence(names, signer.serial),
    digestAlgorithm,
    placed,
    ECDSA,
    octets(signature),
    ...(unsignedAttributes.length === 0 ? [] : [unsigned]),
  );
  const body = sequence(integer(1), setOf(SHA256), enclosed, der(0xa0, ...certificates), setOf(info));
  return sequence(oid('1.2.840.113549.1.7.2'), der(0xa0, body));
}

/** The Name of the issuer, as the certificate has it. */
function issuerOf(certificate: Buffer): Buffer {
  const skip = (at: number): { readonly from: number; readonly to: number } => {
    const short = certificate[at + 1] ?? 0;
    const digits = short < 0x80 ? 0 : short & 0x7f;
    const length = digits === 0 ? short : certificate.readUIntBE(at + 2, digits);
    return { from: at + 2 + digits, to: at + 2 + digits + length };
  };
  // Certificate, TBSCertificate, then version, serial number and algorithm before the name.
  let at = skip(skip(0).from).from;
  for (let i = 0; i < 3; i += 1) at = skip(at).to;
  return certificate.subarray(at, skip(at).to);
}

/** A time-stamp token (RFC 3161) over `data`. */
function timestampToken(data: Buffer, at: number, signer: Issued): Buffer {
  const info = sequence(
    integer(1),
    oid('1.3.6.1.4.1.57264.2'),
    sequence(SHA256, octets(sha256(data))),
    integer(7),
    generalizedTime(at),
  );
  const type = oid('1.2.840.113549.1.9.16.1.4');
  const signed = setOf(
    attribute('1.2.840.113549.1.9.3', type),
    attribute('1.2.840.113549.1.9.4', octets(sha256(info))),
  );
  const parts: CmsParts = {
    enclosed: sequence(type, der(0xa0, octets(info))),
    certificates: [signer.certificate],
    signedAttributes: [],
    unsignedAttributes: [],
    digestAlgorithm: SHA256,
  };
  return signedData(signer, parts, signed, sign('sha256', signed, signer.key.privateKey));
}
