// What structured merging needs to know of a schema: which values are leaves, which lists are associative and by
// which keys. Compiled once per schema.
import type { Schema } from '../schema/types.ts';

export type ScalarKind = 'numeric' | 'string' | 'boolean' | 'untyped';

export interface ListType {
  readonly atomic: boolean;
  /** Key fields of an associative list of objects; empty for a set of scalars. */
  readonly keys: readonly string[];
  item: MergeType;
}

export interface MapType {
  atomic: boolean;
  readonly fields: ReadonlyMap<string, MergeType>;
  /** Type of members that are not fields; undefined when there may be none. */
  element: MergeType | undefined;
  /** Defaults of fields, for list keys left out by a client. */
  readonly defaults: ReadonlyMap<string, unknown>;
}

/** The forms a value may have; a schema without a type allows all three. */
export interface MergeType {
  scalar: ScalarKind | undefined;
  list: ListType | undefined;
  map: MapType | undefined;
}

const UNTYPED_ATOMIC: MergeType = { scalar: 'untyped', list: undefined, map: undefined };
UNTYPED_ATOMIC.list = { atomic: true, keys: [], item: UNTYPED_ATOMIC };
UNTYPED_ATOMIC.map = { atomic: true, fields: new Map(), element: UNTYPED_ATOMIC, defaults: new Map() };

/** Values without a schema: maps merge member by member, everything else is a leaf. */
export const DEDUCED: MergeType = { scalar: 'untyped', list: undefined, map: undefined };
DEDUCED.list = { atomic: true, keys: [], item: UNTYPED_ATOMIC };
DEDUCED.map = { atomic: false, fields: new Map(), element: DEDUCED, defaults: new Map() };

const strict = new WeakMap<Schema, MergeType>();
const preserving = new WeakMap<Schema, MergeType>();

/** The merge type of a schema; the same value for the same schema. */
export function mergeTypeOf(schema: Schema): MergeType {
  return compile(schema, false);
}

/** @param inherited whether a schema around this one preserves unknown fields */
function compile(schema: Schema, inherited: boolean): MergeType {
  const preserve = inherited || schema.preserveUnknownFields === true;
  const cache = preserve ? preserving : strict;
  const known = cache.get(schema);
  if (known !== undefined) return known;
  const type: MergeType = { scalar: undefined, list: undefined, map: undefined };
  cache.set(schema, type);
  if (schema.format === 'quantity') type.scalar = 'untyped';
  else fill(type, schema, preserve);
  return type;
}

function fill(type: MergeType, schema: Schema, preserve: boolean): void {
  const kind = schema.type;
  if (kind === undefined) type.scalar = 'untyped';
  else if (kind === 'integer' || kind === 'number') type.scalar = 'numeric';
  else if (kind === 'boolean') type.scalar = 'boolean';
  else if (kind === 'string')
    type.scalar = ['', 'byte', undefined].includes(schema.format) ? 'string' : 'untyped';
  if (kind === undefined || kind === 'array') type.list = listType(schema, preserve);
  if (kind === undefined || kind === 'object') type.map = mapType(schema, preserve);
}

function listType(schema: Schema, preserve: boolean): ListType {
  const item = schema.items === undefined ? UNTYPED_ATOMIC : compile(schema.items, preserve);
  if (schema.listType !== undefined) {
    return { atomic: schema.listType === 'atomic', keys: schema.listMapKeys ?? [], item };
  }
  if (schema.patchStrategy === 'merge' || schema.patchStrategy === 'merge,retainKeys') {
    return { atomic: false, keys: schema.patchMergeKey === undefined ? [] : [schema.patchMergeKey], item };
  }
  return { atomic: true, keys: [], item };
}

function mapType(schema: Schema, preserve: boolean): MapType {
  const fields = new Map<string, MergeType>();
  const defaults = new Map<string, unknown>();
  for (const [name, field] of Object.entries(schema.properties ?? {})) {
    fields.set(name, compile(field, preserve));
    if (field.default !== undefined) defaults.set(name, field.default);
  }
  return {
    atomic: schema.mapType === 'atomic',
    fields,
    element: elementType(schema, preserve, fields),
    defaults,
  };
}

function elementType(
  schema: Schema,
  preserve: boolean,
  fields: ReadonlyMap<string, MergeType>,
): MergeType | undefined {
  const rest = schema.additionalProperties;
  if (typeof rest === 'object') return compile(rest, preserve);
  if (rest === undefined) return preserve || fields.size === 0 ? DEDUCED : undefined;
  return rest ? DEDUCED : undefined;
}
