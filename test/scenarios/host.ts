// Runs scenarios: one cluster (embedded or real), one Git server, one control plane, and a World for each scenario.
import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { startApiServer } from '../../src/apiserver/index.ts';
import { type ControlPlane, type ControlPlaneOptions, startControlPlane } from '../../src/app/compose.ts';
import { initRepository, serveRepositories } from '../../src/git/index.ts';
import {
  connectionOfKubeconfig,
  createKubeClient,
  isKubeError,
  type KubeClient,
  loadKubeconfig,
  type ResourceType,
} from '../../src/k8s/index.ts';
import { silentLogger, systemClock, systemExec, systemRandom } from '../../src/lib/index.ts';
import type { Application, ApplicationSource } from '../../src/model/index.ts';
import { testCli } from '../support/cli.ts';
import { startControlPlane as startRealCluster } from '../support/control-plane.ts';
import { commitObject, type Signer } from '../support/signing.ts';
import type { Files, Scenario, World } from './world.ts';

const run = promisify(execFile);
const PATH = process.env.PATH ?? '';
const DEPS = { clock: systemClock, random: systemRandom, exec: systemExec, log: silentLogger, path: PATH };
/** Never waited for in full: two slow cores may be shared with other test files. */
const UNTIL_MS = 60_000;
const POLL_MS = 25;

export interface Host {
  /** The cluster's URL, for messages. */
  readonly cluster: string;
  readonly plane: () => ControlPlane;
  /** The administrator's kubeconfig, as text. */
  readonly kubeconfig: () => string;
  run(scenario: Scenario, index: number): Promise<void>;
  close(): Promise<void>;
}

