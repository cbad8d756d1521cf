// Applications with several sources: rendered together, compared as one, remembered with all their revisions.
import type { ApplicationSource } from '../../src/model/index.ts';
import { annotate } from './manifests.ts';
import {
  AUTOMATED,
  assert,
  configMap,
  dataOf,
  type Scenario,
  untilCondition,
  untilData,
  untilOperation,
  untilSynced,
  type World,
} from './world.ts';

const API = 'argoproj.io/v1alpha1';

const CHART = {
  'chart/Chart.yaml': 'apiVersion: v2\nname: web\nversion: 1.0.0\n',
  'chart/values.yaml': 'colour: red\n',
  'chart/templates/config.yaml':
    'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: chart}\ndata: {colour: "{{ .Values.colour }}"}\n',
};

function source(world: World, path: string, more: Partial<ApplicationSource> = {}): ApplicationSource {
  return { repoURL: world.repoUrl, path: `${world.path}/${path}`, targetRevision: world.name, ...more };
}

/** Several sources in place of the one that the world gives by default. */
function several(world: World, sources: ApplicationSource[]) {
  return world.apply({ source: undefined, sources, syncPolicy: AUTOMATED } as never);
}

async function untilAt(world: World, revisions: readonly string[]) {
  return await world.until(`${world.name} is Synced at ${revisions.join(', ')}`, async () => {
    const app = await world.application();
    const { sync, operationState } = app?.status ?? {};
    const isAt = JSON.stringify(sync?.revisions) === JSON.stringify(revisions);
    return sync?.status === 'Synced' && isAt && operationState?.phase === 'Succeeded' ? app : undefined;
  });
}

