// kill -9 of the control plane right after its n-th write, then a restart: the operation completes, the hook ran once,
// the journal verifies.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type RunningApiServer, startApiServer } from '../../src/apiserver/index.ts';
import { openJournal } from '../../src/journal/index.ts';
import type { KubeObject } from '../../src/k8s/index.ts';
import { silentLogger, systemClock, systemRandom } from '../../src/lib/index.ts';
import { startGitServer, type TestGitServer } from '../support/git-server.ts';

const APPLICATIONS = { group: 'argoproj.io', resource: 'applications' };
const JOBS = { group: 'batch', resource: 'jobs' };
const CONFIG_MAPS = { group: '', resource: 'configmaps' };
const UNTIL_MS = 60_000;

const FILES = {
  'app/hook.yaml': `apiVersion: batch/v1
kind: Job
metadata:
  name: migrate
  annotations: {argocd.argoproj.io/hook: PreSync, argocd.argoproj.io/hook-delete-policy: BeforeHookCreation}
spec:
  template: {spec: {restartPolicy: Never, containers: [{name: c, image: busybox}]}}
`,
  'app/first.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: first}\ndata: {v: "1"}\n',
  'app/second.yaml':
    'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: second, annotations: {argocd.argoproj.io/sync-wave: "1"}}\ndata: {v: "1"}\n',
};

let git: TestGitServer;
let repoURL = '';
before(async () => {
  git = await startGitServer();
  const repository = await git.repository('kill');
  repository.push(FILES);
  repoURL = repository.url;
});
after(() => git.close());

for (const point of [1, 2, 3, 4, 6]) {
  test(`a control plane killed after write ${point} of a sync with a hook and two waves completes it after a restart`, async () => {
    const folder = await mkdtemp(join(tmpdir(), 'fairlead-kill-'));
    const cluster = await startApiServer({
      clock: systemClock,
      random: systemRandom,
      log: silentLogger,
      listen: { host: '127.0.0.1', port: 0 },
    });
    const children: ChildProcess[] = [];
    try {
      const kubeconfig = join(folder, 'kubeconfig');
      await writeFile(kubeconfig, cluster.kubeconfig());
      await mkdir(join(folder, 'data'));
      const serve = (): ChildProcess => start(children, kubeconfig, join(folder, 'data'));
      const first = serve();
      await until('the definitions are there', () =>
        cluster.internal.types().some(({ resource }) => resource === 'applications'),
      );
      const jobs = countCreations(cluster, JOBS, 'migrate');
      killAfter(cluster, first, point);
      createApplication(cluster);
      await once(first, 'exit');
      serve();
      await until('the application is Synced', () => {
        const app = cluster.internal.get(APPLICATIONS, 'argocd', 'a') as
          | { status?: { sync?: { status: string }; operationState?: { phase: string } } }
          | undefined;
        return app?.status?.sync?.status === 'Synced' && app.status.operationState?.phase === 'Succeeded';
      });
      assert.ok(cluster.internal.get(CONFIG_MAPS, 'default', 'first'));
      assert.ok(cluster.internal.get(CONFIG_MAPS, 'default', 'second'));
      assert.equal(jobs(), 1, 'the hook ran once');
      await stopAll(children);
      const journal = await openJournal(
        { clock: systemClock },
        { url: `sqlite:${join(folder, 'data', 'journal.sqlite')}` },
      );
      const verification = await journal.verify();
      const left = (await journal.openIntents()).filter(({ state }) => state === 'open');
      await journal.close();
      assert.equal(verification.ok, true, JSON.stringify(verification));
      assert.deepEqual(left, [], 'every intent has an outcome, if only "unknown"');
    } finally {
      await stopAll(children);
      await cluster.close();
      await rm(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
    }
  });
}

function start(children: ChildProcess[], kubeconfig: string, dataDir: string): ChildProcess {
  const args = [
    'bin/fairlead.js',
    'serve',
    '--kubeconfig',
    kubeconfig,
    '--data-dir',
    dataDir,
    '--listen',
    '127.0.0.1:0',
    '--auth',
    'off',
  ];
  const child = spawn(process.execPath, args, { stdio: 'ignore' });
  children.push(child);
  return child;
}

async function stopAll(children: ChildProcess[]): Promise<void> {
  for (const child of children.splice(0)) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
}

/** Kills `child` right after the n-th write that a sync makes: operation states, hooks, objects. */
function killAfter(cluster: RunningApiServer, child: ChildProcess, point: number): void {
  let writes = 0;
  const count = (object: KubeObject): void => {
    const isOurs =
      object.kind === 'Application'
        ? object['status'] !== undefined
        : object.metadata.annotations?.['argocd.argoproj.io/tracking-id'] !== undefined;
    if (!isOurs) return;
    writes += 1;
    if (writes === point) child.kill('SIGKILL');
  };
  for (const type of [APPLICATIONS, JOBS, CONFIG_MAPS])
    cluster.internal.subscribe(type, ({ object }) => count(object));
}

function countCreations(cluster: RunningApiServer, type: typeof JOBS, name: string): () => number {
  let count = 0;
  cluster.internal.subscribe(type, ({ object, type: event }) => {
    if (event === 'ADDED' && object.metadata.name === name) count += 1;
  });
  return () => count;
}

function createApplication(cluster: RunningApiServer): void {
  cluster.internal.create(APPLICATIONS, {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Application',
    metadata: { name: 'a', namespace: 'argocd' },
    spec: {
      project: 'default',
      source: { repoURL, path: 'app', targetRevision: 'main' },
      destination: { server: 'https://kubernetes.default.svc', namespace: 'default' },
      syncPolicy: { automated: { prune: true, selfHeal: true } },
    },
  });
}

/** The server runs in this process, but what is awaited happens in another one: time has to pass. */
async function until(what: string, check: () => boolean): Promise<void> {
  const deadline = performance.now() + UNTIL_MS;
  while (!check()) {
    if (performance.now() > deadline) throw new Error(`waited ${UNTIL_MS} ms until ${what}`);
    await sleep(50);
  }
}
