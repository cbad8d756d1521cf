// Status conditions: every change goes through here so that transition times move only when the status does.
import { rfc3339 } from '../../lib/index.ts';
import type { Condition } from './kinds.ts';

export type NewCondition = Pick<Condition, 'type' | 'status'> & { reason?: string; message?: string };

export function findCondition(
  conditions: readonly Condition[] | undefined,
  type: string,
): Condition | undefined {
  return conditions?.find((condition) => condition.type === type);
}

export function isTrue(conditions: readonly Condition[] | undefined, type: string): boolean {
  return findCondition(conditions, type)?.status === 'True';
}

/**
 * The conditions with one added or replaced in place. Unchanged (the same array) when status, reason and message
 * already are as wanted.
 */
export function withCondition(
  conditions: readonly Condition[],
  wanted: NewCondition,
  nowMs: number,
): Condition[] {
  const current = findCondition(conditions, wanted.type);
  const same =
    current !== undefined &&
    current.status === wanted.status &&
    current.reason === wanted.reason &&
    current.message === wanted.message;
  if (same) return conditions as Condition[];
  const since = current?.status === wanted.status ? current.lastTransitionTime : undefined;
  const next: Condition = { ...wanted, lastTransitionTime: since ?? rfc3339(nowMs) };
  if (current === undefined) return [...conditions, next];
  return conditions.map((condition) => (condition === current ? { ...condition, ...next } : condition));
}

export function withoutCondition(conditions: readonly Condition[], type: string): Condition[] {
  const found = conditions.some((condition) => condition.type === type);
  return found ? conditions.filter((condition) => condition.type !== type) : (conditions as Condition[]);
}
