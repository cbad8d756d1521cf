// Status conditions (metav1.Condition). Pure.

export interface Condition {
  readonly type: string;
  readonly status: 'True' | 'False' | 'Unknown';
  /** CamelCase, for programs. */
  readonly reason: string;
  /** A sentence, for people. */
  readonly message: string;
  readonly observedGeneration?: number;
  readonly lastTransitionTime: string;
}

/**
 * The list with `next` in it. `lastTransitionTime` changes only with `status`; the same list comes back when nothing
 * changed, so that the caller can tell whether there is something to write.
 * @param now RFC 3339
 */
export function setCondition(
  conditions: readonly Condition[],
  next: Omit<Condition, 'lastTransitionTime'>,
  now: string,
): readonly Condition[] {
  const index = conditions.findIndex(({ type }) => type === next.type);
  const old = conditions[index];
  if (old === undefined) return [...conditions, { ...next, lastTransitionTime: now }];
  const lastTransitionTime = old.status === next.status ? old.lastTransitionTime : now;
  const same =
    old.status === next.status &&
    old.reason === next.reason &&
    old.message === next.message &&
    old.observedGeneration === next.observedGeneration;
  if (same) return conditions;
  return conditions.with(index, { ...next, lastTransitionTime });
}

/** The list without a condition; the same list when it was not there. */
export function removeCondition(conditions: readonly Condition[], type: string): readonly Condition[] {
  return conditions.some((item) => item.type === type)
    ? conditions.filter((item) => item.type !== type)
    : conditions;
}
