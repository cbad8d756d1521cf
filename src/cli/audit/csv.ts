// Journal records as CSV (RFC 4180). A cell that a spreadsheet would take for a formula is made text.
import type { AuditPage } from '../../contract/index.ts';

type AuditRecord = AuditPage['items'][number];

export const CSV_HEADINGS =
  'seq,time,kind,actorKind,actor,action,objectGroup,objectKind,objectNamespace,objectName,operation,revision,intent,outcome,sourceAddress,reason,detail,prevHash,hash';

export function csvLine(record: AuditRecord): string {
  const { actor, object, detail } = record;
  const cells: readonly (string | number | undefined)[] = [
    record.seq,
    record.time,
    record.kind,
    actor.kind,
    actor.name,
    record.action,
    object.group,
    object.kind,
    object.namespace,
    object.name,
    record.operation,
    record.revision,
    record.intent,
    record.outcome,
    record.sourceAddress,
    record.reason,
    detail === undefined ? undefined : JSON.stringify(detail),
    record.prevHash,
    record.hash,
  ];
  return cells.map(cell).join(',');
}

function cell(value: string | number | undefined): string {
  if (value === undefined) return '';
  if (typeof value === 'number') return String(value);
  const text = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
