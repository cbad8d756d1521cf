import { defineCommand } from '../../command.ts';
import { readConfiguration, writeConfiguration } from '../../configuration.ts';
import { CliError } from '../../errors.ts';
import { ExitCode } from '../../exit-codes.ts';
import { table } from '../../output.ts';

export const context = defineCommand({
  words: 'context',
  describe: 'List the contexts, or switch to one; --delete forgets one',
  positionals: ['[CONTEXT]'],
  options: {
    delete: { type: 'boolean', describe: 'Forget the context' },
    output: {
      type: 'string',
      short: 'o',
      default: '',
      value: 'format',
      choices: ['', 'json', 'yaml', 'name'],
      describe: 'Output format of the list',
    },
  },
  async run({ positionals, options, out, environment, connection }) {
    const file = connection.config ?? environment.cliConfigFile;
    const configuration = await readConfiguration(file);
    const [name] = positionals;
    if (name === undefined) {
      const shown = configuration.contexts.map((item) => ({
        name: item.name,
        server: item.server,
        current: item.name === configuration.current,
      }));
      if (options.output === 'json') out.json(shown);
      if (options.output === 'yaml') out.yaml(shown);
      if (options.output === 'name') for (const item of shown) out.line(item.name);
      if (options.output !== '') return ExitCode.Ok;
      const rows = configuration.contexts.map((item) => [
        item.name === configuration.current ? '*' : '',
        item.name,
        item.server,
      ]);
      out.line(table(['CURRENT', 'NAME', 'SERVER'], rows));
      return ExitCode.Ok;
    }
    if (!configuration.contexts.some((item) => item.name === name)) {
      throw new CliError('CONFIG', `There is no context "${name}"; list them with: fairlead context`);
    }
    if (options.delete === true) {
      const contexts = configuration.contexts.filter((item) => item.name !== name);
      const current = configuration.current === name ? '' : configuration.current;
      await writeConfiguration(file, { ...configuration, current, contexts });
      out.line(`Context '${name}' deleted`);
    } else {
      await writeConfiguration(file, { ...configuration, current: name });
      out.line(`Switched to context '${name}'`);
    }
    return ExitCode.Ok;
  },
});
