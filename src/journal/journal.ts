// The journal: what happened, who did it, why, and how it ended. Append-only and hash-chained; an intent is written
// before its effect, the outcome after it. Decides nothing about the effects themselves.
import { type Clock, messageOf } from '../lib/index.ts';
import { type Durability, databaseError, type JournalDatabase, openDatabase } from './database.ts';
import { JournalError } from './errors.ts';
import { deleteThrough, type Pruned, pruneEntry, pruneTarget } from './prune.ts';
import {
  type JournalPage,
  type JournalQuery,
  type OpenIntent,
  queryJournal,
  queryOpenIntents,
  readRecord,
} from './query.ts';
import {
  boundEntry,
  type FactEntry,
  type Head,
  type IntentEntry,
  type JournalEntry,
  type JournalRecord,
  type OutcomeEntry,
} from './record.ts';
import { type Redact, redactEntry } from './redact.ts';
import { readBase } from './schema.ts';
import { type Verification, type VerifyOptions, verifyChain } from './verify.ts';
import { readHead, Writer } from './writer.ts';

export interface JournalDeps {
  readonly clock: Clock;
  /** Takes known secret values out of every entry, after the built-in rules by name. */
  readonly redact?: Redact;
  /** Sees each record that this process wrote, after it is durable; must not throw. */
  readonly onRecord?: (record: JournalRecord) => void;
}

export interface JournalOptions {
  /** `sqlite:FILE`, `sqlite::memory:` or `postgres://…`. */
  readonly url: string;
  /** Default `normal`. */
  readonly durability?: Durability;
}

/** How an intent ended; actor, action and object are those of the intent. */
export type IntentEnd = Pick<OutcomeEntry, 'outcome' | 'reason' | 'revision' | 'detail'>;

/** Every method rejects with JournalError and nothing else, but for the reason of an aborted signal. */
export interface Journal {
  /** Writes all entries in one transaction, grouped with those of concurrent callers; resolves when durable. */
  append(entries: readonly JournalEntry[]): Promise<readonly JournalRecord[]>;
  /** Writes one fact. */
  fact(entry: Omit<FactEntry, 'kind'>): Promise<JournalRecord>;
  /** Writes what is about to be done; the effect may start once this has resolved. Its `seq` names the intent. */
  intent(entry: Omit<IntentEntry, 'kind'>): Promise<JournalRecord>;
  /** Writes how the intent ended. Rejects with `JOURNAL_UNKNOWN_INTENT` when there is none. */
  outcome(intent: JournalRecord | number, end: IntentEnd): Promise<JournalRecord>;
  /** Intents without a final outcome, oldest first: after a start, each is looked at and ended. */
  openIntents(options?: Pick<JournalQuery, 'filters' | 'limit' | 'after'>): Promise<readonly OpenIntent[]>;
  query(query?: JournalQuery): Promise<JournalPage>;
  /** Checks the chain; a broken chain is an answer, an unreadable database an error. */
  verify(options?: VerifyOptions): Promise<Verification>;
  head(): Promise<Head>;
  /**
   * Deletes records older than `before` (milliseconds since the epoch), up to the oldest intent that has not ended.
   * The chain stays verifiable: it says itself what is gone.
   */
  prune(before: number): Promise<Pruned>;
  /** Writes what waits, then closes the database. */
  close(): Promise<void>;
}

/** Opens the journal and creates its table when it is missing. */
export async function openJournal(deps: JournalDeps, options: JournalOptions): Promise<Journal> {
  const database = await openDatabase(deps.clock, options.url, options.durability ?? 'normal');
  const writer = new Writer(database, deps.clock);
  const append: Journal['append'] = async (entries) => {
    const now = deps.clock.now();
    const records = await writer.append(entries.map((entry) => boundEntry(redacted(deps, entry), now)));
    if (deps.onRecord !== undefined) for (const record of records) deps.onRecord(record);
    return records;
  };
  const reading = <T>(action: string, task: (from: JournalDatabase) => Promise<T>): Promise<T> =>
    task(database).catch((error: unknown) => {
      if (error instanceof Error && error.name === 'AbortError') throw error;
      throw databaseError(action, error);
    });
  return {
    append,
    fact: async (entry) => only(await append([{ ...entry, kind: 'fact' }])),
    intent: async (entry) => only(await append([{ ...entry, kind: 'intent' }])),
    async outcome(intent, end) {
      const begun =
        typeof intent === 'number' ? await reading('read an intent', (db) => readRecord(db, intent)) : intent;
      return only(await append([outcomeEntry(begun, intent, end)]));
    },
    openIntents: (query = {}) => reading('list open intents', (db) => queryOpenIntents(db, query)),
    query: (query = {}) => reading('query the journal', (db) => queryJournal(db, query)),
    verify: (query = {}) => reading('verify the journal', (db) => verifyChain(db, query)),
    head: () => reading('read the head of the journal', ({ db }) => readHead(db)),
    async prune(before) {
      const target = await reading('look for old records', (db) => pruneTarget(db, before));
      if (target === undefined) {
        // What an earlier run that died had left.
        const base = await reading('read the base of the journal', ({ db }) => readBase(db));
        return {
          records: await reading('delete old records', (db) => deleteThrough(db, base)),
          through: base.seq,
        };
      }
      await append([{ kind: 'fact', ...pruneEntry(target, before) }]);
      return {
        records: await reading('delete old records', (db) => deleteThrough(db, target)),
        through: target.seq,
      };
    },
    async close() {
      await writer.close();
      await database.close();
    },
  };
}

/** The entry that ends `begun`. */
function outcomeEntry(
  begun: JournalRecord | undefined,
  intent: JournalRecord | number,
  end: IntentEnd,
): OutcomeEntry {
  if (begun?.kind !== 'intent') {
    const seq = typeof intent === 'number' ? intent : intent.seq;
    throw new JournalError(
      'JOURNAL_UNKNOWN_INTENT',
      'never',
      `Cannot write an outcome: record ${seq} is not an intent of this journal`,
    );
  }
  const { actor, action, object, operation, revision, sourceAddress } = begun;
  return {
    kind: 'outcome',
    intent: begun.seq,
    actor,
    action,
    object,
    ...(operation === undefined ? {} : { operation }),
    ...(revision === undefined ? {} : { revision }),
    ...(sourceAddress === undefined ? {} : { sourceAddress }),
    ...end,
  };
}

function redacted(deps: JournalDeps, entry: JournalEntry): JournalEntry {
  const plain = redactEntry(entry);
  try {
    return deps.redact === undefined ? plain : deps.redact(plain);
  } catch (error) {
    // Better no record and no effect than a record with a secret in it.
    throw new JournalError(
      'JOURNAL_INVALID_RECORD',
      'never',
      `Cannot write a journal record: taking secrets out of it failed (${messageOf(error)})`,
      { cause: error },
    );
  }
}

function only(records: readonly JournalRecord[]): JournalRecord {
  const [record] = records;
  if (record === undefined) {
    throw new JournalError('JOURNAL_INVALID_RECORD', 'never', 'Cannot write an empty journal record');
  }
  return record;
}
