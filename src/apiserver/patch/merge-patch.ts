// JSON Merge Patch (RFC 7386).
import { isRecord } from '../../lib/index.ts';
import { ApiError } from '../errors.ts';
import { cloneJson } from './json.ts';

/**
 * @param patch the decoded request body, an object
 * @returns the patched copy of `document`
 * @throws ApiError 400 when the patch is not an object
 */
export function applyMergePatch(
  document: Readonly<Record<string, unknown>>,
  patch: unknown,
): Record<string, unknown> {
  if (patch === null) throw new ApiError(400, 'BadRequest', 'Invalid JSON Patch');
  if (!isRecord(patch)) {
    const seen = Array.isArray(patch) ? 'array' : typeof patch;
    const text = `error decoding patch: json: cannot unmarshal ${seen} into Go value of type map[string]interface {}`;
    throw new ApiError(400, 'BadRequest', text);
  }
  return merged(document, patch);
}

function merged(target: unknown, patch: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const result: Record<string, unknown> = isRecord(target) ? { ...target } : {};
  for (const key of Object.keys(patch)) {
    const value = patch[key];
    if (value === null) delete result[key];
    else if (isRecord(value)) result[key] = merged(result[key], value);
    else result[key] = cloneJson(value);
  }
  return result;
}
