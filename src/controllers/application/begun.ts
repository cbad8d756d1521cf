// Which operations were begun and perhaps never told their application how they ended: the journal has their effects,
// the object does not have their end. The journal is read once, at the start of a process.
import type { Journal, JournalRecord } from '../../journal/index.ts';
import type { Application } from '../../model/index.ts';

/** A sync of which at least one effect may have happened. */
export interface BegunOperation {
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  readonly revision: string;
}

/** What a process does at once when it dies is among the newest records; 1,000 is the largest page. */
const NEWEST = 1_000;
const OPERATION = /^([^/]+\/[^@]+)@(.+)$/;

/** The newest operation with effects by `namespace/name`; whether it was recorded is for `isUnrecorded` to say. */
export async function lastOperations(journal: Journal): Promise<Map<string, BegunOperation>> {
  const { records } = await journal.query({ filters: { action: 'object.*' }, limit: NEWEST });
  const found = new Map<string, BegunOperation>();
  for (const record of records) {
    const operation = operationOf(record);
    if (operation !== undefined && !found.has(operation.application)) {
      found.set(operation.application, { startedAt: operation.startedAt, revision: operation.revision });
    }
  }
  return found;
}

/** True when the application knows nothing of the operation. Recorded times have whole seconds. */
export function isUnrecorded(app: Application, { startedAt }: BegunOperation): boolean {
  const recorded = Date.parse(app.status?.operationState?.startedAt ?? '');
  return Number.isNaN(recorded) || recorded < Math.floor(startedAt / 1000) * 1000;
}

/** Only syncs have a revision; deletions are carried on by themselves. */
function operationOf({
  operation,
  revision,
}: JournalRecord): (BegunOperation & { application: string }) | undefined {
  const [, application, time] = OPERATION.exec(operation ?? '') ?? [];
  const startedAt = Date.parse(time ?? '');
  if (application === undefined || revision === undefined || Number.isNaN(startedAt)) return undefined;
  return { application, startedAt, revision };
}
