// Exponential back-off with a cap, as arithmetic: the caller owns the timer.

export interface Backoff {
  /** First wait, milliseconds. */
  readonly initialMs: number;
  readonly factor: number;
  readonly maxMs: number;
}

/** Wait before try number `attempt` (0 = the first repetition). */
export function backoffMs(policy: Backoff, attempt: number): number {
  return Math.min(policy.maxMs, policy.initialMs * policy.factor ** Math.max(0, attempt));
}

/** The same with up to half of it taken away at random, so that many waiters do not return at once. */
export function jitteredBackoffMs(policy: Backoff, attempt: number, random: () => number): number {
  return backoffMs(policy, attempt) * (1 - random() / 2);
}
