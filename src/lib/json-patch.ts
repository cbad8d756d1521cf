// Applies JSON patches (RFC 6902) and merge patches (RFC 7386) to JSON values. The input is never changed.
import { CodedError } from './errors.ts';
import { isRecord, jsonEqual } from './json.ts';

export type JsonPatchErrorCode = 'PATCH_INVALID' | 'PATCH_TEST_FAILED';

/** A patch that is malformed, or does not fit the value. */
export class JsonPatchError extends CodedError<JsonPatchErrorCode> {
  constructor(code: JsonPatchErrorCode, message: string) {
    super(code, 'on-change', message);
  }
}

/** More operations than this are no patch but a new document. */
const MAX_OPERATIONS = 10_000;

/** The value after all operations; rejects with JsonPatchError and changes nothing when one does not apply. */
export function applyJsonPatch(value: unknown, patch: unknown): unknown {
  if (!Array.isArray(patch)) throw invalid('it is not an array of operations');
  if (patch.length > MAX_OPERATIONS) throw invalid(`it has ${patch.length} operations`);
  let result = structuredClone(value);
  for (const operation of patch) result = applyOperation(result, operation);
  return result;
}

/** The value after the merge patch: members are merged, `null` removes, anything else replaces. */
export function applyMergePatch(value: unknown, patch: unknown): unknown {
  if (!isRecord(patch)) return patch;
  const result: Record<string, unknown> = isRecord(value) ? { ...value } : {};
  for (const [name, change] of Object.entries(patch)) {
    if (name === '__proto__') continue;
    if (change === null) delete result[name];
    else result[name] = applyMergePatch(result[name], change);
  }
  return result;
}

function applyOperation(root: unknown, operation: unknown): unknown {
  if (!isRecord(operation)) throw invalid('an operation is not an object');
  const { op } = operation;
  const path = pointer(operation['path']);
  switch (op) {
    case 'add':
      return withValue(root, path, 'add', requiredValue(operation));
    case 'replace':
      return withValue(root, path, 'replace', requiredValue(operation));
    case 'remove':
      return withValue(root, path, 'remove', undefined);
    case 'move': {
      const from = pointer(operation['from']);
      const moved = read(root, from);
      return withValue(withValue(root, from, 'remove', undefined), path, 'add', moved);
    }
    case 'copy':
      return withValue(root, path, 'add', structuredClone(read(root, pointer(operation['from']))));
    case 'test':
      if (jsonEqual(read(root, path), requiredValue(operation))) return root;
      throw new JsonPatchError(
        'PATCH_TEST_FAILED',
        `The patch does not apply: the test at ${text(path)} failed`,
      );
    default:
      throw invalid(`unknown operation ${JSON.stringify(op)}`);
  }
}

function withValue(
  root: unknown,
  path: readonly string[],
  op: 'add' | 'replace' | 'remove',
  value: unknown,
): unknown {
  const last = path.at(-1);
  if (last === undefined) return op === 'remove' ? null : value;
  const parent = read(root, path.slice(0, -1));
  if (Array.isArray(parent)) changeArray(parent, last, op, value, path);
  else if (isRecord(parent)) {
    if (op !== 'add' && !Object.hasOwn(parent, last)) throw missing(path);
    if (op === 'remove') delete parent[last];
    else parent[last] = value;
  } else throw missing(path);
  return root;
}

function changeArray(
  array: unknown[],
  key: string,
  op: 'add' | 'replace' | 'remove',
  value: unknown,
  path: readonly string[],
): void {
  const index = key === '-' && op === 'add' ? array.length : indexOf(key);
  const limit = op === 'add' ? array.length : array.length - 1;
  if (index < 0 || index > limit) throw missing(path);
  if (op === 'add') array.splice(index, 0, value);
  else if (op === 'replace') array[index] = value;
  else array.splice(index, 1);
}

function read(root: unknown, path: readonly string[]): unknown {
  let at = root;
  for (const key of path) {
    if (Array.isArray(at) && indexOf(key) >= 0 && indexOf(key) < at.length) at = at[indexOf(key)];
    else if (isRecord(at) && Object.hasOwn(at, key)) at = at[key];
    else throw missing(path);
  }
  return at;
}

function indexOf(key: string): number {
  return /^(0|[1-9]\d{0,8})$/.test(key) ? Number(key) : -1;
}

function pointer(path: unknown): string[] {
  if (typeof path !== 'string' || (path !== '' && !path.startsWith('/'))) {
    throw invalid(`${JSON.stringify(path)} is no JSON pointer`);
  }
  const keys = path
    .split('/')
    .slice(1)
    .map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'));
  if (keys.includes('__proto__')) throw invalid('"__proto__" is no member name');
  return keys;
}

function requiredValue(operation: Record<string, unknown>): unknown {
  if (!Object.hasOwn(operation, 'value')) throw invalid('an operation has no value');
  return operation['value'];
}

function missing(path: readonly string[]): JsonPatchError {
  return new JsonPatchError('PATCH_INVALID', `The patch does not apply: there is nothing at ${text(path)}`);
}

function invalid(seen: string): JsonPatchError {
  return new JsonPatchError('PATCH_INVALID', `The patch is not valid: ${seen}`);
}

function text(path: readonly string[]): string {
  return `/${path.join('/')}`;
}
