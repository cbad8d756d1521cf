import assert from 'node:assert/strict';
import { test } from 'node:test';
import { commitUrl, returnPath, safeUrl, titledLink } from './links.ts';

const SHA = 'a566f6b2ab04458e48275c649c417fe8d3ff883f';

const UNSAFE = [
  'javascript:alert(1)',
  'JaVaScRiPt:alert(1)',
  'java\nscript:alert(1)',
  '\u0001javascript:alert(1)',
  'data:text/html,<script>alert(1)</script>',
  'vbscript:msgbox(1)',
  'file:///etc/passwd',
  'https://user:secret@example.com/',
  '//example.com',
  'not a url',
  '',
];
for (const text of UNSAFE)
  test(`S-G1: safeUrl() refuses ${JSON.stringify(text)}`, () => assert.equal(safeUrl(text), undefined));

test('safeUrl() lets http, https and mailto through', () => {
  assert.equal(safeUrl('https://example.com/a?b=c'), 'https://example.com/a?b=c');
  assert.equal(safeUrl('http://example.com'), 'http://example.com/');
  assert.equal(safeUrl('mailto:team@example.com'), 'mailto:team@example.com');
});

test('titledLink() reads title|url and refuses a bad scheme in either form', () => {
  assert.deepEqual(titledLink('Board|https://example.com/b'), {
    title: 'Board',
    url: 'https://example.com/b',
  });
  assert.equal(titledLink('https://example.com/b')?.title, 'https://example.com/b');
  assert.equal(titledLink('Board|javascript:alert(1)'), undefined);
  assert.equal(titledLink('javascript:alert(1)|https'), undefined);
});

const COMMITS: Record<string, string | undefined> = {
  'https://github.com/acme/web.git': `https://github.com/acme/web/commit/${SHA}`,
  'git@github.com:acme/web.git': `https://github.com/acme/web/commit/${SHA}`,
  'ssh://git@gitlab.example.com/acme/web': `https://gitlab.example.com/acme/web/-/commit/${SHA}`,
  'https://bitbucket.org/acme/web/': `https://bitbucket.org/acme/web/commits/${SHA}`,
  'https://notgithub.example.com/acme/web': undefined,
  'http://127.0.0.1:3000/sample.git': undefined,
  'javascript://github.com/%0aalert(1)': undefined,
};
for (const [repository, want] of Object.entries(COMMITS))
  test(`commitUrl() of ${repository} is ${want}`, () => assert.equal(commitUrl(repository, SHA), want));

test('commitUrl() links only full commit ids', () =>
  assert.equal(commitUrl('https://github.com/acme/web', '1.2.3'), undefined));

const ELSEWHERE = [
  '//evil.example',
  '/\\evil.example',
  'https:evil.example',
  '/\t/evil.example',
  '/api/x',
  7,
];
for (const wanted of ELSEWHERE)
  test(`S-G3: returnPath() turns ${JSON.stringify(wanted)} into the list`, () =>
    assert.equal(returnPath(wanted), '/applications'));

test('returnPath() keeps the page that lets a command line in', () =>
  assert.equal(returnPath('/device?code=BCDF-GHJK'), '/device?code=BCDF-GHJK'));

test('returnPath() keeps a page and its filters', () =>
  assert.equal(returnPath('/applications?sync=OutOfSync'), '/applications?sync=OutOfSync'));
