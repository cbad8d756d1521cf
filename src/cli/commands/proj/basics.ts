// Projects as a whole: list, show, create, change, delete.
import { readFile } from 'node:fs/promises';
import { ProjectCreateRequest } from '../../../contract/index.ts';
import { messageOf, parseYaml } from '../../../lib/index.ts';
import type { AppProject, ProjectSpec } from '../../../model/index.ts';
import { type Command, defineCommand } from '../../command.ts';
import { isConfirmed } from '../../confirm.ts';
import { CliError } from '../../errors.ts';
import { ExitCode } from '../../exit-codes.ts';
import { changeProject } from '../../project/change.ts';
import { projectLines, projectTable } from '../../project/describe.ts';
import { projectOptions, withProjectFlags } from '../../project/spec-flags.ts';
import { formatOption, printResult, resultOption } from '../../result.ts';

const projList = defineCommand({
  words: 'proj list',
  describe: 'List projects',
  options: {
    output: formatOption('wide', 'name', 'json', 'yaml'),
  },
  async run({ client, options, out }) {
    const { items } = await (await client()).projects.list();
    if (options.output === 'json') out.json(items);
    else if (options.output === 'yaml') out.yaml(items);
    else if (options.output === 'name') for (const { metadata } of items) out.line(metadata.name ?? '');
    else out.line(projectTable(items));
    return ExitCode.Ok;
  },
});

const projGet = defineCommand({
  words: 'proj get',
  describe: 'Show a project',
  positionals: ['PROJECT'],
  options: {
    output: formatOption('wide', 'json', 'yaml'),
  },
  async run({ client, options, out, positionals }) {
    const detailed = await (await client()).projects.detailed(positionals[0] ?? '');
    if (options.output === 'json') out.json(detailed.project);
    else if (options.output === 'yaml') out.yaml(detailed.project);
    else for (const line of projectLines(detailed)) out.line(line);
    return ExitCode.Ok;
  },
});

const projCreate = defineCommand({
  words: 'proj create',
  describe: 'Create a project',
  positionals: ['[PROJECT]'],
  options: {
    ...projectOptions,
    file: { type: 'string', short: 'f', value: 'file', describe: 'Manifest of the project; -: stdin' },
    upsert: { type: 'boolean', describe: 'Replace a project of this name' },
    ...resultOption,
  },
  examples: [
    'fairlead proj create shop -d https://kubernetes.default.svc,shop-* -s https://git.example.com/shop.git',
    'fairlead proj create -f project.yaml --upsert',
  ],
  async run({ client, environment, options, out, positionals }) {
    const read = async (file: string): Promise<string> =>
      file === '-' ? await environment.readStdin() : await readProjectFile(file);
    const base = options.file === undefined ? emptyProject() : parseProject(await read(options.file));
    const name = positionals[0] ?? base.metadata.name ?? '';
    if (name === '') throw new CliError('USAGE', 'Name the project: fairlead proj create NAME …', 1);
    const project: AppProject = {
      ...base,
      metadata: { ...base.metadata, name },
      spec: withProjectFlags(base.spec, options),
    };
    const created = await (await client()).projects.create(project, options.upsert === true);
    printResult(out, options.output, created, `project '${name}' created`);
    return ExitCode.Ok;
  },
});

const projSet = defineCommand({
  words: 'proj set',
  describe: 'Change members of a project',
  positionals: ['PROJECT'],
  options: { ...projectOptions, ...resultOption },
  async run({ client, options, out, positionals }) {
    const change = (spec: ProjectSpec): ProjectSpec => withProjectFlags(spec, options);
    printResult(out, options.output, await changeProject(await client(), positionals[0] ?? '', change));
    return ExitCode.Ok;
  },
});

const projDelete = defineCommand({
  words: 'proj delete',
  describe: 'Delete projects that no application uses',
  positionals: ['PROJECT...'],
  options: resultOption,
  async run({ client, options, out, positionals, ...context }) {
    const api = await client();
    const deleted: { readonly name: string }[] = [];
    for (const name of positionals) {
      if (!(await isConfirmed(context, `Delete project '${name}'?`))) continue;
      await api.projects.delete(name);
      deleted.push({ name });
      if (options.output === '') out.line(`project '${name}' deleted`);
    }
    printResult(out, options.output, deleted);
    return ExitCode.Ok;
  },
});

export const projectCommands: readonly Command[] = [projList, projGet, projCreate, projSet, projDelete];

/** A project without any permission, as argocd makes one. */
export function emptyProject(): AppProject {
  return { apiVersion: 'argoproj.io/v1alpha1', kind: 'AppProject', metadata: {}, spec: {} };
}

export async function readProjectFile(file: string): Promise<string> {
  return await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new CliError('USAGE', `Cannot read ${file}: ${error.message}`, 1, { cause: error });
  });
}

export function parseProject(text: string): AppProject {
  let value: unknown;
  try {
    value = parseYaml(text);
  } catch (error) {
    throw new CliError('USAGE', `The file is not YAML: ${messageOf(error)}`, 1, { cause: error });
  }
  const parsed = ProjectCreateRequest.safeParse({ project: value });
  if (!parsed.success) {
    const seen = parsed.error.issues
      .slice(0, 3)
      .map(({ path, message }) => `${path.slice(1).join('.')}: ${message}`);
    throw new CliError('USAGE', `The file holds no AppProject: ${seen.join('; ')}`, 1);
  }
  const { metadata, spec } = parsed.data.project;
  const { labels, annotations, finalizers, name } = metadata;
  return {
    ...emptyProject(),
    metadata: {
      name,
      ...(labels ? { labels } : {}),
      ...(annotations ? { annotations } : {}),
      ...(finalizers ? { finalizers } : {}),
    },
    spec,
  };
}
