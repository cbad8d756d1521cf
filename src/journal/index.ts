// Door of journal: the append-only, hash-chained record of everything Fairlead does and is asked to do.
export type { Durability } from './database.ts';
export { JournalError, type JournalErrorCode } from './errors.ts';
export {
  type IntentEnd,
  type Journal,
  type JournalDeps,
  type JournalOptions,
  openJournal,
} from './journal.ts';
export type { Pruned } from './prune.ts';
export type {
  JournalFilters,
  JournalPage,
  JournalQuery,
  OpenIntent,
} from './query.ts';
export type {
  Actor,
  ActorKind,
  FactEntry,
  Head,
  IntentEntry,
  JournalEntry,
  JournalObject,
  JournalRecord,
  Outcome,
  OutcomeEntry,
} from './record.ts';
export type { Redact } from './redact.ts';
export type { ChainFault, KeptHead, Verification, VerifyOptions } from './verify.ts';
