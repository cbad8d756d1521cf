// Checks and actions that users wrote: they decide about waves and health, they run from the command line, and what is
// wrong with one is told where it belongs and nowhere else.
import {
  AUTOMATED,
  assert,
  configMap,
  configure,
  configured,
  dataOf,
  type Scenario,
  untilCondition,
  untilSynced,
  type World,
} from './world.ts';

async function untilHealth(world: World, status: string, message = /.*/s): Promise<string> {
  return await world.until(`${world.name} is ${status} with ${message}`, async () => {
    const health = (await world.application())?.status?.health;
    return health?.status === status && message.test(health.message ?? '') ? health.status : undefined;
  });
}

const HEALTH = 'resource.customizations.health.ConfigMap';

/** Speaks of config maps with the annotation only, so that those of others stay without an opinion. */
const GATE = `
local annotations = obj.metadata.annotations or {}
if annotations["test/gate"] == nil then return nil end
if annotations["test/gate"] == "open" then return {status = "Healthy", message = "open"} end
return {status = "Progressing", message = "the gate is " .. annotations["test/gate"]}`;

const DEPLOYMENT = `apiVersion: apps/v1
kind: Deployment
metadata: {name: front}
spec:
  replicas: 1
  selector: {matchLabels: {app: front}}
  template:
    metadata: {labels: {app: front}}
    spec: {containers: [{name: front, image: 'registry.example.com/front:1'}]}
`;

const databaseCrd = (group: string): string => `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: databases.${group}}
spec:
  group: ${group}
  scope: Namespaced
  names: {plural: databases, singular: database, kind: Database, listKind: DatabaseList}
  versions:
  - name: v1
    served: true
    storage: true
    subresources: {status: {}}
    schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}
`;

