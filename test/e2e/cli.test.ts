// Fairlead as somebody uses it who just cloned it: `up`, git, the command line, Ctrl-C, again. Every command is a
// process of its own, started by another Node when there is an older one.
import assert from 'node:assert/strict';
import { execFile, execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { promisify } from 'node:util';
import { parse as parseYaml } from 'yaml';
import {
  connectionOfKubeconfig,
  createKubeClient,
  type KubeClient,
  type KubeObject,
  wellKnown,
} from '../../src/k8s/index.ts';
import { systemClock, systemRandom } from '../../src/lib/index.ts';
import {
  type Ended,
  type FairleadProcess,
  freePortRange,
  runFairlead,
  startFairlead,
} from '../support/fairlead-process.ts';

interface Ready {
  readonly url: string;
  readonly gitUrl: string;
  readonly kubeconfig: string;
  readonly username: string;
  readonly password: string;
}

const GIT = {
  GIT_AUTHOR_NAME: 'Ann',
  GIT_AUTHOR_EMAIL: 'ann@shop.test',
  GIT_COMMITTER_NAME: 'Ann',
  GIT_COMMITTER_EMAIL: 'ann@shop.test',
};
/** A commit shows in the cluster within this time; measured well below one second on an idle machine. */
const PUSH_TO_CLUSTER_MS = 3_000;
const SERVICES = { group: '', version: 'v1', kind: 'Service', resource: 'services', namespaced: true };
const CONFIG_MAPS = { group: '', version: 'v1', kind: 'ConfigMap', resource: 'configmaps', namespaced: true };

let folder: string;
let port: number;
let up: FairleadProcess;
let ready: Ready;
let kube: KubeClient;

/** An older Node on the PATH, which the launcher must replace by its own; else the one that runs this. */
function anyOlderNode(): string {
  for (const directory of (process.env.PATH ?? '').split(delimiter)) {
    const file = join(directory, 'node');
    if (!existsSync(file)) continue;
    const major = Number(/^v(\d+)/.exec(execFileSync(file, ['--version']).toString())?.[1]);
    if (major >= 20 && major < 26) return file;
  }
  return process.execPath;
}

const node = anyOlderNode();

async function startUp(...args: readonly string[]): Promise<void> {
  up = startFairlead(['up', '--port', String(port), ...args], { cwd: folder, node });
  await up.until(/Ctrl-C stops everything/);
  ready = JSON.parse(await readFile(join(folder, '.fairlead', 'ready.json'), 'utf8')) as Ready;
  const connection = await connectionOfKubeconfig(await readFile(ready.kubeconfig, 'utf8'), {
    clock: systemClock,
  });
  await kube?.close();
  kube = createKubeClient(connection, {}, { clock: systemClock, random: systemRandom });
}

/** Runs a command in the folder of `up`; words are separated by blanks. */
function call(args: string): Promise<Ended> {
  return runFairlead(args.split(' '), { cwd: folder });
}

async function ok(args: string): Promise<string> {
  const { code, stdout, stderr } = await call(args);
  assert.equal(code, 0, `fairlead ${args}\n${stdout}${stderr}`);
  return stdout;
}

/** One line on stderr, nothing else, and the exit code. */
async function fails(args: string, code: number, message: RegExp): Promise<void> {
  const result = await call(args);
  assert.deepEqual(
    [result.code, result.stdout],
    [code, ''],
    `fairlead ${args}\n${result.stdout}${result.stderr}`,
  );
  assert.match(result.stderr, message);
  assert.equal(result.stderr.trim().split('\n').length, 1, result.stderr);
}

async function git(cwd: string, ...args: readonly string[]): Promise<string> {
  const env = { PATH: process.env.PATH ?? '', HOME: folder, ...GIT };
  return (await promisify(execFile)('git', args, { cwd, env })).stdout.trim();
}

/** Changes a file of the clone, commits and pushes; returns the commit. */
async function push(file: string, change: (text: string) => string, message: string): Promise<string> {
  const clone = join(folder, 'clone');
  const path = join(clone, file);
  await writeFile(path, change(await readFile(path, 'utf8')));
  await git(clone, 'commit', '--quiet', '--all', '--message', message);
  await git(clone, 'push', '--quiet');
  return await git(clone, 'rev-parse', 'HEAD');
}

async function greeting(): Promise<string | undefined> {
  const live = await kube.find(CONFIG_MAPS, { namespace: 'dev', name: 'web-dev' });
  return (live?.['data'] as Record<string, string> | undefined)?.['greeting'];
}

/** Milliseconds until the greeting is `wanted`. */
async function untilGreeting(wanted: string, timeoutMs: number): Promise<number> {
  const begin = performance.now();
  for (;;) {
    const seen = await greeting();
    const waited = performance.now() - begin;
    if (seen === wanted) return waited;
    assert.ok(waited < timeoutMs, `after ${timeoutMs} ms the greeting is still ${seen}`);
    await systemClock.sleep(10);
  }
}

suite('the command line, as a user', () => {
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fairlead-user-'));
    port = await freePortRange(3);
    await startUp();
  });
  after(async () => {
    await kube?.close();
    await up?.end();
    await rm(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
  });

  test('up says where everything is and lets nobody else read it', async () => {
    assert.deepEqual(Object.keys(ready), ['url', 'gitUrl', 'kubeconfig', 'username', 'password']);
    for (const text of [ready.url, ready.gitUrl, ready.kubeconfig, ready.password]) {
      assert.ok(up.output().stdout.includes(text), text);
    }
    assert.equal(up.output().stderr, '');
    for (const file of ['ready.json', 'kubeconfig']) {
      assert.equal((await stat(join(folder, '.fairlead', file))).mode & 0o077, 0, file);
    }
    assert.equal((await fetch(`${ready.url}/healthz`)).status, 200);
  });

  test('the sample applications become Synced and Healthy', async () => {
    await ok('app wait web-dev web-prod api-dev api-prod --sync --health --timeout 30');
    assert.equal(
      await ok('app list -o name'),
      'argocd/api-dev\nargocd/api-prod\nargocd/web-dev\nargocd/web-prod\n',
    );
    assert.match(
      await ok('app list'),
      /^argocd\/web-dev +\S+ +dev +default +Synced +Healthy +Auto-Prune +<none>$/m,
    );
    assert.match(await ok('app list -o wide'), /sample\.git +web +main$/m);
    const listed = JSON.parse(await ok('app list -o json')) as KubeObject[];
    assert.deepEqual(
      (parseYaml(await ok('app list -o yaml')) as KubeObject[]).map(({ metadata }) => metadata.name),
      listed.map(({ metadata }) => metadata.name),
    );
    assert.equal(await ok('app list --sync OutOfSync -o name'), '');
  });

  test('a push changes the cluster within seconds, and the application says who did what', async (t) => {
    await git(folder, 'clone', '--quiet', ready.gitUrl, 'clone');
    const commit = await push(
      'web/values-dev.yaml',
      (text) => text.replace('Hello from dev', 'Hello from me'),
      'Greet in person',
    );
    const waited = await untilGreeting('Hello from me', PUSH_TO_CLUSTER_MS);
    t.diagnostic(`from push to cluster: ${Math.round(waited)} ms`);
    await ok('app wait web-dev --sync --operation --timeout 60');
    assert.match(
      await ok('app get web-dev'),
      new RegExp(`Commit: +${commit.slice(0, 7)} Ann <ann@shop.test>.*Greet in person`),
    );
    assert.match(
      await ok('app history web-dev'),
      new RegExp(`^1 .*main \\(${commit.slice(0, 7)}\\) +automated sync$`, 'm'),
    );
    assert.equal(await ok('app history web-dev -o id'), '0\n1\n');
    assert.match(await ok('app get web-dev -o tree'), /Deployment dev\/web-dev[\s\S]*ReplicaSet[\s\S]*Pod/);
    assert.match(await ok('app manifests web-dev'), /greeting: Hello from me/);
    assert.match(await ok('app manifests web-dev --source live'), /resourceVersion/);
    assert.match(await ok('app resources web-dev'), /ReplicaSet/);
    assert.match(await ok('app logs web-dev --tail 1'), /level=/);
  });

  test('drift is put back, and the record names who made it', async () => {
    await kube.patch(
      CONFIG_MAPS,
      { namespace: 'dev', name: 'web-dev' },
      { type: 'merge', body: { data: { greeting: 'drift' } } },
      { fieldManager: 'kubectl-edit' },
    );
    await untilGreeting('Hello from me', PUSH_TO_CLUSTER_MS);
  });

  test('set, rollback, diff and sync go together', async () => {
    assert.match(await ok('app rollback web-dev 0 --reason trying --for 1h'), /Phase: +Succeeded/);
    await untilGreeting('Hello from dev', PUSH_TO_CLUSTER_MS);
    await ok('app release web-dev');
    await untilGreeting('Hello from me', PUSH_TO_CLUSTER_MS);
    await fails('app release web-dev', 20, /is not held/);
    await ok('app set web-dev --sync-policy none');
    assert.match(await ok('app rollback web-dev 0'), /Phase: +Succeeded/);
    assert.equal(await greeting(), 'Hello from dev');
    const different = await call('app diff web-dev');
    assert.equal(different.code, 1, different.stderr);
    assert.match(different.stdout, /^- +greeting: Hello from dev\n\+ +greeting: Hello from me$/m);
    assert.doesNotMatch(different.stdout, /generation/);
    assert.equal((await call('app diff web-dev --diff-exit-code 3')).code, 3);
    assert.equal((await call('app diff web-dev --exit-code=false')).code, 0);
    assert.match(await ok('app sync web-dev --dry-run'), /dry run/);
    assert.equal(await greeting(), 'Hello from dev');
    assert.match(await ok('app sync web-dev'), /Phase: +Succeeded/);
    assert.equal(await greeting(), 'Hello from me');
    assert.equal(await ok('app diff web-dev'), '');
    await ok('app set web-dev --sync-policy automated --self-heal --auto-prune');
  });

  test('create, sync in part, and delete with its objects', async () => {
    const source = `--repo ${ready.gitUrl} --path api/overlays/dev --revision main`;
    const place = '--dest-server https://kubernetes.default.svc --dest-namespace extra';
    await ok(`app create extra ${source} ${place} --sync-option CreateNamespace=true`);
    assert.match(await ok('app list --search extra'), /OutOfSync +Missing/);
    await ok('app sync extra --resource :Service:api');
    assert.match(await ok('app get extra'), /Service +extra +api +Synced/);
    await ok('app sync extra');
    await ok('app wait extra --health --timeout 60');
    await fails('app terminate-op extra', 20, /No operation is in progress/);
    await ok('app delete extra --yes --wait --timeout 60');
    assert.equal(await kube.find(SERVICES, { namespace: 'extra', name: 'api' }), undefined);
    await fails('app get extra', 20, /extra/);
  });

  test('a running operation can be ended', async () => {
    const source = `--repo ${ready.gitUrl} --path stuck --revision main`;
    const place = '--dest-server https://kubernetes.default.svc --dest-namespace stuck';
    await mkdir(join(folder, 'clone', 'stuck'));
    await writeFile(
      join(folder, 'clone', 'stuck', 'job.yaml'),
      'apiVersion: batch/v1\nkind: Job\nmetadata: {name: never, annotations: {argocd.argoproj.io/hook: PreSync}}\nspec: {template: {spec: {restartPolicy: Never, containers: [{name: c, image: "shop/tool:pending"}]}}}\n',
    );
    await git(join(folder, 'clone'), 'add', '--all');
    await push('stuck/job.yaml', (text) => text, 'Add a job that never runs');
    await ok(`app create stuck ${source} ${place} --sync-option CreateNamespace=true`);
    await ok('app sync stuck --async');
    const waiting = await call('app wait stuck --operation --timeout 1');
    assert.equal(waiting.code, 20, waiting.stdout);
    assert.match(waiting.stderr, /timed out/);
    await ok('app terminate-op stuck');
    await ok('app wait stuck --operation --timeout 60');
    assert.match(await ok('app get stuck'), /Last Sync: +Failed.*terminated/);
    await ok('app delete stuck --yes --wait --timeout 60');
    assert.match(await ok('app wait stuck --delete --timeout 60'), /application 'stuck' deleted/);
  });

  test('a chart that does not render is explained, and nothing else stops', async () => {
    await push('web/values-prod.yaml', () => 'replicas: [unclosed\n', 'Break production');
    await ok('app wait web-dev --sync --timeout 60');
    const broken = await untilMatch(() => ok('app get web-prod --refresh'), /ComparisonError/);
    assert.match(broken, /values-prod\.yaml/);
    assert.match(await ok('app list --search web-prod'), /ComparisonError/);
    await git(join(folder, 'clone'), 'revert', '--no-edit', 'HEAD');
    await git(join(folder, 'clone'), 'push', '--quiet');
    await ok('app wait web-prod --sync --health --timeout 60');
  });

  test('mistakes cost one line and an exit code', async () => {
    await fails('app get nope', 20, /nope/);
    await fails('app sync nope', 20, /nope/);
    await fails('app delete nope --yes', 20, /nope/);
    await fails('app list --server 127.0.0.1:1 --plaintext', 11, /127\.0\.0\.1:1/);
    await fails('app list --auth-token nonsense', 20, /sign in|token|session/i);
    for (const args of ['app bogus', 'bogus', 'app list -o bogus', 'up --port abc']) {
      assert.equal((await call(args)).code, 1, args);
    }
    const elsewhere = await runFairlead(['app', 'list'], {
      cwd: tmpdir(),
      env: { HOME: join(folder, 'nobody') },
    });
    assert.equal(elsewhere.code, 20);
    assert.match(elsewhere.stderr, /fairlead login SERVER/);
  });

  test('the record is whole and can be searched', async () => {
    assert.match(await ok('audit verify'), /The record is whole: \d+ records checked/);
    assert.match(
      await ok('audit query --limit 200 --action object.delete'),
      /Deployment extra\/api +succeeded/,
    );
    const { items } = JSON.parse(await ok('audit query --name extra --action application.* -o json')) as {
      items: { action: string; actor: { name: string } }[];
    };
    assert.deepEqual([...new Set(items.map(({ actor }) => actor.name))], ['admin']);
    assert.ok(items.some(({ action }) => action === 'application.create'));
  });

  test('version and completion', async () => {
    assert.match(await ok('version'), /^fairlead: v\d+\.\d+\.\d+\nfairlead-server: v/);
    assert.match(await ok('version --client --short'), /^fairlead: v\d/);
    for (const shell of ['bash', 'zsh', 'fish']) assert.match(await ok(`completion ${shell}`), /fairlead/);
    await promisify(execFile)('bash', ['-nc', await ok('completion bash')]);
  });

  test('a second up in the same folder, or on the same port, says so in one line', async () => {
    await fails(`up --port ${port}`, 20, /Cannot open .*\.fairlead: process \d+ writes to it/);
    await fails(`up --port ${port} --fresh`, 20, /writes to it/);
    await fails('serve --kubeconfig .fairlead/kubeconfig', 20, /writes to it/);
    assert.deepEqual(JSON.parse(await readFile(join(folder, '.fairlead', 'ready.json'), 'utf8')), ready);
    await fails(`up --port ${port} --data-dir other`, 20, /another process listens there.*--port/);
    const blocker = createServer();
    const first = await freePortRange(3);
    await new Promise<void>((resolve) => blocker.listen(first, '127.0.0.1', resolve));
    await fails(
      `up --port ${first} --data-dir third`,
      20,
      /page and the API on .*another process listens there/,
    );
    await new Promise((resolve) => blocker.close(resolve));
    await fails(
      `serve --kubeconfig .fairlead/kubeconfig --listen 127.0.0.1:${port} --data-dir fourth`,
      20,
      /another process listens there/,
    );
    await fails('serve --kubeconfig absent --data-dir fifth', 20, /Cannot read kubeconfig/);
    assert.equal((await fetch(`${ready.url}/healthz`)).status, 200);
  });

  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    test(`${signal} stops everything; the next start goes on where it was`, async () => {
      const before = ready;
      const names = await ok('app list -o name');
      const { code, stderr } = await up.end(signal);
      assert.deepEqual([code, stderr], [0, '']);
      assert.equal(existsSync(join(folder, '.fairlead', 'ready.json')), false);
      await assert.rejects(fetch(`${before.url}/healthz`));
      await assert.rejects(fetch(`${before.gitUrl}/info/refs?service=git-upload-pack`));
      await startUp();
      assert.deepEqual(ready, before);
      assert.equal(await ok('app list -o name'), names);
      assert.equal(await greeting(), 'Hello from me');
      await ok('app wait web-dev web-prod api-dev api-prod --sync --health --timeout 30');
      assert.match(await ok('audit verify'), /whole/);
    });
  }

  test('after the restart a push still arrives', async () => {
    await push('web/values-dev.yaml', (text) => text.replace('from me', 'again'), 'Greet again');
    await untilGreeting('Hello again', PUSH_TO_CLUSTER_MS);
  });

  test('kill -9 loses nothing that was accepted', async () => {
    const [child] = childrenOf(up.child.pid ?? 0);
    if (child !== undefined) process.kill(child, 'SIGKILL');
    await up.end('SIGKILL');
    await startUp();
    assert.equal(await greeting(), 'Hello again');
    await ok('app wait web-dev --sync --health --timeout 30');
    assert.match(await ok('audit verify'), /whole/);
  });

  test('--fresh starts over', async () => {
    const { password } = ready;
    await writeFile(join(folder, '.fairlead', 'mine.txt'), 'kept');
    await up.end();
    await startUp('--fresh');
    assert.notEqual(ready.password, password);
    await ok('app wait web-dev --sync --timeout 30');
    assert.equal(await greeting(), 'Hello from dev');
    assert.equal(await ok('app history web-dev -o id'), '0\n');
    assert.equal(await readFile(join(folder, '.fairlead', 'mine.txt'), 'utf8'), 'kept');
  });
});

