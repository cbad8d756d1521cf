// Walks the chain page by page and says at which record it breaks. Reads only; memory is one page.

import { isRecord } from '../lib/index.ts';
import type { JournalDatabase } from './database.ts';
import { JournalError } from './errors.ts';
import { PRUNE_ACTION } from './prune.ts';
import { type Head, linkHash } from './record.ts';
import { contradiction, recordOf } from './rows.ts';
import { type JournalTable, readBase } from './schema.ts';

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
  | 'rewritten'
  /** The beginning is gone, and no record says that it was pruned. */
  | 'unexplained';

export type Verification =
  | {
      readonly ok: true;
      readonly head: Head;
      readonly records: number;
      /** Everything up to this record was pruned; absent when nothing was. */
      readonly prunedThrough?: number;
      /** The head kept outside is older than that: it could not be compared. */
      readonly headPruned?: true;
    }
  | { readonly ok: false; readonly seq: number; readonly fault: ChainFault; readonly message: string };

/** What was kept outside the database: the hash of a record, and its number when that is known. */
export interface KeptHead {
  readonly seq?: number;
  readonly hash: string;
}

export interface VerifyOptions {
  /** First record to check; the one before it is trusted. Default 1: the whole chain. */
  readonly from?: number;
  /** A head kept outside the database earlier: reveals a cut tail or a rewritten chain. */
  readonly head?: KeptHead;
  readonly signal?: AbortSignal;
}

const PAGE_ROWS = 500;

/** Checks every link from `from` to the newest record. */
export async function verifyChain(database: JournalDatabase, options: VerifyOptions): Promise<Verification> {
  const base = await readBase(database.db);
  const from = Math.max(1, base.seq + 1, options.from ?? 1);
  const walk: Walk = {
    base,
    kept: options.head,
    isExplained: base.seq === 0,
    isMet: base.seq > 0 && isSame(options.head, base),
  };
  let previous = from === base.seq + 1 ? base : await linkBefore(database, from);
  if (previous === undefined)
    return fault(from - 1, 'missing', `record ${from - 1} before the first to check is gone`);
  let records = 0;
  for (;;) {
    options.signal?.throwIfAborted();
    const rows = await readPage(database, previous.seq);
    for (const row of rows) {
      const broken = checkLink(row, previous, options.head);
      if (broken !== undefined) return broken;
      note(walk, row);
      previous = { seq: row.seq, hash: row.hash };
      records += 1;
    }
    if (rows.length < PAGE_ROWS) break;
  }
  return atTheEnd(walk, previous, records);
}

interface Walk {
  readonly base: Head;
  readonly kept: KeptHead | undefined;
  /** A record of the chain says that everything up to the base was pruned. */
  isExplained: boolean;
  /** The hash kept outside was found. */
  isMet: boolean;
}

function isSame(kept: KeptHead | undefined, { seq, hash }: Head): boolean {
  return kept !== undefined && kept.hash === hash && (kept.seq === undefined || kept.seq === seq);
}

function note(walk: Walk, row: JournalTable): void {
  if (isSame(walk.kept, row)) walk.isMet = true;
  if (walk.isExplained || row.action !== PRUNE_ACTION) return;
  const { detail } = recordOf(row);
  walk.isExplained =
    isRecord(detail) && detail['through'] === walk.base.seq && detail['hash'] === walk.base.hash;
}

function atTheEnd({ base, kept, isExplained, isMet }: Walk, head: Head, records: number): Verification {
  if (!isExplained) {
    return fault(
      base.seq,
      'unexplained',
      `records up to ${base.seq} are gone, and no record says that they were pruned`,
    );
  }
  const ok = { ok: true, head, records, ...(base.seq === 0 ? {} : { prunedThrough: base.seq }) } as const;
  if (kept === undefined || isMet) return ok;
  if (kept.seq === undefined) {
    return fault(
      head.seq + 1,
      'truncated',
      'no record has the hash kept outside: it was cut off, rewritten or pruned',
    );
  }
  if (kept.seq > head.seq) {
    return fault(
      head.seq + 1,
      'truncated',
      `the journal ends at ${head.seq}, the head kept outside is ${kept.seq}`,
    );
  }
  if (kept.seq === base.seq && base.seq > 0) {
    return fault(base.seq, 'rewritten', `record ${base.seq}, which was pruned, is not the one kept outside`);
  }
  return kept.seq < base.seq ? { ...ok, headPruned: true } : ok;
}

async function linkBefore(database: JournalDatabase, from: number): Promise<Head | undefined> {
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

function checkLink(row: JournalTable, previous: Head, kept: KeptHead | undefined): Verification | undefined {
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
