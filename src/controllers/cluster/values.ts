// Reads values of live objects, whatever somebody wrote in them.
import { isRecord } from '../../lib/index.ts';

/** The object, or one without members. */
export function record(value: unknown): Readonly<Record<string, unknown>> {
  return isRecord(value) ? value : {};
}

/** The list, or an empty one. */
export function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** A text that is not empty. */
export function isGiven(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}
