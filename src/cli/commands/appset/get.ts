import { applicationSetId, namespaceOption } from '../../application-set/identity.ts';
import { describeSet } from '../../application-set/text.ts';
import { defineCommand } from '../../command.ts';
import { ExitCode } from '../../exit-codes.ts';
import { formatOption } from '../../result.ts';

export const appsetGet = defineCommand({
  words: 'appset get',
  describe: 'Show an ApplicationSet and what became of it',
  positionals: ['APPSETNAME'],
  options: {
    ...namespaceOption,
    output: formatOption('wide', 'json', 'yaml'),
    'show-params': { type: 'boolean', describe: 'Show the parameters for Helm that its template sets' },
  },
  examples: ['fairlead appset get web', 'fairlead appset get team-a/web -o yaml'],
  async run({ client, options, positionals, out, signal }) {
    const [name = ''] = positionals;
    const set = await (await client()).applicationSets.get(applicationSetId(name, options), { signal });
    if (options.output === 'json') out.json(set);
    else if (options.output === 'yaml') out.yaml(set);
    else out.line(describeSet(set, options['show-params'] === true));
    return ExitCode.Ok;
  },
});
