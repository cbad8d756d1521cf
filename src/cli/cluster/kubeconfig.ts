// Contexts of kubeconfig files as the cluster commands use them.
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { type KubeconfigConnection, loadKubeconfig } from '../../k8s/index.ts';
import { systemExec } from '../../lib/index.ts';
import type { OptionSpecs } from '../command.ts';
import type { CliEnvironment } from '../environment.ts';

export const kubeconfigOptions = {
  kubeconfig: {
    type: 'string',
    value: 'file',
    describe: 'Kubeconfig file; without it KUBECONFIG, ~/.kube/config',
  },
} as const satisfies OptionSpecs;

/** The connection of a context. Its exec plugin runs: this is the person's own machine and file. */
export async function connectionOfContext(
  { clock, home, kubeconfig, path }: CliEnvironment,
  context: string,
  file: string | undefined,
): Promise<KubeconfigConnection> {
  const files = file ?? kubeconfig ?? join(home === '/' ? homedir() : home, '.kube', 'config');
  return await loadKubeconfig(files.split(delimiter).filter(Boolean), {
    context,
    clock,
    plugins: { exec: systemExec, env: { PATH: path, HOME: home } },
  });
}
