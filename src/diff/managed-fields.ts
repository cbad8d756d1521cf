// Reads metadata.managedFields: who owns which field, and what shape its lists and maps have. Changes nothing.

import type { FieldsV1, KubeObject, ManagedFieldsEntry } from '../k8s/index.ts';
import { isRecord, jsonEqual } from '../lib/index.ts';
import type { FieldChange } from '../model/index.ts';
import { annotations } from '../model/index.ts';
import type { Path, Segment } from './path.ts';

/** Managers under which Argo CD wrote with client-side apply, before it (or Fairlead) applied server-side. */
export const FORMER_MANAGERS: readonly string[] = ['argocd-controller', 'argocd-application-controller'];

/** The Apply entry of `manager` on the main resource, if it ever applied. */
export function appliedEntry(live: KubeObject, manager: string): ManagedFieldsEntry | undefined {
  return entriesOf(live).find(
    (entry) => entry.manager === manager && entry.operation === 'Apply' && (entry.subresource ?? '') === '',
  );
}

/** True when the object was put there by client-side apply: by kubectl's annotation or by a former manager's entry. */
export function wasClientSideApplied(live: KubeObject): boolean {
  if (live.metadata.annotations?.[annotations.lastApplied] !== undefined) return true;
  return entriesOf(live).some(
    (entry) =>
      entry.operation === 'Update' &&
      (entry.subresource ?? '') === '' &&
      FORMER_MANAGERS.includes(entry.manager ?? ''),
  );
}

/** The union of all managers' field sets: which lists have keys, which maps are granular. */
export function shapeOf(live: KubeObject): FieldsV1 {
  let shape: FieldsV1 = {};
  for (const entry of entriesOf(live)) {
    if (entry.fieldsV1 !== undefined) shape = unionFields(shape, entry.fieldsV1);
  }
  return shape;
}

export function unionFields(a: FieldsV1, b: FieldsV1): FieldsV1 {
  const union: FieldsV1 = { ...a };
  for (const [key, child] of Object.entries(b)) {
    const known = union[key];
    union[key] = known === undefined ? child : unionFields(known, child);
  }
  return union;
}

/** True for a field owned as a whole: a scalar, an atomic list or map, or an empty one. */
export function isLeaf(fields: FieldsV1): boolean {
  for (const key in fields) if (key !== '.') return false;
  return true;
}

/** The `k:` children with their parsed keys, in no particular order. */
export function itemKeys(
  fields: FieldsV1,
): { readonly key: string; readonly keys: Record<string, unknown> }[] {
  const items: { key: string; keys: Record<string, unknown> }[] = [];
  for (const key in fields) {
    if (!key.startsWith('k:')) continue;
    const keys: unknown = JSON.parse(key.slice(2));
    if (isRecord(keys)) items.push({ key, keys });
  }
  return items;
}

export function hasPrefix(fields: FieldsV1, prefix: 'f:' | 'k:' | 'v:'): boolean {
  for (const key in fields) if (key.startsWith(prefix)) return true;
  return false;
}

/** True when every key field of `keys` has that value in `item`. */
export function itemMatches(item: unknown, keys: Readonly<Record<string, unknown>>): boolean {
  if (!isRecord(item)) return false;
  for (const name in keys) if (!jsonEqual(item[name], keys[name])) return false;
  return true;
}

/** Who owns the value at `path`, or anything below it; with the time of the last write. */
export function ownersAt(live: KubeObject, path: Path): FieldChange['owners'] {
  const owners: { manager: string; operation: string; time?: string }[] = [];
  for (const entry of entriesOf(live)) {
    if (entry.fieldsV1 === undefined || !ownsPath(entry.fieldsV1, path)) continue;
    owners.push({
      manager: entry.manager ?? '',
      operation: entry.operation ?? '',
      ...(entry.time === undefined ? {} : { time: entry.time }),
    });
  }
  return owners;
}

function ownsPath(fields: FieldsV1, path: Path): boolean {
  let node = fields;
  for (const segment of path) {
    const child = childAt(node, segment);
    // A leaf on the way owns everything below it: the field is atomic.
    if (child === undefined) return node !== fields && isLeaf(node);
    node = child;
  }
  return true;
}

/** The field set below one segment. */
export function childAt(fields: FieldsV1, segment: Segment): FieldsV1 | undefined {
  switch (segment.kind) {
    case 'field':
      return fields[`f:${segment.name}`];
    case 'item': {
      const found = itemKeys(fields).find(({ keys }) => itemMatches(segment.keys, keys));
      return found === undefined ? undefined : fields[found.key];
    }
    case 'value':
      return fields[`v:${JSON.stringify(segment.value)}`];
    case 'index':
      return fields[`i:${segment.index}`];
  }
}

function entriesOf(live: KubeObject): readonly ManagedFieldsEntry[] {
  return live.metadata.managedFields ?? [];
}
