// How the values of a field that differs are written down. Pure.
import type { ManagedResource } from '../../../../src/contract/index.ts';
import { ago } from '../../lib/time.ts';
import { yamlText } from './yaml-text.ts';

export type FieldChange = NonNullable<ManagedResource['fields']>[number];

/** A manifest can hold megabytes in one field; nobody reads that here. */
const MAX_CHARS = 4_000;

/** Text as it is, everything else as YAML; undefined when there is no value. */
export function valueText(value: unknown): string | undefined {
  if (value === undefined) return undefined;
  const text = typeof value === 'string' ? value : yamlText(value);
  if (text === '') return '""';
  return text.length <= MAX_CHARS
    ? text
    : `${text.slice(0, MAX_CHARS)}\n… ${text.length - MAX_CHARS} more characters`;
}

/** "written by kubectl-edit 3 min ago" for the owners of the live value; '' when nobody is known. */
export function ownersText(owners: FieldChange['owners'], nowMs: number): string {
  const parts = owners.map(({ manager, time }) => [manager, ago(time, nowMs)].filter(Boolean).join(' '));
  return parts.length === 0 ? '' : `written by ${parts.join(', ')}`;
}
