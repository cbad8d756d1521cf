// Checks a value against a structural schema, with the wording of a real server. CEL rules are in cel.ts;
// rules of built-in kinds that no schema states are in validation/.
import { isRecord, jsonEqual } from '../../lib/index.ts';
import {
  duplicate,
  type FieldError,
  invalid,
  required,
  tooLong,
  tooMany,
  typeInvalid,
  unsupported,
} from './field-error.ts';
import { matchesFormat } from './formats.ts';
import type { Schema } from './types.ts';

/** Errors reported for one object; further ones would help nobody. */
const MAX_ERRORS = 100;

/** @returns everything wrong with the value, none when it fits */
export function validate(value: unknown, schema: Schema): FieldError[] {
  const errors: FieldError[] = [];
  checkValue(value, schema, '', errors);
  checkLists(value, schema, '', errors);
  return errors.slice(0, MAX_ERRORS);
}

function checkValue(value: unknown, schema: Schema, path: string, errors: FieldError[]): void {
  if (errors.length > MAX_ERRORS) return;
  if (!hasType(value, schema)) {
    const expected = schema.intOrString === true ? 'integer,string' : (schema.type ?? 'object');
    errors.push(wrongType(path, typeName(value), expected));
    return;
  }
  if (value === null || value === undefined) return;
  if (typeof value === 'string') checkString(value, schema, path, errors);
  else if (typeof value === 'number') checkNumber(value, schema, path, errors);
  else if (Array.isArray(value)) checkArray(value, schema, path, errors);
  else if (isRecord(value)) checkObject(value, schema, path, errors);
  if (schema.enum !== undefined && !schema.enum.some((item) => jsonEqual(item, value))) {
    errors.push(unsupported(path, value, schema.enum));
  }
  checkAlternatives(value, schema, path, errors);
}

function wrongType(path: string, seen: string, expected: string): FieldError {
  return typeInvalid(path, seen, `${path} in body must be of type ${expected}: ${JSON.stringify(seen)}`);
}

function typeName(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number';
  return typeof value;
}

function hasType(value: unknown, schema: Schema): boolean {
  if (value === undefined) return true;
  if (value === null)
    return schema.nullable === true || (schema.type === undefined && schema.intOrString !== true);
  if (schema.intOrString === true) return typeof value === 'string' || Number.isInteger(value);
  switch (schema.type) {
    case 'object':
      return isRecord(value);
    case 'array':
      return Array.isArray(value);
    case 'integer':
      return Number.isInteger(value);
    case 'number':
    case 'string':
    case 'boolean':
      return typeof value === schema.type;
    default:
      return true;
  }
}

function checkString(value: string, schema: Schema, path: string, errors: FieldError[]): void {
  const { maxLength, minLength, pattern, format } = schema;
  const length = maxLength === undefined && minLength === undefined ? 0 : [...value].length;
  if (maxLength !== undefined && length > maxLength) errors.push(tooLong(path, maxLength));
  else if (minLength !== undefined && length < minLength) {
    errors.push(invalid(path, value, `${path} in body should be at least ${minLength} chars long`));
  } else if (pattern !== undefined && compiled(pattern)?.test(value) === false) {
    errors.push(invalid(path, value, `${path} in body should match '${pattern}'`));
  }
  if (format !== undefined && !matchesFormat(value, format)) {
    errors.push(
      typeInvalid(path, value, `${path} in body must be of type ${format}: ${JSON.stringify(value)}`),
    );
  }
}

const patterns = new Map<string, RegExp | undefined>();
const MAX_PATTERNS = 1000;

