// What became of every application, kept in a file, so that the same can be compared after an upgrade.
import { readFile, writeFile } from 'node:fs/promises';
import { stringify } from 'yaml';
import { z } from 'zod';
import type { Application } from '../../../contract/index.ts';
import { mapLimited, parseYaml } from '../../../lib/index.ts';
import { lineDiff } from '../../application/line-diff.ts';
import { type Command, defineCommand } from '../../command.ts';
import { CliError } from '../../errors.ts';
import { ExitCode } from '../../exit-codes.ts';
import { printResult, resultOption } from '../../result.ts';

const REFRESHES_AT_ONCE = 10;

const Result = z.looseObject({ name: z.string(), namespace: z.string() });
const Results = z.object({ applications: z.array(Result) });
type Results = z.infer<typeof Results>;

const get = defineCommand({
  words: 'admin app get-reconcile-results',
  describe: 'Write health, sync status, objects and conditions of all applications into a file',
  positionals: ['FILE'],
  options: {
    selector: {
      type: 'string',
      short: 'l',
      value: 'selector',
      describe: 'Only applications with these labels',
    },
    refresh: { type: 'boolean', describe: 'Have each compared anew first' },
    output: {
      ...resultOption.output,
      default: 'yaml',
      choices: ['yaml', 'json'],
      describe: 'Format of the file',
    },
  },
  examples: ['fairlead admin app get-reconcile-results before.yaml --refresh'],
  async run({ client, options, out, positionals: [file = ''], signal }) {
    const { applications } = await client();
    const { selector } = options;
    const { items } = await applications.list(selector === undefined ? {} : { selector });
    const apps =
      options.refresh !== true
        ? (items ?? [])
        : await mapLimited(items ?? [], REFRESHES_AT_ONCE, ({ metadata: { name = '', namespace } }) =>
            applications.get({ name, appNamespace: namespace }, 'normal', { signal }),
          );
    const results = { applications: apps.map(resultOf) };
    const text =
      options.output === 'json'
        ? `${JSON.stringify(results, undefined, 2)}\n`
        : stringify(results, { lineWidth: 0 });
    await writeFile(file, text);
    out.note(`${results.applications.length} applications written to ${file}`);
    return ExitCode.Ok;
  },
});

const diff = defineCommand({
  words: 'admin app diff-reconcile-results',
  describe: 'Compare two files of get-reconcile-results; exit code 1 when they differ',
  positionals: ['FILE1', 'FILE2'],
  isClient: false,
  options: resultOption,
  examples: ['fairlead admin app diff-reconcile-results before.yaml after.yaml'],
  async run({ options, out, positionals: [first = '', second = ''] }) {
    const [before, after] = [byName(await read(first)), byName(await read(second))];
    const names = [...new Set([...before.keys(), ...after.keys()])].sort();
    const differences = names.flatMap((name) => {
      const difference = lineDiff(before.get(name) ?? '', after.get(name) ?? '');
      return difference === '' ? [] : [{ name, difference }];
    });
    const text = differences.map(({ name, difference }) => `${name}\n${difference}`).join('\n');
    printResult(out, options.output, differences, text === '' ? 'No differences' : text);
    return differences.length === 0 ? ExitCode.Ok : ExitCode.CommandFailed;
  },
});

export const reconcileResultCommands: readonly Command[] = [get, diff];

/** Without what changes although nothing has: times, versions of objects. */
function resultOf({ metadata, status = {} }: Application): z.infer<typeof Result> {
  const { name = '', namespace = '' } = metadata;
  return {
    name,
    namespace,
    health: { status: status.health?.status ?? 'Unknown' },
    sync: {
      status: status.sync?.status ?? 'Unknown',
      ...(status.sync?.revision ? { revision: status.sync.revision } : {}),
      ...(status.sync?.revisions ? { revisions: status.sync.revisions } : {}),
    },
    resources: (status.resources ?? []).map((item) => ({
      group: item.group ?? '',
      kind: item.kind,
      namespace: item.namespace ?? '',
      name: item.name,
      status: item.status,
      ...(item.health?.status === undefined ? {} : { health: item.health.status }),
    })),
    conditions: (status.conditions ?? []).map(({ type, message }) => ({ type, message })),
  };
}

function byName({ applications }: Results): Map<string, string> {
  return new Map(
    applications.map((result) => [`${result.namespace}/${result.name}`, stringify(result, { lineWidth: 0 })]),
  );
}

async function read(file: string): Promise<Results> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new CliError('USAGE', `Cannot read ${file}: ${error.message}`, 1, { cause: error });
  });
  const parsed = Results.safeParse(parseYaml(text));
  if (parsed.success) return parsed.data;
  throw new CliError('USAGE', `${file} was not written by admin app get-reconcile-results`, 1);
}
