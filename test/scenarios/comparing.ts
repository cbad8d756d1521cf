// What counts as a difference: rules of the application and of argocd-cm, in pointers, jq and managers; engines;
// updates nobody has to look at.
import {
  AUTOMATED,
  assert,
  configMap,
  configured,
  dataOf,
  type Scenario,
  untilCondition,
  untilData,
  untilOutOfSync,
  untilSynced,
  type World,
} from './world.ts';

const MANUAL_DRIFT = { automated: { prune: true } };

/** Applied without self-heal, then changed by hand: OutOfSync unless somebody says that it does not matter. */
async function drifted(world: World, spec: object, metadata: object = {}): Promise<void> {
  await world.commit({ 'a.yaml': configMap('a', { kept: '1', free: '1' }) });
  await world.apply({ syncPolicy: MANUAL_DRIFT, ...spec }, metadata);
  await untilSynced(world);
  await world.patch('v1', 'configmaps', 'a', { data: { free: 'by hand' } });
}

/** Looked at again, and still not judged. */
async function staysUnsynced(world: World): Promise<void> {
  await world.patchApplication({ metadata: { annotations: { 'argocd.argoproj.io/refresh': 'hard' } } });
  await world.until('the refresh is done', async () => {
    const app = await world.application();
    return app?.metadata.annotations?.['argocd.argoproj.io/refresh'] === undefined ? app : undefined;
  });
  assert.equal((await world.application())?.status?.sync?.status, 'Unknown');
}

/** Stays Synced although something is looked at again after the change. */
async function staysSynced(world: World): Promise<void> {
  await world.patchApplication({ metadata: { annotations: { 'argocd.argoproj.io/refresh': 'hard' } } });
  await world.until('the refresh is done', async () => {
    const app = await world.application();
    return app?.metadata.annotations?.['argocd.argoproj.io/refresh'] === undefined ? app : undefined;
  });
  assert.equal((await world.application())?.status?.sync?.status, 'Synced');
}

const ignoring = (rule: object): object => ({
  ignoreDifferences: [{ group: '', kind: 'ConfigMap', ...rule }],
});

const synced: readonly [string, object][] = [
  ['a JSON pointer', { jsonPointers: ['/data/free'] }],
  ['a jq path', { jqPathExpressions: ['.data.free'] }],
  ['a jq path with a condition', { jqPathExpressions: ['.data | select(.kept == "1") | .free'] }],
  ['jq with a function', { jqPathExpressions: ['def d: .data; d | .["fr" + "ee"]'] }],
  ['the manager who wrote it', { managedFieldsManagers: ['kubectl-edit'] }],
  ['a wildcard for the kind', { kind: 'Config*', jsonPointers: ['/data/free'] }],
  ['a name', { name: 'a', jsonPointers: ['/data/free'] }],
];

/** A kind of this scenario's own whose status is a field like any other, and one object of it that somebody changes. */
async function gauge(world: World, changed: object): Promise<void> {
  const group = `${world.name}.example.com`;
  const crd = `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: gauges.${group}}
spec:
  group: ${group}
  scope: Namespaced
  names: {plural: gauges, singular: gauge, kind: Gauge, listKind: GaugeList}
  versions:
    - name: v1
      served: true
      storage: true
      schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}
`;
  const object = `apiVersion: ${group}/v1\nkind: Gauge\nmetadata: {name: g}\nspec: ${SPEC}\nstatus: {phase: Wanted}\n`;
  await world.commit({ 'crd.yaml': crd, 'gauge.yaml': object });
  await world.apply({ syncPolicy: MANUAL_DRIFT });
  await untilSynced(world);
  await world.patch(`${group}/v1`, 'gauges', 'g', changed);
}

const SPEC =
  '{size: 1000m, every: 60m, pod: {containers: [{name: c, resources: {limits: {cpu: 1000m, memory: 1Gi}}}]}}';
/** The same to somebody who knows the types, and another text to everybody else. */
const SAME = {
  spec: {
    size: '1',
    every: '1h',
    pod: { containers: [{ name: 'c', resources: { limits: { cpu: 1, memory: '1024Mi' } } }] },
  },
};
const TYPES = `
'*.example.com/Gauge':
  knownTypeFields:
    - {field: spec.size, type: core/Quantity}
    - {field: spec.every, type: meta/v1/Duration}
    - {field: spec.pod, type: core/v1/PodSpec}
`;

