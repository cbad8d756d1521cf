// From a parsed CustomResourceDefinition to the resource type the registry serves. Pure.
import { compareVersions } from '../discovery/groups.ts';
import type { ResourceType, ServedVersion, Subresource } from '../resource-type.ts';
import type { CustomKind, CustomVersion } from '../schema/index.ts';

const VERBS = ['delete', 'deletecollection', 'get', 'list', 'patch', 'create', 'update', 'watch'];
const SUBRESOURCE_VERBS = ['get', 'patch', 'update'];

export function customResourceType(definition: CustomKind): ResourceType {
  const {
    group,
    plural: resource,
    singular,
    kind,
    listKind,
    namespaced,
    shortNames,
    categories,
  } = definition;
  const served = definition.versions
    .filter((version) => version.served)
    .sort((a, b) => compareVersions(a.name, b.name));
  const subresources: Subresource[] = [];
  if (served.some(({ hasStatus }) => hasStatus)) {
    subresources.push({ name: 'status', kind, verbs: SUBRESOURCE_VERBS });
  }
  if (served.some(({ scale }) => scale !== undefined)) {
    subresources.push({
      name: 'scale',
      kind: 'Scale',
      group: 'autoscaling',
      version: 'v1',
      verbs: SUBRESOURCE_VERBS,
    });
  }
  return {
    ...{ group, resource, singular, kind, listKind, namespaced, shortNames, categories },
    verbs: VERBS,
    subresources,
    versions: served.map((version) => servedVersion(definition, version)),
    storageVersion: definition.storageVersion,
    custom: true,
    definition,
    typeKey: `${resource}.${group}`,
  };
}

function servedVersion(definition: CustomKind, version: CustomVersion): ServedVersion {
  const { name, schema, printerColumns, selectableFields, scale, hasStatus } = version;
  const warning = version.deprecationWarning ?? defaultWarning(definition, name);
  return {
    version: name,
    schema: () => schema,
    printerColumns,
    selectableFields: selectableFields.map((path) => path.replace(/^\./, '')),
    ...(scale === undefined ? {} : { scale }),
    hasStatus,
    ...(version.deprecated ? { deprecationWarning: warning } : {}),
  };
}

// Names the newest version that is served and not deprecated itself, when there is one.
function defaultWarning({ group, kind, versions }: CustomKind, deprecated: string): string {
  const text = `${group}/${deprecated} ${kind} is deprecated`;
  const [better] = versions
    .filter(({ served, deprecated: old }) => served && !old)
    .map(({ name }) => name)
    .sort(compareVersions);
  return better === undefined || compareVersions(better, deprecated) > 0
    ? text
    : `${text}; use ${group}/${better} ${kind}`;
}
