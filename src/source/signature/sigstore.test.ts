// Keyless signatures by a Sigstore in this process, forged at each step, one that git asked for, and one that gitsign made.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { extension, sha256 } from '../../../test/support/certificates.ts';
import { der, octets, oid, sequence, setOf, utf8 } from '../../../test/support/der.ts';
import {
  commitObject,
  type RawObject,
  rawObject,
  sshSigner,
  tagObject,
} from '../../../test/support/signing.ts';
import {
  armored,
  attribute,
  generalName,
  ISSUER,
  type KeylessOptions,
  Sigstore,
} from '../../../test/support/sigstore.ts';
import { CertificateLog, encodeEntry, Rekor } from '../../../test/support/transparency-log.ts';
import { Lru } from '../../lib/index.ts';
import type { KeylessIdentity } from '../../model/index.ts';
import { SignatureError } from './errors.ts';
import { identityMatches } from './keyless-identity.ts';
import { verifyRevision } from './verify.ts';

const NOW = Date.parse('2026-06-01T00:00:00Z');
const AT = Date.parse('2026-03-01T12:00:00Z');
const MINUTE_MS = 60_000;
const PARTS = { tree: '4b825dc642cb6eb9a060e54bf8d69288fbee4904' };
const ADA: KeylessIdentity = { issuer: ISSUER, subject: 'ada@example.com' };
const sigstore = new Sigstore(NOW);
const other = new Sigstore(NOW);

interface Check {
  readonly identities?: readonly KeylessIdentity[];
  /** The member trusted_root.json of the config map; null: there is none. */
  readonly root?: string | null;
  readonly tag?: RawObject;
}

/** `good`, or why not. Anything but a SignatureError is a mistake of ours. */
async function verdict(commit: RawObject, { identities = [ADA], root, tag }: Check = {}): Promise<string> {
  const objects = new Map([commit, ...(tag === undefined ? [] : [tag])].map((object) => [object.id, object]));
  const trustedRoots = root === null ? {} : { 'trusted_root.json': root ?? sigstore.trustedRoot() };
  const named = tag === undefined ? {} : { target: 'v1', ref: 'refs/tags/v1', tag: tag.id };
  try {
    await verifyRevision(
      { raw: async (id) => objects.get(id), now: () => NOW, verified: new Lru(10) },
      {
        repository: 'https://git.example.com/app',
        revision: { id: commit.id, target: 'main', ref: 'refs/heads/main', ...named },
        policy: {
          mode: 'head',
          gpgKeys: [],
          sshKeys: [],
          sigstore: { trustedRoot: 'trusted_root.json', identities },
        },
        keyring: { pgp: [], allowedSigners: '', trustedRoots },
        signal: new AbortController().signal,
      },
    );
    return 'good';
  } catch (error) {
    if (error instanceof SignatureError) return error.message;
    throw error;
  }
}

async function signed(options: KeylessOptions = {}, by = sigstore): Promise<RawObject> {
  return await commitObject(PARTS, by.signer({ at: AT, ...options }));
}

test('a commit that gitsign made is good by the trusted root of the public Sigstore', async () => {
  const file = (name: string): Buffer =>
    readFileSync(new URL(`../../../test/corpora/gitsign/${name}`, import.meta.url));
  const commit = rawObject('commit', file('2023-06-05.commit'));
  const root = file('trusted_root.json').toString();
  const subject = 'billy@chainguard.dev';
  const google = 'https://accounts.google.com';
  assert.equal(await verdict(commit, { root, identities: [{ issuer: google, subject }] }), 'good');
  assert.match(
    await verdict(commit, { root, identities: [{ issuer: google, subject: 'billy@example.com' }] }),
    /it is signed by billy@chainguard\.dev \(issuer https:\/\/accounts\.google\.com\), which the project does not name/,
  );
  const later = rawObject(
    'commit',
    Buffer.from(commit.body.toString('latin1').replace('12:11', '12:12'), 'latin1'),
  );
  assert.match(
    await verdict(later, { root, identities: [{ issuer: google, subject }] }),
    /but the signature is over other content/,
  );
});

