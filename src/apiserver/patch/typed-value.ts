// Reading a JSON value by its merge type: which form it has, how list items are addressed, which fields it
// holds, and whether it fits. A value that is `undefined` is absent; null is a value.
import { isRecord } from '../../lib/index.ts';
import {
  elementText,
  type FieldSet,
  type FieldSetBuilder,
  fieldElement,
  insertPath,
  keyElement,
  newFieldSet,
  valueElement,
} from './field-set.ts';
import type { ListType, MapType, MergeType } from './merge-type.ts';

export type Form = 'scalar' | 'list' | 'map';

/** The form in which a value is treated; one that fits no form of its type is treated in the type's first. */
export function formOf(type: MergeType, value: unknown): Form {
  if (value !== undefined && value !== null) {
    if (Array.isArray(value)) {
      if (type.list !== undefined) return 'list';
    } else if (typeof value === 'object') {
      if (type.map !== undefined) return 'map';
    } else if (type.scalar !== undefined) return 'scalar';
  }
  if (type.map !== undefined) return 'map';
  return type.scalar === undefined ? 'list' : 'scalar';
}

/** The path element of a list item, or the reason it has none. */
export function itemElement(list: ListType, item: unknown): { element: string } | { problem: string } {
  if (list.keys.length === 0) return setElement(item);
  if (item === null) return { problem: 'associative list with keys may not have a null element' };
  if (!isRecord(item)) return { problem: 'associative list with keys may not have non-map elements' };
  const fields: [string, unknown][] = [];
  for (const key of list.keys) {
    const value = item[key] ?? list.item.map?.defaults.get(key);
    if (value !== undefined) fields.push([key, value]);
  }
  if (fields.length === 0) {
    const keys = list.keys.map((key) => JSON.stringify(key)).join(' ');
    return {
      problem: `associative list with keys has an element that omits all key fields [${keys}] (and doesn't have default values for any key fields)`,
    };
  }
  return { element: keyElement(fields) };
}

function setElement(item: unknown): { element: string } | { problem: string } {
  if (item === null)
    return { problem: "associative list without keys has an element that's an explicit null" };
  if (Array.isArray(item)) return { problem: 'not supported: associative list with lists as elements' };
  if (typeof item === 'object')
    return { problem: "associative list without keys has an element that's a map type" };
  return { element: valueElement(item) };
}

/** As itemElement for values that were validated before; items without an element get one of their own. */
export function elementOfItem(list: ListType, item: unknown, index: number): string {
  const found = itemElement(list, item);
  return 'element' in found ? found.element : `i:${index}`;
}

export function memberType(map: MapType, name: string): MergeType | undefined {
  return map.fields.get(name) ?? map.element;
}

/** Every leaf field and list item a value mentions. */
export function fieldSetOf(value: unknown, type: MergeType): FieldSet {
  const set = newFieldSet();
  collect(value, type, [], set);
  return set;
}

function collect(value: unknown, type: MergeType, path: string[], into: FieldSetBuilder): void {
  const form = formOf(type, value);
  if (form === 'scalar') insertPath(into, path);
  else if (form === 'list' && type.list !== undefined) collectList(value, type.list, path, into);
  else if (type.map !== undefined) collectMap(value, type.map, path, into);
}

function collectList(value: unknown, list: ListType, path: string[], into: FieldSetBuilder): void {
  if (list.atomic) insertPath(into, path);
  if (list.atomic || !Array.isArray(value)) return;
  const counts = new Map<string, number>();
  const elements = value.map((item, i) => elementOfItem(list, item, i));
  for (const element of elements) counts.set(element, (counts.get(element) ?? 0) + 1);
  for (const [i, element] of elements.entries()) {
    path.push(element);
    if (counts.get(element) === 1) collect(value[i], list.item, path, into);
    insertPath(into, path);
    path.pop();
  }
}

function collectMap(value: unknown, map: MapType, path: string[], into: FieldSetBuilder): void {
  if (map.atomic) insertPath(into, path);
  if (map.atomic || !isRecord(value)) return;
  for (const name in value) {
    const member = value[name];
    const type = memberType(map, name);
    if (member === undefined || type === undefined) continue;
    path.push(fieldElement(name));
    collect(member, type, path, into);
    if (member === null || (isRecord(member) && Object.keys(member).length === 0) || !map.fields.has(name)) {
      insertPath(into, path);
    }
    path.pop();
  }
}

