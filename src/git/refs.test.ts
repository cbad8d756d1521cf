import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GitError } from './errors.ts';
import { refSnapshot, resolveRef } from './refs.ts';

const sha = (digit: string): string => digit.repeat(40);
const snapshot = refSnapshot({
  repository: 'https://example.com/app',
  head: sha('a'),
  headRef: 'refs/heads/main',
  takenAt: 0,
  refs: new Map([
    ['refs/heads/main', sha('a')],
    ['refs/heads/v2.0.0', sha('b')],
    ['refs/heads/both', sha('c')],
    ['refs/heads/abcdef1', sha('d')],
    ['refs/pull/7/head', sha('e')],
    ['refs/tags/both', sha('1')],
    ['refs/tags/v1.0.0', sha('2')],
    ['refs/tags/v1.4.0', sha('3')],
    ['refs/tags/v1.5.0-rc.1', sha('4')],
    ['refs/tags/v2.0.0', sha('5')],
    ['refs/tags/web-1.1.0', sha('6')],
    ['refs/tags/web-1.2.0', sha('7')],
  ]),
});

const CASES: Record<string, { target: string; prefix?: string; want: unknown }> = {
  'a full id as it is': { target: sha('f'), want: { kind: 'pinned', sha: sha('f') } },
  'nothing as HEAD': { target: '', want: { kind: 'commit', sha: sha('a'), ref: 'refs/heads/main' } },
  'HEAD as the default branch': {
    target: 'HEAD',
    want: { kind: 'commit', sha: sha('a'), ref: 'refs/heads/main' },
  },
  'a short branch': { target: 'main', want: { kind: 'commit', sha: sha('a'), ref: 'refs/heads/main' } },
  'a full ref': {
    target: 'refs/heads/main',
    want: { kind: 'commit', sha: sha('a'), ref: 'refs/heads/main' },
  },
  'any other ref by its full name': {
    target: 'refs/pull/7/head',
    want: { kind: 'commit', sha: sha('e'), ref: 'refs/pull/7/head' },
  },
  'a branch before a tag of the same name': {
    target: 'both',
    want: { kind: 'commit', sha: sha('c'), ref: 'refs/heads/both' },
  },
  'a version as the exact tag, even beside a branch': {
    target: 'v2.0.0',
    want: { kind: 'commit', sha: sha('5'), ref: 'refs/tags/v2.0.0' },
  },
  'a constraint as the greatest tag': {
    target: '1.x',
    want: { kind: 'commit', sha: sha('3'), ref: 'refs/tags/v1.4.0' },
  },
  'a constraint with -0 over prereleases too': {
    target: '>=1.4.0-0 <2',
    want: { kind: 'commit', sha: sha('4'), ref: 'refs/tags/v1.5.0-rc.1' },
  },
  'a constraint over tags of a prefix': {
    target: '^1.0',
    prefix: 'web-',
    want: { kind: 'commit', sha: sha('7'), ref: 'refs/tags/web-1.2.0' },
  },
  'a branch that looks like a short id': {
    target: 'abcdef1',
    want: { kind: 'commit', sha: sha('d'), ref: 'refs/heads/abcdef1' },
  },
  'seven hex digits as a short id': { target: '1234567', want: { kind: 'abbreviated', prefix: '1234567' } },
};
for (const [name, { target, prefix, want }] of Object.entries(CASES)) {
  test(`resolveRef() takes ${name}`, () => assert.deepEqual(resolveRef(target, snapshot, prefix), want));
}

for (const target of [
  'nope',
  '123456',
  '9.x',
  '^3',
  'v9.9.9',
  '--upload-pack=x',
  'main ',
  '../main',
  'main\n',
]) {
  test(`resolveRef() does not find ${JSON.stringify(target)} and says so`, () => {
    assert.throws(
      () => resolveRef(target, snapshot),
      (error: unknown) =>
        error instanceof GitError &&
        error.code === 'GIT_REF_NOT_FOUND' &&
        error.message.startsWith(
          `Unable to resolve ${JSON.stringify(target)} to a commit SHA in https://example.com/app`,
        ),
    );
  });
}

test('equal refs have equal digests whatever the order, and HEAD counts', () => {
  const refs = [...snapshot.refs];
  const { repository, head, takenAt } = snapshot;
  const parts = { repository, takenAt, ...(head === undefined ? {} : { head }) };
  assert.equal(
    refSnapshot({ ...parts, refs: new Map(refs.toReversed()), takenAt: 5 }).digest,
    snapshot.digest,
  );
  assert.notEqual(refSnapshot({ ...parts, refs: new Map(refs), head: sha('b') }).digest, snapshot.digest);
});
