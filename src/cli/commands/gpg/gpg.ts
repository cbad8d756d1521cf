import type { SigningKey } from '../../../contract/index.ts';
import { defineCommand } from '../../command.ts';
import { CliError } from '../../errors.ts';
import { ExitCode } from '../../exit-codes.ts';
import { type Output, table } from '../../output.ts';
import { fileOf } from '../../repository/credential-flags.ts';
import { formatOption, printResult, resultOption } from '../../result.ts';

const output = {
  output: formatOption('wide', 'json', 'yaml'),
} as const;

export const gpgAdd = defineCommand({
  words: 'gpg add',
  describe: 'Add an OpenPGP public key that projects may demand signatures of',
  options: {
    from: {
      type: 'string',
      short: 'f',
      value: 'file',
      describe: 'File of the armoured key; without it stdin is read',
    },
    upsert: { type: 'boolean', describe: 'Replace it when it is there already' },
    ...resultOption,
  },
  examples: ['gpg --export --armor ada@example.com | fairlead gpg add'],
  async run({ client, environment, options, out }) {
    const keyData = (await fileOf('--from', options.from)) ?? (await environment.readStdin());
    const answer = await (await client()).signingKeys.create(keyData, {
      upsert: options.upsert === true,
    });
    if (options.output !== '') {
      printResult(out, options.output, answer);
      return ExitCode.Ok;
    }
    const { created, skipped } = answer;
    for (const { keyID, owner } of created.items) out.line(`Key ${keyID} of ${owner} added`);
    for (const keyID of skipped) out.line(`Key ${keyID} is there already; --upsert replaces it`);
    return ExitCode.Ok;
  },
});

export const gpgList = defineCommand({
  words: 'gpg list',
  describe: 'List the OpenPGP keys',
  options: output,
  async run({ client, options, out, signal }) {
    const { items } = await (await client()).signingKeys.list({ signal });
    if (!printed(out, options.output, items)) {
      const rows = items.map(({ keyID, subType, owner }) => [keyID, subType, owner]);
      out.line(table(['KEYID', 'TYPE', 'IDENTITY'], rows));
    }
    return ExitCode.Ok;
  },
});

export const gpgGet = defineCommand({
  words: 'gpg get',
  describe: 'Show an OpenPGP key',
  positionals: ['KEYID'],
  options: output,
  async run({ client, options, out, positionals, signal }) {
    const key = await (await client()).signingKeys.get(positionals[0] ?? '', { signal });
    if (!printed(out, options.output, key)) {
      out.line(`Key ID:          ${key.keyID}`);
      out.line(`Key fingerprint: ${key.fingerprint}`);
      out.line(`Key subtype:     ${key.subType}`);
      out.line(`Key owner:       ${key.owner}`);
      out.line('Key data follows until EOF:');
      out.line(key.keyData ?? '');
    }
    return ExitCode.Ok;
  },
});

export const gpgRemove = defineCommand({
  words: 'gpg rm',
  describe: 'Remove an OpenPGP key; signatures by it count no longer',
  positionals: ['KEYID'],
  options: resultOption,
  async run({ client, options, out, positionals }) {
    const [id = ''] = positionals;
    if (id === '') throw new CliError('USAGE', 'Name the key by its id', 1);
    await (await client()).signingKeys.delete(id);
    printResult(out, options.output, { keyID: id }, `Deleted key with key ID ${id}`);
    return ExitCode.Ok;
  },
});

function printed(out: Output, format: string, value: SigningKey | readonly SigningKey[]): boolean {
  if (format === 'json') out.json(value);
  else if (format === 'yaml') out.yaml(value);
  return format !== 'wide';
}
