// Takes old records away without breaking the chain: the last record that goes is written down, in the chain itself
// and beside it, before anything is deleted. verify() goes on from there and insists on that record.
import { sql } from 'kysely';
import type { JournalDatabase } from './database.ts';
import type { BoundEntry, Head } from './record.ts';
import { readBase } from './schema.ts';

export const PRUNE_ACTION = 'journal.prune';

export interface Pruned {
  /** Records that went. */
  readonly records: number;
  /** The last of them; 0 when nothing was ever pruned. */
  readonly through: number;
}

/** Rows per statement, so that writers in between do not wait for long. */
const ROWS_AT_ONCE = 2_000;

/** The newest record that may go: everything up to it is older, and nothing up to it is still open. */
export async function pruneTarget(database: JournalDatabase, before: number): Promise<Head | undefined> {
  const { db } = database;
  const base = await readBase(db);
  const young = await db
    .selectFrom('journal')
    .select((select) => select.fn.min('seq').as('seq'))
    .where('time_ms', '>=', before)
    .executeTakeFirst();
  const open = await db
    .selectFrom('journal')
    .select('journal.seq')
    .where('journal.kind', '=', 'intent')
    .where('journal.seq', '>', base.seq)
    .where((where) =>
      where.not(
        where.exists(
          where
            .selectFrom('journal as o')
            .select(sql.lit(1).as('one'))
            .whereRef('o.intent', '=', 'journal.seq'),
        ),
      ),
    )
    .orderBy('journal.seq')
    .limit(1)
    .executeTakeFirst();
  const first = Math.min(young?.seq ?? Number.MAX_SAFE_INTEGER, open?.seq ?? Number.MAX_SAFE_INTEGER);
  const last = await db
    .selectFrom('journal')
    .select(['seq', 'hash'])
    .where('seq', '<', first)
    .where('seq', '>', base.seq)
    .orderBy('seq', 'desc')
    .limit(1)
    .executeTakeFirst();
  return last;
}

/** What the chain says before anything goes. */
export function pruneEntry(target: Head, before: number): Omit<BoundEntry, 'time' | 'kind'> {
  return {
    actor: { kind: 'system', name: 'retention' },
    action: PRUNE_ACTION,
    object: { kind: 'Journal', name: 'journal' },
    reason: `records before ${new Date(before).toISOString()} are older than the retention`,
    detail: { through: target.seq, hash: target.hash },
  };
}

/** Moves the base, then deletes up to it; a death in between leaves rows that the next run deletes. */
export async function deleteThrough(database: JournalDatabase, target: Head): Promise<number> {
  await database.exclusive(async (trx) => {
    const base = await readBase(trx);
    if (base.seq < target.seq) await trx.updateTable('journal_base').set(target).execute();
  });
  let records = 0;
  for (;;) {
    const deleted = await database.exclusive(async (trx) => {
      const oldest = await trx
        .selectFrom('journal')
        .select('seq')
        .where('seq', '<=', target.seq)
        .orderBy('seq')
        .limit(1)
        .executeTakeFirst();
      if (oldest === undefined) return 0;
      const to = Math.min(target.seq, oldest.seq + ROWS_AT_ONCE - 1);
      const result = await trx.deleteFrom('journal').where('seq', '<=', to).executeTakeFirst();
      return Number(result.numDeletedRows);
    });
    if (deleted === 0) return records;
    records += deleted;
  }
}
