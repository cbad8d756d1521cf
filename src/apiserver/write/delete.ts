// Deletion: preconditions, grace, finalizers and the propagation policy. What is left to do afterwards (dependents,
// namespace contents) is the garbage collector's and the namespace controller's.
import type { KubeObject, ObjectMeta } from '../../k8s/index.ts';
import { isRecord, rfc3339 } from '../../lib/index.ts';
import type { Core } from '../core.ts';
import { badRequest, conflict, forbidden, invalid, notFound } from '../failures.ts';
import { qualifiedResource, type ResourceType } from '../resource-type.ts';
import { StoredObject } from '../storage/stored-object.ts';
import { inOrder } from './metadata.ts';
import { readDryRun } from './options.ts';
import { isFinished } from './update.ts';

export type PropagationPolicy = 'Foreground' | 'Background' | 'Orphan';

/** meta/v1 DeleteOptions. */
export interface DeleteOptions {
  readonly gracePeriodSeconds?: number;
  readonly propagationPolicy?: PropagationPolicy;
  readonly uid?: string;
  readonly resourceVersion?: string;
  readonly dryRun: boolean;
}

export const ORPHAN_FINALIZER = 'orphan';
export const FOREGROUND_FINALIZER = 'foregroundDeletion';
export const CRD_FINALIZER = 'customresourcecleanup.apiextensions.k8s.io';
/** Namespaces every cluster has and keeps. */
const IMMORTAL_NAMESPACES: ReadonlySet<string> = new Set(['default', 'kube-system', 'kube-public']);

/** Types whose deletion is answered with the object itself. */
const RETURNED: ReadonlySet<string> = new Set([
  'pods',
  'podtemplates',
  'services',
  'serviceaccounts',
  'resourcequotas',
  'persistentvolumes',
  'persistentvolumeclaims',
  'storageclasses.storage.k8s.io',
]);

/** Options of the body, or of the query when none was sent. @throws ApiError 400 for values that cannot be. */
export function readDeleteOptions(given: URLSearchParams, body: Record<string, unknown>): DeleteOptions {
  const query = Object.keys(body).length === 0 ? given : new URLSearchParams();
  const grace = body['gracePeriodSeconds'] ?? query.get('gracePeriodSeconds') ?? undefined;
  const policy = body['propagationPolicy'] ?? query.get('propagationPolicy') ?? undefined;
  const orphan = body['orphanDependents'] ?? query.get('orphanDependents') ?? undefined;
  const preconditions = isRecord(body['preconditions']) ? body['preconditions'] : {};
  const dryRun = Array.isArray(body['dryRun']) ? body['dryRun'].map(String) : query.getAll('dryRun');
  const propagationPolicy = readPolicy(policy, orphan);
  const { uid, resourceVersion } = preconditions;
  return {
    dryRun: readDryRun(dryRun),
    ...(grace === undefined || grace === null ? {} : { gracePeriodSeconds: readGrace(grace) }),
    ...(propagationPolicy === undefined ? {} : { propagationPolicy }),
    ...(typeof uid === 'string' ? { uid } : {}),
    ...(typeof resourceVersion === 'string' ? { resourceVersion } : {}),
  };
}

function readGrace(value: unknown): number {
  const seconds = Number(value);
  if (!Number.isInteger(seconds) || seconds < 0)
    throw badRequest(`invalid gracePeriodSeconds: ${String(value)}`);
  return seconds;
}

function readPolicy(policy: unknown, orphan: unknown): PropagationPolicy | undefined {
  if (policy === 'Foreground' || policy === 'Background' || policy === 'Orphan') {
    if (orphan === undefined || orphan === null) return policy;
    const message = `Invalid value: "${policy}": orphanDependents and deletionPropagation cannot be both set`;
    throw invalidPolicy('FieldValueInvalid', message);
  }
  if (policy !== undefined && policy !== null && policy !== '') {
    const values = '"Foreground", "Background", "Orphan", "nil"';
    throw invalidPolicy(
      'FieldValueNotSupported',
      `Unsupported value: "${String(policy)}": supported values: ${values}`,
    );
  }
  if (orphan === true || orphan === 'true') return 'Orphan';
  return orphan === false || orphan === 'false' ? 'Background' : undefined;
}

function invalidPolicy(reason: string, message: string): Error {
  const kind = { group: 'meta.k8s.io', kind: 'DeleteOptions' };
  return invalid(kind, '', [{ field: 'propagationPolicy', reason, message }]);
}

export interface DeleteResult {
  /** What the answer shows; absent where it only says that the object is gone. */
  readonly stored: StoredObject | undefined;
  readonly uid: string;
  /** False while finalizers, grace or contents keep the object. */
  readonly gone: boolean;
}

