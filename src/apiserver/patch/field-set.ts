// Sets of field paths as managedFields store them (FieldsV1), and the set algebra of server-side apply.
// A path element is its serialised text: `f:name`, `k:{"name":"a"}`, `v:"a"`, `i:0`. Sets are never changed
// after they were handed out; only FieldSetBuilder writes.
import type { FieldsV1 } from '../../k8s/index.ts';
import { isRecord } from '../../lib/index.ts';

/** One node: whether the path that ends here is in the set, and what is in it below. */
export interface FieldSet {
  readonly member: boolean;
  readonly children: ReadonlyMap<string, FieldSet>;
}

export interface FieldSetBuilder {
  member: boolean;
  children: Map<string, FieldSetBuilder>;
}

const NONE: ReadonlyMap<string, FieldSet> = new Map();
export const EMPTY_SET: FieldSet = { member: false, children: NONE };
const LEAF: FieldSet = { member: true, children: NONE };

export function newFieldSet(): FieldSetBuilder {
  return { member: false, children: new Map() };
}

/** Adds a path; the empty path (the whole object) is never part of a set. */
export function insertPath(set: FieldSetBuilder, path: readonly string[]): void {
  if (path.length === 0) return;
  let at = set;
  for (const element of path) {
    let next = at.children.get(element);
    if (next === undefined) {
      next = newFieldSet();
      at.children.set(element, next);
    }
    at = next;
  }
  at.member = true;
}

export function isEmptySet(set: FieldSet): boolean {
  for (const child of set.children.values()) if (child.member || !isEmptySet(child)) return false;
  return true;
}

/** Paths in either set. */
export function unionOf(a: FieldSet, b: FieldSet): FieldSet {
  if (a === b || b.children.size === 0)
    return b.member && !a.member ? { member: true, children: a.children } : a;
  if (a.children.size === 0) return a.member && !b.member ? { member: true, children: b.children } : b;
  const children = new Map(a.children);
  for (const [element, child] of b.children) {
    const other = children.get(element);
    children.set(element, other === undefined ? child : unionOf(other, child));
  }
  return { member: a.member || b.member, children };
}

/** Paths in both sets. */
export function intersectionOf(a: FieldSet, b: FieldSet): FieldSet {
  const children = new Map<string, FieldSet>();
  for (const [element, child] of a.children) {
    const other = b.children.get(element);
    if (other === undefined) continue;
    const common = intersectionOf(child, other);
    if (common.member || common.children.size > 0) children.set(element, common);
  }
  return { member: a.member && b.member, children };
}

/** Paths of `a` that are not in `b`; a parent in `b` does not take its children along. */
export function differenceOf(a: FieldSet, b: FieldSet): FieldSet {
  if (b.children.size === 0) return b.member && a.member ? { member: false, children: a.children } : a;
  const children = new Map<string, FieldSet>();
  for (const [element, child] of a.children) {
    const other = b.children.get(element);
    const rest = other === undefined ? child : differenceOf(child, other);
    if (rest.member || rest.children.size > 0) children.set(element, rest);
  }
  return { member: a.member && !b.member, children };
}

/** Paths of `a` that are neither in `b` nor below a path in `b`. */
export function recursiveDifferenceOf(a: FieldSet, b: FieldSet): FieldSet {
  const children = new Map<string, FieldSet>();
  for (const [element, child] of a.children) {
    const other = b.children.get(element);
    if (other?.member === true) continue;
    const rest = other === undefined ? child : recursiveDifferenceOf(child, other);
    if (rest.member || rest.children.size > 0) children.set(element, rest);
  }
  return { member: a.member, children };
}

/** The set as FieldsV1, elements in the order a server writes them. */
export function fieldSetToFieldsV1(set: FieldSet): FieldsV1 {
  const result: Record<string, FieldsV1> = {};
  if (set.member && set.children.size > 0) result['.'] = {};
  for (const element of sortedElements(set.children)) {
    const child = set.children.get(element);
    if (child !== undefined) result[element] = fieldSetToFieldsV1(child);
  }
  return result;
}

/** Reads FieldsV1; elements of unknown type are dropped, as a server does. @returns undefined when malformed */
export function fieldSetFromFieldsV1(fields: unknown): FieldSet | undefined {
  return isRecord(fields) ? (readLevel(fields, true) ?? undefined) : undefined;
}

