// Reading the journal: filters, pages, open intents. Never writes.
import { type Expression, type ExpressionBuilder, type SqlBool, sql } from 'kysely';
import type { JournalDatabase } from './database.ts';
import { JournalError } from './errors.ts';
import type { ActorKind, JournalObject, JournalRecord, Outcome } from './record.ts';
import { recordOf } from './rows.ts';
import type { JournalSchema } from './schema.ts';

/** All members narrow the answer; what is left out does not. */
export interface JournalFilters {
  /** Milliseconds since the epoch, inclusive. */
  readonly since?: number;
  /** Milliseconds since the epoch, exclusive. */
  readonly until?: number;
  /** Exact name, or kind, or both. */
  readonly actor?: { readonly kind?: ActorKind; readonly name?: string };
  /** Exact, or a prefix ending in `*` (`application.*`). */
  readonly action?: string;
  /** Exact members; `group` and `cluster` are not searched by. */
  readonly object?: Partial<Pick<JournalObject, 'kind' | 'namespace' | 'name'>>;
  /** Exact, or a prefix ending in `*` (`argocd/web@*`). */
  readonly operation?: string;
  /** Records of any of these applications: of the object itself, or of one of its operations. */
  readonly applications?: readonly { readonly namespace: string; readonly name: string }[];
  readonly revision?: string;
  readonly kind?: JournalRecord['kind'];
  readonly outcome?: Outcome;
  /** Part of the record's text, upper and lower case alike for ASCII. */
  readonly text?: string;
}

export interface JournalQuery {
  readonly filters?: JournalFilters;
  /** Records per page, 1 to MAX_PAGE; default 100. */
  readonly limit?: number;
  /** Only records with a greater sequence number, oldest first. */
  readonly after?: number;
  /** Only records with a smaller sequence number, newest first (the default order). */
  readonly before?: number;
}

export interface JournalPage {
  readonly records: readonly JournalRecord[];
  /** Pass as `after` or `before` (as in the query) for the next page; absent on the last one. */
  readonly next?: number;
}

/** An intent that has not ended, and whether somebody has marked it `unknown` already. */
export interface OpenIntent {
  readonly record: JournalRecord;
  readonly state: 'open' | 'unknown';
}

export const MAX_PAGE = 1_000;
/** Two conditions each; databases limit how deep and how many they take. */
const MAX_APPLICATIONS = 200;

type Where = ExpressionBuilder<JournalSchema, 'journal'>;

/** One page of the records that match. */
export async function queryJournal(database: JournalDatabase, query: JournalQuery): Promise<JournalPage> {
  const limit = pageSize(query.limit);
  if (query.after !== undefined && query.before !== undefined) {
    throw badQuery('`after` and `before` exclude each other');
  }
  const ascending = query.after !== undefined;
  const rows = await database.db
    .selectFrom('journal')
    .select(['seq', 'record', 'prev_hash', 'hash'])
    .where((where) => where.and(conditions(where, query)))
    .orderBy('seq', ascending ? 'asc' : 'desc')
    .limit(limit + 1)
    .execute();
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  const more = rows.length > limit && last !== undefined;
  return { records: page.map(recordOf), ...(more ? { next: last.seq } : {}) };
}

/** Intents without a final outcome, oldest first. */
export async function queryOpenIntents(
  database: JournalDatabase,
  options: Pick<JournalQuery, 'filters' | 'limit' | 'after'>,
): Promise<readonly OpenIntent[]> {
  const rows = await database.db
    .selectFrom('journal')
    .select(['journal.seq', 'journal.record', 'journal.prev_hash', 'journal.hash'])
    .select((select) => select.exists(outcomesOf(select, 'unknown')).as('marked'))
    .where((where) => where.and(conditions(where, { ...options, after: options.after ?? 0 })))
    .where('journal.kind', '=', 'intent')
    .where((where) => where.not(where.exists(outcomesOf(where, 'final'))))
    .orderBy('journal.seq', 'asc')
    .limit(pageSize(options.limit ?? MAX_PAGE))
    .execute();
  return rows.map((row) => ({ record: recordOf(row), state: row.marked ? 'unknown' : 'open' }));
}

