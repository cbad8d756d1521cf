// Sync options of the application, of an operation and of an object, and who wins.
import {
  annotate,
  approve,
  ended,
  exists,
  gate,
  OPTIONS,
  open,
  resultOf,
  sync,
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
  untilOperation,
  untilOutOfSync,
  untilSynced,
  type World,
} from './world.ts';

const PRUNING = { automated: { prune: true, selfHeal: false } };

/** A synced application of which `b` is about to leave the source. */
async function leaving(
  world: World,
  marks: Record<string, string>,
  syncPolicy: object = PRUNING,
): Promise<void> {
  await world.commit({ 'a.yaml': configMap('a', { v: '1' }), 'b.yaml': configMap('b', { v: '1' }, marks) });
  await world.apply({ syncPolicy });
  await untilSynced(world);
}

/** Leaves the application without automated sync and with everything applied. */
async function manual(world: World, files: Record<string, string>, syncPolicy: object = {}): Promise<void> {
  await world.commit(files);
  await world.apply({ syncPolicy });
  await untilOutOfSync(world);
  await sync(world, { sync: {} });
  await ended(world);
}

async function refreshed(world: World): Promise<void> {
  await annotate(world, { 'argocd.argoproj.io/refresh': 'normal' });
  await world.until('the refresh is done', async () => {
    const app = await world.application();
    return app?.metadata.annotations?.['argocd.argoproj.io/refresh'] === undefined;
  });
}

const deployment = (label: string): string => {
  const template = {
    metadata: { labels: { app: label } },
    spec: { containers: [{ name: 'c', image: 'nginx' }] },
  };
  const spec = { selector: { matchLabels: { app: label } }, template };
  return `apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: ${JSON.stringify(spec)}\n`;
};

async function replicaSets(world: World): Promise<number> {
  return (await world.list('apps/v1', 'replicasets')).length;
}

