// Door of app: the long-running commands, and the environment they and the command line read. The commands load
// what they need when they are called: most calls of the command line only talk to a server.
import type { CoreServer, OpenCluster } from './cluster-access.ts';
import type { ApiServerOptions, ClusterChoice, ProcessContext, ServeOptions, UpOptions } from './options.ts';

export type { CoreServer, OpenCluster } from './cluster-access.ts';
export { type Environment, readEnvironment } from './config.ts';
export type { ApiServerOptions, ClusterChoice, ProcessContext, ServeOptions, UpOptions } from './options.ts';

/** `fairlead up`. Resolves when it was told to stop and has stopped. */
export async function runUp(options: UpOptions, context: ProcessContext): Promise<void> {
  await (await import('./up.ts')).runUp(options, context);
}

/** `fairlead serve`. Resolves when it was told to stop and has stopped. */
export async function runServe(options: ServeOptions, context: ProcessContext): Promise<void> {
  await (await import('./serve.ts')).runServe(options, context);
}

/** `fairlead apiserver`. Resolves when it was told to stop and has stopped. */
export async function runApiServer(options: ApiServerOptions, context: ProcessContext): Promise<void> {
  await (await import('./api-server.ts')).runApiServer(options, context);
}

/** A client for a cluster's own API. Rejects with KubeError and AppError. */
export async function openCluster(choice: ClusterChoice): Promise<OpenCluster> {
  return await (await import('./cluster-access.ts')).openCluster(choice);
}

/** A server in this process, for one call of the command line. Rejects with KubeError and AppError. */
export async function startCore(choice: ClusterChoice): Promise<CoreServer> {
  return await (await import('./cluster-access.ts')).startCore(choice);
}
