// Removes members a schema does not know, and names them.
import { isRecord } from '../../lib/index.ts';
import type { Schema } from './types.ts';

/** Nested deeper than any schema a server accepts. */
const MAX_DEPTH = 128;

/**
 * Removes unknown members in place, at any depth.
 * @returns their paths (`spec.containers[0].foo`), in order of appearance
 */
export function prune(object: Record<string, unknown>, schema: Schema): string[] {
  const unknown: string[] = [];
  pruneObject(object, schema, '', unknown, 0);
  return unknown;
}

function pruneObject(
  object: Record<string, unknown>,
  schema: Schema,
  path: string,
  unknown: string[],
  depth: number,
): void {
  if (depth > MAX_DEPTH) return;
  const { properties, additionalProperties } = schema;
  const rest = typeof additionalProperties === 'object' ? additionalProperties : undefined;
  // An object without properties is free of form unless it is a custom resource's, which says so by preserving.
  const keeps = schema.preserveUnknownFields === true || additionalProperties === true;
  for (const name in object) {
    const at = path === '' ? name : `${path}.${name}`;
    const member =
      (properties !== undefined && Object.hasOwn(properties, name) ? properties[name] : undefined) ?? rest;
    if (member !== undefined) pruneValue(object[name], member, at, unknown, depth + 1);
    else if (!keeps) {
      delete object[name];
      unknown.push(at);
    }
  }
}

function pruneValue(value: unknown, schema: Schema, path: string, unknown: string[], depth: number): void {
  if (typeof value !== 'object' || value === null) return;
  if (Array.isArray(value)) {
    const { items } = schema;
    if (items === undefined) return;
    for (const [i, item] of value.entries()) pruneValue(item, items, `${path}[${i}]`, unknown, depth);
  } else if (isRecord(value) && !isOpaque(schema)) pruneObject(value, schema, path, unknown, depth);
}

/** Values whose inside no schema describes (FieldsV1, patches in CRDs), or of another type than the schema says. */
function isOpaque(schema: Schema): boolean {
  if (schema.type === undefined && schema.properties === undefined) return true;
  if (schema.type !== undefined && schema.type !== 'object') return true;
  return (
    schema.definition !== undefined &&
    schema.properties === undefined &&
    schema.additionalProperties === undefined
  );
}
