// Hooks, phases and waves: when they run, how they end, what they wait for and how long. Jobs are driven to their end
// by the scenario, as there is no node everywhere.
import {
  annotate,
  ended,
  exists,
  finishJob,
  GATES,
  gate,
  HOOK,
  job,
  jobOf,
  open,
  POLICY,
  resultOf,
  sync,
  untilGone,
  untilJob,
  untilMessage,
  WAVE,
} from './manifests.ts';
import {
  AUTOMATED,
  assert,
  configMap,
  type Scenario,
  untilCondition,
  untilData,
  untilOperation,
  untilOutOfSync,
  untilSynced,
  type World,
} from './world.ts';

const ONCE = { ...AUTOMATED, retry: { limit: 0 } };

async function start(
  world: World,
  files: Record<string, string>,
  marks: Record<string, string> = {},
): Promise<void> {
  await world.commit(files);
  await world.apply({ syncPolicy: ONCE }, { annotations: marks });
}

/** By hand, so that nothing follows it. */
async function startOnce(
  world: World,
  files: Record<string, string>,
  marks: Record<string, string> = {},
): Promise<void> {
  await world.commit(files);
  await world.apply({}, { annotations: marks });
  await untilOutOfSync(world);
  await sync(world, { sync: {} });
}

const A = { 'a.yaml': configMap('a', { v: '1' }) };

