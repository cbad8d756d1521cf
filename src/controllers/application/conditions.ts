// Conditions of an Application: replaced per evaluated set of types, with transition times kept. Pure.
import { rfc3339 } from '../../lib/index.ts';
import type { Condition } from '../../model/index.ts';

/** Condition types of Argo CD; the suffix `Error` marks an error. */
export type ConditionType =
  | 'DeletionError'
  | 'InvalidSpecError'
  | 'ComparisonError'
  | 'SyncError'
  | 'UnknownError'
  | 'SharedResourceWarning'
  | 'RepeatedResourceWarning'
  | 'ExcludedResourceWarning'
  | 'OrphanedResourceWarning'
  /** Fairlead: a sync window cannot be used. */
  | 'SyncWindowWarning'
  /** Fairlead: an automated sync waits for a window. */
  | 'SyncWindowInfo'
  // Fairlead's own: none of them stops anything by being there.
  | 'DependencyWarning'
  | 'HoldWarning'
  | 'OptionWarning'
  | 'DeletionHeldWarning';

export interface Finding {
  readonly type: ConditionType;
  readonly message: string;
}

/**
 * The conditions after an evaluation of `evaluated` types found `findings`. Other types stay as they are; a finding
 * whose message did not change keeps its transition time.
 * @param now wall clock, milliseconds
 */
export function replaceConditions(
  existing: readonly Condition[],
  evaluated: ReadonlySet<ConditionType>,
  findings: readonly Finding[],
  now: number,
): Condition[] {
  const kept = existing.filter(({ type }) => !evaluated.has(type as ConditionType));
  const fresh = findings.map(({ type, message }) => {
    const known = existing.find((condition) => condition.type === type && condition.message === message);
    return { type, message, lastTransitionTime: known?.lastTransitionTime ?? rfc3339(now) };
  });
  return [...kept, ...fresh].sort((a, b) => compareText(a.type, b.type) || compareText(a.message, b.message));
}

/** True when any condition says that the application cannot be judged or synced. */
export function hasError(findings: readonly { readonly type: string }[]): boolean {
  return findings.some(({ type }) => type.endsWith('Error'));
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