test('a commit that git had signed by a program for X.509 is good', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'fairlead-gitsign-'));
  try {
    const file = join(folder, 'root.json');
    const program = join(folder, 'gitsign');
    const main = fileURLToPath(new URL('../../../test/support/gitsign-main.ts', import.meta.url));
    writeFileSync(program, `#!/bin/sh\nexec "${process.execPath}" "${main}" "$@"\n`, { mode: 0o755 });
    const git = (...args: string[]): Buffer =>
      execFileSync('git', args, {
        cwd: folder,
        env: { PATH: process.env['PATH'] ?? '', HOME: folder, GIT_CONFIG_NOSYSTEM: '1', TRUSTED_ROOT: file },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
    git('init', '-q');
    const settings = {
      'user.name': 'Ada',
      'user.email': 'ada@example.com',
      'gpg.format': 'x509',
      'gpg.x509.program': program,
    };
    for (const [key, value] of Object.entries(settings)) git('config', key, value);
    git('commit', '-q', '--allow-empty', '-S', '-m', 'signed by git');
    const commit = rawObject('commit', git('cat-file', 'commit', 'HEAD'));
    assert.equal(await verdict(commit, { root: readFileSync(file, 'utf8') }), 'good');
    git('tag', '-s', '-m', 'release', 'v1');
    const tag = rawObject('tag', git('cat-file', 'tag', 'v1'));
    assert.equal(await verdict(commit, { root: readFileSync(file, 'utf8'), tag }), 'good');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

const WORKFLOW = 'https://github.com/shop/web/.github/workflows/release.yaml@refs/heads/main';

const GOOD: Record<string, { options?: KeylessOptions; check?: Check }> = {
  'by an e-mail address that is named': {},
  'by a workflow that a pattern names': {
    options: { subject: WORKFLOW },
    check: { identities: [{ issuer: ISSUER, subject: 'https://github.com/shop/*/.github/workflows/**' }] },
  },
  'by the second of several identities': {
    check: { identities: [{ issuer: ISSUER, subject: 'eve@example.com' }, ADA] },
  },
  'with the issuer in its old form only': {
    options: { extensions: ({ issuerV2: _, ...rest }) => Object.values(rest) },
  },
  'by a user name without an address': {
    options: {
      extensions: (usual) => {
        const name = der(0xa0, oid('1.3.6.1.4.1.57264.1.7'), der(0xa0, utf8('ada!example.com')));
        return Object.values({ ...usual, subject: extension('2.5.29.17', sequence(name), true) });
      },
    },
    check: { identities: [{ issuer: ISSUER, subject: 'ada!example.com' }] },
  },
  'with a promise of the log and no proof': { options: { entry: ({ proof: _, ...rest }) => rest } },
  'with a time-stamp besides': { options: { timestamp: { authority: sigstore.timestampAuthority } } },
  'without a certificate log, when the trusted root has none': {
    options: { certificateLog: 'none' },
    check: { root: sigstore.trustedRoot((root) => ({ ...root, ctlogs: [] })) },
  },
};
for (const [name, { check, options }] of Object.entries(GOOD)) {
  test(`a commit signed without a key ${name} is good`, async () =>
    assert.equal(await verdict(await signed(options), check), 'good'));
}

test('an annotated tag is good by its own keyless signature', async () => {
  const commit = await commitObject(PARTS);
  const tag = await tagObject(commit.id, 'v1', sigstore.signer({ at: AT }));
  assert.equal(await verdict(commit, { tag }), 'good');
  const bare = await tagObject(commit.id, 'v1');
  assert.match(await verdict(commit, { tag: bare }), /the tag has no signature/);
});

test('a refusal names commit, identity and remedy', async () => {
  const commit = await signed({ subject: 'eve@example.com' });
  assert.equal(
    await verdict(commit),
    `commit ${commit.id} of https://git.example.com/app is not trusted: it is signed by eve@example.com (issuer ${ISSUER}), which the project does not name; sign it as one of the project's identities, or add this one to identities of its sourceIntegrity`,
  );
});

const entryOfAnother = sigstore.rekor.add(Buffer.from('the body of another commit'), AT + MINUTE_MS);
const NO_LOG =
  /no transparency log of trusted root trusted_root\.json vouches for an entry of this very signature; sign it again with a Sigstore that/;
const NO_AUTHORITY =
  /no certificate authority that trusted root trusted_root\.json has for 2026-03-01T12:01:00\.000Z issued/;
const PROOF =
  /the proof that its entry is in a transparency log of trusted root trusted_root\.json is not good/;

const FORGED: Record<string, { options?: KeylessOptions; by?: Sigstore; check?: Check; want: RegExp }> = {
  'by another issuer': {
    options: { issuer: 'https://accounts.evil.example' },
    want: /signed by ada@example\.com \(issuer https:\/\/accounts\.evil\.example\), which the project does not name/,
  },
  'by another subject of the same ending': {
    options: { subject: 'not-ada@example.com' },
    want: /not-ada@example\.com \S+ \S+, which the project does not name/,
  },
  'and no log entry': {
    options: { entry: () => undefined },
    want: /but it holds 0 entries of a transparency log, not one; set gitsign\.rekorMode to offline and sign it again/,
  },
  'and two log entries': {
    options: {
      entry: () => undefined,
      parts: (parts) => {
        const entry = octets(encodeEntry(entryOfAnother));
        return { ...parts, unsignedAttributes: [attribute('1.3.6.1.4.1.57264.3.1', entry, entry)] };
      },
    },
    want: /but it holds 2 entries of a transparency log, not one/,
  },
  'and the log entry of another commit': { options: { entry: () => entryOfAnother }, want: NO_LOG },
  'and a log entry of an unknown kind': {
    options: { entry: (entry) => ({ ...entry, version: '0.0.2' }) },
    want: /log entry is of kind "hashedrekord 0\.0\.2", not hashedrekord 0\.0\.1/,
  },
  'and an entry that another log promised': {
    options: { rekor: new Rekor('rekor.example.com') },
    want: NO_LOG,
  },
  'and an entry that another log promised under the id of a trusted one': {
    options: {
      rekor: new Rekor('rekor.example.com'),
      entry: (entry) => ({ ...entry, logId: sigstore.rekor.logId }),
    },
    want: NO_LOG,
  },
  'and an entry with another time': {
    options: { entry: (entry) => ({ ...entry, integratedTime: entry.integratedTime + 1 }) },
    want: NO_LOG,
  },
  'and an entry at another place of the log': {
    options: { entry: (entry) => ({ ...entry, logIndex: entry.logIndex + 1 }) },
    want: NO_LOG,
  },
  'and a proof alone, which tells no time': {
    options: { entry: ({ signedEntryTimestamp: _, ...rest }) => rest },
    want: /nothing of trusted root trusted_root\.json vouches for the time it was signed at/,
  },
  'and an entry without promise and proof': {
    options: { entry: ({ signedEntryTimestamp: _, proof: __, ...rest }) => rest },
    want: /nothing of trusted root trusted_root\.json vouches for the time it was signed at/,
  },
  'and a proof with another hash': {
    options: {
      entry: (entry) => ({
        ...entry,
        proof: { ...proofOf(entry), hashes: proofOf(entry).hashes.map((hash) => sha256(hash)) },
      }),
    },
    want: PROOF,
  },
  'and the proof of another entry': {
    options: { entry: (entry) => ({ ...entry, proof: proofOf(entryOfAnother) }) },
    want: PROOF,
  },
  'and a checkpoint of another log': {
    options: {
      entry: (entry) => {
        const { checkpoint } = proofOf(new Rekor('rekor.example.com').add(Buffer.from('x'), AT));
        return { ...entry, proof: { ...proofOf(entry), checkpoint } };
      },
    },
    want: PROOF,
  },
  'and a proof without end': {
    options: {
      entry: (entry) => ({
        ...entry,
        proof: { ...proofOf(entry), hashes: Array(65).fill(sha256(Buffer.from('x'))) },
      }),
    },
    want: /its proof has 65 hashes/,
  },
  'and logged after its certificate was over': {
    options: { loggedAt: AT + 11 * MINUTE_MS },
    want: /its certificate is valid from 2026-03-01T12:00:00\.000Z to 2026-03-01T12:10:00\.000Z and the log took the entry at 2026-03-01T12:11:00\.000Z/,
  },
  'and logged before its certificate began': {
    options: { loggedAt: AT - MINUTE_MS },
    want: /the log took the entry at 2026-03-01T11:59:00\.000Z/,
  },
  'by another authority of the same name': {
    options: { rekor: sigstore.rekor, certificateLog: sigstore.certificateLog },
    by: other,
    want: NO_AUTHORITY,
  },
  'by an authority that is no longer in force': {
    check: {
      root: sigstore.trustedRoot((root) => ({
        ...root,
        certificateAuthorities: (root['certificateAuthorities'] as object[]).map((authority) => ({
          ...authority,
          validFor: { start: '2020-01-01T00:00:00Z', end: '2026-02-28T00:00:00Z' },
        })),
      })),
    },
    want: NO_AUTHORITY,
  },
  'and a certificate that no log has seen': {
    options: { certificateLog: 'none' },
    want: /no certificate log of trusted root trusted_root\.json vouches for its certificate/,
  },
  'and a certificate that another log has seen': {
    options: { certificateLog: new CertificateLog() },
    want: /no certificate log of trusted root trusted_root\.json vouches for its certificate/,
  },
  'over another commit': {
    options: { content: () => Buffer.from('another commit') },
    want: /but the signature is over other content/,
  },
  'and a signature of another key': {
    options: { signature: (signature) => Buffer.concat([signature.subarray(0, -1), Buffer.from([1])]) },
    want: /but the signature is not that of its certificate/,
  },
  'and a signature that is none': {
    options: { signature: () => Buffer.from('x') },
    want: /but the signature is not that of its certificate/,
  },
  'and content of its own': {
    options: {
      parts: (parts) => ({
        ...parts,
        enclosed: sequence(oid('1.2.840.113549.1.7.1'), der(0xa0, octets(Buffer.from('x')))),
      }),
    },
    want: /it encloses content of its own/,
  },
  'and no certificate': {
    options: { parts: (parts) => ({ ...parts, certificates: [] }) },
    want: /lacks its signer's certificate/,
  },
  'and no digest of the content': {
    options: { parts: (parts) => ({ ...parts, signedAttributes: parts.signedAttributes.slice(0, 2) }) },
    want: /has not one signed attribute 1\.2\.840\.113549\.1\.9\.4/,
  },
  'and two digests of the content': {
    options: {
      parts: (parts) => {
        const digest = attribute('1.2.840.113549.1.9.4', octets(sha256(Buffer.from('another'))));
        return { ...parts, signedAttributes: [...parts.signedAttributes, digest] };
      },
    },
    want: /has attribute 1\.2\.840\.113549\.1\.9\.4 twice/,
  },
  'and a weak digest': {
    options: { parts: (parts) => ({ ...parts, digestAlgorithm: sequence(oid('1.3.14.3.2.26')) }) },
    want: /its digest is not SHA-256/,
  },
  'and a certificate for web servers': {
    options: {
      extensions: (usual) =>
        Object.values({ ...usual, purpose: extension('2.5.29.37', sequence(oid('1.3.6.1.5.5.7.3.1'))) }),
    },
    want: /it is not for signing code/,
  },
  'and a certificate without a subject': {
    options: { extensions: ({ subject: _, ...rest }) => Object.values(rest) },
    want: /it has 0 subjects, not one/,
  },
  'and a certificate with two subjects': {
    options: {
      extensions: (usual) => {
        const names = sequence(generalName('ada@example.com'), generalName('eve@example.com'));
        return Object.values({ ...usual, subject: extension('2.5.29.17', names, true) });
      },
    },
    want: /it has 2 subjects, not one/,
  },
  'and a certificate with two issuers': {
    options: {
      extensions: (usual) =>
        Object.values({
          ...usual,
          issuer: extension('1.3.6.1.4.1.57264.1.1', Buffer.from('https://evil.example')),
        }),
    },
    want: /it has 2 issuers, not one/,
  },
  'and a certificate with a line break in its subject': {
    options: { subject: 'ada@example.com\nis trusted' },
    want: /a name in it is empty, too long or not printable/,
  },
  'and a time-stamp over other bytes': {
    options: { timestamp: { authority: sigstore.timestampAuthority, over: Buffer.from('x') } },
    want: /vouches for the time it was signed at: timestamp could not be verified/,
  },
  'and a time-stamp of another authority': {
    options: { timestamp: { authority: other.timestampAuthority } },
    want: /vouches for the time it was signed at: timestamp could not be verified/,
  },
  'for which there is no trusted root': {
    check: { root: null },
    want: /trusted root trusted_root\.json cannot be used: config map argocd-sigstore-cm has no such member; put the trusted_root\.json of your Sigstore there$/,
  },
  'for which the trusted root is no JSON': {
    check: { root: '{' },
    want: /trusted root trusted_root\.json cannot be used: it is no trusted root of Sigstore: .*; correct this member of config map argocd-sigstore-cm$/,
  },
  'for which the trusted root has no authorities': {
    check: { root: sigstore.trustedRoot((root) => ({ ...root, certificateAuthorities: [] })) },
    want: /it has no certificateAuthorities/,
  },
  'for which the trusted root has no log': {
    check: { root: sigstore.trustedRoot((root) => ({ ...root, tlogs: [] })) },
    want: /it has no tlogs/,
  },
};
for (const [name, { by, check, options, want }] of Object.entries(FORGED)) {
  test(`a commit signed without a key ${name} is refused`, async () =>
    assert.match(await verdict(await signed(options, by), check), want));
}

function proofOf({ proof }: ReturnType<Rekor['add']>): NonNullable<ReturnType<Rekor['add']>['proof']> {
  assert(proof);
  return proof;
}

test('a commit that was changed after it was signed is refused', async () => {
  const { body } = await signed();
  const changed = rawObject(
    'commit',
    Buffer.from(body.toString('latin1').replace('a change', 'a chance'), 'latin1'),
  );
  assert.match(
    await verdict(changed),
    /with a certificate for ada@example\.com \(issuer \S+\), but the signature is over other content/,
  );
});

test('a policy takes no signature of a kind it does not name', async () => {
  assert.match(await verdict(await commitObject(PARTS)), /it has no signature; sign it with a key/);
  const ssh = await commitObject(PARTS, sshSigner('ed25519'));
  assert.match(await verdict(ssh), /SSH key SHA256:\S+, which is not in argocd-ssh-allowed-signers-cm/);
});

/** A commit whose signature is this text. */
async function carrying(signature: string): Promise<RawObject> {
  return await commitObject(PARTS, { id: '', publicKey: '', sign: async () => signature });
}

function nested(depth: number): Buffer {
  let bytes: Buffer = Buffer.from([0x05, 0x00]);
  for (let i = 0; i < depth; i += 1) bytes = sequence(bytes);
  return bytes;
}

const UNREADABLE: Record<string, string> = {
  'no base64': '-----BEGIN SIGNED MESSAGE-----\n?!\n-----END SIGNED MESSAGE-----',
  'members of a mail': '-----BEGIN SIGNED MESSAGE-----\nKey: value\n\nMAA=\n-----END SIGNED MESSAGE-----',
  'random bytes': armored(sha256(Buffer.from('x'))),
  'an empty sequence': armored(sequence()),
  'an indefinite length': armored(Buffer.from([0x30, 0x80, 0x05, 0x00, 0x00, 0x00])),
  'a length beyond its end': armored(Buffer.from([0x30, 0x84, 0xff, 0xff, 0xff, 0xff])),
  'a thousand levels': armored(nested(1_000)),
  'other content than signed data': armored(sequence(oid('1.2.840.113549.1.7.1'), der(0xa0, sequence()))),
  'no signer': armored(
    sequence(
      oid('1.2.840.113549.1.7.2'),
      der(0xa0, sequence(der(2, Buffer.from([1])), setOf(), sequence(oid('1.2.840.113549.1.7.1')), setOf())),
    ),
  ),
  'more than 64 KiB': armored(octets(Buffer.alloc(100_000))),
  'ten megabytes': armored(octets(Buffer.alloc(10_000_000))),
};
for (const [name, signature] of Object.entries(UNREADABLE)) {
  test(`an X.509 signature of ${name} is refused`, async () =>
    assert.match(await verdict(await carrying(signature)), /its X\.509 signature cannot be read: /));
}

test('what is cut off, goes on or has a bit turned is refused or still says the same', async () => {
  const whole: Buffer[] = [];
  await signed({
    timestamp: { authority: sigstore.timestampAuthority },
    cms: (bytes) => {
      whole.push(bytes);
      return bytes;
    },
  });
  const [bytes] = whole;
  assert(bytes);
  for (let at = 0; at < bytes.length; at += 9) {
    const turned = Buffer.from(bytes);
    turned[at] = (turned[at] ?? 0) ^ (1 << (at % 8));
    // Not every byte is signed; those that are not must not change what is said.
    assert.match(await verdict(await carrying(armored(turned))), /^good$|is not trusted: /);
    assert.match(await verdict(await carrying(armored(bytes.subarray(0, at)))), /is not trusted: /);
  }
  assert.match(await verdict(await carrying(armored(Buffer.concat([bytes, bytes])))), /cannot be read/);
  assert.equal(await verdict(await carrying(armored(bytes))), 'good');
});

const PATTERNS: readonly [pattern: string, text: string, matches: boolean][] = [
  ['ada@example.com', 'ada@example.com', true],
  ['ada@example.com', 'Ada@example.com', false],
  ['ada@example.com', 'ada@exampleXcom', false],
  ['*@example.com', 'ada@example.com', true],
  ['*@example.com', 'ada@example.com.evil.example', false],
  ['*@example.com', 'https://evil.example/ada@example.com', false],
  ['https://github.com/shop/*', 'https://github.com/shop/web', true],
  ['https://github.com/shop/*', WORKFLOW, false],
  ['https://github.com/shop/**', WORKFLOW, true],
  ['https://github.com/shop/**@refs/heads/main', WORKFLOW, true],
  ['https://github.com/shop/**@refs/heads/main', `${WORKFLOW}-2`, false],
  ['https://github.com/[a-z]*/{a,b}?', 'https://github.com/shop/a1', false],
  ['*', '*', true],
  ['**', '', true],
  ['', 'x', false],
];
for (const [pattern, text, matches] of PATTERNS) {
  test(`identityMatches() ${JSON.stringify(pattern)} ${matches ? 'takes' : 'does not take'} ${text}`, () =>
    assert.equal(identityMatches(pattern, text), matches));
}

test('identityMatches() takes no longer for a pattern made to take long', () => {
  assert.equal(identityMatches(`${'*a'.repeat(200)}b`, 'a'.repeat(1_000)), false);
});
