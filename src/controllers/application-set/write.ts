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
import { applicationObject, applicationType } from '../application/index.ts';
import { applicationSetType } from './application-set-type.ts';
import type { Change } from './changes.ts';
import type { ApplicationSetDeps } from './deps.ts';

export type WriteDeps = Pick<ApplicationSetDeps, 'home' | 'leadership'> & {
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
    const { kind, application } = change;
    const what = { action: `application.${kind}`, application, reason: REASONS[kind] };
    const error = await recorded(deps, set, what, () => make(deps, change));
    return error === undefined ? [] : [{ name: application.metadata.name ?? '', reason: messageOf(error) }];
  });
  return results.flat();
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
  await mapLimited(due, AT_ONCE, async (application) => {
    const { name = '', namespace = '', resourceVersion } = application.metadata;
    const { syncOptions, retry } = application.spec.syncPolicy ?? {};
    const operation = {
      sync: {
        prune: templates.get(name)?.automated?.prune === true,
        ...(syncOptions === undefined ? {} : { syncOptions }),
      },
      initiatedBy: { username: 'applicationset-controller', automated: true },
      info: [{ name: 'Reason', value: TURN }],
      retry: retry ?? { limit: 5 },
    };
    const body = { operation, metadata: { resourceVersion } };
    const what = { action: 'application.sync', application, reason: TURN };
    const error = await recorded(deps, set, what, () =>
      deps.home.patch(applicationType, { namespace, name }, { type: 'merge', body }, MANAGER),
    );
    // Somebody wrote meanwhile; the next look sees what.
    if (error !== undefined && !isKubeError(error, 'CONFLICT', 'NOT_FOUND')) throw error;
  });
}

const TURN = 'Its turn in the rollout of its ApplicationSet has come';

interface Recorded {
  readonly action: string;
  readonly application: Application;
  readonly reason: string;
}

/**
 * Makes an effect between its intent and its outcome. Rejects when this process may not write any more, or without a
 * record. @returns why the effect failed; undefined when it did not
 */
async function recorded(
  { journal, leadership }: WriteDeps,
  set: ApplicationSet,
  { action, application, reason }: Recorded,
  effect: () => Promise<unknown>,
): Promise<unknown> {
  leadership.assertLeader();
  const intent = await journal.intent({
    actor: { kind: 'controller', name: `ApplicationSet ${set.metadata.namespace}/${set.metadata.name}` },
    action,
    object: applicationObject(application),
    reason,
  });
  leadership.assertLeader();
  try {
    await effect();
  } catch (error) {
    await journal.outcome(intent, { outcome: 'failed', reason: messageOf(error) });
    return error;
  }
  await journal.outcome(intent, { outcome: 'succeeded' });
  return undefined;
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
