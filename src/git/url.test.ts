import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GitError } from './errors.ts';
import { assertRepositoryUrl, redacted, sameRepository } from './url.ts';

const LET_THROUGH = [
  'https://example.com/team/app.git',
  'http://127.0.0.1:8080/app',
  'https://user@dev.azure.com/org/project/_git/app',
  'ssh://git@example.com:2222/team/app.git',
  'git@example.com:team/app.git',
  'org-123@example.com:team/app.git',
  'example.com:team/app.git',
];
for (const url of LET_THROUGH)
  test(`assertRepositoryUrl() lets ${url} through`, () => assertRepositoryUrl(url));

const REFUSED = [
  '',
  '-u',
  '--upload-pack=touch /tmp/x',
  'ext::sh -c touch% /tmp/x',
  'EXT::sh',
  'fd::17',
  'file:///etc',
  'FILE:///etc',
  '/etc',
  '../repo',
  'https://-oProxyCommand=x/y',
  'ssh://-oProxyCommand=x/y',
  'ssh://git@-host/x',
  'git@-host:x',
  '-git@host:x',
  'git@host:-x',
  'https://host/-x',
  'https://example.com/a b',
  'https://example.com/a\nb',
  "https://example.com/'x'",
  'https://example.com/$(x)`y`',
  'ftp://example.com/x',
  'git://example.com/x',
  'javascript://x',
  `https://example.com/${'a'.repeat(3000)}`,
];
for (const url of REFUSED) {
  test(`assertRepositoryUrl() refuses ${JSON.stringify(url.slice(0, 40))}`, () => {
    assert.throws(
      () => assertRepositoryUrl(url),
      (error: unknown) => error instanceof GitError && error.code === 'GIT_URL_REFUSED',
    );
  });
}

test('assertRepositoryUrl() lets file:// through only when asked to', () => {
  assertRepositoryUrl('file:///srv/app.git', { allowFile: true });
  assert.throws(() => assertRepositoryUrl('file://host/app.git', { allowFile: true }), GitError);
});

test('S-H4: a refusal does not repeat the password of the address', () => {
  assert.throws(
    () => assertRepositoryUrl('ftp://ada:hunter2@example.com/x'),
    (error: Error) => !error.message.includes('hunter2'),
  );
  assert.equal(redacted('https://ada:hunter2@example.com/x'), 'https://example.com/x');
});

const SAME: [string, string, boolean][] = [
  ['https://example.com/Team/App.git', 'https://EXAMPLE.com/team/app', true],
  ['git@example.com:team/app.git', 'ssh://git@example.com/team/app', true],
  [' https://example.com/a ', 'https://example.com/a', true],
  ['https://ada@example.com/a', 'https://example.com/a', false],
  ['https://example.com/a', 'http://example.com/a', false],
  ['https://example.com/a', 'https://example.com/ab', false],
];
for (const [a, b, want] of SAME) {
  test(`sameRepository() says ${want} for ${a} and ${b}`, () => assert.equal(sameRepository(a, b), want));
}
