// The one writer of the chain in this process: takes what concurrent callers hand in, seals it behind the current
// head and commits it in groups. Knows nothing of what the records mean.
import type { Transaction } from 'kysely';
import { type Backoff, backoffMs, type Clock } from '../lib/index.ts';
import { databaseError, type JournalDatabase } from './database.ts';
import { JournalError } from './errors.ts';
import { type BoundEntry, GENESIS, type Head, type JournalRecord, seal } from './record.ts';
import { rowOf } from './rows.ts';
import type { JournalSchema, JournalTable } from './schema.ts';

/** Records waiting to be written; about 50 MiB of ordinary ones. */
const MAX_WAITING = 50_000;
/** Records per transaction: enough to share the commit, few enough to keep other writers' wait short. */
const GROUP_RECORDS = 512;
/** Rows per statement: 16 values each, far below both engines' limit of bound values. */
const STATEMENT_ROWS = 64;
/** How long a group is tried again while the database is away before its callers are told. */
const GIVE_UP_MS = 10_000;
const RETRY: Backoff = { initialMs: 50, factor: 2, maxMs: 2_000 };

interface Job {
  readonly entries: readonly BoundEntry[];
  resolve(records: readonly JournalRecord[]): void;
  reject(error: unknown): void;
}

interface Plan {
  readonly records: readonly JournalRecord[];
  readonly rows: readonly JournalTable[];
}

export class Writer {
  readonly #database: JournalDatabase;
  readonly #clock: Clock;
  #jobs: Job[] = [];
  #waiting = 0;
  #closed = false;
  #draining: Promise<void> | undefined;

  constructor(database: JournalDatabase, clock: Clock) {
    this.#database = database;
    this.#clock = clock;
  }

  /**
   * Resolves when the records are durable, all in one transaction, in the order given. Rejects with JournalError:
   * then none of them is in the journal, except when the connection broke during the commit and stayed away.
   */
  append(entries: readonly BoundEntry[]): Promise<readonly JournalRecord[]> {
    if (this.#closed) return Promise.reject(closedError());
    if (this.#waiting + entries.length > MAX_WAITING) return Promise.reject(overloadedError(this.#waiting));
    if (entries.length === 0) return Promise.resolve([]);
    const { promise, resolve, reject } = Promise.withResolvers<readonly JournalRecord[]>();
    this.#jobs.push({ entries, resolve, reject });
    this.#waiting += entries.length;
    this.#draining ??= this.#drain();
    return promise;
  }

  /** Writes what waits; afterwards append() rejects with `JOURNAL_CLOSED`. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#draining;
  }

  async #drain(): Promise<void> {
    // Callers woken by the same turn of the event loop share the first commit.
    await new Promise((resolve) => setImmediate(resolve));
    while (this.#jobs.length > 0) {
      const group = this.#takeGroup();
      try {
        const records = await this.#commitWithRetry(group.flatMap((job) => job.entries));
        let from = 0;
        for (const job of group) {
          job.resolve(records.slice(from, from + job.entries.length));
          from += job.entries.length;
        }
      } catch (error) {
        for (const job of group) job.reject(error);
      }
    }
    this.#draining = undefined;
  }

  /** Whole jobs up to the size of a group, at least one. */
  #takeGroup(): Job[] {
    let records = 0;
    let count = 0;
    for (const job of this.#jobs) {
      if (count > 0 && records + job.entries.length > GROUP_RECORDS) break;
      records += job.entries.length;
      count += 1;
    }
    this.#waiting -= records;
    return this.#jobs.splice(0, count);
  }

  async #commitWithRetry(entries: readonly BoundEntry[]): Promise<readonly JournalRecord[]> {
    const deadline = this.#clock.monotonic() + GIVE_UP_MS;
    let tried: Plan | undefined;
    for (let attempt = 0; ; attempt += 1) {
      try {
        return await this.#database.exclusive(async (trx) => {
          // A commit whose answer was lost may have happened: the chain hash tells exactly.
          if (tried !== undefined && (await hasLanded(trx, tried))) return tried.records;
          tried = planAfter(await readHead(trx), entries);
          await insert(trx, tried.rows);
          return tried.records;
        });
      } catch (cause) {
        const error = databaseError(`write ${entries.length} journal records`, cause);
        const waitMs = backoffMs(RETRY, attempt);
        if (error.retry !== 'backoff' || this.#clock.monotonic() + waitMs > deadline) throw error;
        await this.#clock.sleep(waitMs);
      }
    }
  }
}

/** The newest link, or the one before the first. */
export async function readHead(db: JournalDatabase['db']): Promise<Head> {
  const newest = db.selectFrom('journal').select(['seq', 'hash']).orderBy('seq', 'desc').limit(1);
  const found = await newest.executeTakeFirst();
  return found === undefined ? GENESIS : { seq: found.seq, hash: found.hash };
}

function planAfter(head: Head, entries: readonly BoundEntry[]): Plan {
  const records: JournalRecord[] = [];
  const rows: JournalTable[] = [];
  let previous = head;
  for (const entry of entries) {
    const { record, text } = seal(entry, previous);
    records.push(record);
    rows.push(rowOf(record, text));
    previous = record;
  }
  return { records, rows };
}

async function insert(trx: Transaction<JournalSchema>, rows: readonly JournalTable[]): Promise<void> {
  for (let from = 0; from < rows.length; from += STATEMENT_ROWS) {
    await trx
      .insertInto('journal')
      .values(rows.slice(from, from + STATEMENT_ROWS))
      .execute();
  }
}

async function hasLanded(trx: Transaction<JournalSchema>, plan: Plan): Promise<boolean> {
  const last = plan.records.at(-1);
  if (last === undefined) return false;
  const query = trx
    .selectFrom('journal')
    .select('seq')
    .where('seq', '=', last.seq)
    .where('hash', '=', last.hash);
  return (await query.executeTakeFirst()) !== undefined;
}

function closedError(): JournalError {
  return new JournalError('JOURNAL_CLOSED', 'never', 'Cannot write to the journal: it has been closed');
}

function overloadedError(waiting: number): JournalError {
  return new JournalError(
    'JOURNAL_OVERLOADED',
    'backoff',
    `Cannot write to the journal: ${waiting} records wait already. The database is too slow or away; try again later`,
  );
}
