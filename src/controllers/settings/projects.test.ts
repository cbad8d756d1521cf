import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AppProject, ProjectSpec } from '../../model/index.ts';
import { EffectiveProjects } from './projects.ts';

function project(name: string, spec: ProjectSpec, labels: Record<string, string> = {}): AppProject {
  return { apiVersion: 'argoproj.io/v1alpha1', kind: 'AppProject', metadata: { name, labels }, spec };
}

const GLOBAL = project('company', {
  sourceRepos: ['https://git.example.com/**'],
  namespaceResourceBlacklist: [{ group: '', kind: 'Secret' }],
  syncWindows: [{ kind: 'deny', schedule: '* * * * *', duration: '1h', applications: ['*'] }],
});

function start(globalProjects: string | undefined, ...projects: readonly AppProject[]) {
  const all = new Map([GLOBAL, ...projects].map((item) => [item.metadata.name, item]));
  const state = { text: globalProjects, problems: [] as string[], all };
  const effective = new EffectiveProjects({
    project: (name) => all.get(name),
    globalProjects: () => state.text,
    onProblem: (problem) => void state.problems.push(problem),
  });
  return { effective, state };
}

const FOR_TEAMS = '[{projectName: company, labelSelector: {matchLabels: {team: web}}}]';
const SHOP = project('shop', { sourceRepos: ['https://shop.example.com/x'] }, { team: 'web' });

test('a global project adds to the lists of the projects its selector names, and to no others', () => {
  const other = project('other', { sourceRepos: ['a'] }, { team: 'api' });
  const { effective } = start(FOR_TEAMS, SHOP, other);
  const shop = effective.get('shop');
  assert.deepEqual(shop?.spec.sourceRepos, ['https://shop.example.com/x', 'https://git.example.com/**']);
  assert.deepEqual(shop?.spec.namespaceResourceBlacklist, [{ group: '', kind: 'Secret' }]);
  assert.equal(shop?.spec.namespaceResourceWhitelist, undefined, 'absent stays absent');
  assert.equal(shop?.windows.isEmpty, false);
  assert.deepEqual(shop?.globals, ['company']);
  assert.deepEqual(effective.get('other')?.spec, other.spec);
  assert.deepEqual(effective.get('company')?.globals, [], 'a project is not global for itself');
});

test('the same object is given until the project, a global one or the setting changes', () => {
  const { effective, state } = start(FOR_TEAMS, SHOP);
  const first = effective.get('shop');
  assert.equal(effective.get('shop'), first);
  state.text = '';
  assert.notEqual(effective.get('shop'), first);
  state.all.set('shop', { ...SHOP, spec: { description: 'new' } });
  assert.equal(effective.get('shop')?.spec.description, 'new');
});

const BROKEN: Record<string, { text: string; want: RegExp }> = {
  'text that is no YAML': { text: '[{', want: /globalProjects in config map argocd-cm cannot be used/ },
  'no list': { text: 'projectName: x', want: /it is not a list/ },
  'an entry without a name': { text: '[{labelSelector: {}}]', want: /entry 1 has no projectName/ },
  'an unknown operator': {
    text: '[{projectName: company, labelSelector: {matchExpressions: [{key: a, operator: Like}]}}]',
    want: /entry 1: an operator of matchExpressions is none of In, NotIn/,
  },
};
for (const [name, { text, want }] of Object.entries(BROKEN)) {
  test(`${name} leaves the last good setting in force and is told`, () => {
    const { effective, state } = start(FOR_TEAMS, SHOP);
    assert.deepEqual(effective.get('shop')?.globals, ['company']);
    state.text = text;
    assert.deepEqual(effective.get('shop')?.globals, ['company']);
    assert.equal(effective.get('shop')?.problem, undefined);
    assert.match(state.problems[0] ?? '', want);
  });

  test(`${name} from the start lets no project be trusted`, () => {
    const { effective, state } = start(undefined, SHOP);
    assert.equal(effective.get('shop')?.problem, undefined, 'nothing is known yet');
    state.text = text;
    assert.match(effective.get('shop')?.problem ?? '', want);
    state.text = FOR_TEAMS;
    assert.equal(effective.get('shop')?.problem, undefined);
    assert.deepEqual(effective.get('shop')?.globals, ['company']);
  });
}
