import { applicationId } from '../../application/identity.ts';
import { sourceOptions, sourcePosition } from '../../application/source-position.ts';
import { emptySpec, specOptions, withSpecFlags } from '../../application/spec-flags.ts';
import { defineCommand } from '../../command.ts';
import { CliError } from '../../errors.ts';
import { ExitCode } from '../../exit-codes.ts';
import { printResult, resultOption } from '../../result.ts';

const namespaceOption = {
  'app-namespace': {
    type: 'string',
    short: 'N',
    value: 'namespace',
    describe: 'Namespace of the application',
  },
} as const;

export const appAddSource = defineCommand({
  words: 'app add-source',
  describe: 'Add a source to an application with several sources',
  positionals: ['APPNAME'],
  options: {
    ...namespaceOption,
    ...specOptions,
    'source-name': { type: 'string', value: 'name', describe: 'Name of the new source' },
    ...resultOption,
  },
  examples: ['fairlead app add-source web --repo https://git.example.com/values.git --ref values'],
  async run({ client, options, positionals, out }) {
    const api = await client();
    const app = await api.applications.get(applicationId(positionals[0], options));
    const { sources } = app.spec;
    if (sources === undefined || sources.length === 0) {
      throw new CliError(
        'FAILED',
        `${app.metadata.name} has one source in spec.source; write it as spec.sources first`,
      );
    }
    const { source } = withSpecFlags(emptySpec(app.spec.project), options);
    if (source === undefined) throw new CliError('USAGE', 'Name the repository with --repo', 1);
    const name = options['source-name'];
    const added = name === undefined ? source : { ...source, name };
    const changed = { ...app, spec: { ...app.spec, sources: [...sources, added] } };
    const { namespace, name: named } = app.metadata;
    const sentence = `application '${namespace}/${named}' has ${sources.length + 1} sources`;
    printResult(out, options.output, await api.applications.update(changed), sentence);
    return ExitCode.Ok;
  },
});

export const appRemoveSource = defineCommand({
  words: 'app remove-source',
  describe: 'Take one of several sources away from an application',
  positionals: ['APPNAME'],
  options: { ...namespaceOption, ...sourceOptions, ...resultOption },
  examples: ['fairlead app remove-source web --source-position 2'],
  async run({ client, options, positionals, out }) {
    const api = await client();
    const app = await api.applications.get(applicationId(positionals[0], options));
    const { sources = [] } = app.spec;
    if (sources.length < 2)
      throw new CliError('FAILED', `${app.metadata.name} has fewer than two sources, and one must stay`);
    const position = sourcePosition(app, options);
    if (position === undefined)
      throw new CliError('USAGE', 'Say which with --source-position or --source-name', 1);
    const left = sources.filter((_, index) => index !== position - 1);
    const updated = await api.applications.update({ ...app, spec: { ...app.spec, sources: left } });
    const { namespace, name } = app.metadata;
    printResult(out, options.output, updated, `source ${position} of '${namespace}/${name}' is removed`);
    return ExitCode.Ok;
  },
});
