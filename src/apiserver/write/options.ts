// Options of a write as the query carries them. Pure.

import type { User } from '../core.ts';
import { badRequest, invalid } from '../failures.ts';

export type FieldValidation = 'Ignore' | 'Warn' | 'Strict';

export interface WriteOptions {
  readonly dryRun: boolean;
  readonly fieldManager: string;
  readonly fieldValidation: FieldValidation;
  readonly user: User;
  /** Members the body names twice; judged by fieldValidation. */
  readonly duplicateFields?: readonly string[];
}

const LONGEST_MANAGER = 128;

/** @throws ApiError 422/400 for values the API does not know. */
export function readWriteOptions(
  query: URLSearchParams,
  user: User,
  userAgent: string | undefined,
): WriteOptions {
  return {
    dryRun: readDryRun(query.getAll('dryRun')),
    fieldManager: readManager(query.get('fieldManager'), userAgent),
    fieldValidation: readValidation(query.get('fieldValidation')),
    user,
  };
}

/** @param values of the dryRun parameter or member */
export function readDryRun(values: readonly string[]): boolean {
  for (const value of values) {
    if (value === 'All') continue;
    if (value === '') return false;
    throw invalid({ group: 'meta.k8s.io', kind: 'CreateOptions' }, '', [
      {
        field: 'dryRun',
        reason: 'FieldValueNotSupported',
        message: `Unsupported value: ["${value}"]: supported values: "All"`,
      },
    ]);
  }
  return values.length > 0;
}

function readManager(given: string | null, userAgent: string | undefined): string {
  if (given !== null && given !== '') {
    if (given.length > LONGEST_MANAGER) throw badRequest('fieldManager may not be more than 128 bytes');
    return given;
  }
  const prefix = (userAgent ?? '').split('/', 1)[0] ?? '';
  return prefix === '' ? 'unknown' : prefix.slice(0, LONGEST_MANAGER);
}

function readValidation(value: string | null): FieldValidation {
  // Warn is what kube-apiserver does when nothing is asked.
  if (value === null || value === '') return 'Warn';
  if (value === 'Ignore' || value === 'Warn' || value === 'Strict') return value;
  throw invalid({ group: 'meta.k8s.io', kind: 'CreateOptions' }, '', [
    {
      field: 'fieldValidation',
      reason: 'FieldValueNotSupported',
      message: `Unsupported value: "${value}": supported values: "", "Ignore", "Strict", "Warn"`,
    },
  ]);
}
