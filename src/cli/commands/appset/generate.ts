import type { Application } from '../../../contract/index.ts';
import { applicationSetsOf } from '../../application-set/manifest.ts';
import { defineCommand } from '../../command.ts';
import { ExitCode } from '../../exit-codes.ts';
import { formatOption } from '../../result.ts';
import { listTable } from '../app/list.ts';

export const appsetGenerate = defineCommand({
  words: 'appset generate',
  describe: 'Show the applications that the ApplicationSets of a file would have; nothing is written',
  positionals: ['FILE'],
  options: {
    output: formatOption('wide', '', 'json', 'yaml'),
  },
  examples: ['fairlead appset generate web.yaml', 'fairlead appset generate web.yaml -o yaml'],
  async run({ client, options, positionals, out, environment, signal }) {
    const sets = await applicationSetsOf(positionals[0] ?? '', environment);
    const api = await client();
    const found: Application[] = [];
    for (const set of sets) {
      const { applications, unusable = [] } = await api.applicationSets.generate(set, { signal });
      found.push(...applications);
      for (const { name, reason } of unusable) out.note(`Warning: ${name} cannot be made: ${reason}`);
    }
    // As argocd does: one application by itself, several as a list.
    const value = found.length === 1 ? found[0] : found;
    if (options.output === 'json') out.json(value);
    else if (options.output === 'yaml') out.yaml(value);
    else out.line(listTable(found, options.output === 'wide'));
    return ExitCode.Ok;
  },
});
