import type { Client } from '../../../client/index.ts';
import { defineCommand } from '../../command.ts';
import { CliError } from '../../errors.ts';
import { ExitCode } from '../../exit-codes.ts';
import { formatOption } from '../../result.ts';

export const version = defineCommand({
  words: 'version',
  describe: 'Print the versions of this command and of the server',
  options: {
    client: { type: 'boolean', describe: 'Only of this command' },
    short: { type: 'boolean', describe: 'Only the numbers' },
    output: formatOption('', 'json', 'yaml'),
  },
  async run({ client, options, out, environment }) {
    const own = `v${environment.version}`;
    const server = options.client === true ? undefined : await serverVersion(client);
    const value = { client: { Version: own }, ...(server === undefined ? {} : { server }) };
    if (options.output === 'json') out.json(value);
    else if (options.output === 'yaml') out.yaml(value);
    else {
      out.line(`fairlead: ${own}`);
      if (server !== undefined) {
        out.line(`fairlead-server: ${server.Version ?? 'unknown (sign in to see it)'}`);
        const { Version: _, ...others } = server;
        if (options.short !== true)
          for (const [name, text] of Object.entries(others)) if (text !== '') out.line(`  ${name}: ${text}`);
      }
    }
    return ExitCode.Ok;
  },
});

/** Undefined when no server is known: then there is only this command to tell about. */
async function serverVersion(
  client: () => Promise<Client>,
): Promise<Awaited<ReturnType<Client['version']>> | undefined> {
  try {
    return await (await client()).version();
  } catch (error) {
    if (error instanceof CliError && error.code === 'NOT_SIGNED_IN') return undefined;
    throw error;
  }
}
