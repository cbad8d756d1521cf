// ignoreDifferences: which parts of which objects nobody wants to hear about, and taking them out of both sides.
import { type FieldsV1, gvkOf, type KubeObject } from '../k8s/index.ts';
import { isRecord, jsonEqual } from '../lib/index.ts';
import type { IgnoreDifference } from '../model/index.ts';
import { DiffError } from './errors.ts';
import { compileJqPath, JqSyntaxError, type JsonPath, type PathExpression } from './jq-path.ts';
import type { KnownTypeRule } from './known-types.ts';
import { isLeaf, itemMatches } from './managed-fields.ts';

interface Rule {
  readonly group: RegExp;
  readonly kind: RegExp;
  readonly name?: string;
  readonly namespace?: string;
  readonly pointers: readonly JsonPath[];
  readonly expressions: readonly PathExpression[];
  readonly managers: readonly string[];
}

/** Whose `status` nobody compares: that of everything, of definitions of custom resources only, of nothing. */
export type IgnoredStatus = 'all' | 'crd' | 'none';

/** Compiled rules of one application together with the installation's. */
export interface IgnoreRules {
  readonly rules: readonly Rule[];
  readonly status: IgnoredStatus;
  readonly known: readonly KnownTypeRule[];
}

export interface IgnoreOptions {
  /** Compiles one jq expression; throws on what it does not know. The default knows paths and `select`. */
  compileExpression?(text: string): PathExpression;
  /** Default `all`. */
  readonly status?: IgnoredStatus;
  readonly known?: readonly KnownTypeRule[];
}

/** Throws DiffError `INVALID_IGNORE_RULE` naming the rule and the expression that cannot be read. */
export function compileIgnoreRules(
  list: readonly IgnoreDifference[] | undefined,
  options: IgnoreOptions = {},
): IgnoreRules {
  const compile = options.compileExpression ?? compileJqPath;
  return {
    rules: (list ?? []).map((rule) => compileRule(rule, compile)),
    status: options.status ?? 'all',
    known: options.known ?? [],
  };
}

function compileRule(rule: IgnoreDifference, compile: (text: string) => PathExpression): Rule {
  const where = `ignoreDifferences for ${rule.group ?? '*'}/${rule.kind}`;
  return {
    // As Argo CD: an empty group means the core group only when the rule says so, else every group by glob.
    group: globPattern(rule.group ?? ''),
    kind: globPattern(rule.kind),
    ...(rule.name ? { name: rule.name } : {}),
    ...(rule.namespace ? { namespace: rule.namespace } : {}),
    pointers: (rule.jsonPointers ?? []).map((pointer) => parsePointer(pointer, where)),
    expressions: (rule.jqPathExpressions ?? []).map((text) => compileExpression(text, where, compile)),
    managers: rule.managedFieldsManagers ?? [],
  };
}

function compileExpression(
  text: string,
  where: string,
  compile: (text: string) => PathExpression,
): PathExpression {
  try {
    return compile(text);
  } catch (error) {
    if (!(error instanceof JqSyntaxError)) throw error;
    throw new DiffError(
      'INVALID_IGNORE_RULE',
      'on-change',
      `Cannot read the jq path expression ${JSON.stringify(text)} of ${where}: ${error.message}`,
      { cause: error },
    );
  }
}

/** True when some rule speaks of this object. */
export function hasIgnoreRules(rules: IgnoreRules | undefined, object: KubeObject): boolean {
  return rules?.rules.some((rule) => appliesTo(rule, object)) ?? false;
}

/** False: the status of this object is nobody's difference, whoever owns it. */
export function comparesStatus(rules: IgnoreRules | undefined, { kind }: KubeObject): boolean {
  const ignored = rules?.status ?? 'all';
  return ignored === 'none' || (ignored === 'crd' && kind !== 'CustomResourceDefinition');
}

/** To be awaited for each object before anything below is asked about it: some expressions take their time. */
export async function prepareIgnored(
  rules: IgnoreRules | undefined,
  objects: readonly KubeObject[],
): Promise<void> {
  for (const { expressions, ...rule } of rules?.rules ?? []) {
    const slow = expressions.filter(({ prepare }) => prepare !== undefined);
    if (slow.length === 0) continue;
    for (const object of objects) {
      if (!appliesTo({ expressions, ...rule }, object)) continue;
      for (const expression of slow) await expression.prepare?.(object);
    }
  }
}

/** `object` without what the rules ignore; `live` tells which fields belong to which manager. */
export function stripIgnored(
  rules: IgnoreRules | undefined,
  object: KubeObject,
  live: KubeObject,
): KubeObject {
  if (!hasIgnoreRules(rules, object)) return object;
  const copy = structuredClone(object);
  for (const path of ignoredPaths(rules, object, live)) removeAt(copy, path);
  return copy;
}

/**
 * The target of an apply under `RespectIgnoreDifferences=true`: what is ignored keeps its live value; what is not
 * live keeps the desired one. Status is never copied.
 */
export function respectIgnored(
  rules: IgnoreRules | undefined,
  desired: KubeObject,
  live: KubeObject,
): KubeObject {
  if (!hasIgnoreRules(rules, desired)) return desired;
  const copy = structuredClone(desired);
  for (const path of ignoredPaths(rules, desired, live)) {
    if (path[0] !== 'status') copyAt(copy, desired, live, path);
  }
  // Fields that are only live stay out: not applying them leaves them to whoever owns them.
  return copy;
}

