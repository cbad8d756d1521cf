// What a project does to its applications: rules, global rules, windows, orphans, identities, signatures.
import type { KubeObject } from '../../src/k8s/index.ts';
import type { ProjectSpec } from '../../src/model/index.ts';
import {
  AUTOMATED,
  assert,
  configMap,
  dataOf,
  type Scenario,
  untilCondition,
  untilData,
  untilOperation,
  untilOutOfSync,
  untilSynced,
  type World,
} from './world.ts';

const API = 'argoproj.io/v1alpha1';
const SERVER = 'https://kubernetes.default.svc';

/** A project named like the scenario that allows everything the scenario may need, with `spec` in place of defaults. */
async function project(
  world: World,
  spec: Partial<ProjectSpec> = {},
  metadata: Partial<KubeObject['metadata']> = {},
): Promise<void> {
  await world.create(
    API,
    'appprojects',
    {
      apiVersion: API,
      kind: 'AppProject',
      metadata: { name: world.name, ...metadata },
      spec: {
        sourceRepos: [world.repoUrl],
        destinations: [{ server: SERVER, namespace: `${world.name}*` }],
        ...spec,
      },
    },
    'argocd',
  );
}

async function patchProject(world: World, spec: object): Promise<void> {
  await world.patch(API, 'appprojects', world.name, { spec }, 'argocd');
}

/** Sets members of argocd-cm for the time of `run`. */
async function withSettings(
  world: World,
  data: Record<string, string>,
  run: () => Promise<void>,
): Promise<void> {
  const existing = await world.get('v1', 'configmaps', 'argocd-cm', 'argocd');
  if (existing === undefined) {
    const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'argocd-cm' }, data };
    await world.create('v1', 'configmaps', object, 'argocd');
  } else await world.patch('v1', 'configmaps', 'argocd-cm', { data }, 'argocd');
  try {
    await run();
  } finally {
    const none = Object.fromEntries(Object.keys(data).map((key) => [key, null]));
    await world.patch('v1', 'configmaps', 'argocd-cm', { data: none }, 'argocd');
  }
}

/** An application of the scenario's project; something is committed for it. */
async function start(world: World, files = { 'a.yaml': configMap('a', { v: '1' }) }): Promise<void> {
  await world.commit(files);
  await world.apply({ project: world.name, syncPolicy: AUTOMATED });
}

function refused(name: string, spec: (world: World) => Partial<ProjectSpec>, want: RegExp): Scenario {
  return {
    name,
    async run(world) {
      await project(world, spec(world));
      await start(world);
      await untilCondition(world, 'InvalidSpecError', want);
      assert.equal(await dataOf(world, 'a'), undefined, 'nothing is applied');
      await patchProject(world, {
        sourceRepos: [world.repoUrl],
        destinations: [{ server: SERVER, namespace: world.name }],
        permitOnlyProjectScopedClusters: false,
      });
      await untilSynced(world);
    },
  };
}

