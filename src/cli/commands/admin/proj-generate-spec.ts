import { projectProblems } from '../../../model/index.ts';
import { defineCommand } from '../../command.ts';
import { CliError } from '../../errors.ts';
import { ExitCode } from '../../exit-codes.ts';
import { projectOptions, withProjectFlags } from '../../project/spec-flags.ts';
import { formatOption } from '../../result.ts';
import { emptyProject, parseProject, readProjectFile } from '../proj/basics.ts';

export const adminProjGenerateSpec = defineCommand({
  words: 'admin proj generate-spec',
  describe: 'Print the manifest of a project, without a server',
  positionals: ['[PROJECT]'],
  isClient: false,
  options: {
    ...projectOptions,
    file: { type: 'string', short: 'f', value: 'file', describe: 'Manifest to start from; -: stdin' },
    output: formatOption('yaml', 'json'),
  },
  examples: [
    'fairlead admin proj generate-spec shop -d https://kubernetes.default.svc,shop -s "*" > project.yaml',
  ],
  async run({ environment, options, out, positionals }) {
    const { file } = options;
    const text =
      file === undefined
        ? undefined
        : file === '-'
          ? await environment.readStdin()
          : await readProjectFile(file);
    const base = text === undefined ? emptyProject() : parseProject(text);
    const name = positionals[0] ?? base.metadata.name ?? '';
    if (name === '')
      throw new CliError('USAGE', 'Name the project: fairlead admin proj generate-spec NAME …', 1);
    const spec = withProjectFlags(base.spec, options);
    const problems = projectProblems(name, spec);
    if (problems.length > 0)
      throw new CliError('FAILED', `project ${name} is invalid: ${problems.join('; ')}`);
    const project = { ...base, metadata: { ...base.metadata, name }, spec };
    if (options.output === 'json') out.json(project);
    else out.yaml(project);
    return ExitCode.Ok;
  },
});
