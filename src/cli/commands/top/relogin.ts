import { isRecord } from '../../../lib/index.ts';
import { type Open, signInByPassword, signInBySso, ssoOptions } from '../../access/sign-in.ts';
import { defineCommand } from '../../command.ts';
import { readConfiguration, writeConfiguration } from '../../configuration.ts';
import { connect } from '../../connect.ts';
import { CliError } from '../../errors.ts';
import { ExitCode } from '../../exit-codes.ts';
import { printResult, resultOption } from '../../result.ts';

export const relogin = defineCommand({
  words: 'relogin',
  describe: 'Sign in again to the server of the context, the same way as before',
  options: {
    password: { type: 'string', value: 'password', describe: 'Password; asked for when left out' },
    ...resultOption,
    ...ssoOptions,
  },
  examples: ['fairlead relogin', 'fairlead relogin --context production'],
  async run(call) {
    const { connection, environment, options, out } = call;
    const file = connection.config ?? environment.cliConfigFile;
    const configuration = await readConfiguration(file);
    const named = connection.context ?? configuration.current;
    const context = configuration.contexts.find(({ name }) => name === named);
    if (context === undefined)
      throw new CliError('CONFIG', 'No context found; sign in with: fairlead login SERVER');
    const before = claimsOf(context.token ?? '');
    // The token that is over must not be sent along.
    const open: Open = (token = '') =>
      connect(environment, { ...connection, context: context.name, authToken: token });
    const { password } = options;
    const connector = options.connector ?? before.connector;
    const isLocal =
      before.account !== undefined && options.device !== true && options.connector === undefined;
    const { token, username } = isLocal
      ? await signInByPassword(call, await open(), { username: before.account, password })
      : await signInBySso(call, open, { ...options, connector, username: before.username });
    const contexts = configuration.contexts.map((item) => (item === context ? { ...item, token } : item));
    await writeConfiguration(file, { ...configuration, contexts });
    const sentence = `'${username}' logged in successfully\nContext '${context.name}' updated`;
    printResult(out, options.output, { context: context.name, server: context.server, username }, sentence);
    return ExitCode.Ok;
  },
});

interface Before {
  readonly account?: string;
  readonly connector?: string;
  readonly username?: string;
}

/** What our own token says about how it came to be; read, not trusted: the server decides. */
function claimsOf(token: string): Before {
  try {
    const claims: unknown = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8'));
    if (!isRecord(claims)) return {};
    const { federated_claims: federated, sub, name } = claims;
    if (isRecord(federated) && typeof federated['connector_id'] === 'string') {
      const username = typeof name === 'string' ? { username: name } : {};
      return { connector: federated['connector_id'], ...username };
    }
    const account = typeof sub === 'string' ? (sub.split(':')[0] ?? '') : '';
    return account === '' || account === 'proj' ? {} : { account };
  } catch (error) {
    if (error instanceof SyntaxError) return {};
    throw error;
  }
}
