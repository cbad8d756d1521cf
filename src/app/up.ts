// `fairlead up`: a cluster, a Git server with a sample, the control plane and the page on one machine, nothing else
// installed. State lies in one folder and is taken up again at the next start.
import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { startApiServer } from '../apiserver/index.ts';
import { applicationType } from '../controllers/index.ts';
import { type GitServer, initRepository, serveRepositories } from '../git/index.ts';
import { connectionOfKubeconfig, isKubeError, type KubeClient } from '../k8s/index.ts';
import { limits, lockFolder } from '../lib/index.ts';
import type { Application } from '../model/index.ts';
import { initialPassword } from './accounts.ts';
import { type ControlPlane, type ControlPlaneDeps, startControlPlane } from './compose.ts';
import { readEnvironment } from './config.ts';
import { AppError, addressError, parseListen } from './errors.ts';
import type { ProcessContext, UpOptions } from './options.ts';
import { machineDeps, untilAborted } from './runtime.ts';
import { SAMPLE, uiDirectory } from './ui.ts';

const NAMESPACE = 'argocd';
const REPOSITORY = 'sample';
/** Says that the sample applications were created. */
const SAMPLE_MARK = 'sample-applications';

/** What `ready.json` tells scripts and the command line. */
export interface ReadyFile {
  readonly url: string;
  readonly gitUrl: string;
  readonly kubeconfig: string;
  readonly username: string;
  readonly password: string;
}

/** Resolves when it was told to stop and has stopped. */
export async function runUp(options: UpOptions, context: ProcessContext): Promise<void> {
  const environment = readEnvironment();
  const deps = machineDeps(environment);
  const dataDir = resolve(environment.cwd, options.dataDir);
  const running = await startAll(deps, { ...options, dataDir }, context);
  await untilAborted(context.signal);
  context.print('Stopping …');
  await running.close();
}

interface Running {
  readonly ready: ReadyFile;
  close(): Promise<void>;
}

/** Starts the parts in the order in which they need each other. */
export async function startAll(
  deps: ControlPlaneDeps,
  options: UpOptions,
  context: Pick<ProcessContext, 'print'>,
): Promise<Running> {
  const { dataDir } = options;
  const closers: (() => Promise<void>)[] = [];
  const close = async (): Promise<void> => {
    for (const closer of closers.splice(0).reverse()) await closer();
  };
  try {
    const lock = lockFolder(dataDir);
    closers.push(async () => lock.release());
    if (options.fresh) await startOver(dataDir);
    const readyFile = join(dataDir, 'ready.json');
    // What a killed process left there would send the command line to nobody.
    await rm(readyFile, { force: true });
    const { host, port } = parseListen(options.listen);
    // The Git server and the Kubernetes API take the next two ports, so that clones and kubeconfigs stay valid.
    const next = (offset: number): number => (port === 0 ? 0 : port + offset);

    const cluster = await startApiServer({
      ...deps,
      listen: { host, port: next(2) },
      dataDir: join(dataDir, 'cluster'),
    }).catch((error: unknown) => {
      throw addressError(
        error,
        'the Kubernetes API',
        `${host}:${next(2)}`,
        'Choose another with --port; the two ports after it are taken as well',
      );
    });
    closers.push(() => cluster.close());
    const kubeconfig = join(dataDir, 'kubeconfig');
    await writeFile(kubeconfig, cluster.kubeconfig(), { mode: 0o600 });

    let plane: ControlPlane | undefined;
    const git = await startGit(deps, dataDir, `${host}:${next(1)}`, (url) => plane?.announce([url]));
    closers.push(() => git.close());
    plane = await startControlPlane(deps, {
      connection: await connectionOfKubeconfig(cluster.kubeconfig(), { clock: deps.clock }),
      namespace: NAMESPACE,
      host,
      port,
      auth: 'on',
      dataDir,
      installCrds: true,
      uiDirectory: await uiDirectory(deps),
    }).catch((error: unknown) => {
      throw addressError(
        error,
        'the page and the API',
        options.listen,
        'Stop it, or choose another port with --port',
      );
    });
    closers.push(() => plane?.close() ?? Promise.resolve());

    const gitUrl = `${git.url}/${REPOSITORY}.git`;
    await createSampleApplicationsOnce(plane.home, gitUrl, join(dataDir, SAMPLE_MARK));
    const password = (await initialPassword(plane.home, NAMESPACE)) ?? '';
    const ready: ReadyFile = { url: plane.url, gitUrl, kubeconfig, username: 'admin', password };
    closers.push(() => rm(readyFile, { force: true }));
    await writeFile(readyFile, `${JSON.stringify(ready, undefined, 2)}\n`, { mode: 0o600 });
    printReady(ready, context);
    return { ready, close };
  } catch (error) {
    await close();
    throw error;
  }
}

