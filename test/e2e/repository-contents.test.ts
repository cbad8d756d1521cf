// What is in a repository, for people who make an application: revisions, folders with a tool, what can be set.
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { type RunningApiServer, startApiServer } from '../../src/apiserver/index.ts';
import { type ControlPlane, startControlPlane } from '../../src/app/compose.ts';
import { connectionOfKubeconfig } from '../../src/k8s/index.ts';
import { silentLogger, systemClock, systemExec, systemRandom } from '../../src/lib/index.ts';
import { startGitServer, type TestGitServer } from '../support/git-server.ts';

const PATH = process.env.PATH ?? '';
const DEPS = { clock: systemClock, random: systemRandom, exec: systemExec, log: silentLogger, path: PATH };
const UNTIL_MS = 60_000;
const CHART = 'apiVersion: v2\nname: web\nversion: 1.0.0\n';
const PROJECTS = {
  group: 'argoproj.io',
  version: 'v1alpha1',
  kind: 'AppProject',
  resource: 'appprojects',
  namespaced: true,
};

let folder: string;
let api: RunningApiServer;
let plane: ControlPlane;
let git: TestGitServer;
let repo: string;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fairlead-contents-'));
  api = await startApiServer({ ...DEPS, listen: { host: '127.0.0.1', port: 0 } });
  git = await startGitServer();
  plane = await startControlPlane(DEPS, {
    connection: await connectionOfKubeconfig(api.kubeconfig(), { clock: systemClock }),
    namespace: 'argocd',
    host: '127.0.0.1',
    port: 0,
    auth: 'off',
    dataDir: join(folder, 'data'),
    installCrds: true,
    uiDirectory: join(folder, 'no-page'),
  });
  const repository = await git.repository('shop');
  repo = repository.url;
  repository.push({
    'charts/web/Chart.yaml': CHART,
    'charts/web/values.yaml': 'image: {tag: "1", "a.b": x}\nhosts:\n  - name: shop.test\nempty: null\n',
    'charts/web/values-prod.yaml': 'image: {tag: "2"}\nreplicas: 3\n',
    'charts/web/templates/map.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: web}\n',
    'charts/web/charts/part/Chart.yaml': CHART,
    'overlays/dev/kustomization.yaml': 'resources: [pod.yaml]\nimages: [{name: shop/web, newTag: "7"}]\n',
    'overlays/dev/pod.yaml':
      'apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec: {containers: [{name: web, image: "shop/web:1"}]}\n',
    'plain/map.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: web}\n',
  });
  repository.git('tag', 'v1.0.0');
  repository.git('branch', 'next');
  repository.git('push', '-q', 'origin', 'v1.0.0', 'next');
  await plane.home.create(PROJECTS, {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'AppProject',
    metadata: { name: 'closed', namespace: 'argocd' },
    spec: { sourceRepos: ['https://elsewhere.test/*'] },
  });
  const added = await call('POST', '/api/v1/repositories', { repo });
  assert.equal(added.status, 200, added.text);
  const deadline = performance.now() + UNTIL_MS;
  while ((await call('GET', `${one()}/refs`)).status !== 200) {
    assert.ok(performance.now() < deadline, 'waited until the repository is known');
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
});

after(async () => {
  await plane?.close();
  git?.close();
  await api?.close();
  await rm(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
});

async function call(method: string, path: string, body?: unknown) {
  const answer = await fetch(`${plane.url}${path}`, {
    method,
    headers: { 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  return { status: answer.status, text, body: JSON.parse(text) as Record<string, unknown> };
}

const one = (): string => `/api/v1/repositories/${encodeURIComponent(repo)}`;
const details = (source: object, more: object = {}) =>
  call('POST', `${one()}/appdetails`, {
    source: { repoURL: repo, targetRevision: 'main', ...source },
    appName: 'web',
    appProject: 'default',
    ...more,
  });

test('refs names branches and tags', async () =>
  assert.deepEqual((await call('GET', `${one()}/refs`)).body, {
    branches: ['main', 'next'],
    tags: ['v1.0.0'],
  }));

test('apps names the folders that Helm or kustomize render, charts inside of charts left out', async () =>
  assert.deepEqual((await call('GET', `${one()}/apps?revision=v1.0.0&appProject=default`)).body, {
    items: [
      { path: 'charts/web', type: 'Helm' },
      { path: 'overlays/dev', type: 'Kustomize' },
    ],
  }));

test('appdetails of a chart has its value files and its parameters as helm --set names them', async () => {
  const source = { path: 'charts/web', helm: { valueFiles: ['values-prod.yaml', '$other/x.yaml'] } };
  const { body, text } = await details(source);
  assert.equal(body['type'], 'Helm', text);
  const helm = body['helm'] as Record<string, unknown>;
  assert.equal(helm['name'], 'web');
  assert.deepEqual(helm['valueFiles'], ['values-prod.yaml', 'values.yaml']);
  assert.match(String(helm['values']), /^image: \{tag: "1"/);
  assert.deepEqual(helm['parameters'], [
    { name: 'image.tag', value: '2' },
    { name: 'image.a\\.b', value: 'x' },
    { name: 'hosts[0].name', value: 'shop.test' },
    { name: 'empty', value: '' },
    { name: 'replicas', value: '3' },
  ]);
});

test('appdetails of a kustomization has the images of what it renders to; plain files have nothing to set', async () => {
  assert.deepEqual((await details({ path: 'overlays/dev' })).body, {
    type: 'Kustomize',
    kustomize: { images: ['shop/web:7'] },
  });
  assert.deepEqual((await details({ path: 'plain' })).body, { type: 'Directory', directory: {} });
});

test('a source that the project does not permit, that is elsewhere or that is not there is said so', async () => {
  const refused = await details({ path: 'plain' }, { appProject: 'closed' });
  assert.match(refused.text, /is not permitted in project 'closed'; add it to the project's sourceRepos/);
  const elsewhere = await call('POST', `${one()}/appdetails`, {
    source: { repoURL: 'https://elsewhere.test/x', path: '.' },
  });
  assert.equal(elsewhere.status, 400, elsewhere.text);
  const missing = await details({ path: 'charts/web', targetRevision: 'nowhere' });
  assert.ok(missing.status >= 400 && missing.status < 500, missing.text);
  assert.match(missing.text, /nowhere/);
});
