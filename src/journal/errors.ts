// What can go wrong with the journal. Callers treat every one of these as "the effect must not happen".
import { CodedError } from '../lib/index.ts';

export type JournalErrorCode =
  /** The database cannot be reached, is full, read-only or locked; nothing was written. */
  | 'JOURNAL_UNAVAILABLE'
  /** More records wait than the queue holds. */
  | 'JOURNAL_OVERLOADED'
  /** close() was called. */
  | 'JOURNAL_CLOSED'
  /** The database holds something that is not a journal this version can read. */
  | 'JOURNAL_SCHEMA'
  /** A stored record cannot be read; `verify` says which. */
  | 'JOURNAL_CORRUPT'
  /** The record handed in is not one: our own bug. */
  | 'JOURNAL_INVALID_RECORD'
  /** An outcome names an intent that is not in the journal. */
  | 'JOURNAL_UNKNOWN_INTENT'
  /** The store URL or a query cannot be understood. */
  | 'JOURNAL_BAD_REQUEST';

/** The journal could not do what was asked. Nothing is ever dropped silently. */
export class JournalError extends CodedError<JournalErrorCode> {}
