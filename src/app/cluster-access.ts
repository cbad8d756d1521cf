// Straight to a cluster, without a server: a client for its API, and for a while a server of our own in this process.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createKubeClient, type KubeClient, loadKubeconfig } from '../k8s/index.ts';
import { startControlPlane } from './compose.ts';
import { type Environment, readEnvironment } from './config.ts';
import { AppError } from './errors.ts';
import type { ClusterChoice } from './options.ts';
import { machineDeps } from './runtime.ts';

export interface OpenCluster extends AsyncDisposable {
  readonly client: KubeClient;
  /** Namespace of configuration and applications. */
  readonly namespace: string;
}

const DEFAULT_NAMESPACE = 'argocd';

export async function openCluster(choice: ClusterChoice): Promise<OpenCluster> {
  const environment = readEnvironment();
  const deps = machineDeps(environment);
  const connection = await kubeconfigOf(choice, environment);
  const client = createKubeClient(connection, {}, deps);
  return {
    client,
    namespace: choice.namespace ?? namespaceOf(connection.namespace),
    [Symbol.asyncDispose]: () => client.close(),
  };
}

export interface CoreServer extends AsyncDisposable {
  readonly url: string;
  /** Header that every request needs: other users of this machine do not have it. */
  readonly header: { readonly name: string; readonly value: string };
}

/**
 * A server for one call of the command line: it observes the cluster and writes what is asked for into its objects; the
 * controller in the cluster acts on them. Nothing is left behind.
 */
export async function startCore(choice: ClusterChoice): Promise<CoreServer> {
  const environment = readEnvironment();
  const deps = machineDeps(environment);
  const connection = await kubeconfigOf(choice, environment);
  const dataDir = await mkdtemp(join(tmpdir(), 'fairlead-core-'));
  const key = Buffer.from(deps.random.bytes(32)).toString('base64url');
  try {
    const plane = await startControlPlane(deps, {
      connection,
      namespace: choice.namespace ?? namespaceOf(connection.namespace),
      host: '127.0.0.1',
      port: 0,
      auth: 'off',
      accessKey: key,
      dataDir,
      installCrds: false,
      role: 'server',
      uiDirectory: dataDir,
    });
    return {
      url: plane.url,
      header: { name: 'x-fairlead-key', value: key },
      async [Symbol.asyncDispose]() {
        await plane.close();
        await rm(dataDir, { recursive: true, force: true });
      },
    };
  } catch (error) {
    await rm(dataDir, { recursive: true, force: true });
    throw error;
  }
}

/** A context without a namespace of its own says `default`, which is nobody's choice. */
function namespaceOf(context: string): string {
  return context === 'default' ? DEFAULT_NAMESPACE : context;
}

async function kubeconfigOf(choice: ClusterChoice, environment: Environment) {
  const deps = machineDeps(environment);
  const files = choice.kubeconfig ?? environment.kubeconfig ?? join(environment.home, '.kube', 'config');
  const list = files.split(':').filter((file) => file !== '');
  if (list.length === 0)
    throw new AppError('NO_CLUSTER', 'on-change', 'Cannot find a cluster: KUBECONFIG is empty');
  return await loadKubeconfig(list, {
    clock: deps.clock,
    ...(choice.context === undefined ? {} : { context: choice.context }),
    // The operator of this machine chose the kubeconfig; its exec plugins run as they do for kubectl.
    plugins: { exec: deps.exec, env: { PATH: environment.path, HOME: environment.home } },
  });
}
