// What a server writes for a built-in kind that nobody filled in: its structs as {}, its mandatory fields as
// their zero values. Clients and managedFields both see these.
import { isRecord } from '../../lib/index.ts';
import type { Schema } from './types.ts';

const cache = new WeakMap<Schema, unknown>();

/** The object of a built-in kind with nothing set; shared, not to be changed. */
export function zeroValueOf(schema: Schema): unknown {
  const known = cache.get(schema);
  if (known !== undefined) return known;
  const result: Record<string, unknown> = {};
  cache.set(schema, result);
  for (const [name, field] of Object.entries(schema.properties ?? {})) {
    if (isRecord(field.default)) result[name] = zeroValueOf(field);
    else if (field.default !== undefined) result[name] = field.default;
    else if (field.nullWhenAbsent === true || schema.required?.includes(name) === true) result[name] = null;
  }
  return result;
}
