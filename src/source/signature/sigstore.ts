// Keyless signatures (gitsign): a certificate for minutes, and the entry of a transparency log that proves when it was
// used. Verified against the trusted root at hand, without any request. Knows signatures, nothing of Git or projects.
import { createHash, createPublicKey, verify as verifyBytes } from 'node:crypto';
import { X509Certificate } from '@sigstore/core';
import { HashAlgorithm } from '@sigstore/protobuf-specs';
import { type TrustMaterial, toSignedEntity, VerificationError, Verifier } from '@sigstore/verify';
import { messageOf } from '../../lib/index.ts';
import type { KeylessIdentity, KeylessPolicy } from '../../model/index.ts';
import { type CmsSignature, readCms } from './cms.ts';
import { SignatureError } from './errors.ts';
import { identityMatches, identityOf, identityText } from './keyless-identity.ts';
import { type LogEntry, readLogEntry, recordedBody } from './log-entry.ts';
import { TRUSTED_ROOTS } from './trusted-root.ts';

type Bundle = Parameters<typeof toSignedEntity>[0];

/** A signature that has been taken apart and fits the bytes, but is not trusted yet. */
interface Claim {
  readonly cms: CmsSignature;
  readonly certificate: X509Certificate;
  /** SHA-256 of what the signature is over. */
  readonly digest: Buffer;
  readonly entry: LogEntry;
  /** When the log says it took the entry. */
  readonly loggedAt: Date;
  /** Who the certificate names, as the beginning of a sentence that says why it is not trusted. */
  readonly but: string;
  readonly rootName: string;
}

const KIND = 'hashedrekord';
const KIND_VERSION = '0.0.1';
const MEDIA_TYPE = 'application/vnd.dev.sigstore.bundle.v0.3+json';

/**
 * Verifies a detached signature by an identity that the policy names.
 * @param material the trusted root that the policy names
 * @returns the identity
 * @throws SignatureError
 */
export function verifySigstore(
  payload: Buffer,
  signature: string,
  material: TrustMaterial,
  policy: KeylessPolicy,
): string {
  try {
    const cms = readCms(signature);
    const certificate = X509Certificate.parse(cms.certificate);
    const identity = identityOf(certificate);
    const claim = readClaim(payload, cms, certificate, identity, policy.trustedRoot);
    requireInTime(claim);
    requireTrusted(claim, material);
    requireNamed(identity, policy);
    return identityText(identity);
  } catch (cause) {
    if (cause instanceof SignatureError) throw cause;
    // Parts of a certificate are read when they are asked for.
    throw new SignatureError('MALFORMED', 'the certificate of its signature cannot be read', { cause });
  }
}

/** Everything that can be told without trusting anybody. */
function readClaim(
  payload: Buffer,
  cms: CmsSignature,
  certificate: X509Certificate,
  identity: KeylessIdentity,
  rootName: string,
): Claim {
  const but = `it is signed with a certificate for ${identityText(identity)}, but`;
  if (!createHash('sha256').update(payload).digest().equals(cms.messageDigest)) {
    throw new SignatureError('BAD_SIGNATURE', `${but} the signature is over other content`);
  }
  if (!isSignedBy(certificate, cms)) {
    throw new SignatureError('BAD_SIGNATURE', `${but} the signature is not that of its certificate`);
  }
  const [bytes, ...more] = cms.logEntries;
  if (bytes === undefined || more.length > 0) {
    throw new SignatureError(
      'BAD_SIGNATURE',
      `${but} it holds ${cms.logEntries.length} entries of a transparency log, not one`,
      {
        remedy: 'set gitsign.rekorMode to offline and sign it again',
      },
    );
  }
  const entry = readLogEntry(bytes);
  if (entry.kind !== KIND || entry.version !== KIND_VERSION) {
    const seen = JSON.stringify(`${entry.kind} ${entry.version}`.slice(0, 60));
    throw new SignatureError(
      'MALFORMED',
      `${but} its log entry is of kind ${seen}, not ${KIND} ${KIND_VERSION}`,
    );
  }
  const digest = createHash('sha256').update(cms.signedAttributes).digest();
  const loggedAt = new Date(Number(entry.integratedTime) * 1000);
  return { cms, certificate, digest, entry, loggedAt, but, rootName };
}

function isSignedBy(certificate: X509Certificate, { signature, signedAttributes }: CmsSignature): boolean {
  try {
    const key = createPublicKey({ key: certificate.publicKey, format: 'der', type: 'spki' });
    return verifyBytes('sha256', signedAttributes, key, signature);
  } catch {
    // A key or a signature that OpenSSL cannot read.
    return false;
  }
}

