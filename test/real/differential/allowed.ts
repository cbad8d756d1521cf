// The differences to a real API server that Fairlead keeps, each with its reason. The same reasons stand in
// docs/embedded-api-differences.md.
import type { Difference } from './compare.ts';

export interface AllowedDifference {
  /** Which sequences, by name. */
  readonly sequence: RegExp;
  /** Which steps, by label such as `3 PATCH /api/…`; all when left out. */
  readonly step?: RegExp;
  /** Which places inside the answer. */
  readonly path: RegExp;
  readonly reason: string;
}

export const ALLOWED: readonly AllowedDifference[] = [];

/** The rule that covers a difference, as its position in ALLOWED. */
export function isAllowed(sequence: string, { step, path }: Difference): number | undefined {
  const index = ALLOWED.findIndex(
    (rule) => rule.sequence.test(sequence) && (rule.step?.test(step) ?? true) && rule.path.test(path),
  );
  return index < 0 ? undefined : index;
}
