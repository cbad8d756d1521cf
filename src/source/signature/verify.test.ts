// Signatures made in this process, and by git with gpg and ssh-keygen where the machine has them.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import {
  commitObject,
  pgpSigner,
  type RawObject,
  rawObject,
  type Signer,
  sshSigner,
  tagObject,
} from '../../../test/support/signing.ts';
import { Lru } from '../../lib/index.ts';
import type { IntegrityPolicy, Revision } from '../../model/index.ts';
import { parseAllowedSigners } from './allowed-signers.ts';
import { verifyRevision } from './verify.ts';

const TREE = '4b825dc642cb6eb9a060e54bf8d69288fbee4904';
const NOW = Date.parse('2026-06-01T00:00:00Z');

interface Check {
  readonly objects: readonly RawObject[];
  readonly revision: Revision;
  readonly policy?: Partial<IntegrityPolicy>;
  readonly pgp?: readonly string[];
  readonly ssh?: readonly string[];
  readonly now?: number;
}

/** `good`, or why not. */
async function verdict(check: Check): Promise<string> {
  const objects = new Map(check.objects.map((object) => [object.id, object]));
  try {
    await verifyRevision(
      { raw: async (id) => objects.get(id), now: () => check.now ?? NOW, verified: new Lru(100) },
      {
        repository: 'https://git.example.com/app',
        revision: check.revision,
        policy: { mode: 'head', gpgKeys: [], sshKeys: [], ...check.policy },
        keyring: {
          pgp: (check.pgp ?? []).map((armored, index) => ({ id: String(index), armored })),
          allowedSigners: (check.ssh ?? []).join('\n'),
          trustedRoots: {},
        },
        signal: new AbortController().signal,
      },
    );
    return 'good';
  } catch (error) {
    return (error as Error).message;
  }
}

function at({ id }: RawObject): Revision {
  return { id, target: 'main', ref: 'refs/heads/main' };
}

function tagged(commit: RawObject, tag: RawObject, name: string): Revision {
  return { id: commit.id, target: name, ref: `refs/tags/${name}`, tag: tag.id };
}

const ada = await pgpSigner({ date: new Date('2026-01-01T00:00:00Z') });
const eve = await pgpSigner({ date: new Date('2026-01-01T00:00:00Z') });

async function pgpCase(commit: RawObject, extra: Partial<Check> = {}): Promise<string> {
  return await verdict({
    objects: [commit],
    revision: at(commit),
    policy: { gpgKeys: [ada.id] },
    pgp: [ada.publicKey],
    ...extra,
  });
}

test('a commit signed with a key of the project is good', async () => {
  const commit = await commitObject({ tree: TREE, message: 'größer\n\nwith a body' }, ada);
  assert.equal(await pgpCase(commit), 'good');
  assert.equal(await pgpCase(commit, { policy: { gpgKeys: [ada.id.slice(-16).toLowerCase()] } }), 'good');
});

test('a commit without a signature is refused, with repository, commit and remedy', async () => {
  const commit = await commitObject({ tree: TREE });
  assert.equal(
    await pgpCase(commit),
    `commit ${commit.id} of https://git.example.com/app is not trusted: it has no signature; sign it with a key the project names, or change the project's signatureKeys or sourceIntegrity`,
  );
});

test('keys that are unknown, not named, too short, expired or not yet valid are refused', async () => {
  const commit = await commitObject({ tree: TREE }, ada);
  const byEve = await commitObject({ tree: TREE }, eve);
  assert.match(await pgpCase(byEve), /OpenPGP key [0-9A-F]{16}, which is not in argocd-gpg-keys-cm/);
  assert.match(
    await pgpCase(byEve, { pgp: [ada.publicKey, eve.publicKey] }),
    new RegExp(`OpenPGP key ${eve.id}, which the project does not name`),
  );
  assert.match(
    await pgpCase(commit, { policy: { gpgKeys: [ada.id.slice(-8)] } }),
    /is not one of 16 digits or a whole fingerprint/,
  );
  assert.match(await pgpCase(commit, { pgp: ['no key'] }), /public key 0 cannot be read/);
  const short = await pgpSigner({ date: new Date('2026-01-01T00:00:00Z'), expiresSeconds: 86_400 });
  const expired = await commitObject({ tree: TREE }, short);
  const named = { policy: { gpgKeys: [short.id] }, pgp: [short.publicKey] };
  assert.match(await pgpCase(expired, named), /is not valid for signing now/);
  assert.equal(await pgpCase(expired, { ...named, now: Date.parse('2026-01-01T12:00:00Z') }), 'good');
  assert.match(
    await pgpCase(commit, { now: Date.parse('2025-01-01T00:00:00Z') }),
    /is not valid for signing now/,
  );
});

function changed(object: RawObject, change: (text: string) => string): RawObject {
  return rawObject(object.type, Buffer.from(change(object.body.toString('latin1')), 'latin1'));
}

