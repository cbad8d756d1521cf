// Everything a person can get wrong: a condition that names it, and nothing pruned.
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
} from './world.ts';

/** Starts from a healthy application, breaks something, and expects the condition and the objects as they were. */
function breaking(
  name: string,
  type: string,
  message: RegExp,
  breakIt: (world: Parameters<Scenario['run']>[0]) => Promise<unknown>,
): Scenario {
  return {
    name,
    async run(world) {
      await world.commit({ 'a.yaml': configMap('a', { v: '1' }) });
      await world.apply({ syncPolicy: AUTOMATED });
      await untilSynced(world);
      await breakIt(world);
      await untilCondition(world, type, message);
      const app = await world.application();
      assert.equal(app?.status?.sync?.status, 'Unknown');
      assert.deepEqual(await dataOf(world, 'a'), { v: '1' }, 'nothing is pruned');
    },
  };
}

export const badInput: readonly Scenario[] = [
  breaking('a repository that does not exist', 'ComparisonError', /no-such-repository/, (world) =>
    world.apply({
      source: { repoURL: world.repoUrl.replace(/[^/]+$/, 'no-such-repository.git'), path: world.path },
      syncPolicy: AUTOMATED,
    }),
  ),
  breaking('a repository URL of a scheme nobody may use', 'ComparisonError', /ext::/, (world) =>
    world.apply({ source: { repoURL: 'ext::sh -c whoami', path: world.path }, syncPolicy: AUTOMATED }),
  ),
  breaking('a revision that does not exist', 'ComparisonError', /no-such-branch/, (world) =>
    world.apply({
      source: { repoURL: world.repoUrl, path: world.path, targetRevision: 'no-such-branch' },
      syncPolicy: AUTOMATED,
    }),
  ),
  breaking('a path that does not exist', 'ComparisonError', /no\/such\/path/, (world) =>
    world.apply({ source: { repoURL: world.repoUrl, path: 'no/such/path' }, syncPolicy: AUTOMATED }),
  ),
  breaking('a path that climbs out of the repository', 'ComparisonError', /\.\.\/\.\./, (world) =>
    world.apply({ source: { repoURL: world.repoUrl, path: '../../etc' }, syncPolicy: AUTOMATED }),
  ),
  breaking(
    'a manifest that is not YAML names file and line',
    'ComparisonError',
    /a\.yaml.*(line 5|:5)/s,
    (world) => world.commit({ 'a.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n bad: [\n' }),
  ),
  breaking('a manifest without a kind', 'ComparisonError', /kind/, (world) =>
    world.commit({ 'a.yaml': 'apiVersion: v1\nkind:\nmetadata:\n  name: a\ndata: {v: "1"}\n' }),
  ),
  breaking('two manifests of one identity', 'ComparisonError', /twice/, (world) =>
    world.commit({ 'b.yaml': configMap('a', { v: '2' }) }),
  ),
  breaking(
    'a chart that does not render names the template',
    'ComparisonError',
    /templates\/x\.yaml/,
    (world) =>
      world.commit({
        'Chart.yaml': 'apiVersion: v2\nname: c\nversion: 0.1.0\n',
        'templates/x.yaml': '{{ required "need a colour" .Values.colour }}\n',
        'a.yaml': null,
      }),
  ),
  breaking(
    'a kustomization that names a file that is not there',
    'ComparisonError',
    /missing\.yaml/,
    (world) => world.commit({ 'kustomization.yaml': 'resources: [missing.yaml]\n' }),
  ),
  breaking('a value file that is not there', 'ComparisonError', /nope\.yaml/, async (world) => {
    await world.commit({
      'Chart.yaml': 'apiVersion: v2\nname: c\nversion: 0.1.0\n',
      'templates/a.yaml': configMap('a', { v: '1' }),
      'a.yaml': null,
    });
    await world.apply({
      source: { repoURL: world.repoUrl, path: world.path, helm: { valueFiles: ['nope.yaml'] } },
      syncPolicy: AUTOMATED,
    });
  }),
  breaking('a project that does not exist', 'InvalidSpecError', /no-such-project/, (world) =>
    world.apply({ project: 'no-such-project', syncPolicy: AUTOMATED }),
  ),
  breaking('a cluster that nobody configured', 'InvalidSpecError', /nowhere\.example/, (world) =>
    world.apply({
      destination: { server: 'https://nowhere.example', namespace: world.namespace },
      syncPolicy: AUTOMATED,
    }),
  ),
  breaking('a cluster name that nobody configured', 'InvalidSpecError', /no-such-cluster/, (world) =>
    world.apply({
      destination: { name: 'no-such-cluster', namespace: world.namespace },
      syncPolicy: AUTOMATED,
    }),
  ),
  breaking('a destination with both server and name', 'InvalidSpecError', /server.*name/, (world) =>
    world.apply({
      destination: {
        name: 'in-cluster',
        server: 'https://kubernetes.default.svc',
        namespace: world.namespace,
      },
      syncPolicy: AUTOMATED,
    }),
  ),
  breaking('two explicit source types', 'ComparisonError', /helm.*kustomize|kustomize.*helm/i, (world) =>
    world.apply({
      source: {
        repoURL: world.repoUrl,
        path: world.path,
        helm: { releaseName: 'x' },
        kustomize: { namePrefix: 'x-' },
      },
      syncPolicy: AUTOMATED,
    }),
  ),
  {
    name: 'a broken commit is forgiven by the next good one',
    async run(world) {
      await world.commit({ 'a.yaml': configMap('a', { v: '1' }) });
      await world.apply({ syncPolicy: AUTOMATED });
      await untilSynced(world);
      await world.commit({ 'a.yaml': 'apiVersion: v1\nkind: [\nmetadata:\n' });
      await untilCondition(world, 'ComparisonError', /a\.yaml/);
      const good = await world.commit({ 'a.yaml': configMap('a', { v: '3' }) });
      const app = await untilSynced(world, good);
      assert.equal(app.status?.conditions, undefined);
      assert.deepEqual(await dataOf(world, 'a'), { v: '3' });
    },
  },
  {
    name: 'an object the server refuses fails the operation with its words; the others are applied',
    async run(world) {
      await world.commit({
        'a.yaml': configMap('a', { v: '1' }),
        'b.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: Not_A_Name\n',
      });
      await world.apply();
      await world.until(
        'it was compared',
        async () => (await world.application())?.status?.sync?.status === 'OutOfSync',
      );
      await world.patchApplication({ operation: { sync: {} } });
      const app = await untilOperation(world, 'Failed');
      const result = app.status?.operationState?.syncResult?.resources?.find(
        ({ name }) => name === 'Not_A_Name',
      );
      assert.equal(result?.status, 'SyncFailed');
      assert.match(result?.message ?? '', /Not_A_Name/);
      await untilData(world, 'a', 'v', '1');
    },
  },
  {
    name: 'a kind the cluster does not have is named',
    async run(world) {
      await world.commit({ 'x.yaml': 'apiVersion: no.such.group/v1\nkind: Widget\nmetadata:\n  name: w\n' });
      await world.apply();
      await world.until(
        'it was compared',
        async () => (await world.application())?.status?.sync?.status === 'OutOfSync',
      );
      await world.patchApplication({ operation: { sync: {} } });
      const app = await untilOperation(world, 'Failed');
      assert.match(
        JSON.stringify(app.status?.operationState),
        /no\.such\.group.*Widget|Widget.*no\.such\.group/,
      );
    },
  },
  {
    name: 'an emptied source is not synced without allowEmpty',
    async run(world) {
      await world.commit({ 'a.yaml': configMap('a', { v: '1' }) });
      await world.apply({ syncPolicy: AUTOMATED });
      await untilSynced(world);
      await world.commit({ 'a.yaml': null, 'README.md': 'nothing here\n' });
      await untilCondition(world, 'SyncError', /wipe out all resources/);
      assert.deepEqual(await dataOf(world, 'a'), { v: '1' });
    },
  },
  {
    name: 'an automated sync that fails says so, and goes on with the next commit',
    async run(world) {
      await world.commit({ 'b.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: Not_A_Name\n' });
      await world.apply({ syncPolicy: { ...AUTOMATED, retry: { limit: 0 } } });
      await untilCondition(world, 'SyncError', /Failed last sync attempt/);
      const good = await world.commit({ 'b.yaml': configMap('b', { v: '1' }) });
      const app = await untilSynced(world, good);
      assert.equal(app.status?.conditions, undefined);
    },
  },
];
