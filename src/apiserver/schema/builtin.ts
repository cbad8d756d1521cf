// The built-in resource types, their schemas, and the OpenAPI documents that describe them.
import { BugError, isRecord } from '../../lib/index.ts';
import { lazily, readDataFile, readDataRecord } from './data-files.ts';
import { schemaReader } from './definitions.ts';
import type { BuiltinKind, BuiltinSubresource, Schema } from './types.ts';

/** Served in several versions: the one objects are stored in. */
const STORAGE_VERSIONS: Readonly<Record<string, string>> = { 'autoscaling/horizontalpodautoscalers': 'v2' };

interface KindRecord extends Omit<BuiltinKind, 'schema' | 'storageVersion'> {
  readonly definition?: string;
  readonly subresources: readonly BuiltinSubresource[];
}

const definitions = lazily(() => schemaReader(readDataRecord('schemas')));

const kinds = lazily((): readonly BuiltinKind[] => {
  const records = readDataFile('kinds') as readonly KindRecord[];
  return records.map(({ definition, ...kind }) => ({
    ...kind,
    storageVersion: (STORAGE_VERSIONS[`${kind.group}/${kind.resource}`] ?? kind.version) === kind.version,
    schema: () => definitions()(definition ?? ''),
  }));
});

const kindIndex = lazily(
  () => new Map(kinds().map((kind) => [`${kind.group}/${kind.version}/${kind.kind}`, kind])),
);

/** All built-in resource types, groups in the order of preference; a few milliseconds on the first call. */
export function builtinKinds(): readonly BuiltinKind[] {
  return kinds();
}

/** The built-in resource type of a group, version and kind. */
export function builtinKind(group: string, version: string, kind: string): BuiltinKind | undefined {
  return kindIndex().get(`${group}/${version}/${kind}`);
}

/**
 * The schema of a definition by its OpenAPI name (`io.k8s.api.autoscaling.v1.Scale`).
 * @throws BugError when there is none
 */
export function builtinDefinition(name: string): Schema {
  return definitions()(name);
}

/** The meta/v1 ObjectMeta schema custom resources share. */
export function objectMetaSchema(): Schema {
  return builtinDefinition('io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta');
}

const v2 = lazily(() => readDataRecord('openapi-v2'));
const v3Schemas = lazily(() => readDataRecord('openapi-v3-schemas'));
const v3Documents = new Map<string, Record<string, unknown>>();

/** The OpenAPI v2 document of the built-in types. Shared: copy before adding to it. About 25 ms at first. */
export function openApiV2(): Record<string, unknown> {
  return v2();
}

/** Group versions with an OpenAPI v3 document, `v1` for the core group. */
export const openApiV3GroupVersions: () => readonly string[] = lazily(() => [
  ...new Set(kinds().map((kind) => (kind.group === '' ? kind.version : `${kind.group}/${kind.version}`))),
]);

/** The OpenAPI v3 document of a group version, undefined for one that is not built in. Shared: copy before adding. */
export function openApiV3(groupVersion: string): Record<string, unknown> | undefined {
  if (!openApiV3GroupVersions().includes(groupVersion)) return undefined;
  const known = v3Documents.get(groupVersion);
  if (known !== undefined) return known;
  const document = readDataRecord(`openapi-v3-${groupVersion.replace('/', '-')}`);
  const components = document['components'];
  if (!isRecord(components)) throw new BugError(`The OpenAPI document of ${groupVersion} has no components`);
  const names = components['schemas'] as readonly string[];
  const schemas = v3Schemas();
  const complete = {
    ...document,
    components: { ...components, schemas: Object.fromEntries(names.map((name) => [name, schemas[name]])) },
  };
  v3Documents.set(groupVersion, complete);
  return complete;
}
