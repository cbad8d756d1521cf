// Gives objects of built-in kinds the form a server's own encoder gives them: no nulls, no empty optional lists,
// maps and scalars, mandatory members present, quantities canonical. Changes the value it is given.
import { isRecord } from '../../lib/index.ts';
import { canonicalQuantity } from './quantity.ts';
import type { Schema } from './types.ts';

/** What is written for a member nobody set. */
interface Mandatory {
  readonly name: string;
  readonly value: 'struct' | 'null' | string | number | boolean;
  readonly schema: Schema;
}

const mandatoryOf = new WeakMap<Schema, readonly Mandatory[]>();

/** Nested deeper than any sane object; deeper parts are left as they are. */
const MAX_DEPTH = 64;

/** Drops what the encoder leaves out and cleans values; run before defaults are set. */
export function dropOmitted(object: Record<string, unknown>, schema: Schema, depth = 0): void {
  if (depth > MAX_DEPTH) return;
  const { properties, additionalProperties } = schema;
  for (const name in object) {
    const field =
      properties?.[name] ?? (typeof additionalProperties === 'object' ? additionalProperties : undefined);
    if (field === undefined) continue;
    const named = properties?.[name] !== undefined;
    const kept = cleaned(object[name], field, depth);
    if (kept === undefined || (named && isOmitted(kept, field))) {
      delete object[name];
    } else if (kept !== object[name]) object[name] = kept;
  }
}

/** @returns undefined for null; map values that were null become the zero of their type */
function cleaned(value: unknown, schema: Schema, depth: number): unknown {
  if (value === null || value === undefined) return undefined;
  if (schema.format === 'quantity') return canonicalQuantity(value);
  if (typeof value !== 'object') return schema.format === 'date-time' ? canonicalTime(value) : value;
  if (Array.isArray(value)) {
    if (schema.items !== undefined) cleanItems(value, schema.items, depth);
  } else if (schema.preserveUnknownFields !== true)
    dropOmitted(value as Record<string, unknown>, schema, depth + 1);
  return value;
}

function cleanItems(items: unknown[], schema: Schema, depth: number): void {
  for (const [i, item] of items.entries()) {
    if (isRecord(item)) {
      if (schema.preserveUnknownFields !== true) dropOmitted(item, schema, depth + 1);
    } else items[i] = cleaned(item, schema, depth) ?? null;
  }
}

/** Times are kept in whole seconds of UTC; the microseconds of leases and events have a format of their own text. */
function canonicalTime(value: unknown): unknown {
  if (typeof value !== 'string' || !/\.\d+|[+-]\d\d:\d\d$/.test(value) || /\.\d{6}Z$/.test(value))
    return value;
  const time = Date.parse(value);
  return Number.isNaN(time) ? value : `${new Date(time).toISOString().slice(0, 19)}Z`;
}

function isOmitted(value: unknown, schema: Schema): boolean {
  if (typeof value !== 'object')
    return schema.omitZero === true && (value === '' || value === 0 || value === false);
  if (Array.isArray(value)) return value.length === 0;
  return schema.additionalProperties !== undefined && schema.properties === undefined && isEmpty(value);
}

function isEmpty(value: object | null): boolean {
  for (const _ in value) return false;
  return true;
}

/** Adds the members that are always written; run after defaults are set. */
export function addMandatory(object: Record<string, unknown>, schema: Schema, depth = 0): void {
  if (depth > MAX_DEPTH) return;
  for (const { name, value, schema: field } of mandatory(schema)) {
    if (object[name] !== undefined) continue;
    if (value === 'struct') object[name] = structOf(field);
    else object[name] = value === 'null' ? null : value;
  }
  const { properties, additionalProperties } = schema;
  for (const name in object) {
    const member = object[name];
    if (typeof member !== 'object' || member === null) continue;
    const field =
      properties?.[name] ?? (typeof additionalProperties === 'object' ? additionalProperties : undefined);
    if (field === undefined || field.preserveUnknownFields === true) continue;
    if (!Array.isArray(member)) addMandatory(member as Record<string, unknown>, field, depth + 1);
    else if (field.items !== undefined) {
      for (const item of member) if (isRecord(item)) addMandatory(item, field.items, depth + 1);
    }
  }
}

function structOf(schema: Schema): Record<string, unknown> {
  const result: Record<string, unknown> = {};
  addMandatory(result, schema);
  return result;
}

function mandatory(schema: Schema): readonly Mandatory[] {
  const known = mandatoryOf.get(schema);
  if (known !== undefined) return known;
  const found: Mandatory[] = [];
  for (const [name, field] of Object.entries(schema.properties ?? {})) {
    const initial = field.default;
    if (isRecord(initial)) found.push({ name, value: 'struct', schema: field });
    else if (initial !== undefined) {
      // A default equal to zero on a member that is left out when zero shows nowhere.
      if (field.omitZero !== true || !isZero(initial))
        found.push({ name, value: initial as string, schema: field });
    } else if (field.nullWhenAbsent === true) found.push({ name, value: 'null', schema: field });
  }
  mandatoryOf.set(schema, found);
  return found;
}

function isZero(value: unknown): boolean {
  return value === '' || value === 0 || value === false;
}
