// Reads the CMS structure (RFC 5652) of a Git signature with an X.509 certificate. Takes it apart and checks its form,
// one signer and nothing enclosed; whom to trust is not decided here.
import { ASN1Obj, X509Certificate } from '@sigstore/core';
import { SignatureError } from './errors.ts';

export interface CmsSignature {
  /** The signer's certificate, DER. */
  readonly certificate: Buffer<ArrayBuffer>;
  /** What the signature is over: the signed attributes, DER of a SET OF. */
  readonly signedAttributes: Buffer;
  /** SHA-256 of the content, as the signed attributes have it. */
  readonly messageDigest: Buffer;
  readonly signature: Buffer;
  /** Entries of a transparency log, in protocol buffers; nobody has signed this attribute. */
  readonly logEntries: readonly Buffer[];
  /** Time-stamp tokens (RFC 3161), DER; nobody has signed this attribute. */
  readonly timestamps: readonly Buffer[];
}

/** Gitsign writes 2 to 4 KiB. */
const MAX_BYTES = 64 * 1024;
const ARMOR = /^-----BEGIN SIGNED MESSAGE-----\n([A-Za-z0-9+/=\n]+)\n-----END SIGNED MESSAGE-----$/;

const OID = {
  signedData: '1.2.840.113549.1.7.2',
  data: '1.2.840.113549.1.7.1',
  contentType: '1.2.840.113549.1.9.3',
  messageDigest: '1.2.840.113549.1.9.4',
  timestampToken: '1.2.840.113549.1.9.16.2.14',
  sha256: '2.16.840.1.101.3.4.2.1',
  ecdsaWithSha256: '1.2.840.10045.4.3.2',
  rekorEntry: '1.3.6.1.4.1.57264.3.1',
} as const;

const TAG = {
  integer: 0x02,
  octets: 0x04,
  oid: 0x06,
  sequence: 0x30,
  set: 0x31,
  zero: 0xa0,
  one: 0xa1,
} as const;

/** @throws SignatureError `MALFORMED` */
export function readCms(armored: string): CmsSignature {
  const base64 = ARMOR.exec(armored)?.[1];
  if (base64 === undefined) throw malformed('it is not plain base64');
  if (base64.length > (MAX_BYTES * 4) / 3) throw malformed(`it is longer than ${MAX_BYTES} bytes`);
  try {
    return signedData(ASN1Obj.parseBuffer(Buffer.from(base64, 'base64')));
  } catch (cause) {
    if (cause instanceof SignatureError) throw cause;
    throw malformed('it is no CMS structure in DER', cause);
  }
}

function signedData(content: ASN1Obj): CmsSignature {
  const [type, wrapped] = members(content, TAG.sequence);
  if (oid(type) !== OID.signedData) throw malformed('it is no SignedData');
  const [body] = members(wrapped, TAG.zero);
  const [version, algorithms, enclosed, ...rest] = members(body, TAG.sequence);
  requireTag(version, TAG.integer);
  requireTag(algorithms, TAG.set);
  const [contentType, ...inside] = members(enclosed, TAG.sequence);
  if (oid(contentType) !== OID.data || inside.length > 0) throw malformed('it encloses content of its own');
  const certificates = rest.find((part) => tagOf(part) === TAG.zero)?.subs ?? [];
  const signers = members(rest.at(-1), TAG.set);
  const [signer] = signers;
  if (signer === undefined || signers.length > 1)
    throw malformed(`it has ${signers.length} signers, not one`);
  return { ...signerInfo(signer), certificate: certificateOf(signer, certificates) };
}

function signerInfo(signer: ASN1Obj): Omit<CmsSignature, 'certificate'> {
  const [version, , digest, signed, algorithm, signature, unsigned, ...more] = members(signer, TAG.sequence);
  requireTag(version, TAG.integer);
  if (more.length > 0) throw malformed('its signer has members that are not known');
  if (oid(digest?.subs[0]) !== OID.sha256) throw malformed('its digest is not SHA-256');
  if (oid(algorithm?.subs[0]) !== OID.ecdsaWithSha256)
    throw malformed('it is not made by ECDSA with SHA-256');
  const attributes = attributesOf(signed, TAG.zero);
  if (oid(single(attributes, OID.contentType)) !== OID.data) throw malformed('it signs no plain content');
  const bytes = Buffer.from(requireTag(signed, TAG.zero).toDER());
  // The attributes are stored under a tag of their place and signed under that of a set.
  bytes[0] = TAG.set;
  const extra =
    unsigned === undefined ? new Map<string, readonly ASN1Obj[]>() : attributesOf(unsigned, TAG.one);
  return {
    signedAttributes: bytes,
    messageDigest: octets(single(attributes, OID.messageDigest)),
    signature: octets(signature),
    logEntries: (extra.get(OID.rekorEntry) ?? []).map(octets),
    timestamps: (extra.get(OID.timestampToken) ?? []).map((token) => token.toDER()),
  };
}

/** Attributes by type; a type that stands twice could be read in two ways. */
function attributesOf(list: ASN1Obj | undefined, tag: number): Map<string, readonly ASN1Obj[]> {
  const found = new Map<string, readonly ASN1Obj[]>();
  for (const attribute of members(list, tag)) {
    const [type, values] = members(attribute, TAG.sequence);
    const name = oid(type);
    if (found.has(name)) throw malformed(`it has attribute ${name} twice`);
    found.set(name, members(values, TAG.set));
  }
  return found;
}

function single(attributes: ReadonlyMap<string, readonly ASN1Obj[]>, type: string): ASN1Obj {
  const [value, ...more] = attributes.get(type) ?? [];
  if (value === undefined || more.length > 0) throw malformed(`it has not one signed attribute ${type}`);
  return value;
}

function certificateOf(signer: ASN1Obj, certificates: readonly ASN1Obj[]): Buffer<ArrayBuffer> {
  const [issuer, serial] = members(signer.subs[1], TAG.sequence);
  for (const part of certificates) {
    const der = Buffer.from(part.toDER());
    const certificate = X509Certificate.parse(der);
    const isSame = certificate.issuer.equals(requireTag(issuer, TAG.sequence).value);
    if (isSame && certificate.serialNumber.equals(requireTag(serial, TAG.integer).value)) return der;
  }
  throw malformed("it lacks its signer's certificate");
}

function members(parent: ASN1Obj | undefined, tag: number): readonly ASN1Obj[] {
  return requireTag(parent, tag).subs;
}

function oid(part: ASN1Obj | undefined): string {
  return requireTag(part, TAG.oid).toOID();
}

function octets(part: ASN1Obj | undefined): Buffer {
  return requireTag(part, TAG.octets).value;
}

function requireTag(part: ASN1Obj | undefined, tag: number): ASN1Obj {
  if (part === undefined || tagOf(part) !== tag)
    throw malformed('it is no CMS structure of the expected form');
  return part;
}

function tagOf(part: ASN1Obj): number {
  return part.tag.toDER();
}

function malformed(why: string, cause?: unknown): SignatureError {
  return new SignatureError('MALFORMED', `its X.509 signature cannot be read: ${why}`, { cause });
}
