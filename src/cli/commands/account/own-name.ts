// The account a command is about when none is named: the one that is signed in.
import type { Client } from '../../../client/index.ts';
import { CliError } from '../../errors.ts';

export const accountOption = {
  type: 'string',
  short: 'a',
  value: 'name',
  describe: 'Account; default: the one that is signed in',
} as const;

export async function ownName(client: Client): Promise<string> {
  const { loggedIn, username = '' } = await client.session.userInfo();
  if (loggedIn && username !== '') return username;
  throw new CliError(
    'NOT_SIGNED_IN',
    'Nobody is signed in; sign in with: fairlead login SERVER, or give --account',
  );
}