export const comparing: readonly Scenario[] = [
  ...synced.map(([name, rule]) => ({
    name: `a difference is ignored by ${name}`,
    async run(world: World) {
      await drifted(world, ignoring(rule));
      await staysSynced(world);
      await world.patch('v1', 'configmaps', 'a', { data: { kept: 'by hand' } });
      if (!('managedFieldsManagers' in rule)) await untilOutOfSync(world);
    },
  })),
  {
    name: 'a status in Git is not compared, as long as nobody says so',
    async run(world) {
      await gauge(world, { status: { phase: 'Seen' } });
      await staysSynced(world);
    },
  },
  {
    name: 'values that mean the same to a built-in type are no difference in a field that knownTypeFields names',
    run: configured({ 'resource.customizations': TYPES }, async (world) => {
      await gauge(world, SAME);
      await staysSynced(world);
      await world.patch(`${world.name}.example.com/v1`, 'gauges', 'g', { spec: { size: '2' } });
      await untilOutOfSync(world);
    }),
  },
  {
    name: 'values that are written in another way are a difference where nobody knows their type',
    async run(world) {
      await gauge(world, SAME);
      await untilOutOfSync(world);
    },
  },
  {
    name: 'with ignoreResourceStatusField none a status in Git is compared',
    run: configured({ 'resource.compareoptions': 'ignoreResourceStatusField: none' }, async (world) => {
      await gauge(world, { status: { phase: 'Seen' } });
      await untilOutOfSync(world);
    }),
  },
  ...(
    [
      ['another name', { name: 'b', jsonPointers: ['/data/free'] }],
      ['another namespace', { namespace: 'elsewhere', jsonPointers: ['/data/free'] }],
      ['another kind', { kind: 'Secret', jsonPointers: ['/data/free'] }],
      ['another field', { jqPathExpressions: ['.data.other | values'] }],
    ] as const
  ).map(([name, rule]) => ({
    name: `a rule for ${name} ignores nothing`,
    async run(world: World) {
      await drifted(world, ignoring(rule));
      await untilOutOfSync(world);
    },
  })),
  ...(
    [
      ['does not parse', '.data[', /\.data\[/],
      ['points at no field', '.data | to_entries[] | .key', /to_entries/],
      ['never ends', 'def f: f; f', /def f: f; f.*did not end within/s],
      ['fails', 'error("on purpose")', /on purpose/],
    ] as const
  ).map(([name, expression, message]) => ({
    name: `a jq expression that ${name} is a condition of its own application that quotes it`,
    async run(world: World) {
      await world.commit({ 'a.yaml': configMap('a', { v: '1' }) });
      await world.apply({ syncPolicy: AUTOMATED, ...ignoring({ jqPathExpressions: [expression] }) });
      await world.until('the object or the reason is there', async () => {
        const isApplied = (await dataOf(world, 'a')) !== undefined;
        const conditions = (await world.application())?.status?.conditions ?? [];
        return isApplied || conditions.length > 0;
      });
      assert.match(await untilCondition(world, 'ComparisonError', message), /ignoreDifferences/);
      await world.patchApplication({ spec: { ignoreDifferences: null } });
      await untilSynced(world);
    },
  })),
  {
    name: 'a rule that is added counts at once, and one that is taken away as well',
    async run(world) {
      await drifted(world, {});
      await untilOutOfSync(world);
      await world.patchApplication({ spec: ignoring({ jsonPointers: ['/data/free'] }) });
      await untilSynced(world);
      await world.patchApplication({ spec: { ignoreDifferences: null } });
      await untilOutOfSync(world);
    },
  },
  {
    name: 'a rule of argocd-cm for a kind counts for everybody',
    run: configured(
      { 'resource.customizations.ignoreDifferences.ConfigMap': 'jqPathExpressions: [".data.everywhere"]' },
      async (world) => {
        await world.commit({ 'a.yaml': configMap('a', { everywhere: '1', here: '1' }) });
        await world.apply({ syncPolicy: MANUAL_DRIFT });
        await untilSynced(world);
        await world.patch('v1', 'configmaps', 'a', { data: { everywhere: 'by hand' } });
        await staysSynced(world);
        await world.patch('v1', 'configmaps', 'a', { data: { here: 'by hand' } });
        await untilOutOfSync(world);
      },
    ),
  },
  {
    name: 'a rule of argocd-cm for all kinds counts, and ends when it is removed',
    async run(world) {
      await configured(
        { 'resource.customizations.ignoreDifferences.all': 'managedFieldsManagers: [kubectl-edit]' },
        async () => {
          await drifted(world, {});
          await staysSynced(world);
        },
      )(world);
      await untilOutOfSync(world);
    },
  },
  {
    name: 'a rule of argocd-cm that cannot be read stops those it would speak of, quotes itself, and nobody else',
    async run(world) {
      await world.commit({ 'a.yaml': configMap('a', { v: '1' }) });
      await world.apply({ syncPolicy: AUTOMATED });
      await untilSynced(world);
      const key = 'resource.customizations.ignoreDifferences._ConfigMap';
      await configured({ [key]: 'jsonPointers: /data/v' }, async () => {
        await untilCondition(
          world,
          'ComparisonError',
          /ignoreDifferences\._ConfigMap.*jsonPointers is not a list/,
        );
        await world.commit({ 'a.yaml': configMap('a', { v: '2' }) });
        await staysUnsynced(world);
        assert.deepEqual(await dataOf(world, 'a'), { v: '1' });
      })(world);
      await untilData(world, 'a', 'v', '2');
      await configured({ [key.replace('ConfigMap', 'Service')]: 'jsonPointers: /data/v' }, async () => {
        await world.commit({ 'a.yaml': configMap('a', { v: '3' }) });
        await untilData(world, 'a', 'v', '3');
      })(world);
    },
  },
  {
    name: 'the older combined form of argocd-cm counts',
    run: configured(
      {
        'resource.customizations': 'ConfigMap:\n  ignoreDifferences: |\n    jsonPointers: [/data/combined]\n',
      },
      async (world) => {
        await world.commit({ 'a.yaml': configMap('a', { combined: '1' }) });
        await world.apply({ syncPolicy: MANUAL_DRIFT });
        await untilSynced(world);
        await world.patch('v1', 'configmaps', 'a', { data: { combined: 'by hand' } });
        await staysSynced(world);
      },
    ),
  },
  {
    name: 'with RespectIgnoreDifferences a sync leaves what is ignored alone',
    async run(world) {
      await drifted(world, {
        ...ignoring({ jsonPointers: ['/data/free'] }),
        syncPolicy: { ...AUTOMATED, syncOptions: ['RespectIgnoreDifferences=true'] },
      });
      const commit = await world.commit({ 'a.yaml': configMap('a', { kept: '2', free: '1' }) });
      await untilSynced(world, commit);
      await untilData(world, 'a', 'kept', '2');
      assert.deepEqual(await dataOf(world, 'a'), { kept: '2', free: 'by hand' });
    },
  },
  {
    name: 'RespectIgnoreDifferences of one operation counts for that operation, and no other option of the application',
    async run(world) {
      await world.commit({ 'a.yaml': configMap('a', { kept: '1', free: '1' }) });
      await world.apply(ignoring({ jsonPointers: ['/data/free'] }));
      await untilOutOfSync(world);
      await world.patchApplication({ operation: { sync: {} } });
      await untilSynced(world);
      await world.patch('v1', 'configmaps', 'a', { data: { free: 'by hand' } });
      await world.commit({ 'a.yaml': configMap('a', { kept: '2', free: '1' }) });
      await untilOutOfSync(world);
      await world.patchApplication({
        operation: { sync: { syncOptions: ['RespectIgnoreDifferences=true'] } },
      });
      await untilData(world, 'a', 'kept', '2');
      assert.deepEqual(await dataOf(world, 'a'), { kept: '2', free: 'by hand' });
      await world.commit({ 'a.yaml': configMap('a', { kept: '3', free: '1' }) });
      await untilOutOfSync(world);
      await world.patchApplication({ operation: { sync: {} } });
      await untilData(world, 'a', 'kept', '3');
      assert.deepEqual(await dataOf(world, 'a'), { kept: '3', free: '1' });
    },
  },
  {
    name: 'without RespectIgnoreDifferences a sync applies everything',
    async run(world) {
      await drifted(world, { ...ignoring({ jsonPointers: ['/data/free'] }), syncPolicy: AUTOMATED });
      const commit = await world.commit({ 'a.yaml': configMap('a', { kept: '2', free: '1' }) });
      await untilSynced(world, commit);
      assert.deepEqual(await dataOf(world, 'a'), { kept: '2', free: '1' });
    },
  },
  ...(['ownership', 'server-side', 'three-way'] as const).map((engine) => ({
    name: `the engine ${engine} finds a change by hand and a field that left the source, and nothing else`,
    async run(world: World) {
      const annotations = { 'fairlead.dev/diff-engine': engine };
      const deployment = (env: string): string =>
        `apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n  replicas: 0\n  selector: {matchLabels: {app: web}}\n  template:\n    metadata: {labels: {app: web}}\n    spec: {containers: [{name: c, image: 'shop/web:1', resources: {limits: {cpu: 1000m}}, env: [${env}]}]}\n`;
      await world.commit({ 'web.yaml': deployment('{name: A, value: "1"}, {name: B, value: "2"}') });
      await world.apply({ syncPolicy: MANUAL_DRIFT }, { annotations });
      await untilSynced(world);
      await staysSynced(world);
      await world.patch('apps/v1', 'deployments', 'web', { spec: { paused: true } });
      await staysSynced(world);
      await world.patch('apps/v1', 'deployments', 'web', { spec: { replicas: 1 } });
      await untilOutOfSync(world);
      await world.patch('apps/v1', 'deployments', 'web', { spec: { replicas: 0 } });
      await untilSynced(world);
      const commit = await world.commit({ 'web.yaml': deployment('{name: A, value: "1"}') });
      await untilSynced(world, commit);
      const live = (await world.get('apps/v1', 'deployments', 'web'))?.['spec'] as {
        template: { spec: { containers: { env: unknown }[] } };
      };
      assert.deepEqual(live.template.spec.containers[0]?.env, [{ name: 'A', value: '1' }]);
    },
  })),
  {
    name: 'ServerSideDiff=true in compare-options is understood',
    async run(world) {
      await drifted(
        world,
        {},
        { annotations: { 'argocd.argoproj.io/compare-options': 'ServerSideDiff=true' } },
      );
      await untilOutOfSync(world);
    },
  },
  {
    name: 'an extra object marked IgnoreExtraneous leaves the application Synced',
    async run(world) {
      await world.commit({
        'a.yaml': configMap('a', { v: '1' }),
        'b.yaml': configMap('b', { v: '1' }, { 'argocd.argoproj.io/compare-options': 'IgnoreExtraneous' }),
      });
      await world.apply({ syncPolicy: { automated: {} } });
      await untilSynced(world);
      const commit = await world.commit({ 'b.yaml': null });
      await untilSynced(world, commit);
      assert.notEqual(await dataOf(world, 'b'), undefined);
    },
  },
  {
    name: 'an update that is ignored wakes nobody',
    run: configured(
      { 'resource.customizations.ignoreResourceUpdates.ConfigMap': 'jsonPointers: [/data/heartbeat]' },
      async (world) => {
        await world.commit({ 'a.yaml': configMap('a', { v: '1' }) });
        await world.apply({ syncPolicy: AUTOMATED });
        await untilSynced(world);
        await world.patch('v1', 'configmaps', 'a', { data: { heartbeat: '1' } });
        await world.patch('v1', 'configmaps', 'a', { data: { v: 'by hand' } });
        await untilData(world, 'a', 'v', '1');
        assert.equal((await dataOf(world, 'a'))?.['heartbeat'], '1');
      },
    ),
  },
  {
    name: 'a jq expression whose failure quotes the object shows no value of a Secret',
    async run(world) {
      const canary = 'canary-of-a-secret';
      const encoded = Buffer.from(canary).toString('base64');
      await world.commit({
        's.yaml': `apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData: {password: ${canary}}\n`,
      });
      await world.apply({
        syncPolicy: AUTOMATED,
        ignoreDifferences: [{ kind: 'Secret', jqPathExpressions: ['.data | map_values(.)'] }],
      });
      // It is created first: there is nothing to compare it with.
      const _told = await untilCondition(world, 'ComparisonError', /Invalid path expression/);

      const shown = `${JSON.stringify(await world.application())} ${(await world.cli('app', 'get', world.name)).stdout}`;
      for (const text of [canary, encoded]) assert.ok(!shown.includes(text), 'the value may not');
    },
  },
];