/** @param options what the control plane gets besides, or instead */
export async function startHost(
  kind: 'embedded' | 'real',
  options: Partial<ControlPlaneOptions> = {},
): Promise<Host> {
  const folder = await mkdtemp(join(tmpdir(), 'fairlead-scenarios-'));
  const cluster = kind === 'embedded' ? await embeddedCluster() : await realCluster();
  const root = join(folder, 'repositories');
  await mkdir(root, { recursive: true });
  await initRepository({ ...DEPS, root }, 'shared');
  const git = await serveRepositories({ ...DEPS, root }, '127.0.0.1:0');
  const repoUrl = `${git.url}/shared.git`;
  const startPlane = (): Promise<ControlPlane> =>
    startControlPlane(DEPS, {
      connection: cluster.connection,
      namespace: 'argocd',
      host: '127.0.0.1',
      port: 0,
      auth: 'off',
      dataDir: join(folder, 'data'),
      installCrds: true,
      role: 'all',
      uiDirectory: join(folder, 'no-page'),
      // Every push is announced; the poll is for the ones whose announcement met a restart.
      timing: { pollMs: 15_000, revisionPassMs: 200, waveDelayMs: 50 },
      ...options,
    });
  let plane = await startPlane();
  const kube = createKubeClient(cluster.connection, {}, DEPS);
  return {
    cluster: cluster.connection.server,
    plane: () => plane,
    kubeconfig: cluster.kubeconfig,
    async run(scenario, index) {
      const name = `s${index}`;
      const world = createWorld({
        name,
        kube,
        repoUrl,
        work: join(folder, 'work', name),
        planeUrl: () => plane.url,
        journal: async (action) => (await plane.journal.query({ filters: { action } })).records,
        async crash() {
          await plane.close();
          plane = await startPlane();
        },
      });
      if (scenario.namespace !== false)
        await kube.create(NAMESPACES, { apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
      try {
        await scenario.run(world);
      } catch (error) {
        throw new Error(`${name}: ${String(error)}\n${JSON.stringify((await world.application())?.status)}`, {
          cause: error,
        });
      } finally {
        await removeApplications(world, kube);
      }
    },
    async close() {
      await plane.close();
      await kube.close();
      await git.close();
      await cluster.close();
      await rm(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
    },
  };
}

const NAMESPACES: ResourceType = {
  group: '',
  version: 'v1',
  kind: 'Namespace',
  resource: 'namespaces',
  namespaced: false,
};
const CONFIG_MAPS: ResourceType = {
  group: '',
  version: 'v1',
  kind: 'ConfigMap',
  resource: 'configmaps',
  namespaced: true,
};
const APPLICATIONS: ResourceType = {
  group: 'argoproj.io',
  version: 'v1alpha1',
  kind: 'Application',
  resource: 'applications',
  namespaced: true,
};

async function embeddedCluster() {
  const server = await startApiServer({ ...DEPS, listen: { host: '127.0.0.1', port: 0 } });
  const connection = await connectionOfKubeconfig(server.kubeconfig(), { clock: systemClock });
  return { connection, kubeconfig: () => server.kubeconfig(), close: () => server.close() };
}

async function realCluster() {
  const plane = await startRealCluster();
  const connection = await loadKubeconfig(plane.kubeconfig, { clock: systemClock });
  return { connection, kubeconfig: () => readFileSync(plane.kubeconfig, 'utf8'), close: () => plane.close() };
}

interface WorldParts {
  readonly name: string;
  readonly kube: KubeClient;
  readonly repoUrl: string;
  readonly work: string;
  planeUrl(): string;
  journal(action: string): Promise<readonly { readonly reason?: string }[]>;
  crash(): Promise<void>;
}

function createWorld(parts: WorldParts): World {
  const send: World['callText'] = async (method, rest, body?: string) => {
    const response = await fetch(`${parts.planeUrl()}/api/v1/applications/${rest}`, {
      method,
      headers: { 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body }),
    });
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  };
  const { kube, name, repoUrl } = parts;
  const path = `apps/${name}`;
  const defaults = {
    project: 'default',
    // A branch for each: the commits of one scenario are nobody else's, and its history may be rewritten.
    source: { repoURL: repoUrl, path, targetRevision: name },
    destination: { server: 'https://kubernetes.default.svc', namespace: name },
  };
  const place = (namespace: string | null | undefined): string =>
    namespace === null ? '' : (namespace ?? name);
  const world: World = {
    name,
    namespace: name,
    path,
    repoUrl,
    crash: parts.crash,
    commit: (files, message) => commit(parts, path, files, ['--message', message ?? `change ${name}`]),
    commitSigned: (files, signer) => commitSigned(parts, path, files, signer),
    rewrite: (files) => commit(parts, path, files, ['--amend', '--message', `rewrite ${name}`]),
    journal: (action) => parts.journal(action),
    async cli(...argv) {
      await using cli = await testCli();
      return await cli.run(...argv, '--server', parts.planeUrl(), '--plaintext');
    },
    async apply(spec = {}, metadata = {}) {
      const applied = metadata.name ?? name;
      const existing = await world.application(applied);
      const app: Application = {
        apiVersion: 'argoproj.io/v1alpha1',
        kind: 'Application',
        metadata: {
          ...metadata,
          name: applied,
          namespace: 'argocd',
          labels: { ...metadata.labels, scenario: name },
        },
        spec: { ...defaults, ...spec, ...onBranch(spec.source, name) },
      };
      if (existing === undefined) await kube.create(APPLICATIONS, app);
      else {
        // A spec is replaced, not merged: what the scenario leaves out is gone.
        await kube.patch(APPLICATIONS, app.metadata as { name: string; namespace: string }, {
          type: 'json',
          body: [{ op: 'replace', path: '/spec', value: app.spec }],
        });
      }
    },
    api: async (path) => await (await fetch(new URL(path, parts.planeUrl()))).json(),
    application: (other = name) => kube.find<Application>(APPLICATIONS, { namespace: 'argocd', name: other }),
    get: async (apiVersion, plural, object, namespace) => {
      try {
        return await kube.find(typeOf(apiVersion, plural, namespace), {
          namespace: place(namespace),
          name: object,
        });
      } catch (error) {
        if (isKubeError(error, 'UNKNOWN_KIND')) return undefined;
        throw error;
      }
    },
    create: (apiVersion, plural, object, namespace) =>
      kube.create(
        typeOf(apiVersion, plural, namespace),
        { ...object, metadata: { ...object.metadata, namespace: place(namespace) } },
        { fieldManager: 'kubectl-client-side-apply' },
      ),
    patch: (apiVersion, plural, object, body, namespace) =>
      kube.patch(
        typeOf(apiVersion, plural, namespace),
        { namespace: place(namespace), name: object },
        { type: 'merge', body },
        { fieldManager: 'kubectl-edit' },
      ),
    async patchStatus(apiVersion, plural, object, status) {
      await kube.patch(
        typeOf(apiVersion, plural, name),
        { namespace: name, name: object },
        { type: 'merge', body: { status } },
        { fieldManager: 'controller', subresource: 'status' },
      );
    },
    async delete(apiVersion, plural, object, namespace) {
      await kube.delete(typeOf(apiVersion, plural, namespace), { namespace: place(namespace), name: object });
    },
    async patchApplication(body, other = name) {
      await kube.patch(APPLICATIONS, { namespace: 'argocd', name: other }, { type: 'merge', body });
    },
    async deleteApplication(other = name) {
      await kube.delete(APPLICATIONS, { namespace: 'argocd', name: other });
    },
    list: async (apiVersion, plural, namespace) => {
      const answer = await kube.listAll(typeOf(apiVersion, plural, namespace), {
        namespace: place(namespace),
      });
      if (answer.kind !== 'complete') throw new Error(answer.reason);
      return answer.items;
    },
    call: (method, rest, body) => send(method, rest, body === undefined ? undefined : JSON.stringify(body)),
    callText: send,
    async configure(key, value) {
      const body = { data: { [key]: value } };
      const ref = { namespace: 'argocd', name: 'argocd-cm' };
      if ((await kube.find(CONFIG_MAPS, ref)) === undefined)
        await kube.create(CONFIG_MAPS, { apiVersion: 'v1', kind: 'ConfigMap', metadata: ref });
      await kube.patch(CONFIG_MAPS, ref, { type: 'merge', body });
    },
    until,
  };
  return world;
}

/** What a scenario commits is on its branch, also when it describes the source itself. */
function onBranch(source: ApplicationSource | undefined, branch: string): Partial<Application['spec']> {
  return source === undefined ? {} : { source: { targetRevision: branch, ...source } };
}

function typeOf(apiVersion: string, plural: string, namespace: string | null | undefined): ResourceType {
  const slash = apiVersion.indexOf('/');
  const group = slash < 0 ? '' : apiVersion.slice(0, slash);
  const version = apiVersion.slice(slash + 1);
  return { group, version, kind: plural, resource: plural, namespaced: namespace !== null };
}

async function until<T>(
  what: string,
  check: () => Promise<T | undefined | false>,
  timeoutMs = UNTIL_MS,
): Promise<T> {
  const deadline = performance.now() + timeoutMs;
  let last: unknown;
  for (;;) {
    try {
      const found = await check();
      if (found !== undefined && found !== false) return found;
      last = found;
    } catch (error) {
      last = error;
    }
    if (performance.now() > deadline)
      throw new Error(`waited ${timeoutMs} ms until ${what}`, { cause: last });
    // A real server is asked again; nothing here runs on a simulated clock.
    await sleep(POLL_MS);
  }
}

async function commit(
  parts: WorldParts,
  path: string,
  files: Files,
  how: readonly string[],
): Promise<string> {
  await stage(parts, path, files);
  const { work } = parts;
  await gitIn(work, 'commit', '--quiet', '--allow-empty', ...how);
  return await push(parts, how.includes('--amend'));
}

/** A commit object written as git would, with a signature that needs no tool of the machine. */
async function commitSigned(parts: WorldParts, path: string, files: Files, signer: Signer): Promise<string> {
  const { work } = parts;
  await stage(parts, path, files);
  const tree = (await gitIn(work, 'write-tree')).trim();
  const parents = (await gitIn(work, 'rev-list', '--max-count=1', '--branches')).split('\n').filter(Boolean);
  const { body } = await commitObject({ tree, parents, message: 'a signed change' }, signer);
  const file = join(work, '..', `commit-${tree}`);
  await writeFile(file, body);
  const id = (await gitIn(work, 'hash-object', '-t', 'commit', '-w', file)).trim();
  await gitIn(work, 'reset', '--quiet', '--hard', id);
  return await push(parts, false);
}

async function stage(parts: WorldParts, path: string, files: Files): Promise<void> {
  const { name: branch, work, repoUrl } = parts;
  await startBranch(work, branch, repoUrl);
  for (const [name, content] of Object.entries(files)) {
    const file = join(work, path, name);
    if (content === null) await rm(file, { force: true });
    else {
      await mkdir(dirname(file), { recursive: true });
      await writeFile(file, content);
    }
  }
  await gitIn(work, 'add', '--all');
}

async function push(parts: WorldParts, force: boolean): Promise<string> {
  const { name: branch, repoUrl, work } = parts;
  await gitIn(work, 'push', '--quiet', ...(force ? ['--force'] : []), 'origin', `HEAD:${branch}`);
  const sha = (await gitIn(work, 'rev-parse', 'HEAD')).trim();
  const body = { ref: `refs/heads/${branch}`, after: sha, repository: { clone_url: repoUrl } };
  await fetch(`${parts.planeUrl()}/api/webhook`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-github-event': 'push' },
    body: JSON.stringify(body),
  });
  return sha;
}

async function startBranch(work: string, branch: string, repoUrl: string): Promise<void> {
  if (existsSync(join(work, '.git'))) return;
  await mkdir(work, { recursive: true });
  await gitIn(work, 'init', '--quiet', '--initial-branch', branch);
  await gitIn(work, 'remote', 'add', 'origin', repoUrl);
}

async function gitIn(cwd: string, ...args: string[]): Promise<string> {
  const identity = {
    GIT_AUTHOR_NAME: 'Tester',
    GIT_AUTHOR_EMAIL: 'tester@example.test',
    GIT_COMMITTER_NAME: 'Tester',
    GIT_COMMITTER_EMAIL: 'tester@example.test',
  };
  const { stdout } = await run('git', args, { cwd, env: { PATH, HOME: cwd, ...identity } });
  return stdout;
}

/** So that the applications of one scenario do not go on while others run. */
async function removeApplications({ name }: World, kube: KubeClient): Promise<void> {
  const answer = await kube.listAll(APPLICATIONS, { namespace: 'argocd', labelSelector: `scenario=${name}` });
  for (const { metadata } of answer.kind === 'complete' ? answer.items : []) {
    const ref = { namespace: 'argocd', name: metadata.name ?? '' };
    const body = { metadata: { finalizers: null } };
    if ((metadata.finalizers ?? []).length > 0)
      await kube.patch(APPLICATIONS, ref, { type: 'merge', body }).catch(() => undefined);
    await kube.delete(APPLICATIONS, ref).catch(() => undefined);
  }
}
