// What a family of kinds is: the checks one operator's kinds need, and how they are found and documented.
import type { HealthCheck } from './read.ts';

/** One check and the kinds it judges. */
export interface KindCheck {
  /** API group, '' for the core group, or `*.suffix` for all groups below a domain. */
  readonly group: string;
  /** Kinds of the group, `*` for all that have no check of their own. */
  readonly kinds: readonly string[];
  /** What is read, for the page of kinds: a short phrase such as "conditions Issuing, Ready". */
  readonly reads: string;
  readonly check: HealthCheck;
}

/** The kinds of one operator or project. */
export interface Family {
  /** As its users call it. */
  readonly name: string;
  readonly checks: readonly KindCheck[];
}

/** A line of a family's table: group, kinds (separated by spaces), what is read, check. */
export function kinds(group: string, names: string, reads: string, check: HealthCheck): KindCheck {
  return { group, kinds: names.split(' '), reads, check };
}
