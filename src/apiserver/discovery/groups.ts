// Discovery: which groups, versions and resources are served, in the legacy documents and the aggregated ones.
// Everything is computed from the registry and kept until it changes.
import { apiVersionOf } from '../../k8s/index.ts';
import { sha256 } from '../../lib/index.ts';
import type { Registry } from '../registry.ts';
import type { ResourceType, Subresource } from '../resource-type.ts';

interface GroupVersions {
  readonly group: string;
  /** In order of preference. */
  readonly versions: readonly string[];
}

/** Groups in the order built-in ones first, then custom ones by name. */
export function groupsOf(registry: Registry): GroupVersions[] {
  const groups = new Map<string, string[]>();
  for (const type of registry.all()) {
    const versions = groups.get(type.group) ?? [];
    for (const { version } of type.versions) if (!versions.includes(version)) versions.push(version);
    groups.set(type.group, versions);
  }
  return [...groups].map(([group, versions]) => ({ group, versions: versions.sort(compareVersions) }));
}

const VERSION = /^v(\d+)(?:(alpha|beta)(\d+))?$/;

/** Kubernetes version priority: v2 before v1 before v1beta2 before v1alpha1 before others by name. */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [VERSION.exec(a), VERSION.exec(b)];
  if (left === null || right === null) {
    if (left !== null || right !== null) return left === null ? 1 : -1;
    return a < b ? -1 : 1;
  }
  const stage = (match: RegExpExecArray): number =>
    match[2] === undefined ? 2 : match[2] === 'beta' ? 1 : 0;
  return (
    stage(right) - stage(left) ||
    Number(right[1]) - Number(left[1]) ||
    Number(right[3] ?? 0) - Number(left[3] ?? 0)
  );
}

export function apiVersions(address: string): Record<string, unknown> {
  return {
    kind: 'APIVersions',
    versions: ['v1'],
    serverAddressByClientCIDRs: [{ clientCIDR: '0.0.0.0/0', serverAddress: address }],
  };
}

export function apiGroupList(registry: Registry): Record<string, unknown> {
  const groups = groupsOf(registry).filter(({ group }) => group !== '');
  return { kind: 'APIGroupList', apiVersion: 'v1', groups: groups.map(groupEntry) };
}

export function apiGroup(registry: Registry, group: string): Record<string, unknown> | undefined {
  const found = groupsOf(registry).find((one) => one.group === group && group !== '');
  return found === undefined ? undefined : { kind: 'APIGroup', apiVersion: 'v1', ...groupEntry(found) };
}

function groupEntry({ group, versions }: GroupVersions): Record<string, unknown> {
  const entries = versions.map((version) => ({ groupVersion: `${group}/${version}`, version }));
  return { name: group, versions: entries, preferredVersion: entries[0] };
}

export function apiResourceList(
  registry: Registry,
  group: string,
  version: string,
): Record<string, unknown> | undefined {
  const types = typesAt(registry, group, version);
  if (types.length === 0) return undefined;
  return {
    kind: 'APIResourceList',
    ...(group === '' ? {} : { apiVersion: 'v1' }),
    groupVersion: apiVersionOf({ group, version }),
    resources: types.flatMap((type) => [
      resourceEntry(type),
      ...servedSubresources(type, version).map((sub) => subresourceEntry(type, sub)),
    ]),
  };
}

function typesAt(registry: Registry, group: string, version: string): ResourceType[] {
  return registry
    .all()
    .filter((type) => type.group === group && type.versions.some((served) => served.version === version))
    .sort((a, b) => (a.resource < b.resource ? -1 : 1));
}

/** Sub-resources of a type at a version: custom resources may have status or scale in some versions only. */
export function servedSubresources(type: ResourceType, version: string): readonly Subresource[] {
  const served = type.versions.find((one) => one.version === version);
  if (!type.custom || served === undefined) return type.subresources;
  return type.subresources.filter(
    ({ name }) =>
      (name !== 'status' || served.hasStatus === true) && (name !== 'scale' || served.scale !== undefined),
  );
}

function resourceEntry(type: ResourceType): Record<string, unknown> {
  const { resource: name, singular, namespaced, kind, verbs, shortNames, categories } = type;
  return {
    name,
    singularName: singular,
    namespaced,
    kind,
    verbs,
    ...(shortNames.length === 0 ? {} : { shortNames }),
    ...(categories.length === 0 ? {} : { categories }),
    ...hashOf(type),
  };
}

function subresourceEntry(type: ResourceType, sub: Subresource): Record<string, unknown> {
  return {
    name: `${type.resource}/${sub.name}`,
    singularName: '',
    namespaced: type.namespaced,
    ...(sub.version === undefined || (sub.group ?? '') === type.group
      ? {}
      : { group: sub.group ?? '', version: sub.version }),
    kind: sub.kind,
    verbs: sub.verbs,
  };
}

// Built-in types have upstream's value, or none when nothing is stored; custom ones are hashed here.
function hashOf(type: ResourceType): { storageVersionHash?: string } {
  if (!type.custom) {
    return type.storageVersionHash === undefined ? {} : { storageVersionHash: type.storageVersionHash };
  }
  const digest = Buffer.from(sha256(`${type.group}/${type.storageVersion}/${type.kind}`), 'hex');
  return { storageVersionHash: digest.subarray(0, 8).toString('base64') };
}

/** apidiscovery.k8s.io APIGroupDiscoveryList of the core group or of all others. */
export function aggregatedDiscovery(
  registry: Registry,
  core: boolean,
  apiVersion: 'v2' | 'v2beta1',
): Record<string, unknown> {
  const groups = groupsOf(registry).filter(({ group }) => (group === '') === core);
  return {
    kind: 'APIGroupDiscoveryList',
    apiVersion: `apidiscovery.k8s.io/${apiVersion}`,
    metadata: {},
    items: groups.map(({ group, versions }) => ({
      metadata: group === '' ? { creationTimestamp: null } : { name: group, creationTimestamp: null },
      versions: versions.map((version) => ({
        version,
        resources: typesAt(registry, group, version).map((type) => discoveryEntry(type, version)),
        freshness: 'Current',
      })),
    })),
  };
}

function discoveryEntry(type: ResourceType, version: string): Record<string, unknown> {
  const subresources = servedSubresources(type, version);
  return {
    resource: type.resource,
    responseKind: { group: type.group, version, kind: type.kind },
    scope: type.namespaced ? 'Namespaced' : 'Cluster',
    singularResource: type.singular,
    verbs: type.verbs,
    ...(type.shortNames.length === 0 ? {} : { shortNames: type.shortNames }),
    ...(type.categories.length === 0 ? {} : { categories: type.categories }),
    ...(subresources.length === 0
      ? {}
      : {
          subresources: subresources.map((sub) => ({
            subresource: sub.name,
            responseKind: {
              group: sub.version === undefined ? type.group : (sub.group ?? ''),
              version: sub.version ?? version,
              kind: sub.kind,
            },
            verbs: sub.verbs,
          })),
        }),
  };
}
