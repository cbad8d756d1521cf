// Strategic merge patch of built-in kinds: maps merge, lists merge by their schema's merge key or are replaced,
// `$` directives of the patch say otherwise. Custom resources do not take these patches.
import { isRecord, jsonEqual } from '../../lib/index.ts';
import { ApiError } from '../errors.ts';
import type { Schema } from '../schema/types.ts';
import { cloneJson } from './json.ts';
import { orderByDirective, orderByPatch } from './strategic-order.ts';
import { goText } from './typed-value.ts';

type Value = Record<string, unknown>;

const ORDER = '$setElementOrder/';
const DELETE_PRIMITIVES = '$deleteFromPrimitiveList/';
const RETAIN = '$retainKeys';
const PATCH = '$patch';

/**
 * @param patch the decoded request body
 * @returns the patched copy of `document`
 * @throws ApiError 400 when the patch is not an object, 500 (as a real server answers) for a misused directive
 */
export function applyStrategicMerge(document: Readonly<Value>, patch: unknown, schema: Schema): Value {
  if (!isRecord(patch)) {
    const seen = Array.isArray(patch) ? 'array' : typeof patch;
    throw new ApiError(
      400,
      'BadRequest',
      `json: cannot unmarshal ${seen} into Go value of type map[string]interface {}`,
    );
  }
  return mergeMaps(cloneJson(document), cloneJson(patch), schema);
}

function misuse(text: string): ApiError {
  return new ApiError(500, 'InternalError', text);
}

function childSchema(schema: Schema | undefined, name: string): Schema | undefined {
  const rest = schema?.additionalProperties;
  return schema?.properties?.[name] ?? (typeof rest === 'object' ? rest : undefined);
}

/** The patch strategies of a field, without retainKeys, which the patch itself asks for. */
function strategyOf(schema: Schema | undefined): 'merge' | 'replace' | undefined {
  const strategies = schema?.patchStrategy?.split(',') ?? [];
  if (strategies.includes('replace')) return 'replace';
  return strategies.includes('merge') ? 'merge' : undefined;
}

function mergeMaps(original: Value, patch: Value, schema: Schema | undefined): Value {
  const directive = patch[PATCH];
  if (directive !== undefined) {
    const { [PATCH]: _, ...rest } = patch;
    if (directive === 'replace') return rest;
    if (directive === 'delete') return {};
    throw misuse(`unknown patch type: ${goText(directive)} in map: ${goText(patch)}`);
  }
  retainKeys(original, patch);
  mergeOrderedLists(original, patch, schema);
  for (const [key, value] of Object.entries(patch)) {
    if (key.startsWith(DELETE_PRIMITIVES)) deletePrimitives(original, key, value);
    else mergeField(original, key, value, schema);
  }
  return original;
}

function retainKeys(original: Value, patch: Value): void {
  const keys = patch[RETAIN];
  if (keys === undefined) return;
  delete patch[RETAIN];
  if (!Array.isArray(keys)) throw misuse('$retainKeys must be a list');
  for (const key of Object.keys(patch)) {
    if (!key.startsWith('$') && !keys.includes(key)) {
      throw misuse('invalid patch format of retainKeys');
    }
  }
  for (const key of Object.keys(original)) if (!keys.includes(key)) delete original[key];
}

function deletePrimitives(original: Value, key: string, value: unknown): void {
  const list = original[key.slice(DELETE_PRIMITIVES.length)];
  if (!Array.isArray(list) || !Array.isArray(value)) return;
  original[key.slice(DELETE_PRIMITIVES.length)] = list.filter((item) => !value.includes(item));
}

function mergeField(original: Value, key: string, value: unknown, schema: Schema | undefined): void {
  if (value === null) {
    delete original[key];
    return;
  }
  const before = original[key];
  const field = childSchema(schema, key);
  if (before === undefined || before === null) {
    const taken = withoutDirectives(value);
    if (taken !== undefined) original[key] = taken;
  } else if (isRecord(before) && isRecord(value)) {
    original[key] = strategyOf(field) === 'replace' ? value : mergeMaps(before, value, field);
  } else if (Array.isArray(before) && Array.isArray(value)) {
    original[key] =
      strategyOf(field) === 'merge' ? mergeLists(before, value, field) : withoutDirectives(value);
  } else original[key] = value;
}