export const hooks: readonly Scenario[] = [
  {
    name: 'a PreSync Job holds the sync until it is complete, and the message says since when',
    async run(world) {
      await start(world, { ...A, 'h.yaml': job('migrate', { [HOOK]: 'PreSync' }) });
      const said = await untilMessage(world, /^waiting for completion of hook batch\/Job\/migrate/);
      assert.match(said, /, since \d{4}-.*Z and at the latest until \d{4}-.*Z$/);
      assert.equal(await exists(world, 'a'), false);
      await finishJob(world, 'migrate', 'Succeeded');
      await untilSynced(world);
      assert.equal((await resultOf(world, 'migrate')).hookPhase, 'Succeeded');
    },
  },
  {
    name: 'a PreSync Job that fails fails the sync, and nothing is applied',
    async run(world) {
      await startOnce(world, { ...A, 'h.yaml': job('migrate', { [HOOK]: 'PreSync' }) });
      await finishJob(world, 'migrate', 'Failed');
      const state = await ended(world, 'Failed');
      assert.match(state.message ?? '', /completed unsuccessfully, reason: /);
      assert.equal(await exists(world, 'a'), false);
    },
  },
  {
    name: 'SyncFail hooks run when something failed, and the operation ends as Failed',
    async run(world) {
      await startOnce(world, {
        ...A,
        'h.yaml': job('migrate', { [HOOK]: 'PreSync' }),
        'f.yaml': configMap('failed', { v: '1' }, { [HOOK]: 'SyncFail' }),
      });
      await finishJob(world, 'migrate', 'Failed');
      await ended(world, 'Failed');
      assert.equal(await exists(world, 'failed'), true);
      assert.equal((await resultOf(world, 'failed')).syncPhase, 'SyncFail');
    },
  },
  {
    name: 'SyncFail hooks do not run when all goes well',
    async run(world) {
      await start(world, { ...A, 'f.yaml': configMap('failed', { v: '1' }, { [HOOK]: 'SyncFail' }) });
      await untilSynced(world);
      assert.equal(await exists(world, 'failed'), false);
    },
  },
  {
    name: 'PostSync waits for the health of what was applied',
    async run(world) {
      await start(world, {
        'g.yaml': gate('g'),
        'h.yaml': configMap('after', { v: '1' }, { [HOOK]: 'PostSync' }),
      });
      await untilMessage(world, /waiting for healthy state of .*\/g/);
      assert.equal(await exists(world, 'after'), false);
      await open(world, 'g');
      await untilSynced(world);
      assert.equal(await exists(world, 'after'), true);
    },
  },
  {
    name: 'a Sync hook runs with its wave',
    async run(world) {
      await start(world, {
        ...A,
        'h.yaml': job('during', { [HOOK]: 'Sync' }),
        'b.yaml': configMap('b', { v: '1' }, { [WAVE]: '1' }),
      });
      await untilJob(world, 'during');
      assert.equal(await exists(world, 'b'), false);
      await finishJob(world, 'during', 'Succeeded');
      await untilSynced(world);
      assert.equal(await exists(world, 'b'), true);
    },
  },
  {
    name: 'one hook of two phases with a generated name runs twice under two names',
    async run(world) {
      const text = job('task-', { [HOOK]: 'PreSync,PostSync' }, { generated: true });
      const revision = await world.commit({ ...A, 'h.yaml': text });
      await world.apply({ syncPolicy: ONCE });
      const find = async (phase: string) => {
        const jobs = await world.list('batch/v1', 'jobs');
        return jobs.find(({ metadata }) =>
          metadata.name?.startsWith(`task-${revision.slice(0, 7)}-${phase}-`),
        );
      };
      const before = await world.until('the PreSync job', () => find('presync'));
      assert.equal(await find('postsync'), undefined);
      await finishJob(world, before.metadata.name ?? '', 'Succeeded');
      const after = await world.until('the PostSync job', () => find('postsync'));
      assert.equal(await exists(world, 'a'), true);
      await finishJob(world, after.metadata.name ?? '', 'Succeeded');
      await untilSynced(world);
    },
  },
  {
    name: 'the next sync deletes the hook of the one before first',
    async run(world) {
      await start(world, { ...A, 'h.yaml': job('migrate', { [HOOK]: 'PreSync' }) });
      const first = await untilJob(world, 'migrate');
      await finishJob(world, 'migrate', 'Succeeded');
      await untilSynced(world);
      const second = await world.commit({ 'a.yaml': configMap('a', { v: '2' }) });
      await world.until('a new job', async () => {
        const now = await jobOf(world, 'migrate');
        return now !== undefined && now.metadata.uid !== first.metadata.uid;
      });
      await finishJob(world, 'migrate', 'Succeeded');
      await untilSynced(world, second);
    },
  },
  {
    name: 'HookSucceeded deletes what succeeded',
    async run(world) {
      await start(world, {
        ...A,
        'h.yaml': job('migrate', { [HOOK]: 'PreSync', [POLICY]: 'HookSucceeded' }),
      });
      await finishJob(world, 'migrate', 'Succeeded');
      await untilSynced(world);
      await untilGone(world, 'batch/v1', 'jobs', 'migrate');
    },
  },
  {
    name: 'HookSucceeded keeps what failed, for people to look at',
    async run(world) {
      await startOnce(world, {
        ...A,
        'h.yaml': job('migrate', { [HOOK]: 'PreSync', [POLICY]: 'HookSucceeded' }),
      });
      await finishJob(world, 'migrate', 'Failed');
      await ended(world, 'Failed');
      const kept = await jobOf(world, 'migrate');
      assert.deepEqual(kept?.metadata.finalizers ?? [], [], 'released');
    },
  },
  {
    name: 'HookFailed deletes what failed',
    async run(world) {
      await startOnce(world, {
        ...A,
        'h.yaml': job('migrate', { [HOOK]: 'PreSync', [POLICY]: 'HookFailed' }),
      });
      await finishJob(world, 'migrate', 'Failed');
      await ended(world, 'Failed');
      await untilGone(world, 'batch/v1', 'jobs', 'migrate');
    },
  },
  {
    name: 'a hook that somebody deletes while it runs is a failure that says so',
    async run(world) {
      await startOnce(world, { ...A, 'h.yaml': job('migrate', { [HOOK]: 'PreSync' }) });
      await untilMessage(world, /waiting for completion of hook/);
      await world.delete('batch/v1', 'jobs', 'migrate');
      const state = await ended(world, 'Failed');
      assert.match(state.message ?? '', /hook batch\/Job\/migrate was deleted before it ended/);
      await untilGone(world, 'batch/v1', 'jobs', 'migrate');
    },
  },
  {
    name: 'a Job that expires as soon as it is complete counts as complete',
    async run(world) {
      const spec = { ttlSecondsAfterFinished: 0 };
      await start(world, { ...A, 'h.yaml': job('migrate', { [HOOK]: 'PreSync' }, { spec }) });
      await finishJob(world, 'migrate', 'Succeeded');
      await untilSynced(world);
      assert.equal((await resultOf(world, 'migrate')).hookPhase, 'Succeeded');
    },
  },
  {
    name: 'a hook has its own deadline',
    async run(world) {
      await startOnce(world, {
        ...A,
        'h.yaml': job('migrate', { [HOOK]: 'PreSync', 'fairlead.dev/hook-timeout': '2s' }),
      });
      const state = await ended(world, 'Failed');
      assert.match(
        state.message ?? '',
        /gave up waiting for completion of hook batch\/Job\/migrate.* after \d+ s/,
      );
    },
  },
  {
    name: 'the application sets the deadline of its hooks',
    async run(world) {
      const marks = { 'fairlead.dev/hook-timeout': '1s' };
      await startOnce(world, { ...A, 'h.yaml': job('migrate', { [HOOK]: 'PreSync' }) }, marks);
      assert.match((await ended(world, 'Failed')).message ?? '', /gave up waiting for completion of hook/);
    },
  },
  {
    name: 'the application sets the deadline of its waves',
    async run(world) {
      const files = { 'g.yaml': gate('g'), 'b.yaml': configMap('b', { v: '1' }, { [WAVE]: '1' }) };
      await startOnce(world, files, { 'fairlead.dev/wave-timeout': '1s' });
      const state = await ended(world, 'Failed');
      assert.match(state.message ?? '', /gave up waiting for healthy state of .*\/g/);
      assert.equal(await exists(world, 'b'), false);
    },
  },
  {
    name: 'the application sets the deadline of the whole operation',
    async run(world) {
      const files = { 'g.yaml': gate('g'), 'b.yaml': configMap('b', { v: '1' }, { [WAVE]: '1' }) };
      await startOnce(world, files, { 'fairlead.dev/operation-timeout': '2s' });
      await ended(world, 'Failed');
    },
  },
  {
    name: 'a deadline for all applications is set in argocd-cm',
    alone: true,
    async run(world) {
      await world.configure('fairlead.sync.hook.timeout', '1s');
      await startOnce(world, { ...A, 'h.yaml': job('migrate', { [HOOK]: 'PreSync' }) });
      assert.match((await ended(world, 'Failed')).message ?? '', /gave up waiting/);
      await world.configure('fairlead.sync.hook.timeout', null);
    },
  },
  {
    name: 'hooks of one phase go in waves',
    async run(world) {
      await start(world, {
        ...A,
        'h1.yaml': job('first', { [HOOK]: 'PreSync', [WAVE]: '-1' }),
        'h2.yaml': job('second', { [HOOK]: 'PreSync', [WAVE]: '1' }),
      });
      await untilJob(world, 'first');
      assert.equal(await jobOf(world, 'second'), undefined);
      await finishJob(world, 'first', 'Succeeded');
      await untilJob(world, 'second');
      await finishJob(world, 'second', 'Succeeded');
      await untilOperation(world, 'Succeeded');
    },
  },
  {
    name: 'Helm hooks are mapped, their weights are waves, their policies hold',
    async run(world) {
      const helm = (type: string, weight: string) => ({
        'helm.sh/hook': type,
        'helm.sh/hook-weight': weight,
        'helm.sh/hook-delete-policy': 'hook-succeeded',
      });
      await start(world, {
        ...A,
        'h1.yaml': job('first', helm('pre-install,pre-upgrade', '-5')),
        'h2.yaml': job('second', helm('pre-install', '5')),
        'h3.yaml': job('after', helm('post-install', '0')),
        'h4.yaml': job('never', helm('test', '0')),
      });
      for (const name of ['first', 'second', 'after']) await finishJob(world, name, 'Succeeded');
      await untilSynced(world);
      assert.equal((await resultOf(world, 'after')).syncPhase, 'PostSync');
      assert.equal(await jobOf(world, 'never'), undefined);
      await untilGone(world, 'batch/v1', 'jobs', 'after');
    },
  },
  {
    name: 'Skip is never created and never missed',
    async run(world) {
      await start(world, { ...A, 's.yaml': configMap('skipped', { v: '1' }, { [HOOK]: 'Skip' }) });
      await untilSynced(world);
      assert.equal(await exists(world, 'skipped'), false);
    },
  },
  {
    name: 'a selective sync runs no hooks',
    async run(world) {
      await world.commit({ ...A, 'h.yaml': job('migrate', { [HOOK]: 'PreSync' }) });
      await world.apply();
      await untilOutOfSync(world);
      await sync(world, { sync: { resources: [{ kind: 'ConfigMap', name: 'a' }] } });
      await ended(world);
      assert.equal(await jobOf(world, 'migrate'), undefined);
    },
  },
  {
    name: 'the apply strategy runs no hooks',
    async run(world) {
      await world.commit({ ...A, 'h.yaml': job('migrate', { [HOOK]: 'PreSync' }) });
      await world.apply();
      await untilOutOfSync(world);
      await sync(world, { sync: { syncStrategy: { apply: {} } } });
      await ended(world);
      assert.equal(await jobOf(world, 'migrate'), undefined);
    },
  },
  {
    name: 'a repair runs no hooks',
    async run(world) {
      await start(world, {
        ...A,
        'h.yaml': job('migrate', { [HOOK]: 'PreSync', [POLICY]: 'HookSucceeded' }),
      });
      await finishJob(world, 'migrate', 'Succeeded');
      await untilSynced(world);
      await untilGone(world, 'batch/v1', 'jobs', 'migrate');
      await world.patch('v1', 'configmaps', 'a', { data: { v: 'drift' } });
      await untilData(world, 'a', 'v', '1');
      await untilSynced(world);
      assert.equal(await jobOf(world, 'migrate'), undefined);
    },
  },
  {
    name: 'a wave waits for the health of the one before',
    async run(world) {
      await start(world, {
        'g.yaml': gate('g', { [WAVE]: '-1' }),
        'b.yaml': configMap('b', { v: '1' }),
        'c.yaml': configMap('c', { v: '1' }, { [WAVE]: '1' }),
      });
      await untilMessage(world, /waiting for healthy state of .*\/g/);
      assert.equal(await exists(world, 'b'), false);
      await open(world, 'g');
      await untilSynced(world);
      assert.equal(await exists(world, 'c'), true);
    },
  },
  {
    name: 'a wave that degrades fails the sync, and the next one is not begun',
    async run(world) {
      await startOnce(world, { 'g.yaml': gate('g'), 'b.yaml': configMap('b', { v: '1' }, { [WAVE]: '1' }) });
      await open(world, 'g', 'Degraded');
      const state = await ended(world, 'Failed');
      assert.match(state.message ?? '', /g is degraded/);
      assert.equal(await exists(world, 'b'), false);
    },
  },
  {
    name: 'an object that disappears while its wave waits is named',
    async run(world) {
      await startOnce(world, { 'g.yaml': gate('g'), 'b.yaml': configMap('b', { v: '1' }, { [WAVE]: '1' }) });
      await untilMessage(world, /waiting for healthy state/);
      await world.delete(...GATES, 'g');
      assert.match((await ended(world, 'Failed')).message ?? '', /g is missing, it might have been deleted/);
    },
  },
  {
    name: 'prunes go through the waves backwards',
    async run(world) {
      await world.commit({
        ...A,
        'first.yaml': configMap('first', { v: '1' }, { [WAVE]: '0' }),
        'second.yaml': configMap('second', { v: '1' }, { [WAVE]: '1' }),
      });
      await world.apply({ syncPolicy: { automated: { prune: true } } });
      await untilSynced(world);
      await world.patch('v1', 'configmaps', 'second', { metadata: { finalizers: ['example.test/hold'] } });
      await world.commit({ 'first.yaml': null, 'second.yaml': null });
      await untilMessage(world, /waiting for deletion of ConfigMap\/second/);
      assert.equal((await world.get('v1', 'configmaps', 'first'))?.metadata.deletionTimestamp, undefined);
      await world.patch('v1', 'configmaps', 'second', { metadata: { finalizers: null } });
      await untilGone(world, 'v1', 'configmaps', 'first');
    },
  },
  {
    name: 'an operation that is terminated takes its hooks along',
    async run(world) {
      await startOnce(world, { ...A, 'h.yaml': job('migrate', { [HOOK]: 'PreSync' }) });
      await untilMessage(world, /waiting for completion of hook/);
      assert.equal((await world.call('DELETE', `${world.name}/operation`)).status, 200);
      const state = await ended(world, 'Failed');
      assert.equal(state.message, 'Operation terminated');
      await untilGone(world, 'batch/v1', 'jobs', 'migrate');
      assert.equal(await exists(world, 'a'), false);
    },
  },
  {
    name: 'a hook survives a kill of the control plane and runs once',
    alone: true,
    async run(world) {
      await start(world, { ...A, 'h.yaml': job('migrate', { [HOOK]: 'PreSync' }) });
      await untilMessage(world, /waiting for completion of hook/);
      const before = await untilJob(world, 'migrate');
      await world.crash();
      await finishJob(world, 'migrate', 'Succeeded');
      await untilSynced(world);
      assert.equal((await jobOf(world, 'migrate'))?.metadata.uid, before.metadata.uid);
    },
  },
  {
    name: 'a timeout of a hook without a meaning is quoted, the default holds',
    async run(world) {
      await start(world, {
        ...A,
        'h.yaml': job('migrate', {
          [HOOK]: 'PreSync',
          'fairlead.dev/hook-timeout': 'soon',
          [POLICY]: 'Never',
        }),
      });
      const message = await untilCondition(world, 'OptionWarning', /"soon" is no duration/);
      assert.match(message, /"Never" is no policy/);
      await finishJob(world, 'migrate', 'Succeeded');
      await untilSynced(world);
      await annotate(world, {});
    },
  },
];
