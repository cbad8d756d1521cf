// Lists of namespaces and demands on signatures, as tables.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { integrityPolicy } from './integrity.ts';
import { isPlainNamespace, matchesNamespace, namespaceProblem } from './namespaces.ts';
import type { ProjectSpec } from './schema.ts';
import { projectProblems } from './validate.ts';

const NAMESPACES: Record<string, { patterns: string[]; namespace: string; want: boolean }> = {
  'nothing matches an empty list': { patterns: [], namespace: 'a', want: false },
  'a name matches itself': { patterns: ['team-a'], namespace: 'team-a', want: true },
  'a name matches nothing longer': { patterns: ['team-a'], namespace: 'team-ab', want: false },
  'a glob matches': { patterns: ['team-*'], namespace: 'team-a', want: true },
  'an expression matches anywhere': { patterns: ['/eam/'], namespace: 'team-a', want: true },
  'an anchored expression does not': { patterns: ['/^eam/'], namespace: 'team-a', want: false },
  'an expression that could take for ever matches nothing': {
    patterns: ['/^(a+)+$/'],
    namespace: 'aaaa',
    want: false,
  },
  'an alternative that is repeated matches nothing': {
    patterns: ['/^(a|a)*$/'],
    namespace: 'aaaa',
    want: false,
  },
  'text that is no expression matches nothing': { patterns: ['/(/'], namespace: '(', want: false },
  'one slash is no expression': { patterns: ['/'], namespace: 'a', want: false },
};
for (const [name, { patterns, namespace, want }] of Object.entries(NAMESPACES)) {
  test(`matchesNamespace(): ${name}`, () => assert.equal(matchesNamespace(patterns, namespace), want));
}

test('namespaceProblem() is quick with what it lets through', () => {
  for (const pattern of ['/^a*a*a*$/', '/^[a-z]+-[a-z]+$/', '/^(dev|test)-\\d+$/']) {
    assert.equal(namespaceProblem(pattern), undefined, pattern);
    const began = performance.now();
    matchesNamespace([pattern], `${'a'.repeat(62)}!`);
    assert.ok(performance.now() - began < 1_000, pattern);
  }
});

test('isPlainNamespace() tells names from patterns', () => {
  assert.deepEqual(['team-a', 'team-*', '/x/', 'Team', ''].map(isPlainNamespace), [
    true,
    false,
    false,
    false,
    false,
  ]);
});

const identity = (url: string): string => url;
const gpg = (mode: string, keys?: string[]) => ({ mode, ...(keys === undefined ? {} : { keys }) });
const policies = (...list: NonNullable<NonNullable<ProjectSpec['sourceIntegrity']>['git']>['policies']) => ({
  sourceIntegrity: { git: { policies: list } },
});
const ADA = [{ issuer: 'https://accounts.example.com', subject: 'ada@example.com' }];
const POLICIES: Record<string, { spec: ProjectSpec; want: unknown }> = {
  'nothing is demanded by default': { spec: {}, want: undefined },
  'signatureKeys demand signed heads, by either kind of key': {
    spec: { signatureKeys: [{ keyID: 'AAAABBBBCCCCDDDD' }, { keyID: 'SHA256:x' }] },
    want: { mode: 'head', gpgKeys: ['AAAABBBBCCCCDDDD'], sshKeys: ['SHA256:x'] },
  },
  'the first policy that names the repository counts': {
    spec: policies(
      { repos: [{ url: 'https://b/*' }], gpg: gpg('strict', ['B']) },
      { repos: [{ url: 'https://a/*' }], gpg: gpg('head', ['A']) },
      { repos: [{ url: '*' }], gpg: gpg('strict', ['C']) },
    ),
    want: { mode: 'head', gpgKeys: ['A'], sshKeys: [] },
  },
  'a repository may be left out by a leading !': {
    spec: policies({ repos: [{ url: '*' }, { url: '!https://a/x' }], gpg: gpg('head', ['A']) }),
    want: undefined,
  },
  'mode none demands nothing': {
    spec: policies({ repos: [{ url: '*' }], gpg: gpg('none') }),
    want: undefined,
  },
  'GPG and SSH may stand side by side, and the stricter mode counts': {
    spec: policies({ repos: [{ url: '*' }], gpg: gpg('head', ['A']), ssh: gpg('strict', ['ada']) }),
    want: { mode: 'strict', gpgKeys: ['A'], sshKeys: ['ada'] },
  },
  'keyless signatures stand beside, and their trusted root has a usual name': {
    spec: policies({
      repos: [{ url: '*' }],
      gpg: gpg('head', ['A']),
      sigstore: { mode: 'strict', identities: ADA },
    }),
    want: {
      mode: 'strict',
      gpgKeys: ['A'],
      sshKeys: [],
      sigstore: { trustedRoot: 'trusted_root.json', identities: ADA },
    },
  },
  'keyless signatures of mode none are not taken': {
    spec: policies({
      repos: [{ url: '*' }],
      gpg: gpg('head', ['A']),
      sigstore: { mode: 'none', identities: ADA },
    }),
    want: { mode: 'head', gpgKeys: ['A'], sshKeys: [] },
  },
  'an unknown mode is no permission': {
    spec: policies({ repos: [{ url: '*' }], gpg: gpg('maybe') }),
    want: 'sourceIntegrity has mode "maybe"; write none, head or strict',
  },
  'a policy that names no kind of signature is no permission': {
    spec: policies({ repos: [{ url: '*' }] }),
    want: 'a policy of sourceIntegrity has none of gpg, ssh and sigstore; say what must be signed',
  },
};
for (const [name, { spec, want }] of Object.entries(POLICIES)) {
  test(`integrityPolicy(): ${name}`, () =>
    assert.deepEqual(integrityPolicy(spec, 'https://a/x', identity), want));
}

test('projectProblems() finds what is wrong with sourceIntegrity', () => {
  const spec = policies({ repos: [{ url: '*' }], gpg: gpg('maybe') });
  assert.deepEqual(projectProblems('p', spec), [
    'sourceIntegrity.git.policies[0]: mode "maybe" is none of none, head, strict',
  ]);
  const nobody = policies({ repos: [{ url: '*' }], sigstore: { mode: 'head' } });
  assert.deepEqual(projectProblems('p', nobody), [
    'sourceIntegrity.git.policies[0]: sigstore names no identities; give issuer and subject',
  ]);
  const anybody = policies({
    repos: [{ url: '*' }],
    sigstore: { mode: 'head', identities: [{ issuer: '', subject: '*' }] },
  });
  assert.deepEqual(projectProblems('p', anybody), [
    'sourceIntegrity.git.policies[0]: an identity of sigstore needs an issuer and a subject',
  ]);
});
