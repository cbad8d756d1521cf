// Tokens of project roles. One that is made is printed once and is nowhere else.
import { type Command, defineCommand } from '../../command.ts';
import { CliError } from '../../errors.ts';
import { ExitCode } from '../../exit-codes.ts';
import { table } from '../../output.ts';
import { printResult, resultOption } from '../../result.ts';
import { secondsOf } from '../account/secrets.ts';

const create = defineCommand({
  words: 'proj role create-token',
  describe: 'Make a token of a role and print it',
  positionals: ['PROJECT', 'ROLE-NAME'],
  options: {
    'expires-in': {
      type: 'string',
      short: 'e',
      default: '0s',
      value: 'duration',
      describe: 'Duration before the token will expire, e.g. 12h or 7d; 0s: never',
    },
    id: {
      type: 'string',
      short: 'i',
      default: '',
      value: 'id',
      describe: 'Name of the token; default: made up',
    },
    'token-only': { type: 'boolean', short: 't', describe: 'Print only the token, for scripts' },
    ...resultOption,
  },
  examples: ['fairlead proj role create-token shop ci --expires-in 30d --token-only'],
  async run({ client, options, out, positionals: [project = '', role = ''] }) {
    const body = { id: options.id, expiresIn: secondsOf(options['expires-in']) };
    const { token } = await (await client()).projects.generateToken(project, role, body);
    const isBare = options['token-only'] === true || options.output !== '';
    if (!isBare) out.note(`Create token succeeded for proj:${project}:${role}.`);
    printResult(out, options.output, { token }, isBare ? token : `  Token: ${token}`);
    return ExitCode.Ok;
  },
});

const list = defineCommand({
  words: 'proj role list-tokens',
  describe: 'List the tokens of a role',
  positionals: ['PROJECT', 'ROLE-NAME'],
  options: {
    unixtime: {
      type: 'boolean',
      short: 'u',
      describe: 'Print times as seconds since 1970, as delete-token takes them',
    },
    ...resultOption,
  },
  async run({ client, options, out, positionals: [project = '', name = ''] }) {
    const { spec } = await (await client()).projects.get(project);
    const role = (spec.roles ?? []).find((item) => item.name === name);
    if (role === undefined) throw new CliError('FAILED', `role '${name}' does not exist in project`);
    const time = (seconds: number): string =>
      options.unixtime === true
        ? String(seconds)
        : new Date(seconds * 1000).toISOString().replace('.000Z', 'Z');
    const rows = (role.jwtTokens ?? []).map(({ id = '', iat, exp = 0 }) => [
      id === '' ? String(iat) : id,
      time(iat),
      exp === 0 ? 'never' : time(exp),
    ]);
    printResult(out, options.output, role.jwtTokens ?? [], table(['ID', 'ISSUED AT', 'EXPIRES AT'], rows));
    return ExitCode.Ok;
  },
});

const remove = defineCommand({
  words: 'proj role delete-token',
  describe: 'Remove a token of a role; it is refused from now on',
  positionals: ['PROJECT', 'ROLE-NAME', 'ISSUED-AT'],
  options: resultOption,
  examples: ['fairlead proj role delete-token shop ci 1767323045'],
  async run({ client, options, out, positionals: [project = '', role = '', issuedAt = ''] }) {
    if (!/^\d{1,12}$/.test(issuedAt))
      throw new CliError(
        'USAGE',
        'ISSUED-AT is in seconds since 1970; see: proj role list-tokens --unixtime',
        1,
      );
    await (await client()).projects.deleteToken(project, role, Number(issuedAt));
    const deleted = { project, role, iat: Number(issuedAt) };
    printResult(out, options.output, deleted, `Token of role '${role}' issued at ${issuedAt} deleted`);
    return ExitCode.Ok;
  },
});

export const roleTokenCommands: readonly Command[] = [create, list, remove];
