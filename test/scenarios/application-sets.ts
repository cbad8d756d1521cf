// ApplicationSets: what generates applications, what changes them, and what must never take them away.
import { gate, open, untilApplicationGone, untilGone } from './manifests.ts';
import { AUTOMATED, assert, configMap, type Scenario, untilData, type World } from './world.ts';

const API = 'argoproj.io/v1alpha1';
const SETS = 'applicationsets';

interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason: string;
  readonly message: string;
}

/** A template whose application is named after the scenario and reads a directory of its own. */
function template(world: World, name: string, path: string, more: object = {}) {
  return {
    metadata: { name: `${world.name}-${name}`, labels: { scenario: world.name } },
    spec: {
      project: 'default',
      source: { repoURL: world.repoUrl, path: `${world.path}/${path}`, targetRevision: world.name },
      destination: { server: 'https://kubernetes.default.svc', namespace: world.namespace },
      syncPolicy: AUTOMATED,
      ...more,
    },
  };
}

async function applySet(world: World, spec: object, metadata: object = {}): Promise<void> {
  const { name } = world;
  if ((await world.get(API, SETS, name, 'argocd')) === undefined) {
    await world.create(
      API,
      SETS,
      { apiVersion: API, kind: 'ApplicationSet', metadata: { name, ...metadata }, spec } as never,
      'argocd',
    );
  } else await world.patch(API, SETS, name, { spec }, 'argocd');
}

async function conditionsOf(world: World): Promise<readonly Condition[]> {
  const set = await world.get(API, SETS, world.name, 'argocd');
  return ((set?.['status'] as { conditions?: Condition[] } | undefined)?.conditions ?? []) as Condition[];
}

/** Waits until the set says that something is wrong, and gives the message. */
async function untilError(world: World, message: RegExp): Promise<string> {
  return await world.until(`the set says ${message}`, async () => {
    const found = (await conditionsOf(world)).find(({ type }) => type === 'ErrorOccurred');
    return found?.status === 'True' && message.test(found.message) ? found.message : undefined;
  });
}

async function untilUpToDate(world: World): Promise<void> {
  await world.until('the set is up to date', async () =>
    (await conditionsOf(world)).some(({ type, status }) => type === 'ResourcesUpToDate' && status === 'True'),
  );
}

async function untilNames(world: World, ...names: readonly string[]): Promise<void> {
  const want = names.map((name) => `${world.name}-${name}`).sort();
  await world.until(`the applications are ${want.join(', ')}`, async () => {
    const apps = await world.list(API, 'applications', 'argocd');
    const found = apps
      .map(({ metadata }) => metadata.name ?? '')
      .filter((name) => name.startsWith(`${world.name}-`));
    return found.sort().join() === want.join();
  });
}

/** The set goes with its scenario, and its applications with it. */
function withSet(run: Scenario['run']): Scenario['run'] {
  return async (world) => {
    try {
      await run(world);
    } finally {
      await world.delete(API, SETS, world.name, 'argocd').catch(() => undefined);
    }
  };
}

const files = (names: readonly string[]): Record<string, string> =>
  Object.fromEntries(names.map((name) => [`${name}/map.yaml`, configMap(name, { from: name })]));