function printReady(
  { url, gitUrl, kubeconfig, username, password }: ReadyFile,
  { print }: Pick<ProcessContext, 'print'>,
): void {
  print('');
  print(`  Page        ${url}`);
  print(`  Sign in     ${username} / ${password === '' ? 'the password you have set' : password}`);
  print(`  Git         ${gitUrl}`);
  print(`  kubeconfig  ${kubeconfig}`);
  print('');
  print('  Clone the Git URL, change a value, push, and watch. Ctrl-C stops everything; state is kept.');
  print('');
}

const OWN_ENTRIES = [
  'cluster',
  'repositories',
  'git',
  'checkouts',
  'renders',
  'scratch',
  'journal.sqlite',
  'journal.sqlite-wal',
  'journal.sqlite-shm',
  'kubeconfig',
  'cli-session.json',
  'ready.json',
  SAMPLE_MARK,
];

/** Removes what Fairlead made, and nothing else that may lie there. */
async function startOver(dataDir: string): Promise<void> {
  for (const name of OWN_ENTRIES) await rm(join(dataDir, name), { recursive: true, force: true });
}

async function startGit(
  deps: ControlPlaneDeps,
  dataDir: string,
  listen: string,
  announce: (url: string) => void,
): Promise<GitServer> {
  const root = join(dataDir, 'repositories');
  await mkdir(root, { recursive: true });
  const directory = await initRepository({ ...deps, root }, REPOSITORY);
  await seed(deps, directory);
  const server: GitServer = await serveRepositories(
    { ...deps, root, onPush: (repository) => announce(`${server.url}/${repository}`) },
    listen,
  ).catch((error: unknown) => {
    throw addressError(
      error,
      'the Git server',
      listen,
      'Choose another with --port; the two ports after it are taken as well',
    );
  });
  return server;
}

/** The first commit, unless the repository has commits already. */
async function seed({ exec, path }: ControlPlaneDeps, directory: string): Promise<void> {
  const identity = { NAME: 'Fairlead', EMAIL: 'fairlead@localhost' };
  const env = {
    PATH: path,
    HOME: directory,
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_AUTHOR_NAME: identity.NAME,
    GIT_AUTHOR_EMAIL: identity.EMAIL,
    GIT_COMMITTER_NAME: identity.NAME,
    GIT_COMMITTER_EMAIL: identity.EMAIL,
  };
  const git = async (cwd: string, ...args: string[]): Promise<number> => {
    const result = await exec.run({ command: 'git', args, cwd, env, timeoutMs: limits.gitLocalTimeoutMs });
    return result.exitCode;
  };
  if ((await git(directory, 'rev-parse', '--verify', '--quiet', 'refs/heads/main')) === 0) return;
  const work = await mkdtemp(join(tmpdir(), 'fairlead-sample-'));
  try {
    await cp(SAMPLE, work, { recursive: true });
    const steps = [
      ['init', '--quiet', '--initial-branch=main'],
      ['add', '--all'],
      ['commit', '--quiet', '--message', 'Start with a web front end and an API'],
      ['push', '--quiet', directory, 'HEAD:refs/heads/main'],
    ];
    for (const step of steps) {
      if ((await git(work, ...step)) !== 0) {
        throw new AppError(
          'BAD_DATA_DIR',
          'on-change',
          `Cannot make the sample repository in ${directory}: git ${step[0]} failed. Start over with --fresh`,
        );
      }
    }
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** Once for a data directory: who deletes a sample application does not want it back at the next start. */
async function createSampleApplicationsOnce(home: KubeClient, repoURL: string, mark: string): Promise<void> {
  if (existsSync(mark)) return;
  await createSampleApplications(home, repoURL);
  await writeFile(mark, '');
}

async function createSampleApplications(home: KubeClient, repoURL: string): Promise<void> {
  const application = (
    name: string,
    environment: string,
    source: { path: string; helm?: { valueFiles: string[] } },
  ): Application => ({
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Application',
    metadata: {
      name: `${name}-${environment}`,
      namespace: NAMESPACE,
      finalizers: ['resources-finalizer.argocd.argoproj.io'],
    },
    spec: {
      project: 'default',
      source: { repoURL, targetRevision: 'main', ...source },
      destination: { server: 'https://kubernetes.default.svc', namespace: environment },
      syncPolicy: { automated: { prune: true, selfHeal: true }, syncOptions: ['CreateNamespace=true'] },
    },
  });
  for (const environment of ['dev', 'prod']) {
    await createIfAbsent(
      home,
      application('web', environment, { path: 'web', helm: { valueFiles: [`values-${environment}.yaml`] } }),
    );
    await createIfAbsent(home, application('api', environment, { path: `api/overlays/${environment}` }));
  }
}

async function createIfAbsent(home: KubeClient, app: Application): Promise<void> {
  try {
    await home.create(applicationType, app);
  } catch (error) {
    if (!isKubeError(error, 'ALREADY_EXISTS')) throw error;
  }
}
