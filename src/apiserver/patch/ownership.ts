// How owned fields move between managers when an object changes. The two public operations on objects are in
// managed-fields.ts (update) and apply.ts (apply); both stand on `transfer`.
import {
  differenceOf,
  EMPTY_SET,
  type FieldSet,
  insertPath,
  intersectionOf,
  isEmptySet,
  newFieldSet,
  recursiveDifferenceOf,
  unionOf,
} from './field-set.ts';
import type { Managers, Ownership } from './managers.ts';
import type { MergeType } from './merge-type.ts';
import { type Comparison, compareTyped } from './typed-compare.ts';
import { childType } from './typed-value.ts';

/** Updaters remembered by name; the oldest beyond are merged into one per version. */
const MAX_UPDATERS = 10;
const ANCIENT = 'ancient-changes';

/** Fields no manager ever owns. */
const STRIPPED = setOf([
  ['apiVersion'],
  ['kind'],
  ['metadata'],
  ...[
    'name',
    'namespace',
    'creationTimestamp',
    'selfLink',
    'uid',
    'clusterName',
    'generation',
    'managedFields',
    'resourceVersion',
  ].map((name) => ['metadata', name]),
]);

/** A set of the fields at the given names. */
export function setOf(paths: readonly (readonly string[])[]): FieldSet {
  const set = newFieldSet();
  for (const path of paths) {
    insertPath(
      set,
      path.map((name) => `f:${name}`),
    );
  }
  return set;
}

/** The type to read an object by for a version, undefined when the version is no longer served. */
export type TypeAt = (apiVersion: string) => MergeType | undefined;

/** Set without the fields no manager owns. */
export function withoutStripped(set: FieldSet): FieldSet {
  return differenceOf(set, STRIPPED);
}

export function filterComparison(comparison: Comparison, reset: FieldSet): Comparison {
  if (reset.children.size === 0) return comparison;
  return {
    added: recursiveDifferenceOf(comparison.added, reset),
    removed: recursiveDifferenceOf(comparison.removed, reset),
    modified: recursiveDifferenceOf(comparison.modified, reset),
  };
}

export interface Change {
  readonly before: unknown;
  readonly after: unknown;
  readonly type: MergeType;
  readonly typeAt: TypeAt;
  /** Fields this kind of request never changes: they neither conflict nor become owned. */
  readonly reset: FieldSet;
  /** managerId of who changes the object; its own set is left alone here. */
  readonly by: string;
}

export interface Transfer {
  /** Without the sets others lose by the change; the same map when nobody loses. */
  readonly managers: Managers;
  readonly comparison: Comparison;
  /** What others own of the changed fields, by managerId. */
  readonly conflicts: ReadonlyMap<string, FieldSet>;
}

/** Takes what changed from every other manager, and reports it as conflicts. */
export function transfer(managers: Managers, change: Change): Transfer {
  const { before, after, type, reset, by } = change;
  const comparison = filterComparison(compareTyped(before, after, type), reset);
  const comparisons = new Map<MergeType, Comparison>([[type, comparison]]);
  const conflicts = new Map<string, FieldSet>();
  const result: Managers = new Map();
  for (const [id, owner] of managers) {
    if (id === by) {
      if (!isEmptySet(owner.set)) result.set(id, owner);
      continue;
    }
    const ownType = change.typeAt(owner.apiVersion);
    if (ownType === undefined) continue;
    let own = comparisons.get(ownType);
    if (own === undefined) {
      own = filterComparison(compareTyped(before, after, ownType), reset);
      comparisons.set(ownType, own);
    }
    const lost = unionOf(own.modified, own.added);
    const conflict = intersectionOf(owner.set, lost);
    if (!isEmptySet(conflict)) conflicts.set(id, conflict);
    const set = differenceOf(differenceOf(owner.set, conflict), own.removed);
    if (!isEmptySet(set)) result.set(id, { ...owner, set });
  }
  return { managers: result, comparison, conflicts };
}

/**
 * Sets written before a field became atomic own fields inside it; they get the field itself instead.
 * Managers of versions that are gone are dropped.
 */
export function reconciled(managers: Managers, typeAt: TypeAt): Managers {
  const result: Managers = new Map();
  for (const [id, owner] of managers) {
    const type = typeAt(owner.apiVersion);
    if (type === undefined) continue;
    const set = reconciledSet(owner.set, type);
    result.set(id, set === owner.set ? owner : { ...owner, set });
  }
  return result;
}

function reconciledSet(set: FieldSet, type: MergeType | undefined): FieldSet {
  if (type === undefined || set.children.size === 0) return set;
  const atomic = type.map?.atomic ?? (type.scalar === undefined && type.list?.atomic === true);
  if (atomic) return { member: true, children: EMPTY_SET.children };
  let changed = false;
  const children = new Map<string, FieldSet>();
  for (const [element, child] of set.children) {
    const next = child.children.size === 0 ? child : reconciledSet(child, childType(type, element));
    changed ||= next !== child;
    children.set(element, next);
  }
  return changed ? { member: set.member, children } : set;
}

/** Bounds the number of updaters: the oldest of a version become one entry. */
export function capped(managers: Managers): Managers {
  const updaters = [...managers].filter(([, owner]) => owner.name.operation === 'Update');
  let excess = updaters.length - MAX_UPDATERS;
  if (excess <= 0) return managers;
  updaters.sort(([a, left], [b, right]) => time(left) - time(right) || (a < b ? -1 : 1));
  const result: Managers = new Map(managers);
  const firstOf = new Map<string, string>();
  for (const [id, owner] of updaters) {
    if (excess <= 0) break;
    const first = firstOf.get(owner.apiVersion);
    if (first === undefined) {
      firstOf.set(owner.apiVersion, id);
      continue;
    }
    const name = { manager: ANCIENT, operation: 'Update', apiVersion: owner.apiVersion } as const;
    const bucket = JSON.stringify(name);
    const earlier = result.get(bucket) ?? result.get(first);
    result.delete(first);
    result.delete(id);
    result.set(bucket, {
      name,
      set: earlier === undefined ? owner.set : unionOf(owner.set, earlier.set),
      apiVersion: owner.apiVersion,
      time: owner.time,
    });
    excess--;
  }
  return result;
}

function time(owner: Ownership): number {
  return owner.time === undefined ? 0 : Math.floor(Date.parse(owner.time) / 1000);
}
