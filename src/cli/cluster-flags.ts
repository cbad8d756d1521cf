// The flags of commands that need no server, only the cluster.
import type { OpenCluster } from '../app/index.ts';
import type { CommandContext, OptionSpecs, OptionsOf } from './command.ts';

export const clusterOptions = {
  kubeconfig: {
    type: 'string',
    value: 'file',
    describe: 'Cluster to talk to (default KUBECONFIG, else ~/.kube/config)',
  },
  'kube-context': { type: 'string', value: 'name', describe: 'Context of the kubeconfig' },
  namespace: {
    type: 'string',
    short: 'n',
    value: 'namespace',
    describe: 'Namespace of configuration and applications (default: of the context, else argocd)',
  },
} as const satisfies OptionSpecs;

/** The caller disposes of it. */
export async function openChosen(
  { environment }: Pick<CommandContext, 'environment'>,
  options: OptionsOf<typeof clusterOptions>,
): Promise<OpenCluster> {
  const { kubeconfig, 'kube-context': context, namespace } = options;
  return await environment.processes.cluster({
    ...(kubeconfig === undefined ? {} : { kubeconfig }),
    ...(context === undefined ? {} : { context }),
    ...(namespace === undefined ? {} : { namespace }),
  });
}
