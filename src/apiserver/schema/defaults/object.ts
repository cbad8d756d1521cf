// Small readers and writers for defaulting code, which edits plain JSON in place.
import { isRecord } from '../../../lib/index.ts';

export type Fields = Record<string, unknown>;

/** Sets a member that is absent. */
export function setDefault(object: Fields, name: string, value: unknown): void {
  if (object[name] === undefined || object[name] === null) object[name] = value;
}

/** Sets a text that is absent or empty. */
export function setDefaultText(object: Fields, name: string, value: string): void {
  if (object[name] === undefined || object[name] === null || object[name] === '') object[name] = value;
}

/** A member that is an object; undefined otherwise. */
export function part(object: Fields | undefined, name: string): Fields | undefined {
  const value = object?.[name];
  return isRecord(value) ? value : undefined;
}

/** A member that is an object, made when it is absent. */
export function ensurePart(object: Fields, name: string): Fields {
  const value = object[name];
  if (isRecord(value)) return value;
  const made: Fields = {};
  object[name] = made;
  return made;
}

/** The objects of a list member. */
export function items(object: Fields | undefined, name: string): Fields[] {
  const value = object?.[name];
  return Array.isArray(value) ? value.filter(isRecord) : [];
}
