import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type RepositorySecret, repositoryFor } from './secrets.ts';
import { knownHostsOf, withKnownHosts, withoutKnownHosts } from './trust.ts';

function template(url: string, password = url): RepositorySecret {
  const credential = { kind: 'basic', username: 'ann', password } as const;
  return {
    secretName: 's',
    isTemplate: true,
    enableOci: false,
    repository: { url, type: 'git', credential },
  };
}

const CASES: readonly [prefix: string, url: string, lends: boolean][] = [
  ['https://git.test', 'https://git.test/shop.git', true],
  ['https://git.test/', 'https://git.test/shop.git', true],
  ['https://git.test/sho', 'https://git.test/shop.git', true],
  ['https://git.test', 'https://git.test.evil.test/shop.git', false],
  ['https://git.test', 'https://git.test@evil.test/shop.git', false],
  ['https://git.test', 'https://git.test:8443/shop.git', false],
  ['https://', 'https://git.test/shop.git', false],
  ['git@git.test', 'git@git.test:shop.git', true],
  ['git@git.test:shop', 'git@git.test:shop/web.git', true],
  ['git@git.test', 'git@git.test.evil.test:shop.git', false],
];

for (const [prefix, url, lends] of CASES) {
  test(`a template for ${prefix} ${lends ? 'lends' : 'does not lend'} its credential to ${url}`, () => {
    const { credential } = repositoryFor(url, 'default', [template(prefix)], (a, b) => a === b);
    assert.equal(credential.kind, lends ? 'basic' : 'none');
  });
}

test('the longest template wins', () => {
  const all = [
    template('https://git.test'),
    template('https://git.test/shop'),
    template('https://git.test/s'),
  ];
  const { credential } = repositoryFor('https://git.test/shop/web.git', 'default', all, (a, b) => a === b);
  assert.equal(credential.kind === 'basic' && credential.password, 'https://git.test/shop');
});

test('known hosts are added, replaced by host and key type, and removed; other lines stay', () => {
  const before = '# remark\na.test,b.test ssh-rsa AAAA\n|1|hash= ssh-rsa BBBB\n';
  const added = withKnownHosts(before, [{ host: 'a.test', keyType: 'ssh-rsa', key: 'CCCC' }]);
  assert.deepEqual(added.split('\n'), [
    '# remark',
    'b.test ssh-rsa AAAA',
    '|1|hash= ssh-rsa BBBB',
    'a.test ssh-rsa CCCC',
    '',
  ]);
  assert.deepEqual(knownHostsOf(withoutKnownHosts(added, ({ host }) => host === 'b.test')), [
    { host: 'a.test', keyType: 'ssh-rsa', key: 'CCCC' },
  ]);
});
