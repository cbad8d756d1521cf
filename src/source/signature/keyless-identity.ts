// Who a certificate of Fulcio was issued to, and whether a policy names them. Pure; whether the certificate is good is
// not decided here.
import { ASN1Obj, type X509Certificate } from '@sigstore/core';
import type { KeylessIdentity } from '../../model/index.ts';
import { SignatureError } from './errors.ts';

const OID = {
  subjectAltName: '2.5.29.17',
  extendedKeyUsage: '2.5.29.37',
  codeSigning: '1.3.6.1.5.5.7.3.3',
  /** The issuer as bare text. */
  issuer: '1.3.6.1.4.1.57264.1.1',
  /** The issuer as UTF8String. */
  issuerV2: '1.3.6.1.4.1.57264.1.8',
  /** A name that is neither an address nor a URI. */
  otherName: '1.3.6.1.4.1.57264.1.7',
} as const;

const TAG = { utf8: 0x0c, email: 0x81, uri: 0x86, otherName: 0xa0 } as const;
/** Longer than any address or workflow reference. */
const MAX_TEXT = 1_024;

/** @throws SignatureError `MALFORMED` when it has not exactly one subject and one issuer, or is not for signing code; TypeError or others of the reader when it is no certificate */
export function identityOf(certificate: X509Certificate): KeylessIdentity {
  requireCodeSigning(certificate);
  return { subject: subjectOf(certificate), issuer: issuerOf(certificate) };
}

/** For sentences. */
export function identityText({ issuer, subject }: KeylessIdentity): string {
  return `${subject} (issuer ${issuer})`;
}

/** Whether `text` is what `pattern` says. `*` is any text without a slash, `**` any text, all else is itself. */
export function identityMatches(pattern: string, text: string): boolean {
  const tokens = pattern.match(/\*{2,}|\*|[^*]/gsu) ?? [];
  // All places of the pattern at once: no pattern takes more than its length for each character.
  let places = withStars(tokens, new Set([0]));
  for (const char of text) {
    const next = new Set<number>();
    for (const place of places) {
      const token = tokens[place];
      if (token === undefined) continue;
      if (token === '*' ? char !== '/' : token.startsWith('**')) next.add(place);
      else if (token === char && char !== '*') next.add(place + 1);
    }
    places = withStars(tokens, next);
    if (places.size === 0) return false;
  }
  return places.has(tokens.length);
}

/** A star may stand for nothing. */
function withStars(tokens: readonly string[], places: Set<number>): Set<number> {
  for (const place of places) if (tokens[place]?.startsWith('*') === true) places.add(place + 1);
  return places;
}

function requireCodeSigning(certificate: X509Certificate): void {
  const value = extension(certificate, OID.extendedKeyUsage);
  const purposes = value === undefined ? [] : ASN1Obj.parseBuffer(value).subs.map((part) => part.toOID());
  if (!purposes.includes(OID.codeSigning)) throw malformed('it is not for signing code');
  if (certificate.isCA) throw malformed('it is that of an authority');
}

function subjectOf(certificate: X509Certificate): string {
  const value = extension(certificate, OID.subjectAltName);
  const names = value === undefined ? [] : ASN1Obj.parseBuffer(value).subs;
  const [name] = names;
  if (name === undefined || names.length > 1) throw malformed(`it has ${names.length} subjects, not one`);
  switch (name.tag.toDER()) {
    case TAG.email:
    case TAG.uri:
      return plain(name.value);
    case TAG.otherName: {
      const [type, wrapped] = name.subs;
      if (type?.toOID() === OID.otherName) return plain(utf8String(wrapped?.subs[0]));
      throw malformed('its subject is of an unknown kind');
    }
    default:
      throw malformed('its subject is of an unknown kind');
  }
}

function issuerOf(certificate: X509Certificate): string {
  const bare = extension(certificate, OID.issuer);
  const wrapped = extension(certificate, OID.issuerV2);
  const issuers = new Set<string>();
  if (bare !== undefined) issuers.add(plain(bare));
  if (wrapped !== undefined) issuers.add(plain(utf8String(ASN1Obj.parseBuffer(wrapped))));
  const [issuer] = issuers;
  if (issuer === undefined || issuers.size > 1) throw malformed(`it has ${issuers.size} issuers, not one`);
  return issuer;
}

function extension(certificate: X509Certificate, oid: string): Buffer<ArrayBuffer> | undefined {
  const found = certificate.extensions.filter(({ subs }) => subs[0]?.toOID() === oid);
  if (found.length > 1) throw malformed(`it has extension ${oid} twice`);
  const value = found[0]?.subs.at(-1)?.value;
  return value === undefined ? undefined : Buffer.from(value);
}

function utf8String(part: ASN1Obj | undefined): Buffer {
  if (part?.tag.toDER() !== TAG.utf8) throw malformed('a name in it is no text');
  return part.value;
}

/** Text that a message can quote and a pattern can be held against. */
function plain(bytes: Buffer): string {
  const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  if (text === '' || text.length > MAX_TEXT || /[\p{C}\s]/u.test(text)) {
    throw malformed('a name in it is empty, too long or not printable');
  }
  return text;
}

function malformed(why: string, cause?: unknown): SignatureError {
  return new SignatureError('MALFORMED', `the certificate of its signature cannot be used: ${why}`, {
    cause,
  });
}
