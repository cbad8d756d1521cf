// One thing wrong with one field of an object, worded as a Kubernetes API server words it.

import { isRecord } from '../../lib/index.ts';
import { ApiError } from '../errors.ts';

export type FieldErrorReason =
  | 'FieldValueRequired'
  | 'FieldValueInvalid'
  | 'FieldValueTypeInvalid'
  | 'FieldValueNotSupported'
  | 'FieldValueForbidden'
  | 'FieldValueDuplicate'
  | 'FieldValueNotFound'
  | 'FieldValueTooLong'
  | 'FieldValueTooMany';

export interface FieldError {
  readonly reason: FieldErrorReason;
  /** Dotted path with list indexes, `spec.containers[0].name`; '<nil>' for the object itself. */
  readonly field: string;
  /** With the kind of mistake and the value, without the field: `Invalid value: 0: must be greater than 0`. */
  readonly message: string;
}

export function required(field: string, detail = ''): FieldError {
  return { reason: 'FieldValueRequired', field, message: withDetail('Required value', detail) };
}

export function invalid(field: string, value: unknown, detail: string): FieldError {
  return {
    reason: 'FieldValueInvalid',
    field,
    message: withDetail(`Invalid value: ${valueText(value)}`, detail),
  };
}

export function typeInvalid(field: string, value: unknown, detail: string): FieldError {
  return { ...invalid(field, value, detail), reason: 'FieldValueTypeInvalid' };
}

/** An invalid value that is not repeated in the message. */
export function invalidUnnamed(field: string, detail: string): FieldError {
  return { reason: 'FieldValueInvalid', field, message: `Invalid value: ${detail}` };
}

export function unsupported(field: string, value: unknown, supported: readonly unknown[]): FieldError {
  const values = supported.map((item) =>
    typeof item === 'string' ? JSON.stringify(item) : `"${String(item)}"`,
  );
  const detail = `supported values: ${values.join(', ')}`;
  return {
    reason: 'FieldValueNotSupported',
    field,
    message: `Unsupported value: ${valueText(value)}: ${detail}`,
  };
}

export function forbidden(field: string, detail: string): FieldError {
  return { reason: 'FieldValueForbidden', field, message: withDetail('Forbidden', detail) };
}

export function duplicate(field: string, value: unknown): FieldError {
  return { reason: 'FieldValueDuplicate', field, message: `Duplicate value: ${valueText(value)}` };
}

export function notFound(field: string, value: unknown): FieldError {
  return { reason: 'FieldValueNotFound', field, message: `Not found: ${valueText(value)}` };
}

/** @param max bytes */
export function tooLong(field: string, max: number): FieldError {
  return { reason: 'FieldValueTooLong', field, message: `Too long: may not be more than ${max} bytes` };
}

export function tooMany(field: string, seen: number, max: number): FieldError {
  const plural = max === 1 ? 'item' : 'items';
  return {
    reason: 'FieldValueTooMany',
    field,
    message: `Too many: ${seen}: must have at most ${max} ${plural}`,
  };
}

function withDetail(text: string, detail: string): string {
  return detail === '' ? text : `${text}: ${detail}`;
}

function valueText(value: unknown): string {
  if (value === undefined || value === null) return 'null';
  return JSON.stringify(isRecord(value) ? sorted(value) : value);
}

/** Maps are printed by key; Go structs (capital names) in their own order. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (!isRecord(value)) return value;
  const keys = Object.keys(value);
  if (!keys.some((key) => /^[A-Z]/.test(key))) keys.sort();
  return Object.fromEntries(keys.map((key) => [key, sorted(value[key])]));
}

export interface InvalidObject {
  readonly group: string;
  readonly kind: string;
  readonly name: string;
}

/** The answer to an object with mistakes: 422 Invalid with one cause per mistake. */
export function invalidError({ group, kind, name }: InvalidObject, errors: readonly FieldError[]): ApiError {
  const seen = new Set<string>();
  const texts: string[] = [];
  for (const { field, message } of errors) {
    const text = `${field}: ${message}`;
    if (!seen.has(text)) texts.push(text);
    seen.add(text);
  }
  const list = texts.length === 1 ? texts[0] : `[${texts.join(', ')}]`;
  const qualified = group === '' ? kind : `${kind}.${group}`;
  const causes = errors.map(({ reason, field, message }) => ({ reason, message, field }));
  const details = { name, ...(group === '' ? {} : { group }), kind, causes };
  return new ApiError(422, 'Invalid', `${qualified} ${JSON.stringify(name)} is invalid: ${list}`, details);
}
