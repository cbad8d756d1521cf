// The one table of the journal, the same on SQLite and Postgres, and its creation. The database itself refuses
// updates and deletions, so a stray statement cannot break the chain; verify() notices whoever lifts that.
import { type Kysely, sql, type Transaction } from 'kysely';
import { JournalError } from './errors.ts';
import { GENESIS, type Head, type JournalRecord } from './record.ts';

/** `record` is the hashed text; every other column repeats a member of it for searching. */
export interface JournalTable {
  seq: number;
  time_ms: number;
  kind: JournalRecord['kind'];
  actor_kind: string;
  actor: string;
  action: string;
  object_kind: string;
  object_namespace: string;
  object_name: string;
  operation: string | null;
  revision: string | null;
  intent: number | null;
  outcome: string | null;
  record: string;
  prev_hash: string;
  hash: string;
}

export interface JournalSchema {
  journal: JournalTable;
  journal_version: { version: number };
  /** One row: the newest record that was pruned; everything up to it may be gone. */
  journal_base: Head;
}

export type Engine = 'sqlite' | 'postgres';

const VERSION = 2;

/** Creates what is missing; refuses a database a newer Fairlead has written. Runs inside the writers' lock. */
export async function migrate(trx: Transaction<JournalSchema>, engine: Engine): Promise<void> {
  await trx.schema.createTable('journal_version').ifNotExists().addColumn('version', 'integer').execute();
  const found = await trx.selectFrom('journal_version').select('version').executeTakeFirst();
  if (found !== undefined && found.version > VERSION) {
    throw new JournalError(
      'JOURNAL_SCHEMA',
      'on-change',
      `Cannot open the journal: its schema version is ${found.version}, this Fairlead knows ${VERSION}. Run the newer Fairlead`,
    );
  }
  if (found?.version === VERSION) return;
  if (found === undefined) {
    await createJournal(trx);
    await trx.insertInto('journal_version').values({ version: VERSION }).execute();
  } else await trx.updateTable('journal_version').set({ version: VERSION }).execute();
  await trx.schema
    .createTable('journal_base')
    .addColumn('seq', 'bigint', (column) => column.notNull())
    .addColumn('hash', 'text', (column) => column.notNull())
    .execute();
  await trx.insertInto('journal_base').values(GENESIS).execute();
  for (const statement of engine === 'sqlite' ? SQLITE_GUARDS : POSTGRES_GUARDS) {
    await sql.raw(statement).execute(trx);
  }
}

/** The newest record that was pruned; the link before the first one when none was. */
export async function readBase(db: Kysely<JournalSchema>): Promise<Head> {
  return (await db.selectFrom('journal_base').select(['seq', 'hash']).executeTakeFirst()) ?? GENESIS;
}

async function createJournal(db: Kysely<JournalSchema>): Promise<void> {
  await db.schema
    .createTable('journal')
    .addColumn('seq', 'bigint', (column) => column.primaryKey())
    .addColumn('time_ms', 'bigint', (column) => column.notNull())
    .addColumn('kind', 'text', (column) => column.notNull())
    .addColumn('actor_kind', 'text', (column) => column.notNull())
    .addColumn('actor', 'text', (column) => column.notNull())
    .addColumn('action', 'text', (column) => column.notNull())
    .addColumn('object_kind', 'text', (column) => column.notNull())
    .addColumn('object_namespace', 'text', (column) => column.notNull())
    .addColumn('object_name', 'text', (column) => column.notNull())
    .addColumn('operation', 'text')
    .addColumn('revision', 'text')
    .addColumn('intent', 'bigint')
    .addColumn('outcome', 'text')
    .addColumn('record', 'text', (column) => column.notNull())
    .addColumn('prev_hash', 'text', (column) => column.notNull())
    .addColumn('hash', 'text', (column) => column.notNull())
    .execute();
  const index = (name: string, columns: (keyof JournalTable & string)[]) =>
    db.schema.createIndex(`journal_${name}`).on('journal').columns(columns);
  await index('object', ['object_name', 'object_kind', 'seq']).execute();
  await index('time', ['time_ms']).execute();
  await index('operation', ['operation', 'seq']).where(sql.ref('operation'), 'is not', null).execute();
  await index('revision', ['revision', 'seq']).where(sql.ref('revision'), 'is not', null).execute();
  await index('intent', ['intent', 'outcome']).where(sql.ref('intent'), 'is not', null).execute();
}

const REFUSAL = 'the journal is append-only';

/** What was pruned may be deleted, and the base only moves on. */
const SQLITE_GUARDS = [
  'drop trigger if exists journal_no_update',
  'drop trigger if exists journal_no_delete',
  guard('journal_no_update', 'update on journal'),
  guard('journal_no_delete', 'delete on journal', 'old.seq > (select seq from journal_base)'),
  guard('journal_base_forward', 'update on journal_base', 'new.seq <= old.seq'),
  guard('journal_base_stays', 'delete on journal_base'),
];

function guard(name: string, event: string, condition = 'true'): string {
  return `create trigger ${name} before ${event} when ${condition} begin select raise(abort, '${REFUSAL}'); end`;
}

const POSTGRES_GUARDS = [
  `create or replace function journal_refuse() returns trigger language plpgsql as $$
   begin raise exception '${REFUSAL}'; end $$`,
  `create or replace function journal_refuse_delete() returns trigger language plpgsql as $$
   begin
     if old.seq > (select seq from journal_base) then raise exception '${REFUSAL}'; end if;
     return old;
   end $$`,
  `create or replace function journal_refuse_back() returns trigger language plpgsql as $$
   begin
     if new.seq <= old.seq then raise exception '${REFUSAL}'; end if;
     return new;
   end $$`,
  'drop trigger if exists journal_no_change on journal',
  `create trigger journal_no_change before update or truncate on journal
   for each statement execute function journal_refuse()`,
  `create trigger journal_no_delete before delete on journal
   for each row execute function journal_refuse_delete()`,
  `create trigger journal_base_forward before update on journal_base
   for each row execute function journal_refuse_back()`,
  `create trigger journal_base_stays before delete or truncate on journal_base
   for each statement execute function journal_refuse()`,
];