const stories: readonly Scenario[] = [
  {
    name: 'an ApplicationSet makes an application of each element, changes them with the template, and takes away what is no element any more, objects included',
    async run(world) {
      await world.commit(files(['red', 'blue']));
      const generators = [{ list: { elements: [{ colour: 'red' }, { colour: 'blue' }] } }];
      await applySet(world, { generators, template: template(world, '{{colour}}', '{{colour}}') });
      await untilNames(world, 'red', 'blue');
      await untilData(world, 'red', 'from', 'red');
      await untilData(world, 'blue', 'from', 'blue');
      await untilUpToDate(world);
      const app = await world.application(`${world.name}-red`);
      assert.deepEqual(app?.metadata.finalizers, ['resources-finalizer.argocd.argoproj.io']);
      assert.equal(app?.metadata.ownerReferences?.[0]?.kind, 'ApplicationSet');

      await applySet(world, {
        template: template(world, '{{colour}}', '{{colour}}', {
          info: [{ name: 'colour', value: '{{colour}}' }],
        }),
      });
      await world.until('the template reaches the applications', async () => {
        const changed = await world.application(`${world.name}-blue`);
        return changed?.spec.info?.[0]?.value === 'blue';
      });

      await applySet(world, { generators: [{ list: { elements: [{ colour: 'blue' }] } }] });
      await untilNames(world, 'blue');
      await untilGone(world, 'v1', 'configmaps', 'red');
      const records = await world.journal('application.delete');
      assert.ok(records.some(({ reason }) => reason === 'The set does not generate it any more'));
    },
  },
  {
    name: 'a directory that is pushed becomes an application at once, and one that is removed goes',
    async run(world) {
      await world.commit(files(['one', 'two', '.hidden', 'left-out']));
      await applySet(world, {
        goTemplate: true,
        goTemplateOptions: ['missingkey=error'],
        generators: [
          {
            git: {
              repoURL: world.repoUrl,
              revision: world.name,
              directories: [{ path: `${world.path}/*` }, { path: `${world.path}/left-*`, exclude: true }],
            },
          },
        ],
        template: template(world, '{{ .path.basenameNormalized }}', '{{ .path.basename }}'),
      });
      await untilNames(world, 'one', 'two');
      await world.commit(files(['three']));
      await untilNames(world, 'one', 'two', 'three');
      await untilData(world, 'three', 'from', 'three');
      await world.commit({ 'one/map.yaml': null });
      await untilNames(world, 'two', 'three');
      await untilGone(world, 'v1', 'configmaps', 'one');
    },
  },
  {
    name: 'files of a repository are parameters, a matrix joins them with clusters, and templatePatch says what texts cannot',
    async run(world) {
      await world.commit({
        ...files(['shop', 'bank']),
        'envs/dev.json': JSON.stringify({ app: 'shop', automatic: true, colours: ['red', 'green'] }),
        'envs/prod.yaml': 'app: bank\nautomatic: false\ncolours: [blue]\n',
      });
      await applySet(world, {
        goTemplate: true,
        generators: [
          {
            matrix: {
              generators: [
                {
                  git: {
                    repoURL: world.repoUrl,
                    revision: world.name,
                    files: [{ path: `${world.path}/envs/*` }],
                  },
                },
                { clusters: { values: { who: '{{ .app }}-{{ .name }}' } } },
              ],
            },
          },
        ],
        template: template(
          world,
          '{{ .path.filename | trimSuffix ".json" | trimSuffix ".yaml" }}',
          '{{ .app }}',
          {
            destination: { server: '{{ .server }}', namespace: world.namespace },
            info: [{ name: 'who', value: '{{ .values.who }} {{ index .colours 0 }}' }],
          },
        ),
        templatePatch: '{{ if not .automatic }}spec: {syncPolicy: {automated: null}}{{ end }}',
      });
      await untilNames(world, 'dev', 'prod');
      const dev = await world.application(`${world.name}-dev`);
      const prod = await world.application(`${world.name}-prod`);
      assert.equal(dev?.spec.info?.[0]?.value, 'shop-in-cluster red');
      assert.equal(prod?.spec.info?.[0]?.value, 'bank-in-cluster blue');
      assert.deepEqual(dev?.spec.syncPolicy?.automated, { prune: true, selfHeal: true });
      assert.equal(prod?.spec.syncPolicy?.automated, undefined);
    },
  },
  {
    name: 'a generator that fails takes no application away, and says what it could not read',
    async run(world) {
      await world.commit(files(['one']));
      const generators = (revision: string) => [
        { git: { repoURL: world.repoUrl, revision, directories: [{ path: `${world.path}/*` }] } },
      ];
      await applySet(world, {
        generators: generators(world.name),
        template: template(world, '{{path.basename}}', '{{path.basename}}'),
      });
      await untilData(world, 'one', 'from', 'one');
      await applySet(world, { generators: generators('no-such-branch') });
      const message = await untilError(world, /no-such-branch/);
      assert.match(message, /^Git generator: cannot read .*shared\.git at no-such-branch/);
      await untilNames(world, 'one');
      await applySet(world, { generators: generators(world.name) });
      await untilUpToDate(world);
      await untilNames(world, 'one');
    },
  },
  {
    name: 'what people change of a generated application is put back, but what the set ignores, preserves or never speaks of stays',
    async run(world) {
      await world.commit(files(['one']));
      await applySet(world, {
        generators: [{ list: { elements: [{ name: 'one' }] } }],
        template: template(world, '{{name}}', '{{name}}', { info: [{ name: 'a', value: 'set' }] }),
        preservedFields: { annotations: ['team'] },
        ignoreApplicationDifferences: [
          { jsonPointers: ['/spec/source/targetRevision'] },
          { jqPathExpressions: ['.spec.syncPolicy'] },
        ],
      });
      await untilNames(world, 'one');
      await untilUpToDate(world);
      const name = `${world.name}-one`;
      await world.patchApplication(
        {
          metadata: { annotations: { team: 'blue', other: 'gone', 'argocd.argoproj.io/refresh': 'normal' } },
          spec: {
            source: { targetRevision: 'main' },
            syncPolicy: null,
            info: [{ name: 'a', value: 'hand' }],
          },
        },
        name,
      );
      await world.until('the edit is put back', async () => {
        const app = await world.application(name);
        return app?.spec.info?.[0]?.value === 'set' && app.metadata.annotations?.['other'] === undefined;
      });
      const app = await world.application(name);
      assert.equal(app?.metadata.annotations?.['team'], 'blue');
      assert.equal(app?.spec.source?.targetRevision, 'main');
      assert.equal(app?.spec.syncPolicy, undefined);
    },
  },
  {
    name: 'a generated application that somebody deletes comes back',
    async run(world) {
      await world.commit(files(['one']));
      await applySet(world, {
        generators: [{ list: { elements: [{ name: 'one' }] } }],
        template: template(world, '{{name}}', '{{name}}'),
      });
      await untilData(world, 'one', 'from', 'one');
      const name = `${world.name}-one`;
      const before = (await world.application(name))?.metadata.uid;
      await world.deleteApplication(name);
      await world.until('another application of the name is there', async () => {
        const now = (await world.application(name))?.metadata.uid;
        return now !== undefined && now !== before;
      });
      await untilData(world, 'one', 'from', 'one');
    },
  },
  {
    name: 'a set that would lose many applications at once stops, names them, and goes on once somebody approves',
    async run(world) {
      const names = Array.from({ length: 14 }, (_, i) => `n${i + 10}`);
      await world.commit(files(names));
      const elements = (list: readonly string[]) => [{ list: { elements: list.map((name) => ({ name })) } }];
      await applySet(world, {
        generators: elements(names),
        template: template(world, '{{name}}', '{{name}}'),
      });
      await untilNames(world, ...names);
      await untilUpToDate(world);
      await applySet(world, { generators: elements(names.slice(0, 2)) });
      const message = await untilError(
        world,
        /12 of 14 applications are no longer generated, more than the 10/,
      );
      assert.match(message, /deletion-approved/);
      await untilNames(world, ...names);
      await world.patch(
        API,
        SETS,
        world.name,
        {
          metadata: {
            annotations: {
              'argocd.argoproj.io/deletion-approved': new Date(Date.now() + 1_000).toISOString(),
            },
          },
        },
        'argocd',
      );
      await untilNames(world, ...names.slice(0, 2));
      await untilUpToDate(world);
    },
  },
  {
    name: 'create-only sets neither change nor delete, and preserveResourcesOnDeletion keeps the objects when the set goes',
    async run(world) {
      await world.commit(files(['one', 'two']));
      const set = (names: readonly string[], value: string) => ({
        generators: [{ list: { elements: names.map((name) => ({ name })) } }],
        syncPolicy: { applicationsSync: 'create-only', preserveResourcesOnDeletion: true },
        template: template(world, '{{name}}', '{{name}}', { info: [{ name: 'a', value }] }),
      });
      await applySet(world, set(['one'], 'first'));
      await untilData(world, 'one', 'from', 'one');
      await applySet(world, set(['two'], 'second'));
      await untilNames(world, 'one', 'two');
      await untilUpToDate(world);
      const one = await world.application(`${world.name}-one`);
      assert.equal(one?.spec.info?.[0]?.value, 'first');
      assert.equal(one?.metadata.finalizers, undefined);
      await world.delete(API, SETS, world.name, 'argocd');
      await untilApplicationGone(world, `${world.name}-one`);
      await untilApplicationGone(world, `${world.name}-two`);
      await untilData(world, 'one', 'from', 'one');
    },
  },
  {
    name: 'a set that is deleted takes its applications and their objects with it',
    async run(world) {
      await world.commit(files(['one']));
      await applySet(world, {
        generators: [{ list: { elements: [{ name: 'one' }] } }],
        template: template(world, '{{name}}', '{{name}}'),
      });
      await untilData(world, 'one', 'from', 'one');
      await world.delete(API, SETS, world.name, 'argocd');
      await untilApplicationGone(world, `${world.name}-one`);
      await untilGone(world, 'v1', 'configmaps', 'one');
    },
  },
  {
    name: 'one application that cannot be made does not keep the others from being made',
    async run(world) {
      await world.commit(files(['one', 'taken']));
      await world.apply(
        {},
        {
          name: `${world.name}-taken`,
          ownerReferences: [
            {
              apiVersion: 'v1',
              kind: 'ConfigMap',
              name: `${world.name}-owner`,
              uid: await uidOf(world, `${world.name}-owner`),
              controller: true,
            },
          ],
        },
      );
      await applySet(world, {
        generators: [
          {
            list: {
              elements: [
                { name: 'one', project: 'default' },
                { name: 'taken', project: 'default' },
                { name: 'lost', project: 'no-such-project' },
                { name: 'Bad_Name', project: 'default' },
              ],
            },
          },
        ],
        template: template(world, '{{name}}', '{{name}}', { project: '{{project}}' }),
      });
      await untilData(world, 'one', 'from', 'one');
      const message = await untilError(world, /3 of 4 applications/);
      assert.match(message, /project "no-such-project" does not exist/);
      assert.match(message, /it belongs to ConfigMap .*-owner/);
      assert.match(message, /Bad_Name" is no name/);
      await untilNames(world, 'one', 'taken');
    },
  },
  {
    name: "two applications of one name, a template that cannot be filled in, and a generator without a source are the set's own mistakes",
    async run(world) {
      await world.commit(files(['one']));
      const good = template(world, '{{ .name }}', '{{ .name }}');
      const one = [{ list: { elements: [{ name: 'one' }] } }];
      await applySet(world, {
        goTemplate: true,
        goTemplateOptions: ['missingkey=error'],
        generators: one,
        template: good,
      });
      await untilData(world, 'one', 'from', 'one');
      await applySet(world, { generators: [...one, ...one] });
      await untilError(world, /Two applications would be named ".*-one"/);
      await applySet(world, { generators: one, template: template(world, '{{ .nome }}', 'one') });
      await untilError(world, /Cannot fill in ".*nome.*"/);
      await applySet(world, { generators: [{}], template: good });
      await untilError(world, /spec\.generators\[0\] must have exactly one generator and has none/);
      await untilNames(world, 'one');
      await applySet(world, { generators: one });
      await untilUpToDate(world);
    },
  },
  {
    name: 'a rolling sync goes step by step: the second waits until the first is synced and healthy, and nobody syncs by himself',
    async run(world) {
      await followRollingSync(world);
      await world.commit({
        ...files(['prod']),
        'dev/map.yaml': configMap('dev', { from: 'dev' }),
        'dev/gate.yaml': gate('gate'),
      });
      const staged = template(world, '{{env}}', '{{env}}');
      await applySet(world, {
        generators: [{ list: { elements: [{ env: 'dev' }, { env: 'prod' }] } }],
        strategy: {
          type: 'RollingSync',
          rollingSync: {
            steps: ['dev', 'prod'].map((env) => ({
              matchExpressions: [{ key: 'env', operator: 'In', values: [env] }],
            })),
          },
        },
        template: {
          ...staged,
          metadata: { ...staged.metadata, labels: { scenario: world.name, env: '{{env}}' } },
        },
      });
      await untilData(world, 'dev', 'from', 'dev');
      const stages = async (): Promise<string> => {
        const set = await world.get(API, SETS, world.name, 'argocd');
        const { applicationStatus = [] } = (set?.['status'] ?? {}) as {
          applicationStatus?: { step: string; status: string }[];
        };
        return applicationStatus.map(({ step, status }) => `${step} ${status}`).join(', ');
      };
      await world.until(
        'dev is underway and prod waits',
        async () => (await stages()) === '1 Progressing, 2 Waiting',
      );
      const prod = await world.application(`${world.name}-prod`);
      assert.equal(prod?.spec.syncPolicy?.automated, undefined);
      assert.equal(prod?.status?.operationState, undefined);
      await open(world, 'gate');
      await untilData(world, 'prod', 'from', 'prod');
      await world.until('the rollout is over', async () => (await stages()) === '1 Healthy, 2 Healthy');
      const state = (await world.application(`${world.name}-prod`))?.status?.operationState;
      assert.equal(state?.operation.initiatedBy?.username, 'applicationset-controller');
      const condition = (await conditionsOf(world)).find(({ type }) => type === 'RolloutProgressing');
      assert.equal(condition?.status, 'False');
    },
  },
];

/** Sets without the strategy are what they were. */
async function followRollingSync(world: World): Promise<void> {
  const name = 'argocd-cmd-params-cm';
  if ((await world.get('v1', 'configmaps', name, 'argocd')) === undefined)
    await world.create(
      'v1',
      'configmaps',
      { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name } },
      'argocd',
    );
  const data = { 'applicationsetcontroller.enable.progressive.syncs': 'true' };
  await world.patch('v1', 'configmaps', name, { data }, 'argocd');
}

/** An object beside the applications that one of them can belong to. */
async function uidOf(world: World, name: string): Promise<string> {
  const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name } };
  return (await world.create('v1', 'configmaps', object, 'argocd')).metadata.uid ?? '';
}

export const applicationSets: readonly Scenario[] = stories.map((story) => ({
  ...story,
  run: withSet(story.run),
}));
