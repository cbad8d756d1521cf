// Impersonation headers: acting as another user needs the impersonate verb on that user and each group.
import type { IncomingHttpHeaders } from 'node:http';
import type { Rbac } from '../auth/rbac.ts';
import type { User } from '../core.ts';
import { ApiError } from '../errors.ts';

/** The user a request acts as. @throws ApiError 403 when the sender may not */
export function impersonated(rbac: Rbac, sender: User, headers: IncomingHttpHeaders): User {
  const name = headers['impersonate-user'];
  if (typeof name !== 'string' || name === '') return sender;
  const groupHeader = headers['impersonate-group'];
  const groups = typeof groupHeader === 'string' ? groupHeader.split(', ') : (groupHeader ?? []);
  const account = /^system:serviceaccount:([^:]+):([^:]+)$/.exec(name);
  if (account === null) check(rbac, sender, 'users', name, '');
  else check(rbac, sender, 'serviceaccounts', account[2] ?? '', account[1] ?? '');
  for (const group of groups) check(rbac, sender, 'groups', group, '');
  const implied =
    account === null ? [] : ['system:serviceaccounts', `system:serviceaccounts:${account[1] ?? ''}`];
  const authenticated = name === 'system:anonymous' ? 'system:unauthenticated' : 'system:authenticated';
  return { name, groups: [...new Set([...groups, ...implied, authenticated])] };
}

function check(rbac: Rbac, sender: User, resource: string, name: string, namespace: string): void {
  const request = { verb: 'impersonate', group: '', resource, subresource: '', namespace, name };
  if (rbac.allows(sender, request)) return;
  const scope = namespace === '' ? 'at the cluster scope' : `in the namespace "${namespace}"`;
  throw new ApiError(
    403,
    'Forbidden',
    `${resource} "${name}" is forbidden: User "${sender.name}" cannot impersonate resource "${resource}" in API group "" ${scope}`,
    { name, kind: resource },
  );
}
