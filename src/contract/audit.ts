// The journal in the API (Fairlead): records, pages and the verdict on the chain.
import { z } from 'zod';
import { count, text } from './query.ts';

export const AuditQuery = z.object({
  /** RFC 3339, inclusive. */
  since: text,
  /** RFC 3339, exclusive. */
  until: text,
  actor: text,
  actorKind: text,
  /** Exact, or a prefix ending in `*`. */
  action: text,
  /** An application: the object itself and the operations on it; `namespace/name`, or a name. */
  application: text,
  /** Applications that are in this project now. */
  project: text,
  kind: text,
  namespace: text,
  name: text,
  revision: text,
  operation: text,
  outcome: text,
  search: text,
  limit: count,
  after: count,
  before: count,
});

export interface AuditRecord {
  readonly seq: number;
  readonly time: string;
  readonly kind: string;
  readonly actor: { readonly kind: string; readonly name: string };
  readonly action: string;
  readonly object: {
    readonly group?: string;
    readonly kind: string;
    readonly namespace?: string;
    readonly name: string;
  };
  readonly intent?: number;
  readonly outcome?: string;
  readonly reason?: string;
  readonly revision?: string;
  readonly operation?: string;
  readonly sourceAddress?: string;
  readonly detail?: unknown;
  readonly hash: string;
  readonly prevHash: string;
}

export interface AuditPage {
  readonly items: readonly AuditRecord[];
  /** Pass as `before` (or as `after` when `after` was used) for the next page. */
  readonly next?: number;
}

export const AuditVerifyQuery = z.object({
  /** First record to check. */
  from: count,
  /** A head kept outside the journal: its hash, and its sequence number when that is known. */
  headSeq: count,
  headHash: text,
});

/** The verdict on the chain. A broken chain is an answer; an unreadable journal is an error. */
export type AuditVerification =
  | {
      readonly ok: true;
      readonly head: { readonly seq: number; readonly hash: string };
      readonly records: number;
      /** Everything up to this record was pruned by retention. */
      readonly prunedThrough?: number;
      /** The head kept outside is older than what is left: it could not be compared. */
      readonly headPruned?: true;
    }
  | { readonly ok: false; readonly seq: number; readonly fault: string; readonly message: string };
