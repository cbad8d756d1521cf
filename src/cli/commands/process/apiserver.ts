import { defineCommand } from '../../command.ts';
import { ExitCode } from '../../exit-codes.ts';
import { checkedAddress } from './serve.ts';

export const apiserver = defineCommand({
  words: 'apiserver',
  describe: 'Run only the embedded Kubernetes API',
  isClient: false,
  options: {
    listen: {
      type: 'string',
      default: '127.0.0.1:6443',
      value: 'address',
      describe: 'HOST:PORT to listen on',
    },
    'kubeconfig-out': { type: 'string', value: 'file', describe: 'Write a kubeconfig that reaches it' },
    'data-dir': { type: 'string', default: '.fairlead', value: 'directory', describe: 'Where state is kept' },
  },
  async run({ options, environment, out, signal }) {
    const { 'kubeconfig-out': kubeconfigOut, 'data-dir': dataDir } = options;
    const serverOptions = {
      listen: checkedAddress(options.listen),
      dataDir,
      ...(kubeconfigOut === undefined ? {} : { kubeconfigOut }),
    };
    await environment.processes.apiServer(serverOptions, { signal, print: out.line });
    return ExitCode.Ok;
  },
});