test('apiserver writes a kubeconfig, keeps its objects, and ends on Ctrl-C', async () => {
  const cwd = await mkdtemp(join(tmpdir(), 'fairlead-apiserver-'));
  const args = [
    'apiserver',
    '--listen',
    '127.0.0.1:0',
    '--kubeconfig-out',
    'kubeconfig',
    '--data-dir',
    'state',
  ];
  const deps = { clock: systemClock, random: systemRandom };
  try {
    for (const round of [1, 2]) {
      const server = startFairlead(args, { cwd });
      await server.until(/kubeconfig: /);
      const connection = await connectionOfKubeconfig(readFileSync(join(cwd, 'kubeconfig'), 'utf8'), deps);
      const client = createKubeClient(connection, {}, deps);
      const kept = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'kept' } };
      if (round === 1) await client.create(wellKnown.namespaces, kept);
      else assert.notEqual(await client.find(wellKnown.namespaces, { name: 'kept' }), undefined);
      await client.close();
      const { code, stderr } = await server.end();
      assert.deepEqual([code, stderr], [0, '']);
    }
    const refused = await runFairlead([...args.slice(0, 4), 'absent/kubeconfig', '--data-dir', 'x'], { cwd });
    assert.equal(refused.code, 20);
    assert.match(refused.stderr, /^Error: Cannot write the kubeconfig to .*--kubeconfig-out\n$/);
  } finally {
    await rm(cwd, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
  }
});

async function untilMatch(ask: () => Promise<string>, pattern: RegExp): Promise<string> {
  const deadline = performance.now() + 10_000;
  for (;;) {
    const text = await ask();
    if (pattern.test(text)) return text;
    assert.ok(performance.now() < deadline, `never ${pattern}:\n${text}`);
  }
}

/** Only the launcher's own child; Linux. */
function childrenOf(pid: number): number[] {
  const file = `/proc/${pid}/task/${pid}/children`;
  if (!existsSync(file)) return [];
  return readFileSync(file, 'utf8').split(' ').filter(Boolean).map(Number);
}
