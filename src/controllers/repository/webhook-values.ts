// Reads members of JSON that anybody may have sent: whatever is missing or of another type is empty.
import { isRecord } from '../../lib/index.ts';

/** Header names in lower case, as node:http gives them. */
export type Headers = Readonly<Record<string, string | string[] | undefined>>;
export type Payload = Readonly<Record<string, unknown>>;

/** A payload with more members of one kind than this is not read to its end. */
const MAX_ENTRIES = 100;
const MAX_URL_CHARS = 2_000;

export function record(value: unknown): Payload {
  return isRecord(value) ? value : {};
}

export function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value.slice(0, MAX_ENTRIES) : [];
}

export function text(value: unknown): string {
  if (Array.isArray(value)) return typeof value[0] === 'string' ? value[0] : '';
  return typeof value === 'string' ? value : '';
}

/** The members of `source` that may be addresses, each once. */
export function urls(source: Payload, keys: readonly string[]): string[] {
  return distinct(keys.map((key) => text(source[key])));
}

export function distinct(values: readonly string[]): string[] {
  return [...new Set(values.filter((value) => value !== '' && value.length <= MAX_URL_CHARS))];
}
