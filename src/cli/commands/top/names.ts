import { defineCommand } from '../../command.ts';
import { NAME_KINDS } from '../../completion.ts';
import { readConfiguration } from '../../configuration.ts';
import { CliError } from '../../errors.ts';
import { ExitCode } from '../../exit-codes.ts';

/** Somebody waits with a finger on the TAB key. */
const PATIENCE_MS = 3_000;
const MAX_NAMES = 1_000;

export const names = defineCommand({
  words: 'names',
  describe: `Print names, one a line, as completion scripts want them: ${NAME_KINDS.join(', ')}`,
  positionals: ['KIND'],
  examples: ['fairlead names applications'],
  async run({ client, connection, environment, out, positionals, signal }) {
    const kind = NAME_KINDS.find((each) => each === positionals[0]);
    if (kind === undefined)
      throw new CliError('USAGE', `"${positionals[0]}" is none of ${NAME_KINDS.join(', ')}`, 1);
    if (kind === 'contexts') {
      const file = connection.config ?? environment.cliConfigFile;
      for (const { name } of (await readConfiguration(file)).contexts) out.line(name);
      return ExitCode.Ok;
    }
    const late = AbortSignal.any([signal, AbortSignal.timeout(PATIENCE_MS)]);
    const api = await client();
    if (kind === 'applications') {
      const query = { fields: 'items.metadata.name,items.metadata.namespace', limit: MAX_NAMES };
      const { items } = await api.applications.list(query, { signal: late });
      for (const { metadata } of items) out.line(metadata.name ?? '');
    } else if (kind === 'applicationsets') {
      const query = { fields: 'items.metadata.name', limit: MAX_NAMES };
      const { items } = await api.applicationSets.list(query, { signal: late });
      for (const { metadata } of items) out.line(metadata.name ?? '');
    } else if (kind === 'projects') {
      for (const { metadata } of (await api.projects.list()).items) out.line(metadata.name ?? '');
    } else for (const { name } of (await api.clusters.list()).items) out.line(name);
    return ExitCode.Ok;
  },
});
