// Writes the effects of a sync into the journal: the intent before, the outcome after.
import type { JournalObject, JournalRecord } from '../../journal/index.ts';
import type { ResourceKey } from '../../k8s/index.ts';
import type { Application } from '../../model/index.ts';
import type { SyncIntent, SyncJournal } from '../../sync/index.ts';
import type { ApplicationDeps } from './deps.ts';
import type { RunningOperation } from './running-operation.ts';

const ACTIONS: Readonly<Record<SyncIntent['kind'], string>> = {
  apply: 'object.apply',
  replace: 'object.replace',
  prune: 'object.prune',
  deleteHook: 'hook.delete',
  releaseHook: 'hook.release',
};

/**
 * Refuses an effect when this process may not act any more.
 * @param actsAs the service account of the writes, when it is not Fairlead itself
 */
export function syncJournal(
  { journal, leadership }: Pick<ApplicationDeps, 'journal' | 'leadership'>,
  app: Application,
  running: RunningOperation,
  actsAs?: string,
): SyncJournal {
  const intents = new Map<SyncIntent, JournalRecord>();
  return {
    async before(intent) {
      leadership.assertLeader();
      const record = await journal.intent({
        actor: actorOf(running),
        action: ACTIONS[intent.kind],
        object: journalObject(intent.key),
        operation: operationId(app, running),
        revision: running.desired.revision,
        ...(actsAs === undefined ? {} : { detail: { actsAs } }),
      });
      intents.set(intent, record);
      leadership.assertLeader();
    },
    async after(intent, outcome) {
      const record = intents.get(intent);
      if (record === undefined) return;
      intents.delete(intent);
      const failed = outcome.phase === 'Failed' || outcome.phase === 'Error';
      await journal.outcome(record, { outcome: failed ? 'failed' : 'succeeded', reason: outcome.message });
    },
  };
}

/** `argocd/web@2026-01-01T00:00:00.000Z`: one id for all records of an operation. */
export function operationId(app: Application, running: Pick<RunningOperation, 'startedAt'>): string {
  return `${app.metadata.namespace}/${app.metadata.name}@${new Date(running.startedAt).toISOString()}`;
}

export function actorOf(running: Pick<RunningOperation, 'operation'>): {
  kind: 'user' | 'controller';
  name: string;
} {
  const { initiatedBy } = running.operation;
  if (initiatedBy?.automated === true) return { kind: 'controller', name: 'automated sync' };
  return { kind: 'user', name: initiatedBy?.username ?? 'unknown' };
}

export function journalObject(key: ResourceKey): JournalObject {
  const { group, kind, namespace, name } = key;
  return { ...(group === '' ? {} : { group }), kind, ...(namespace === '' ? {} : { namespace }), name };
}

export function applicationObject(app: Application): JournalObject {
  return journalObject({
    group: 'argoproj.io',
    kind: 'Application',
    namespace: app.metadata.namespace ?? '',
    name: app.metadata.name ?? '',
  });
}