/** One record by its sequence number. */
export async function readRecord(database: JournalDatabase, seq: number): Promise<JournalRecord | undefined> {
  const columns = ['seq', 'record', 'prev_hash', 'hash'] as const;
  const row = await database.db
    .selectFrom('journal')
    .select(columns)
    .where('seq', '=', seq)
    .executeTakeFirst();
  return row === undefined ? undefined : recordOf(row);
}

function outcomesOf(where: Where, which: 'unknown' | 'final') {
  return where
    .selectFrom('journal as o')
    .select(sql.lit(1).as('one'))
    .whereRef('o.intent', '=', 'journal.seq')
    .where('o.outcome', which === 'unknown' ? '=' : '<>', 'unknown');
}

function conditions(where: Where, { filters = {}, after, before }: JournalQuery): Expression<SqlBool>[] {
  const found: Expression<SqlBool>[] = [];
  if (after !== undefined) found.push(where('journal.seq', '>', after));
  if (before !== undefined) found.push(where('journal.seq', '<', before));
  if (filters.since !== undefined) found.push(where('journal.time_ms', '>=', filters.since));
  if (filters.until !== undefined) found.push(where('journal.time_ms', '<', filters.until));
  const equal = {
    actor_kind: filters.actor?.kind,
    actor: filters.actor?.name,
    object_kind: filters.object?.kind,
    object_namespace: filters.object?.namespace,
    object_name: filters.object?.name,
    revision: filters.revision,
    kind: filters.kind,
    outcome: filters.outcome,
  } as const;
  for (const [column, value] of Object.entries(equal)) {
    if (value !== undefined) found.push(where(sql.ref<string>(`journal.${column}`), '=', value));
  }
  if (filters.applications !== undefined) found.push(applicationsCondition(where, filters.applications));
  if (filters.action !== undefined) found.push(matches(where, 'journal.action', filters.action));
  if (filters.operation !== undefined) found.push(matches(where, 'journal.operation', filters.operation));
  // The stored text is JSON, so the text looked for is compared as JSON writes it.
  if (filters.text !== undefined) found.push(contains('record', JSON.stringify(filters.text).slice(1, -1)));
  return found;
}

/** None at all match nothing. */
function applicationsCondition(
  where: Where,
  applications: NonNullable<JournalFilters['applications']>,
): Expression<SqlBool> {
  if (applications.length > MAX_APPLICATIONS) {
    throw badQuery(`${applications.length} applications are asked for, allowed are ${MAX_APPLICATIONS}`);
  }
  return where.or(
    applications.flatMap(({ namespace, name }) => [
      where.and([
        where('journal.object_kind', '=', 'Application'),
        where('journal.object_namespace', '=', namespace),
        where('journal.object_name', '=', name),
      ]),
      sql<SqlBool>`${sql.ref('journal.operation')} like ${`${escapeLike(`${namespace}/${name}@`)}%`} escape '\\'`,
    ]),
  );
}

function matches(
  where: Where,
  column: 'journal.action' | 'journal.operation',
  pattern: string,
): Expression<SqlBool> {
  if (!pattern.endsWith('*')) return where(column, '=', pattern);
  return sql<SqlBool>`${sql.ref(column)} like ${`${escapeLike(pattern.slice(0, -1))}%`} escape '\\'`;
}

function contains(column: 'record', text: string): Expression<SqlBool> {
  const pattern = `%${escapeLike(text.toLowerCase())}%`;
  return sql<SqlBool>`lower(${sql.ref(`journal.${column}`)}) like ${pattern} escape '\\'`;
}

function escapeLike(text: string): string {
  return text.replace(/[\\%_]/g, '\\$&');
}

function pageSize(limit = 100): number {
  if (Number.isInteger(limit) && limit >= 1 && limit <= MAX_PAGE) return limit;
  throw badQuery(`the limit is ${limit}, allowed is 1 to ${MAX_PAGE}`);
}

function badQuery(seen: string): JournalError {
  return new JournalError('JOURNAL_BAD_REQUEST', 'on-change', `Cannot query the journal: ${seen}`);
}
