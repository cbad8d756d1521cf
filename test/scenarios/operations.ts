// Operations: retries, supersession, selections, manifests that come along, and their end on demand.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  annotate,
  ended,
  exists,
  gate,
  HOOK,
  job,
  OPTIONS,
  open,
  resultOf,
  sync,
  untilJob,
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

/** A name that no server accepts, so that everything is fine but the apply. */
const BAD = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: Not_A_Name}\n';
const SLOWLY = { duration: '2s', factor: 1, maxDuration: '2s' };
const HOURS = { duration: '2h', factor: 1, maxDuration: '2h' };
const A = { 'a.yaml': configMap('a', { v: '1' }) };

async function outOfSync(world: World, files: Record<string, string>, spec: object = {}): Promise<string> {
  const revision = await world.commit(files);
  await world.apply(spec);
  await untilOutOfSync(world);
  return revision;
}

async function terminate(world: World): Promise<void> {
  const answer = await world.call('DELETE', `${world.name}/operation`);
  assert.equal(answer.status, 200, JSON.stringify(answer.body));
}

async function hold(
  world: World,
  marks: Record<string, string>,
  files: Record<string, string>,
): Promise<void> {
  await world.commit(files);
  await world.apply({ syncPolicy: AUTOMATED }, { annotations: marks });
}

