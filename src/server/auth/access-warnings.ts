// What is open longer or wider than it needs to be: the first password, keys without an end. Each is told to whom it
// concerns.
import type { AccessWarning } from '../../contract/index.ts';
import type { ServerDeps } from '../deps.ts';
import type { Permission } from './authorise.ts';

/** Warnings are read by people; a list that is longer says what there is to do as well. */
const MAX_WARNINGS = 500;
const getAccount = { resource: 'accounts', action: 'get' } as const;
const getProject = { resource: 'projects', action: 'get' } as const;

export function accessWarnings(
  { accounts, projects }: Pick<ServerDeps, 'accounts' | 'projects'>,
  may: (permission: Permission, object: string) => boolean,
): AccessWarning[] {
  const found: AccessWarning[] = [];
  if (accounts.hasInitialPassword() && may(getAccount, 'admin'))
    found.push({
      kind: 'initial-password',
      subject: 'admin',
      message:
        'The password of the first start is still kept in a Secret; change it with: fairlead account update-password',
    });
  for (const { name, tokens } of accounts.list().filter((account) => may(getAccount, account.name)))
    for (const { id, exp } of tokens) if (exp === 0) found.push(endlessKey(name, id));
  for (const { metadata, spec } of projects
    .list()
    .filter((item) => may(getProject, item.metadata.name ?? '')))
    for (const role of spec.roles ?? [])
      for (const { id = '', iat, exp = 0 } of role.jwtTokens ?? [])
        if (exp === 0) found.push(endlessToken(metadata.name ?? '', role.name, id || String(iat), iat));
  return found.slice(0, MAX_WARNINGS);
}

function endlessKey(name: string, id: string): AccessWarning {
  return {
    kind: 'endless-token',
    subject: name,
    message: `Key '${id}' of account '${name}' has no end; make one with --expires-in, then: fairlead account delete-token ${id} --account ${name}`,
  };
}

function endlessToken(project: string, role: string, id: string, iat: number): AccessWarning {
  return {
    kind: 'endless-token',
    subject: `proj:${project}:${role}`,
    message: `Token '${id}' of role '${role}' of project '${project}' has no end; make one with --expires-in, then: fairlead proj role delete-token ${project} ${role} ${iat}`,
  };
}
