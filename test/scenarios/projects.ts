// What a project does to its applications: rules, global rules, windows, orphans, identities, signatures.
import type { KubeObject } from '../../src/k8s/index.ts';
import type { ProjectSpec } from '../../src/model/index.ts';
import { pgpSigner, sshSigner } from '../support/signing.ts';
import { ISSUER, type KeylessOptions, Sigstore } from '../support/sigstore.ts';
import {
  AUTOMATED,
  assert,
  configMap,
  dataOf,
  type Files,
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
const TRACKING = 'argocd.argoproj.io/tracking-id';

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

/** Sets members of a config map of the control namespace for the time of `run`. */
async function withSettings(
  world: World,
  data: Record<string, string>,
  run: () => Promise<void>,
  name = 'argocd-cm',
): Promise<void> {
  const existing = await world.get('v1', 'configmaps', name, 'argocd');
  if (existing === undefined) {
    const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data };
    await world.create('v1', 'configmaps', object, 'argocd');
  } else await world.patch('v1', 'configmaps', name, { data }, 'argocd');
  try {
    await run();
  } finally {
    const none = Object.fromEntries(Object.keys(data).map((key) => [key, null]));
    await world.patch('v1', 'configmaps', name, { data: none }, 'argocd');
  }
}

/** An application of the scenario's project; something is committed for it. */
async function start(world: World, files: Files = { 'a.yaml': configMap('a', { v: '1' }) }): Promise<void> {
  await world.commit(files);
  await world.apply({ project: world.name, syncPolicy: AUTOMATED });
}

