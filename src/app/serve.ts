// `fairlead serve`: the control plane against a real cluster.
import { resolve } from 'node:path';
import { type ClusterConnection, inClusterConnection, loadKubeconfig } from '../k8s/index.ts';
import { addressGuard, lockFolder, messageOf } from '../lib/index.ts';
import { startControlPlane } from './compose.ts';
import { type Environment, readEnvironment } from './config.ts';
import { AppError, addressError, parseListen } from './errors.ts';
import type { ProcessContext, ServeOptions } from './options.ts';
import { retentionMs } from './retention.ts';
import { machineDeps, untilAborted } from './runtime.ts';
import { uiDirectory } from './ui.ts';

/** Resolves when it was told to stop and has stopped. */
export async function runServe(options: ServeOptions, context: ProcessContext): Promise<void> {
  const environment = readEnvironment();
  const dataDir = resolve(environment.cwd, options.dataDir);
  // One journal, one writer: `serve` and `up` in the same folder would take each other's records for their own.
  const lock = lockFolder(dataDir);
  try {
    await serve({ ...options, dataDir }, environment, context);
  } finally {
    lock.release();
  }
}

async function serve(
  options: ServeOptions,
  environment: Environment,
  context: ProcessContext,
): Promise<void> {
  const guard = addressGuard({ refuse: options.refusedAddresses });
  const deps = { ...machineDeps(environment), guard };
  const { dataDir } = options;
  const connection = await connectionFor(options, environment);
  const plane = await startControlPlane(deps, {
    connection,
    namespace: options.namespace,
    applicationNamespaces: options.applicationNamespaces,
    ...parseListen(options.listen),
    auth: options.auth,
    dataDir,
    store: options.store,
    publicUrl: options.publicUrl,
    trustedProxies: options.trustedProxies,
    installCrds: options.installCrds,
    otlpAddress: options.otlpAddress ?? environment.otlpEndpoint,
    ...(options.auditRetention === undefined
      ? {}
      : { auditRetentionMs: retentionMs(options.auditRetention) }),
    role: options.role,
    uiDirectory: await uiDirectory(deps),
  }).catch((error: unknown) => {
    throw addressError(error, 'the page and the API', options.listen, 'Choose another address with --listen');
  });
  context.print(`Fairlead serves ${connection.server} on ${plane.url}`);
  if (options.auth === 'on') {
    context.print(
      `The admin password is in Secret argocd-initial-admin-secret of namespace ${options.namespace}.`,
    );
  }
  await untilAborted(context.signal);
  await plane.close();
}

async function connectionFor(options: ServeOptions, environment: Environment): Promise<ClusterConnection> {
  const deps = machineDeps(environment);
  const files = options.kubeconfig ?? environment.kubeconfig;
  if (files !== undefined) {
    return await loadKubeconfig(
      files.split(':').filter((file) => file !== ''),
      {
        clock: deps.clock,
        // The operator of this machine chose the kubeconfig; its exec plugins run as they do for kubectl.
        plugins: { exec: deps.exec, env: { PATH: environment.path, HOME: environment.home } },
      },
    );
  }
  if (environment.inCluster.host === '') {
    throw noCluster('this is no pod');
  }
  try {
    return await inClusterConnection({ clock: deps.clock, ...environment.inCluster });
  } catch (error) {
    throw noCluster(messageOf(error), error);
  }
}

function noCluster(why: string, cause?: unknown): AppError {
  const message = `Cannot find a cluster: --kubeconfig and KUBECONFIG are not set, and ${why}. Give --kubeconfig FILE`;
  return new AppError('NO_CLUSTER', 'on-change', message, { cause });
}
