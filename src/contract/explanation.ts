// Why an application is in its state and what would make it move: `GET /api/v1/fairlead/applications/{name}/explain`.

/**
 * One link of a chain from a commit to a state. Links stand in causal order: what Git says, what the tool read, what came
 * out, which field differs, who owns it, which rule decides, what the cluster said about it.
 */
export interface ExplanationLink {
  readonly kind: 'commit' | 'input' | 'manifest' | 'field' | 'owner' | 'rule' | 'event' | 'record';
  /** A sentence without a period. */
  readonly text: string;
  /** RFC 3339, when the thing happened. */
  readonly at?: string;
}

export interface ExplanationCause {
  /**
   * - `error`: it cannot be judged or synced (a condition).
   * - `difference`: an object differs, is missing or left over.
   * - `health`: an object, or something it owns, is not healthy.
   * - `operation`: a sync runs, waits or failed.
   */
  readonly kind: 'error' | 'difference' | 'health' | 'operation';
  /** A sentence without a period. */
  readonly title: string;
  readonly object?: {
    readonly group: string;
    readonly kind: string;
    readonly namespace: string;
    readonly name: string;
  };
  readonly chain: readonly ExplanationLink[];
}

/** Something that would change the state. */
export interface ExplanationStep {
  /** `itself`: Fairlead does it without being asked; `person`: somebody has to. */
  readonly by: 'itself' | 'person';
  readonly text: string;
  /** RFC 3339: not before. */
  readonly at?: string;
  /** What to type for it. */
  readonly command?: string;
}

export interface Explanation {
  readonly application: { readonly namespace: string; readonly name: string };
  /** RFC 3339: when this was found out. */
  readonly at: string;
  readonly sync: string;
  readonly health: string;
  /** Phase of the last operation; absent before the first. */
  readonly operation?: string;
  /** One sentence that answers "why", without a period. */
  readonly summary: string;
  /** Most important first. Empty: Synced, Healthy, nothing to do. */
  readonly causes: readonly ExplanationCause[];
  /** Causes that are not listed because there are too many. */
  readonly moreCauses: number;
  /** How the present state came to be, when nothing is wrong: the last deployment. */
  readonly history: readonly ExplanationLink[];
  readonly next: readonly ExplanationStep[];
}