/** The library says only that some certificate of the chain was not valid; people want to see the times. */
function requireInTime({ but, certificate, loggedAt }: Claim): void {
  if (Number.isNaN(loggedAt.getTime())) {
    throw new SignatureError('MALFORMED', `${but} its log entry has no time that exists`);
  }
  if (certificate.validForDate(loggedAt)) return;
  const [from, to, at] = [certificate.notBefore, certificate.notAfter, loggedAt].map((date) =>
    date.toISOString(),
  );
  throw new SignatureError(
    'BAD_SIGNATURE',
    `${but} its certificate is valid from ${from} to ${to} and the log took the entry at ${at}`,
  );
}

/** Certificate chain, certificate log, entry and proof of the transparency log, time-stamps. */
function requireTrusted(claim: Claim, material: TrustMaterial): void {
  try {
    // Everything that is given must be good; one time is needed, that of the log.
    const verifier = new Verifier(material, {
      ctlogThreshold: material.ctlogs.length > 0 ? 1 : 0,
      tlogThreshold: 1,
      timestampThreshold: 1,
    });
    verifier.verify(toSignedEntity(bundleOf(claim), claim.cms.signedAttributes));
  } catch (cause) {
    const { but, rootName } = claim;
    throw new SignatureError('BAD_SIGNATURE', `${but} ${refusal(claim, cause)}`, {
      cause,
      remedy: `sign it again with a Sigstore that trusted root ${rootName} of config map ${TRUSTED_ROOTS} has, or add what is missing there if you trust it`,
    });
  }
}

function bundleOf({ cms, digest, entry }: Claim): Bundle {
  const { certificate, signature, timestamps } = cms;
  return {
    mediaType: MEDIA_TYPE,
    content: {
      $case: 'messageSignature',
      messageSignature: { messageDigest: { algorithm: HashAlgorithm.SHA2_256, digest }, signature },
    },
    verificationMaterial: {
      content: { $case: 'certificate', certificate: { rawBytes: certificate } },
      tlogEntries: [
        {
          logIndex: entry.logIndex,
          logId: { keyId: entry.logId },
          kindVersion: { kind: entry.kind, version: entry.version },
          integratedTime: entry.integratedTime,
          inclusionPromise:
            entry.signedEntryTimestamp === undefined
              ? undefined
              : { signedEntryTimestamp: entry.signedEntryTimestamp },
          inclusionProof:
            entry.proof === undefined
              ? undefined
              : {
                  ...entry.proof,
                  hashes: [...entry.proof.hashes],
                  checkpoint: { envelope: entry.proof.checkpoint },
                },
          canonicalizedBody: recordedBody(digest, signature, certificate),
        },
      ],
      timestampVerificationData: {
        rfc3161Timestamps: timestamps.map((token) => ({ signedTimestamp: timestampResponse(token) })),
      },
    },
  };
}

/** The library reads the answer of a time-stamp server, a signature holds the token of it. */
function timestampResponse(token: Buffer): Buffer {
  const granted = Buffer.from([0x30, 0x03, 0x02, 0x01, 0x00]);
  const size = Buffer.alloc(4);
  size.writeUInt32BE(granted.length + token.length);
  const bytes = size.subarray(size.findIndex((byte) => byte !== 0));
  const short = bytes.length === 1 && (bytes[0] ?? 0) < 0x80;
  const head = Buffer.from([0x30, ...(short ? [] : [0x80 | bytes.length]), ...bytes]);
  return Buffer.concat([head, granted, token]);
}

function refusal({ loggedAt, rootName }: Claim, cause: unknown): string {
  const why = messageOf(cause);
  const code = cause instanceof VerificationError ? cause.code : undefined;
  switch (code) {
    case 'CERTIFICATE_ERROR':
      return why.includes('SCT')
        ? `no certificate log of trusted root ${rootName} vouches for its certificate: ${why}`
        : `no certificate authority that trusted root ${rootName} has for ${loggedAt.toISOString()} issued its certificate`;
    case 'TLOG_INCLUSION_PROMISE_ERROR':
      return `no transparency log of trusted root ${rootName} vouches for an entry of this very signature`;
    case 'TLOG_INCLUSION_PROOF_ERROR':
      return `the proof that its entry is in a transparency log of trusted root ${rootName} is not good: ${why}`;
    case 'TLOG_MISSING_INCLUSION_ERROR':
    case 'TIMESTAMP_ERROR':
      return `nothing of trusted root ${rootName} vouches for the time it was signed at: ${why}`;
    default:
      return `it cannot be verified with trusted root ${rootName}: ${why}`;
  }
}

function requireNamed(identity: KeylessIdentity, { identities }: KeylessPolicy): void {
  const isNamed = identities.some(
    ({ issuer, subject }) =>
      identityMatches(issuer, identity.issuer) && identityMatches(subject, identity.subject),
  );
  if (isNamed) return;
  throw new SignatureError(
    'UNKNOWN_KEY',
    `it is signed by ${identityText(identity)}, which the project does not name`,
    {
      remedy:
        "sign it as one of the project's identities, or add this one to identities of its sourceIntegrity",
    },
  );
}
