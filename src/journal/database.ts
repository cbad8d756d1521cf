// Opens the journal's database by URL and gives the few things that differ between SQLite and Postgres.
import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { Kysely, PostgresDialect, sql, type Transaction } from 'kysely';
import pg from 'pg';
import { type Clock, messageOf } from '../lib/index.ts';
import { JournalError } from './errors.ts';
import { nodeSqliteDialect } from './node-sqlite-dialect.ts';
import { type Engine, type JournalSchema, migrate } from './schema.ts';

/**
 * `normal` survives the death of the process at any instant; `full` also the loss of power of the machine
 * (one fsync per group commit). Postgres decides this by its own settings.
 */
export type Durability = 'normal' | 'full';

export interface JournalDatabase {
  readonly engine: Engine;
  readonly db: Kysely<JournalSchema>;
  /** A transaction that no other writer of this journal, in any process, can overlap. */
  exclusive<T>(task: (trx: Transaction<JournalSchema>) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

/** Any number, the same for every Fairlead: names the lock of the journal's writers. */
const POSTGRES_LOCK = 7_316_542_210;
const POSTGRES_CONNECT_MS = 5_000;
const POSTGRES_STATEMENT_MS = 30_000;
const POSTGRES_CONNECTIONS = 4;
const INT8 = 20;

/** Opens `sqlite:FILE` (or `sqlite::memory:`), or `postgres://…`, and creates the table when it is missing. */
export async function openDatabase(
  clock: Clock,
  url: string,
  durability: Durability,
): Promise<JournalDatabase> {
  const database = connect(clock, url, durability);
  try {
    await database.exclusive((trx) => migrate(trx, database.engine));
    return database;
  } catch (error) {
    await database.close();
    throw databaseError('open the journal', error);
  }
}

function connect(clock: Clock, url: string, durability: Durability): JournalDatabase {
  if (/^postgres(ql)?:\/\//.test(url)) return connectPostgres(url);
  if (url.startsWith('sqlite:')) return connectSqlite(clock, url.slice('sqlite:'.length), durability);
  throw new JournalError(
    'JOURNAL_BAD_REQUEST',
    'on-change',
    // Not the whole URL: it may hold a password.
    `Cannot open a journal at ${url.split(':', 1)[0]}:…; use sqlite:FILE or postgres://USER:PASSWORD@HOST/DATABASE`,
  );
}

function connectSqlite(clock: Clock, file: string, durability: Durability): JournalDatabase {
  let database: DatabaseSync;
  try {
    if (file !== ':memory:') mkdirSync(dirname(file), { recursive: true });
    database = new DatabaseSync(file);
    database.exec(
      `pragma journal_mode = wal; pragma synchronous = ${durability}; pragma trusted_schema = off`,
    );
  } catch (error) {
    throw databaseError(`open the journal ${file}`, error);
  }
  const db = new Kysely<JournalSchema>({ dialect: nodeSqliteDialect(database, clock) });
  return {
    engine: 'sqlite',
    db,
    exclusive: (task) => db.transaction().execute(task),
    close: () => db.destroy(),
  };
}

function connectPostgres(url: string): JournalDatabase {
  const pool = new pg.Pool({
    connectionString: url,
    max: POSTGRES_CONNECTIONS,
    connectionTimeoutMillis: POSTGRES_CONNECT_MS,
    statement_timeout: POSTGRES_STATEMENT_MS,
    query_timeout: POSTGRES_STATEMENT_MS + 5_000,
    keepAlive: true,
    application_name: 'fairlead-journal',
    // Sequence numbers and milliseconds stay far below 2^53.
    types: { getTypeParser: (oid: number, format?: 'text' | 'binary') => int8AsNumber(oid, format) },
  });
  // A connection that breaks fails its statement, or is replaced when idle; the event itself would end the process.
  pool.on('error', () => {});
  pool.on('connect', (client) => client.on('error', () => {}));
  const db = new Kysely<JournalSchema>({ dialect: new PostgresDialect({ pool }) });
  return {
    engine: 'postgres',
    db,
    exclusive: (task) =>
      db.transaction().execute(async (trx) => {
        await sql`select pg_advisory_xact_lock(${sql.lit(POSTGRES_LOCK)})`.execute(trx);
        return task(trx);
      }),
    close: () => db.destroy(),
  };
}

function int8AsNumber(oid: number, format?: 'text' | 'binary') {
  if (oid === INT8) return (text: string) => Number(text);
  return format === 'binary' ? pg.types.getTypeParser(oid, 'binary') : pg.types.getTypeParser(oid, 'text');
}

/** Any failure of the database as a JournalError that says what to do about it. */
export function databaseError(action: string, error: unknown): JournalError {
  if (error instanceof JournalError) return error;
  const code = isCoded(error) ? error.code : '';
  const seen = messageOf(error) || code || 'no answer';
  const known = REMEDIES.find(({ pattern }) => pattern.test(`${code} ${seen}`));
  const remedy = known?.remedy ?? 'Check that the database runs and is reachable';
  return new JournalError(
    'JOURNAL_UNAVAILABLE',
    known?.retry ?? 'backoff',
    `Cannot ${action}: ${seen}. ${remedy}`,
    {
      cause: error,
    },
  );
}

const REMEDIES = [
  { pattern: /disk is full|no space|53100/i, remedy: 'Free disk space', retry: 'backoff' },
  { pattern: /readonly|read-only|25006/i, remedy: 'Make the database writable', retry: 'on-change' },
  { pattern: /not a database|malformed/i, remedy: 'Restore the file from a backup', retry: 'on-change' },
  {
    pattern: /unable to open|EACCES|ENOTDIR/i,
    remedy: 'Check the path and its permissions',
    retry: 'on-change',
  },
  { pattern: /database is locked/i, remedy: 'Another process holds the file; end it', retry: 'backoff' },
  {
    pattern: /password|28P01|28000|SASL/i,
    remedy: 'Check user and password of the store URL',
    retry: 'on-change',
  },
  { pattern: /3D000/, remedy: 'Create the database first', retry: 'on-change' },
  { pattern: /42501/, remedy: 'Grant the user CREATE, SELECT and INSERT on its schema', retry: 'on-change' },
] as const;

function isCoded(error: unknown): error is { code: string } {
  return typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string';
}