const rules: readonly Scenario[] = [
  refused(
    'a destination outside the project is refused with rule and remedy, and accepted once it is listed',
    () => ({ destinations: [{ server: SERVER, namespace: 'elsewhere' }] }),
    /do not match any of the allowed destinations in project 's\d+'; add \{server: .*namespace: s\d+\}/,
  ),
  refused(
    'a destination that a "!" entry names is refused',
    (world) => ({
      destinations: [
        { server: SERVER, namespace: '*' },
        { server: SERVER, namespace: `!${world.name}` },
      ],
    }),
    /do not match any of the allowed destinations/,
  ),
  refused(
    'a repository outside the project is refused',
    () => ({ sourceRepos: ['https://git.example.com/**'] }),
    /is not permitted in project 's\d+'; add it to the project's sourceRepos/,
  ),
  refused(
    'a repository that a "!" entry names is refused, and the entry is named',
    (world) => ({ sourceRepos: ['**', `!${world.repoUrl}`] }),
    /its sourceRepos entry "!http.*" denies it/,
  ),
  refused(
    'a cluster that is not scoped to the project is refused when only such are permitted',
    () => ({ permitOnlyProjectScopedClusters: true }),
    /is not scoped to project 's\d+', which has permitOnlyProjectScopedClusters/,
  ),
  {
    name: 'a namespaced kind on the blacklist fails the sync with its rule',
    async run(world) {
      await project(world, { namespaceResourceBlacklist: [{ group: '', kind: 'ConfigMap' }] });
      await start(world);
      await untilOperation(
        world,
        'Running',
        /resource :ConfigMap is not permitted in project s\d+:.*namespaceResourceBlacklist/,
      );
      assert.equal(await dataOf(world, 'a'), undefined);
    },
  },
  {
    name: 'a cluster-scoped kind needs its name on the whitelist where names are given',
    async run(world) {
      const group = 'rbac.authorization.k8s.io';
      const role = (name: string): string =>
        `apiVersion: ${group}/v1\nkind: ClusterRole\nmetadata: {name: ${name}}\nrules: []\n`;
      await project(world, {
        clusterResourceWhitelist: [{ group, kind: 'ClusterRole', name: `${world.name}-*` }],
      });
      await start(world, { 'a.yaml': role('someone-else'), 'b.yaml': role(`${world.name}-own`) } as never);
      const app = await untilOperation(world, 'Running', /clusterResourceWhitelist/);
      const { message = '' } = app.status?.operationState ?? {};
      assert.match(message, /ClusterRole someone-else/);
      assert.doesNotMatch(message, /-own/);
    },
  },
  {
    name: 'a global project adds its rules to the projects its selector names',
    async run(world) {
      const global = `${world.name}-global`;
      await world.create(
        API,
        'appprojects',
        {
          apiVersion: API,
          kind: 'AppProject',
          metadata: { name: global },
          spec: { namespaceResourceBlacklist: [{ group: '', kind: 'ConfigMap' }] },
        },
        'argocd',
      );
      const globalProjects = JSON.stringify([
        { projectName: global, labelSelector: { matchLabels: { tenant: world.name } } },
      ]);
      await withSettings(world, { globalProjects }, async () => {
        await project(world, {}, { labels: { tenant: world.name } });
        await start(world);
        await untilOperation(world, 'Running', /global projects that add to it: s\d+-global/);
        await world.patch(
          API,
          'appprojects',
          world.name,
          { metadata: { labels: { tenant: null } } },
          'argocd',
        );
        await world.commit({ 'a.yaml': configMap('a', { v: '2' }) });
        await untilSynced(world);
      });
    },
  },
];

const ALWAYS = { kind: 'deny', schedule: '* * * * *', duration: '1h', applications: ['*'] };

const windows: readonly Scenario[] = [
  {
    name: 'a closed window holds an automated sync, says which and until when, and its end lets it through',
    async run(world) {
      await project(world, { syncWindows: [ALWAYS] });
      await start(world);
      await untilCondition(
        world,
        'SyncWindowInfo',
        /blocked by sync window of project s\d+: deny window "\* \* \* \* \*" \(1h, UTC\) is open until \d{4}-/,
      );
      assert.equal(await dataOf(world, 'a'), undefined, 'nothing is applied');
      await patchProject(world, { syncWindows: null });
      const app = await untilSynced(world);
      assert.equal(
        app.status?.conditions?.some(({ type }) => type === 'SyncWindowInfo'),
        undefined,
      );
    },
  },
  {
    name: 'a window that cannot be read blocks its own applications and is quoted',
    async run(world) {
      await project(world, { syncWindows: [{ ...ALWAYS, timeZone: 'Mars/Olympus' }] });
      await start(world);
      await untilCondition(world, 'SyncWindowWarning', /Mars\/Olympus.*timeZone must be a name/);
      await patchProject(world, { syncWindows: [{ ...ALWAYS, applications: ['other'] }] });
      await untilSynced(world);
    },
  },
  {
    name: 'an operation asked for with kubectl waits in a closed window, and may be terminated there',
    async run(world) {
      await project(world, { syncWindows: [ALWAYS] });
      await world.commit({ 'a.yaml': configMap('a', { v: '1' }) });
      await world.apply({ project: world.name });
      await untilOutOfSync(world);
      await world.patchApplication({ operation: { sync: {} } });
      await untilOperation(world, 'Running', /blocked by sync window/);
      await world.patchApplication({ status: { operationState: { phase: 'Terminating' } } });
      await untilOperation(world, 'Failed', /terminated/);
      assert.equal(await dataOf(world, 'a'), undefined, 'nothing is applied');
    },
  },
  {
    name: 'manualSync lets an operation asked for by a person through',
    async run(world) {
      await project(world, { syncWindows: [{ ...ALWAYS, manualSync: true }] });
      await world.commit({ 'a.yaml': configMap('a', { v: '1' }) });
      await world.apply({ project: world.name });
      await untilOutOfSync(world);
      await world.patchApplication({ operation: { sync: {}, initiatedBy: { username: 'ada' } } });
      await untilSynced(world);
      await untilData(world, 'a', 'v', '1');
    },
  },
];

export const projects: readonly Scenario[] = [...rules, ...windows];
