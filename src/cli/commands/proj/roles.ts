// Roles of a project: who they are and what they may do. Their tokens are not made here.
import type { ProjectRole, ProjectSpec } from '../../../model/index.ts';
import { type Command, type CommandCall, defineCommand, type OptionSpecs } from '../../command.ts';
import { CliError } from '../../errors.ts';
import { ExitCode } from '../../exit-codes.ts';
import { table } from '../../output.ts';
import { changeProject, withItem, withoutItem } from '../../project/change.ts';
import { formatOption, printResult, resultOption } from '../../result.ts';

const output = formatOption('wide', 'name', 'json', 'yaml');

const roleList = defineCommand({
  words: 'proj role list',
  describe: 'List the roles of a project',
  positionals: ['PROJECT'],
  options: { output },
  async run({ client, options, out, positionals }) {
    const { spec } = await (await client()).projects.get(positionals[0] ?? '');
    const roles = spec.roles ?? [];
    if (options.output === 'json') out.json(roles);
    else if (options.output === 'yaml') out.yaml(roles);
    else if (options.output === 'name') for (const { name } of roles) out.line(name);
    else {
      const rows = roles.map(({ description = '', name }) => [name, description]);
      out.line(table(['ROLE-NAME', 'DESCRIPTION'], rows));
    }
    return ExitCode.Ok;
  },
});

const roleGet = defineCommand({
  words: 'proj role get',
  describe: 'Show a role of a project',
  positionals: ['PROJECT', 'ROLE-NAME'],
  options: { output: { ...output, choices: ['wide', 'json', 'yaml'] } },
  async run({ client, options, out, positionals: [project = '', name = ''] }) {
    const { spec, status } = await (await client()).projects.get(project);
    const role = findRole(spec, name);
    const tokens = status?.jwtTokensByRole?.[name]?.items ?? role.jwtTokens ?? [];
    if (options.output !== 'wide') {
      printResult(out, options.output, { ...role, jwtTokens: tokens });
      return ExitCode.Ok;
    }
    const field = (label: string, value: string): void => out.line(`${label.padEnd(15)}${value}`);
    field('Role Name:', role.name);
    field('Description:', role.description ?? '');
    out.line('Policies:');
    out.line(`p, proj:${project}:${name}, projects, get, ${project}, allow`);
    for (const policy of role.policies ?? []) out.line(policy);
    out.line('Groups:');
    for (const group of role.groups ?? []) out.line(group);
    out.line('JWT Tokens:');
    const time = (seconds: number | undefined): string =>
      seconds === undefined || seconds === 0 ? '<none>' : new Date(seconds * 1000).toISOString();
    const rows = tokens.map(({ exp, iat, id = '' }) => [id === '' ? String(iat) : id, time(iat), time(exp)]);
    out.line(table(['ID', 'ISSUED-AT', 'EXPIRES-AT'], rows));
    return ExitCode.Ok;
  },
});

const roleCreate = defineCommand({
  words: 'proj role create',
  describe: 'Create a role of a project',
  positionals: ['PROJECT', 'ROLE-NAME'],
  options: {
    description: { type: 'string', value: 'text', describe: 'What the role is for' },
    ...resultOption,
  },
  async run({ client, options, out, positionals: [project = '', name = ''] }) {
    const { description } = options;
    const role: ProjectRole = { name, ...(description === undefined ? {} : { description }) };
    const changed = await changeProject(await client(), project, (spec) => ({
      ...spec,
      roles: withItem(spec.roles, role, (item) => item.name === name, `Role '${name}'`),
    }));
    printResult(out, options.output, changed, `Role '${name}' created`);
    return ExitCode.Ok;
  },
});

const roleDelete = defineCommand({
  words: 'proj role delete',
  describe: 'Delete a role of a project and end its tokens',
  positionals: ['PROJECT', 'ROLE-NAME'],
  options: resultOption,
  async run({ client, options, out, positionals: [project = '', name = ''] }) {
    const changed = await changeProject(await client(), project, (spec) => ({
      ...spec,
      roles: withoutItem(spec.roles, (item) => item.name === name, `Role '${name}'`),
    }));
    printResult(out, options.output, changed, `Role '${name}' deleted`);
    return ExitCode.Ok;
  },
});

