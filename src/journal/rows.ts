// Records to rows and back, and the check that a row says in its columns what its hashed text says.
import { isRecord } from '../lib/index.ts';
import { JournalError } from './errors.ts';
import type { JournalRecord } from './record.ts';
import type { JournalTable } from './schema.ts';

/** The row of a record; `text` is what was hashed. */
export function rowOf(record: JournalRecord, text: string): JournalTable {
  return {
    seq: record.seq,
    time_ms: Date.parse(record.time),
    kind: record.kind,
    actor_kind: record.actor.kind,
    actor: record.actor.name,
    action: record.action,
    object_kind: record.object.kind,
    object_namespace: record.object.namespace ?? '',
    object_name: record.object.name,
    operation: record.operation ?? null,
    revision: record.revision ?? null,
    intent: record.intent ?? null,
    outcome: record.outcome ?? null,
    record: text,
    prev_hash: record.prevHash,
    hash: record.hash,
  };
}

/** The record a row holds. Throws `JOURNAL_CORRUPT` when its text is not one. */
export function recordOf(row: Pick<JournalTable, 'seq' | 'record' | 'prev_hash' | 'hash'>): JournalRecord {
  let body: unknown;
  try {
    body = JSON.parse(row.record);
  } catch {
    // Reported below like every other text that is not a record.
  }
  if (!isRecord(body) || !isRecord(body['actor']) || !isRecord(body['object'])) {
    throw new JournalError(
      'JOURNAL_CORRUPT',
      'on-change',
      `Cannot read journal record ${row.seq}: its text is not a record. Run "fairlead audit verify"`,
    );
  }
  return { ...(body as unknown as JournalRecord), prevHash: row.prev_hash, hash: row.hash };
}

/** The first column that contradicts the hashed text, if any. */
export function contradiction(row: JournalTable): string | undefined {
  const expected = rowOf(recordOf(row), row.record);
  return (Object.keys(expected) as (keyof JournalTable)[]).find((column) => expected[column] !== row[column]);
}
