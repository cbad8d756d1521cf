// Deletes an application's objects before the application goes: one wave at a time, last wave first, every one of
// them through the delete guard.
import { gvkOf, type KubeObject } from '../../k8s/index.ts';
import { mapLimited, messageOf } from '../../lib/index.ts';
import { type Application, annotations, finalizers, instanceName } from '../../model/index.ts';
import {
  type DeleteOutcome,
  guardedDelete,
  parseOptions,
  syncWaveOf,
  taskOptions,
} from '../../sync/index.ts';
import type { LiveCluster, LiveObject } from '../cluster/index.ts';
import type { Finding } from './conditions.ts';
import { deleteFacts } from './delete-facts.ts';
import type { ApplicationDeps } from './deps.ts';
import { identityTarget } from './identity.ts';
import { applicationObject, journalObject } from './sync-journal.ts';

const PARALLEL_DELETES = 10;
/** Between two looks at objects that finalizers or children hold; a watch event comes sooner. */
const POLL_MS = 2_000;
const FORGET_FINALIZERS: readonly string[] = [
  finalizers.resources,
  finalizers.resourcesForeground,
  finalizers.resourcesBackground,
];

export type CascadeResult =
  /** Nothing of the application is left (or nothing was to be deleted): these finalizers stay. */
  | { readonly kind: 'done'; readonly finalizers: readonly string[] }
  | { readonly kind: 'waiting'; readonly requeueMs: number; readonly finding?: Finding };

/** @param cluster undefined when nobody knows the destination any more: its objects cannot be deleted and are left */
export async function cascade(
  deps: ApplicationDeps,
  app: Application,
  cluster: LiveCluster | undefined,
  signal: AbortSignal,
): Promise<CascadeResult> {
  const present = app.metadata.finalizers ?? [];
  const wanted = present.filter((name) => FORGET_FINALIZERS.includes(name));
  const rest = present.filter((name) => !FORGET_FINALIZERS.includes(name));
  if (wanted.length === 0) return { kind: 'done', finalizers: present };
  if (cluster === undefined) {
    await deps.journal.fact({
      actor: { kind: 'controller', name: 'application deletion' },
      action: 'application.orphan',
      object: applicationObject(app),
      reason: 'the destination cluster is not configured any more; its objects stay as they are',
    });
    return { kind: 'done', finalizers: rest };
  }
  const answer = await cluster.ensureWatched(
    (app.status?.resources ?? []).map(({ group = '', kind = '', version = '' }) => ({
      group,
      kind,
      version,
    })),
    signal,
  );
  if (answer.kind === 'incomplete') {
    return waiting(`the objects could not be listed completely: ${answer.reason}`);
  }
  const left = cluster
    .trackedBy(instanceName(app, deps.controlNamespace))
    .filter((live) => live.owners.length === 0 && isDeleted(app, live.object));
  if (left.length === 0) return { kind: 'done', finalizers: rest };
  const wave = Math.max(...left.map(({ object }) => syncWaveOf(object)));
  const now = left.filter(({ object }) => syncWaveOf(object) === wave);
  const background = wanted.includes(finalizers.resourcesBackground);
  const outcomes = await mapLimited(now, PARALLEL_DELETES, (live) =>
    deleteOne(deps, app, cluster, live, { background, total: left.length }),
  );
  const held = outcomes.find((outcome) => outcome.kind === 'held');
  if (held !== undefined) return waiting(held.message);
  const isGone = outcomes.every(({ kind }) => kind === 'gone');
  return { kind: 'waiting', requeueMs: isGone ? 0 : POLL_MS };
}

async function deleteOne(
  deps: ApplicationDeps,
  app: Application,
  cluster: LiveCluster,
  live: LiveObject,
  options: { background: boolean; total: number },
): Promise<DeleteOutcome> {
  const { key } = live;
  deps.leadership.assertLeader();
  const intent = await deps.journal.intent({
    actor: { kind: 'controller', name: 'application deletion' },
    action: 'object.delete',
    object: journalObject(key),
    operation: `${app.metadata.namespace}/${app.metadata.name}@${app.metadata.deletionTimestamp}`,
  });
  try {
    const { apiVersion, kind } = live.object;
    const outcome = await guardedDelete(
      {
        cluster: identityTarget(deps, app, cluster),
        facts: async (request, object) =>
          deleteFacts(
            deps,
            // The deletion of the application is the approval; all of it is meant to go.
            {
              app,
              cluster,
              stable: true,
              mass: { deletions: options.total, total: options.total, limit: options.total },
              automated: false,
              approved: true,
            },
            request,
            object,
          ),
      },
      {
        purpose: 'cascade',
        key,
        name: {
          apiVersion,
          kind,
          name: key.name,
          ...(key.namespace === '' ? {} : { namespace: key.namespace }),
        },
        recordedUid: live.uid,
        propagation: options.background ? 'Background' : 'Foreground',
        dryRun: false,
      },
    );
    if (outcome.kind === 'gone') cluster.forget(key, live.uid);
    await deps.journal.outcome(
      intent,
      outcome.kind === 'held' ? { outcome: 'failed', reason: outcome.message } : { outcome: 'succeeded' },
    );
    return outcome;
  } catch (error) {
    await deps.journal.outcome(intent, { outcome: 'failed', reason: messageOf(error) });
    return { kind: 'held', code: 'NOT_AUDITED', message: messageOf(error) };
  }
}

function waiting(message: string): CascadeResult {
  return { kind: 'waiting', requeueMs: POLL_MS, finding: { type: 'DeletionError', message } };
}

/** CRDs, the application itself and what asks to be kept are never deleted with the application. */
function isDeleted(app: Application, object: KubeObject): boolean {
  const { group, kind } = gvkOf(object);
  if (group === 'apiextensions.k8s.io' && kind === 'CustomResourceDefinition') return false;
  if (object.metadata.uid === app.metadata.uid) return false;
  const policy = object.metadata.annotations?.[annotations.helmResourcePolicy];
  if (policy === 'keep') return false;
  return taskOptions(object, parseOptions(app.spec.syncPolicy?.syncOptions)).delete !== 'no';
}
