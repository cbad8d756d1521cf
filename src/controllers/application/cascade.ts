// Deletes an application's objects before the application goes: one wave at a time, last wave first, every one of
// them through the delete guard.
import { describeKey, gvkOf, type KubeObject } from '../../k8s/index.ts';
import { mapLimited, messageOf } from '../../lib/index.ts';
import { type Application, annotations, finalizers, instanceName } from '../../model/index.ts';
import {
  type DeleteOutcome,
  guardedDelete,
  hookTypes,
  parseOptions,
  syncWaveOf,
  type TaskOptions,
  taskOptions,
} from '../../sync/index.ts';
import type { LiveCluster, LiveObject } from '../cluster/index.ts';
import type { Finding } from './conditions.ts';
import { deleteFacts } from './delete-facts.ts';
import { DELETE_HOOK_FINALIZERS, runDeleteHooks } from './delete-hooks.ts';
import type { ApplicationDeps } from './deps.ts';
import { identityTarget } from './identity.ts';
import type { ApplicationMemory } from './memory.ts';
import { applicationObject, journalObject } from './sync-journal.ts';

const PARALLEL_DELETES = 10;
/** Between two looks at objects that finalizers or children hold; a watch event comes sooner. */
const POLL_MS = 2_000;
const APPROVE = `set ${annotations.deletionApproved} on the application to the current time, or run: fairlead app confirm-deletion`;
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
  memory: ApplicationMemory,
  signal: AbortSignal,
): Promise<CascadeResult> {
  const present = app.metadata.finalizers ?? [];
  const isOurs = (name: string): boolean =>
    FORGET_FINALIZERS.includes(name) || DELETE_HOOK_FINALIZERS.includes(name);
  const wanted = present.filter((name) => FORGET_FINALIZERS.includes(name));
  const rest = present.filter((name) => !isOurs(name));
  if (!present.some(isOurs)) return { kind: 'done', finalizers: present };
  if (cluster === undefined) {
    await deps.journal.fact({
      actor: { kind: 'controller', name: 'application deletion' },
      action: 'application.orphan',
      object: applicationObject(app),
      reason: 'the destination cluster is not configured any more; its objects stay as they are',
    });
    return { kind: 'done', finalizers: rest };
  }
  const held = waitsForDependents(deps, app, wanted);
  if (held !== undefined) return waiting(held);
  const before = await runDeleteHooks(deps, app, cluster, 'PreDelete', memory, signal);
  if (before.kind === 'waiting') return waiting(before.message, before.requeueMs);
  if (wanted.length > 0) {
    const objects = await deleteObjects(deps, app, cluster, wanted, signal);
    if (objects !== undefined) return objects;
  }
  const after = await runDeleteHooks(deps, app, cluster, 'PostDelete', memory, signal);
  if (after.kind === 'waiting') return waiting(after.message, after.requeueMs);
  return { kind: 'done', finalizers: rest };
}

/** Whoever depends on it goes first; deleting it under them needs a person. */
function waitsForDependents(
  deps: ApplicationDeps,
  app: Application,
  wanted: readonly string[],
): string | undefined {
  if (wanted.length === 0 || isApproved(deps, app)) return undefined;
  const key = `${app.metadata.namespace}/${app.metadata.name}`;
  const left = deps.dependencies.remainingDependents(key);
  return left.length === 0
    ? undefined
    : `waiting for the deletion of ${left.join(', ')}, which depends on it; delete that too, or ${APPROVE}`;
}

/** A person confirmed this very deletion. Annotations have whole seconds. */
function isApproved(deps: ApplicationDeps, app: Application): boolean {
  const current = deps.current(app) ?? app;
  const at = Date.parse(current.metadata.annotations?.[annotations.deletionApproved] ?? '');
  const since = Date.parse(app.metadata.deletionTimestamp ?? '');
  return !Number.isNaN(at) && at >= Math.floor(since / 1000) * 1000;
}

/** One wave; undefined when nothing is left. */
async function deleteObjects(
  deps: ApplicationDeps,
  app: Application,
  cluster: LiveCluster,
  wanted: readonly string[],
  signal: AbortSignal,
): Promise<CascadeResult | undefined> {
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
  if (left.length === 0) return undefined;
  const approved = isApproved(deps, app);
  const unconfirmed = approved
    ? []
    : left.filter(({ object }) => optionsOf(app, object).delete === 'confirm');
  if (unconfirmed.length > 0)
    return waiting(`waiting for deletion confirmation of ${named(unconfirmed)}; ${APPROVE}`);
  const wave = Math.max(...left.map(({ object }) => syncWaveOf(object)));
  const now = left.filter(({ object }) => syncWaveOf(object) === wave);
  const background = wanted.includes(finalizers.resourcesBackground);
  const outcomes = await mapLimited(now, PARALLEL_DELETES, (live) =>
    deleteOne(deps, app, cluster, live, { background, approved, total: left.length }),
  );
  const held = outcomes.find((outcome) => outcome.kind === 'held');
  if (held !== undefined) return waiting(held.message);
  const isGone = outcomes.every(({ kind }) => kind === 'gone');
  return { kind: 'waiting', requeueMs: isGone ? 0 : POLL_MS };
}

function named(objects: readonly LiveObject[]): string {
  const names = objects.slice(0, 5).map(({ key }) => describeKey(key));
  return objects.length > 5 ? `${names.join(', ')} and ${objects.length - 5} more` : names.join(', ');
}

async function deleteOne(
  deps: ApplicationDeps,
  app: Application,
  cluster: LiveCluster,
  live: LiveObject,
  options: { background: boolean; approved: boolean; total: number },
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
            // All of it is meant to go; what others lose with it is for a person to confirm.
            {
              app,
              cluster,
              stable: true,
              mass: { deletions: options.total, total: options.total, limit: options.total },
              automated: false,
              approved: options.approved,
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

function waiting(message: string, requeueMs = POLL_MS): CascadeResult {
  return { kind: 'waiting', requeueMs, finding: { type: 'DeletionError', message } };
}

/** CRDs, the application itself and what asks to be kept are never deleted with the application. */
function isDeleted(app: Application, object: KubeObject): boolean {
  const { group, kind } = gvkOf(object);
  if (group === 'apiextensions.k8s.io' && kind === 'CustomResourceDefinition') return false;
  if (object.metadata.uid === app.metadata.uid) return false;
  const policy = object.metadata.annotations?.[annotations.helmResourcePolicy];
  if (policy === 'keep') return false;
  // These are created when everything else is gone.
  if (hookTypes(object).includes('PostDelete')) return false;
  return optionsOf(app, object).delete !== 'no';
}

function optionsOf(app: Application, object: KubeObject): TaskOptions {
  return taskOptions(object, parseOptions(app.spec.syncPolicy?.syncOptions));
}
