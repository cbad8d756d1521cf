// One cluster in this process, one control plane in another behind a proxy that can kill it, one application: runs a
// story and reports what is left of it.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type InternalApi, startApiServer } from '../../src/apiserver/index.ts';
import { openJournal } from '../../src/journal/index.ts';
import { silentLogger, systemClock, systemRandom } from '../../src/lib/index.ts';
import { type CrashMode, type CrashProxy, startCrashProxy } from './crash-proxy.ts';
import { countChanges, stateOf } from './crash-state.ts';
import type { TestFiles, TestGitServer, TestRepository } from './git-server.ts';

export const types = {
  applications: { group: 'argoproj.io', resource: 'applications' },
  configMaps: { group: '', resource: 'configmaps' },
  namespaces: { group: '', resource: 'namespaces' },
  pods: { group: '', resource: 'pods' },
} as const;

export interface CrashWorld {
  readonly cluster: InternalApi;
  readonly namespace: string;
  /** Commits to `main`; the commit. */
  push(files: TestFiles): string;
  /** The newest commit. */
  commit(): string;
  /** Tells the control plane of the newest commit, as a forge does; one that is dead misses it. */
  announce(): Promise<void>;
  createApplication(metadata?: { finalizers?: string[] }): void;
  startPlane(): Promise<void>;
  until(what: string, check: () => boolean): Promise<void>;
}

export interface CrashStory {
  readonly name: string;
  /** Applies before the act, with nothing going wrong. */
  prepare?(world: CrashWorld): Promise<void>;
  /** What somebody does; the faults happen while the control plane answers to it. */
  act(world: CrashWorld): Promise<void>;
  /** True when there is nothing left to do. */
  isOver(world: CrashWorld): boolean;
  /** True: the control plane itself is started during the act. */
  readonly fromStart?: true;
}

export interface CrashFault {
  readonly point: number;
  readonly mode: CrashMode;
}

/** What a run left behind, in a form in which two runs can be compared. */
export interface CrashReport {
  /** True when the fault happened; false when the story had fewer writes. */
  readonly hit: boolean;
  /** `METHOD path` of all writes of the act. */
  readonly writes: readonly string[];
  /** Objects by kind and name, without identities and times. */
  readonly state: Readonly<Record<string, unknown>>;
  /** `Kind name` → how often it was created or deleted during the act. */
  readonly created: Readonly<Record<string, number>>;
  readonly deleted: Readonly<Record<string, number>>;
  /** Faults of the journal: a broken chain, intents nobody ended. */
  readonly journal: readonly string[];
  /** What the control planes had to say: warnings and errors. */
  readonly log: string;
}

const MAIN = fileURLToPath(new URL('./control-plane-main.ts', import.meta.url));
const NAMESPACE = 'shop';
const UNTIL_MS = 60_000;
const POLL_MS = 10;
/** Nothing may be written for so long before a run counts as over; a control plane that starts looks within it. */
const QUIET_MS = 400;
const STARTS = 5;

