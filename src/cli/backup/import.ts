// Works out and performs an import: what is created, changed, left alone and, when asked for, deleted.
import { describeKey, isKubeError, type KubeClient, type KubeObject, keyOf } from '../../k8s/index.ts';
import { jsonEqual, mergePatchBetween } from '../../lib/index.ts';
import { CliError } from '../errors.ts';
import { backupKinds, kindOf, portable } from './kinds.ts';

export interface ImportOptions {
  /** Namespace of configuration; objects without one go there. */
  readonly namespace: string;
  /** Delete projects, application sets and applications that the backup does not have. */
  readonly isPruning: boolean;
  readonly isDryRun: boolean;
  /** Take running operations away, so that nothing acts on what is imported halfway. */
  readonly isStoppingOperations: boolean;
}

export interface ImportStep {
  readonly action: 'created' | 'updated' | 'unchanged' | 'pruned';
  readonly object: string;
}

/** Calls `onStep` after each object. Rejects before the first write when a document does not belong to a backup. */
export async function importBackup(
  client: KubeClient,
  documents: readonly KubeObject[],
  options: ImportOptions,
  onStep: (step: ImportStep) => void,
): Promise<void> {
  const wanted = documents.map((document) => placed(document, options.namespace));
  for (const object of wanted) {
    if (kindOf(object) !== undefined) continue;
    throw new CliError(
      'USAGE',
      `The backup holds ${describeKey(keyOf(object))}, which is no part of an installation; nothing was changed`,
      1,
    );
  }
  for (const kind of backupKinds) {
    for (const object of wanted.filter((item) => kindOf(item) === kind))
      onStep(await write(client, object, options));
  }
  if (options.isPruning) await prune(client, wanted, options, onStep);
}

function placed(object: KubeObject, namespace: string): KubeObject {
  const plain = portable(object);
  return { ...plain, metadata: { ...plain.metadata, namespace: plain.metadata.namespace ?? namespace } };
}

const MANAGER = { fieldManager: 'fairlead-import' } as const;

async function write(client: KubeClient, wanted: KubeObject, options: ImportOptions): Promise<ImportStep> {
  const kind = kindOf(wanted);
  if (kind === undefined) throw new TypeError('only kinds of a backup get here');
  const { name = '', namespace } = wanted.metadata;
  const ref = { name, namespace };
  const subject = describeKey(keyOf(wanted));
  const live = await client.find(kind.type, ref);
  const dryRun = options.isDryRun ? { dryRun: true } : {};
  if (live === undefined) {
    await client.create(kind.type, wanted, { ...MANAGER, ...dryRun });
    return { action: 'created', object: subject };
  }
  const before = portable(live);
  const stop = options.isStoppingOperations && live['operation'] !== undefined ? { operation: null } : {};
  if (jsonEqual(before, wanted) && !('operation' in stop)) return { action: 'unchanged', object: subject };
  const body = { ...(mergePatchBetween(before, wanted) as object), ...stop };
  await client.patch(kind.type, ref, { type: 'merge', body }, { ...MANAGER, ...dryRun });
  return { action: 'updated', object: subject };
}

async function prune(
  client: KubeClient,
  wanted: readonly KubeObject[],
  { namespace, isDryRun }: ImportOptions,
  onStep: (step: ImportStep) => void,
): Promise<void> {
  const kept = new Set(wanted.map((object) => describeKey(keyOf(object))));
  // What others need goes last.
  for (const { type, isKept } of [...backupKinds].reverse()) {
    if (isKept) continue;
    const answer = await client.listAll(type, { namespace });
    if (answer.kind === 'incomplete') {
      if (isKubeError(answer.error, 'NOT_FOUND', 'UNKNOWN_KIND')) continue;
      throw answer.error;
    }
    for (const object of answer.items) {
      const subject = describeKey(keyOf({ ...object, apiVersion: apiVersionOf(type), kind: type.kind }));
      if (kept.has(subject)) continue;
      const { name = '', uid } = object.metadata;
      if (!isDryRun) await client.delete(type, { name, namespace }, uid === undefined ? {} : { uid });
      onStep({ action: 'pruned', object: subject });
    }
  }
}

function apiVersionOf({ group, version }: { readonly group: string; readonly version: string }): string {
  return group === '' ? version : `${group}/${version}`;
}
