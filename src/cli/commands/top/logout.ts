import { ClientError } from '../../../client/index.ts';
import { defineCommand } from '../../command.ts';
import { readConfiguration, writeConfiguration } from '../../configuration.ts';
import { connect } from '../../connect.ts';
import { CliError } from '../../errors.ts';
import { ExitCode } from '../../exit-codes.ts';
import { printResult, resultOption } from '../../result.ts';

export const logout = defineCommand({
  words: 'logout',
  describe: 'End the session of a context, on the server and here',
  positionals: ['CONTEXT'],
  options: resultOption,
  async run({ positionals, options, out, environment, connection }) {
    const [name = ''] = positionals;
    const file = connection.config ?? environment.cliConfigFile;
    const configuration = await readConfiguration(file);
    const context = configuration.contexts.find((item) => item.name === name || item.server === name);
    if (context === undefined)
      throw new CliError('CONFIG', `There is no context "${name}"; list them with: fairlead context`);
    try {
      if (context.isCore !== true)
        await (await connect(environment, { ...connection, context: context.name })).session.delete();
    } catch (error) {
      if (!(error instanceof ClientError)) throw error;
      // What matters here is gone from this machine; the token ends by itself within a day.
      out.note(`The server was not told: ${error.message}`);
    }
    const contexts = configuration.contexts.map(({ token, ...rest }) =>
      rest.name === context.name || token === undefined ? rest : { ...rest, token },
    );
    await writeConfiguration(file, { ...configuration, contexts });
    printResult(out, options.output, { context: context.name }, `Logged out from '${context.name}'`);
    return ExitCode.Ok;
  },
});