export const customisations: readonly Scenario[] = [
  {
    name: 'a wave waits for what a Lua check of argocd-cm says',
    run: configured({ [HEALTH]: GATE }, async (world) => {
      const wave = (name: string, number: string, extra = {}): string =>
        configMap(name, { v: '1' }, { 'argocd.argoproj.io/sync-wave': number, ...extra });
      await world.commit({
        'gate.yaml': wave('gate', '0', { 'test/why': 'gate' }),
        'after.yaml': wave('after', '1'),
      });
      const gate = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'gate' } };
      await world.create('v1', 'configmaps', gate);
      const turn = (state: string) =>
        world.patch('v1', 'configmaps', 'gate', { metadata: { annotations: { 'test/gate': state } } });
      await turn('shut');
      await world.apply({ syncPolicy: AUTOMATED });
      await world.until('the sync waits for the gate', async () => {
        const state = (await world.application())?.status?.operationState;
        return state?.phase === 'Running' && /gate.*the gate is shut/s.test(state.message ?? '');
      });
      assert.equal(await dataOf(world, 'after'), undefined, 'the next wave has not begun');

      await turn('open');

      await untilSynced(world);
      assert.deepEqual(await dataOf(world, 'after'), { v: '1' });
      await untilHealth(world, 'Healthy');
    }),
  },
  {
    name: 'a check of argocd-cm that changes is used at once',
    async run(world) {
      await world.commit({ 'a.yaml': configMap('a', { v: '1' }, { 'test/gate': 'ajar' }) });
      await world.apply({ syncPolicy: AUTOMATED });
      await untilSynced(world);
      await untilHealth(world, 'Healthy');
      await configured({ [HEALTH]: GATE }, async () => {
        await untilHealth(world, 'Progressing');
        const { stdout } = await world.cli('app', 'resources', world.name);
        assert.match(stdout, /ConfigMap .* a .* Progressing/);
        await configure(world, { [HEALTH]: GATE.replace('"Progressing"', '"Degraded"') });
        await untilHealth(world, 'Degraded');
      })(world);
      await untilHealth(world, 'Healthy');
    },
  },
  {
    name: 'a check that is broken makes its kind Unknown and says why, other kinds stay as they are',
    run: configured({ [HEALTH]: 'return obj.data.nothing.here' }, async (world) => {
      await world.commit({
        'a.yaml': configMap('a', { v: '1' }),
        'b.yaml': 'apiVersion: v1\nkind: Service\nmetadata: {name: b}\nspec: {ports: [{port: 80}]}\n',
      });
      await world.apply({ syncPolicy: AUTOMATED });
      await untilSynced(world);
      await untilHealth(world, 'Unknown', /ConfigMap:.*\/a/);
      const tree = JSON.parse((await world.cli('app', 'resources', world.name, '-o', 'json')).stdout);
      const healthOf = (kind: string) => tree.find((node: { kind: string }) => node.kind === kind)?.health;
      assert.match(
        healthOf('ConfigMap').message,
        /^The health check of ConfigMap failed: script:1: attempt to index a nil value \(field 'nothing'\)/,
      );
      assert.equal(healthOf('Service').status, 'Healthy');
    }),
  },
  {
    name: 'a check that never ends is ended, and everything else goes on',
    run: configured({ [HEALTH]: 'while true do end' }, async (world) => {
      await world.commit({ 'a.yaml': configMap('a', { v: '1' }) });
      await world.apply({ syncPolicy: AUTOMATED });
      await untilSynced(world);
      await untilHealth(world, 'Unknown');
      await world.until('its message says why', async () => {
        const { stdout } = await world.cli('app', 'resources', world.name, '-o', 'json');
        return /did not end within 1 s/.test(stdout);
      });
      await world.commit({ 'a.yaml': configMap('a', { v: '2' }) });
      await world.until('the next commit is there', async () => (await dataOf(world, 'a'))?.['v'] === '2');
    }),
  },
  {
    name: "expressions of the application's annotations judge its objects and the application itself",
    async run(world) {
      const group = `${world.name}.example.com`;
      await world.commit({
        'crd.yaml': databaseCrd(group),
        'db.yaml': `apiVersion: ${group}/v1\nkind: Database\nmetadata: {name: main}\nspec: {size: 3}\n`,
      });
      const expressions = `[{apiVersion: ${group}/v1, kind: Database, failed: "status.phase == 'Broken'", current: "status.phase == 'Running'"}]`;
      await world.apply(
        { syncPolicy: AUTOMATED },
        {
          annotations: {
            'fairlead.dev/health-exprs': expressions,
            'fairlead.dev/ready-expr':
              "resources.exists(r, r.kind == 'Database' && r.status.members == r.spec.size)",
          },
        },
      );
      await untilHealth(world, 'Progressing', /Database/);
      await world.until('the object is there', () => world.get(`${group}/v1`, 'databases', 'main'));
      await world.patchStatus(`${group}/v1`, 'databases', 'main', { phase: 'Broken' });
      await untilHealth(world, 'Degraded', /Database/);
      await world.patchStatus(`${group}/v1`, 'databases', 'main', { phase: 'Running', members: 2 });
      await untilHealth(world, 'Progressing', /Not ready: resources\.exists/);
      await world.patchStatus(`${group}/v1`, 'databases', 'main', { phase: 'Running', members: 3 });
      await untilHealth(world, 'Healthy');
    },
  },
  {
    name: 'a check judges what the objects of an application own, too',
    run: configured({ [HEALTH]: GATE }, async (world) => {
      await world.commit({ 'a.yaml': configMap('a', { v: '1' }) });
      await world.apply({ syncPolicy: AUTOMATED });
      await untilSynced(world);
      const owner = await world.get('v1', 'configmaps', 'a');
      const uid = owner?.metadata.uid ?? '';
      await world.create('v1', 'configmaps', {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: {
          name: 'owned',
          annotations: { 'test/gate': 'ajar' },
          ownerReferences: [{ apiVersion: 'v1', kind: 'ConfigMap', name: 'a', uid }],
        },
      });
      await world.until('the tree shows the health of the owned object', async () => {
        const { stdout } = await world.cli('app', 'resources', world.name);
        return /ConfigMap .* owned .* Progressing/.test(stdout);
      });
      await untilHealth(world, 'Healthy');
    }),
  },
  {
    name: 'expressions that cannot be read are quoted in a condition of their application',
    async run(world) {
      await world.commit({ 'a.yaml': configMap('a', { v: '1' }) });
      await world.apply(
        { syncPolicy: AUTOMATED },
        { annotations: { 'fairlead.dev/health-exprs': 'kind: Pod' } },
      );
      await untilCondition(
        world,
        'InvalidSpecError',
        /health-exprs cannot be used: it is not a list in "kind: Pod"/,
      );
      assert.equal(await dataOf(world, 'a'), undefined);
    },
  },
  {
    name: 'the command line restarts a Deployment; the journal has it; the application stays Synced',
    async run(world) {
      await world.commit({ 'front.yaml': DEPLOYMENT });
      await world.apply({ syncPolicy: AUTOMATED });
      await untilSynced(world);

      const listed = await world.cli('app', 'actions', 'list', world.name);
      assert.deepEqual([listed.code, listed.stderr], [0, '']);
      assert.match(
        listed.stdout,
        /^GROUP +KIND +NAME +ACTION +DISABLED\napps +Deployment +front +pause +false\n/,
      );
      const run = await world.cli('app', 'actions', 'run', world.name, 'restart', '--kind', 'Deployment');
      assert.deepEqual([run.code, run.stdout], [0, ''], run.stderr);

      const live = await world.get('apps/v1', 'deployments', 'front');
      const restarted = /"annotations":\{"kubectl.kubernetes.io\/restartedAt":"\d{4}-[^"]*Z"\}/;
      assert.match(JSON.stringify(live?.['spec']), restarted);
      const records = (await world.journal('resource.action')) as readonly Record<string, unknown>[];
      const intent = records.find(
        ({ kind, object }) =>
          kind === 'intent' && (object as { namespace?: string }).namespace === world.namespace,
      );
      assert.deepEqual(intent?.['object'], {
        group: 'apps',
        kind: 'Deployment',
        namespace: world.namespace,
        name: 'front',
        cluster: 'https://kubernetes.default.svc',
      });
      assert.deepEqual(intent?.['detail'], {
        application: `argocd/${world.name}`,
        action: 'restart',
        parameters: [],
        writes: [`patch apps/Deployment ${world.namespace}/front: spec`],
      });
      const outcome = records.find((record) => record['intent'] === intent?.['seq']);
      assert.equal(outcome?.['outcome'], 'succeeded');
      await untilSynced(world);

      const scaled = await world.cli(
        'app',
        'actions',
        'run',
        world.name,
        'scale',
        '--kind',
        'Deployment',
        '--param',
        'replicas=x',
      );
      assert.equal(scaled.code, 20);
      assert.match(scaled.stderr, /Parameter replicas must be a whole number from 0: "x" is none/);
      const none = await world.cli('app', 'actions', 'run', world.name, 'explode', '--kind', 'Deployment');
      assert.match(none.stderr, /has no action "explode"; there are: restart, pause, resume, scale/);
    },
  },
  {
    name: 'actions in Lua patch and create, and create nothing that the project does not permit',
    run: configured(
      {
        'resource.customizations.actions.ConfigMap': `
discovery.lua: |
  local actions = {}
  actions["touch"] = {["displayName"] = "Touch", ["params"] = {{["name"] = "word", ["default"] = "yes"}}}
  actions["copy"] = {["disabled"] = obj.metadata.labels ~= nil and obj.metadata.labels["copied"] == "yes"}
  actions["escape"] = {["disabled"] = false}
  return actions
definitions:
- name: touch
  action.lua: |
    if obj.metadata.labels == nil then obj.metadata.labels = {} end
    obj.metadata.labels["touched"] = actionParams["word"]
    return obj
- name: copy
  action.lua: |
    local made = {apiVersion = "v1", kind = "ConfigMap", metadata = {name = obj.metadata.name .. "-copy"}, data = obj.data}
    obj.metadata.labels = {["copied"] = "yes"}
    return {{operation = "create", resource = made}, {operation = "patch", resource = obj}}
- name: escape
  action.lua: |
    return {{operation = "create", resource = {apiVersion = "v1", kind = "ConfigMap",
      metadata = {name = "x", namespace = "kube-system"}, data = {}}}}
`,
      },
      async (world) => {
        await world.create(
          'argoproj.io/v1alpha1',
          'appprojects',
          {
            apiVersion: 'argoproj.io/v1alpha1',
            kind: 'AppProject',
            metadata: { name: world.name },
            spec: { sourceRepos: ['*'], destinations: [{ server: '*', namespace: world.namespace }] },
          },
          'argocd',
        );
        await world.commit({ 'a.yaml': configMap('a', { v: '1' }) });
        await world.apply({ project: world.name, syncPolicy: AUTOMATED });
        await untilSynced(world);
        const run = (action: string, ...more: string[]) =>
          world.cli(
            'app',
            'actions',
            'run',
            world.name,
            action,
            '--kind',
            'ConfigMap',
            '--resource-name',
            'a',
            ...more,
          );

        assert.equal((await run('touch', '--param', 'word=well')).code, 0);
        assert.equal((await world.get('v1', 'configmaps', 'a'))?.metadata.labels?.['touched'], 'well');
        assert.equal((await run('copy')).code, 0);
        assert.deepEqual(await dataOf(world, 'a-copy'), { v: '1' });
        assert.match((await run('copy')).stderr, /The action copy of ConfigMap .*a is disabled/);
        const escaped = await run('escape');
        assert.equal(escaped.code, 20);
        assert.match(
          escaped.stderr,
          new RegExp(`project ${world.name} does not permit the namespace kube-system`),
        );
        assert.equal(await dataOf(world, 'x', 'kube-system'), undefined);

        await configure(world, {
          'resource.customizations.actions.ConfigMap': 'discovery.lua: return nil + 1',
        });
        await world.until('the list says which script failed', async () => {
          const { code, stderr } = await world.cli('app', 'actions', 'list', world.name);
          return (
            code === 20 && /action discovery of ConfigMap failed: script:1: attempt to perform/.test(stderr)
          );
        });
      },
    ),
  },
];
