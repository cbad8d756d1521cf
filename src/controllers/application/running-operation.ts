// What is kept of an operation between two reconciliations. Types only.
import type { Operation } from '../../model/index.ts';
import type { SyncEffect, SyncState } from '../../sync/index.ts';
import type { Desired } from './facts.ts';

/** An operation between two reconciliations. */
export interface RunningOperation {
  readonly operation: Operation;
  /** True when it came from the object's top-level `operation`, which is removed when it ends. */
  readonly requested: boolean;
  readonly startedAt: number;
  readonly retryCount: number;
  readonly desired: Desired;
  state: SyncState;
  /** What a sync window keeps from being done. */
  held?: SyncEffect;
  /** Why it ends before its time, e.g. a newer commit. */
  superseded?: string;
  /** Whether a second render gave the same; asked once, and only when something is to be pruned. */
  stable?: Promise<boolean>;
}

/** The hooks of one phase of a deletion between two reconciliations. */
export interface DeletionHooks {
  state: SyncState;
  readonly running: RunningOperation;
  /** Attempts that failed, and when the next one is due, milliseconds since the epoch. */
  failures: number;
  retryAt?: number;
}
