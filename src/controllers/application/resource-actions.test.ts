// Actions against a real API: whose objects they may touch, and what happens when somebody else writes meanwhile.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { ActionCatalog } from '../../actions/index.ts';
import { type RunningApiServer, startApiServer } from '../../apiserver/index.ts';
import {
  connectionOfKubeconfig,
  createKubeClient,
  Discovery,
  type KubeObject,
  wellKnown,
} from '../../k8s/index.ts';
import { silentLogger, systemClock, systemRandom } from '../../lib/index.ts';
import type { Application } from '../../model/index.ts';
import { LiveCluster } from '../cluster/index.ts';
import type { ApplicationDeps } from './deps.ts';
import { listActions, prepareAction } from './resource-actions.ts';

const DEPS = { clock: systemClock, random: systemRandom, log: silentLogger };
const SIGNAL = new AbortController().signal;
const APP = {
  apiVersion: 'argoproj.io/v1alpha1',
  kind: 'Application',
  metadata: { name: 'web', namespace: 'argocd' },
  spec: { project: 'default', destination: { name: 'here' } },
} as Application;

let api: RunningApiServer;
let cluster: LiveCluster;

before(async () => {
  api = await startApiServer({ ...DEPS, listen: { host: '127.0.0.1', port: 0 } });
  const connection = await connectionOfKubeconfig(api.kubeconfig(), { clock: systemClock });
  const client = createKubeClient(connection, {}, DEPS);
  const discovery = new Discovery({ ...DEPS, client });
  cluster = new LiveCluster(
    { ...DEPS, client, discovery },
    { server: 'https://here', name: 'here', isHome: true },
  );
  await cluster.start(SIGNAL);
});
after(async () => {
  await cluster.stop();
  await api.close();
});

/** @param run what the action makes of the object */
function deps(run: (object: KubeObject) => Promise<KubeObject>): ApplicationDeps {
  const actions: ActionCatalog = {
    configure() {},
    list: async () => [{ name: 'edit', disabled: false }],
    run: async (object) => [{ operation: 'patch', resource: await run(object) }],
  };
  const rules = {
    destinations: [{ server: '*', namespace: 'default' }],
    namespaceResourceBlacklist: [{ group: '', kind: 'Secret' }],
  };
  return {
    actions,
    controlNamespace: 'argocd',
    clusters: { resolve: async () => cluster },
    project: () => ({ spec: rules }),
    impersonation: () => 'off',
  } as unknown as ApplicationDeps;
}

async function create(kind: 'ConfigMap' | 'Secret', name: string, instance: string): Promise<KubeObject> {
  const type = kind === 'ConfigMap' ? wellKnown.configMaps : wellKnown.secrets;
  const object: KubeObject = {
    apiVersion: 'v1',
    kind,
    metadata: {
      name,
      namespace: 'default',
      annotations: { 'argocd.argoproj.io/tracking-id': `${instance}:/${kind}:default/${name}` },
    },
    data: { v: 'MQ==' },
  };
  const created = await cluster.client.create(type, object);
  cluster.observe(created);
  return created;
}

const subject = (name: string, kind = 'ConfigMap') => ({ group: '', kind, namespace: 'default', name });
const edit = { action: 'edit', params: {} };
const labelled = (object: KubeObject, value: string): KubeObject => ({
  ...object,
  metadata: { ...object.metadata, labels: { edited: value } },
});
const live = (name: string): Promise<KubeObject> =>
  cluster.client.get(wellKnown.configMaps, { namespace: 'default', name });

test('prepareAction() writes nothing before perform(), then the difference alone', async () => {
  await create('ConfigMap', 'plain', 'web');
  const prepared = await prepareAction(
    deps(async (object) => labelled(object, 'yes')),
    APP,
    subject('plain'),
    edit,
    SIGNAL,
  );
  assert.deepEqual(prepared?.writes, ['patch ConfigMap default/plain: metadata']);
  assert.deepEqual(prepared?.object, { ...subject('plain'), cluster: 'https://here' });
  assert.equal((await live('plain')).metadata.labels, undefined);

  await prepared?.perform();

  assert.deepEqual((await live('plain')).metadata.labels, { edited: 'yes' });
  assert.deepEqual(cluster.live(subject('plain'))?.object.metadata.labels, { edited: 'yes' });
});

test('perform() works the action out anew when somebody else wrote meanwhile', async () => {
  await create('ConfigMap', 'busy', 'web');
  let runs = 0;
  const prepared = await prepareAction(
    deps(async (object) => {
      runs += 1;
      return labelled(object, `run-${runs}`);
    }),
    APP,
    subject('busy'),
    edit,
    SIGNAL,
  );
  const other = { type: 'merge', body: { data: { other: 'here' } } } as const;
  await cluster.client.patch(wellKnown.configMaps, { namespace: 'default', name: 'busy' }, other);

  await prepared?.perform();

  const now = await live('busy');
  assert.deepEqual([now.metadata.labels, now['data']], [{ edited: 'run-2' }, { v: 'MQ==', other: 'here' }]);
});

test('perform() gives up on an object that is never still', async () => {
  await create('ConfigMap', 'restless', 'web');
  let runs = 0;
  const prepared = await prepareAction(
    deps(async (object) => {
      runs += 1;
      const other = { type: 'merge', body: { data: { count: String(runs) } } } as const;
      await cluster.client.patch(wellKnown.configMaps, { namespace: 'default', name: 'restless' }, other);
      return labelled(object, 'never');
    }),
    APP,
    subject('restless'),
    edit,
    SIGNAL,
  );
  await assert.rejects(async () => await prepared?.perform(), { code: 'CONFLICT' });
  assert.equal(runs, 5);
});

test('objects of others, and objects there are none of, have no actions', async () => {
  await create('ConfigMap', 'foreign', 'other');
  const none = deps(async (object) => object);
  assert.equal(await listActions(none, APP, subject('foreign'), SIGNAL), undefined);
  assert.equal(await listActions(none, APP, subject('absent'), SIGNAL), undefined);
  assert.equal(await prepareAction(none, APP, subject('foreign'), edit, SIGNAL), undefined);
});

test('what the project does not permit is refused before anything is written', async () => {
  await create('Secret', 'hidden', 'web');
  const seen: unknown[] = [];
  const attempt = prepareAction(
    deps(async (object) => {
      seen.push(object['data']);
      return labelled(object, 'no');
    }),
    APP,
    subject('hidden', 'Secret'),
    edit,
    SIGNAL,
  );
  await assert.rejects(attempt, {
    code: 'NOT_PERMITTED',
    message: /would write Secret default\/hidden, a kind that project default does not permit/,
  });
  assert.deepEqual(seen, [{ v: '++++++++' }], 'scripts see no values of Secrets');
});