export const sources: readonly Scenario[] = [
  {
    name: 'two sources are one application, and status, result and history name both revisions',
    async run(world) {
      const commit = await world.commit({
        'one/a.yaml': configMap('a', { from: 'one' }),
        'two/b.yaml': configMap('b', { from: 'two' }),
      });
      const list = [source(world, 'one', { name: 'first' }), source(world, 'two')];
      await several(world, list);
      const app = await untilAt(world, [commit, commit]);
      assert.deepEqual(await dataOf(world, 'a'), { from: 'one' });
      assert.deepEqual(await dataOf(world, 'b'), { from: 'two' });
      const { status = {} } = app;
      assert.equal(status.sync?.revision, undefined);
      assert.deepEqual(status.sync?.comparedTo?.sources, list);
      assert.equal(status.sync?.comparedTo?.source, undefined);
      assert.deepEqual(status.sourceTypes, ['Directory', 'Directory']);
      assert.equal(status.sourceType, undefined);
      assert.deepEqual(status.operationState?.syncResult?.revisions, [commit, commit]);
      assert.equal(status.operationState?.syncResult?.revision, '');
      assert.deepEqual(status.history?.at(-1)?.revisions, [commit, commit]);
      assert.deepEqual(status.history?.at(-1)?.sources, list);
      assert.equal(status.history?.at(-1)?.revision, undefined);
    },
  },
  {
    name: 'a chart takes its values from another source, and a change of them alone is deployed',
    async run(world) {
      await world.commit({ ...CHART, 'env/prod.yaml': 'colour: green\n' });
      const values: ApplicationSource = { repoURL: world.repoUrl, targetRevision: world.name, ref: 'values' };
      const helm = { valueFiles: [`$values/${world.path}/env/prod.yaml`] };
      await several(world, [source(world, 'chart', { helm }), values]);
      await untilData(world, 'chart', 'colour', 'green');
      const commit = await world.commit({ 'env/prod.yaml': 'colour: blue\n' });
      await untilData(world, 'chart', 'colour', 'blue');
      await untilAt(world, [commit, commit]);
    },
  },
  {
    name: 'a commit that neither source reads moves the revisions and syncs nothing',
    async run(world) {
      const first = await world.commit({
        'one/a.yaml': configMap('a', { v: '1' }),
        'two/b.yaml': configMap('b', { v: '1' }),
      });
      await several(world, [source(world, 'one'), source(world, 'two')]);
      const before = await untilAt(world, [first, first]);
      const second = await world.commit({ 'elsewhere/c.yaml': 'x: 1\n' });
      const after = await untilAt(world, [second, second]);
      assert.equal(after.status?.history?.length, before.status?.history?.length);
      const third = await world.commit({ 'two/b.yaml': configMap('b', { v: '2' }) });
      await untilData(world, 'b', 'v', '2');
      await untilAt(world, [third, third]);
    },
  },
  {
    name: 'what two sources both give is taken from the last one, with a warning',
    async run(world) {
      await world.commit({
        'one/a.yaml': configMap('same', { from: 'one' }),
        'two/a.yaml': configMap('same', { from: 'two' }),
      });
      await several(world, [source(world, 'one'), source(world, 'two')]);
      await untilData(world, 'same', 'from', 'two');
      await untilCondition(world, 'RepeatedResourceWarning', /same appeared 2 times/);
    },
  },
  {
    name: 'each source stays at its own revision',
    async run(world) {
      const old = await world.commit({
        'one/a.yaml': configMap('a', { v: 'old' }),
        'two/b.yaml': configMap('b', { v: 'old' }),
      });
      const commit = await world.commit({
        'one/a.yaml': configMap('a', { v: 'new' }),
        'two/b.yaml': configMap('b', { v: 'new' }),
      });
      await several(world, [source(world, 'one', { targetRevision: old }), source(world, 'two')]);
      await untilAt(world, [old, commit]);
      assert.deepEqual(await dataOf(world, 'a'), { v: 'old' });
      assert.deepEqual(await dataOf(world, 'b'), { v: 'new' });
    },
  },
  {
    name: 'a rollback brings all sources back to what was deployed together',
    async run(world) {
      const first = await world.commit({
        'one/a.yaml': configMap('a', { v: '1' }),
        'two/b.yaml': configMap('b', { v: '1' }),
      });
      const list = [source(world, 'one'), source(world, 'two')];
      await several(world, list);
      await untilAt(world, [first, first]);
      const second = await world.commit({ 'one/a.yaml': configMap('a', { v: '2' }) });
      await untilAt(world, [second, second]);
      await world.apply({ source: undefined, sources: list } as never);
      await world.patchApplication({
        operation: { sync: { revisions: [first, first], sources: list, prune: false } },
      });
      await untilData(world, 'a', 'v', '1');
      const app = await untilOperation(world, 'Succeeded');
      assert.deepEqual(app.status?.operationState?.syncResult?.revisions, [first, first]);
    },
  },
  {
    name: 'a hold keeps all sources where they were together, until it is released',
    async run(world) {
      const first = await world.commit({
        'one/a.yaml': configMap('a', { v: '1' }),
        'two/b.yaml': configMap('b', { v: '1' }),
      });
      await several(world, [source(world, 'one'), source(world, 'two')]);
      await untilAt(world, [first, first]);
      const second = await world.commit({
        'one/a.yaml': configMap('a', { v: '2' }),
        'two/b.yaml': configMap('b', { v: '2' }),
      });
      await untilAt(world, [second, second]);
      const hold = { revisions: [first, second], reason: 'one is broken' };
      await annotate(world, { 'fairlead.dev/hold': JSON.stringify(hold) });
      await untilData(world, 'a', 'v', '1');
      await untilAt(world, [first, second]);
      const short = (commit: string): string => commit.slice(0, 7);
      await untilCondition(
        world,
        'HoldWarning',
        new RegExp(`held at ${short(first)}, ${short(second)} until it is released: one is broken`),
      );
      const third = await world.commit({ 'two/b.yaml': configMap('b', { v: '3' }) });
      await untilCondition(
        world,
        'HoldWarning',
        new RegExp(`its source is at ${short(third)}, ${short(third)}`),
      );
      assert.deepEqual(await dataOf(world, 'b'), { v: '2' });
      await annotate(world, { 'fairlead.dev/hold': null });
      await untilAt(world, [third, third]);
      assert.deepEqual(await dataOf(world, 'a'), { v: '2' });
    },
  },
  {
    name: 'a hold that names fewer revisions than there are sources holds nothing and says why',
    async run(world) {
      const first = await world.commit({
        'one/a.yaml': configMap('a', { v: '1' }),
        'two/b.yaml': configMap('b', { v: '1' }),
      });
      await several(world, [source(world, 'one'), source(world, 'two')]);
      await untilAt(world, [first, first]);
      await annotate(world, { 'fairlead.dev/hold': JSON.stringify({ revision: first }) });
      await untilCondition(world, 'ComparisonError', /it has 2 sources; name one revision for each/);
    },
  },
  {
    name: 'every source has to be permitted by the project, not only the first',
    async run(world) {
      await world.commit({ 'one/a.yaml': configMap('a', { v: '1' }) });
      await world.create(
        API,
        'appprojects',
        {
          apiVersion: API,
          kind: 'AppProject',
          metadata: { name: world.name },
          spec: { sourceRepos: [world.repoUrl], destinations: [{ server: '*', namespace: '*' }] },
        },
        'argocd',
      );
      const foreign = { repoURL: 'https://git.example.test/foreign.git', path: 'x' };
      const list = [source(world, 'one'), foreign];
      await world.apply({ source: undefined, sources: list, project: world.name } as never);
      await untilCondition(
        world,
        'InvalidSpecError',
        /git\.example\.test\/foreign\.git is not permitted in project/,
      );
    },
  },
  {
    name: 'sources that cannot go together are refused with the field',
    async run(world) {
      await world.commit({ 'one/a.yaml': configMap('a', { v: '1' }) });
      const ref: ApplicationSource = { repoURL: world.repoUrl, ref: 'values' };
      await several(world, [source(world, 'one'), ref, ref]);
      await untilCondition(world, 'InvalidSpecError', /sources\[2\]\.ref values is used twice/);
      await several(world, [source(world, 'one'), { ...ref, chart: 'web' }]);
      await untilCondition(world, 'InvalidSpecError', /sources\[1\] has both ref and chart/);
    },
  },
  {
    name: 'an application goes from one source to several and back',
    async run(world) {
      const commit = await world.commit({
        'one/a.yaml': configMap('a', { v: '1' }),
        'two/b.yaml': configMap('b', { v: '1' }),
      });
      await world.apply({ source: source(world, 'one'), syncPolicy: AUTOMATED });
      await untilSynced(world, commit);
      await several(world, [source(world, 'one'), source(world, 'two')]);
      await untilAt(world, [commit, commit]);
      assert.deepEqual(await dataOf(world, 'b'), { v: '1' });
      await world.apply({ source: source(world, 'one'), syncPolicy: AUTOMATED });
      const app = await untilSynced(world, commit);
      assert.equal(app.status?.sync?.revisions, undefined);
      await world.until('b is pruned', async () => (await dataOf(world, 'b')) === undefined);
    },
  },
];