/** Compiled patterns; undefined for one this engine cannot read, which then matches everything. */
function compiled(pattern: string): RegExp | undefined {
  if (patterns.has(pattern)) return patterns.get(pattern);
  if (patterns.size >= MAX_PATTERNS) patterns.clear();
  let expression: RegExp | undefined;
  try {
    expression = new RegExp(pattern.replace(/^\(\?([ims]+)\)/, ''), /^\(\?i/.test(pattern) ? 'iu' : 'u');
  } catch {
    try {
      expression = new RegExp(pattern);
    } catch {
      expression = undefined;
    }
  }
  patterns.set(pattern, expression);
  return expression;
}

function checkNumber(value: number, schema: Schema, path: string, errors: FieldError[]): void {
  const { multipleOf, maximum, minimum, exclusiveMaximum = false, exclusiveMinimum = false } = schema;
  const say = (detail: string) => errors.push(invalid(path, value, `${path} in body should be ${detail}`));
  if (multipleOf !== undefined && !Number.isInteger(value / multipleOf)) say(`a multiple of ${multipleOf}`);
  if (maximum !== undefined && (exclusiveMaximum ? value >= maximum : value > maximum)) {
    say(`less than ${exclusiveMaximum ? '' : 'or equal to '}${maximum}`);
  }
  if (minimum !== undefined && (exclusiveMinimum ? value <= minimum : value < minimum)) {
    say(`greater than ${exclusiveMinimum ? '' : 'or equal to '}${minimum}`);
  }
}

function checkArray(value: readonly unknown[], schema: Schema, path: string, errors: FieldError[]): void {
  const { maxItems, minItems, items } = schema;
  if (items !== undefined)
    for (const [i, item] of value.entries()) checkValue(item, items, `${path}[${i}]`, errors);
  if (minItems !== undefined && value.length < minItems) {
    errors.push(invalid(path, value.length, `${path} in body should have at least ${minItems} items`));
  }
  if (maxItems !== undefined && value.length > maxItems) errors.push(tooMany(path, value.length, maxItems));
}

function checkObject(
  value: Readonly<Record<string, unknown>>,
  schema: Schema,
  path: string,
  errors: FieldError[],
): void {
  const { maxProperties, minProperties, properties, additionalProperties } = schema;
  const names = Object.keys(value);
  if (minProperties !== undefined && names.length < minProperties) {
    errors.push(
      invalid(path, names.length, `${path} in body should have at least ${minProperties} properties`),
    );
  }
  if (maxProperties !== undefined && names.length > maxProperties)
    errors.push(tooMany(path, names.length, maxProperties));
  for (const name of schema.required ?? [])
    if (value[name] === undefined) errors.push(required(join(path, name)));
  if (schema.embeddedResource === true) checkEmbedded(value, schema, path, errors);
  const rest = typeof additionalProperties === 'object' ? additionalProperties : undefined;
  for (const name of names.sort()) {
    const member = properties?.[name] ?? rest;
    if (member !== undefined) checkValue(value[name], member, join(path, name), errors);
  }
}

function checkEmbedded(
  value: Readonly<Record<string, unknown>>,
  schema: Schema,
  path: string,
  errors: FieldError[],
): void {
  for (const name of ['apiVersion', 'kind']) {
    if (value[name] === undefined && schema.required?.includes(name) !== true)
      errors.push(required(join(path, name)));
  }
}

function join(path: string, name: string): string {
  if (/[.[\]]|^$/.test(name)) return `${path}[${name}]`;
  return path === '' ? name : `${path}.${name}`;
}

function checkAlternatives(value: unknown, schema: Schema, path: string, errors: FieldError[]): void {
  for (const part of schema.allOf ?? []) checkValue(value, part, path, errors);
  const fails = (part: Schema) => {
    const found: FieldError[] = [];
    checkValue(value, part, path, found);
    return found;
  };
  const say = (detail: string) => errors.push(invalid('<nil>', '', `"${path}" ${detail}`));
  if (schema.anyOf !== undefined) {
    const results = schema.anyOf.map(fails);
    if (results.every((found) => found.length > 0)) {
      say('must validate at least one schema (anyOf)');
      errors.push(...best(results));
    }
  }
  if (schema.oneOf !== undefined) {
    const results = schema.oneOf.map(fails);
    const valid = results.filter((found) => found.length === 0).length;
    if (valid === 0) {
      say('must validate one and only one schema (oneOf). Found none valid');
      errors.push(...best(results));
    } else if (valid > 1)
      say(`must validate one and only one schema (oneOf). Found ${valid} valid alternatives`);
  }
  if (schema.not !== undefined && fails(schema.not).length === 0) say('must not validate the schema (not)');
}

/** The complaints of the first alternative that came closest. */
function best(results: readonly (readonly FieldError[])[]): readonly FieldError[] {
  return results.reduce((left, right) => (right.length < left.length ? right : left), results[0] ?? []);
}

/** Sets and lists with keys hold no item twice. */
function checkLists(value: unknown, schema: Schema, path: string, errors: FieldError[]): void {
  if (errors.length > MAX_ERRORS) return;
  if (Array.isArray(value)) {
    if (schema.listType === 'set') checkUnique(value, path, errors, (item) => item);
    if (schema.listType === 'map') checkKeyed(value, schema, path, errors);
    const { items } = schema;
    if (items !== undefined)
      for (const [i, item] of value.entries()) checkLists(item, items, `${path}[${i}]`, errors);
  } else if (isRecord(value)) {
    const rest = typeof schema.additionalProperties === 'object' ? schema.additionalProperties : undefined;
    for (const name in value) {
      const member = schema.properties?.[name] ?? rest;
      if (member !== undefined && typeof value[name] === 'object')
        checkLists(value[name], member, join(path, name), errors);
    }
  }
}

function checkKeyed(items: readonly unknown[], schema: Schema, path: string, errors: FieldError[]): void {
  for (const [i, item] of items.entries()) {
    if (item !== null && !isRecord(item)) {
      errors.push(invalid(`${path}[${i}]`, item, 'must be an object for an array of list-type map'));
    }
  }
  checkUnique(items.filter(isRecord), path, errors, (item) => {
    const keys: Record<string, unknown> = {};
    for (const key of schema.listMapKeys ?? [])
      if (isRecord(item) && item[key] !== undefined) keys[key] = item[key];
    return keys;
  });
}

function checkUnique(
  items: readonly unknown[],
  path: string,
  errors: FieldError[],
  keyOf: (item: unknown) => unknown,
): void {
  const seen = new Set<string>();
  for (const [i, item] of items.entries()) {
    const key = keyOf(item);
    const text = JSON.stringify(key);
    if (seen.has(text)) errors.push(duplicate(`${path}[${i}]`, key));
    seen.add(text);
  }
}
