import { defineCommand } from '../../command.ts';
import { ExitCode } from '../../exit-codes.ts';
import { checkedAddress } from '../process/serve.ts';

export const adminDashboard = defineCommand({
  words: 'admin dashboard',
  describe:
    'Show the page of a cluster on this machine, with the rights of the kubeconfig and without a sign-in',
  isClient: false,
  options: {
    kubeconfig: {
      type: 'string',
      value: 'file',
      describe: 'Cluster to show (default KUBECONFIG)',
    },
    namespace: {
      type: 'string',
      short: 'n',
      default: 'argocd',
      describe: 'Namespace of configuration and applications',
    },
    address: { type: 'string', default: '127.0.0.1', value: 'host', describe: 'Address to listen on' },
    port: { type: 'number', default: 8080, value: 'port', describe: 'Port to listen on' },
    'data-dir': {
      type: 'string',
      default: '.fairlead-dashboard',
      value: 'directory',
      describe: 'Where mirrors and renders are kept',
    },
  },
  examples: ['fairlead admin dashboard --kubeconfig ~/.kube/config'],
  async run({ options, environment, out, signal }) {
    const { kubeconfig, namespace, address, port, 'data-dir': dataDir } = options;
    await environment.processes.serve(
      {
        namespace,
        applicationNamespaces: [],
        listen: checkedAddress(`${address}:${port}`),
        dataDir,
        installCrds: false,
        // It shows and writes what people ask for; the controller in the cluster acts on it.
        role: 'server',
        auth: 'off',
        ...(kubeconfig === undefined ? {} : { kubeconfig }),
      },
      { signal, print: out.line },
    );
    return ExitCode.Ok;
  },
});
