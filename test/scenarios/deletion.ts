// The end of an application: its hooks, its objects in their order, what is kept, what asks a person.
import {
  approve,
  CASCADE,
  exists,
  finishJob,
  HOOK,
  job,
  jobOf,
  OPTIONS,
  POLICY,
  untilApplicationGone,
  untilGone,
  untilJob,
  WAVE,
} from './manifests.ts';
import {
  AUTOMATED,
  assert,
  configMap,
  type Scenario,
  untilCondition,
  untilSynced,
  type World,
} from './world.ts';

async function synced(world: World, files: Record<string, string>, metadata: object = {}): Promise<void> {
  await world.commit(files);
  await world.apply({ syncPolicy: AUTOMATED }, { finalizers: CASCADE, ...metadata });
  await untilSynced(world);
}

export const deletion: readonly Scenario[] = [
  {
    name: 'a PreDelete hook runs before anything is deleted',
    async run(world) {
      await synced(world, {
        'a.yaml': configMap('a', { v: '1' }),
        'h.yaml': job('before', { [HOOK]: 'PreDelete' }),
      });
      const app = await world.application();
      assert.ok(app?.metadata.finalizers?.includes('pre-delete-finalizer.argocd.argoproj.io'));
      assert.equal(await jobOf(world, 'before'), undefined, 'not part of a sync');
      await world.deleteApplication();
      await untilCondition(world, 'DeletionError', /waiting for completion of hook batch\/Job\/before/);
      assert.equal(await exists(world, 'a'), true);
      await finishJob(world, 'before', 'Succeeded');
      await untilApplicationGone(world);
      assert.equal(await exists(world, 'a'), false);
    },
  },
  {
    name: 'a PostDelete hook runs when everything is gone',
    async run(world) {
      await synced(world, {
        'a.yaml': configMap('a', { v: '1' }),
        'h.yaml': job('after', { [HOOK]: 'PostDelete', [POLICY]: 'HookSucceeded' }),
      });
      await world.deleteApplication();
      await untilJob(world, 'after');
      assert.equal(await exists(world, 'a'), false);
      await finishJob(world, 'after', 'Succeeded');
      await untilApplicationGone(world);
      await untilGone(world, 'batch/v1', 'jobs', 'after');
    },
  },
  {
    name: 'a PreDelete hook that fails is said, repeated, and holds the deletion until it succeeds',
    async run(world) {
      await synced(world, {
        'a.yaml': configMap('a', { v: '1' }),
        'h.yaml': job('before', { [HOOK]: 'PreDelete' }),
      });
      await world.deleteApplication();
      const first = await untilJob(world, 'before');
      await finishJob(world, 'before', 'Failed');
      await untilCondition(world, 'DeletionError', /next attempt is at/);
      assert.equal(await exists(world, 'a'), true);
      await world.until('a second hook', async () => {
        const now = await jobOf(world, 'before');
        return now !== undefined && now.metadata.uid !== first.metadata.uid;
      });
      await finishJob(world, 'before', 'Succeeded');
      await untilApplicationGone(world);
    },
  },
  {
    name: 'PreDelete hooks go in waves, and a hook may be of both deletion phases',
    async run(world) {
      await synced(world, {
        'a.yaml': configMap('a', { v: '1' }),
        'h1.yaml': job('first', { [HOOK]: 'PreDelete', [WAVE]: '-1' }),
        'h2.yaml': configMap('both', { v: '1' }, { [HOOK]: 'PreDelete,PostDelete', [WAVE]: '1' }),
      });
      await world.deleteApplication();
      await untilJob(world, 'first');
      assert.equal(await exists(world, 'both'), false);
      await finishJob(world, 'first', 'Succeeded');
      await untilApplicationGone(world);
    },
  },
  {
    name: 'delete hooks run without the finalizer for the objects, which stay',
    async run(world) {
      await synced(
        world,
        {
          'a.yaml': configMap('a', { v: '1' }),
          'h.yaml': configMap('hook', { v: '1' }, { [HOOK]: 'PreDelete' }),
        },
        { finalizers: [] },
      );
      await world.deleteApplication();
      await untilApplicationGone(world);
      assert.equal(await exists(world, 'a'), true);
      assert.equal(await exists(world, 'hook'), true);
    },
  },
  {
    name: 'the finalizers of delete hooks go when the source has none any more',
    async run(world) {
      await synced(world, {
        'a.yaml': configMap('a', { v: '1' }),
        'h.yaml': job('after', { [HOOK]: 'PostDelete' }),
      });
      await world.commit({ 'h.yaml': null });
      await world.until('the finalizers are gone', async () => {
        const app = await world.application();
        return app?.metadata.finalizers?.join() === CASCADE.join();
      });
    },
  },
  {
    name: 'Helm delete hooks count',
    async run(world) {
      await synced(world, {
        'a.yaml': configMap('a', { v: '1' }),
        'h.yaml': configMap(
          'hook',
          { v: '1' },
          { 'helm.sh/hook': 'pre-delete', 'helm.sh/hook-delete-policy': 'hook-succeeded' },
        ),
      });
      const app = await world.application();
      assert.ok(app?.metadata.finalizers?.includes('pre-delete-finalizer.argocd.argoproj.io/cleanup'));
      await world.deleteApplication();
      await untilApplicationGone(world);
      assert.equal(await exists(world, 'hook'), false);
    },
  },
  {
    name: 'Delete=confirm waits for a person, and keeps everything until then',
    async run(world) {
      await synced(world, {
        'a.yaml': configMap('a', { v: '1' }, { [OPTIONS]: 'Delete=confirm' }),
        'b.yaml': configMap('b', { v: '1' }),
      });
      const app = await world.application();
      const status = app?.status?.resources?.find(({ name }) => name === 'a');
      assert.equal(status?.requiresDeletionConfirmation, true);
      await world.deleteApplication();
      await untilCondition(world, 'DeletionError', /deletion confirmation of ConfigMap .*\/a/);
      assert.equal(await exists(world, 'b'), true);
      await approve(world);
      await untilApplicationGone(world);
      assert.equal(await exists(world, 'a'), false);
    },
  },
  {
    name: 'Delete=confirm of the application holds for all objects, Delete=true of an object wins',
    async run(world) {
      await world.commit({ 'a.yaml': configMap('a', { v: '1' }, { [OPTIONS]: 'Delete=true' }) });
      await world.apply(
        { syncPolicy: { ...AUTOMATED, syncOptions: ['Delete=confirm'] } },
        { finalizers: CASCADE },
      );
      await untilSynced(world);
      await world.deleteApplication();
      await untilApplicationGone(world);
      assert.equal(await exists(world, 'a'), false);
    },
  },
  {
    name: 'the approval can be given through the API',
    async run(world) {
      await synced(world, { 'a.yaml': configMap('a', { v: '1' }, { [OPTIONS]: 'Delete=confirm' }) });
      await world.deleteApplication();
      await untilCondition(world, 'DeletionError', /deletion confirmation/);
      assert.equal((await world.call('POST', `${world.name}/confirm-deletion`, {})).status, 200);
      await untilApplicationGone(world);
    },
  },
  {
    name: 'an approval from before the deletion does not count',
    async run(world) {
      await synced(world, { 'a.yaml': configMap('a', { v: '1' }, { [OPTIONS]: 'Delete=confirm' }) });
      await world.patchApplication({
        metadata: { annotations: { 'argocd.argoproj.io/deletion-approved': '2020-01-01T00:00:00Z' } },
      });
      await world.deleteApplication();
      await untilCondition(world, 'DeletionError', /deletion confirmation/);
      assert.equal(await exists(world, 'a'), true);
    },
  },
  {
    name: 'Prune=false does not keep an object when its application goes',
    async run(world) {
      await synced(world, { 'a.yaml': configMap('a', { v: '1' }, { [OPTIONS]: 'Prune=false' }) });
      await world.deleteApplication();
      await untilApplicationGone(world);
      assert.equal(await exists(world, 'a'), false);
    },
  },
  {
    name: 'Delete=false of the whole application keeps everything',
    async run(world) {
      await world.commit({ 'a.yaml': configMap('a', { v: '1' }) });
      await world.apply(
        { syncPolicy: { ...AUTOMATED, syncOptions: ['Delete=false'] } },
        { finalizers: CASCADE },
      );
      await untilSynced(world);
      await world.deleteApplication();
      await untilApplicationGone(world);
      assert.equal(await exists(world, 'a'), true);
    },
  },
  {
    name: 'objects are deleted wave by wave, the last one first',
    async run(world) {
      const held = { metadata: { finalizers: ['example.test/hold'] } };
      await synced(world, {
        'a.yaml': configMap('a', { v: '1' }, { [WAVE]: '0' }),
        'b.yaml': configMap('b', { v: '1' }, { [WAVE]: '1' }),
      });
      await world.patch('v1', 'configmaps', 'b', held);
      await world.deleteApplication();
      await world.until('b is being deleted', async () => {
        const b = await world.get('v1', 'configmaps', 'b');
        return b?.metadata.deletionTimestamp;
      });
      assert.equal((await world.get('v1', 'configmaps', 'a'))?.metadata.deletionTimestamp, undefined);
      await world.patch('v1', 'configmaps', 'b', { metadata: { finalizers: null } });
      await untilApplicationGone(world);
    },
  },
  {
    name: 'background propagation by its finalizer',
    async run(world) {
      await synced(
        world,
        { 'a.yaml': configMap('a', { v: '1' }) },
        { finalizers: ['resources-finalizer.argocd.argoproj.io/background'] },
      );
      await world.deleteApplication();
      await untilApplicationGone(world);
      assert.equal(await exists(world, 'a'), false);
    },
  },
  {
    name: 'an application of which the cluster is not known any more is let go, its objects stay',
    async run(world) {
      await synced(world, { 'a.yaml': configMap('a', { v: '1' }) });
      await world.apply({
        destination: { server: 'https://gone.example.test', namespace: world.namespace },
        syncPolicy: AUTOMATED,
      });
      await world.deleteApplication();
      await untilApplicationGone(world);
      assert.equal(await exists(world, 'a'), true);
    },
  },
  {
    name: 'an application that never synced can be deleted',
    async run(world) {
      await world.commit({ 'a.yaml': configMap('a', { v: '1' }) });
      await world.apply({}, { finalizers: CASCADE });
      await world.deleteApplication();
      await untilApplicationGone(world);
    },
  },
  {
    name: 'an object of another application survives the deletion of this one',
    async run(world) {
      await synced(world, { 'a.yaml': configMap('a', { v: '1' }) });
      await world.apply({ syncPolicy: AUTOMATED }, { name: `${world.name}-other` });
      await world.until('the other one took it over', async () => {
        const mark = (await world.get('v1', 'configmaps', 'a'))?.metadata.annotations?.[
          'argocd.argoproj.io/tracking-id'
        ];
        return mark?.startsWith(`${world.name}-other:`);
      });
      await world.apply({ syncPolicy: {} });
      await world.deleteApplication();
      await untilApplicationGone(world);
      assert.equal(await exists(world, 'a'), true);
    },
  },
];
