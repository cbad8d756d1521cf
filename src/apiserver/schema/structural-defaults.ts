// Defaults of custom resources: the `default` values of their schema. Null for a member that may not be null
// counts as absent.
import { isRecord } from '../../lib/index.ts';
import { cloneJson } from '../patch/json.ts';
import type { Schema } from './types.ts';

/** Sets defaults in place, in objects that are there; a default object is itself filled in. */
export function applySchemaDefaults(value: unknown, schema: Schema): void {
  if (Array.isArray(value)) {
    const { items } = schema;
    if (items !== undefined) for (const item of value) applySchemaDefaults(item, items);
    return;
  }
  if (!isRecord(value)) return;
  const { properties, additionalProperties } = schema;
  const rest = typeof additionalProperties === 'object' ? additionalProperties : undefined;
  for (const name in properties) setMember(value, name, properties[name]);
  for (const name in value) {
    const member = properties?.[name] ?? rest;
    if (member === undefined) continue;
    if (value[name] === null && member.nullable !== true && isTyped(member)) delete value[name];
    else if (typeof value[name] === 'object') applySchemaDefaults(value[name], member);
  }
}

function isTyped(schema: Schema): boolean {
  return schema.type !== undefined || schema.intOrString === true;
}

function setMember(object: Record<string, unknown>, name: string, schema: Schema | undefined): void {
  if (schema?.default === undefined) return;
  const value = object[name];
  if (value === undefined || (value === null && schema.nullable !== true))
    object[name] = cloneJson(schema.default);
}
