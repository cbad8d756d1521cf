// Which fields two values of one type differ in: added, removed, modified.
import { isRecord, jsonEqual } from '../../lib/index.ts';
import { type FieldSet, type FieldSetBuilder, fieldElement, insertPath, newFieldSet } from './field-set.ts';
import type { ListType, MapType, MergeType } from './merge-type.ts';
import { elementOfItem, formOf, memberType } from './typed-value.ts';

/** No path is in more than one of the sets. */
export interface Comparison {
  readonly added: FieldSet;
  readonly removed: FieldSet;
  readonly modified: FieldSet;
}

interface Walk {
  readonly added: FieldSetBuilder;
  readonly removed: FieldSetBuilder;
  readonly modified: FieldSetBuilder;
  readonly path: string[];
}

/** Compares two values of a type. */
export function compareTyped(before: unknown, after: unknown, type: MergeType): Comparison {
  const walk: Walk = { added: newFieldSet(), removed: newFieldSet(), modified: newFieldSet(), path: [] };
  compare(before, after, type, walk);
  return walk;
}

function compare(before: unknown, after: unknown, type: MergeType, walk: Walk): void {
  if (before === after) return;
  const left = formOf(type, before);
  const right = formOf(type, after);
  let leaf: boolean;
  if (after === undefined) leaf = compareAs(left, before, after, type, walk);
  else {
    // A value that changed its form is compared in both.
    if (before !== undefined && left !== right) compareAs(left, before, after, type, walk);
    leaf = compareAs(right, before, after, type, walk);
  }
  if (leaf) return;
  if (before === undefined) insertPath(walk.added, walk.path);
  else if (after === undefined) insertPath(walk.removed, walk.path);
}

/** @returns true when the value was compared as a whole */
function compareAs(form: Form, before: unknown, after: unknown, type: MergeType, walk: Walk): boolean {
  if (form === 'list' && type.list !== undefined) return compareLists(before, after, type.list, walk);
  if (form === 'map' && type.map !== undefined) return compareMaps(before, after, type.map, walk);
  return compareLeaves(before, after, walk);
}

type Form = ReturnType<typeof formOf>;

function compareLeaves(before: unknown, after: unknown, walk: Walk): true {
  if (before === undefined) insertPath(walk.added, walk.path);
  else if (after === undefined) insertPath(walk.removed, walk.path);
  else if (!jsonEqual(before, after)) insertPath(walk.modified, walk.path);
  return true;
}

function compareMaps(before: unknown, after: unknown, map: MapType, walk: Walk): boolean {
  const left = isRecord(before) ? before : undefined;
  const right = isRecord(after) ? after : undefined;
  if (map.atomic || (isEmptyRecord(left) && isEmptyRecord(right))) return compareLeaves(before, after, walk);
  for (const name in left) compareMember(name, left[name], right?.[name], map, walk);
  for (const name in right)
    if (left?.[name] === undefined) compareMember(name, undefined, right[name], map, walk);
  return false;
}

function isEmptyRecord(value: Readonly<Record<string, unknown>> | undefined): boolean {
  for (const name in value) if (value[name] !== undefined) return false;
  return true;
}

function compareMember(name: string, before: unknown, after: unknown, map: MapType, walk: Walk): void {
  const type = memberType(map, name);
  if (type === undefined) return;
  walk.path.push(fieldElement(name));
  compare(before, after, type, walk);
  walk.path.pop();
}

function compareLists(before: unknown, after: unknown, list: ListType, walk: Walk): boolean {
  const left: readonly unknown[] = Array.isArray(before) ? before : [];
  const right: readonly unknown[] = Array.isArray(after) ? after : [];
  if (list.atomic || (left.length === 0 && right.length === 0)) return compareLeaves(before, after, walk);
  const lefts = grouped(left, list);
  const rights = grouped(right, list);
  for (const [element, items] of lefts) compareItems(element, items, rights.get(element) ?? [], list, walk);
  for (const [element, items] of rights)
    if (!lefts.has(element)) compareItems(element, [], items, list, walk);
  return false;
}

function grouped(items: readonly unknown[], list: ListType): Map<string, unknown[]> {
  const groups = new Map<string, unknown[]>();
  for (const [i, item] of items.entries()) {
    const element = elementOfItem(list, item, i);
    const group = groups.get(element);
    if (group === undefined) groups.set(element, [item]);
    else group.push(item);
  }
  return groups;
}

/** Items under one key. Several are compared as a whole, owned under the key alone. */
function compareItems(
  element: string,
  left: readonly unknown[],
  right: readonly unknown[],
  list: ListType,
  walk: Walk,
): void {
  walk.path.push(element);
  if (left.length <= 1 && right.length <= 1) compare(left[0], right[0], list.item, walk);
  else if (left.length > 1 && right.length > 1) {
    if (!jsonEqual(left, right)) insertPath(walk.modified, walk.path);
  } else if (left.length > 1) {
    if (right.length > 0) compare(undefined, right[0], list.item, walk);
    insertPath(walk.removed, walk.path);
  } else {
    if (left.length > 0) compare(left[0], undefined, list.item, walk);
    insertPath(walk.added, walk.path);
  }
  walk.path.pop();
}
