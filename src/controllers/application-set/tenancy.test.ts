import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ApplicationSet } from '../../model/index.ts';
import type { ApplicationDeps } from '../application/index.ts';
import { isClusterShown, tenantRefusal } from './tenancy.ts';

const PROJECT = {
  name: 'shop',
  spec: {
    sourceRepos: ['https://git/shop/*'],
    sourceNamespaces: ['team-*'],
    destinations: [{ server: '*', namespace: '*' }],
  },
};

const deps = {
  controlNamespace: 'argocd',
  project: (name: string) => (name === 'shop' ? PROJECT : undefined),
  normalizeUrl: (url: string) => url,
} as unknown as ApplicationDeps;

const setIn = (namespace: string, project: string): ApplicationSet =>
  ({
    metadata: { name: 'set', namespace },
    spec: { generators: [], template: { spec: { project, destination: { namespace: 'x' } } } },
  }) as unknown as ApplicationSet;

test('S-F11: a set of a tenant uses what its project permits, and one of the control namespace is not asked', () => {
  const cases: [string, ApplicationSet, string | undefined, RegExp | undefined][] = [
    ['an administrator reads anything', setIn('argocd', '{{project}}'), 'https://git/other', undefined],
    ['a tenant what the project permits', setIn('team-a', 'shop'), 'https://git/shop/web', undefined],
    ['and nothing else', setIn('team-a', 'shop'), 'https://git/other', /is not permitted in project 'shop'/],
    [
      'a namespace that is not served',
      setIn('elsewhere', 'shop'),
      undefined,
      /not served.*application\.namespaces/,
    ],
    ['one that the project does not list', setIn('lonely', 'shop'), undefined, /sourceNamespaces/],
    ['a project nobody knows', setIn('team-a', 'none'), undefined, /project none which does not exist/],
    [
      'a project that only parameters tell',
      setIn('team-a', '{{ .project }}'),
      undefined,
      /may not be a template/,
    ],
  ];
  for (const [what, set, repoURL, want] of cases) {
    const refusal = tenantRefusal(deps, (namespace) => namespace !== 'elsewhere', set, repoURL);
    if (want === undefined) assert.equal(refusal, undefined, what);
    else assert.match(refusal ?? '', want, what);
  }
});

test('clusters of other projects are not shown to a tenant', () => {
  assert.equal(isClusterShown(setIn('argocd', 'shop'), 'argocd', 'bank'), true);
  assert.equal(isClusterShown(setIn('team-a', 'shop'), 'argocd', 'bank'), false);
  assert.equal(isClusterShown(setIn('team-a', 'shop'), 'argocd', 'shop'), true);
  assert.equal(isClusterShown(setIn('team-a', 'shop'), 'argocd', undefined), true);
});
