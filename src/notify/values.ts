// Reads members of parsed YAML and JSON whose shape nobody has promised.
import { isRecord } from '../lib/index.ts';

export type Fields = Readonly<Record<string, unknown>>;

/** Text of a member; numbers and booleans as they would be written; '' when absent. */
export function textOf(fields: Fields, ...names: readonly string[]): string {
  for (const name of names) {
    const value = Object.hasOwn(fields, name) ? fields[name] : undefined;
    if (typeof value === 'string' && value !== '') return value;
    if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  }
  return '';
}

export function flagOf(fields: Fields, ...names: readonly string[]): boolean {
  return names.some((name) => fields[name] === true || fields[name] === 'true');
}

export function recordOf(fields: Fields, name: string): Fields {
  const value = fields[name];
  return isRecord(value) ? value : {};
}

export function listOf(fields: Fields, name: string): readonly unknown[] {
  const value = fields[name];
  return Array.isArray(value) ? value : [];
}

/** A map of texts, e.g. recipient → URL. */
export function textsOf(fields: Fields, name: string): Readonly<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const [key, value] of Object.entries(recordOf(fields, name))) {
    if (typeof value === 'string') found[key] = value;
    else if (typeof value === 'number' || typeof value === 'boolean') found[key] = String(value);
  }
  return found;
}

/** The object without members that are empty, so that a provider applies its own defaults. */
export function given(values: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(values).filter(([, value]) => value !== undefined && value !== '' && value !== null),
  );
}