/** Concrete paths in `object`, later list items first, so that removing one does not move the next. */
function ignoredPaths(rules: IgnoreRules | undefined, object: KubeObject, live: KubeObject): JsonPath[] {
  const paths: JsonPath[] = [];
  for (const rule of rules?.rules ?? []) {
    if (!appliesTo(rule, object)) continue;
    paths.push(...rule.pointers.map((pointer) => concretePointer(pointer, object)));
    for (const expression of rule.expressions) paths.push(...expression(object));
    for (const entry of live.metadata.managedFields ?? []) {
      if (entry.manager === undefined || !rule.managers.includes(entry.manager)) continue;
      if (entry.fieldsV1 !== undefined) paths.push(...ownedPaths(entry.fieldsV1, object, []));
    }
  }
  return paths.sort(byPlaceDescending);
}

function byPlaceDescending(a: JsonPath, b: JsonPath): number {
  for (let i = 0; i < Math.min(a.length, b.length); i += 1) {
    const [x, y] = [a[i], b[i]];
    if (typeof x === 'number' && typeof y === 'number' && x !== y) return y - x;
    if (x !== y) return String(x) < String(y) ? 1 : -1;
  }
  return b.length - a.length;
}

/** The parts of `object` in a field set; lists are addressed by the positions their items have in it. */
function ownedPaths(fields: FieldsV1, value: unknown, path: JsonPath): JsonPath[] {
  if (isLeaf(fields)) return path.length === 0 ? [] : [path];
  const paths: JsonPath[] = [];
  for (const [key, child] of Object.entries(fields)) {
    if (key === '.') continue;
    const step = stepOf(key, value);
    if (step === undefined) continue;
    const inner = Array.isArray(value)
      ? value[Number(step)]
      : isRecord(value)
        ? value[String(step)]
        : undefined;
    // The key fields of an item stay: without them the item would not be the same one.
    if (key.startsWith('k:') && !isLeaf(child))
      paths.push(...withoutKeys(key, ownedPaths(child, inner, [...path, step])));
    else paths.push(...ownedPaths(child, inner, [...path, step]));
  }
  return paths;
}

function withoutKeys(key: string, paths: readonly JsonPath[]): JsonPath[] {
  const keys: unknown = JSON.parse(key.slice(2));
  return paths.filter((path) => !(isRecord(keys) && String(path.at(-1)) in keys));
}

function stepOf(key: string, value: unknown): string | number | undefined {
  if (key.startsWith('f:')) return isRecord(value) && key.slice(2) in value ? key.slice(2) : undefined;
  if (!Array.isArray(value)) return undefined;
  const index = key.startsWith('k:')
    ? value.findIndex((item) => itemMatches(item, JSON.parse(key.slice(2)) as Record<string, unknown>))
    : key.startsWith('v:')
      ? value.findIndex((item) => jsonEqual(item, JSON.parse(key.slice(2))))
      : Number(key.slice(2));
  return index < 0 ? undefined : index;
}

function appliesTo(rule: Rule, object: KubeObject): boolean {
  const { group, kind } = gvkOf(object);
  const { name = '', namespace = '' } = object.metadata;
  return (
    rule.group.test(group) &&
    rule.kind.test(kind) &&
    (rule.name === undefined || rule.name === name) &&
    (rule.namespace === undefined || rule.namespace === namespace)
  );
}

function globPattern(glob: string): RegExp {
  const source = glob
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${source}$`);
}

/** RFC 6901. */
function parsePointer(pointer: string, where: string): JsonPath {
  if (!pointer.startsWith('/')) {
    throw new DiffError(
      'INVALID_IGNORE_RULE',
      'on-change',
      `Cannot read the JSON pointer ${JSON.stringify(pointer)} of ${where}: it does not begin with /`,
    );
  }
  return pointer
    .slice(1)
    .split('/')
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
}

/** Steps into lists become numbers. */
function concretePointer(pointer: JsonPath, object: unknown): JsonPath {
  let node = object;
  return pointer.map((step) => {
    const concrete = Array.isArray(node) && /^\d+$/.test(String(step)) ? Number(step) : step;
    node = childOf(node, concrete);
    return concrete;
  });
}

function childOf(node: unknown, step: string | number): unknown {
  if (Array.isArray(node)) return typeof step === 'number' ? node[step] : undefined;
  return isRecord(node) ? node[String(step)] : undefined;
}

function removeAt(object: unknown, path: JsonPath): void {
  const parent = parentOf(object, path);
  const last = path.at(-1);
  if (Array.isArray(parent) && typeof last === 'number') parent.splice(last, 1);
  else if (isRecord(parent)) delete parent[String(last)];
}

function copyAt(target: KubeObject, desired: KubeObject, live: KubeObject, path: JsonPath): void {
  const counterpart = counterpartOf(desired, live, path);
  const parent = parentOf(target, path);
  const last = path.at(-1);
  if (counterpart === undefined || last === undefined) return;
  if (Array.isArray(parent) && typeof last === 'number') parent[last] = structuredClone(counterpart);
  else if (isRecord(parent)) parent[String(last)] = structuredClone(counterpart);
}

/** The live value that stands for `path` of desired: list items are found by name where they have one. */
function counterpartOf(desired: unknown, live: unknown, path: JsonPath): unknown {
  let [from, to] = [desired, live];
  for (const step of path) {
    from = childOf(from, step);
    const name = isRecord(from) ? from['name'] : undefined;
    to =
      Array.isArray(to) && name !== undefined
        ? to.find((item) => itemMatches(item, { name }))
        : childOf(to, step);
  }
  return to;
}

function parentOf(object: unknown, path: JsonPath): unknown {
  return path.slice(0, -1).reduce(childOf, object);
}
