// Between applications: who waits for whom, applications of applications, and deletions that need a person.
import {
  annotate,
  approve,
  CASCADE,
  claim,
  ended,
  exists,
  GATES,
  gate,
  open,
  sync,
  untilApplicationGone,
  untilGone,
  untilMessage,
  WAVE,
} from './manifests.ts';
import {
  AUTOMATED,
  assert,
  configMap,
  dataOf,
  type Scenario,
  untilCondition,
  untilData,
  untilOutOfSync,
  untilSynced,
  type World,
} from './world.ts';

const DEPENDS = 'fairlead.dev/depends-on';
const MAX = 'fairlead.dev/max-prune';

/** Another application of this scenario, with its own directory. */
async function other(world: World, name: string, spec: object = {}, metadata: object = {}): Promise<string> {
  const full = `${world.name}-${name}`;
  const source = { repoURL: world.repoUrl, path: `${world.path}/${name}` };
  await world.apply({ source, syncPolicy: AUTOMATED, ...spec }, { name: full, ...metadata });
  return full;
}

async function untilHealthy(world: World, name: string): Promise<void> {
  await world.until(`${name} is Synced and Healthy`, async () => {
    const status = (await world.application(name))?.status;
    return status?.sync?.status === 'Synced' && status.health?.status === 'Healthy';
  });
}

async function condition(world: World, name: string, type: string, message: RegExp): Promise<string> {
  return await world.until(`${name} has ${type} ${message}`, async () => {
    const app = await world.application(name);
    return app?.status?.conditions?.find((found) => found.type === type && message.test(found.message))
      ?.message;
  });
}

async function numbered(
  world: World,
  count: number,
  metadata: object = {},
  syncPolicy: object = AUTOMATED,
): Promise<void> {
  const all = Array.from({ length: count }, (_, i) => configMap(`n-${i}`, { v: '1' })).join('---\n');
  await world.commit({ 'all.yaml': all, 'a.yaml': configMap('a', { v: '1' }) });
  await world.apply({ syncPolicy }, metadata);
  await untilSynced(world);
}

function child(world: World, name: string, marks: Record<string, string> = {}): string {
  const spec = {
    project: 'default',
    source: { repoURL: world.repoUrl, path: `${world.path}/children/${name}`, targetRevision: world.name },
    destination: { server: 'https://kubernetes.default.svc', namespace: world.namespace },
    syncPolicy: AUTOMATED,
  };
  const metadata = {
    name: `${world.name}-${name}`,
    namespace: 'argocd',
    labels: { scenario: world.name },
    annotations: marks,
  };
  return `apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: ${JSON.stringify(metadata)}\nspec: ${JSON.stringify(spec)}\n`;
}

async function appOfApps(world: World, files: Record<string, string>): Promise<void> {
  await world.commit(files);
  await world.apply({
    source: { repoURL: world.repoUrl, path: `${world.path}/apps` },
    syncPolicy: AUTOMATED,
  });
}