const policyOptions = {
  action: { type: 'string', short: 'a', value: 'action', describe: 'What may be done, e.g. get or sync' },
  object: { type: 'string', short: 'o', value: 'pattern', describe: 'To what in the project, e.g. *' },
  permission: {
    type: 'string',
    short: 'p',
    default: 'allow',
    choices: ['allow', 'deny'],
    describe: 'Whether it is allowed or denied',
  },
  resource: {
    type: 'string',
    short: 'r',
    default: 'applications',
    value: 'resource',
    describe: 'Resource the action is on',
  },
  // `-o` is --object here, as it is for argocd.
  output: {
    type: resultOption.output.type,
    default: resultOption.output.default,
    value: resultOption.output.value,
    choices: resultOption.output.choices,
    describe: resultOption.output.describe,
  },
} as const satisfies OptionSpecs;

function policyOf({
  options,
  positionals: [project = '', role = ''],
}: CommandCall<typeof policyOptions>): string {
  const { action, object, permission, resource } = options;
  if (action === undefined || object === undefined)
    throw new CliError('USAGE', 'Give --action and --object', 1);
  return `p, proj:${project}:${role}, ${resource}, ${action}, ${project}/${object}, ${permission}`;
}

function policyCommand(verb: 'add' | 'remove'): Command {
  return defineCommand({
    words: `proj role ${verb}-policy`,
    describe: verb === 'add' ? 'Add a policy to a role' : 'Take a policy from a role',
    positionals: ['PROJECT', 'ROLE-NAME'],
    options: policyOptions,
    async run(call) {
      const [project = '', name = ''] = call.positionals;
      const policy = policyOf(call);
      const isSame = (item: string): boolean => item.replace(/\s/g, '') === policy.replace(/\s/g, '');
      const changed = await changeProject(await call.client(), project, (spec) =>
        changeRole(spec, name, (role) => ({
          ...role,
          policies:
            verb === 'add'
              ? withItem(role.policies, policy, isSame, 'This policy')
              : withoutItem(role.policies, isSame, 'This policy'),
        })),
      );
      printResult(call.out, call.options.output, changed);
      return ExitCode.Ok;
    },
  });
}

function groupCommand(verb: 'add' | 'remove'): Command {
  return defineCommand({
    words: `proj role ${verb}-group`,
    describe: verb === 'add' ? 'Give a role to a group' : 'Take a role from a group',
    positionals: ['PROJECT', 'ROLE-NAME', 'GROUP'],
    options: resultOption,
    async run({ client, options, out, positionals: [project = '', name = '', group = ''] }) {
      const isSame = (item: string): boolean => item === group;
      const changed = await changeProject(await client(), project, (spec) =>
        changeRole(spec, name, (role) => ({
          ...role,
          groups:
            verb === 'add'
              ? withItem(role.groups, group, isSame, `Group '${group}'`)
              : withoutItem(role.groups, isSame, `Group '${group}'`),
        })),
      );
      const what = verb === 'add' ? 'added to' : 'removed from';
      printResult(out, options.output, changed, `Group '${group}' ${what} role '${name}'`);
      return ExitCode.Ok;
    },
  });
}

export const roleCommands: readonly Command[] = [
  roleList,
  roleGet,
  roleCreate,
  roleDelete,
  policyCommand('add'),
  policyCommand('remove'),
  groupCommand('add'),
  groupCommand('remove'),
];

function findRole(spec: ProjectSpec, name: string): ProjectRole {
  const role = (spec.roles ?? []).find((item) => item.name === name);
  if (role === undefined) throw new CliError('FAILED', `role '${name}' does not exist in project`);
  return role;
}

function changeRole(
  spec: ProjectSpec,
  name: string,
  change: (role: ProjectRole) => ProjectRole,
): ProjectSpec {
  const role = findRole(spec, name);
  return { ...spec, roles: (spec.roles ?? []).map((item) => (item === role ? change(role) : item)) };
}
