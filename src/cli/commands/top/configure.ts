import { defineCommand } from '../../command.ts';
import { readConfiguration, writeConfiguration } from '../../configuration.ts';
import { CliError } from '../../errors.ts';
import { ExitCode } from '../../exit-codes.ts';
import { printResult, resultOption } from '../../result.ts';

export const configure = defineCommand({
  words: 'configure',
  describe: 'Change how this command works for you',
  options: {
    'prompts-enabled': {
      type: 'boolean',
      describe: 'Ask before projects and resources are deleted (--prompts-enabled=false: do not)',
    },
    ...resultOption,
  },
  examples: ['fairlead configure --prompts-enabled', 'fairlead configure --prompts-enabled=false'],
  async run({ options, out, environment, connection }) {
    const isAsking = options['prompts-enabled'];
    if (isAsking === undefined)
      throw new CliError('USAGE', 'Say what to change, e.g. --prompts-enabled=true', 1);
    const file = connection.config ?? environment.cliConfigFile;
    await writeConfiguration(file, { ...(await readConfiguration(file)), isAsking });
    const sentence = `Prompts are ${isAsking ? 'enabled' : 'disabled'}`;
    printResult(out, options.output, { promptsEnabled: isAsking }, sentence);
    return ExitCode.Ok;
  },
});