/** Waits until the sync of an object failed with a message, whether or not it is tried again. */
async function untilFailed(world: World, message: RegExp): Promise<void> {
  await world.until(`an object of ${world.name} fails with ${message}`, async () => {
    const app = await world.application();
    return app?.status?.operationState?.syncResult?.resources?.some(
      (result) => result.status === 'SyncFailed' && message.test(result.message ?? ''),
    );
  });
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

/** A ConfigMap in a namespace of its own choice. */
function configMapIn(namespace: string, name: string, data: Record<string, string>): string {
  return configMap(name, data).replace('metadata:', `metadata:\n  namespace: ${namespace}`);
}

const rules: readonly Scenario[] = [
  {
    name: 'S-F12: an object that names a namespace outside the project is neither applied, shown nor deleted',
    async run(world) {
      const foreign = `other-${world.name}`;
      await namespace(world, foreign);
      const victim = {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { name: 'victim' },
        data: { v: 'canary-of-another-tenant' },
      };
      await world.create('v1', 'configmaps', victim, foreign);
      await project(world);
      await world.commit({
        'a.yaml': configMap('a', { v: '1' }),
        'new.yaml': configMapIn(foreign, 'new', { v: '1' }),
        'victim.yaml': configMapIn(foreign, 'victim', { v: '1' }),
      });
      await world.apply({ project: world.name, syncPolicy: AUTOMATED });
      const why =
        /namespace other-s\d+ is not permitted in project 's\d+': ConfigMap new lies there; add \{server: .*namespace: other-s\d+\}/;
      await world.until('the sync says which namespace', async () => {
        const app = await world.application();
        return why.test(app?.status?.operationState?.message ?? '');
      });
      for (const path of ['managed-resources', 'manifests', 'resource-tree', 'server-side-diff']) {
        const answer = await world.call('GET', `${world.name}/${path}`);
        assert.ok(!JSON.stringify(answer.body).includes('canary-of-another-tenant'), path);
      }
      assert.equal(await world.get('v1', 'configmaps', 'new', foreign), undefined);
      const kept = await world.get('v1', 'configmaps', 'victim', foreign);
      assert.deepEqual(kept?.['data'], victim.data);
      await world.delete('v1', 'configmaps', 'victim', foreign);
    },
  },
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
      await start(world, { 'a.yaml': role('someone-else'), 'b.yaml': role(`${world.name}-own`) });
      const app = await untilOperation(world, 'Running', /clusterResourceWhitelist/);
      const { message = '' } = app.status?.operationState ?? {};
      assert.match(message, /ClusterRole someone-else/);
      assert.doesNotMatch(message, /-own/);
    },
  },
  {
    name: 'S-F9: who may not deploy namespaces may not loosen what keeps their pods in, nor say whose the namespace is',
    namespace: false,
    async run(world) {
      await project(world);
      const policy = (labels: Record<string, string>) => ({
        ...AUTOMATED,
        syncOptions: ['CreateNamespace=true'],
        managedNamespaceMetadata: { labels },
      });
      await world.commit({ 'a.yaml': configMap('a', { v: '1' }) });
      const own = {
        project: world.name,
        syncPolicy: policy({ team: 'x', 'pod-security.kubernetes.io/enforce': 'privileged' }),
      };
      await world.apply(own);
      await untilOperation(
        world,
        'Running',
        /Namespace s\d+: managedNamespaceMetadata sets pod-security\.kubernetes\.io\/enforce, which project s\d+ does not permit/,
      );
      assert.equal(await world.get('v1', 'namespaces', world.namespace, null), undefined);
      await patchProject(world, { clusterResourceWhitelist: [{ group: '', kind: 'Namespace' }] });
      await untilSynced(world);
      const created = await world.get('v1', 'namespaces', world.namespace, null);
      assert.equal(created?.metadata.labels?.['pod-security.kubernetes.io/enforce'], 'privileged');
      await world.apply({
        ...own,
        syncPolicy: { ...own.syncPolicy, managedNamespaceMetadata: { annotations: { [TRACKING]: 'b:/x' } } },
      });
      await world.commit({ 'a.yaml': configMap('a', { v: '2' }) });
      await untilOperation(
        world,
        'Running',
        /sets argocd\.argoproj\.io\/tracking-id, by which Fairlead knows/,
      );
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

const RBAC = 'rbac.authorization.k8s.io/v1';

/** Lets service account `deployer` of the scenario's namespace write config maps there. */
async function grant(world: World): Promise<void> {
  const metadata = { name: 'deployer' };
  await world.create(RBAC, 'roles', {
    apiVersion: RBAC,
    kind: 'Role',
    metadata,
    rules: [{ apiGroups: [''], resources: ['configmaps'], verbs: ['get', 'create', 'patch', 'delete'] }],
  });
  await world.create(RBAC, 'rolebindings', {
    apiVersion: RBAC,
    kind: 'RoleBinding',
    metadata,
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'deployer' },
    subjects: [{ kind: 'ServiceAccount', name: 'deployer', namespace: world.namespace }],
  });
}

const IMPERSONATE = { 'application.sync.impersonation.enabled': 'true' };

const identities: readonly Scenario[] = [
  {
    name: 'S-F8: a sync runs as the service account of the project: refused with the rule to add, done once it is there',
    async run(world) {
      const accounts = [
        { server: '*', namespace: 'elsewhere', defaultServiceAccount: 'admin' },
        { server: SERVER, namespace: world.namespace, defaultServiceAccount: 'deployer' },
        { server: '*', namespace: '*', defaultServiceAccount: 'too-late' },
      ];
      await withSettings(world, IMPERSONATE, async () => {
        await project(world, { destinationServiceAccounts: accounts });
        await start(world);
        await untilFailed(
          world,
          /service account s\d+\/deployer may not patch configmaps in namespace s\d+: add \{apiGroups: \[""\], resources: \["configmaps"\], verbs: \["get", "create", "patch"\]\} to a Role of namespace s\d+/,
        );
        assert.equal(await dataOf(world, 'a'), undefined, 'nothing is applied');
        await grant(world);
        await world.commit({ 'a.yaml': configMap('a', { v: '2' }) });
        await untilSynced(world);
        await untilData(world, 'a', 'v', '2');
        const records = (await world.journal('object.apply')) as { detail?: { actsAs?: string } }[];
        const account = `${world.namespace}/deployer`;
        assert.ok(
          records.some(({ detail }) => detail?.actsAs === account),
          'the journal names the account',
        );
      });
    },
  },
  {
    name: 'S-F8: a prune that the service account may not do is a failure that says so, and the object stays',
    async run(world) {
      const account = `${world.name}:deployer`;
      await withSettings(world, IMPERSONATE, async () => {
        await project(world, {
          destinationServiceAccounts: [{ server: '*', namespace: '*', defaultServiceAccount: account }],
        });
        await grant(world);
        const rules = [{ apiGroups: [''], resources: ['configmaps'], verbs: ['get', 'create', 'patch'] }];
        await world.patch(RBAC, 'roles', 'deployer', { rules });
        await start(world, { 'a.yaml': configMap('a', { v: '1' }), 'b.yaml': configMap('b', { v: '1' }) });
        await untilSynced(world);
        await world.commit({ 'b.yaml': null });
        await untilFailed(world, /service account s\d+\/deployer may not delete configmaps/);
        assert.deepEqual(await dataOf(world, 'b'), { v: '1' });
      });
    },
  },
  {
    name: 'S-F8: with impersonation on, a project that names no account for the destination syncs nothing',
    async run(world) {
      await withSettings(world, IMPERSONATE, async () => {
        await project(world);
        await start(world);
        await untilFailed(
          world,
          /no matching service account found for destination server .* add one to destinationServiceAccounts/,
        );
        assert.equal(await dataOf(world, 'a'), undefined, 'nothing is applied');
      });
    },
  },
];

/** An Application like the scenario's own, in another namespace. */
async function applyElsewhere(world: World, namespace: string, path: string): Promise<void> {
  const object = {
    apiVersion: API,
    kind: 'Application',
    metadata: { name: world.name },
    spec: {
      project: world.name,
      source: { repoURL: world.repoUrl, path, targetRevision: world.name },
      destination: { server: SERVER, namespace: world.namespace },
      syncPolicy: AUTOMATED,
    },
  };
  await world.create(API, 'applications', object, namespace);
}

async function namespace(world: World, name: string): Promise<void> {
  await world.create('v1', 'namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name } }, null);
}

interface Told {
  readonly sync?: { readonly status?: string };
  readonly conditions?: readonly { readonly type: string; readonly message: string }[];
}

async function statusElsewhere(world: World, place: string): Promise<Told | undefined> {
  return (await world.get(API, 'applications', world.name, place))?.['status'] as Told | undefined;
}

const PARAMS = 'argocd-cmd-params-cm';

const anyNamespace: readonly Scenario[] = [
  {
    name: 'S-F4: two applications of one name in two namespaces keep to their own objects',
    async run(world) {
      const place = `${world.name}-apps`;
      await namespace(world, place);
      await withSettings(
        world,
        { 'application.namespaces': `${world.name}-*` },
        async () => {
          await project(world, { sourceNamespaces: [`${world.name}-a*`] });
          await world.commit({
            'one/a.yaml': configMap('a', { v: '1' }),
            'two/b.yaml': configMap('b', { v: '2' }),
          });
          await world.apply({
            project: world.name,
            source: { repoURL: world.repoUrl, path: `${world.path}/one`, targetRevision: world.name },
            syncPolicy: AUTOMATED,
          });
          await applyElsewhere(world, place, `${world.path}/two`);
          await untilSynced(world);
          await world.until('the other one is Synced', async () => {
            return (await statusElsewhere(world, place))?.sync?.status === 'Synced';
          });
          const b = await world.get('v1', 'configmaps', 'b');
          assert.equal(
            b?.metadata.annotations?.[TRACKING],
            `${place}_${world.name}:/ConfigMap:${world.namespace}/b`,
          );
          assert.deepEqual(await dataOf(world, 'a'), { v: '1' });
          await world.delete(API, 'applications', world.name, place);
        },
        PARAMS,
      );
    },
  },
  {
    name: 'S-F4: a project that does not list the namespace refuses the application, and names sourceNamespaces',
    async run(world) {
      const place = `${world.name}-apps`;
      await namespace(world, place);
      await withSettings(
        world,
        { 'application.namespaces': place },
        async () => {
          await project(world, { sourceNamespaces: ['other'] });
          await world.commit({ 'a.yaml': configMap('a', { v: '1' }) });
          await applyElsewhere(world, place, world.path);
          await world.until('it is refused', async () =>
            (await statusElsewhere(world, place))?.conditions?.some(
              ({ type, message }) =>
                type === 'InvalidSpecError' &&
                /in namespace 's\d+-apps' is not permitted to use project 's\d+'; add the namespace to the project's sourceNamespaces/.test(
                  message,
                ),
            ),
          );
          assert.equal(await dataOf(world, 'a'), undefined, 'nothing is applied');
          await patchProject(world, { sourceNamespaces: ['/^s\\d+-apps$/'] });
          await untilData(world, 'a', 'v', '1');
          await world.delete(API, 'applications', world.name, place);
        },
        PARAMS,
      );
    },
  },
  {
    name: 'S-F4: an application in a namespace that is not served is left alone until it is',
    async run(world) {
      const place = `${world.name}-apps`;
      await namespace(world, place);
      await project(world, { sourceNamespaces: ['*'] });
      await world.commit({ 'a.yaml': configMap('a', { v: '1' }), 'own/b.yaml': configMap('b', { v: '1' }) });
      await applyElsewhere(world, place, world.path);
      await world.apply({
        project: world.name,
        source: { repoURL: world.repoUrl, path: `${world.path}/own`, targetRevision: world.name },
        syncPolicy: AUTOMATED,
      });
      await untilSynced(world);
      assert.equal(await statusElsewhere(world, place), undefined);
      await withSettings(
        world,
        { 'application.namespaces': place },
        () => untilData(world, 'a', 'v', '1'),
        PARAMS,
      );
      await world.delete(API, 'applications', world.name, place);
    },
  },
];

const orphans: readonly Scenario[] = [
  {
    name: 'objects of nobody are named in a warning and shown beside the tree, and forgotten when they go',
    async run(world) {
      const ignore = [{ group: '', kind: 'Secret', name: 'ignored-*' }];
      await project(world, { orphanedResources: { warn: true, ignore } });
      const object = (kind: string, name: string) => ({ apiVersion: 'v1', kind, metadata: { name } });
      await world.create('v1', 'configmaps', object('ConfigMap', 'stray'));
      await world.create('v1', 'secrets', object('Secret', 'ignored-one'));
      await start(world);
      await untilSynced(world);
      const message = await untilCondition(world, 'OrphanedResourceWarning', /ConfigMap s\d+\/stray/);
      assert.match(
        message,
        /^Application has 1 orphaned resources: ConfigMap s\d+\/stray; add them to a source/,
      );
      const tree = await world.api(`/api/v1/applications/${world.name}/resource-tree`);
      const { orphanedNodes } = tree as { orphanedNodes: { kind: string; name: string }[] };
      assert.deepEqual(
        orphanedNodes.map(({ kind, name }) => `${kind} ${name}`),
        ['ConfigMap stray'],
      );
      await world.delete('v1', 'configmaps', 'stray');
      await world.until('the warning is gone', async () => {
        const app = await world.application();
        return !(app?.status?.conditions ?? []).some(({ type }) => type === 'OrphanedResourceWarning');
      });
    },
  },
  {
    name: 'with warn off orphans are shown and nobody is warned',
    async run(world) {
      await project(world, { orphanedResources: { warn: false } });
      await start(world);
      await untilSynced(world);
      await world.create('v1', 'configmaps', {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { name: 'stray' },
      });
      await world.until('the tree shows it', async () => {
        const tree = await world.api(`/api/v1/applications/${world.name}/resource-tree`);
        return (tree as { orphanedNodes: unknown[] }).orphanedNodes.length === 1;
      });
      const app = await world.application();
      assert.equal(app?.status?.conditions, undefined);
    },
  },
];

const GPG_KEYS = 'argocd-gpg-keys-cm';
const SSH_SIGNERS = 'argocd-ssh-allowed-signers-cm';
const SIGSTORE_ROOTS = 'argocd-sigstore-cm';

/** Waits until the application refuses what it was given, and checks that the objects stay as they are. */
async function untilUntrusted(
  world: World,
  want: RegExp,
  data: Record<string, string> | undefined,
): Promise<void> {
  await untilCondition(world, 'ComparisonError', want);
  const app = await world.application();
  assert.equal(app?.status?.sync?.status, 'Unknown');
  assert.deepEqual(await dataOf(world, 'a'), data, 'nothing is applied');
}

const integrity: readonly Scenario[] = [
  {
    name: 'only commits signed with an OpenPGP key of the project are applied, and nothing is pruned for others',
    async run(world) {
      const ada = await pgpSigner({ date: new Date(Date.now() - 60_000) });
      const keys = { [ada.id.slice(-16)]: ada.publicKey };
      await withSettings(
        world,
        keys,
        async () => {
          await project(world, { signatureKeys: [{ keyID: ada.id.slice(-16) }] });
          await start(world);
          await untilUntrusted(world, /is not trusted: it has no signature; sign it with a key/, undefined);
          const signed = await world.commitSigned({ 'a.yaml': configMap('a', { v: '2' }) }, ada);
          await untilSynced(world, signed);
          await world.commit({ 'a.yaml': null, 'b.yaml': configMap('b', { v: '1' }) });
          await untilUntrusted(world, /it has no signature/, { v: '2' });
          const eve = await pgpSigner();
          await world.commitSigned({ 'a.yaml': configMap('a', { v: '3' }) }, eve);
          await untilUntrusted(world, /OpenPGP key \S+, which is not in argocd-gpg-keys-cm/, { v: '2' });
          const again = await world.commitSigned(
            { 'a.yaml': configMap('a', { v: '4' }), 'b.yaml': null },
            ada,
          );
          await untilSynced(world, again);
        },
        GPG_KEYS,
      );
    },
  },
  {
    name: 'a policy of sourceIntegrity takes SSH signatures, and a commit that touches nothing is looked at, too',
    async run(world) {
      const ada = sshSigner('ed25519');
      await withSettings(
        world,
        { allowed_signers: ada.publicKey },
        async () => {
          const ssh = { mode: 'head', keys: ['ada@example.com'] };
          await project(world, { sourceIntegrity: { git: { policies: [{ repos: [{ url: '**' }], ssh }] } } });
          await world.commitSigned({ 'a.yaml': configMap('a', { v: '1' }) }, ada);
          await world.apply({ project: world.name, syncPolicy: AUTOMATED });
          await untilSynced(world);
          await world.commit({ '../elsewhere/note.txt': world.name });
          await untilUntrusted(world, /it has no signature/, { v: '1' });
          const signed = await world.commitSigned({ 'a.yaml': configMap('a', { v: '2' }) }, ada);
          await untilSynced(world, signed);
        },
        SSH_SIGNERS,
      );
    },
  },
  {
    name: 'a policy of sourceIntegrity takes keyless signatures by the identities it names, with a log entry and without requests',
    async run(world) {
      const sigstore = new Sigstore(Date.now());
      // Made a day ago: the certificate is long over, the log knows when it was used.
      const by = (subject: string, options: KeylessOptions = {}) =>
        sigstore.signer({ subject, at: Date.now() - 24 * 3_600_000, ...options });
      const ada = by('ada@example.com');
      await withSettings(
        world,
        { 'example.json': sigstore.trustedRoot() },
        async () => {
          const identities = [{ issuer: ISSUER, subject: '*@example.com' }];
          const policy = { mode: 'head', trustedRoot: 'example.json', identities };
          await project(world, {
            sourceIntegrity: { git: { policies: [{ repos: [{ url: '**' }], sigstore: policy }] } },
          });
          await start(world);
          await untilUntrusted(world, /it has no signature/, undefined);
          const first = await world.commitSigned({ 'a.yaml': configMap('a', { v: '1' }) }, ada);
          await untilSynced(world, first);
          await world.commitSigned({ 'a.yaml': configMap('a', { v: '2' }) }, by('eve@evil.example'));
          await untilUntrusted(
            world,
            /it is signed by eve@evil\.example \(issuer \S+\), which the project does not name/,
            { v: '1' },
          );
          const unlogged = by('ada@example.com', { entry: () => undefined });
          await world.commitSigned({ 'a.yaml': configMap('a', { v: '3' }) }, unlogged);
          await untilUntrusted(world, /holds 0 entries of a transparency log.*gitsign\.rekorMode/, {
            v: '1',
          });
          const again = await world.commitSigned({ 'a.yaml': configMap('a', { v: '4' }) }, ada);
          await untilSynced(world, again);
        },
        SIGSTORE_ROOTS,
      );
    },
  },
];

/** A first wave that waits for a child whose health only the test decides, and a second one with a config map. */
async function startInWaves(world: World): Promise<void> {
  const place = `${world.name}-apps`;
  await namespace(world, place);
  const child = [
    `apiVersion: ${API}`,
    'kind: Application',
    'metadata:',
    '  name: child',
    `  namespace: ${place}`,
    'spec:',
    '  project: default',
    `  source: {repoURL: ${world.repoUrl}, path: ., targetRevision: ${world.name}}`,
    `  destination: {server: ${SERVER}, namespace: ${place}}`,
  ];
  await start(world, {
    'child.yaml': `${child.join('\n')}\n`,
    'a.yaml': configMap('a', { v: '1' }, { 'argocd.argoproj.io/sync-wave': '1' }),
  });
  await world.until('the first wave waits', async () => {
    const { operationState } = (await world.application())?.status ?? {};
    const isApplied = operationState?.syncResult?.resources?.some(({ name }) => name === 'child') === true;
    return operationState?.phase === 'Running' && isApplied;
  });
}

async function endFirstWave(world: World): Promise<void> {
  const status = { health: { status: 'Healthy' }, sync: { status: 'Synced' } };
  await world.patch(API, 'applications', 'child', { status }, `${world.name}-apps`);
}

const between: readonly Scenario[] = [
  {
    name: 'S-F12: a kind that the project takes back between two waves is not applied any more',
    async run(world) {
      await project(world);
      await startInWaves(world);
      await patchProject(world, { namespaceResourceBlacklist: [{ group: '', kind: 'ConfigMap' }] });
      await endFirstWave(world);
      await untilFailed(world, /resource :ConfigMap is not permitted in project/);
      assert.equal(await dataOf(world, 'a'), undefined, 'nothing is applied');
    },
  },
  {
    name: 'S-F12: a destination that the project takes back between two waves ends the sync',
    async run(world) {
      await project(world);
      await startInWaves(world);
      await patchProject(world, { destinations: [{ server: SERVER, namespace: 'elsewhere' }] });
      await endFirstWave(world);
      await untilCondition(world, 'InvalidSpecError', /do not match any of the allowed destinations/);
      await untilOperation(world, 'Error', /do not match any of the allowed destinations/);
      assert.equal(await dataOf(world, 'a'), undefined, 'nothing is applied');
    },
  },
  {
    name: 'S-F12: a window that closes between two waves holds the second one until it opens',
    async run(world) {
      await project(world);
      await startInWaves(world);
      await patchProject(world, { syncWindows: [ALWAYS] });
      await endFirstWave(world);
      await untilOperation(world, 'Running', /blocked by sync window/);
      assert.equal(await dataOf(world, 'a'), undefined, 'nothing is applied');
      await patchProject(world, { syncWindows: null });
      await untilSynced(world);
      await untilData(world, 'a', 'v', '1');
    },
  },
];

const deletion: readonly Scenario[] = [
  {
    name: 'a project with the finalizer stays while an application uses it, says which, and goes with the last one',
    async run(world) {
      await project(world, {}, { finalizers: ['resources-finalizer.argocd.argoproj.io'] });
      await start(world);
      await untilSynced(world);
      await world.delete(API, 'appprojects', world.name, 'argocd');
      await world.until('it is said why', async () => {
        const events = await world.api(`/api/v1/projects/${world.name}/events`);
        return (events as { items: { message?: string }[] }).items.some(({ message = '' }) =>
          /is not deleted while 1 applications use it: argocd\/s\d+/.test(message),
        );
      });
      assert.notEqual(await world.get(API, 'appprojects', world.name, 'argocd'), undefined);
      await world.deleteApplication();
      await world.until(
        'the project is gone',
        async () => (await world.get(API, 'appprojects', world.name, 'argocd')) === undefined,
      );
    },
  },
];

export const projects: readonly Scenario[] = [
  ...rules,
  ...windows,
  ...identities,
  ...anyNamespace,
  ...orphans,
  ...integrity,
  ...between,
  ...deletion,
];
