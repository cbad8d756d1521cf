import { ClientError } from '../../../client/index.ts';
import { applicationId, identityOptions } from '../../application/identity.ts';
import { matchingResources, resourceOptions } from '../../application/resource-filter.ts';
import { defineCommand } from '../../command.ts';
import { CliError } from '../../errors.ts';
import { ExitCode } from '../../exit-codes.ts';
import { table } from '../../output.ts';
import { formatOption } from '../../result.ts';

export const appActionsList = defineCommand({
  words: 'app actions list',
  describe: 'List what can be done to the resources of an application',
  positionals: ['APPNAME'],
  options: {
    ...identityOptions,
    ...resourceOptions,
    out: formatOption('', 'json', 'yaml'),
  },
  examples: ['fairlead app actions list guestbook', 'fairlead app actions list guestbook --kind Deployment'],
  async run({ client, options, positionals, out, signal }) {
    const id = applicationId(positionals[0], options);
    const { applications } = await client();
    const nodes = matchingResources((await applications.tree(id, { signal })).nodes, options);
    if (nodes.length === 0) throw new CliError('FAILED', 'No matching resource found');
    const rows = [];
    let hasFailed = false;
    for (const { group = '', version, kind, namespace = '', name } of nodes) {
      const query = { group, version, kind, namespace, resourceName: name };
      try {
        const { actions } = await applications.actions(id, query, { signal });
        for (const action of actions) {
          rows.push({ Group: group, Kind: kind, Name: name, Action: action.name, Disabled: action.disabled });
        }
      } catch (error) {
        // A script that fails hides the actions of its own kind, no others.
        if (!(error instanceof ClientError) || error.code === 'UNREACHABLE') throw error;
        hasFailed = true;
        out.note(`Error: ${error.message}`);
      }
    }
    if (options.out === 'json') out.json(rows);
    else if (options.out === 'yaml') out.yaml(rows);
    else {
      const cells = rows.map((row) => [row.Group, row.Kind, row.Name, row.Action, String(row.Disabled)]);
      out.line(table(['GROUP', 'KIND', 'NAME', 'ACTION', 'DISABLED'], cells));
    }
    return hasFailed ? ExitCode.General : ExitCode.Ok;
  },
});