/** Runs a story once; without a fault when none is given. */
export async function runCrashStory(
  story: CrashStory,
  git: TestGitServer,
  fault?: CrashFault,
): Promise<CrashReport> {
  const folder = mkdtempSync(join(tmpdir(), 'fairlead-crash-'));
  const server = await startApiServer({
    listen: { host: '127.0.0.1', port: 0 },
    tls: false,
    clock: systemClock,
    random: systemRandom,
    log: silentLogger,
    simulateWorkloads: { scheduleMs: 1, startMs: 5, jobMs: 10, terminateMs: 1 },
  });
  const proxy = await startCrashProxy(server.url);
  const repository = await git.repository(folder.slice(folder.lastIndexOf('-') + 1).toLowerCase());
  const kubeconfig = join(folder, 'kubeconfig');
  writeFileSync(kubeconfig, server.kubeconfig().replaceAll(server.url, proxy.url));
  mkdirSync(join(folder, 'data'));
  const plane = planeProcess({ kubeconfig, dataDir: join(folder, 'data') });
  let commit = '';
  const world: CrashWorld = {
    cluster: server.internal,
    namespace: NAMESPACE,
    push(files) {
      commit = repository.push(files);
      return commit;
    },
    commit: () => commit,
    announce: () => announce(plane.url(), repository.url, commit),
    createApplication: (metadata) => createApplication(server.internal, repository.url, metadata),
    startPlane: () => plane.start(),
    until: (what, check) => until(what, plane, proxy, check),
  };
  try {
    server.internal.create(types.namespaces, namespaceObject());
    if (story.fromStart !== true) await plane.start();
    await story.prepare?.(world);
    await quiet(proxy);
    const counts = countChanges(server.internal, NAMESPACE);
    proxy.arm(fault === undefined ? undefined : { ...fault, kill: () => plane.kill() });
    await story.act(world);
    await until('it is over', plane, proxy, () => story.isOver(world));
    await quiet(proxy);
    await until('it is still over', plane, proxy, () => story.isOver(world));
    counts.end();
    const ended = await plane.stop('SIGTERM');
    return {
      hit: proxy.hit(),
      writes: [...proxy.writes],
      state: stateOf(server.internal, namesIn(repository)),
      created: counts.created,
      deleted: counts.deleted,
      journal: [...(await journalFaults(join(folder, 'data'))), ...ended],
      log: plane.log(),
    };
  } catch (error) {
    const app = server.internal
      .list(types.applications)
      .map((object) => JSON.stringify(object['status'], undefined, 1));
    throw new Error(`${story.name}: ${proxy.writes.join('\n')}\n${app.join('\n')}\n${plane.log()}`, {
      cause: error,
    });
  } finally {
    await plane.stop('SIGKILL');
    await proxy.close();
    await server.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Commits by their distance from the newest, and the repository. */
function namesIn({ git, url }: TestRepository): Map<string, string> {
  const commits = git('rev-list', 'HEAD').split('\n');
  return new Map([[url, 'REPOSITORY'], ...commits.map((sha, index) => [sha, `HEAD~${index}`] as const)]);
}

interface PlaneProcess {
  url(): string;
  log(): string;
  isDead(): boolean;
  /** Resolves when it is ready; when it dies on the way it is started again, as whoever runs it would do. */
  start(): Promise<void>;
  kill(): void;
  /** @returns what was wrong with its end */
  stop(signal: NodeJS.Signals): Promise<string[]>;
}

function planeProcess(options: { kubeconfig: string; dataDir: string }): PlaneProcess {
  let child: ChildProcess | undefined;
  let url = '';
  let log = '';
  let killed: ChildProcess | undefined;
  const isDead = (): boolean => child === undefined || child.exitCode !== null || child.signalCode !== null;
  const startOnce = async (): Promise<boolean> => {
    const started = spawn(process.execPath, [MAIN, JSON.stringify(options)], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { PATH: process.env.PATH ?? '', HOME: options.dataDir },
    });
    child = started;
    started.stderr.on('data', (chunk: Buffer) => {
      log += chunk.toString();
    });
    const ready = new Promise<boolean>((resolve) => {
      started.stdout.once('data', (chunk: Buffer) => {
        url = chunk.toString().trim();
        resolve(true);
      });
      started.once('close', () => resolve(false));
    });
    return await ready;
  };
  return {
    url: () => url,
    log: () => log,
    isDead,
    async start() {
      for (let tries = 0; tries < STARTS; tries++) if (await startOnce()) return;
      throw new Error(`the control plane did not start:\n${log}`);
    },
    kill() {
      killed = child;
      child?.kill('SIGKILL');
    },
    async stop(signal) {
      if (child === undefined || isDead()) return [];
      const exited = once(child, 'close');
      child.kill(signal);
      await exited;
      // The write of a fault may be the very last one, an event: then it is killed while it is told to stop.
      if (signal !== 'SIGTERM' || child.exitCode === 0 || child === killed) return [];
      return [`ended with ${child.exitCode}:\n${log}`];
    },
  };
}

async function until(
  what: string,
  plane: PlaneProcess,
  proxy: CrashProxy,
  check: () => boolean,
): Promise<void> {
  const deadline = performance.now() + UNTIL_MS;
  for (;;) {
    if (plane.isDead()) {
      if (!proxy.hit()) throw new Error(`the control plane ended by itself:\n${plane.log()}`);
      await plane.start();
      await quiet(proxy);
    }
    if (check()) return;
    if (performance.now() > deadline) throw new Error(`waited ${UNTIL_MS} ms until ${what}`);
    // Another process works on it; there is no clock to turn.
    await sleep(POLL_MS);
  }
}

async function quiet(proxy: CrashProxy): Promise<void> {
  const deadline = performance.now() + UNTIL_MS;
  for (let count = -1; count !== proxy.writes.length && performance.now() < deadline; ) {
    count = proxy.writes.length;
    await sleep(QUIET_MS);
  }
}

async function announce(planeUrl: string, repositoryUrl: string, commit: string): Promise<void> {
  const body = { ref: 'refs/heads/main', after: commit, repository: { clone_url: repositoryUrl } };
  await fetch(`${planeUrl}/api/webhook`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-github-event': 'push' },
    body: JSON.stringify(body),
  }).catch(() => undefined);
}

function namespaceObject() {
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } };
}

function createApplication(
  cluster: InternalApi,
  repoURL: string,
  metadata: { finalizers?: string[] } = {},
): void {
  cluster.create(types.applications, {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Application',
    metadata: { ...metadata, name: 'app', namespace: 'argocd' },
    spec: {
      project: 'default',
      source: { repoURL, path: '.', targetRevision: 'main' },
      destination: { server: 'https://kubernetes.default.svc', namespace: NAMESPACE },
      syncPolicy: { automated: { prune: true, selfHeal: true } },
    },
  });
}

/** Looked at after the end: a chain that does not verify, and intents of which nobody knows anything. */
async function journalFaults(dataDir: string): Promise<string[]> {
  const journal = await openJournal(
    { clock: systemClock },
    { url: `sqlite:${join(dataDir, 'journal.sqlite')}` },
  );
  try {
    const verification = await journal.verify();
    const open = (await journal.openIntents()).filter(({ state }) => state === 'open');
    return [
      ...(verification.ok ? [] : [JSON.stringify(verification)]),
      ...open.map(({ record }) => `open: ${record.action} ${record.object.kind} ${record.object.name}`),
    ];
  } finally {
    await journal.close();
  }
}