export const between: readonly Scenario[] = [
  {
    name: 'an application waits until the one it depends on is Synced and Healthy',
    async run(world) {
      await world.commit({ 'db/g.yaml': gate('g'), 'web/a.yaml': configMap('a', { v: '1' }) });
      const web = await other(world, 'web', {}, { annotations: { [DEPENDS]: `${world.name}-db` } });
      await condition(world, web, 'DependencyWarning', /argocd\/s\d+-db \(it does not exist\)/);
      await other(world, 'db');
      await condition(world, web, 'DependencyWarning', /it is Progressing/);
      assert.equal(await exists(world, 'a'), false);
      await open(world, 'g');
      await untilHealthy(world, web);
      const app = await world.application(web);
      assert.equal(app?.status?.conditions, undefined);
    },
  },
  {
    name: 'a chain of three goes in its order',
    async run(world) {
      await world.commit({
        'one/g.yaml': gate('g1'),
        'two/g.yaml': gate('g2'),
        'three/a.yaml': configMap('a', { v: '1' }),
      });
      const three = await other(world, 'three', {}, { annotations: { [DEPENDS]: `${world.name}-two` } });
      await other(world, 'two', {}, { annotations: { [DEPENDS]: `argocd/${world.name}-one` } });
      await other(world, 'one');
      await world.until('the first one is applied', () => world.get(...GATES, 'g1'));
      assert.equal(await world.get(...GATES, 'g2'), undefined);
      await open(world, 'g1');
      await world.until('the second one is applied', () => world.get(...GATES, 'g2'));
      assert.equal(await exists(world, 'a'), false);
      await open(world, 'g2');
      await untilHealthy(world, three);
    },
  },
  {
    name: 'a commit of both goes through the dependency first',
    async run(world) {
      await world.commit({
        'db/b.yaml': configMap('b', { v: '1' }),
        'web/a.yaml': configMap('a', { v: '1' }),
      });
      const db = await other(world, 'db');
      const web = await other(world, 'web', {}, { annotations: { [DEPENDS]: db } });
      await untilHealthy(world, web);
      await world.commit({
        'db/b.yaml': configMap('b', { v: '2' }),
        'db/g.yaml': gate('g'),
        'web/a.yaml': configMap('a', { v: '2' }),
      });
      await condition(world, web, 'DependencyWarning', /-db/);
      await untilData(world, 'b', 'v', '2');
      assert.deepEqual(await dataOf(world, 'a'), { v: '1' });
      await open(world, 'g');
      await untilData(world, 'a', 'v', '2');
    },
  },
  {
    name: 'drift is repaired whatever the dependency is like',
    async run(world) {
      await world.commit({ 'db/g.yaml': gate('g'), 'web/a.yaml': configMap('a', { v: '1' }) });
      const db = await other(world, 'db');
      await open(world, 'g');
      const web = await other(world, 'web', {}, { annotations: { [DEPENDS]: db } });
      await untilHealthy(world, web);
      await open(world, 'g', 'Degraded');
      await world.until(
        'the dependency is Degraded',
        async () => (await world.application(db))?.status?.health?.status === 'Degraded',
      );
      await world.patch('v1', 'configmaps', 'a', { data: { v: 'drift' } });
      await untilData(world, 'a', 'v', '1');
    },
  },
  {
    name: 'a circle is refused and named on each of its members',
    async run(world) {
      await world.commit({
        'one/a.yaml': configMap('a', { v: '1' }),
        'two/b.yaml': configMap('b', { v: '1' }),
      });
      const [one, two] = [`${world.name}-one`, `${world.name}-two`];
      await other(world, 'one', {}, { annotations: { [DEPENDS]: two } });
      await other(world, 'two', {}, { annotations: { [DEPENDS]: one } });
      await condition(
        world,
        one,
        'InvalidSpecError',
        new RegExp(`argocd/${one} → argocd/${two} → argocd/${one}`),
      );
      await condition(world, two, 'InvalidSpecError', /in a circle/);
      assert.deepEqual([await exists(world, 'a'), await exists(world, 'b')], [false, false]);
      await annotate(world, { [DEPENDS]: null }, two);
      await untilHealthy(world, one);
    },
  },
  {
    name: 'an application that depends on itself is told so',
    async run(world) {
      await world.commit({ 'a.yaml': configMap('a', { v: '1' }) });
      await world.apply({ syncPolicy: AUTOMATED }, { annotations: { [DEPENDS]: world.name } });
      await untilCondition(world, 'InvalidSpecError', new RegExp(`${world.name} → argocd/${world.name};`));
    },
  },
  {
    name: 'a dependency that is no name is quoted',
    async run(world) {
      await world.commit({ 'a.yaml': configMap('a', { v: '1' }) });
      await world.apply({ syncPolicy: AUTOMATED }, { annotations: { [DEPENDS]: 'not a name' } });
      await untilCondition(world, 'InvalidSpecError', /"not a name" is no name of an application/);
      assert.equal(await exists(world, 'a'), false);
    },
  },
  {
    name: 'a sync by hand waits too',
    async run(world) {
      await world.commit({ 'db/g.yaml': gate('g'), 'web/a.yaml': configMap('a', { v: '1' }) });
      const db = await other(world, 'db');
      const web = await other(world, 'web', { syncPolicy: {} }, { annotations: { [DEPENDS]: db } });
      await sync(world, { sync: {} }, web);
      await condition(world, web, 'DependencyWarning', /-db/);
      assert.equal(await exists(world, 'a'), false);
      await open(world, 'g');
      await untilHealthy(world, web);
    },
  },
  {
    name: 'a dry run does not wait for anybody',
    async run(world) {
      await world.commit({ 'a.yaml': configMap('a', { v: '1' }) });
      await world.apply({}, { annotations: { [DEPENDS]: 'nobody' } });
      await untilOutOfSync(world);
      await sync(world, { sync: { dryRun: true } });
      await ended(world);
    },
  },
  {
    name: 'deletion goes the other way round',
    async run(world) {
      await world.commit({
        'db/b.yaml': configMap('b', { v: '1' }),
        'web/a.yaml': configMap('a', { v: '1' }),
      });
      const db = await other(world, 'db', {}, { finalizers: CASCADE });
      const web = await other(world, 'web', {}, { finalizers: CASCADE, annotations: { [DEPENDS]: db } });
      await untilHealthy(world, web);
      await world.deleteApplication(db);
      await condition(world, db, 'DeletionError', new RegExp(`waiting for the deletion of argocd/${web}`));
      assert.equal(await exists(world, 'b'), true);
      await world.deleteApplication(web);
      await untilApplicationGone(world, web);
      await untilApplicationGone(world, db);
      assert.equal(await exists(world, 'b'), false);
    },
  },
  {
    name: 'a person may delete a dependency under the others',
    async run(world) {
      await world.commit({
        'db/b.yaml': configMap('b', { v: '1' }),
        'web/a.yaml': configMap('a', { v: '1' }),
      });
      const db = await other(world, 'db', {}, { finalizers: CASCADE });
      const web = await other(world, 'web', {}, { annotations: { [DEPENDS]: db } });
      await untilHealthy(world, web);
      await world.deleteApplication(db);
      await condition(world, db, 'DeletionError', /depends on it/);
      await world.call('POST', `${db}/confirm-deletion`, {});
      await untilApplicationGone(world, db);
      assert.equal(await exists(world, 'a'), true);
    },
  },
  {
    name: 'waves of an application of applications wait for the health of the children',
    async run(world) {
      await appOfApps(world, {
        'apps/one.yaml': child(world, 'one', { [WAVE]: '0' }),
        'apps/two.yaml': child(world, 'two', { [WAVE]: '1' }),
        'children/one/g.yaml': gate('g'),
        'children/two/a.yaml': configMap('a', { v: '1' }),
      });
      await untilMessage(world, /waiting for healthy state of argoproj\.io\/Application\/s\d+-one/);
      assert.equal(await world.application(`${world.name}-two`), undefined);
      await open(world, 'g');
      await untilHealthy(world, `${world.name}-two`);
      await untilSynced(world);
    },
  },
  {
    name: 'the health of a child is the health of its parent',
    async run(world) {
      await appOfApps(world, { 'apps/one.yaml': child(world, 'one'), 'children/one/g.yaml': gate('g') });
      await open(world, 'g');
      await untilHealthy(world, world.name);
      await open(world, 'g', 'Degraded');
      await world.until(
        'the parent is Degraded',
        async () => (await world.application())?.status?.health?.status === 'Degraded',
      );
    },
  },
  {
    name: 'a child that leaves the source is not deleted without a person',
    async run(world) {
      await appOfApps(world, {
        'apps/one.yaml': child(world, 'one'),
        'apps/a.yaml': configMap('a', { v: '1' }),
        'children/one/b.yaml': configMap('b', { v: '1' }),
      });
      await untilHealthy(world, `${world.name}-one`);
      await untilSynced(world);
      await world.commit({ 'apps/one.yaml': null });
      await untilMessage(world, /waiting for pruning confirmation of argoproj\.io\/Application/);
      await approve(world);
      await untilApplicationGone(world, `${world.name}-one`);
    },
  },
  {
    name: 'a commit that drops most objects stops and asks',
    async run(world) {
      await numbered(world, 12);
      await world.commit({ 'all.yaml': null });
      await untilMessage(world, /12 of 13 objects would be deleted, 10 are allowed/);
      assert.equal(await exists(world, 'n-0'), true);
      await approve(world);
      await untilGone(world, 'v1', 'configmaps', 'n-0');
      await untilSynced(world);
    },
  },
  {
    name: 'ten objects go without a question',
    async run(world) {
      await numbered(world, 10);
      await world.commit({ 'all.yaml': null });
      await untilGone(world, 'v1', 'configmaps', 'n-9');
    },
  },
  {
    name: 'max-prune as a number allows less',
    async run(world) {
      await numbered(world, 4, { annotations: { [MAX]: '3' } });
      await world.commit({ 'all.yaml': null });
      await untilMessage(world, /4 of 5 objects would be deleted, 3 are allowed/);
    },
  },
  {
    name: 'max-prune as a percentage allows more',
    async run(world) {
      await numbered(world, 12, { annotations: { [MAX]: '100%' } });
      await world.commit({ 'all.yaml': null });
      await untilGone(world, 'v1', 'configmaps', 'n-11');
    },
  },
  {
    name: 'max-prune without a meaning lifts no limit',
    async run(world) {
      await numbered(world, 12, { annotations: { [MAX]: 'all of them' } });
      await world.commit({ 'all.yaml': null });
      await untilMessage(world, /10 are allowed/);
      await untilCondition(world, 'OptionWarning', /"all of them"/);
    },
  },
  {
    name: 'a claim for storage is not deleted by an automated sync without a person',
    async run(world) {
      await world.commit({ 'a.yaml': configMap('a', { v: '1' }), 'c.yaml': claim('data') });
      await world.apply({ syncPolicy: AUTOMATED });
      await untilSynced(world);
      await world.commit({ 'c.yaml': null });
      await untilMessage(world, /waiting for pruning confirmation of PersistentVolumeClaim\/data/);
      await approve(world);
      await world.until('it is on its way', async () => {
        const live = await world.get('v1', 'persistentvolumeclaims', 'data');
        return live === undefined || live.metadata.deletionTimestamp !== undefined;
      });
    },
  },
  {
    name: 'a person who syncs with prune has seen the claim',
    async run(world) {
      await world.commit({ 'a.yaml': configMap('a', { v: '1' }), 'c.yaml': claim('data') });
      await world.apply();
      await untilOutOfSync(world);
      await sync(world, { sync: {} });
      await ended(world);
      await world.commit({ 'c.yaml': null });
      await untilOutOfSync(world);
      await sync(world, { sync: { prune: true } });
      await world.until('it is on its way', async () => {
        const live = await world.get('v1', 'persistentvolumeclaims', 'data');
        return live === undefined || live.metadata.deletionTimestamp !== undefined;
      });
    },
  },
  {
    name: 'a namespace with objects of others is kept, and the application says why',
    async run(world) {
      const name = `${world.name}-inner`;
      await world.commit({
        'a.yaml': configMap('a', { v: '1' }),
        'n.yaml': `apiVersion: v1\nkind: Namespace\nmetadata: {name: ${name}}\n`,
      });
      await world.apply();
      await untilOutOfSync(world);
      await sync(world, { sync: {} });
      await ended(world);
      await world.create(
        'v1',
        'configmaps',
        { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'theirs' } },
        name,
      );
      await world.commit({ 'n.yaml': null });
      await untilOutOfSync(world);
      await sync(world, { sync: { prune: true } });
      await untilCondition(
        world,
        'DeletionHeldWarning',
        /kept Namespace .*: it holds \d+ objects? that are not/,
      );
      assert.equal((await world.get('v1', 'namespaces', name, null))?.metadata.deletionTimestamp, undefined);
    },
  },
  {
    name: 'a namespace with objects of others is kept when its application goes, until a person confirms',
    async run(world) {
      const name = `${world.name}-inner`;
      await world.commit({ 'n.yaml': `apiVersion: v1\nkind: Namespace\nmetadata: {name: ${name}}\n` });
      await world.apply({ syncPolicy: AUTOMATED }, { finalizers: CASCADE });
      await untilSynced(world);
      await world.create(
        'v1',
        'configmaps',
        { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'theirs' } },
        name,
      );
      await world.deleteApplication();
      await untilCondition(world, 'DeletionError', /objects? that are not of this application/);
      await approve(world);
      await world.until('the namespace is on its way', async () => {
        const live = await world.get('v1', 'namespaces', name, null);
        return live === undefined || live.metadata.deletionTimestamp !== undefined;
      });
    },
  },
  {
    name: 'a definition that left the source is kept with its instances',
    async run(world) {
      const group = `${world.name}.example.test`;
      const names = { plural: 'things', singular: 'thing', kind: 'Thing', listKind: 'ThingList' };
      const schema = { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } };
      const spec = {
        group,
        scope: 'Namespaced',
        names,
        versions: [{ name: 'v1', served: true, storage: true, schema }],
      };
      const definition = {
        apiVersion: 'apiextensions.k8s.io/v1',
        kind: 'CustomResourceDefinition',
        metadata: { name: `things.${group}` },
        spec,
      };
      await world.commit({
        'a.yaml': configMap('a', { v: '1' }),
        'd.yaml': JSON.stringify(definition),
        't.yaml': `apiVersion: ${group}/v1\nkind: Thing\nmetadata: {name: t}\n`,
      });
      await world.apply({ syncPolicy: AUTOMATED });
      await untilSynced(world);
      await world.commit({ 'a.yaml': configMap('a', { v: '2' }), 'd.yaml': null });
      await untilData(world, 'a', 'v', '2');
      assert.notEqual(await world.get(`${group}/v1`, 'things', 't'), undefined);
    },
  },
  {
    name: 'with deletions switched off nothing is deleted; switched on again it is',
    alone: true,
    async run(world) {
      await numbered(world, 3);
      await world.configure('fairlead.deletes.disabled', 'true');
      await world.commit({ 'all.yaml': null });
      await untilCondition(world, 'DeletionHeldWarning', /deletions are switched off/);
      assert.equal(await exists(world, 'n-0'), true);
      await world.configure('fairlead.deletes.disabled', null);
      await untilGone(world, 'v1', 'configmaps', 'n-0');
      const app = await untilSynced(world);
      assert.equal(app.status?.conditions, undefined);
    },
  },
  {
    name: 'the switch holds a deletion that is under way',
    alone: true,
    async run(world) {
      await world.commit({
        'a.yaml': configMap('a', { v: '1' }),
        'b.yaml': configMap('b', { v: '1' }, { [WAVE]: '1' }),
      });
      await world.apply({ syncPolicy: AUTOMATED }, { finalizers: CASCADE });
      await untilSynced(world);
      await world.patch('v1', 'configmaps', 'b', { metadata: { finalizers: ['example.test/hold'] } });
      await world.deleteApplication();
      await world.until(
        'the first wave goes',
        async () => (await world.get('v1', 'configmaps', 'b'))?.metadata.deletionTimestamp,
      );
      await world.configure('fairlead.deletes.disabled', 'https://kubernetes.default.svc');
      await untilCondition(world, 'DeletionError', /deletions are switched off/);
      await world.patch('v1', 'configmaps', 'b', { metadata: { finalizers: null } });
      await untilCondition(world, 'DeletionError', /kept ConfigMap .*\/a: deletions are switched off/);
      await world.configure('fairlead.deletes.disabled', null);
      await untilApplicationGone(world);
    },
  },
  {
    name: 'the switch for another cluster changes nothing here',
    alone: true,
    async run(world) {
      await world.configure('fairlead.deletes.disabled', 'https://other.example.test');
      await numbered(world, 2);
      await world.commit({ 'all.yaml': null });
      await untilGone(world, 'v1', 'configmaps', 'n-0');
      await world.configure('fairlead.deletes.disabled', null);
    },
  },
];
