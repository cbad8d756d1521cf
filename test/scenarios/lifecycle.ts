// Create, update, prune, self-heal, delete.
import {
  AUTOMATED,
  assert,
  configMap,
  dataOf,
  type Scenario,
  untilData,
  untilOperation,
  untilOutOfSync,
  untilSynced,
} from './world.ts';

const deployment = (image: string, replicas: number | null = 1): string => `apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
${replicas === null ? '' : `  replicas: ${replicas}\n`}  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
        - name: web
          image: ${image}
          ports: [{containerPort: 80}]
          resources: {requests: {cpu: "0.1", memory: 64Mi}}
`;

export const lifecycle: readonly Scenario[] = [
  {
    name: 'a new application with automated sync is applied and says what it did',
    async run(world) {
      const revision = await world.commit({ 'a.yaml': configMap('a', { v: '1' }) });
      await world.apply({ syncPolicy: AUTOMATED });
      const app = await untilSynced(world, revision);
      assert.deepEqual(await dataOf(world, 'a'), { v: '1' });
      assert.equal(app.status?.operationState?.syncResult?.revision, revision);
      assert.equal(app.status?.operationState?.operation.initiatedBy?.automated, true);
      assert.match(app.status?.operationState?.message ?? '', /successfully synced/);
      assert.deepEqual(
        app.status?.history?.map(({ id, revision: at }) => ({ id, at })),
        [{ id: 0, at: revision }],
      );
      assert.equal(app.status?.sourceType, 'Directory');
      assert.deepEqual(
        app.status?.resources?.map(({ kind, name, status }) => ({ kind, name, status })),
        [{ kind: 'ConfigMap', name: 'a', status: 'Synced' }],
      );
    },
  },
  {
    name: 'every object carries a tracking id that names it',
    async run(world) {
      await world.commit({ 'a.yaml': configMap('a', { v: '1' }) });
      await world.apply({ syncPolicy: AUTOMATED });
      await untilSynced(world);
      const live = await world.get('v1', 'configmaps', 'a');
      assert.equal(
        live?.metadata.annotations?.['argocd.argoproj.io/tracking-id'],
        `${world.name}:/ConfigMap:${world.namespace}/a`,
      );
      const manager = live?.metadata.managedFields?.find(({ operation }) => operation === 'Apply');
      assert.equal(manager?.manager, 'argocd-controller');
    },
  },
  {
    name: 'a commit changes the object and the history grows',
    async run(world) {
      await world.commit({ 'a.yaml': configMap('a', { v: '1' }) });
      await world.apply({ syncPolicy: AUTOMATED });
      await untilSynced(world);
      const second = await world.commit({ 'a.yaml': configMap('a', { v: '2' }) });
      await untilData(world, 'a', 'v', '2');
      const app = await untilSynced(world, second);
      assert.deepEqual(
        app.status?.history?.map(({ id }) => id),
        [0, 1],
      );
    },
  },
  {
    name: 'a field that leaves the source leaves the object',
    async run(world) {
      await world.commit({ 'a.yaml': configMap('a', { v: '1', w: '1' }) });
      await world.apply({ syncPolicy: AUTOMATED });
      await untilSynced(world);
      const second = await world.commit({ 'a.yaml': configMap('a', { v: '1' }) });
      await untilSynced(world, second);
      assert.deepEqual(await dataOf(world, 'a'), { v: '1' });
    },
  },
  {
    name: 'a commit elsewhere in the repository changes nothing here but the revision',
    async run(world) {
      await world.commit({ 'a.yaml': configMap('a', { v: '1' }) });
      await world.apply({ syncPolicy: AUTOMATED });
      await untilSynced(world);
      const before = await world.get('v1', 'configmaps', 'a');
      const elsewhere = await world.commit({ '../elsewhere/x.txt': world.name });
      await world.patchApplication({ metadata: { annotations: { 'argocd.argoproj.io/refresh': 'normal' } } });
      const app = await untilSynced(world, elsewhere);
      assert.equal(
        (await world.get('v1', 'configmaps', 'a'))?.metadata.resourceVersion,
        before?.metadata.resourceVersion,
      );
      assert.equal(app.status?.history?.length, 1);
    },
  },
  {
    name: 'a rewritten history is followed, and written down as such',
    async run(world) {
      await world.commit({ 'a.yaml': configMap('a', { v: '1' }) });
      await world.apply({ syncPolicy: AUTOMATED });
      await untilSynced(world);
      const rewritten = await world.rewrite({ 'a.yaml': configMap('a', { v: '2' }) });
      await untilSynced(world, rewritten);
      assert.deepEqual(await dataOf(world, 'a'), { v: '2' });
      await world.until('the journal tells', async () =>
        (await world.journal('source.rewritten')).some(({ reason }) => reason?.includes(rewritten)),
      );
    },
  },
  {
    name: 'an object that leaves the source is pruned',
    async run(world) {
      await world.commit({ 'a.yaml': configMap('a', { v: '1' }), 'b.yaml': configMap('b', { v: '1' }) });
      await world.apply({ syncPolicy: AUTOMATED });
      await untilSynced(world);
      const second = await world.commit({ 'b.yaml': null });
      const app = await untilSynced(world, second);
      assert.equal(await world.get('v1', 'configmaps', 'b'), undefined);
      const result = app.status?.operationState?.syncResult?.resources?.find(({ name }) => name === 'b');
      assert.equal(result?.status, 'Pruned');
    },
  },
  {
    name: 'without prune the object stays and is shown as requiring it',
    async run(world) {
      await world.commit({ 'a.yaml': configMap('a', { v: '1' }), 'b.yaml': configMap('b', { v: '1' }) });
      await world.apply({ syncPolicy: { automated: {} } });
      await untilSynced(world);
      await world.commit({ 'b.yaml': null });
      const app = await untilOutOfSync(world);
      const resource = app.status?.resources?.find(({ name }) => name === 'b');
      assert.equal(resource?.requiresPruning, true);
      assert.notEqual(await world.get('v1', 'configmaps', 'b'), undefined);
    },
  },
  {
    name: 'Prune=false keeps an object that left the source',
    async run(world) {
      const kept = configMap('b', { v: '1' }, { 'argocd.argoproj.io/sync-options': 'Prune=false' });
      await world.commit({ 'a.yaml': configMap('a', { v: '1' }), 'b.yaml': kept });
      await world.apply({ syncPolicy: AUTOMATED });
      await untilSynced(world);
      const second = await world.commit({ 'a.yaml': configMap('a', { v: '2' }), 'b.yaml': null });
      await untilData(world, 'a', 'v', '2');
      await world.until('the operation of the second commit ended', async () => {
        const state = (await world.application())?.status?.operationState;
        return state?.syncResult?.revision === second && state.phase === 'Succeeded';
      });
      assert.notEqual(await world.get('v1', 'configmaps', 'b'), undefined);
    },
  },
  {
    name: 'drift is repaired with self-heal',
    async run(world) {
      await world.commit({ 'a.yaml': configMap('a', { v: '1' }) });
      await world.apply({ syncPolicy: AUTOMATED });
      await untilSynced(world);
      await world.patch('v1', 'configmaps', 'a', { data: { v: 'drift' } });
      await untilData(world, 'a', 'v', '1');
      const app = await untilSynced(world);
      assert.equal(app.status?.history?.length, 1, 'a repair is not a deployment');
    },
  },
  {
    name: 'a deleted object comes back with self-heal',
    async run(world) {
      await world.commit({ 'a.yaml': configMap('a', { v: '1' }) });
      await world.apply({ syncPolicy: AUTOMATED });
      await untilSynced(world);
      await world.delete('v1', 'configmaps', 'a');
      await untilData(world, 'a', 'v', '1');
    },
  },
  {
    name: 'drift is only shown without self-heal',
    async run(world) {
      await world.commit({ 'a.yaml': configMap('a', { v: '1' }) });
      await world.apply({ syncPolicy: { automated: {} } });
      await untilSynced(world);
      await world.patch('v1', 'configmaps', 'a', { data: { v: 'drift' } });
      await untilOutOfSync(world);
      assert.deepEqual(await dataOf(world, 'a'), { v: 'drift' });
    },
  },
  {
    name: "somebody else's field is left alone and makes nothing OutOfSync",
    async run(world) {
      await world.commit({ 'a.yaml': configMap('a', { v: '1' }) });
      await world.apply({ syncPolicy: AUTOMATED });
      await untilSynced(world);
      await world.patch('v1', 'configmaps', 'a', {
        data: { other: 'theirs' },
        metadata: { labels: { team: 'x' } },
      });
      const second = await world.commit({ 'a.yaml': configMap('a', { v: '2' }) });
      await untilSynced(world, second);
      assert.deepEqual(await dataOf(world, 'a'), { v: '2', other: 'theirs' });
    },
  },
  {
    name: 'a Deployment with defaults and odd quantities is Synced after one apply',
    async run(world) {
      await world.commit({ 'web.yaml': deployment('nginx:1') });
      await world.apply({ syncPolicy: AUTOMATED });
      const app = await untilSynced(world);
      assert.ok(['Healthy', 'Progressing'].includes(app.status?.health?.status ?? ''));
      await world.patchApplication({ metadata: { annotations: { 'argocd.argoproj.io/refresh': 'hard' } } });
      await world.until('the refresh is done', async () => {
        const refreshed = await world.application();
        return refreshed?.metadata.annotations?.['argocd.argoproj.io/refresh'] === undefined
          ? refreshed
          : undefined;
      });
      assert.equal((await world.application())?.status?.sync?.status, 'Synced');
    },
  },
  {
    name: 'replicas that the source leaves out belong to whoever scales',
    async run(world) {
      await world.commit({ 'web.yaml': deployment('nginx:1', null) });
      await world.apply({ syncPolicy: AUTOMATED });
      await untilSynced(world);
      await world.patch('apps/v1', 'deployments', 'web', { spec: { replicas: 3 } });
      const second = await world.commit({ 'web.yaml': deployment('nginx:2', null) });
      await untilSynced(world, second);
      const live = await world.get('apps/v1', 'deployments', 'web');
      assert.match(JSON.stringify(live?.['spec'] ?? {}), /"replicas":3/);
    },
  },
  {
    name: 'manual sync: OutOfSync until an operation is written, then Synced',
    async run(world) {
      const revision = await world.commit({ 'a.yaml': configMap('a', { v: '1' }) });
      await world.apply();
      await untilOutOfSync(world);
      assert.equal(await world.get('v1', 'configmaps', 'a'), undefined);
      await world.patchApplication({ operation: { initiatedBy: { username: 'tester' }, sync: {} } });
      const app = await untilSynced(world, revision);
      assert.equal(app.operation, undefined);
      assert.equal(app.status?.operationState?.operation.initiatedBy?.username, 'tester');
    },
  },
  {
    name: 'a dry run changes nothing',
    async run(world) {
      await world.commit({ 'a.yaml': configMap('a', { v: '1' }) });
      await world.apply();
      await untilOutOfSync(world);
      await world.patchApplication({ operation: { sync: { dryRun: true } } });
      await untilOperation(world, 'Succeeded');
      assert.equal(await world.get('v1', 'configmaps', 'a'), undefined);
      assert.equal((await world.application())?.status?.history, undefined);
    },
  },
  {
    name: 'a selective sync applies what it names and writes no history',
    async run(world) {
      await world.commit({ 'a.yaml': configMap('a', { v: '1' }), 'b.yaml': configMap('b', { v: '1' }) });
      await world.apply();
      await untilOutOfSync(world);
      await world.patchApplication({
        operation: { sync: { resources: [{ kind: 'ConfigMap', name: 'b' }] } },
      });
      await untilOperation(world, 'Succeeded');
      assert.notEqual(await world.get('v1', 'configmaps', 'b'), undefined);
      assert.equal(await world.get('v1', 'configmaps', 'a'), undefined);
      assert.equal((await world.application())?.status?.history, undefined);
    },
  },
  {
    name: 'an older commit can be synced by hand while automated sync is off',
    async run(world) {
      const first = await world.commit({ 'a.yaml': configMap('a', { v: '1' }) });
      await world.apply();
      await untilOutOfSync(world);
      await world.patchApplication({ operation: { sync: {} } });
      await untilSynced(world, first);
      await world.commit({ 'a.yaml': configMap('a', { v: '2' }) });
      await untilOutOfSync(world);
      await world.patchApplication({ operation: { sync: {} } });
      await untilData(world, 'a', 'v', '2');
      await untilSynced(world);
      await world.patchApplication({ operation: { sync: { revision: first } } });
      await untilData(world, 'a', 'v', '1');
      await untilOutOfSync(world);
    },
  },
  {
    name: 'deleting with the finalizer removes the objects first',
    async run(world) {
      await world.commit({ 'a.yaml': configMap('a', { v: '1' }), 'b.yaml': configMap('b', { v: '1' }) });
      await world.apply(
        { syncPolicy: AUTOMATED },
        { finalizers: ['resources-finalizer.argocd.argoproj.io'] },
      );
      await untilSynced(world);
      await world.deleteApplication();
      await world.until('the application is gone', async () => (await world.application()) === undefined);
      assert.equal(await world.get('v1', 'configmaps', 'a'), undefined);
      assert.equal(await world.get('v1', 'configmaps', 'b'), undefined);
    },
  },
  {
    name: 'deleting without a finalizer leaves the objects',
    async run(world) {
      await world.commit({ 'a.yaml': configMap('a', { v: '1' }) });
      await world.apply({ syncPolicy: AUTOMATED });
      await untilSynced(world);
      await world.deleteApplication();
      await world.until('the application is gone', async () => (await world.application()) === undefined);
      assert.deepEqual(await dataOf(world, 'a'), { v: '1' });
    },
  },
  {
    name: 'deletion keeps objects with Delete=false and helm.sh/resource-policy: keep',
    async run(world) {
      await world.commit({
        'a.yaml': configMap('a', { v: '1' }, { 'argocd.argoproj.io/sync-options': 'Delete=false' }),
        'b.yaml': configMap('b', { v: '1' }, { 'helm.sh/resource-policy': 'keep' }),
        'c.yaml': configMap('c', { v: '1' }),
      });
      await world.apply(
        { syncPolicy: AUTOMATED },
        { finalizers: ['resources-finalizer.argocd.argoproj.io'] },
      );
      await untilSynced(world);
      await world.deleteApplication();
      await world.until('the application is gone', async () => (await world.application()) === undefined);
      assert.notEqual(await world.get('v1', 'configmaps', 'a'), undefined);
      assert.notEqual(await world.get('v1', 'configmaps', 'b'), undefined);
      assert.equal(await world.get('v1', 'configmaps', 'c'), undefined);
    },
  },
];
