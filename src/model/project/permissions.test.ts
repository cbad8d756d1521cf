import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fc } from '../../../test/support/property.ts';
import {
  isDestinationPermitted,
  isKindPermitted,
  isSourcePermitted,
  type ProjectRules,
} from './permissions.ts';

const identity = (url: string): string => url;

const SOURCES: Record<string, { repos: string[]; url: string; want: boolean }> = {
  'denies everything by default': { repos: [], url: 'https://a/b', want: false },
  'allows everything with a star': { repos: ['*'], url: 'https://a/b', want: true },
  'stops one star at a slash': { repos: ['https://a/*'], url: 'https://a/b/c', want: false },
  'crosses slashes with two stars': { repos: ['https://a/**'], url: 'https://a/b/c', want: true },
  'lets a deny win': { repos: ['*', '!https://a/b'], url: 'https://a/b', want: false },
  'allows what a deny does not name': { repos: ['*', '!https://a/b'], url: 'https://a/c', want: true },
  'never widens by a deny alone': { repos: ['!https://a/b'], url: 'https://a/c', want: false },
};
for (const [name, { repos, url, want }] of Object.entries(SOURCES)) {
  test(`isSourcePermitted() ${name}`, () =>
    assert.equal(isSourcePermitted({ sourceRepos: repos }, url, identity), want));
}

const IN_CLUSTER = { server: 'https://kubernetes.default.svc', name: 'in-cluster' };
const DESTINATIONS: Record<
  string,
  { rules: ProjectRules['destinations']; namespace: string; want: boolean }
> = {
  'denies everything by default': { rules: [], namespace: 'a', want: false },
  'allows by server and namespace': {
    rules: [{ server: IN_CLUSTER.server, namespace: 'a' }],
    namespace: 'a',
    want: true,
  },
  'allows by cluster name': { rules: [{ name: 'in-cluster', namespace: '*' }], namespace: 'a', want: true },
  'needs the namespace to match': { rules: [{ server: '*', namespace: 'b' }], namespace: 'a', want: false },
  'lets a namespace deny win': {
    rules: [
      { server: '*', namespace: '*' },
      { server: '*', namespace: '!kube-system' },
    ],
    namespace: 'kube-system',
    want: false,
  },
  'allows others beside a namespace deny': {
    rules: [{ server: '*', namespace: '!kube-system' }],
    namespace: 'a',
    want: true,
  },
};
for (const [name, { rules, namespace, want }] of Object.entries(DESTINATIONS)) {
  test(`isDestinationPermitted() ${name}`, () =>
    assert.equal(isDestinationPermitted({ destinations: rules }, { ...IN_CLUSTER, namespace }), want));
}

const ANY = [{ group: '*', kind: '*' }];
const KINDS: Record<string, { rules: ProjectRules; namespaced: boolean; want: boolean }> = {
  'denies cluster kinds without a whitelist': { rules: {}, namespaced: false, want: false },
  'allows cluster kinds by whitelist': {
    rules: { clusterResourceWhitelist: ANY },
    namespaced: false,
    want: true,
  },
  'lets the cluster blacklist win': {
    rules: { clusterResourceWhitelist: ANY, clusterResourceBlacklist: ANY },
    namespaced: false,
    want: false,
  },
  'allows namespaced kinds when nothing is listed': { rules: {}, namespaced: true, want: true },
  'denies namespaced kinds by an empty whitelist': {
    rules: { namespaceResourceWhitelist: [] },
    namespaced: true,
    want: false,
  },
  'denies namespaced kinds by blacklist': {
    rules: { namespaceResourceBlacklist: [{ group: '', kind: 'Secret' }] },
    namespaced: true,
    want: false,
  },
};
for (const [name, { rules, namespaced, want }] of Object.entries(KINDS)) {
  test(`isKindPermitted() ${name}`, () =>
    assert.equal(isKindPermitted(rules, { group: '', kind: 'Secret' }, namespaced), want));
}

const words = fc.constantFrom('a', 'b', 'team-a', 'team-*', '*', '**', 'https://a/*', 'https://a/b', '?');
const entries = fc.array(fc.tuple(fc.boolean(), words), { maxLength: 6 });
const texts = (list: readonly (readonly [boolean, string])[]): string[] =>
  list.map(([denies, text]) => (denies ? `!${text}` : text));
const values = fc.constantFrom('a', 'b', 'team-a', 'team-b', 'https://a/b', 'https://a/b/c');

test('isSourcePermitted(): a denial more never widens, and an empty list permits nothing', () => {
  fc.assert(
    fc.property(entries, words, values, (list, extra, url) => {
      const before = texts(list);
      const permits = (sourceRepos: string[]): boolean => isSourcePermitted({ sourceRepos }, url, identity);
      if (permits([...before, `!${extra}`])) assert.ok(permits(before));
      assert.equal(permits([]), false);
    }),
    { numRuns: 2_000 },
  );
});

test('isDestinationPermitted(): the order of entries does not matter, and a denied cluster stays denied', () => {
  const rule = fc.record({ server: words, namespace: words, denies: fc.boolean() });
  fc.assert(
    fc.property(fc.array(rule, { maxLength: 5 }), values, values, (list, server, namespace) => {
      const destinations = list.map(({ denies, ...item }) => ({
        ...item,
        server: denies ? `!${item.server}` : item.server,
      }));
      const permits = (rules: typeof destinations): boolean =>
        isDestinationPermitted({ destinations: rules }, { server, name: '', namespace });
      assert.equal(permits(destinations), permits([...destinations].reverse()));
      assert.equal(permits([...destinations, { server: `!${server}`, namespace: '*' }]), false);
    }),
    { numRuns: 2_000 },
  );
});

test('isKindPermitted(): a blacklist entry more never widens', () => {
  const kind = fc.record({
    group: fc.constantFrom('', 'apps', '*'),
    kind: fc.constantFrom('Secret', 'Pod', '*'),
  });
  fc.assert(
    fc.property(fc.array(kind), fc.array(kind), kind, fc.boolean(), (allowed, denied, extra, namespaced) => {
      const permits = (list: typeof denied): boolean =>
        isKindPermitted(
          {
            clusterResourceWhitelist: allowed,
            clusterResourceBlacklist: list,
            namespaceResourceWhitelist: allowed,
            namespaceResourceBlacklist: list,
          },
          { group: '', kind: 'Secret' },
          namespaced,
        );
      if (permits([...denied, extra])) assert.ok(permits(denied));
      assert.equal(permits([...denied, { group: '', kind: 'Secret' }]), false);
    }),
    { numRuns: 1_000 },
  );
});
