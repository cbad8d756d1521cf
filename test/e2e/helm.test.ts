// The official helm as a user of the embedded Kubernetes API: releases, hooks, waiting.
import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { type RunningApiServer, startApiServer } from '../../src/apiserver/index.ts';
import { silentLogger, systemClock, systemRandom } from '../../src/lib/index.ts';
import { type ClientTools, clientTools, type ToolResult } from '../support/client-tools.ts';

const HOOKS = [
  'pre-install',
  'post-install',
  'pre-upgrade',
  'post-upgrade',
  'pre-rollback',
  'pre-delete',
  'test',
];
const WORKLOAD = `apiVersion: apps/v1
kind: Deployment
metadata: {name: {{ .Release.Name }}}
spec:
  replicas: {{ .Values.replicas }}
  progressDeadlineSeconds: {{ .Values.deadlineSeconds }}
  selector: {matchLabels: {app: {{ .Release.Name }}}}
  template:
    metadata: {labels: {app: {{ .Release.Name }}}}
    spec:
      containers: [{name: web, image: {{ .Values.image | quote }}, ports: [{containerPort: 80}]}]
---
apiVersion: v1
kind: Service
metadata: {name: {{ .Release.Name }}}
spec: {selector: {app: {{ .Release.Name }}}, ports: [{port: 80}]}
{{- if .Values.extra }}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: {{ .Release.Name }}-extra}
data: {revision: {{ .Release.Revision | quote }}, node: {{ (index (lookup "v1" "Node" "" "").items 0).metadata.name }}}
{{- end }}
`;
const GADGETS = `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: trinkets.shop.test}
spec:
  group: shop.test
  scope: Namespaced
  names: {plural: trinkets, singular: trinket, kind: Trinket}
  versions: [{name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}}]
`;

let server: RunningApiServer;
let tools: ClientTools;
let chart: string;

async function writeChart(folder: string): Promise<void> {
  const files: Record<string, string> = {
    'Chart.yaml': 'apiVersion: v2\nname: web\nversion: 1.0.0\nappVersion: "1"\n',
    'values.yaml': 'image: shop/web:1\nreplicas: 2\nextra: false\ndeadlineSeconds: 60\nhookFails: ""\n',
    'templates/web.yaml': WORKLOAD,
    'templates/NOTES.txt': 'Serves {{ .Values.image }}.\n',
    'crds/trinkets.yaml': GADGETS,
    ...Object.fromEntries(HOOKS.map((hook) => [`templates/${hook}.yaml`, hookJob(hook)])),
  };
  for (const [name, content] of Object.entries(files)) {
    await mkdir(join(folder, name, '..'), { recursive: true });
    await writeFile(join(folder, name), content);
  }
}

function hookJob(hook: string): string {
  return `apiVersion: batch/v1
kind: Job
metadata:
  name: {{ .Release.Name }}-${hook}
  annotations:
    helm.sh/hook: ${hook}
    helm.sh/hook-delete-policy: before-hook-creation
spec:
  backoffLimit: 0
  template:
    spec:
      restartPolicy: Never
      containers: [{name: hook, image: 'shop/tool:{{ eq .Values.hookFails "${hook}" | ternary "fail" "1" }}'}]
`;
}

async function helm(namespace: string, args: string): Promise<string> {
  const result = await run(namespace, args);
  assert.equal(result.code, 0, `helm ${args}\n${result.stdout}${result.stderr}`);
  return result.stdout;
}

function run(namespace: string, args: string): Promise<ToolResult> {
  return tools.helm(['--namespace', namespace, ...args.replace('CHART', chart).split(' ')]);
}

async function kubectl(namespace: string, args: string): Promise<string> {
  const result = await tools.kubectl(['--namespace', namespace, ...args.split(' ')]);
  assert.equal(result.code, 0, `kubectl ${args}\n${result.stdout}${result.stderr}`);
  return result.stdout;
}