function readLevel(fields: Readonly<Record<string, unknown>>, root: boolean): FieldSet | undefined {
  const children = new Map<string, FieldSet>();
  let member = false;
  for (const key in fields) {
    if (key === '.') {
      member = true;
      continue;
    }
    const element = readElement(key);
    if (element === 'unknown') continue;
    const value = fields[key];
    if (element === undefined || !isRecord(value)) return undefined;
    const child = readLevel(value, false);
    if (child === undefined) return undefined;
    children.set(element, child);
  }
  if (root) return { member: false, children };
  return children.size === 0 ? LEAF : { member, children };
}

function readElement(key: string): string | undefined {
  if (key.length < 2 || key[1] !== ':') return undefined;
  const kind = key[0];
  if (kind === 'f') return key;
  if (kind !== 'k' && kind !== 'v' && kind !== 'i') return 'unknown';
  try {
    const value: unknown = JSON.parse(key.slice(2));
    if (kind === 'k') return isRecord(value) ? keyElement(Object.entries(value)) : undefined;
    return kind === 'v' ? valueElement(value) : key;
  } catch {
    return undefined;
  }
}

export function fieldElement(name: string): string {
  return `f:${name}`;
}

/** The element of an associative list's item, keys sorted by name. */
export function keyElement(fields: readonly (readonly [string, unknown])[]): string {
  const sorted = fields.length < 2 ? fields : [...fields].sort(([a], [b]) => (a < b ? -1 : 1));
  return `k:{${sorted.map(([name, value]) => `${goJson(name)}:${goJson(value)}`).join(',')}}`;
}

export function valueElement(value: unknown): string {
  return `v:${goJson(value)}`;
}

/** JSON with the escapes Go's encoder adds, since the text is part of the key. */
function goJson(value: unknown): string {
  const text = JSON.stringify(value ?? null);
  if (typeof value !== 'string' || !/[<>&\u2028\u2029]/.test(text)) return text;
  return text.replace(
    /[<>&\u2028\u2029]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** Fields first, then keys, values and indexes, each by its own order. */
function sortedElements(children: ReadonlyMap<string, FieldSet>): string[] {
  const elements = [...children.keys()];
  return elements.length < 2 ? elements : elements.sort(compareElements);
}

const KIND_ORDER = 'fkvi';

export function compareElements(a: string, b: string): number {
  const kinds = KIND_ORDER.indexOf(a[0] ?? '') - KIND_ORDER.indexOf(b[0] ?? '');
  if (kinds !== 0) return kinds;
  if (a[0] === 'f') return a < b ? -1 : a === b ? 0 : 1;
  return compareValues(JSON.parse(a.slice(2)), JSON.parse(b.slice(2)));
}

function compareValues(a: unknown, b: unknown): number {
  if (isRecord(a) && isRecord(b)) {
    const left = Object.entries(a);
    const right = Object.entries(b);
    for (const [i, [name, value]] of left.entries()) {
      const other = right[i];
      if (other === undefined) return 1;
      const order = name === other[0] ? compareValues(value, other[1]) : name < other[0] ? -1 : 1;
      if (order !== 0) return order;
    }
    return left.length - right.length;
  }
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  // Numbers sort before strings, strings before booleans.
  const rank = (value: unknown) => ['number', 'string', 'boolean'].indexOf(typeof value);
  if (rank(a) !== rank(b)) return rank(a) - rank(b);
  const [x, y] = [String(a), String(b)];
  return x < y ? -1 : x === y ? 0 : 1;
}

/** Calls `visit` for each path of the set, those of a level before those below it. */
export function eachPath(
  set: FieldSet,
  visit: (path: readonly string[]) => void,
  prefix: readonly string[] = [],
): void {
  const elements = sortedElements(set.children);
  for (const element of elements) if (set.children.get(element)?.member === true) visit([...prefix, element]);
  for (const element of elements) {
    const child = set.children.get(element);
    if (child !== undefined && child.children.size > 0) eachPath(child, visit, [...prefix, element]);
  }
}

/** A path as people read it: `.spec.containers[name="web"].image`. */
export function pathText(path: readonly string[]): string {
  return path.map(elementText).join('');
}

export function elementText(element: string): string {
  const rest = element.slice(2);
  switch (element[0]) {
    case 'f':
      return `.${rest}`;
    case 'k': {
      const fields = Object.entries(JSON.parse(rest) as Record<string, unknown>);
      return `[${fields.map(([name, value]) => `${name}=${JSON.stringify(value)}`).join(',')}]`;
    }
    case 'v':
      return `[=${JSON.stringify(JSON.parse(rest))}]`;
    default:
      return `[${rest}]`;
  }
}
