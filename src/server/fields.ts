// The `fields` projection: keeps (or, with a leading `-`, drops) the paths a client names. Pure.
import { isRecord } from '../lib/index.ts';

/** Paths as a tree; a leaf stands for everything below it. */
interface FieldTree {
  [name: string]: FieldTree;
}

export interface Fields {
  readonly exclude: boolean;
  readonly tree: FieldTree;
}

const MAX_PATHS = 200;

/** Parses `a.b,a.c`; undefined or empty means everything. */
export function parseFields(text: string | undefined): Fields | undefined {
  if (text === undefined || text === '') return undefined;
  const exclude = text.startsWith('-');
  const tree: FieldTree = Object.create(null);
  for (const path of text
    .slice(exclude ? 1 : 0)
    .split(',')
    .slice(0, MAX_PATHS))
    insert(tree, path.trim());
  return { exclude, tree };
}

function insert(tree: FieldTree, path: string): void {
  let at = tree;
  const names = path.split('.').filter((name) => name !== '');
  for (const [i, name] of names.entries()) {
    const known = at[name];
    // `a` and `a.b` together mean all of `a`.
    if (known !== undefined && isLeaf(known)) return;
    const next: FieldTree = i === names.length - 1 ? Object.create(null) : (known ?? Object.create(null));
    at[name] = next;
    at = next;
  }
}

/** The part of the projection below `name`: what is left to apply to that member. */
export function below(
  fields: Fields | undefined,
  ...names: readonly string[]
): Fields | undefined | 'nothing' {
  let tree = fields?.tree;
  if (fields === undefined || tree === undefined) return undefined;
  for (const name of names) {
    if (isLeaf(tree)) return fields.exclude ? 'nothing' : undefined;
    const next: FieldTree | undefined = tree[name];
    if (next === undefined) return fields.exclude ? undefined : 'nothing';
    tree = next;
  }
  if (isLeaf(tree)) return fields.exclude ? 'nothing' : undefined;
  return { exclude: fields.exclude, tree };
}

/** A copy of `value` with only the fields asked for; members that are not touched are shared. */
export function project(value: unknown, fields: Fields | undefined): unknown {
  return fields === undefined ? value : projectTree(value, fields.tree, fields.exclude);
}

function projectTree(value: unknown, tree: FieldTree, exclude: boolean): unknown {
  if (Array.isArray(value)) return value.map((item) => projectTree(item, tree, exclude));
  if (!isRecord(value)) return value;
  const result: Record<string, unknown> = {};
  for (const name of Object.keys(exclude ? value : tree)) {
    if (!Object.hasOwn(value, name)) continue;
    const next = tree[name];
    if (next === undefined) result[name] = value[name];
    else if (!isLeaf(next)) result[name] = projectTree(value[name], next, exclude);
    else if (!exclude) result[name] = value[name];
  }
  return result;
}

function isLeaf(tree: FieldTree): boolean {
  for (const _ in tree) return false;
  return true;
}