/** Adds the named fields above the paths of a set: a set of `a.b.c` also gets `a`, but not `a.b` when a is a map. */
export function withNamedFields(set: FieldSet, type: MergeType | undefined): FieldSet {
  const children = new Map<string, FieldSet>();
  for (const [element, child] of set.children) {
    const named = element.startsWith('f:') && type?.map?.fields.has(element.slice(2)) === true;
    const below = child.children.size === 0 ? child : withNamedFields(child, childType(type, element));
    const member = child.member || (named && child.children.size > 0);
    children.set(element, member === below.member ? below : { member, children: below.children });
  }
  return { member: set.member, children };
}

export function childType(type: MergeType | undefined, element: string): MergeType | undefined {
  if (type === undefined) return undefined;
  if (!element.startsWith('f:')) return type.list?.item;
  return type.map === undefined ? undefined : memberType(type.map, element.slice(2));
}

/** Problems of a value by its type, each `path: text`; none when it fits. */
export function typeProblems(value: unknown, type: MergeType): string[] {
  const problems: string[] = [];
  check(value, type, '', problems);
  return problems;
}

function check(value: unknown, type: MergeType, path: string, problems: string[]): void {
  const form = formOf(type, value);
  if (value === null || value === undefined) return;
  if (form === 'scalar') {
    const problem = scalarProblem(value, type);
    if (problem !== undefined) problems.push(`${path}: ${problem}`);
  } else if (form === 'list' && type.list !== undefined) checkList(value, type.list, path, problems);
  else if (type.map !== undefined) checkMap(value, type.map, path, problems);
}

function scalarProblem(value: unknown, type: MergeType): string | undefined {
  const kind = typeof value;
  switch (type.scalar) {
    case 'numeric':
      return kind === 'number' ? undefined : `expected numeric (int or float), got ${goTypeName(value)}`;
    case 'string':
      return kind === 'string'
        ? undefined
        : `expected string, got &value.valueUnstructured{Value:${goText(value)}}`;
    case 'boolean':
      return kind === 'boolean' ? undefined : `expected boolean, got &{${goText(value)}}`;
    default:
      return kind === 'object' ? `expected any scalar, got &{${goText(value)}}` : undefined;
  }
}

function goTypeName(value: unknown): string {
  if (typeof value === 'number') return Number.isInteger(value) ? 'int64' : 'float64';
  if (typeof value === 'boolean') return 'bool';
  if (typeof value === 'string') return 'string';
  return Array.isArray(value) ? '[]interface {}' : 'map[string]interface {}';
}

/** A value as Go's `%v` prints it. */
export function goText(value: unknown): string {
  if (value === null || value === undefined) return '<nil>';
  if (Array.isArray(value)) return `[${value.map(goText).join(' ')}]`;
  if (!isRecord(value)) return String(value);
  const members = Object.keys(value).sort();
  return `map[${members.map((name) => `${name}:${goText(value[name])}`).join(' ')}]`;
}

function checkList(value: unknown, list: ListType, path: string, problems: string[]): void {
  if (!Array.isArray(value)) {
    problems.push(`${path}: expected list, got &{${goText(value)}}`);
    return;
  }
  const seen = new Set<string>();
  for (const [i, item] of value.entries()) {
    let element = `i:${i}`;
    if (!list.atomic) {
      const found = itemElement(list, item);
      if ('problem' in found) {
        problems.push(`${path}: element ${i}: ${found.problem}`);
        return;
      }
      element = found.element;
      if (seen.has(element)) problems.push(`${path}: duplicate entries for key ${elementText(element)}`);
      seen.add(element);
    }
    check(item, list.item, `${path}${elementText(element)}`, problems);
  }
}

function checkMap(value: unknown, map: MapType, path: string, problems: string[]): void {
  if (!isRecord(value)) {
    problems.push(`${path}: expected map, got &{${goText(value)}}`);
    return;
  }
  for (const name in value) {
    const type = memberType(map, name);
    if (type === undefined) {
      problems.push(`${path}.${name}: field not declared in schema`);
      return;
    }
    check(value[name], type, `${path}.${name}`, problems);
  }
}
