// Built-in resource types as the registry keeps them: one entry per resource with all its versions.
import type { Registry } from './registry.ts';
import {
  qualifiedResource,
  type ResourceType,
  type ServedVersion,
  type Subresource,
} from './resource-type.ts';
import { type BuiltinSubresource, builtinKinds } from './schema/index.ts';

/** What clients are told when they use a version that will go. */
const DEPRECATED: Readonly<Record<string, string>> = {
  'v1 endpoints': 'v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice',
  'v1 componentstatuses': 'v1 ComponentStatus is deprecated in v1.19+',
};

export function registerBuiltinTypes(registry: Registry): void {
  const types = new Map<string, { type: ResourceType; versions: ServedVersion[] }>();
  const storageVersions = new Map<string, string>();
  for (const kind of builtinKinds()) {
    if (kind.storageVersion) storageVersions.set(qualifiedResource(kind), kind.version);
  }
  for (const kind of builtinKinds()) {
    const name = qualifiedResource(kind);
    const warning = DEPRECATED[`${kind.version} ${name}`];
    const version: ServedVersion = {
      version: kind.version,
      schema: () => kind.schema(),
      builtin: kind,
      ...(warning === undefined ? {} : { deprecationWarning: warning }),
    };
    const known = types.get(name);
    if (known !== undefined) {
      known.versions.push(version);
      continue;
    }
    const versions: ServedVersion[] = [version];
    const { group, resource, singular, listKind, namespaced, shortNames, categories, verbs } = kind;
    const type: ResourceType = {
      ...{ group, resource, singular, kind: kind.kind, listKind, namespaced, shortNames, categories, verbs },
      subresources: kind.subresources.map(subresourceOf),
      versions,
      storageVersion: storageVersions.get(name) ?? kind.version,
      custom: false,
      ...(kind.storageVersionHash === undefined ? {} : { storageVersionHash: kind.storageVersionHash }),
      typeKey: name === 'events.events.k8s.io' ? 'events' : name,
    };
    types.set(name, { type, versions });
  }
  for (const { type } of types.values()) registry.add(type);
}

function subresourceOf(from: BuiltinSubresource): Subresource {
  return {
    name: from.name,
    kind: from.kind,
    verbs: from.verbs,
    ...(from.version === '' ? {} : { group: from.group, version: from.version }),
  };
}