/** A value that comes new into an object: nulls and directives say nothing there. */
function withoutDirectives(value: unknown): unknown {
  if (Array.isArray(value)) {
    if (value.some((item) => isRecord(item) && item[PATCH] === 'replace')) {
      return value.filter((item) => !(isRecord(item) && PATCH in item)).map(withoutDirectives);
    }
    return value.map(withoutDirectives).filter((item) => item !== undefined);
  }
  if (!isRecord(value)) return value;
  if (value[PATCH] === 'delete') return undefined;
  const result: Value = {};
  for (const [key, member] of Object.entries(value)) {
    if (key === PATCH || key === RETAIN || key.startsWith(ORDER) || key.startsWith(DELETE_PRIMITIVES))
      continue;
    const kept = member === null ? undefined : withoutDirectives(member);
    if (kept !== undefined) result[key] = kept;
  }
  return result;
}

/** Lists whose order the patch states by `$setElementOrder/<field>`. */
function mergeOrderedLists(original: Value, patch: Value, schema: Schema | undefined): void {
  for (const key of Object.keys(patch)) {
    if (!key.startsWith(ORDER)) continue;
    const order = patch[key];
    delete patch[key];
    const name = key.slice(ORDER.length);
    if (!Array.isArray(order)) throw misuse(`${key} must be a list`);
    const field = childSchema(schema, name);
    const before = original[name];
    const added = patch[name];
    const removed = patch[DELETE_PRIMITIVES + name];
    if (removed !== undefined) {
      deletePrimitives(original, DELETE_PRIMITIVES + name, removed);
      delete patch[DELETE_PRIMITIVES + name];
    }
    if (added === null || (!Array.isArray(before) && !Array.isArray(added))) continue;
    const current: unknown = original[name];
    const live: readonly unknown[] = Array.isArray(current) ? current : [];
    const merged = Array.isArray(added) ? mergeAdded(live, added, field) : live;
    original[name] = orderByDirective(merged, order, live, field?.patchMergeKey);
    delete patch[name];
  }
}

function mergeAdded(
  live: readonly unknown[],
  added: readonly unknown[],
  field: Schema | undefined,
): readonly unknown[] {
  if (live.length > 0) return mergeLists(live, added, field);
  const taken = withoutDirectives(added);
  return Array.isArray(taken) ? taken : [];
}

function mergeLists(
  original: readonly unknown[],
  patch: readonly unknown[],
  field: Schema | undefined,
): unknown[] {
  if (original.length === 0 && patch.length === 0) return [];
  const ofMaps = [...original, ...patch].some(isRecord);
  if (!ofMaps) {
    const merged = [...new Set([...original, ...patch])];
    return orderByPatch(merged, patch, original, undefined);
  }
  const mergeKey = field?.patchMergeKey;
  if (mergeKey === undefined) throw misuse('cannot merge lists without merge key for a list of maps');
  const { base, items } = applyItemDirectives(original, patch, mergeKey);
  const merged: unknown[] = [...base];
  for (const item of items) mergeItem(merged, item, mergeKey, field?.items);
  return orderByPatch(merged, items, base, mergeKey);
}

function mergeItem(merged: unknown[], item: unknown, mergeKey: string, schema: Schema | undefined): void {
  if (!isRecord(item)) throw misuse(`cannot merge ${goText(item)} into a list of maps`);
  if (!(mergeKey in item)) {
    throw misuse(`map: ${goText(item)} does not contain declared merge key: ${mergeKey}`);
  }
  const at = merged.findIndex((other) => isRecord(other) && jsonEqual(other[mergeKey], item[mergeKey]));
  const found = merged[at];
  if (isRecord(found)) merged[at] = mergeMaps(found, item, schema);
  else {
    const taken = withoutDirectives(item);
    if (taken !== undefined) merged.push(taken);
  }
}

/** Takes out items that carry `$patch`: deletions change the list at once, a replacement empties it. */
function applyItemDirectives(
  original: readonly unknown[],
  patch: readonly unknown[],
  mergeKey: string,
): { base: readonly unknown[]; items: readonly unknown[] } {
  let base = original;
  let replace = false;
  const items: unknown[] = [];
  for (const item of patch) {
    const directive = isRecord(item) ? item[PATCH] : undefined;
    if (!isRecord(item) || directive === undefined) items.push(item);
    else if (directive === 'delete') {
      if (!(mergeKey in item)) throw misuse('delete patch type with no merge key defined');
      base = base.filter((other) => !isRecord(other) || !jsonEqual(other[mergeKey], item[mergeKey]));
    } else if (directive === 'replace') replace = true;
    else if (directive === 'merge') throw misuse('merging lists cannot yet be specified in the patch');
    else throw misuse(`unknown patch type: ${goText(directive)} in map: ${goText(item)}`);
  }
  return replace ? { base: [], items } : { base, items };
}
