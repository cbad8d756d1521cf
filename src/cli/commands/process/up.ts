import { defineCommand } from '../../command.ts';
import { ExitCode } from '../../exit-codes.ts';

export const up = defineCommand({
  words: 'up',
  describe:
    'Run everything on this machine: an embedded Kubernetes API, a Git server, the control plane, the page',
  isClient: false,
  options: {
    fresh: { type: 'boolean', default: false, describe: 'Start over: forget the state of earlier runs' },
    port: { type: 'number', default: 8080, describe: 'Port of the page and the API; 0 takes any free one' },
    listen: { type: 'string', default: '127.0.0.1', value: 'address', describe: 'Address to listen on' },
    'data-dir': { type: 'string', default: '.fairlead', value: 'directory', describe: 'Where state is kept' },
  },
  async run({ options, environment, out, signal }) {
    const listen = options.listen.includes(':') ? options.listen : `${options.listen}:${options.port}`;
    const { fresh, 'data-dir': dataDir } = options;
    await environment.processes.up({ fresh, dataDir, listen }, { signal, print: out.line });
    return ExitCode.Ok;
  },
});
