import { applicationId, identityOptions } from '../../application/identity.ts';
import { treeText } from '../../application/tree.ts';
import { defineCommand } from '../../command.ts';
import { ExitCode } from '../../exit-codes.ts';
import { table } from '../../output.ts';
import { formatOption } from '../../result.ts';

export const appResources = defineCommand({
  words: 'app resources',
  describe: 'List the resources of an application and what they own',
  positionals: ['APPNAME'],
  options: {
    ...identityOptions,
    orphaned: { type: 'boolean', describe: 'Only those that no application has' },
    output: formatOption('', 'tree', 'json', 'yaml'),
  },
  async run({ client, options, positionals, out, signal }) {
    const tree = await (await client()).applications.tree(applicationId(positionals[0], options), { signal });
    const { output, orphaned } = options;
    const nodes = orphaned === true ? tree.orphanedNodes : [...tree.nodes, ...tree.orphanedNodes];
    if (output === 'json') out.json(nodes);
    else if (output === 'yaml') out.yaml(nodes);
    else if (output === 'tree') out.line(treeText({ nodes, orphanedNodes: [] }));
    else {
      const isOrphan = new Set(tree.orphanedNodes);
      const rows = nodes.map((node) => [
        node.group ?? '',
        node.kind,
        node.namespace ?? '',
        node.name,
        isOrphan.has(node) ? 'Yes' : 'No',
        node.health?.status ?? '',
      ]);
      out.line(table(['GROUP', 'KIND', 'NAMESPACE', 'NAME', 'ORPHANED', 'HEALTH'], rows));
    }
    return ExitCode.Ok;
  },
});
