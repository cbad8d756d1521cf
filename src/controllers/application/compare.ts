// Holds an application's targets against the cluster. Ownership decides; what it cannot decide a dry-run does.
// Reads only, but for those dry-runs.
import {
  type CompareEngine,
  compareObject,
  confirmChange,
  type IgnoreRules,
  prepareIgnored,
  projectionDigest,
} from '../../diff/index.ts';
import type { ResourceHealth } from '../../health/index.ts';
import { gvkOf, isKubeError, type KubeObject, keyOf, keyText, type ResourceKey } from '../../k8s/index.ts';
import { mapLimited } from '../../lib/index.ts';
import { annotations, type Change, FIELD_MANAGER, type Health, type Manifest } from '../../model/index.ts';
import { isHook, syncWaveOf } from '../../sync/index.ts';
import type { LiveCluster, LiveObject } from '../cluster/index.ts';
import type { Comparison, Judged } from './facts.ts';
import type { ApplicationMemory } from './memory.ts';

/** Dry-runs of one application at a time: enough to hide latency, too few to crowd out others. */
const PARALLEL_DRY_RUNS = 8;

export interface CompareDeps {
  readonly cluster: LiveCluster;
  readonly assessHealth: (object: KubeObject) => Health | undefined | Promise<Health | undefined>;
  readonly aggregateHealth: (resources: readonly ResourceHealth[]) => Health;
  readonly ignore: IgnoreRules | undefined;
  readonly engine: CompareEngine;
}

/** @param instance the application's name in tracking ids */
export async function compareTargets(
  deps: CompareDeps,
  memory: ApplicationMemory,
  instance: string,
  targets: readonly Manifest[],
  signal: AbortSignal,
): Promise<Comparison> {
  const { cluster } = deps;
  const objects = targets.map(({ object }) => object).filter((object) => !isHook(object));
  const roots = cluster
    .trackedBy(instance)
    .filter(({ owners, object }) => owners.length === 0 && !isHook(object));
  const answer = await cluster.ensureWatched(
    [...objects, ...roots.map(({ object }) => object)].map(gvkOf),
    signal,
  );
  const wanted = new Set(objects.map((object) => keyText(keyOf(object))));
  const changes = [
    ...(await mapLimited(objects, PARALLEL_DRY_RUNS, (object) => compareOne(deps, memory, object, signal))),
    ...roots.filter(({ key }) => !wanted.has(keyText(key))).map(({ key, object }) => extra(key, object)),
  ];
  forgetOthers(memory, changes);
  const judged = await Promise.all(changes.map((change) => judge(deps, change)));
  const health = deps.aggregateHealth(
    judged.map((item) => ({
      key: item.change.key,
      health: item.health,
      missing: item.change.kind === 'missing',
      object: item.change.live,
    })),
  );
  return {
    sync: judged.some(({ change, status }) => status === 'OutOfSync' && !isExtraneous(change))
      ? 'OutOfSync'
      : 'Synced',
    judged,
    health,
    complete: answer.kind === 'complete',
    ...(answer.kind === 'complete' ? {} : { incompleteReason: answer.reason }),
  };
}

async function compareOne(
  deps: CompareDeps,
  memory: ApplicationMemory,
  desired: KubeObject,
  signal: AbortSignal,
): Promise<Change> {
  const key = keyOf(desired);
  const text = keyText(key);
  const live = deps.cluster.live(key);
  const known = memory.compared.get(text);
  const { ignore, engine } = deps;
  const isSame = known?.desired === desired && known.live === live;
  if (isSame && known.ignore === ignore && known.engine === engine) return known.change;
  const change = await compareAfresh(deps, memory, desired, live, signal);
  memory.compared.set(text, { desired, live, ignore, engine, change });
  return change;
}

async function compareAfresh(
  deps: CompareDeps,
  memory: ApplicationMemory,
  desired: KubeObject,
  known: LiveObject | undefined,
  signal: AbortSignal,
): Promise<Change> {
  const key = keyOf(desired);
  const live =
    known === undefined ? undefined : await inVersionOf(deps.cluster, memory, desired, known, signal);
  if (live === undefined) return { key, kind: 'missing', desired, fields: [] };
  const rules = deps.ignore === undefined ? {} : { ignore: deps.ignore };
  await prepareIgnored(deps.ignore, [desired, live]);
  const result = compareObject({ desired, live, manager: FIELD_MANAGER, engine: deps.engine, ...rules });
  if (result.kind === 'modified') return { key, kind: 'modified', desired, live, fields: result.fields };
  if (result.kind !== 'suspected') return { key, kind: 'synced', desired, live, fields: [] };
  const digest = projectionDigest(desired, live, FIELD_MANAGER);
  const text = keyText(key);
  if (memory.confirmed.get(text) === digest) return { key, kind: 'synced', desired, live, fields: [] };
  let fields = result.reasons;
  try {
    const predicted = await deps.cluster.preview(desired, signal);
    await prepareIgnored(deps.ignore, [predicted]);
    fields = confirmChange({ desired, live, predicted, ...rules });
  } catch (error) {
    // The server refuses this apply (an immutable field, a webhook): that is a difference, and the sync will say why.
    if (!isKubeError(error, 'INVALID', 'CONFLICT', 'FORBIDDEN', 'BAD_REQUEST')) throw error;
  }
  if (fields.length > 0) return { key, kind: 'modified', desired, live, fields };
  memory.confirmed.set(text, digest);
  return { key, kind: 'synced', desired, live, fields: [] };
}

/** The live object in the version the source uses; the watch may deliver another one, or metadata alone. */
async function inVersionOf(
  cluster: LiveCluster,
  memory: ApplicationMemory,
  desired: KubeObject,
  known: LiveObject,
  signal: AbortSignal,
): Promise<KubeObject | undefined> {
  if (known.full && known.object.apiVersion === desired.apiVersion) return known.object;
  const text = keyText(known.key);
  const converted = memory.converted.get(text);
  if (
    converted?.resourceVersion === known.resourceVersion &&
    converted.object.apiVersion === desired.apiVersion
  ) {
    return converted.object;
  }
  const object = await cluster.read(desired, signal);
  if (object !== undefined) memory.converted.set(text, { resourceVersion: known.resourceVersion, object });
  return object;
}

function extra(key: ResourceKey, live: KubeObject): Change {
  return { key, kind: 'extra', live, fields: [] };
}

async function judge(deps: CompareDeps, change: Change): Promise<Judged> {
  const object = change.live ?? change.desired;
  const ignored = change.live?.metadata.annotations?.[annotations.ignoreHealthcheck] === 'true';
  const health = change.live === undefined || ignored ? undefined : await deps.assessHealth(change.live);
  return {
    change,
    version: object === undefined ? '' : gvkOf(object).version,
    status: change.kind === 'synced' ? 'Synced' : 'OutOfSync',
    ...(health === undefined ? {} : { health }),
    requiresPruning: change.kind === 'extra',
    syncWave: object === undefined ? 0 : syncWaveOf(object),
  };
}

function isExtraneous(change: Change): boolean {
  const options = change.live?.metadata.annotations?.[annotations.compareOptions] ?? '';
  return change.kind === 'extra' && options.split(',').some((option) => option.trim() === 'IgnoreExtraneous');
}

/** Keeps the memory as large as the application. */
function forgetOthers(memory: ApplicationMemory, changes: readonly Change[]): void {
  const current = new Set(changes.map(({ key }) => keyText(key)));
  for (const map of [memory.compared, memory.confirmed, memory.converted]) {
    for (const key of map.keys()) if (!current.has(key)) map.delete(key);
  }
}
