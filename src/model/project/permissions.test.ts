import assert from 'node:assert/strict';
import { test } from 'node:test';
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
