// Merges an applied configuration into a live value, and removes fields and list items from a value.
// Results share unchanged parts with their inputs; nothing given is changed.
import { isRecord } from '../../lib/index.ts';
import { EMPTY_SET, type FieldSet, fieldElement, isEmptySet } from './field-set.ts';
import type { ListType, MapType, MergeType } from './merge-type.ts';
import { elementOfItem, formOf, memberType } from './typed-value.ts';

/** `live` with everything `applied` says; nothing is removed. @returns undefined when neither holds anything */
export function mergeTyped(live: unknown, applied: unknown, type: MergeType): unknown {
  if (applied === undefined) return live;
  const form = formOf(type, applied);
  if (form === 'map' && type.map !== undefined) return mergeMaps(live, applied, type.map);
  if (form === 'list' && type.list !== undefined) return mergeLists(live, applied, type.list);
  return applied;
}

function mergeMaps(live: unknown, applied: unknown, map: MapType): unknown {
  const left = isRecord(live) ? live : {};
  const right = isRecord(applied) ? applied : {};
  if (map.atomic || (isEmpty(left) && isEmpty(right))) return applied;
  const result: Record<string, unknown> = { ...left };
  for (const name in right) {
    const type = memberType(map, name);
    const value = type === undefined ? right[name] : mergeTyped(left[name], right[name], type);
    if (value !== undefined) result[name] = value;
  }
  return result;
}

function isEmpty(value: Readonly<Record<string, unknown>>): boolean {
  for (const _ in value) return false;
  return true;
}

interface Indexed {
  readonly elements: readonly string[];
  /** Null for items whose key occurs more than once: those are not merged. */
  readonly items: ReadonlyMap<string, unknown>;
}

function indexed(items: readonly unknown[], list: ListType): Indexed {
  const elements = items.map((item, i) => elementOfItem(list, item, i));
  const found = new Map<string, unknown>();
  for (const [i, element] of elements.entries()) found.set(element, found.has(element) ? null : items[i]);
  return { elements, items: found };
}

/**
 * Items keep the live order as long as the applied order allows it: items only one side has stay where that side
 * has them, shared items follow the applied order.
 */
function mergeLists(live: unknown, applied: unknown, list: ListType): unknown {
  const left: readonly unknown[] = Array.isArray(live) ? live : [];
  const right: readonly unknown[] = Array.isArray(applied) ? applied : [];
  if (list.atomic || (left.length === 0 && right.length === 0)) return applied;
  const lefts = indexed(left, list);
  const rights = indexed(right, list);
  const shared = rights.elements.filter((element) => lefts.items.has(element));
  const merged = new Set<string>();
  const result: unknown[] = [];
  let nextShared = 0;
  let l = 0;
  let r = 0;

  function takeRight(element: string): void {
    merged.add(element);
    result.push(mergeTyped(lefts.items.get(element) ?? undefined, rights.items.get(element), list.item));
    r++;
  }

  while (l < left.length || r < right.length) {
    const onLeft = lefts.elements[l];
    const onRight = rights.elements[r];
    if (onLeft !== undefined && onRight !== undefined) {
      if (onLeft === onRight) {
        takeRight(onRight);
        l++;
        nextShared++;
        continue;
      }
      const wanted = shared[nextShared];
      if (rights.items.has(onLeft) && wanted !== undefined && wanted !== onLeft) {
        l++;
        continue;
      }
    }
    if (onLeft !== undefined) {
      if (!rights.items.has(onLeft)) {
        result.push(left[l]);
        l++;
        continue;
      }
      if (merged.has(onLeft)) l++;
    }
    if (onRight !== undefined) {
      takeRight(onRight);
      if (shared[nextShared] === onRight) nextShared++;
    }
  }
  return result;
}

/** `value` without the fields and items of a set. Containers that lose everything become null. */
export function removeTyped(value: unknown, remove: FieldSet, type: MergeType): unknown {
  const form = formOf(type, value);
  if (form === 'map' && type.map !== undefined) return removeMembers(value, remove, type.map);
  if (form === 'list' && type.list !== undefined) return removeItems(value, remove, type.list);
  return value;
}

function removeMembers(value: unknown, remove: FieldSet, map: MapType): unknown {
  if (!isRecord(value) || map.atomic) return null;
  const result: Record<string, unknown> = {};
  let kept = false;
  for (const name in value) {
    const at = remove.children.get(fieldElement(name)) ?? EMPTY_SET;
    if (at.member) continue;
    const type = memberType(map, name);
    result[name] = isEmptySet(at) || type === undefined ? value[name] : removeTyped(value[name], at, type);
    kept = true;
  }
  return kept ? result : null;
}

function removeItems(value: unknown, remove: FieldSet, list: ListType): unknown {
  if (!Array.isArray(value) || list.atomic) return null;
  const result: unknown[] = [];
  for (const [i, item] of value.entries()) {
    const at = remove.children.get(elementOfItem(list, item, i)) ?? EMPTY_SET;
    if (at.member) continue;
    result.push(isEmptySet(at) ? item : removeTyped(item, at, list.item));
  }
  return result.length > 0 ? result : null;
}