export const operations: readonly Scenario[] = [
  {
    name: 'a failed operation is repeated, says when, and gives up at its limit',
    async run(world) {
      await outOfSync(world, { 'b.yaml': BAD });
      await sync(world, { sync: {}, retry: { limit: 1, backoff: SLOWLY } });
      const said = await untilMessage(world, /Retrying attempt #1 at /);
      assert.match(said, / at \d{4}-\d{2}-\d{2}T.*Z\.$/);
      const state = await ended(world, 'Failed');
      assert.equal(state.retryCount, 1);
    },
  },
  {
    name: 'an operation by hand is not repeated unless it says so',
    async run(world) {
      await outOfSync(world, { 'b.yaml': BAD });
      await sync(world, { sync: {} });
      const state = await ended(world, 'Failed');
      assert.equal(state.retryCount, undefined);
    },
  },
  {
    name: 'a retry stays at the commit it began with',
    async run(world) {
      const first = await outOfSync(world, { 'b.yaml': BAD });
      await sync(world, {
        sync: {},
        retry: { limit: 1, backoff: { ...SLOWLY, duration: '4s', maxDuration: '4s' } },
      });
      await untilMessage(world, /Retrying attempt #1/);
      await world.commit({ 'b.yaml': configMap('b', { v: '1' }) });
      const state = await ended(world, 'Failed');
      assert.equal(state.syncResult?.revision, first);
    },
  },
  {
    name: 'a retry with refresh takes the newest commit',
    async run(world) {
      await outOfSync(world, { 'b.yaml': BAD });
      const retry = { limit: 3, refresh: true, backoff: { ...SLOWLY, duration: '3s', maxDuration: '3s' } };
      await sync(world, { sync: {}, retry });
      await untilMessage(world, /Retrying attempt #1/);
      const good = await world.commit({ 'b.yaml': configMap('b', { v: '1' }) });
      await untilData(world, 'b', 'v', '1');
      const state = await ended(world);
      assert.equal(state.syncResult?.revision, good);
    },
  },
  {
    name: 'an automated operation between two tries gives way to a newer commit at once',
    async run(world) {
      await world.commit({ 'b.yaml': BAD });
      await world.apply({ syncPolicy: { ...AUTOMATED, retry: { limit: 5, backoff: HOURS } } });
      await untilMessage(world, /Retrying attempt #1/);
      const good = await world.commit({ 'b.yaml': configMap('b', { v: '1' }) });
      const app = await untilSynced(world, good);
      assert.equal(app.status?.operationState?.syncResult?.revision, good);
    },
  },
  {
    name: 'a commit that changes nothing here does not disturb a retry',
    async run(world) {
      await world.commit({ 'b.yaml': BAD });
      await world.apply({ syncPolicy: { ...AUTOMATED, retry: { limit: 5, backoff: HOURS } } });
      const said = await untilMessage(world, /Retrying attempt #1/);
      const other = await world.commit({ '../elsewhere/x.txt': 'y' });
      await annotate(world, { 'argocd.argoproj.io/refresh': 'normal' });
      await world.until(
        'the commit is seen',
        async () => (await world.application())?.status?.sync?.revision === other,
      );
      assert.equal((await world.application())?.status?.operationState?.message, said);
    },
  },
  {
    name: 'an automated operation that waits gives way to a newer commit',
    async run(world) {
      await world.commit({ ...A, 'h.yaml': job('migrate', { [HOOK]: 'PreSync' }) });
      await world.apply({ syncPolicy: AUTOMATED });
      await untilMessage(world, /waiting for completion of hook/);
      const second = await world.commit({ 'a.yaml': configMap('a', { v: '2' }), 'h.yaml': null });
      await untilData(world, 'a', 'v', '2');
      await untilSynced(world, second);
      assert.equal(await world.get('batch/v1', 'jobs', 'migrate'), undefined);
    },
  },
  {
    name: 'a revision that failed says when it is tried again',
    async run(world) {
      await world.commit({ 'b.yaml': BAD });
      await world.apply({ syncPolicy: { ...AUTOMATED, retry: { limit: 0 } } });
      const message = await untilCondition(world, 'SyncError', /the next attempt is at \d{4}-/);
      assert.match(message, /Not_A_Name/);
    },
  },
  {
    name: 'a selection by patterns',
    async run(world) {
      await outOfSync(world, {
        'a.yaml': configMap('web-a', { v: '1' }),
        'b.yaml': configMap('web-b', { v: '1' }),
        'c.yaml': configMap('db', { v: '1' }),
      });
      await sync(world, { sync: { resources: [{ kind: 'Config*', name: 'web-*' }] } });
      await ended(world);
      assert.deepEqual(
        [await exists(world, 'web-a'), await exists(world, 'web-b'), await exists(world, 'db')],
        [true, true, false],
      );
    },
  },
  {
    name: 'a selection that only leaves out',
    async run(world) {
      await outOfSync(world, {
        'a.yaml': configMap('web-a', { v: '1' }),
        'c.yaml': configMap('db', { v: '1' }),
      });
      await sync(world, { sync: { resources: [{ kind: 'ConfigMap', name: 'web-*', exclude: true }] } });
      await ended(world);
      assert.deepEqual([await exists(world, 'web-a'), await exists(world, 'db')], [false, true]);
    },
  },
  {
    name: 'what is left out wins over what is selected, and ! in front of the group leaves out too',
    async run(world) {
      await outOfSync(world, {
        'a.yaml': configMap('web-a', { v: '1' }),
        'c.yaml': configMap('web-c', { v: '1' }),
      });
      const resources = [
        { kind: 'ConfigMap', name: '*' },
        { group: '!', kind: 'ConfigMap', name: '*-c' },
      ];
      await sync(world, { sync: { resources } });
      await ended(world);
      assert.deepEqual([await exists(world, 'web-a'), await exists(world, 'web-c')], [true, false]);
    },
  },
  {
    name: 'a dry run tells what would be deleted',
    async run(world) {
      await outOfSync(world, { ...A, 'b.yaml': configMap('b', { v: '1' }) });
      await sync(world, { sync: {} });
      await ended(world);
      await world.commit({ 'b.yaml': null });
      await untilOutOfSync(world);
      await sync(world, { sync: { dryRun: true, prune: true } });
      await world.until('the dry run is over', async () => {
        const state = (await world.application())?.status?.operationState;
        return state?.operation.sync?.dryRun === true && state.phase === 'Succeeded';
      });
      assert.equal((await resultOf(world, 'b')).message, 'pruned (dry run)');
      assert.equal(await exists(world, 'b'), true);
    },
  },
  {
    name: 'manifests that come with the operation are applied, and are no deployment',
    async run(world) {
      await outOfSync(world, A);
      await sync(world, { sync: {} });
      await ended(world);
      await sync(world, {
        sync: { manifests: [configMap('a', { v: 'local' }), configMap('extra', { v: '1' })] },
      });
      await untilData(world, 'a', 'v', 'local');
      await ended(world);
      assert.equal(await exists(world, 'extra'), true);
      const app = await untilOutOfSync(world);
      assert.equal(app.status?.history?.length, 1);
    },
  },
  {
    name: 'manifests through the API are refused under automated sync, but for a dry run',
    async run(world) {
      await world.commit(A);
      await world.apply({ syncPolicy: AUTOMATED });
      await untilSynced(world);
      const manifests = [configMap('a', { v: 'local' })];
      const refused = await world.call('POST', `${world.name}/sync`, { manifests });
      assert.equal(refused.status, 400);
      const tried = await world.call('POST', `${world.name}/sync`, { manifests, dryRun: true });
      assert.equal(tried.status, 200, JSON.stringify(tried.body));
      await ended(world);
      assert.deepEqual(await dataOf(world, 'a'), { v: '1' });
    },
  },
  {
    name: 'a local directory is rendered here and applied there',
    async run(world) {
      await outOfSync(world, {
        'Chart.yaml': 'apiVersion: v2\nname: c\nversion: 0.1.0\n',
        'values.yaml': 'v: committed\n',
        'templates/a.yaml':
          'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {v: "{{ .Values.v }} {{ .Release.Name }}"}\n',
      });
      const folder = await mkdtemp(join(tmpdir(), 'fairlead-local-source-'));
      try {
        await writeFile(join(folder, 'Chart.yaml'), 'apiVersion: v2\nname: c\nversion: 0.1.0\n');
        await writeFile(join(folder, 'values.yaml'), 'v: local\n');
        await mkdir(join(folder, 'templates'));
        const template =
          'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {v: "{{ .Values.v }} {{ .Release.Name }}"}\n';
        await writeFile(join(folder, 'templates/a.yaml'), template);
        const { code, stderr } = await world.cli('app', 'sync', world.name, '--local', folder);
        assert.equal(code, 0, stderr);
      } finally {
        await rm(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
      }
      assert.deepEqual(await dataOf(world, 'a'), { v: `local ${world.name}` });
      const missing = await world.cli('app', 'sync', world.name, '--local', folder);
      assert.match(missing.stderr, /there is no directory/);
    },
  },
  {
    name: 'a manifest that is none fails the operation and is named',
    async run(world) {
      await outOfSync(world, A);
      await sync(world, { sync: { manifests: [configMap('a', { v: '1' }), 'just: text\n'] } });
      const state = await ended(world, 'Error');
      assert.match(state.message ?? '', /operation\.sync\.manifests\[1\]/);
      assert.equal(await exists(world, 'a'), false);
    },
  },
  {
    name: 'notes of an operation are kept',
    async run(world) {
      await outOfSync(world, A);
      await sync(world, { sync: {}, info: [{ name: 'ticket', value: 'OPS-1' }] });
      const state = await ended(world);
      assert.deepEqual(state.operation.info, [{ name: 'ticket', value: 'OPS-1' }]);
    },
  },
  {
    name: 'a second operation is refused while one runs',
    async run(world) {
      await outOfSync(world, { ...A, 'h.yaml': job('migrate', { [HOOK]: 'PreSync' }) });
      await sync(world, { sync: {} });
      await untilJob(world, 'migrate');
      const refused = await world.call('POST', `${world.name}/sync`, {});
      assert.equal(refused.status, 400);
      assert.match(JSON.stringify(refused.body), /another operation is already in progress/);
      await terminate(world);
      await ended(world, 'Failed');
    },
  },
  {
    name: 'another revision is refused under automated sync',
    async run(world) {
      const first = await world.commit(A);
      await world.apply({ syncPolicy: AUTOMATED });
      await untilSynced(world, first);
      const refused = await world.call('POST', `${world.name}/sync`, { revision: 'v0' });
      assert.equal(refused.status, 400);
      assert.match(JSON.stringify(refused.body), /auto-sync currently set to/);
    },
  },
  {
    name: 'an operation can be ended while it waits for its next try',
    async run(world) {
      await outOfSync(world, { 'b.yaml': BAD });
      await sync(world, { sync: {}, retry: { limit: 5, backoff: HOURS } });
      await untilMessage(world, /Retrying attempt #1/);
      await terminate(world);
      const state = await ended(world, 'Failed');
      assert.match(state.message ?? '', /terminated/);
    },
  },
  {
    name: 'an operation can be ended while it waits for approval',
    async run(world) {
      await outOfSync(world, { ...A, 'b.yaml': configMap('b', { v: '1' }, { [OPTIONS]: 'Prune=confirm' }) });
      await sync(world, { sync: {} });
      await ended(world);
      await world.commit({ 'b.yaml': null });
      await untilOutOfSync(world);
      await sync(world, { sync: { prune: true } });
      await untilMessage(world, /waiting for pruning confirmation/);
      await terminate(world);
      await ended(world, 'Failed');
      assert.equal(await exists(world, 'b'), true);
    },
  },
  {
    name: 'an operation can be ended while it waits for health',
    async run(world) {
      await outOfSync(world, { 'g.yaml': gate('g'), 'b.yaml': configMap('b', { v: '1' }, { [WAVE]: '1' }) });
      await sync(world, { sync: {} });
      await untilMessage(world, /waiting for healthy state/);
      await terminate(world);
      await ended(world, 'Failed');
      await open(world, 'g');
      assert.equal(await exists(world, 'b'), false);
    },
  },
  {
    name: 'an operation can be ended when its source is not to be had any more',
    alone: true,
    async run(world) {
      await outOfSync(world, { 'g.yaml': gate('g'), 'b.yaml': configMap('b', { v: '1' }, { [WAVE]: '1' }) });
      await sync(world, { sync: {} });
      await untilMessage(world, /waiting for healthy state/);
      await world.apply({
        source: { repoURL: 'http://127.0.0.1:1/gone.git', path: world.path },
      });
      await untilCondition(world, 'ComparisonError', /gone/);
      await world.crash();
      await terminate(world);
      const state = await ended(world, 'Failed');
      assert.match(state.message ?? '', /^Operation terminated/);
    },
  },
  {
    name: 'an operation that did not begin is taken back',
    async run(world) {
      await hold(world, { 'fairlead.dev/depends-on': 'nobody' }, A);
      await untilCondition(world, 'DependencyWarning', /nobody/);
      await sync(world, { sync: {} });
      await world.until('it is taken back', async () => {
        const answer = await world.call('DELETE', `${world.name}/operation`);
        return answer.status === 200;
      });
      assert.equal((await world.application())?.operation, undefined);
      assert.equal(await exists(world, 'a'), false);
    },
  },
];
