import type { CertificateBody } from '../../../contract/index.ts';
import { type CommandContext, defineCommand, type OptionsOf } from '../../command.ts';
import { CliError } from '../../errors.ts';
import { ExitCode } from '../../exit-codes.ts';
import { table } from '../../output.ts';
import { fileOf } from '../../repository/credential-flags.ts';
import { formatOption, printResult, resultOption } from '../../result.ts';

const addOptions = {
  from: { type: 'string', value: 'file', describe: 'File to read; without it stdin is read' },
  upsert: { type: 'boolean', describe: 'Change what is there already' },
  ...resultOption,
} as const;
type Items = CertificateBody['items'];

export const certAddSsh = defineCommand({
  words: 'cert add-ssh',
  describe: 'Trust SSH host keys, given as lines of a known_hosts file',
  options: { ...addOptions, batch: { type: 'boolean', describe: 'Read many lines (always so)' } },
  examples: ['ssh-keyscan git.example.com | fairlead cert add-ssh --batch'],
  async run(context) {
    const text = await input(context);
    const items = text.split('\n').flatMap((line): Items => {
      const [hosts = '', certSubType = '', key = ''] = line.trim().split(/\s+/);
      if (hosts === '' || hosts.startsWith('#') || key === '') return [];
      const certData = Buffer.from(key).toString('base64');
      return hosts.split(',').map((serverName) => ({ serverName, certType: 'ssh', certSubType, certData }));
    });
    return await add(context, items);
  },
});

export const certAddTls = defineCommand({
  words: 'cert add-tls',
  describe: 'Trust TLS certificates (PEM) for a host',
  positionals: ['SERVERNAME'],
  options: addOptions,
  examples: ['fairlead cert add-tls git.example.com --from ca.pem'],
  async run(context) {
    const [serverName = ''] = context.positionals;
    const certData = Buffer.from(await input(context)).toString('base64');
    return await add(context, [{ serverName, certType: 'https', certData }]);
  },
});

export const certList = defineCommand({
  words: 'cert list',
  describe: 'List trusted SSH host keys and TLS certificates',
  options: {
    'cert-type': { type: 'string', choices: ['ssh', 'https'], describe: 'Only these' },
    'hostname-pattern': {
      type: 'string',
      value: 'pattern',
      describe: 'Only hosts like this; * matches anything',
    },
    output: formatOption('wide', 'json', 'yaml'),
  },
  async run({ client, options, out, signal }) {
    const query = { certType: options['cert-type'], hostNamePattern: options['hostname-pattern'] };
    const { items } = await (await client()).certificates.list(query, { signal });
    if (options.output === 'json') out.json(items);
    else if (options.output === 'yaml') out.yaml(items);
    else {
      const rows = items.map((item) => [item.serverName, item.certType, item.certSubType, item.certInfo]);
      out.line(table(['HOSTNAME', 'TYPE', 'SUBTYPE', 'INFO'], rows));
    }
    return ExitCode.Ok;
  },
});

export const certRemove = defineCommand({
  words: 'cert rm',
  describe: 'Trust a host no longer',
  positionals: ['REPOSERVER'],
  options: {
    'cert-type': { type: 'string', choices: ['ssh', 'https'], describe: 'Only these' },
    'cert-sub-type': { type: 'string', value: 'type', describe: 'Only keys of this type, e.g. ssh-ed25519' },
    ...resultOption,
  },
  async run({ client, options, positionals, out }) {
    const query = {
      hostNamePattern: positionals[0],
      certType: options['cert-type'],
      certSubType: options['cert-sub-type'],
    };
    const { items } = await (await client()).certificates.delete(query);
    const removed = items.map((item) => `Removed ${item.certType} ${item.certSubType} of ${item.serverName}`);
    if (items.length === 0) throw new CliError('FAILED', `Nothing is trusted for ${positionals[0]}`);
    printResult(out, options.output, items, removed.join('\n'));
    return ExitCode.Ok;
  },
});

async function input({
  environment,
  options,
}: CommandContext & { readonly options: OptionsOf<typeof addOptions> }): Promise<string> {
  return (await fileOf('--from', options.from)) ?? (await environment.readStdin());
}

async function add(
  { client, options, out }: CommandContext & { readonly options: OptionsOf<typeof addOptions> },
  items: Items,
): Promise<number> {
  if (items.length === 0) throw new CliError('FAILED', 'The input has no key');
  const added = await (await client()).certificates.create({ items }, { upsert: options.upsert === true });
  printResult(out, options.output, added.items, `${items.length} added`);
  return ExitCode.Ok;
}
