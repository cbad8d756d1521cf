// Says why a value cannot be an object of a built-in kind, as the decoder of a real server says it: the first
// member of a wrong JSON type, bad base64, bad quantities and times.
import type { KubeObject } from '../../k8s/index.ts';
import { gvkOf } from '../../k8s/index.ts';
import { isRecord } from '../../lib/index.ts';
import { matchesFormat } from './formats.ts';
import { parseQuantity } from './quantity.ts';
import type { BuiltinKind, Schema } from './types.ts';

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
const MAX_DEPTH = 64;

/** @returns the message of the 400 answer, undefined when the object can be read */
export function builtinDecodeError(object: KubeObject, kind: BuiltinKind): string | undefined {
  const problem = check(object, kind.schema(), { struct: kind.kind, path: '', depth: 0 });
  if (problem === undefined) return undefined;
  const { version } = gvkOf(object);
  return `${kind.kind} in version "${version}" cannot be handled as a ${kind.kind}: ${problem}`;
}

interface Place {
  /** The Go struct around the value. */
  readonly struct: string;
  /** Member names to the value; list items have no part in it. */
  readonly path: string;
  readonly depth: number;
}

function check(value: unknown, schema: Schema, place: Place): string | undefined {
  if (value === null || value === undefined || place.depth > MAX_DEPTH) return undefined;
  if (schema.format === 'quantity') return quantityProblem(value);
  if (schema.intOrString === true || schema.type === undefined) return undefined;
  switch (schema.type) {
    case 'object':
      return isRecord(value) ? checkObject(value, schema, place) : mismatch(value, schema, place);
    case 'array':
      return Array.isArray(value) ? checkItems(value, schema, place) : mismatch(value, schema, place);
    case 'string':
      return typeof value === 'string' ? textProblem(value, schema) : mismatch(value, schema, place);
    case 'boolean':
      return typeof value === 'boolean' ? undefined : mismatch(value, schema, place);
    case 'integer':
      return Number.isInteger(value) ? undefined : mismatch(value, schema, place);
    case 'number':
      return typeof value === 'number' ? undefined : mismatch(value, schema, place);
  }
}

function checkObject(
  value: Readonly<Record<string, unknown>>,
  schema: Schema,
  place: Place,
): string | undefined {
  if (schema.preserveUnknownFields === true) return undefined;
  const rest = typeof schema.additionalProperties === 'object' ? schema.additionalProperties : undefined;
  const { struct, path, depth } = place;
  for (const name in value) {
    const member = schema.properties?.[name];
    const field = member ?? rest;
    if (field === undefined) continue;
    const inside = {
      struct: schema.definition ?? struct,
      path: path === '' ? name : `${path}.${name}`,
      depth: depth + 1,
    };
    const problem = check(value[name], field, member === undefined ? { ...place, depth: depth + 1 } : inside);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function checkItems(value: readonly unknown[], schema: Schema, place: Place): string | undefined {
  const { items } = schema;
  if (items === undefined) return undefined;
  for (const item of value) {
    const problem = check(item, items, { ...place, depth: place.depth + 1 });
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function quantityProblem(value: unknown): string | undefined {
  if (typeof value !== 'string' && typeof value !== 'number')
    return 'json: cannot unmarshal value into a quantity';
  if (parseQuantity(String(value)) !== undefined) return undefined;
  return "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";
}

function textProblem(value: string, schema: Schema): string | undefined {
  if (schema.format === 'byte' && !BASE64.test(value)) {
    const at = /[^A-Za-z0-9+/]/.exec(value)?.index ?? value.length;
    return `illegal base64 data at input byte ${at}`;
  }
  if (schema.format === 'date-time' && value !== '' && !matchesFormat(value, 'date-time')) {
    const layout = '2006-01-02T15:04:05Z07:00';
    return `parsing time ${JSON.stringify(value)} as "${layout}": cannot parse ${JSON.stringify(value)} as "2006"`;
  }
  return undefined;
}

function mismatch(value: unknown, schema: Schema, { struct, path }: Place): string {
  return `json: cannot unmarshal ${jsonType(value)} into Go struct field ${struct}.${path} of type ${goType(schema)}`;
}

function jsonType(value: unknown): string {
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'number') return Number.isInteger(value) ? 'number' : `number ${value}`;
  return typeof value === 'boolean' ? 'bool' : typeof value;
}

function goType(schema: Schema): string {
  switch (schema.type) {
    case 'integer':
      return schema.format === 'int64' ? 'int64' : 'int32';
    case 'boolean':
      return 'bool';
    case 'number':
      return 'float64';
    case 'array':
      return `[]${schema.items === undefined ? 'interface {}' : goType(schema.items)}`;
    case 'object':
      if (typeof schema.additionalProperties === 'object')
        return `map[string]${goType(schema.additionalProperties)}`;
      return `v1.${schema.definition ?? 'Object'}`;
    default:
      return 'string';
  }
}
