import { namespaceOption } from '../../application-set/identity.ts';
import { qualifiedSetName, setTable } from '../../application-set/text.ts';
import { defineCommand } from '../../command.ts';
import { ExitCode } from '../../exit-codes.ts';
import { formatOption } from '../../result.ts';

export const appsetList = defineCommand({
  words: 'appset list',
  describe: 'List ApplicationSets',
  options: {
    ...namespaceOption,
    output: formatOption('wide', '', 'name', 'json', 'yaml'),
    selector: {
      type: 'string',
      short: 'l',
      value: 'labels',
      describe: 'Label selector, e.g. team=web,!legacy',
    },
    project: { type: 'list', short: 'p', value: 'name', describe: 'Only ApplicationSets of these projects' },
  },
  examples: ['fairlead appset list', 'fairlead appset list -p shop -o name'],
  async run({ client, options, out, signal }) {
    const { output, selector, project, 'appset-namespace': appsetNamespace } = options;
    const query = { selector, projects: project, appsetNamespace };
    const { items } = await (await client()).applicationSets.list(query, { signal });
    if (output === 'json') out.json(items);
    else if (output === 'yaml') out.yaml(items);
    else if (output === 'name') for (const set of items) out.line(qualifiedSetName(set));
    else out.line(setTable(items, output === 'wide'));
    return ExitCode.Ok;
  },
});
