// Rollback under automated sync: a hold that is honoured, shown, and ends.
import { annotate, exists } from './manifests.ts';
import {
  AUTOMATED,
  assert,
  configMap,
  dataOf,
  type Scenario,
  untilCondition,
  untilData,
  untilSynced,
  type World,
} from './world.ts';

const HOLD = 'fairlead.dev/hold';

/** Two deployments; returns both commits. */
async function twice(world: World): Promise<readonly [string, string]> {
  const first = await world.commit({ 'a.yaml': configMap('a', { v: '1' }) });
  await world.apply({ syncPolicy: AUTOMATED });
  await untilSynced(world, first);
  const second = await world.commit({ 'a.yaml': configMap('a', { v: '2' }) });
  await untilSynced(world, second);
  return [first, second];
}

function holdOf(value: object): Record<string, string> {
  return { [HOLD]: JSON.stringify(value) };
}

async function untilReleased(world: World): Promise<void> {
  await world.until('the hold is gone', async () => {
    const app = await world.application();
    return app?.metadata.annotations?.[HOLD] === undefined;
  });
}

export const holds: readonly Scenario[] = [
  {
    name: 'a hold takes the application back and keeps it there',
    async run(world) {
      const [first] = await twice(world);
      await annotate(world, holdOf({ revision: first, reason: 'checkout is broken', by: 'ann' }));
      await untilData(world, 'a', 'v', '1');
      const message = await untilCondition(
        world,
        'HoldWarning',
        /by ann until it is released: checkout is broken/,
      );
      assert.match(message, new RegExp(first.slice(0, 7)));
      await untilSynced(world, first);
      await world.commit({ 'a.yaml': configMap('a', { v: '3' }), 'b.yaml': configMap('b', { v: '3' }) });
      await untilCondition(world, 'HoldWarning', /its source is at/);
      await world.patch('v1', 'configmaps', 'a', { data: { v: 'drift' } });
      await untilData(world, 'a', 'v', '1');
      assert.equal(await exists(world, 'b'), false);
    },
  },
  {
    name: 'without the hold it follows its source again',
    async run(world) {
      const [first] = await twice(world);
      await annotate(world, holdOf({ revision: first }));
      await untilData(world, 'a', 'v', '1');
      const third = await world.commit({ 'a.yaml': configMap('a', { v: '3' }) });
      await annotate(world, { [HOLD]: null });
      const app = await untilSynced(world, third);
      assert.equal(app.status?.conditions, undefined);
      assert.deepEqual(await dataOf(world, 'a'), { v: '3' });
    },
  },
  {
    name: 'a hold ends by itself',
    async run(world) {
      const [first, second] = await twice(world);
      const until = new Date(Date.now() + 4_000).toISOString();
      await annotate(world, holdOf({ revision: first, until }));
      await untilData(world, 'a', 'v', '1');
      await untilReleased(world);
      await untilSynced(world, second);
      const facts = await world.journal('application.release');
      assert.ok(facts.some(({ reason }) => reason?.includes('the hold ended')));
    },
  },
  {
    name: 'a rollback under automated sync is a hold',
    async run(world) {
      const [first, second] = await twice(world);
      const answer = await world.call('POST', `${world.name}/rollback`, { id: 0, reason: 'too slow' });
      assert.equal(answer.status, 200, JSON.stringify(answer.body));
      await untilData(world, 'a', 'v', '1');
      await untilCondition(world, 'HoldWarning', /too slow/);
      await untilSynced(world, first);
      assert.equal((await world.call('DELETE', `${world.name}/hold`)).status, 200);
      await untilSynced(world, second);
    },
  },
  {
    name: 'a rollback with an end is written into the hold',
    async run(world) {
      await twice(world);
      const until = '2099-01-01T00:00:00Z';
      await world.call('POST', `${world.name}/rollback`, { id: 0, until });
      await untilCondition(world, 'HoldWarning', /until 2099-01-01T00:00:00Z/);
    },
  },
  {
    name: 'a rollback whose end is no time is refused',
    async run(world) {
      await twice(world);
      const answer = await world.call('POST', `${world.name}/rollback`, { id: 0, until: 'tomorrow' });
      assert.equal(answer.status, 400);
      assert.match(JSON.stringify(answer.body), /tomorrow/);
    },
  },
  {
    name: 'releasing what is not held is refused',
    async run(world) {
      await twice(world);
      assert.equal((await world.call('DELETE', `${world.name}/hold`)).status, 400);
    },
  },
  {
    name: 'a rollback without automated sync needs no hold',
    async run(world) {
      await twice(world);
      await world.apply({ syncPolicy: {} });
      await world.call('POST', `${world.name}/rollback`, { id: 0 });
      await untilData(world, 'a', 'v', '1');
      assert.equal((await world.application())?.metadata.annotations?.[HOLD], undefined);
    },
  },
  {
    name: 'a hold keeps parameters of the deployment it goes back to',
    async run(world) {
      const template = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {v: "{{ .Values.v }}"}\n';
      await world.commit({
        'Chart.yaml': 'apiVersion: v2\nname: c\nversion: 0.1.0\n',
        'values.yaml': 'v: default\n',
        'templates/a.yaml': template,
      });
      const withValue = (value: string) => ({
        source: {
          repoURL: world.repoUrl,
          path: world.path,
          helm: { parameters: [{ name: 'v', value }] },
        },
        syncPolicy: AUTOMATED,
      });
      await world.apply(withValue('one'));
      await untilData(world, 'a', 'v', 'one');
      await untilSynced(world);
      await world.apply(withValue('two'));
      await untilData(world, 'a', 'v', 'two');
      await world.until('the second deployment is recorded', async () => {
        const app = await world.application();
        return app?.status?.history?.length === 2 && app.status.operationState?.phase === 'Succeeded';
      });
      await world.call('POST', `${world.name}/rollback`, { id: 0 });
      await untilData(world, 'a', 'v', 'one');
      await untilCondition(world, 'HoldWarning', /held at/);
      await untilSynced(world);
      assert.deepEqual(await dataOf(world, 'a'), { v: 'one' });
    },
  },
  {
    name: 'a hold that is not JSON stops automated sync and is quoted',
    async run(world) {
      await twice(world);
      await annotate(world, { [HOLD]: 'yesterday' });
      await untilCondition(world, 'InvalidSpecError', /"yesterday"/);
      await world.commit({ 'a.yaml': configMap('a', { v: '3' }) });
      await world.until(
        'the commit is seen',
        async () => (await world.application())?.status?.sync?.status === 'OutOfSync',
      );
      assert.deepEqual(await dataOf(world, 'a'), { v: '2' });
    },
  },
  {
    name: 'a hold at a revision that does not exist is said and changes nothing',
    async run(world) {
      await twice(world);
      await annotate(world, holdOf({ revision: 'f'.repeat(40) }));
      await untilCondition(world, 'ComparisonError', /ffffff/);
      assert.deepEqual(await dataOf(world, 'a'), { v: '2' });
    },
  },
  {
    name: 'a hold stays over a restart',
    alone: true,
    async run(world) {
      const [first] = await twice(world);
      await annotate(world, holdOf({ revision: first }));
      await untilSynced(world, first);
      await world.crash();
      await world.commit({ 'a.yaml': configMap('a', { v: '3' }) });
      await world.patch('v1', 'configmaps', 'a', { data: { v: 'drift' } });
      await untilData(world, 'a', 'v', '1');
      await untilSynced(world, first);
    },
  },
];
