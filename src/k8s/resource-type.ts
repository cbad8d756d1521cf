// Types of a Kubernetes API and the URL paths they have. No I/O.
import { apiVersionOf, type GroupVersionKind } from './object.ts';

/** What a request needs to know of a type: its version, its plural name and its scope. */
export interface ResourceType extends GroupVersionKind {
  /** Plural, lower case: `deployments`. */
  readonly resource: string;
  readonly namespaced: boolean;
}

/** Names one object of a known type. `namespace` is absent or '' for cluster-scoped ones. */
export interface ObjectRef {
  readonly namespace?: string | undefined;
  readonly name: string;
}

/** `/api/v1` or `/apis/GROUP/VERSION`. */
export function groupVersionPath(gv: { readonly group: string; readonly version: string }): string {
  return gv.group === '' ? `/api/${gv.version}` : `/apis/${gv.group}/${gv.version}`;
}

/** Path of a collection; all namespaces when none is given. */
export function collectionPath(type: ResourceType, namespace = ''): string {
  const base = groupVersionPath(type);
  if (namespace === '' || !type.namespaced) return `${base}/${type.resource}`;
  return `${base}/namespaces/${encodeURIComponent(namespace)}/${type.resource}`;
}

/** Path of one object, with a sub-resource (`status`, `scale`) when given. */
export function objectPath(type: ResourceType, ref: ObjectRef, subresource = ''): string {
  const path = `${collectionPath(type, ref.namespace)}/${encodeURIComponent(ref.name)}`;
  return subresource === '' ? path : `${path}/${subresource}`;
}

/** `apps/v1 Deployment`, for messages. */
export function describeType(type: GroupVersionKind): string {
  return `${apiVersionOf(type)} ${type.kind}`;
}

/** Types every cluster has, for code that runs before or without discovery. */
export const wellKnown = {
  namespaces: builtIn('', 'v1', 'Namespace', 'namespaces', false),
  configMaps: builtIn('', 'v1', 'ConfigMap', 'configmaps'),
  secrets: builtIn('', 'v1', 'Secret', 'secrets'),
  events: builtIn('', 'v1', 'Event', 'events'),
  pods: builtIn('', 'v1', 'Pod', 'pods'),
  leases: builtIn('coordination.k8s.io', 'v1', 'Lease', 'leases'),
  customResourceDefinitions: builtIn(
    'apiextensions.k8s.io',
    'v1',
    'CustomResourceDefinition',
    'customresourcedefinitions',
    false,
  ),
  apiServices: builtIn('apiregistration.k8s.io', 'v1', 'APIService', 'apiservices', false),
} as const;

function builtIn(
  group: string,
  version: string,
  kind: string,
  resource: string,
  namespaced = true,
): ResourceType {
  return { group, version, kind, resource, namespaced };
}
