// JSON Patch (RFC 6902) with the leniency of a Kubernetes API server: `replace` of an absent object member adds
// it and `copy` of an absent member copies null. Does not validate the result.
import { isRecord, jsonEqual } from '../../lib/index.ts';
import { ApiError } from '../errors.ts';
import { cloneJson } from './json.ts';

/** Operations a patch may hold; more are refused as a real server does. */
const MAX_OPERATIONS = 10_000;

/**
 * @param patch the decoded request body: a list of `{op, path, value?, from?}`
 * @returns the patched copy of `document`
 * @throws ApiError 400 for a body that is not a list, 413 for too many operations, 422 when one cannot be applied
 */
export function applyJsonPatch(document: unknown, patch: unknown): unknown {
  if (!Array.isArray(patch) || !patch.every(isRecord)) {
    const seen = Array.isArray(patch) ? 'list' : isRecord(patch) ? 'object' : typeof patch;
    const into = '[]handlers.jsonPatchOp';
    throw new ApiError(
      400,
      'BadRequest',
      `error decoding patch: json: cannot unmarshal ${seen} into Go value of type ${into}`,
    );
  }
  if (patch.length > MAX_OPERATIONS) {
    const text = `The allowed maximum operations in a JSON patch is ${MAX_OPERATIONS}, got ${patch.length}`;
    throw new ApiError(413, 'RequestEntityTooLarge', text);
  }
  let result = cloneJson(document);
  for (const operation of patch) result = applyOperation(result, operation);
  return result;
}

function applyOperation(document: unknown, operation: Readonly<Record<string, unknown>>): unknown {
  const path = pointer(operation['path']);
  switch (operation['op']) {
    case 'add':
      return write(document, path, present(operation), 'add');
    case 'replace':
      return write(document, path, present(operation), 'replace');
    case 'remove':
      return remove(document, path);
    case 'move': {
      const from = pointer(operation['from']);
      const moved = readAt(document, from);
      return write(remove(document, from), path, moved, 'add');
    }
    case 'copy':
      return write(document, path, cloneJson(readAt(document, pointer(operation['from']))), 'add');
    case 'test':
      return tested(document, path, operation['value']);
    default:
      throw rejected();
  }
}

/** The body of a refused operation says no more than this on a real server either. */
function rejected(): ApiError {
  return new ApiError(422, 'Invalid', 'the server rejected our request due to an error in our request', {});
}

function present(operation: Readonly<Record<string, unknown>>): unknown {
  if (!('value' in operation)) throw rejected();
  return cloneJson(operation['value']);
}

function pointer(path: unknown): string[] {
  if (path === '') return [];
  if (typeof path !== 'string' || !path.startsWith('/')) throw rejected();
  return path
    .slice(1)
    .split('/')
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
}

function index(list: readonly unknown[], part: string, limit: number): number {
  const at = /^-?\d+$/.test(part) ? Number(part) : Number.NaN;
  const position = at < 0 ? at + list.length : at;
  if (!(position >= 0 && position <= limit)) throw rejected();
  return position;
}

function child(container: unknown, part: string): unknown {
  if (Array.isArray(container)) return container[index(container, part, container.length - 1)];
  if (isRecord(container)) return Object.hasOwn(container, part) ? container[part] : undefined;
  throw rejected();
}

function parentOf(document: unknown, path: readonly string[]): unknown {
  let at = document;
  for (const part of path.slice(0, -1)) at = child(at, part);
  if (typeof at !== 'object' || at === null) throw rejected();
  return at;
}

function readAt(document: unknown, path: readonly string[]): unknown {
  const last = path.at(-1);
  return last === undefined ? document : (child(parentOf(document, path), last) ?? null);
}

function write(document: unknown, path: readonly string[], value: unknown, mode: 'add' | 'replace'): unknown {
  const last = path.at(-1);
  if (last === undefined) return value;
  const parent = parentOf(document, path);
  if (Array.isArray(parent)) {
    if (mode === 'replace') parent[index(parent, last, parent.length - 1)] = value;
    else parent.splice(last === '-' ? parent.length : index(parent, last, parent.length), 0, value);
  } else if (isRecord(parent)) define(parent, last, value);
  return document;
}

/** Also right for `__proto__`, which a plain assignment would swallow. */
function define(target: Record<string, unknown>, key: string, value: unknown): void {
  Object.defineProperty(target, key, { value, writable: true, enumerable: true, configurable: true });
}

function remove(document: unknown, path: readonly string[]): unknown {
  const last = path.at(-1);
  if (last === undefined) throw rejected();
  const parent = parentOf(document, path);
  if (Array.isArray(parent)) parent.splice(index(parent, last, parent.length - 1), 1);
  else if (isRecord(parent) && Object.hasOwn(parent, last)) delete parent[last];
  else throw rejected();
  return document;
}

function tested(document: unknown, path: readonly string[], value: unknown): unknown {
  const last = path.at(-1);
  const seen = last === undefined ? document : child(parentOf(document, path), last);
  if (!jsonEqual(seen ?? null, value ?? null)) throw rejected();
  return document;
}
