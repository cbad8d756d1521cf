import { createClient } from '../../../client/index.ts';
import { type CommandContext, defineCommand } from '../../command.ts';
import { readConfiguration, withContext, writeConfiguration } from '../../configuration.ts';
import { serverUrl } from '../../connect.ts';
import { CliError } from '../../errors.ts';
import { ExitCode } from '../../exit-codes.ts';

export const login = defineCommand({
  words: 'login',
  describe: 'Sign in to a server and keep the session',
  positionals: ['SERVER'],
  options: {
    username: { type: 'string', value: 'name', describe: 'Account; asked for when left out' },
    password: { type: 'string', value: 'password', describe: 'Password; asked for when left out' },
    name: { type: 'string', value: 'name', describe: 'Name of the context (default: the server)' },
    'skip-test-tls': { type: 'boolean', describe: 'Accepted for scripts made for argocd' },
  },
  examples: ['fairlead login cd.example.com', 'fairlead login localhost:8080 --plaintext --username admin'],
  async run(context) {
    const { options, positionals, out, environment, connection } = context;
    const [server = ''] = positionals;
    const target = {
      server,
      plaintext: connection.plaintext === true,
      insecure: connection.insecure === true,
    };
    const username = options.username ?? (await ask(context, 'Username: ', false, '--username'));
    const password = options.password ?? (await ask(context, 'Password: ', true, '--password'));
    const client = createClient(
      {
        fetch: target.insecure ? await environment.insecureFetch() : environment.fetch,
        clock: environment.clock,
      },
      { server: serverUrl(server, target.plaintext) },
    );
    const { token } = await client.session.create(username, password);
    const file = connection.config ?? environment.cliConfigFile;
    const name = options.name ?? server;
    await writeConfiguration(file, withContext(await readConfiguration(file), { name, ...target, token }));
    out.line(`'${username}:login' logged in successfully`);
    out.line(`Context '${name}' updated`);
    return ExitCode.Ok;
  },
});

async function ask(
  { environment }: CommandContext,
  question: string,
  isSecret: boolean,
  flag: string,
): Promise<string> {
  if (environment.terminal.isInteractive) return await environment.prompt.ask(question, isSecret);
  throw new CliError('NO_TERMINAL', `There is no terminal to ask on; give ${flag}`, 1);
}
