import { createClient } from '../../../client/index.ts';
import { type Open, signInByPassword, signInBySso, ssoOptions } from '../../access/sign-in.ts';
import { type CommandContext, defineCommand } from '../../command.ts';
import { readConfiguration, withContext, writeConfiguration } from '../../configuration.ts';
import { serverUrl } from '../../connect.ts';
import { CliError } from '../../errors.ts';
import { ExitCode } from '../../exit-codes.ts';
import { printResult, resultOption } from '../../result.ts';

export const login = defineCommand({
  words: 'login',
  describe: 'Sign in to a server and keep the session',
  positionals: ['[SERVER]'],
  options: {
    username: { type: 'string', value: 'name', describe: 'Account; asked for when left out' },
    password: { type: 'string', value: 'password', describe: 'Password; asked for when left out' },
    name: { type: 'string', value: 'name', describe: 'Name of the context (default: the server)' },
    sso: { type: 'boolean', describe: 'Sign in through an identity provider' },
    ...ssoOptions,
    'skip-test-tls': { type: 'boolean', describe: 'Accepted for scripts made for argocd' },
    ...resultOption,
  },
  examples: [
    'fairlead login cd.example.com',
    'fairlead login cd.example.com --sso',
    'fairlead login cd.example.com --sso --device',
    'fairlead login localhost:8080 --plaintext --username admin',
    'fairlead login --core',
  ],
  async run(context) {
    const { options, positionals, out, environment, connection } = context;
    const [server] = positionals;
    const file = connection.config ?? environment.cliConfigFile;
    if (connection.core === true) return await keepCore(context, file, options);
    if (server === undefined) throw new CliError('USAGE', 'Name the server: fairlead login SERVER', 1);
    const target = {
      server,
      plaintext: connection.plaintext === true,
      insecure: connection.insecure === true,
    };
    const deps = {
      fetch: target.insecure ? await environment.insecureFetch() : environment.fetch,
      clock: environment.clock,
    };
    const url = serverUrl(server, target.plaintext);
    const open: Open = async (token) =>
      createClient(deps, { server: url, ...(token === undefined ? {} : { token }) });
    const isSso = options.sso === true || options.device === true;
    const { token, username } = isSso
      ? await signInBySso(context, open, options)
      : await signInByPassword(context, await open(), {
          username: options.username,
          password: options.password,
        });
    const name = options.name ?? server;
    await writeConfiguration(file, withContext(await readConfiguration(file), { name, ...target, token }));
    const sentence = `'${username}${isSso ? '' : ':login'}' logged in successfully\nContext '${name}' updated`;
    printResult(out, options.output, { context: name, server, username }, sentence);
    return ExitCode.Ok;
  },
});

/** argocd's name for it. */
const CORE = 'kubernetes';

/** A context without a server. Nobody signs in: what may be done says the kubeconfig. */
async function keepCore(
  { out }: CommandContext,
  file: string,
  { name = CORE, output }: { readonly name: string | undefined; readonly output: string },
): Promise<number> {
  const context = { name, server: CORE, insecure: false, plaintext: false, isCore: true };
  await writeConfiguration(file, withContext(await readConfiguration(file), context));
  printResult(out, output, { context: name, core: true }, `Context '${name}' updated`);
  return ExitCode.Ok;
}
