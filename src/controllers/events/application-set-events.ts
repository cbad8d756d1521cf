// Which events an ApplicationSet's changes and the journal's records are worth. Pure.
import type { JournalRecord } from '../../journal/index.ts';
import type { ApplicationSet } from '../../model/index.ts';
import type { EventFacts } from './recorder.ts';

const COMPONENT = 'argocd-applicationset-controller';

/** What there is to tell about the step from one state of a set to the next: that something is wrong, or mended. */
export function eventsOfSetChange(old: ApplicationSet, set: ApplicationSet): EventFacts[] {
  const before = conditionOf(old);
  const now = conditionOf(set);
  if (now === undefined || (before?.status === now.status && before.message === now.message)) return [];
  const isWrong = now.status === 'True';
  if (!isWrong && before?.status !== 'True') return [];
  const { reason, message } = now;
  return [{ component: COMPONENT, type: isWrong ? 'Warning' : 'Normal', reason, message }];
}

function conditionOf({ status }: ApplicationSet) {
  return status?.conditions?.find(({ type }) => type === 'ErrorOccurred');
}

const WORDS: Readonly<Record<string, readonly [reason: string, word: string]>> = {
  'application.create': ['Created', 'Created'],
  'application.update': ['Updated', 'Updated'],
  'application.delete': ['Deleted', 'Deleted'],
  'application.sync': ['OperationStarted', 'Started a sync of'],
};

/** What a set did to one of its applications; undefined for records of something else. */
export function eventOfSetRecord(
  record: JournalRecord,
): { readonly namespace: string; readonly name: string; readonly facts: EventFacts } | undefined {
  const [, namespace, name] = /^ApplicationSet ([^/]+)\/(.+)$/.exec(record.actor.name) ?? [];
  if (record.actor.kind !== 'controller' || record.outcome === undefined) return undefined;
  const words = Object.hasOwn(WORDS, record.action) ? WORDS[record.action] : undefined;
  if (namespace === undefined || name === undefined || words === undefined) return undefined;
  const [reason, word] = words;
  const what = `Application ${record.object.name}`;
  const facts: EventFacts =
    record.outcome === 'succeeded'
      ? { component: COMPONENT, type: 'Normal', reason, message: `${word} ${what}` }
      : {
          component: COMPONENT,
          type: 'Warning',
          reason: 'UpdateApplicationError',
          message: `${what} could not be changed: ${record.reason ?? ''}`,
        };
  return { namespace, name, facts };
}