const FORGED: Record<string, { change: (text: string) => string; want: RegExp }> = {
  'another tree': {
    change: (text) => text.replace(TREE, '0'.repeat(40)),
    want: /is not good/,
  },
  'another message': { change: (text) => text.replace('a change', 'another'), want: /is not good/ },
  'a second signature': {
    change: (text) =>
      text.replace('\n\na change', `\ngpgsig ${text.split('gpgsig ')[1]?.split('\n\na')[0]}\n\na change`),
    want: /gpgsig twice/,
  },
  'a second tree': {
    change: (text) => text.replace('\nauthor', `\ntree ${TREE}\nauthor`),
    want: /tree twice/,
  },
  'a carriage return in a header': {
    change: (text) => text.replace('+0000\n', '+0000\r\n'),
    want: /NUL or a carriage return/,
  },
  'a NUL in a header': { change: (text) => text.replace('Ada', 'A\0da'), want: /NUL or a carriage return/ },
  'text after the signature': {
    change: (text) => text.replace('-----END PGP SIGNATURE-----', '-----END PGP SIGNATURE-----\n more'),
    want: /not one whole block/,
  },
  'a header of another object format': {
    change: (text) => text.replace('\n\na change', '\ngpgsig-sha256 x\n\na change'),
    want: /another object format/,
  },
  'an X.509 signature': {
    change: (text) => text.replaceAll('PGP SIGNATURE', 'SIGNED MESSAGE'),
    want: /an X\.509 certificate, and the project names no keyless identities/,
  },
  'headers in another order': {
    change: (text) => text.replace(/^tree [^\n]*\n/, '').replace('\nauthor', `\ntree ${TREE}\nauthor`),
    want: /does not begin with tree|is not good/,
  },
};
for (const [name, { change, want }] of Object.entries(FORGED)) {
  test(`a signed commit with ${name} is refused`, async () => {
    const commit = changed(await commitObject({ tree: TREE }, ada), change);
    assert.match(await pgpCase(commit), want);
  });
}

test('an object that is not the one of its id is refused', async () => {
  const commit = await commitObject({ tree: TREE }, ada);
  const other = await commitObject({ tree: TREE, message: 'other' }, ada);
  assert.match(await pgpCase(commit, { objects: [{ ...other, id: commit.id }] }), /is damaged/);
});

test('an annotated tag stands for its commit: its own signature, name and commit count', async () => {
  const commit = await commitObject({ tree: TREE });
  const good = await tagObject(commit.id, 'v1.0.0', ada);
  const check = (tag: RawObject, name: string): Promise<string> =>
    pgpCase(commit, { objects: [commit, tag], revision: tagged(commit, tag, name) });
  assert.equal(await check(good, 'v1.0.0'), 'good');
  assert.match(await check(good, 'v2.0.0'), /tag object is named "v1\.0\.0", not v2\.0\.0/);
  assert.match(await check(await tagObject(commit.id, 'v1.0.0'), 'v1.0.0'), /tag has no signature/);
  assert.match(await check(await tagObject('1'.repeat(40), 'v1.0.0', ada), 'v1.0.0'), /does not name commit/);
  assert.match(await check(await tagObject(commit.id, 'v1.0.0', eve), 'v1.0.0'), /not in argocd-gpg-keys-cm/);
});

test('strict looks at every commit back to the first or to a signed seal', async () => {
  const first = await commitObject({ tree: TREE, message: 'first' });
  const second = await commitObject({ tree: TREE, parents: [first.id], message: 'second' }, ada);
  const seal = await commitObject(
    { tree: TREE, parents: [first.id], message: 'seal\n\nArgocd-gpg-seal: taken over' },
    ada,
  );
  const head = (parent: RawObject): Promise<RawObject> =>
    commitObject({ tree: TREE, parents: [parent.id], message: 'third' }, ada);
  const strict = async (parent: RawObject): Promise<string> => {
    const third = await head(parent);
    const policy: Partial<IntegrityPolicy> = { mode: 'strict', gpgKeys: [ada.id] };
    return await pgpCase(third, { objects: [first, second, seal, third], revision: at(third), policy });
  };
  assert.match(await strict(second), new RegExp(`^commit ${first.id} .* has no signature`));
  assert.equal(await strict(seal), 'good');
});

async function sshCase(signer: Signer, extra: Partial<Check> = {}): Promise<string> {
  const commit = await commitObject({ tree: TREE }, signer);
  return await verdict({
    objects: [commit],
    revision: at(commit),
    policy: { sshKeys: [signer.id] },
    ssh: ['# people', signer.publicKey],
    ...extra,
  });
}

for (const type of ['ed25519', 'nistp256', 'rsa'] as const) {
  test(`a commit signed with an SSH key of type ${type} is good`, async () =>
    assert.equal(await sshCase(sshSigner(type)), 'good'));
}

