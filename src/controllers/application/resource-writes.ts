// What people do to one object of an application by hand: patch it, or delete it. Finds the object, holds the wish
// against the project's rules, and does it. Who may ask for it, and the record of it, are the server's business.
import { ActionError, type ObjectPatch, performPatch } from '../../actions/index.ts';
import { describeKey, gvkOf, type KubeObject, keyOf, type ResourceKey } from '../../k8s/index.ts';
import { isRecord } from '../../lib/index.ts';
import { type Application, annotations } from '../../model/index.ts';
import { type DeleteOutcome, guardedDelete } from '../../sync/index.ts';
import type { LiveCluster } from '../cluster/index.ts';
import { deleteFacts } from './delete-facts.ts';
import type { ApplicationDeps } from './deps.ts';
import { asAccount } from './identity.ts';
import { type ActionSubject, checkPermission, liveObjectOf } from './resource-actions.ts';
import { writeTarget } from './write-target.ts';

const FIELD_MANAGER = 'fairlead-server';
/** An approval by annotation counts for what is asked this soon after it. */
const APPROVAL_MS = 10 * 60_000;

/** A write that was checked; nothing happens before `perform`. */
export interface PreparedWrite<T> {
  readonly object: ResourceKey & { readonly cluster: string };
  perform(): Promise<T>;
}

export interface DeletionWish {
  readonly propagation: 'Foreground' | 'Background' | 'Orphan';
  readonly gracePeriodSeconds?: number;
}

/** Undefined: the application has no such object. Gives the patched object, Secrets unmasked. */
export async function preparePatch(
  deps: ApplicationDeps,
  app: Application,
  subject: ActionSubject,
  patch: ObjectPatch,
  signal: AbortSignal,
): Promise<PreparedWrite<KubeObject> | undefined> {
  const found = await liveObjectOf(deps, app, subject, signal);
  if (found === undefined) return undefined;
  const { cluster, object } = found;
  checkPermission(deps, app, cluster, object, 'The patch would change');
  refuseLeak(object, patch);
  return {
    object: { ...keyOf(object), cluster: cluster.server },
    async perform() {
      const patched = await asAccount(deps, app, cluster, async (client) => {
        const type = await cluster.typeOf(gvkOf(object));
        const target = {
          patch: ({ metadata: { name = '', namespace } }: KubeObject, given: ObjectPatch) =>
            client.patch(type, { name, namespace }, given, { fieldManager: FIELD_MANAGER, signal }),
        };
        return await performPatch(target, object, forThisObject(object, patch));
      });
      // The live state shows it before the watch brings it.
      cluster.observe(patched);
      return patched;
    },
  };
}

/** Undefined: the application has no such object. What the delete guard holds back is an outcome, not an error. */
export async function prepareDeletion(
  deps: ApplicationDeps,
  app: Application,
  subject: ActionSubject,
  wish: DeletionWish,
  signal: AbortSignal,
): Promise<PreparedWrite<DeleteOutcome> | undefined> {
  const found = await liveObjectOf(deps, app, subject, signal);
  if (found === undefined) return undefined;
  const { cluster, object } = found;
  checkPermission(deps, app, cluster, object, 'The request would delete');
  const key = keyOf(object);
  return {
    object: { ...key, cluster: cluster.server },
    perform: () => deleteOne(deps, app, cluster, object, wish),
  };
}

async function deleteOne(
  deps: ApplicationDeps,
  app: Application,
  cluster: LiveCluster,
  object: KubeObject,
  wish: DeletionWish,
): Promise<DeleteOutcome> {
  const key = keyOf(object);
  const { name = '', namespace, uid } = object.metadata;
  const situation = {
    app,
    cluster,
    stable: true,
    mass: { deletions: 1, total: 1, limit: 1 },
    automated: false,
    approved: isApproved(deps, app),
  };
  const outcome = await guardedDelete(
    {
      cluster: writeTarget(deps, app, cluster),
      facts: async (request, live) => deleteFacts(deps, situation, request, live),
    },
    {
      purpose: 'request',
      key,
      name: { apiVersion: object.apiVersion, kind: object.kind, name, namespace },
      recordedUid: uid,
      dryRun: false,
      ...wish,
    },
  );
  if (outcome.kind === 'gone' && uid !== undefined) cluster.forget(key, uid);
  return outcome;
}

function isApproved(deps: ApplicationDeps, app: Application): boolean {
  const current = deps.current(app) ?? app;
  const at = Date.parse(current.metadata.annotations?.[annotations.deletionApproved] ?? '');
  return !Number.isNaN(at) && Math.abs(deps.clock.now() - at) <= APPROVAL_MS;
}

/** Of an object that was deleted and made anew meanwhile nobody has seen what the patch changes. */
function forThisObject(object: KubeObject, patch: ObjectPatch): ObjectPatch {
  const { uid } = object.metadata;
  if (uid === undefined) return patch;
  if (patch.type === 'json' && Array.isArray(patch.body))
    return { ...patch, body: [{ op: 'test', path: '/metadata/uid', value: uid }, ...patch.body] };
  if (!isRecord(patch.body)) return patch;
  const metadata = isRecord(patch.body['metadata']) ? patch.body['metadata'] : {};
  return { ...patch, body: { ...patch.body, metadata: { ...metadata, uid } } };
}

const SECRET_MEMBERS = /^\/(data|stringData)(\/|$)/;

/** Copying a Secret's value to where it is shown, or guessing at it, would read what only its users may read. */
function refuseLeak(object: KubeObject, patch: ObjectPatch): void {
  if (object.kind !== 'Secret' || gvkOf(object).group !== '') return;
  if (patch.type !== 'json' || !Array.isArray(patch.body)) return;
  for (const step of patch.body as readonly unknown[]) {
    if (!isRecord(step)) continue;
    const { op, from, path } = step;
    const source = op === 'test' ? path : op === 'copy' || op === 'move' ? from : undefined;
    if (typeof source !== 'string' || !(source === '' || SECRET_MEMBERS.test(source))) continue;
    throw new ActionError(
      'NOT_PERMITTED',
      `The patch would read the contents of ${describeKey(keyOf(object))} (${String(op)} of ${JSON.stringify(source.slice(0, 100))}), which nobody may through Fairlead; set values with add or replace`,
    );
  }
}
