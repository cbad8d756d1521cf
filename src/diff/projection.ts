// A digest of exactly those parts of a live object that an apply of the desired one could change. A controller
// keeps "confirmed in sync" under it; writes to status or to other people's fields leave it as it is.
import type { FieldsV1, KubeObject } from '../k8s/index.ts';
import { digestOf, isRecord } from '../lib/index.ts';
import { appliedEntry, hasPrefix, itemKeys, itemMatches, shapeOf, unionFields } from './managed-fields.ts';
import { foldStringData } from './secrets.ts';

/** Equal digests: a dry-run that confirmed "in sync" before would confirm it again. */
export function projectionDigest(desired: KubeObject, live: KubeObject, manager: string): string {
  const entry = appliedEntry(live, manager);
  const owned = entry?.fieldsV1 ?? {};
  const { metadata, status: _status, ...wanted } = foldStringData(desired);
  const { annotations: marks, labels, finalizers, ownerReferences } = metadata;
  const own = { annotations: marks, labels, finalizers, ownerReferences };
  const shape = unionFields(shapeOf(live), {});
  const projected = project({ ...wanted, metadata: own }, live, owned, shape);
  const { name, namespace } = metadata;
  return digestOf({ desired: { ...wanted, metadata: { name, namespace, ...own } }, owned, projected });
}

function project(
  desired: unknown,
  live: unknown,
  owned: FieldsV1 | undefined,
  shape: FieldsV1 | undefined,
): unknown {
  if (isRecord(live)) return projectMembers(desired, live, owned, shape);
  if (Array.isArray(live) && shape !== undefined && hasPrefix(shape, 'k:')) {
    return projectItems(desired, live, owned, shape);
  }
  return live;
}

function projectMembers(
  desired: unknown,
  live: Record<string, unknown>,
  owned: FieldsV1 | undefined,
  shape: FieldsV1 | undefined,
): unknown {
  const wanted = isRecord(desired) ? desired : {};
  const granular = isRecord(desired) || (owned !== undefined && hasPrefix(owned, 'f:'));
  if (!granular || (shape !== undefined && !hasPrefix(shape, 'f:'))) return live;
  const names = new Set(Object.keys(wanted));
  for (const key in owned) if (key.startsWith('f:')) names.add(key.slice(2));
  const members: Record<string, unknown> = {};
  for (const name of names) {
    const key = `f:${name}`;
    members[name] = project(wanted[name], live[name], owned?.[key], shape?.[key]);
  }
  return members;
}

function projectItems(
  desired: unknown,
  live: readonly unknown[],
  owned: FieldsV1 | undefined,
  shape: FieldsV1,
): unknown {
  const wanted = Array.isArray(desired) ? desired : [];
  const kept: unknown[] = [];
  for (const item of live) {
    const keys = itemKeys(shape).find((known) => itemMatches(item, known.keys));
    if (keys === undefined) continue;
    const target = wanted.find((other) => agrees(other, keys.keys));
    if (target === undefined && owned?.[keys.key] === undefined) continue;
    kept.push([keys.key, project(target, item, owned?.[keys.key], shape[keys.key])]);
  }
  return kept;
}

function agrees(item: unknown, keys: Readonly<Record<string, unknown>>): boolean {
  if (!isRecord(item)) return false;
  return Object.entries(keys).every(([name, value]) => item[name] === undefined || item[name] === value);
}
