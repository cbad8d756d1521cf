// Makes the changes of a set, each between its intent and its outcome in the journal, and writes its status.
import type { Journal } from '../../journal/index.ts';
import { isKubeError } from '../../k8s/index.ts';
import { mapLimited, mergePatchBetween, messageOf } from '../../lib/index.ts';
import {
  type Application,
  type ApplicationSet,
  type ApplicationSetStatus,
  annotations,
} from '../../model/index.ts';
import { applicationType } from '../application/index.ts';
import { applicationSetType } from './application-set-type.ts';
import type { Change } from './changes.ts';
import type { ApplicationSetDeps } from './deps.ts';

export type WriteDeps = Pick<ApplicationSetDeps, 'home' | 'leadership' | 'clock'> & {
  readonly journal: Journal;
};

const MANAGER = { fieldManager: 'fairlead-applicationset' } as const;
const AT_ONCE = 8;

export interface WriteProblem {
  readonly name: string;
  readonly reason: string;
}

/** Changes that the API refused; the others are made. Rejects when this process may not write any more. */
export async function makeChanges(
  deps: WriteDeps,
  set: ApplicationSet,
  changes: readonly Change[],
): Promise<readonly WriteProblem[]> {
  const results = await mapLimited(changes, AT_ONCE, async (change) => {
    deps.leadership.assertLeader();
    const { name = '', namespace = '' } = change.application.metadata;
    const intent = await deps.journal.intent({
      actor: actorOf(set),
      action: `application.${change.kind}`,
      object: { group: 'argoproj.io', kind: 'Application', namespace, name },
      reason: REASONS[change.kind],
    });
    deps.leadership.assertLeader();
    try {
      await make(deps, change);
      await deps.journal.outcome(intent, { outcome: 'succeeded' });
      return undefined;
    } catch (error) {
      const reason = messageOf(error);
      await deps.journal.outcome(intent, { outcome: 'failed', reason });
      return { name, reason };
    }
  });
  return results.filter((problem) => problem !== undefined);
}

const REASONS: Readonly<Record<Change['kind'], string>> = {
  create: 'The set generates it',
  update: 'The set generates it differently',
  delete: 'The set does not generate it any more',
};

async function make({ home }: WriteDeps, { kind, application, patch }: Change): Promise<void> {
  const { name = '', namespace = '', uid, resourceVersion } = application.metadata;
  if (kind === 'create') {
    await home.create(applicationType, application, MANAGER);
    return;
  }
  if (kind === 'update') {
    // With the version that was compared: an edit made since is looked at before it is written over.
    const body = { ...patch, metadata: { ...metadataOf(patch), resourceVersion } };
    await home.patch(applicationType, { namespace, name }, { type: 'merge', body }, MANAGER);
    return;
  }
  try {
    await home.delete(applicationType, { namespace, name }, uid === undefined ? {} : { uid });
  } catch (error) {
    if (!isKubeError(error, 'NOT_FOUND')) throw error;
  }
}

function metadataOf(patch: object | undefined): object {
  return (patch as { metadata?: object } | undefined)?.metadata ?? {};
}

/**
 * Starts a sync of each application whose turn has come.
 * @param generated as the template has them: what it says of automated syncs counts for these
 */
export async function syncDue(
  deps: WriteDeps,
  set: ApplicationSet,
  due: readonly Application[],
  generated: readonly Application[],
): Promise<void> {
  const templates = new Map(generated.map((app) => [app.metadata.name, app.spec.syncPolicy]));
  await mapLimited(due, AT_ONCE, async ({ metadata, spec }) => {
    deps.leadership.assertLeader();
    const { name = '', namespace = '', resourceVersion } = metadata;
    const intent = await deps.journal.intent({
      actor: actorOf(set),
      action: 'application.sync',
      object: { group: 'argoproj.io', kind: 'Application', namespace, name },
      reason: TURN,
    });
    const { syncOptions, retry } = spec.syncPolicy ?? {};
    const operation = {
      sync: {
        prune: templates.get(name)?.automated?.prune === true,
        ...(syncOptions === undefined ? {} : { syncOptions }),
      },
      initiatedBy: { username: 'applicationset-controller', automated: true },
      info: [{ name: 'Reason', value: TURN }],
      retry: retry ?? { limit: 5 },
    };
    deps.leadership.assertLeader();
    try {
      const body = { operation, metadata: { resourceVersion } };
      await deps.home.patch(applicationType, { namespace, name }, { type: 'merge', body }, MANAGER);
      await deps.journal.outcome(intent, { outcome: 'succeeded' });
    } catch (error) {
      // Somebody wrote meanwhile; the next look sees what.
      await deps.journal.outcome(intent, { outcome: 'failed', reason: messageOf(error) });
      if (!isKubeError(error, 'CONFLICT', 'NOT_FOUND')) throw error;
    }
  });
}

const TURN = 'Its turn in the rollout of its ApplicationSet has come';

function actorOf({ metadata }: ApplicationSet): { kind: 'controller'; name: string } {
  return { kind: 'controller', name: `ApplicationSet ${metadata.namespace}/${metadata.name}` };
}

/** Writes what changed of the status, and takes back a request for a refresh that is done. */
export async function writeStatus(
  { home, leadership }: WriteDeps,
  set: ApplicationSet,
  status: ApplicationSetStatus,
): Promise<void> {
  const { name = '', namespace = '', resourceVersion } = set.metadata;
  const patch = mergePatchBetween(set.status ?? {}, status);
  leadership.assertLeader();
  if (patch !== undefined) {
    await home.patch(
      applicationSetType,
      { namespace, name },
      { type: 'merge', body: { status: patch } },
      { ...MANAGER, subresource: 'status' },
    );
  }
  if (set.metadata.annotations?.[annotations.applicationSetRefresh] === undefined) return;
  const body = {
    metadata: {
      annotations: { [annotations.applicationSetRefresh]: null },
      ...(patch === undefined ? { resourceVersion } : {}),
    },
  };
  await home.patch(applicationSetType, { namespace, name }, { type: 'merge', body }, MANAGER);
}
