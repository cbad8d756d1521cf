// RFC 7386 merge patches: making one. Applying one is the server's business.
import { isRecord, jsonEqual } from './json.ts';

/**
 * The smallest merge patch that turns `before` into `after`, or undefined when they are equal. Lists are replaced
 * whole; a member that is gone becomes null.
 */
export function mergePatchBetween(before: unknown, after: unknown): unknown {
  if (jsonEqual(before, after)) return undefined;
  if (!isRecord(before) || !isRecord(after)) return after === undefined ? null : after;
  const patch: Record<string, unknown> = {};
  for (const key of Object.keys(before)) {
    if (after[key] === undefined) patch[key] = null;
  }
  for (const [key, value] of Object.entries(after)) {
    if (value === undefined) continue;
    const member = mergePatchBetween(before[key], value);
    if (member !== undefined) patch[key] = member;
  }
  return patch;
}
