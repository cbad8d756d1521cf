// Accounts as the server lists them, who one is, and what one may do.
import type { AccountFacts } from '../../../contract/index.ts';
import { type Command, defineCommand } from '../../command.ts';
import { ExitCode } from '../../exit-codes.ts';
import { table } from '../../output.ts';
import { formatOption, printResult, resultOption } from '../../result.ts';
import { accountOption, ownName } from './own-name.ts';

const output = formatOption('wide', 'name', 'json', 'yaml');

const list = defineCommand({
  words: 'account list',
  describe: 'List the accounts',
  options: { output },
  async run({ client, options, out }) {
    const { items } = await (await client()).accounts.list();
    if (options.output === 'json') out.json(items);
    else if (options.output === 'yaml') out.yaml(items);
    else if (options.output === 'name') for (const { name } of items) out.line(name);
    else {
      const rows = items.map(({ name, enabled, capabilities }) => [
        name,
        String(enabled),
        capabilities.join(', '),
      ]);
      out.line(table(['NAME', 'ENABLED', 'CAPABILITIES'], rows));
    }
    return ExitCode.Ok;
  },
});

const get = defineCommand({
  words: 'account get',
  describe: 'Show an account and its keys',
  options: { account: accountOption, output },
  examples: ['fairlead account get', 'fairlead account get --account ci -o json'],
  async run({ client, environment, options, out }) {
    const api = await client();
    const account = await api.accounts.get(options.account ?? (await ownName(api)));
    if (options.output === 'json') out.json(account);
    else if (options.output === 'yaml') out.yaml(account);
    else if (options.output === 'name') out.line(account.name);
    else out.line(accountText(account, environment.clock.now()));
    return ExitCode.Ok;
  },
});

function accountText({ name, enabled, capabilities, tokens }: AccountFacts, now: number): string {
  const field = (label: string, value: string): string => `${label.padEnd(20)}${value}`;
  const time = (seconds: string): string =>
    new Date(Number(seconds) * 1000).toISOString().replace('.000Z', 'Z');
  const rows = tokens.map(({ id, issuedAt, expiresAt }) => {
    const isOver = Number(expiresAt) * 1000 < now;
    const end = Number(expiresAt) === 0 ? 'never' : `${time(expiresAt)}${isOver ? ' (expired)' : ''}`;
    return [id, time(issuedAt), end];
  });
  return [
    field('Name:', name),
    field('Enabled:', String(enabled)),
    field('Capabilities:', capabilities.join(', ')),
    '',
    'Tokens:',
    rows.length === 0 ? 'NONE' : table(['ID', 'ISSUED AT', 'EXPIRING AT'], rows),
  ].join('\n');
}

const getUserInfo = defineCommand({
  words: 'account get-user-info',
  describe: 'Show who is signed in',
  options: {
    output: formatOption('', 'json', 'yaml'),
  },
  async run({ client, options, out }) {
    const info = await (await client()).session.userInfo();
    if (options.output === 'json') out.json(info);
    else if (options.output === 'yaml') out.yaml(info);
    else {
      out.line(`Logged In: ${info.loggedIn}`);
      if (info.loggedIn) {
        out.line(`Username: ${info.username ?? ''}`);
        out.line(`Issuer: ${info.iss ?? ''}`);
        out.line(`Groups: ${(info.groups ?? []).join(',')}`);
      }
    }
    return ExitCode.Ok;
  },
});

const canI = defineCommand({
  words: 'account can-i',
  describe: 'Say whether one may do something: yes or no',
  positionals: ['ACTION', 'RESOURCE', 'SUBRESOURCE'],
  options: resultOption,
  examples: [
    "fairlead account can-i sync applications '*'",
    "fairlead account can-i update projects 'default'",
    "fairlead account can-i create clusters '*'",
  ],
  async run({ client, options, out, positionals: [action = '', resource = '', object = ''] }) {
    const { value } = await (await client()).accounts.canI(resource, action, object);
    printResult(out, options.output, { value }, value);
    return ExitCode.Ok;
  },
});

const warnings = defineCommand({
  words: 'account warnings',
  describe: 'List what is open longer than it needs to be: the first password, keys without an end',
  options: resultOption,
  async run({ client, options, out }) {
    const { items } = await (await client()).accounts.warnings();
    const rows = items.map(({ kind, subject, message }) => [kind, subject, message]);
    printResult(out, options.output, items, table(['KIND', 'SUBJECT', 'MESSAGE'], rows));
    return ExitCode.Ok;
  },
});

export const accountCommands: readonly Command[] = [list, get, getUserInfo, canI, warnings];
