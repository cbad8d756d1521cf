// System-owned metadata: what the server sets on creation, keeps on update and never takes from a client. Pure,
// apart from the identity it is given.
import type { KubeObject, ObjectMeta } from '../../k8s/index.ts';
import { isRecord, type Random, randomName } from '../../lib/index.ts';
import { badRequest } from '../failures.ts';

/** Members of ObjectMeta in the order they are written. Others do not exist and are dropped. */
const MEMBERS = [
  'name',
  'generateName',
  'namespace',
  'uid',
  'resourceVersion',
  'generation',
  'creationTimestamp',
  'deletionTimestamp',
  'deletionGracePeriodSeconds',
  'labels',
  'annotations',
  'ownerReferences',
  'finalizers',
  'managedFields',
] as const;

/** The object with kind, apiVersion and metadata first and metadata in order; empty members are left out. */
export function inOrder(object: KubeObject, metadata: ObjectMeta): KubeObject {
  const ordered: ObjectMeta = {};
  for (const member of MEMBERS) {
    const value = metadata[member];
    if (value === undefined || value === null || value === '' || isEmpty(value)) continue;
    (ordered as Record<string, unknown>)[member] = value;
  }
  const { kind, apiVersion, metadata: _replaced, ...rest } = object;
  return { kind, apiVersion, metadata: ordered, ...rest };
}

function isEmpty(value: unknown): boolean {
  if (Array.isArray(value)) return value.length === 0;
  if (!isRecord(value)) return false;
  for (const _ in value) return false;
  return true;
}

/** Longest base of a generated name: 63 characters less the random part, as kube-apiserver. */
const LONGEST_BASE = 58;

export function generatedName(base: string, random: Random): string {
  return base.slice(0, LONGEST_BASE) + randomName(random, 5);
}

/** A random version 4 UUID. */
export function newUid(random: Random): string {
  const bytes = Buffer.from(random.bytes(16));
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = bytes.toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

/** Metadata of a new object; identity in `given` by the client does not count. */
export function metadataForCreate(
  given: ObjectMeta,
  identity: { name: string; namespace: string; uid: string; created: string; generation: number | undefined },
): ObjectMeta {
  const { name, namespace, uid, created, generation } = identity;
  const {
    resourceVersion: _revision,
    deletionTimestamp: _deleted,
    deletionGracePeriodSeconds: _grace,
    generation: _generation,
    ...kept
  } = given;
  return {
    ...kept,
    name,
    namespace,
    uid,
    creationTimestamp: created,
    ...(generation === undefined ? {} : { generation }),
  };
}

const KEPT_ON_UPDATE = [
  'name',
  'namespace',
  'uid',
  'resourceVersion',
  'generation',
  'creationTimestamp',
  'deletionTimestamp',
  'deletionGracePeriodSeconds',
] as const;

/** Of these, a change is refused instead of ignored. */
const CHECKED_ON_UPDATE: ReadonlySet<string> = new Set([
  'uid',
  'deletionTimestamp',
  'deletionGracePeriodSeconds',
]);

/** Metadata of a changed object: identity and life cycle stay those of the stored one. */
export function metadataForUpdate(given: ObjectMeta, stored: ObjectMeta): ObjectMeta {
  const next: Record<string, unknown> = { ...given };
  for (const member of KEPT_ON_UPDATE) {
    const changed = CHECKED_ON_UPDATE.has(member) ? given[member] : undefined;
    next[member] = changed === undefined || changed === null || changed === '' ? stored[member] : changed;
  }
  next['generateName'] ??= stored.generateName;
  return next;
}

/** The metadata of a body a client sent. @throws ApiError 400 when it is not an object. */
export function metadataOf(body: Record<string, unknown>): ObjectMeta {
  const metadata = body['metadata'] ?? {};
  if (!isRecord(metadata)) throw badRequest('metadata must be an object');
  return metadata;
}
