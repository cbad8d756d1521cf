// Roles and bindings: nobody may grant rights they do not have, unless they may escalate or bind.
import type { KubeObject } from '../../../k8s/index.ts';
import { isRecord, jsonEqual } from '../../../lib/index.ts';
import { ApiError } from '../../errors.ts';
import { forbidden } from '../../failures.ts';
import type { Prepare, PrepareContext } from '../prepare.ts';

const GROUP = 'rbac.authorization.k8s.io';

export const prepareRole: Prepare = (context, object, old) => {
  // Rules are always written, as null when there are none.
  if (object['rules'] === undefined) object['rules'] = null;
  if (
    old !== undefined &&
    jsonEqual(old['rules'], object['rules']) &&
    jsonEqual(old['aggregationRule'], object['aggregationRule'])
  ) {
    return;
  }
  if (mayAnyway(context, object, 'escalate', context.type.resource)) return;
  // An aggregated role can become anything.
  const everything = [
    { apiGroups: ['*'], resources: ['*'], verbs: ['*'] },
    { nonResourceURLs: ['*'], verbs: ['*'] },
  ];
  refuseMissing(context, object, object['aggregationRule'] === undefined ? object['rules'] : everything);
};

export const prepareBinding: Prepare = (context, object, old) => {
  if (
    old !== undefined &&
    jsonEqual(old['roleRef'], object['roleRef']) &&
    jsonEqual(old['subjects'], object['subjects'])
  ) {
    return;
  }
  const role = isRecord(object['roleRef']) ? object['roleRef'] : {};
  const name = String(role['name'] ?? '');
  const resource = role['kind'] === 'Role' ? 'roles' : 'clusterroles';
  if (mayAnyway(context, object, 'bind', resource, name)) return;
  const { namespace = '' } = object.metadata;
  const stored = context.core.store
    .collection(`${resource}.${GROUP}`)
    .get(resource === 'roles' ? namespace : '', name);
  if (stored === undefined) {
    throw new ApiError(404, 'NotFound', `${resource}.${GROUP} "${name}" not found`, {
      name,
      group: GROUP,
      kind: resource,
    });
  }
  refuseMissing(context, object, stored.object['rules']);
};

function mayAnyway(
  { core, user }: PrepareContext,
  object: KubeObject,
  verb: 'escalate' | 'bind',
  resource: string,
  name = object.metadata.name ?? '',
): boolean {
  const { namespace = '' } = object.metadata;
  return core.rights.allows(user, { verb, group: GROUP, resource, subresource: '', namespace, name });
}

function refuseMissing({ core, user, type }: PrepareContext, object: KubeObject, rules: unknown): void {
  const missing = core.rights.missing(user, object.metadata.namespace ?? '', rules);
  if (missing.length === 0) return;
  const groups = user.groups.map((group) => JSON.stringify(group)).join(' ');
  throw forbidden(
    type,
    object.metadata.name ?? '',
    `user ${JSON.stringify(user.name)} (groups=[${groups}]) is attempting to grant RBAC permissions not currently held:\n${missing.join('\n')}`,
  );
}
