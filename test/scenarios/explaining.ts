// Why an application is in its state: what the explanation says of drift, commits, holds, dependencies and health, and
// that it shows no value that is masked elsewhere.
import type { Explanation } from '../../src/contract/index.ts';
import {
  AUTOMATED,
  assert,
  configMap,
  configured,
  type Scenario,
  untilCondition,
  untilData,
  untilOutOfSync,
  untilSynced,
  type World,
} from './world.ts';

const MANUAL_DRIFT = { automated: { prune: true } };

async function explanation(world: World): Promise<Explanation> {
  return (await world.api(`/api/v1/fairlead/applications/${world.name}/explain`)) as Explanation;
}

/** Asks until the explanation has these sentences, in this order: what it is made of arrives by several watches. */
async function explains(world: World, ...wanted: readonly RegExp[]): Promise<Explanation> {
  let seen: readonly string[] = [];
  try {
    return await world.until('it is explained', async () => {
      const found = await explanation(world);
      const { summary, causes, next } = found;
      seen = [
        summary,
        ...causes.flatMap(({ title, chain }) => [
          title,
          ...chain.map(({ kind, text }) => `${kind}: ${text}`),
        ]),
        ...next.map(({ by, text, command = '' }) => `${by}: ${text} | ${command}`),
      ];
      let at = 0;
      for (const line of seen) if (wanted[at]?.test(line) === true) at += 1;
      return at === wanted.length ? found : undefined;
    });
  } catch (cause) {
    throw new Error(`explained as:\n${seen.join('\n')}`, { cause });
  }
}

async function deployed(
  world: World,
  syncPolicy: object = MANUAL_DRIFT,
  metadata: object = {},
): Promise<string> {
  const commit = await world.commit({ 'a.yaml': configMap('a', { v: '1' }) }, 'Start with one');
  await world.apply({ syncPolicy }, metadata);
  await untilSynced(world, commit);
  return commit;
}

export const explaining: readonly Scenario[] = [
  {
    name: 'drift is explained by field, values, owner and the rule that leaves it, with what to type',
    async run(world) {
      await deployed(world);
      await world.patch('v1', 'configmaps', 'a', { data: { v: 'by hand' } });
      await untilOutOfSync(world);
      await explains(
        world,
        /^OutOfSync and Healthy: ConfigMap \S+\/a differs in \.data\.v$/,
        /^manifest: rendered from \S*a\.yaml, line \d+$/,
        /^field: \.data\.v is "by hand", Git says "1"$/,
        /^owner: the value in the cluster was written by kubectl-edit \(Update\)$/,
        /^rule: self-heal is off/,
        /^person: sync it .*\| fairlead app sync /,
      );
    },
  },
  {
    name: 'a commit that waits for a person is explained by its author, subject and the input it changed',
    async run(world) {
      await world.commit({ 'a.yaml': configMap('a', { v: '1' }) });
      await world.apply({});
      await untilOutOfSync(world);
      await world.patchApplication({ operation: { sync: {} } });
      await untilData(world, 'a', 'v', '1');
      await untilSynced(world);
      await world.commit({ 'a.yaml': configMap('a', { v: '2' }) }, 'Ask for two');
      await untilOutOfSync(world);
      await explains(
        world,
        /differs in \.data\.v$/,
        /^commit: commit [0-9a-f]{7} by .*: Ask for two$/,
        /^input: changed \S*a\.yaml$/,
        /^field: \.data\.v is "1", Git says "2"$/,
        /^rule: automated sync is off$/,
        /fairlead app sync /,
      );
    },
  },
  {
    name: 'a hold is explained with what it keeps back, when it ends and how to end it',
    async run(world) {
      const first = await deployed(world, AUTOMATED);
      const second = await world.commit({ 'a.yaml': configMap('a', { v: '2' }) });
      await untilSynced(world, second);
      const hold = JSON.stringify({
        revision: first,
        reason: 'checkout is broken',
        until: '2100-01-01T00:00:00Z',
      });
      await world.patchApplication({ metadata: { annotations: { 'fairlead.dev/hold': hold } } });
      await untilData(world, 'a', 'v', '1');
      const { next } = await explains(
        world,
        /^HoldWarning: held at [0-9a-f]{7} until 2100-01-01T00:00:00Z: checkout is broken/,
        /^rule: newer commits are not deployed while it is held/,
        /^itself: the hold ends/,
        /^person: let it follow its source again \| fairlead app release /,
      );
      assert.equal(next.find(({ text }) => text.startsWith('the hold ends'))?.at, '2100-01-01T00:00:00Z');
    },
  },
  {
    name: 'a dependency that is not there yet is explained by its name',
    async run(world) {
      await world.commit({ 'a.yaml': configMap('a', { v: '1' }) });
      await world.apply({ syncPolicy: AUTOMATED }, { annotations: { 'fairlead.dev/depends-on': 'nobody' } });
      await untilCondition(world, 'DependencyWarning', /nobody \(it does not exist\)/);
      const { next } = await explains(
        world,
        /^DependencyWarning: waiting for application \S+\/nobody/,
        /^rule: nothing new is deployed before that/,
        /^itself: it goes on as soon as/,
        /^person: see what \S+\/nobody is waiting for, if anything \| fairlead app explain \S+\/nobody$/,
      );
      assert.ok(!next.some(({ text }) => text.startsWith('automated sync brings')), JSON.stringify(next));
    },
  },
  {
    name: 'no explanation shows the value of a Secret or of a masked annotation',
    run: configured({ 'resource.sensitive.mask.annotations': 'example.com/token' }, async (world) => {
      const secret = (value: string): string =>
        `apiVersion: v1\nkind: Secret\nmetadata: {name: s, annotations: {example.com/token: ${value}-token}}\nstringData: {password: ${value}-password}\n`;
      await world.commit({ 's.yaml': secret('canary-git') });
      await world.apply({ syncPolicy: MANUAL_DRIFT });
      await untilSynced(world);
      await world.patch('v1', 'secrets', 's', {
        metadata: { annotations: { 'example.com/token': 'canary-live-token' } },
        stringData: { password: 'canary-live-password' },
      });
      await untilOutOfSync(world);
      const found = await explains(world, /^OutOfSync/, /\.metadata\.annotations/);
      assert.doesNotMatch(JSON.stringify(found), /canary/);
      assert.doesNotMatch(
        JSON.stringify(found),
        new RegExp(Buffer.from('canary-live-pass').toString('base64')),
      );
    }),
  },
];
