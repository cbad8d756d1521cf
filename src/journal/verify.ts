// Walks the chain page by page and says at which record it breaks. Reads only; memory is one page.
import type { JournalDatabase } from './database.ts';
import { JournalError } from './errors.ts';
import { GENESIS, type Head, linkHash } from './record.ts';
import { contradiction } from './rows.ts';
import type { JournalTable } from './schema.ts';

export type ChainFault =
  /** The text, a column or the hash of the record is not what was written. */
  | 'altered'
  /** A sequence number is skipped: the record was deleted. */
  | 'missing'
  /** The record does not follow the one before it: swapped, copied in, or everything before was rewritten. */
  | 'unlinked'
  /** The journal ends before the head kept outside. */
  | 'truncated'
  /** The record at the position of the head kept outside is another one. */
  | 'rewritten';

export type Verification =
  | { readonly ok: true; readonly head: Head; readonly records: number }
  | { readonly ok: false; readonly seq: number; readonly fault: ChainFault; readonly message: string };

export interface VerifyOptions {
  /** First record to check; the one before it is trusted. Default 1: the whole chain. */
  readonly from?: number;
  /** A head kept outside the database earlier: reveals a cut tail or a rewritten chain. */
  readonly head?: Head;
  readonly signal?: AbortSignal;
}

const PAGE_ROWS = 500;

/** Checks every link from `from` to the newest record. */
export async function verifyChain(database: JournalDatabase, options: VerifyOptions): Promise<Verification> {
  const from = Math.max(1, options.from ?? 1);
  let previous = await linkBefore(database, from);
  if (previous === undefined)
    return fault(from - 1, 'missing', `record ${from - 1} before the first to check is gone`);
  let records = 0;
  for (;;) {
    options.signal?.throwIfAborted();
    const rows = await readPage(database, previous.seq);
    for (const row of rows) {
      const broken = checkLink(row, previous, options.head);
      if (broken !== undefined) return broken;
      previous = { seq: row.seq, hash: row.hash };
      records += 1;
    }
    if (rows.length < PAGE_ROWS) break;
  }
  const expected = options.head?.seq ?? 0;
  if (previous.seq < expected) {
    return fault(
      previous.seq + 1,
      'truncated',
      `the journal ends at ${previous.seq}, the head kept outside is ${expected}`,
    );
  }
  return { ok: true, head: previous, records };
}

async function linkBefore(database: JournalDatabase, from: number): Promise<Head | undefined> {
  if (from === 1) return GENESIS;
  const query = database.db
    .selectFrom('journal')
    .select(['seq', 'hash'])
    .where('seq', '=', from - 1);
  return await query.executeTakeFirst();
}

function readPage(database: JournalDatabase, after: number): Promise<JournalTable[]> {
  const query = database.db.selectFrom('journal').selectAll().where('seq', '>', after);
  return query.orderBy('seq').limit(PAGE_ROWS).execute();
}

function checkLink(row: JournalTable, previous: Head, kept: Head | undefined): Verification | undefined {
  const { seq } = row;
  if (seq !== previous.seq + 1) {
    return fault(previous.seq + 1, 'missing', `record ${previous.seq + 1} is gone; the next one is ${seq}`);
  }
  if (linkHash(row.prev_hash, row.record) !== row.hash) {
    return fault(seq, 'altered', `record ${seq} does not have the hash it was written with`);
  }
  const column = contradictionOrText(row);
  if (column !== undefined)
    return fault(seq, 'altered', `column ${column} of record ${seq} contradicts its text`);
  if (row.prev_hash !== previous.hash) {
    return fault(seq, 'unlinked', `record ${seq} does not follow record ${previous.seq}`);
  }
  if (kept?.seq === seq && kept.hash !== row.hash) {
    return fault(seq, 'rewritten', `record ${seq} is not the one whose hash was kept outside`);
  }
  return undefined;
}

function contradictionOrText(row: JournalTable): string | undefined {
  try {
    return contradiction(row);
  } catch (error) {
    if (error instanceof JournalError) return 'record';
    throw error;
  }
}

function fault(seq: number, kind: ChainFault, message: string): Verification {
  return { ok: false, seq, fault: kind, message };
}
