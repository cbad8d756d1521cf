// kubectl and Helm as people use them, against the embedded server. Runs where the tools are on the PATH
// (FAIRLEAD_KUBECTL and FAIRLEAD_HELM name others); a missing tool skips its suite.
import assert from 'node:assert/strict';
import { execFile, execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { promisify } from 'node:util';
import { type RunningApiServer, startApiServer } from '../../../src/apiserver/index.ts';
import { silentLogger, systemClock, systemRandom } from '../../../src/lib/index.ts';

const run = promisify(execFile);
const kubectl = process.env['FAIRLEAD_KUBECTL'] ?? 'kubectl';
const helm = process.env['FAIRLEAD_HELM'] ?? 'helm';

function missing(tool: string): string | false {
  try {
    execFileSync(tool, ['version', ...(tool === kubectl ? ['--client'] : [])], { stdio: 'ignore' });
    return false;
  } catch {
    return `${tool} is not on the PATH`;
  }
}

const DEFINITION = `
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: crontabs.stable.example.com}
spec:
  group: stable.example.com
  scope: Namespaced
  names: {plural: crontabs, kind: CronTab, shortNames: [ct]}
  versions:
  - name: v1
    served: true
    storage: true
    schema:
      openAPIV3Schema:
        type: object
        properties:
          spec:
            type: object
            properties: {cron: {type: string}, replicas: {type: integer, default: 1, minimum: 1}}
          status: {type: object, properties: {replicas: {type: integer}}}
    additionalPrinterColumns: [{name: Spec, type: string, jsonPath: .spec.cron}]
    subresources: {status: {}, scale: {specReplicasPath: .spec.replicas, statusReplicasPath: .status.replicas}}
`;
const OBJECT = `
apiVersion: stable.example.com/v1
kind: CronTab
metadata: {name: one}
spec: {cron: "* * * * *"}
`;

function useServer(): { exec(tool: string, ...args: string[]): Promise<string>; folder(): string } {
  let server: RunningApiServer;
  let folder = '';
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'fairlead-tools-'));
    server = await startApiServer({
      listen: { host: '127.0.0.1', port: 0 },
      clock: systemClock,
      random: systemRandom,
      log: silentLogger,
    });
    writeFileSync(join(folder, 'kubeconfig'), server.kubeconfig());
    writeFileSync(join(folder, 'definition.yaml'), DEFINITION);
    writeFileSync(join(folder, 'object.yaml'), OBJECT);
  });
  after(async () => {
    await server?.close();
    rmSync(folder, { recursive: true, force: true });
  });
  return {
    folder: () => folder,
    async exec(tool, ...args) {
      const env = { PATH: process.env['PATH'] ?? '', HOME: folder, KUBECONFIG: join(folder, 'kubeconfig') };
      const { stdout, stderr } = await run(tool, args, { env, cwd: folder, timeout: 60_000 });
      return `${stdout}${stderr}`;
    },
  };
}

suite('kubectl', { skip: missing(kubectl) }, () => {
  const { exec } = useServer();
  const k = (...args: string[]): Promise<string> => exec(kubectl, ...args);

  test('runs a deployment from creation to deletion', async () => {
    assert.match(await k('create', 'deployment', 'web', '--image=nginx', '--replicas=2'), /created/);
    assert.match(await k('rollout', 'status', 'deployment/web', '--timeout=30s'), /successfully rolled out/);
    assert.match(await k('get', 'deployment', 'web', '--no-headers'), /^web +2\/2 +2 +2 /);
    assert.match(await k('set', 'image', 'deployment/web', 'nginx=nginx:2'), /image updated/);
    await k('scale', 'deployment/web', '--replicas=3');
    assert.match(await k('rollout', 'status', 'deployment/web', '--timeout=30s'), /successfully rolled out/);
    assert.notEqual(await k('logs', 'deployment/web', '--tail=1'), '');
    assert.match(await k('describe', 'deployment', 'web'), /ScalingReplicaSet/);
    assert.match(await k('delete', 'deployment', 'web', '--cascade=foreground'), /deleted/);
    assert.doesNotMatch(await k('get', 'pods', '--no-headers'), /Running/);
  });

  test('applies, waits for, explains, patches and diffs custom resources', async () => {
    assert.match(await k('apply', '-f', 'definition.yaml'), /created/);
    await k('wait', '--for=condition=Established', 'crd/crontabs.stable.example.com', '--timeout=10s');
    assert.match(await k('apply', '-f', 'object.yaml'), /created/);
    assert.match(await k('apply', '-f', 'object.yaml'), /unchanged/);
    assert.match(
      await k('apply', '--server-side', '--force-conflicts', '-f', 'object.yaml'),
      /serverside-applied/,
    );
    assert.equal(await k('diff', '-f', 'object.yaml'), '');
    assert.match(await k('explain', 'ct.spec'), /cron\t<string>/);
    assert.match(await k('get', 'ct'), /NAME +SPEC\none +\* \* \* \* \*/);
    await k('scale', 'ct/one', '--replicas=3');
    assert.equal(await k('get', 'ct', 'one', '-o', 'jsonpath={.spec.replicas}'), '3');
    const patch = '{"spec":{"replicas":0}}';
    await assert.rejects(
      k('patch', 'ct', 'one', '--type=merge', '-p', patch),
      /should be greater than or equal to 1/,
    );
    assert.match(await k('delete', 'crd', 'crontabs.stable.example.com'), /deleted/);
    await assert.rejects(
      k('get', 'ct'),
      /could not find the requested resource|doesn't have a resource type/,
    );
  });

  test('asks who may do what', async () => {
    assert.equal((await k('auth', 'can-i', 'delete', 'nodes')).split('\n')[0], 'yes');
    await assert.rejects(k('auth', 'can-i', 'get', 'pods', '--as=system:serviceaccount:default:default'), {
      stdout: 'no\n',
    });
    assert.match(await k('auth', 'whoami'), /kubernetes-admin/);
    assert.match(await k('api-resources'), /deployments +deploy +apps\/v1 +true +Deployment/);
  });
});

suite('helm', { skip: missing(helm) }, () => {
  const { exec, folder } = useServer();

  test('installs, upgrades, rolls back and uninstalls a chart', async () => {
    const chart = join(folder(), 'chart');
    await exec(helm, 'create', chart);
    assert.match(await exec(helm, 'install', 'my', chart, '--wait', '--timeout=60s'), /STATUS: deployed/);
    await exec(helm, 'upgrade', 'my', chart, '--set', 'replicaCount=2', '--wait', '--timeout=60s');
    assert.match(await exec(helm, 'history', 'my'), /2 .*deployed.*Upgrade complete/s);
    assert.match(await exec(helm, 'rollback', 'my', '1', '--wait'), /Rollback was a success/);
    assert.match(await exec(helm, 'uninstall', 'my', '--wait'), /uninstalled/);
    assert.doesNotMatch(await exec(helm, 'list', '--short'), /my/);
  });
});