export const options: readonly Scenario[] = [
  {
    name: 'Prune=false keeps an object that left the source',
    async run(world) {
      await leaving(world, { [OPTIONS]: 'Prune=false' });
      await world.commit({ 'a.yaml': configMap('a', { v: '2' }), 'b.yaml': null });
      await world.until('a is new', async () => (await dataOf(world, 'a'))?.['v'] === '2');
      // The result of the operation before stands there until this one has ended.
      await world.until('b is left alone', async () => {
        const { resources = [] } = (await world.application())?.status?.operationState?.syncResult ?? {};
        const result = resources.find(({ name }) => name === 'b');
        return result?.status === 'PruneSkipped' && result.message === 'ignored (no prune)';
      });
      assert.equal(await exists(world, 'b'), true);
    },
  },
  {
    name: 'Prune=true of an object wins over Prune=false of the application',
    async run(world) {
      await leaving(world, { [OPTIONS]: 'Prune=true' }, { ...PRUNING, syncOptions: ['Prune=false'] });
      await world.commit({ 'b.yaml': null });
      await untilGone(world, 'v1', 'configmaps', 'b');
    },
  },
  {
    name: 'Prune=false of the application keeps what says nothing',
    async run(world) {
      await leaving(world, {}, { ...PRUNING, syncOptions: ['Prune=false'] });
      await world.commit({ 'a.yaml': configMap('a', { v: '2' }), 'b.yaml': null });
      await world.until('a is new', async () => (await dataOf(world, 'a'))?.['v'] === '2');
      await untilOperation(world, 'Succeeded');
      assert.equal(await exists(world, 'b'), true);
    },
  },
  {
    name: 'Prune=confirm of an object waits for approval and says so',
    async run(world) {
      await leaving(world, { [OPTIONS]: 'Prune=confirm' });
      await world.commit({ 'b.yaml': null });
      const said = await untilMessage(world, /waiting for pruning confirmation of ConfigMap\/b/);
      assert.match(said, /since .* at the latest until /);
      assert.equal(await exists(world, 'b'), true);
      await approve(world);
      await untilGone(world, 'v1', 'configmaps', 'b');
      await untilOperation(world, 'Succeeded');
    },
  },
  {
    name: 'Prune=confirm of the application waits for all of them',
    async run(world) {
      await leaving(world, {}, { ...PRUNING, syncOptions: ['Prune=confirm'] });
      await world.commit({ 'b.yaml': null });
      await untilMessage(world, /waiting for pruning confirmation/);
      await world.call('POST', `${world.name}/confirm-deletion`, {});
      await untilGone(world, 'v1', 'configmaps', 'b');
    },
  },
  {
    name: 'an approval of an earlier sync does not count for a later one',
    async run(world) {
      await leaving(world, { [OPTIONS]: 'Prune=confirm' });
      await annotate(world, { 'argocd.argoproj.io/deletion-approved': '2020-01-01T00:00:00Z' });
      await world.commit({ 'b.yaml': null });
      await untilMessage(world, /waiting for pruning confirmation/);
      assert.equal(await exists(world, 'b'), true);
    },
  },
  {
    name: 'without prune nothing is deleted, and the result says what it needs',
    async run(world) {
      await manual(world, { 'a.yaml': configMap('a', { v: '1' }), 'b.yaml': configMap('b', { v: '1' }) });
      await world.commit({ 'b.yaml': null });
      await untilOutOfSync(world);
      await sync(world, { sync: {} });
      await world.until('the result is there', async () => {
        const app = await world.application();
        const results = app?.status?.operationState?.syncResult?.resources ?? [];
        return results.some(({ message }) => message === 'ignored (requires pruning)');
      });
      assert.equal(await exists(world, 'b'), true);
    },
  },
  {
    name: 'helm.sh/resource-policy: keep keeps what left the source',
    async run(world) {
      await leaving(world, { 'helm.sh/resource-policy': 'keep' });
      await world.commit({ 'a.yaml': configMap('a', { v: '2' }), 'b.yaml': null });
      await world.until('a is new', async () => (await dataOf(world, 'a'))?.['v'] === '2');
      assert.equal(await exists(world, 'b'), true);
    },
  },
  {
    name: 'PruneLast=true deletes when everything else is healthy',
    async run(world) {
      await leaving(world, {}, { ...PRUNING, syncOptions: ['PruneLast=true'] });
      await world.commit({ 'b.yaml': null, 'p.yaml': gate('p') });
      await untilMessage(world, /waiting for healthy state of .*Application\/p/);
      assert.equal(await exists(world, 'b'), true);
      await open(world, 'p');
      await untilGone(world, 'v1', 'configmaps', 'b');
    },
  },
  {
    name: 'without PruneLast the deletion comes with its wave',
    async run(world) {
      await leaving(world, {});
      await world.commit({ 'b.yaml': null, 'p.yaml': gate('p', { [WAVE]: '1' }) });
      await untilGone(world, 'v1', 'configmaps', 'b');
      await open(world, 'p');
      await untilSynced(world);
    },
  },
  {
    name: 'PrunePropagationPolicy=orphan leaves what the object owned',
    async run(world) {
      await world.commit({ 'a.yaml': configMap('a', { v: '1' }), 'web.yaml': deployment('one') });
      await world.apply({ syncPolicy: { ...PRUNING, syncOptions: ['PrunePropagationPolicy=orphan'] } });
      await untilSynced(world);
      await world.until('there is a ReplicaSet', async () => (await replicaSets(world)) > 0);
      await world.commit({ 'web.yaml': null });
      await untilGone(world, 'apps/v1', 'deployments', 'web');
      assert.equal(await replicaSets(world), 1);
    },
  },
  {
    name: 'PrunePropagationPolicy=background takes what the object owned along',
    async run(world) {
      await world.commit({ 'a.yaml': configMap('a', { v: '1' }), 'web.yaml': deployment('one') });
      await world.apply({ syncPolicy: { ...PRUNING, syncOptions: ['PrunePropagationPolicy=background'] } });
      await untilSynced(world);
      await world.until('there is a ReplicaSet', async () => (await replicaSets(world)) > 0);
      await world.commit({ 'web.yaml': null });
      await world.until('the ReplicaSet is gone', async () => (await replicaSets(world)) === 0);
    },
  },
  {
    name: 'Replace=true takes away what others wrote',
    async run(world) {
      await manual(world, { 'a.yaml': configMap('a', { v: '1' }, { [OPTIONS]: 'Replace=true' }) });
      await world.patch('v1', 'configmaps', 'a', { data: { other: 'theirs' } });
      await world.commit({ 'a.yaml': configMap('a', { v: '2' }, { [OPTIONS]: 'Replace=true' }) });
      await untilOutOfSync(world);
      await sync(world, { sync: {} });
      await world.until('it is replaced', async () => (await dataOf(world, 'a'))?.['v'] === '2');
      assert.deepEqual(await dataOf(world, 'a'), { v: '2' });
    },
  },
  {
    name: 'Force=true,Replace=true makes a new object',
    async run(world) {
      const marks = { [OPTIONS]: 'Force=true,Replace=true' };
      await manual(world, { 'a.yaml': configMap('a', { v: '1' }, marks) });
      const before = await world.get('v1', 'configmaps', 'a');
      await world.commit({ 'a.yaml': configMap('a', { v: '2' }, marks) });
      await untilOutOfSync(world);
      await sync(world, { sync: {} });
      await world.until('it is another object', async () => {
        const now = await world.get('v1', 'configmaps', 'a');
        return now !== undefined && now.metadata.uid !== before?.metadata.uid;
      });
      await ended(world);
      assert.deepEqual(await dataOf(world, 'a'), { v: '2' });
    },
  },
  {
    name: 'force of an operation replaces what cannot be changed',
    async run(world) {
      await manual(world, { 'web.yaml': deployment('one') });
      const before = await world.get('apps/v1', 'deployments', 'web');
      await world.commit({ 'web.yaml': deployment('two') });
      await untilOutOfSync(world);
      await sync(world, { sync: { syncStrategy: { hook: { force: true } } } });
      await world.until('it is another object', async () => {
        const now = await world.get('apps/v1', 'deployments', 'web');
        return now !== undefined && now.metadata.uid !== before?.metadata.uid;
      });
      await ended(world);
    },
  },
  {
    name: 'ServerSideApply=false changes nothing and is no mistake',
    async run(world) {
      await world.commit({ 'a.yaml': configMap('a', { v: '1' }, { [OPTIONS]: 'ServerSideApply=false' }) });
      await world.apply({ syncPolicy: { ...AUTOMATED, syncOptions: ['ServerSideApply=true'] } });
      const app = await untilSynced(world);
      assert.equal(app.status?.conditions, undefined);
    },
  },
  {
    name: 'ApplyOutOfSyncOnly=true leaves out what is in sync',
    async run(world) {
      await manual(world, { 'a.yaml': configMap('a', { v: '1' }), 'b.yaml': configMap('b', { v: '1' }) });
      await world.commit({ 'b.yaml': configMap('b', { v: '2' }) });
      await untilOutOfSync(world);
      await sync(world, { sync: { syncOptions: ['ApplyOutOfSyncOnly=true'] } });
      await world.until('b is new', async () => (await dataOf(world, 'b'))?.['v'] === '2');
      const state = await ended(world);
      assert.deepEqual(
        state.syncResult?.resources?.map(({ name }) => name),
        ['b'],
      );
      assert.equal((await world.application())?.status?.history?.length, 2);
    },
  },
  {
    name: 'an object of two applications is a warning',
    async run(world) {
      await world.commit({ 'a.yaml': configMap('a', { v: '1' }) });
      await world.apply({ syncPolicy: { automated: {} } });
      await untilSynced(world);
      await world.apply({}, { name: `${world.name}-other` });
      await world.until('the other one warns', async () => {
        const other = await world.application(`${world.name}-other`);
        const warning = other?.status?.conditions?.find(({ type }) => type === 'SharedResourceWarning');
        return (
          warning?.message ===
          `ConfigMap/a is part of applications argocd/${world.name}-other and argocd/${world.name}`
        );
      });
    },
  },
  {
    name: 'FailOnSharedResource=true fails before anything is applied',
    async run(world) {
      await world.commit({ 'a.yaml': configMap('a', { v: '1' }) });
      await world.apply({ syncPolicy: { automated: {} } });
      await untilSynced(world);
      const name = `${world.name}-other`;
      await world.apply({ syncPolicy: { syncOptions: ['FailOnSharedResource=true'] } }, { name });
      await world.until(
        'it was compared',
        async () => (await world.application(name))?.status?.sync?.status !== undefined,
      );
      await sync(world, { sync: {} }, name);
      await world.until('it failed', async () => {
        const state = (await world.application(name))?.status?.operationState;
        return state?.phase === 'Failed' && /Shared resource found: ConfigMap\/a/.test(state.message ?? '');
      });
      const mark = (await world.get('v1', 'configmaps', 'a'))?.metadata.annotations?.[
        'argocd.argoproj.io/tracking-id'
      ];
      assert.match(mark ?? '', new RegExp(`^${world.name}:`));
    },
  },
  {
    name: 'CreateNamespace with managed metadata keeps labels, and takes back what is dropped',
    namespace: false,
    async run(world) {
      const policy = (labels: Record<string, string>) => ({
        ...AUTOMATED,
        syncOptions: ['CreateNamespace=true'],
        managedNamespaceMetadata: { labels },
      });
      await world.commit({ 'a.yaml': configMap('a', { v: '1' }) });
      await world.apply({ syncPolicy: policy({ team: 'x', tier: 'gold' }) });
      await untilSynced(world);
      const labels = async () =>
        (await world.get('v1', 'namespaces', world.namespace, null))?.metadata.labels;
      assert.equal((await labels())?.['tier'], 'gold');
      await world.apply({ syncPolicy: policy({ team: 'y' }) });
      await world.commit({ 'a.yaml': configMap('a', { v: '2' }) });
      await world.until('the labels follow', async () => {
        const now = await labels();
        return now?.['team'] === 'y' && now['tier'] === undefined;
      });
    },
  },
  {
    name: 'CreateNamespace=true of an operation is enough',
    namespace: false,
    async run(world) {
      await world.commit({ 'a.yaml': configMap('a', { v: '1' }) });
      await world.apply();
      await untilOutOfSync(world);
      await sync(world, { sync: { syncOptions: ['CreateNamespace=true'] } });
      await ended(world);
      assert.equal(await exists(world, 'a'), true);
    },
  },
  {
    name: 'options of an operation take the place of those of the application',
    namespace: false,
    async run(world) {
      await world.commit({ 'a.yaml': configMap('a', { v: '1' }) });
      await world.apply({ syncPolicy: { syncOptions: ['CreateNamespace=true'] } });
      await untilOutOfSync(world);
      await sync(world, { sync: { syncOptions: ['PruneLast=true'] } });
      await ended(world, 'Failed');
    },
  },
  {
    name: 'an unknown kind stops a sync of several waves before it begins',
    async run(world) {
      await world.commit({
        'a.yaml': configMap('a', { v: '1' }),
        'x.yaml': `apiVersion: no.such.group/v1\nkind: Widget\nmetadata: {name: w, annotations: {${WAVE}: "1"}}\n`,
      });
      await world.apply();
      await untilOutOfSync(world);
      await sync(world, { sync: {} });
      const state = await ended(world, 'Failed');
      assert.match(state.message ?? '', /failed to apply \(dry run\)/);
      assert.equal(await exists(world, 'a'), false);
    },
  },
  {
    name: 'SkipDryRunOnMissingResource=true lets the waves before it go on',
    async run(world) {
      await world.commit({
        'a.yaml': configMap('a', { v: '1' }),
        'x.yaml': `apiVersion: no.such.group/v1\nkind: Widget\nmetadata: {name: w, annotations: {${WAVE}: "1", ${OPTIONS}: SkipDryRunOnMissingResource=true}}\n`,
      });
      await world.apply();
      await untilOutOfSync(world);
      await sync(world, { sync: {} });
      await ended(world, 'Failed');
      assert.equal(await exists(world, 'a'), true);
      assert.match((await resultOf(world, 'w')).message ?? '', /no\.such\.group/);
    },
  },
  {
    name: 'an option without a meaning is quoted, and the sync goes on',
    async run(world) {
      await world.commit({ 'a.yaml': configMap('a', { v: '1' }) });
      await world.apply({
        syncPolicy: { ...AUTOMATED, syncOptions: ['Prune=perhaps', 'CreateNamespce=true'] },
      });
      await untilSynced(world);
      const message = await untilCondition(world, 'OptionWarning', /"Prune=perhaps" has no meaning/);
      assert.match(message, /no sync option "CreateNamespce"/);
    },
  },
  {
    name: 'an option, wave and hook type of an object without a meaning are quoted with its name',
    async run(world) {
      await world.commit({
        'a.yaml': configMap('a', { v: '1' }, { [OPTIONS]: 'Replace=yes', [WAVE]: 'first' }),
        'b.yaml': configMap('b', { v: '1' }, { 'argocd.argoproj.io/hook': 'BeforeSync' }),
      });
      await world.apply({ syncPolicy: AUTOMATED });
      await untilSynced(world);
      const message = await untilCondition(world, 'OptionWarning', /ConfigMap .*\/a: "Replace=yes"/);
      assert.match(message, /"first" is no whole number/);
      assert.match(message, /"BeforeSync" is no hook type/);
      assert.equal(await exists(world, 'b'), false);
    },
  },
  {
    name: 'a limit and timeouts without a meaning are quoted',
    async run(world) {
      await world.commit({ 'a.yaml': configMap('a', { v: '1' }) });
      const marks = { 'fairlead.dev/max-prune': 'many', 'fairlead.dev/wave-timeout': 'soon' };
      await world.apply({ syncPolicy: AUTOMATED }, { annotations: marks });
      const message = await untilCondition(world, 'OptionWarning', /"many" is neither/);
      assert.match(message, /"soon" is no duration/);
      await untilSynced(world);
    },
  },
  {
    name: 'fields that kubectl applied leave with the first sync',
    async run(world) {
      await kubectlApplied(world, 'kubectl-client-side-apply');
      await world.commit({ 'a.yaml': configMap('a', { v: '1' }) });
      await world.apply({ syncPolicy: AUTOMATED });
      await untilSynced(world);
      assert.deepEqual(await dataOf(world, 'a'), { v: '1' });
    },
  },
  {
    name: 'ClientSideApplyMigration=false leaves them to kubectl',
    async run(world) {
      await kubectlApplied(world, 'kubectl-client-side-apply');
      await world.commit({ 'a.yaml': configMap('a', { v: '1' }) });
      await world.apply({ syncPolicy: { ...AUTOMATED, syncOptions: ['ClientSideApplyMigration=false'] } });
      await untilSynced(world);
      assert.deepEqual(await dataOf(world, 'a'), { v: '1', old: 'x' });
    },
  },
  {
    name: 'the manager that fields are taken over from can be named',
    async run(world) {
      await kubectlApplied(world, 'kubectl-edit');
      await world.commit({ 'a.yaml': configMap('a', { v: '1' }) });
      const marks = { 'argocd.argoproj.io/client-side-apply-migration-manager': 'kubectl-edit' };
      await world.apply({ syncPolicy: AUTOMATED }, { annotations: marks });
      await untilSynced(world);
      assert.deepEqual(await dataOf(world, 'a'), { v: '1' });
    },
  },
  {
    name: 'IgnoreExtraneous makes nothing OutOfSync and deletes nothing',
    async run(world) {
      await leaving(world, { 'argocd.argoproj.io/compare-options': 'IgnoreExtraneous' });
      const second = await world.commit({ 'b.yaml': null });
      await refreshed(world);
      await world.until('it is Synced at the commit', async () => {
        const app = await world.application();
        return app?.status?.sync?.status === 'Synced' && app.status.sync.revision === second;
      });
      assert.equal(await exists(world, 'b'), true);
    },
  },
];

/** A ConfigMap as somebody applied it before, by a manager of that name. */
async function kubectlApplied(world: World, manager: string): Promise<void> {
  const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' }, data: { v: '0', old: 'x' } };
  if (manager === 'kubectl-client-side-apply') {
    await world.create('v1', 'configmaps', object);
    return;
  }
  await world.create('v1', 'configmaps', { ...object, data: { v: '0' } });
  await world.patch('v1', 'configmaps', 'a', { data: { old: 'x' } });
}
