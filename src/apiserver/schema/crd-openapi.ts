// The OpenAPI description of a custom resource version, for v2 and v3 documents: its schemas, and the requests
// clients look for (what a PATCH may be given).
import { isRecord } from '../../lib/index.ts';
import { openApiV2, openApiV3 } from './builtin.ts';
import type { CustomKind, CustomVersion } from './crd.ts';

type Json = Record<string, unknown>;

const META = 'io.k8s.apimachinery.pkg.apis.meta.v1';
const VERBS = { get: 'get', post: 'post', put: 'put', patch: 'patch', delete: 'delete' } as const;

/** What a version adds to a document. */
export interface OpenApiParts {
  readonly schemas: Readonly<Json>;
  readonly paths: Readonly<Json>;
}

/** `com.example.stable.v1.CronTab` for crontabs of stable.example.com. */
export function openApiName(group: string, version: string, kind: string): string {
  return [...group.split('.').reverse(), version, kind].join('.');
}

/** The v3 document of a group version with custom kinds only. */
export function customOpenApiV3(kinds: readonly CustomKind[], version: string): Json {
  const schemas: Json = {};
  const paths: Json = {};
  for (const kind of kinds) {
    const found = kind.versions.find((candidate) => candidate.name === version && candidate.served);
    if (found === undefined) continue;
    const parts = partsOf(kind, found, '#/components/schemas/');
    Object.assign(schemas, parts.schemas);
    Object.assign(paths, parts.paths);
  }
  const shared = openApiV3('apiextensions.k8s.io/v1');
  const components = isRecord(shared?.['components']) ? shared['components'] : {};
  const known = isRecord(components['schemas']) ? components['schemas'] : {};
  return {
    openapi: '3.0.0',
    info: shared?.['info'] ?? {},
    paths,
    components: { ...components, schemas: { ...metaSchemas(known), ...schemas } },
  };
}

/** What served versions of custom kinds add to the v2 document (`definitions` and `paths`). */
export function customOpenApiV2(kinds: readonly CustomKind[]): OpenApiParts {
  const schemas: Json = {};
  const paths: Json = {};
  for (const kind of kinds) {
    for (const version of kind.versions) {
      if (!version.served) continue;
      const parts = partsOf(kind, version, '#/definitions/');
      for (const [name, schema] of Object.entries(parts.schemas)) schemas[name] = withoutV3(schema);
      Object.assign(paths, parts.paths);
    }
  }
  return { schemas, paths };
}

/** The v2 document of the built-in kinds and the given custom ones. */
export function openApiV2With(kinds: readonly CustomKind[]): Json {
  const base = openApiV2();
  const { schemas, paths } = customOpenApiV2(kinds);
  const definitions = isRecord(base['definitions']) ? base['definitions'] : {};
  const known = isRecord(base['paths']) ? base['paths'] : {};
  return { ...base, definitions: { ...definitions, ...schemas }, paths: { ...known, ...paths } };
}

function metaSchemas(schemas: Readonly<Json>): Json {
  return Object.fromEntries(Object.entries(schemas).filter(([name]) => name.startsWith(META)));
}

function partsOf(kind: CustomKind, version: CustomVersion, prefix: string): OpenApiParts {
  const gvk = { group: kind.group, version: version.name, kind: kind.kind };
  const listGvk = { ...gvk, kind: kind.listKind };
  const name = openApiName(kind.group, version.name, kind.kind);
  const listName = openApiName(kind.group, version.name, kind.listKind);
  const properties = isRecord(version.source['properties']) ? version.source['properties'] : {};
  const text = (description: string) => ({ description, type: 'string' });
  const API_VERSION = text('Version of the schema this object is written in.');
  const KIND = text('Name of the kind of this object.');
  const item = {
    ...version.source,
    type: 'object',
    properties: {
      ...properties,
      apiVersion: API_VERSION,
      kind: KIND,
      metadata: reference(prefix, `${META}.ObjectMeta`),
    },
    'x-kubernetes-group-version-kind': [gvk],
  };
  const list = {
    description: `${kind.listKind} is a list of ${kind.kind}`,
    type: 'object',
    required: ['items'],
    properties: {
      apiVersion: API_VERSION,
      items: { type: 'array', items: { $ref: prefix + name } },
      kind: KIND,
      metadata: reference(prefix, `${META}.ListMeta`),
    },
    'x-kubernetes-group-version-kind': [listGvk],
  };
  return { schemas: { [name]: item, [listName]: list }, paths: pathsOf(kind, version, gvk) };
}

function reference(prefix: string, name: string): Json {
  return prefix === '#/definitions/' ? { $ref: prefix + name } : { allOf: [{ $ref: prefix + name }] };
}

const PARAMETERS = ['dryRun', 'fieldManager', 'fieldValidation', 'force', 'pretty'].map((name) => ({
  name,
  in: 'query',
  schema: { type: name === 'force' ? 'boolean' : 'string', uniqueItems: true },
}));

function pathsOf(kind: CustomKind, version: CustomVersion, gvk: Json): Json {
  const base = `/apis/${kind.group}/${version.name}${kind.namespaced ? '/namespaces/{namespace}' : ''}/${kind.plural}`;
  const item = `${base}/{name}`;
  const operation = (action: string) => ({
    'x-kubernetes-action': action,
    'x-kubernetes-group-version-kind': gvk,
    parameters: PARAMETERS,
    responses: { 200: { description: 'OK' } },
  });
  const whole = Object.fromEntries(
    Object.entries(VERBS)
      .filter(([verb]) => verb !== 'post')
      .map(([verb, action]) => [verb, operation(action)]),
  );
  const paths: Json = {
    [base]: { get: operation('list'), post: operation('post'), delete: operation('deletecollection') },
    [item]: whole,
  };
  if (version.hasStatus)
    paths[`${item}/status`] = { get: operation('get'), patch: operation('patch'), put: operation('put') };
  if (version.scale !== undefined)
    paths[`${item}/scale`] = { get: operation('get'), patch: operation('patch'), put: operation('put') };
  return paths;
}

const V3_ONLY = new Set(['nullable', 'anyOf', 'oneOf', 'not', 'default', 'x-kubernetes-validations']);

/** Version 2 cannot say some things; a server leaves those out. */
function withoutV3(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutV3);
  if (!isRecord(value)) return value;
  const result: Json = {};
  for (const [key, member] of Object.entries(value)) {
    if (key === 'properties' && isRecord(member)) {
      result[key] = Object.fromEntries(Object.entries(member).map(([name, at]) => [name, withoutV3(at)]));
    } else if (!V3_ONLY.has(key)) result[key] = withoutV3(member);
  }
  // An open object has no fixed properties in version 2.
  if (
    value['x-kubernetes-preserve-unknown-fields'] === true &&
    value['x-kubernetes-group-version-kind'] === undefined
  ) {
    delete result['properties'];
  }
  return result;
}
