// Which events an application's changes and the journal's records are worth, with Argo CD's reasons and wording.
// Pure.
import type { JournalRecord } from '../../journal/index.ts';
import type { Application, OperationState } from '../../model/index.ts';
import type { EventFacts } from './recorder.ts';

const CONTROLLER = 'argocd-application-controller';
const SERVER = 'argocd-server';

/** What the controller has to tell about the step from one state of an application to the next. */
export function eventsOfChange(old: Application, app: Application): EventFacts[] {
  return [
    ...operationEvents(old.status?.operationState, app.status?.operationState),
    ...statusEvent('sync', old.status?.sync?.status, app.status?.sync?.status),
    ...statusEvent('health', old.status?.health?.status, app.status?.health?.status),
  ];
}

function operationEvents(old: OperationState | undefined, state: OperationState | undefined): EventFacts[] {
  if (state === undefined) return [];
  const { initiatedBy, sync } = state.operation;
  const isAutomated = initiatedBy?.automated === true;
  const user = initiatedBy?.username ?? (isAutomated ? '' : 'Unknown user');
  const revision = state.syncResult?.revision || sync?.revision || 'the latest revision';
  const isPartial = (sync?.resources ?? []).length > 0;
  const events: EventFacts[] = [];
  if (old === undefined || old.startedAt !== state.startedAt) {
    const how = `${isAutomated ? 'automated ' : ''}${isPartial ? 'partial ' : ''}sync`;
    const message = isAutomated
      ? `Initiated ${how} to ${revision}`
      : `${user} initiated ${how} to ${revision}`;
    events.push(fact(CONTROLLER, 'OperationStarted', 'Normal', message, user));
  }
  const isNews =
    old?.startedAt !== state.startedAt || old?.finishedAt === undefined || old?.phase !== state.phase;
  if (state.finishedAt !== undefined && isEnd(state.phase) && isNews) {
    const what = `${isPartial ? 'Partial sync' : 'Sync'} operation to ${revision}`;
    events.push(
      state.phase === 'Succeeded'
        ? fact(CONTROLLER, 'OperationCompleted', 'Normal', `${what} succeeded`, user)
        : fact(CONTROLLER, 'OperationCompleted', 'Warning', `${what} failed: ${state.message ?? ''}`, user),
    );
  }
  return events;
}

function isEnd(phase: string): boolean {
  return phase === 'Succeeded' || phase === 'Failed' || phase === 'Error';
}

function statusEvent(
  what: 'sync' | 'health',
  old: string | undefined,
  now: string | undefined,
): EventFacts[] {
  if (now === undefined || old === now) return [];
  return [
    fact(CONTROLLER, 'ResourceUpdated', 'Normal', `Updated ${what} status: ${old ?? ''} -> ${now}`, ''),
  ];
}

/** What callers of the API did, by the action that the journal has for it. */
const WRITES: Readonly<Record<string, readonly [reason: string, words: string]>> = {
  'application.create': ['ResourceCreated', 'created application'],
  'application.update': ['ResourceUpdated', 'updated application spec'],
  'application.patch': ['ResourceUpdated', 'patched application'],
  'application.delete': ['ResourceDeleted', 'deleted application'],
  'application.rollback': ['OperationStarted', 'initiated rollback'],
  'application.terminate': ['OperationStarted', 'requested termination of the operation'],
  'application.refresh': ['StatusRefreshed', 'refreshed application'],
  'resource.action': ['ResourceActionRan', 'ran action'],
};

/** Undefined for records that are no finished write of an application. */
export function eventOfRecord(record: JournalRecord): EventFacts | undefined {
  if (record.object.kind !== 'Application' || record.outcome !== 'succeeded') return undefined;
  const known = Object.hasOwn(WRITES, record.action) ? WRITES[record.action] : undefined;
  if (known === undefined || record.actor.kind === 'controller') return undefined;
  const [reason, words] = known;
  return fact(SERVER, reason, 'Normal', `${record.actor.name} ${words}`, record.actor.name);
}

function fact(
  component: string,
  reason: string,
  type: 'Normal' | 'Warning',
  message: string,
  user: string,
): EventFacts {
  return { component, reason, type, message, ...(user === '' ? {} : { annotations: { user } }) };
}