test('SSH keys are named by fingerprint or principal, and must be among the allowed signers', async () => {
  const signer = sshSigner('ed25519');
  assert.equal(await sshCase(signer, { policy: { sshKeys: ['ada@example.com'] } }), 'good');
  assert.match(
    await sshCase(signer, { policy: { sshKeys: ['eve@example.com'] } }),
    /SSH key SHA256:\S+, which the project does not name/,
  );
  assert.match(await sshCase(signer, { ssh: [] }), /not in argocd-ssh-allowed-signers-cm/);
});

test('an SSH signature for something else, or by a key out of force, is refused', async () => {
  assert.match(await sshCase(sshSigner('ed25519', 'file')), /made for "file", not for git/);
  assert.match(
    await sshCase(sshSigner('ed25519', 'git', 'namespaces="file"')),
    /not allowed to sign for git at this time/,
  );
  assert.match(
    await sshCase(sshSigner('ed25519', 'git', 'valid-before="20260101"')),
    /not allowed to sign for git at this time/,
  );
  assert.equal(await sshCase(sshSigner('ed25519', 'git', 'valid-after="20260101",namespaces="git"')), 'good');
});

test('an SSH signature over other bytes is refused', async () => {
  const signer = sshSigner('ed25519');
  const commit = changed(await commitObject({ tree: TREE }, signer), (text) => text.replace('a change', 'x'));
  assert.match(
    await sshCase(signer, { objects: [commit], revision: at(commit) }),
    /its signature by SSH key SHA256:\S+ is not good/,
  );
});

test('parseAllowedSigners() names the line it cannot read', () => {
  assert.throws(() => parseAllowedSigners('# a comment\n\nonly-a-name'), /line 3 of the allowed signers/);
  assert.throws(() => parseAllowedSigners('a cert-authority ssh-ed25519 AAAA'), /certificate authorities/);
});

const hasSshKeygen = spawnSync('ssh-keygen', ['-?']).error === undefined;
const hasGpg = spawnSync('gpg', ['--version']).error === undefined;

/** A repository whose HEAD git signed with `config`, as raw object. */
function signedByGit(folder: string, config: Record<string, string>, env: Record<string, string>): RawObject {
  const git = (...args: string[]): Buffer =>
    execFileSync('git', args, {
      cwd: folder,
      env: { PATH: process.env['PATH'] ?? '', HOME: folder, GIT_CONFIG_NOSYSTEM: '1', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  git('init', '-q');
  const settings = { 'user.name': 'Ada', 'user.email': 'ada@example.com', ...config };
  for (const [key, value] of Object.entries(settings)) git('config', key, value);
  git('commit', '-q', '--allow-empty', '-S', '-m', 'signed by git');
  return rawObject('commit', git('cat-file', 'commit', 'HEAD'));
}

test('a commit that git signed with ssh-keygen is good', {
  skip: !hasSshKeygen && 'needs ssh-keygen',
}, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'fairlead-ssh-'));
  try {
    for (const type of ['ed25519', 'rsa', 'ecdsa']) {
      const file = join(folder, type);
      execFileSync('ssh-keygen', ['-q', '-t', type, '-N', '', '-f', file]);
      const commit = signedByGit(folder, { 'gpg.format': 'ssh', 'user.signingkey': `${file}.pub` }, {});
      const ssh = [`ada@example.com namespaces="git" ${readFileSync(`${file}.pub`, 'utf8').trim()}`];
      const policy = { sshKeys: ['ada@example.com'] };
      assert.equal(await verdict({ objects: [commit], revision: at(commit), policy, ssh }), 'good', type);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test('a commit that git signed with gpg is good', { skip: !hasGpg && 'needs gpg' }, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'fairlead-gpg-'));
  const env = { GNUPGHOME: folder };
  const gpg = (...args: string[]): string =>
    execFileSync('gpg', ['--batch', '--quiet', ...args], {
      env: { PATH: process.env['PATH'] ?? '', HOME: folder, ...env },
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  try {
    execFileSync('chmod', ['700', folder]);
    gpg('--passphrase', '', '--quick-generate-key', 'Ada <ada@example.com>', 'rsa2048', 'sign', 'never');
    const armored = gpg('--armor', '--export', 'ada@example.com');
    const listing = gpg('--list-keys', '--with-colons', 'ada@example.com');
    const fingerprint = /^fpr:+([0-9A-F]{40}):/m.exec(listing)?.[1] ?? '';
    const commit = signedByGit(folder, { 'user.signingkey': fingerprint }, env);
    const check = { objects: [commit], revision: at(commit), pgp: [armored], now: Date.now() + 1_000 };
    assert.equal(await verdict({ ...check, policy: { gpgKeys: [fingerprint.slice(-16)] } }), 'good');
    writeFileSync(join(folder, 'x'), '');
  } finally {
    spawnSync('gpgconf', ['--homedir', folder, '--kill', 'all']);
    rmSync(folder, { recursive: true, force: true });
  }
});
