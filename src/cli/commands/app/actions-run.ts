import { applicationId, identityOptions } from '../../application/identity.ts';
import { chosenResources, parametersOf, resourceOptions } from '../../application/resource-filter.ts';
import { defineCommand } from '../../command.ts';
import { CliError } from '../../errors.ts';
import { ExitCode } from '../../exit-codes.ts';
import { printResult, resultOption } from '../../result.ts';

export const appActionsRun = defineCommand({
  words: 'app actions run',
  describe: 'Run an action on one resource of an application, or on all that match',
  positionals: ['APPNAME', 'ACTION'],
  options: {
    ...identityOptions,
    ...resourceOptions,
    all: { type: 'boolean', describe: 'Run it on every matching resource' },
    param: {
      type: 'list',
      value: 'name=value',
      isWhole: true,
      describe: 'Parameter of the action, may be repeated',
    },
    ...resultOption,
  },
  examples: [
    'fairlead app actions run guestbook restart --kind Deployment --resource-name web',
    'fairlead app actions run guestbook scale --kind Deployment --param replicas=3',
  ],
  async run({ client, options, positionals, out, signal }) {
    const id = applicationId(positionals[0], options);
    const [, action = ''] = positionals;
    if (options.kind === undefined)
      throw new CliError('USAGE', 'Name the kind of the resource with --kind', 1);
    const params = Object.entries(parametersOf(options.param)).map(([name, value]) => ({ name, value }));
    const { applications } = await client();
    const { nodes } = await applications.tree(id, { signal });
    const done: object[] = [];
    for (const node of chosenResources(nodes, options, options.all === true)) {
      const { group = '', version, kind, namespace = '', name } = node;
      await applications.runAction(id, {
        group,
        version,
        kind,
        namespace,
        resourceName: name,
        action,
        ...(params.length === 0 ? {} : { resourceActionParameters: params }),
      });
      done.push({ action, group, version, kind, namespace, name });
      out.note(
        `${action}: ${group === '' ? kind : `${group}/${kind}`} ${namespace === '' ? name : `${namespace}/${name}`}`,
      );
    }
    printResult(out, options.output, done);
    return ExitCode.Ok;
  },
});
