// Whether a request may go on, and the refusal as kube-apiserver words it.
import type { User } from '../core.ts';
import { ApiError } from '../errors.ts';
import type { ResourceRequest } from '../http/request-info.ts';
import { qualifiedResource } from '../resource-type.ts';
import type { Rbac } from './rbac.ts';

/** @throws ApiError 403 */
export function authorizeResource(rbac: Rbac, user: User, verb: string, request: ResourceRequest): void {
  const { group, resource, subresource, name } = request;
  const namespace = resource === 'namespaces' && group === '' ? name : request.namespace;
  if (rbac.allows(user, { verb, group, resource, subresource, namespace, name })) return;
  const { message, details } = refusal(user, verb, request);
  throw new ApiError(403, 'Forbidden', message, details);
}

function refusal(
  user: User,
  verb: string,
  request: ResourceRequest,
): { message: string; details: { name?: string; group?: string; kind: string } } {
  const { group, resource, subresource, name, namespace } = request;
  const subject = qualifiedResource({ group, resource });
  const full = subresource === '' ? resource : `${resource}/${subresource}`;
  const scope = namespace === '' ? 'at the cluster scope' : `in the namespace "${namespace}"`;
  const named = name === '' ? `${subject} is forbidden` : `${subject} "${name}" is forbidden`;
  return {
    message: `${named}: User "${user.name}" cannot ${verb} resource "${full}" in API group "${group}" ${scope}`,
    details: {
      ...(name === '' ? {} : { name }),
      ...(group === '' ? {} : { group }),
      kind: resource,
    },
  };
}

/** @throws ApiError 403 */
export function authorizePath(rbac: Rbac, user: User, method: string, path: string): void {
  const verb = method === 'HEAD' ? 'get' : method.toLowerCase();
  if (rbac.allowsPath(user, { verb, path })) return;
  throw new ApiError(403, 'Forbidden', `forbidden: User "${user.name}" cannot ${verb} path "${path}"`, {});
}