/** @throws ApiError 404, 409 for a precondition that does not hold, 403 for namespaces that stay */
export function deleteObject(
  core: Core,
  type: ResourceType,
  key: { readonly namespace: string; readonly name: string },
  options: DeleteOptions,
): DeleteResult {
  const { namespace, name } = key;
  const stored = core.store.collection(type.typeKey).get(namespace, name);
  if (stored === undefined) throw notFound(type, name);
  checkPreconditions(type, stored, options);
  const { uid = '' } = stored.object.metadata;
  if (type.typeKey === 'namespaces' && IMMORTAL_NAMESPACES.has(name)) {
    throw forbidden(type, name, 'this namespace may not be deleted');
  }
  const next = markedForDeletion(core, type, stored.object, options);
  if (isFinished(next)) {
    const last = options.dryRun ? stored : (core.store.remove(type.typeKey, namespace, name) ?? stored);
    return { stored: RETURNED.has(type.typeKey) ? lastState(type, last, next) : undefined, uid, gone: true };
  }
  if (next === stored.object) return { stored, uid, gone: false };
  const marked = inOrder(next, next.metadata);
  const kept = options.dryRun
    ? new StoredObject(marked, stored.revision)
    : core.store.put(type.typeKey, marked);
  return { stored: kept, uid, gone: false };
}

/** Pods show that they were being deleted, others are shown as they were. */
function lastState(type: ResourceType, stored: StoredObject, next: KubeObject): StoredObject {
  if (type.typeKey !== 'pods') return stored;
  const metadata = { ...next.metadata, resourceVersion: String(stored.revision) };
  return new StoredObject(inOrder(next, metadata), stored.revision);
}

function checkPreconditions(
  type: ResourceType,
  { object, revision }: StoredObject,
  options: DeleteOptions,
): void {
  const { name = '', uid = '' } = object.metadata;
  // Here the kind stands where other conflicts have the resource.
  const subject = { group: type.group, resource: type.kind };
  if (options.uid !== undefined && options.uid !== uid) {
    const reason = `the UID in the precondition (${options.uid}) does not match the UID in record (${uid}). The object might have been deleted and then recreated`;
    throw conflict(subject, name, reason);
  }
  if (options.resourceVersion !== undefined && options.resourceVersion !== String(revision)) {
    const reason = `the ResourceVersion in the precondition (${options.resourceVersion}) does not match the ResourceVersion in record (${revision}). The object might have been modified`;
    throw conflict(subject, name, reason);
  }
}

/** The object as a deletion leaves it; the same object when the deletion changes nothing. */
function markedForDeletion(
  core: Core,
  type: ResourceType,
  object: KubeObject,
  options: DeleteOptions,
): KubeObject {
  const { metadata } = object;
  const grace = graceSeconds(type, object, options);
  const finalizers = finalizersFor(type, metadata, options);
  const first = metadata.deletionTimestamp === undefined;
  const shorter = !first && grace < (metadata.deletionGracePeriodSeconds ?? 0);
  const sameFinalizers = finalizers.join() === (metadata.finalizers ?? []).join();
  if (!first && !shorter && sameFinalizers) return object;
  const next: ObjectMeta = { ...metadata, finalizers };
  if (first || shorter) {
    next.deletionTimestamp = rfc3339(core.clock.now() + grace * 1000);
    next.deletionGracePeriodSeconds = grace;
  }
  if (first && metadata.generation !== undefined) next.generation = metadata.generation + 1;
  // Namespaces and CustomResourceDefinitions delete without a grace period of their own.
  if (type.typeKey === 'namespaces') delete next.deletionGracePeriodSeconds;
  if (qualifiedResource(type) === 'customresourcedefinitions.apiextensions.k8s.io') {
    delete next.deletionGracePeriodSeconds;
  }
  const status = isRecord(object['status']) ? object['status'] : {};
  const terminating = type.typeKey === 'namespaces' ? { status: { ...status, phase: 'Terminating' } } : {};
  return { ...object, ...terminating, metadata: next };
}

function graceSeconds(type: ResourceType, object: KubeObject, options: DeleteOptions): number {
  if (type.typeKey !== 'pods') return 0;
  const spec = isRecord(object['spec']) ? object['spec'] : {};
  const status = isRecord(object['status']) ? object['status'] : {};
  if (typeof spec['nodeName'] !== 'string' || spec['nodeName'] === '') return 0;
  if (status['phase'] === 'Succeeded' || status['phase'] === 'Failed') return 0;
  if (options.gracePeriodSeconds !== undefined) return options.gracePeriodSeconds;
  const seconds = spec['terminationGracePeriodSeconds'];
  return typeof seconds === 'number' ? seconds : 30;
}

function finalizersFor(type: ResourceType, metadata: ObjectMeta, options: DeleteOptions): string[] {
  const finalizers = metadata.finalizers ?? [];
  if (qualifiedResource(type) === 'customresourcedefinitions.apiextensions.k8s.io') {
    return finalizers.includes(CRD_FINALIZER) || metadata.deletionTimestamp !== undefined
      ? [...finalizers]
      : [...finalizers, CRD_FINALIZER];
  }
  if (options.propagationPolicy === undefined) return [...finalizers];
  const others = finalizers.filter((name) => name !== ORPHAN_FINALIZER && name !== FOREGROUND_FINALIZER);
  if (options.propagationPolicy === 'Orphan') return [...others, ORPHAN_FINALIZER];
  if (options.propagationPolicy === 'Foreground') return [...others, FOREGROUND_FINALIZER];
  return others;
}
