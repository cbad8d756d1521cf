// One rule more or less in the roles of many projects at once.
import { globMatches, type ProjectRole, type ProjectSpec } from '../../../model/index.ts';
import { defineCommand } from '../../command.ts';
import { CliError } from '../../errors.ts';
import { ExitCode } from '../../exit-codes.ts';
import { changeProject } from '../../project/change.ts';
import { printResult, resultOption } from '../../result.ts';

interface Change {
  readonly project: string;
  readonly role: string;
  readonly policy: string;
}

export const adminProjUpdateRolePolicy = defineCommand({
  words: 'admin proj update-role-policy',
  describe: 'Set or remove a rule in the roles of all projects that match; a dry run unless --dry-run=false',
  positionals: ['PROJECT-PATTERN', 'set|remove', 'ACTION'],
  options: {
    resource: {
      type: 'string',
      short: 'r',
      default: 'applications',
      value: 'resource',
      describe: 'Resource the action is on',
    },
    scope: { type: 'string', default: '*', value: 'pattern', describe: 'Objects of the project it is for' },
    role: { type: 'string', default: '*', value: 'pattern', describe: 'Roles that are changed' },
    permission: {
      type: 'string',
      short: 'p',
      default: 'allow',
      choices: ['allow', 'deny'],
      describe: 'Whether it is allowed or denied',
    },
    'dry-run': { type: 'boolean', default: true, describe: 'Only say what would be done' },
    ...resultOption,
  },
  examples: [
    "fairlead admin proj update-role-policy '*' set get --resource logs --role 'dev*' --dry-run=false",
    "fairlead admin proj update-role-policy 'team-*' remove override --permission allow",
  ],
  async run({ client, options, out, positionals: [pattern = '', modification = '', action = ''] }) {
    if (modification !== 'set' && modification !== 'remove')
      throw new CliError('USAGE', `"${modification}" is neither set nor remove`, 1);
    const api = await client();
    const { items } = await api.projects.list();
    const changes: Change[] = [];
    for (const { metadata, spec } of items) {
      const project = metadata.name ?? '';
      if (!globMatches(pattern, project)) continue;
      const edit = (role: ProjectRole): ProjectRole => {
        if (!globMatches(options.role, role.name)) return role;
        const { resource, scope, permission } = options;
        const policy = `p, proj:${project}:${role.name}, ${resource}, ${action}, ${project}/${scope}, ${permission}`;
        const isSame = (item: string): boolean => item.replace(/\s/g, '') === policy.replace(/\s/g, '');
        const others = (role.policies ?? []).filter((item) => !isSame(item));
        const had = others.length < (role.policies ?? []).length;
        if (had === (modification === 'set')) return role;
        return { ...role, policies: modification === 'set' ? [...others, policy] : others };
      };
      const found = (spec.roles ?? []).filter((role) => edit(role) !== role);
      if (found.length === 0) continue;
      for (const role of found) changes.push({ project, role: role.name, policy: action });
      if (!options['dry-run'])
        await changeProject(
          api,
          project,
          (now): ProjectSpec => ({ ...now, roles: (now.roles ?? []).map(edit) }),
        );
    }
    const suffix = options['dry-run'] ? ' (dry run)' : '';
    const done = modification === 'set' ? 'set in' : 'removed from';
    const lines = changes.map(
      ({ project, role }) => `${action} ${done} role ${role} of project ${project}${suffix}`,
    );
    printResult(out, options.output, changes, lines.length === 0 ? 'Nothing to change' : lines.join('\n'));
    return ExitCode.Ok;
  },
});
