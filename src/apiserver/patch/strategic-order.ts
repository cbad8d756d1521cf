// The order of merged lists: items of the patch in its order, items only the server has where they were.
import { isRecord, jsonEqual } from '../../lib/index.ts';

type Keyed = (item: unknown) => unknown;

function keyed(mergeKey: string | undefined): Keyed {
  return (item) => (mergeKey !== undefined && isRecord(item) ? item[mergeKey] : item);
}

/** Orders by the items of the patch itself. */
export function orderByPatch(
  merged: readonly unknown[],
  patch: readonly unknown[],
  live: readonly unknown[],
  mergeKey: string | undefined,
): unknown[] {
  return ordered(merged, patch, live, keyed(mergeKey));
}

/** Orders by a `$setElementOrder` list: items with the merge key, or plain values. */
export function orderByDirective(
  merged: readonly unknown[],
  order: readonly unknown[],
  live: readonly unknown[],
  mergeKey: string | undefined,
): unknown[] {
  return ordered(merged, order, live, keyed(mergeKey));
}

function positionsOf(list: readonly unknown[], keyOf: Keyed): (item: unknown) => number {
  const keys = list.map(keyOf);
  return (item) => {
    const key = keyOf(item);
    return keys.findIndex((other) => jsonEqual(other, key));
  };
}

function ordered(
  merged: readonly unknown[],
  order: readonly unknown[],
  live: readonly unknown[],
  keyOf: Keyed,
): unknown[] {
  const inOrder = positionsOf(order, keyOf);
  const inLive = positionsOf(live, keyOf);
  const patched = merged.filter((item) => inOrder(item) >= 0).sort((a, b) => inOrder(a) - inOrder(b));
  const serverOnly = merged.filter((item) => inOrder(item) < 0).sort((a, b) => inLive(a) - inLive(b));
  const result: unknown[] = [];
  let next = 0;
  for (const item of patched) {
    const at = inLive(item);
    // A server-only item stays before the first patched item that came after it.
    while (next < serverOnly.length && at >= 0) {
      const position = inLive(serverOnly[next]);
      if (position < 0 || position > at) break;
      result.push(serverOnly[next]);
      next++;
    }
    result.push(item);
  }
  return [...result, ...serverOnly.slice(next)];
}
