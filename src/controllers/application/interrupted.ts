// Which operations a process began and never told their application about: the journal has their effects, the object
// does not have their end. Read once, at the start.
import type { Journal, JournalRecord } from '../../journal/index.ts';
import type { Application } from '../../model/index.ts';

export interface InterruptedOperation {
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  readonly revision: string;
}

/** What a process does at once when it dies is among the newest records; 1,000 is the largest page. */
const NEWEST = 1_000;
const OPERATION = /^([^/]+\/[^@]+)@(.+)$/;

/** The newest operation with effects by `namespace/name`; whether it was recorded is for `isUnrecorded` to say. */
export async function lastOperations(journal: Journal): Promise<Map<string, InterruptedOperation>> {
  const { records } = await journal.query({ filters: { action: 'object.*' }, limit: NEWEST });
  const found = new Map<string, InterruptedOperation>();
  for (const record of records) {
    const operation = operationOf(record);
    if (operation !== undefined && !found.has(operation.application)) {
      found.set(operation.application, { startedAt: operation.startedAt, revision: operation.revision });
    }
  }
  return found;
}

/** True when the application knows nothing of the operation. Recorded times have whole seconds. */
export function isUnrecorded(app: Application, { startedAt }: InterruptedOperation): boolean {
  const recorded = Date.parse(app.status?.operationState?.startedAt ?? '');
  return Number.isNaN(recorded) || recorded < Math.floor(startedAt / 1000) * 1000;
}

/** Only syncs have a revision; deletions are carried on by themselves. */
function operationOf({
  operation,
  revision,
}: JournalRecord): (InterruptedOperation & { application: string }) | undefined {
  const [, application, time] = OPERATION.exec(operation ?? '') ?? [];
  const startedAt = Date.parse(time ?? '');
  if (application === undefined || revision === undefined || Number.isNaN(startedAt)) return undefined;
  return { application, startedAt, revision };
}
