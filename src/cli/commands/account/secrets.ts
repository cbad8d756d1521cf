// Passwords and keys of accounts: changing, making, removing. What is made is printed once and is nowhere else.
import { hash } from 'bcryptjs';
import { parseDurationMs } from '../../../lib/index.ts';
import { ask } from '../../access/ask.ts';
import { type Command, defineCommand } from '../../command.ts';
import { readConfiguration, writeConfiguration } from '../../configuration.ts';
import { sessionToken } from '../../connect.ts';
import { CliError } from '../../errors.ts';
import { ExitCode } from '../../exit-codes.ts';
import { printResult, resultOption } from '../../result.ts';
import { accountOption, ownName } from './own-name.ts';

/** What Argo CD's own hashes cost. */
const BCRYPT_COST = 10;
/** bcrypt reads no further; what is longer would be cut silently. */
const BCRYPT_BYTES = 72;

const updatePassword = defineCommand({
  words: 'account update-password',
  describe: 'Change the password of an account, and sign in anew when it is one’s own',
  options: {
    account: accountOption,
    'current-password': {
      type: 'string',
      value: 'password',
      describe: 'Password of whoever is signed in; asked for when left out',
    },
    'new-password': { type: 'string', value: 'password', describe: 'New password; asked for when left out' },
    ...resultOption,
  },
  examples: ['fairlead account update-password', 'fairlead account update-password --account dev'],
  async run(call) {
    const { client, options, out, connection, environment } = call;
    const api = await client();
    const own = await ownName(api);
    const account = options.account ?? own;
    const current =
      options['current-password'] ??
      (await ask(
        environment,
        `*** Enter password of currently logged in user (${own}): `,
        true,
        '--current-password',
      ));
    const wanted = options['new-password'] ?? (await askTwice(call, account));
    await api.accounts.updatePassword({ name: account, currentPassword: current, newPassword: wanted });
    printResult(out, options.output, { account }, 'Password updated');
    if (account !== own) return ExitCode.Ok;
    const file = connection.config ?? environment.cliConfigFile;
    const configuration = await readConfiguration(file);
    const named = connection.context ?? configuration.current;
    const context = configuration.contexts.find(({ name }) => name === named);
    // A session of before the change is over; scripts that bring their own token have no context to keep one in.
    if (context === undefined || connection.authToken !== undefined) return ExitCode.Ok;
    const { token } = await api.session.create(own, wanted);
    const contexts = configuration.contexts.map((item) => (item === context ? { ...item, token } : item));
    await writeConfiguration(file, { ...configuration, contexts });
    if (options.output === '') out.line(`Context '${context.name}' updated`);
    return ExitCode.Ok;
  },
});

async function askTwice({ environment }: Parameters<Command['run']>[2], account: string): Promise<string> {
  const first = await ask(
    environment,
    `*** Enter new password for user ${account}: `,
    true,
    '--new-password',
  );
  const second = await ask(
    environment,
    `*** Confirm new password for user ${account}: `,
    true,
    '--new-password',
  );
  if (first !== second)
    throw new CliError('USAGE', 'The two passwords are not the same; nothing was changed', 1);
  return first;
}

const expiresIn = {
  type: 'string',
  short: 'e',
  default: '0s',
  value: 'duration',
  describe: 'Duration before the token will expire, e.g. 12h or 7d; 0s: never',
} as const;

/** Whole seconds of `--expires-in`. */
export function secondsOf(text: string): number {
  const milliseconds = /^0+$/.test(text) ? 0 : parseDurationMs(text);
  if (milliseconds === undefined || milliseconds < 0)
    throw new CliError('USAGE', `--expires-in "${text}" is no duration; write 12h or 7d`, 1);
  return Math.ceil(milliseconds / 1000);
}

const generateToken = defineCommand({
  words: 'account generate-token',
  describe: 'Make a key of an account and print it',
  options: {
    account: accountOption,
    'expires-in': expiresIn,
    id: { type: 'string', default: '', value: 'id', describe: 'Name of the key; default: made up' },
    ...resultOption,
  },
  examples: ['fairlead account generate-token --account ci --expires-in 30d'],
  async run({ client, options, out }) {
    const api = await client();
    const account = options.account ?? (await ownName(api));
    const body = { id: options.id, expiresIn: secondsOf(options['expires-in']) };
    const { token } = await api.accounts.generateToken(account, body);
    printResult(out, options.output, { token }, token);
    return ExitCode.Ok;
  },
});

const deleteToken = defineCommand({
  words: 'account delete-token',
  describe: 'Remove a key of an account; it is refused from now on',
  positionals: ['ID'],
  options: { account: accountOption, ...resultOption },
  examples: ['fairlead account delete-token --account ci 6f3a'],
  async run({ client, options, out, positionals: [id = ''] }) {
    const api = await client();
    const account = options.account ?? (await ownName(api));
    await api.accounts.deleteToken(account, id);
    printResult(out, options.output, { account, id }, `Token '${id}' deleted`);
    return ExitCode.Ok;
  },
});

const bcrypt = defineCommand({
  words: 'account bcrypt',
  describe: 'Print the hash of a password, as argocd-secret holds it',
  isClient: false,
  options: {
    password: { type: 'string', value: 'password', describe: 'Password; asked for when left out' },
    ...resultOption,
  },
  async run({ environment, options, out }) {
    const password = options.password ?? (await ask(environment, '*** Enter password: ', true, '--password'));
    if (Buffer.byteLength(password) > BCRYPT_BYTES)
      throw new CliError(
        'USAGE',
        `A password may have ${BCRYPT_BYTES} bytes; what follows would not count`,
        1,
      );
    const hashed = await hash(password, BCRYPT_COST);
    printResult(out, options.output, { hash: hashed }, hashed);
    return ExitCode.Ok;
  },
});

const showToken = defineCommand({
  words: 'account session-token',
  describe: 'Print the token of the current session. Keep it like a password',
  options: resultOption,
  examples: [
    'curl -H "Authorization: Bearer $(fairlead account session-token)" https://cd.example.com/api/v1/clusters',
  ],
  async run({ environment, connection, options, out }) {
    const token = await sessionToken(environment, connection);
    printResult(out, options.output, { token }, token);
    return ExitCode.Ok;
  },
});

export const accountSecretCommands: readonly Command[] = [
  updatePassword,
  showToken,
  generateToken,
  deleteToken,
  bcrypt,
];
