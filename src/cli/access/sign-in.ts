// All ways to sign in to a server, for `login` and `relogin`.
import type { Client } from '../../client/index.ts';
import type { CommandContext } from '../command.ts';
import { CliError } from '../errors.ts';
import { ask } from './ask.ts';
import { signInByBrowser } from './browser-sign-in.ts';
import { signInByDevice } from './device-sign-in.ts';

export const ssoOptions = {
  'sso-port': {
    type: 'number',
    default: 8085,
    value: 'port',
    describe: 'Port of this machine that the browser comes back to; 0: any',
  },
  'sso-launch-browser': { type: 'boolean', default: true, describe: 'Open the browser' },
  connector: { type: 'string', value: 'id', describe: 'Identity provider, when there are several' },
  device: {
    type: 'boolean',
    describe: 'Show a code to confirm in any browser, for a machine that has none',
  },
} as const;

export interface SignInChoice {
  readonly 'sso-port': number;
  readonly 'sso-launch-browser': boolean;
  readonly connector?: string | undefined;
  readonly device?: boolean | undefined;
}

/** A client of the server meant, with a token or without. */
export type Open = (token?: string) => Promise<Client>;

/** A session of a local account. What is not given is asked for. */
export async function signInByPassword(
  { environment }: CommandContext,
  client: Client,
  given: {
    readonly username?: string | undefined;
    readonly password?: string | undefined;
    readonly connector?: string;
  },
): Promise<{ readonly token: string; readonly username: string }> {
  const username = given.username ?? (await ask(environment, 'Username: ', false, '--username'));
  const password = given.password ?? (await ask(environment, 'Password: ', true, '--password'));
  const { token } = await client.session.create(username, password, given.connector);
  return { token, username };
}

/** A session through an identity provider. */
export async function signInBySso(
  context: CommandContext,
  open: Open,
  choice: SignInChoice & { readonly username?: string | undefined; readonly password?: string | undefined },
): Promise<{ readonly token: string; readonly username: string }> {
  const { environment, out } = context;
  const client = await open();
  const named = async (token: string) => {
    const info = await (await open(token)).session.userInfo();
    return { token, username: info.username ?? '' };
  };
  if (choice.device === true) return await named(await signInByDevice(environment, client, out));
  const { connectors = [] } = await client.settings();
  const chosen = connectors.find(({ id }) => id === choice.connector) ?? connectors[0];
  const names = connectors.map(({ id }) => id).join(', ');
  if (chosen === undefined)
    throw new CliError('FAILED', 'The server has no identity provider; sign in without --sso');
  if (choice.connector !== undefined && chosen.id !== choice.connector)
    throw new CliError('USAGE', `There is no identity provider "${choice.connector}"; one of: ${names}`, 1);
  if (choice.connector === undefined && connectors.length > 1)
    throw new CliError('USAGE', `There are several identity providers; choose with --connector: ${names}`, 1);
  if (chosen.kind === 'password') {
    const { username, password } = choice;
    return await signInByPassword(context, client, { username, password, connector: chosen.id });
  }
  const token = await signInByBrowser(environment, client, out, {
    connector: chosen.id,
    port: choice['sso-port'],
    launchBrowser: choice['sso-launch-browser'],
  });
  return await named(token);
}