suite('helm', { concurrency: 4 }, () => {
  before(async () => {
    server = await startApiServer({
      listen: { host: '127.0.0.1', port: 0 },
      clock: systemClock,
      random: systemRandom,
      log: silentLogger,
    });
    tools = await clientTools(server.kubeconfig());
    chart = join(tools.folder, 'web');
    await writeChart(chart);
  });
  after(async () => {
    await tools?.close();
    await server?.close();
  });

  test('install, upgrade, rollback and uninstall, each with its hooks and waiting', async () => {
    const ns = 'life';
    const installed = await helm(
      ns,
      'install web CHART --create-namespace --wait --wait-for-jobs --timeout 30s',
    );
    assert.match(installed, /STATUS: deployed\nREVISION: 1[\s\S]*Serves shop\/web:1\./);
    assert.equal(await kubectl(ns, 'get deploy web -o jsonpath={.status.readyReplicas}'), '2');
    assert.match(await kubectl(ns, 'get crd -o name'), /trinkets\.shop\.test/);
    assert.match(await helm(ns, 'list'), /web\s+life\s+1\s.*deployed\s+web-1\.0\.0\s+1/);
    assert.match(await helm(ns, 'list --all-namespaces --output json'), /"name":"web","namespace":"life"/);
    assert.match(await helm(ns, 'status web'), /==> v1\/Deployment[\s\S]*web +2\/2/);

    await helm(ns, 'upgrade web CHART --set image=shop/web:2,extra=true --wait --timeout 30s');
    assert.equal(
      await kubectl(ns, 'get cm web-extra -o jsonpath={.data.revision}/{.data.node}'),
      '2/fairlead-node',
    );
    assert.equal(await kubectl(ns, 'get deploy web -o jsonpath={..image}'), 'shop/web:2');
    assert.match(await helm(ns, 'get values web'), /image: shop\/web:2/);

    await helm(ns, 'rollback web 1 --wait --timeout 30s');
    assert.equal(await kubectl(ns, 'get deploy web -o jsonpath={..image}'), 'shop/web:1');
    assert.equal(await kubectl(ns, 'get cm web-extra --ignore-not-found -o name'), '');
    assert.match(await helm(ns, 'test web --timeout 30s'), /TEST SUITE: +web-test[\s\S]*Phase: +Succeeded/);
    assert.match(
      await helm(ns, 'history web'),
      /^1 .*superseded.*Install complete\s*\n2 .*superseded.*Upgrade complete\s*\n3 .*deployed.*Rollback to 1/m,
    );

    await helm(ns, 'uninstall web --wait --timeout 30s');
    const jobs = (await kubectl(ns, 'get jobs -o name')).trim().split('\n').sort();
    assert.deepEqual(jobs, HOOKS.map((hook) => `job.batch/web-${hook}`).sort());
    assert.equal(await kubectl(ns, 'get deploy,svc,pods -l app=web -o name'), '');
    assert.equal(await kubectl(ns, 'get secrets -o name'), '');
    assert.match((await run(ns, 'status web')).stderr, /release: not found/);
  });

  test('a failed hook fails the release, and a later upgrade repairs it', async () => {
    const ns = 'hooks';
    const failed = await run(
      ns,
      'install web CHART --create-namespace --set hookFails=pre-install --timeout 20s',
    );
    assert.equal(failed.code, 1);
    assert.match(failed.stderr, /failed pre-install/);
    assert.match(await helm(ns, 'list --failed'), /failed/);
    assert.equal(await kubectl(ns, 'get deploy -o name'), '');
    await helm(ns, 'upgrade --install web CHART --wait --timeout 30s');
    assert.match(await helm(ns, 'list'), /deployed/);
  });

  test('an image that cannot be pulled fails --wait, and --rollback-on-failure goes back', async () => {
    const ns = 'pulls';
    await helm(ns, 'install web CHART --create-namespace --wait --timeout 30s');
    const failed = await run(
      ns,
      'upgrade web CHART --set image=shop/web:pull-error,deadlineSeconds=1 --rollback-on-failure --timeout 3s',
    );
    assert.equal(failed.code, 1, failed.stdout);
    assert.equal(await kubectl(ns, 'get deploy web -o jsonpath={..image}'), 'shop/web:1');
    assert.match(await helm(ns, 'history web'), /^2 .*failed[\s\S]*^3 .*deployed.*Rollback to 1/m);
  });

  test('an upgrade changes what others changed back, and reports conflicts of server-side apply', async () => {
    const ns = 'conflicts';
    await helm(ns, 'install web CHART --create-namespace --server-side=true');
    await kubectl(ns, 'scale deployment web --replicas 5');
    const result = await run(ns, 'upgrade web CHART --server-side=true --set replicas=3');
    assert.equal(result.code, 1, result.stdout);
    assert.match(result.stderr, /conflict.*kubectl.*\.spec\.replicas/);
    await helm(ns, 'upgrade web CHART --server-side=true --set replicas=3 --force-conflicts');
    assert.equal(await kubectl(ns, 'get deploy web -o jsonpath={.spec.replicas}'), '3');
  });

  test('three-way merges of client-side releases work, too', async () => {
    const ns = 'merges';
    await helm(ns, 'install web CHART --create-namespace --server-side=false');
    await kubectl(ns, 'label deployment web kept=yes');
    await helm(ns, 'upgrade web CHART --server-side=false --set replicas=1 --wait --timeout 30s');
    assert.equal(
      await kubectl(ns, 'get deploy web -o jsonpath={.spec.replicas}/{.metadata.labels.kept}'),
      '1/yes',
    );
    await helm(ns, 'uninstall web --keep-history');
    assert.match(await helm(ns, 'list --uninstalled'), /uninstalled/);
  });

  test('dry runs and templates ask the server and change nothing', async () => {
    const ns = 'default';
    assert.match(
      await helm(ns, 'install dry CHART --dry-run=server --set extra=true'),
      /node: fairlead-node/,
    );
    assert.match(await helm(ns, 'template dry CHART --dry-run=server'), /kind: Deployment/);
    assert.equal(await kubectl(ns, 'get deploy,secrets -o name'), '');
  });

  test('a release does not take over objects that are somebody else’s', async () => {
    const ns = 'owners';
    await kubectl(ns, 'create namespace owners');
    await kubectl(ns, 'create service clusterip web --tcp 80:80');
    const refused = await run(ns, 'install web CHART');
    assert.equal(refused.code, 1);
    assert.match(refused.stderr, /cannot be imported into the current release: invalid ownership metadata/);
    await helm(ns, 'install web CHART --take-ownership');
  });
});
