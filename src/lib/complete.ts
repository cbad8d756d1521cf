// The rule "an error is never an empty list" as a type. Only a Complete may lead to a deletion.

/** Every item there was, as of a known moment. */
export interface Complete<T> {
  readonly kind: 'complete';
  readonly items: readonly T[];
  /** Where the answer came from, for messages: a URL, a repository and commit, a cache. */
  readonly source: string;
  /** Wall clock of the answer, milliseconds since the epoch. */
  readonly asOf: number;
}

/** Some or no items, and why the answer cannot be trusted to be whole. */
export interface Incomplete<T> {
  readonly kind: 'incomplete';
  /** What is known all the same; enough to show, never enough to delete. */
  readonly items: readonly T[];
  readonly reason: string;
}

export type Answer<T> = Complete<T> | Incomplete<T>;

export function complete<T>(items: readonly T[], source: string, asOf: number): Complete<T> {
  return { kind: 'complete', items, source, asOf };
}

export function incomplete<T>(reason: string, items: readonly T[] = []): Incomplete<T> {
  return { kind: 'incomplete', items, reason };
}
