// `fairlead apiserver`: only the embedded Kubernetes API.
import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { startApiServer } from '../apiserver/index.ts';
import { messageOf } from '../lib/index.ts';
import { readEnvironment } from './config.ts';
import { AppError, addressError, parseListen } from './errors.ts';
import type { ApiServerOptions, ProcessContext } from './options.ts';
import { machineDeps, untilAborted } from './runtime.ts';

/** Resolves when it was told to stop and has stopped. */
export async function runApiServer(options: ApiServerOptions, context: ProcessContext): Promise<void> {
  const environment = readEnvironment();
  const server = await startApiServer({
    ...machineDeps(environment),
    listen: parseListen(options.listen),
    dataDir: resolve(environment.cwd, options.dataDir),
  }).catch((error: unknown) => {
    throw addressError(error, 'the Kubernetes API', options.listen, 'Choose another address with --listen');
  });
  try {
    context.print(`The Kubernetes API listens on ${server.url}`);
    if (options.kubeconfigOut !== undefined) {
      const file = resolve(environment.cwd, options.kubeconfigOut);
      await writeKubeconfig(file, server.kubeconfig());
      context.print(`kubeconfig: ${file}`);
    }
    await untilAborted(context.signal);
  } finally {
    await server.close();
  }
}

async function writeKubeconfig(file: string, text: string): Promise<void> {
  try {
    await writeFile(file, text, { mode: 0o600 });
  } catch (error) {
    throw new AppError(
      'BAD_OPTION',
      'on-change',
      `Cannot write the kubeconfig to ${file}: ${messageOf(error)}. Choose another file with --kubeconfig-out`,
      { cause: error },
    );
  }
}
