// The merge generator: parameter sets of a first generator, changed by those of others that have the same keys.
import { canonicalJson } from '../../../lib/index.ts';
import { ApplicationSetError } from '../errors.ts';
import { combined, memberAt } from '../parameters.ts';
import type { Parameters } from './generator.ts';

/** Throws ApplicationSetError `SET_INVALID` when two sets of one generator have the same keys. */
export function mergeOf(
  base: readonly Parameters[],
  others: readonly (readonly Parameters[])[],
  mergeKeys: readonly string[],
): readonly Parameters[] {
  if (mergeKeys.length === 0)
    throw invalid('mergeKeys is missing; name the parameters by which sets belong together');
  const byKey = new Map(base.map((parameters) => [keyOf(parameters, mergeKeys), parameters]));
  if (byKey.size < base.length) throw invalid(notUnique(base, mergeKeys, 1));
  for (const [i, sets] of others.entries()) {
    const changes = new Map(sets.map((parameters) => [keyOf(parameters, mergeKeys), parameters]));
    if (changes.size < sets.length) throw invalid(notUnique(sets, mergeKeys, i + 2));
    for (const [key, change] of changes) {
      const before = byKey.get(key);
      if (before !== undefined) byKey.set(key, combined(before, change));
    }
  }
  return [...byKey.values()];
}

function keyOf(parameters: Parameters, mergeKeys: readonly string[]): string {
  return canonicalJson(mergeKeys.map((name) => memberAt(parameters, name) ?? null));
}

function notUnique(sets: readonly Parameters[], mergeKeys: readonly string[], child: number): string {
  const seen = new Set<string>();
  const twice = sets
    .map((parameters) => keyOf(parameters, mergeKeys))
    .find((key) => seen.size === seen.add(key).size);
  return `two parameter sets of child ${child} have the same ${mergeKeys.join(', ')}: ${twice?.slice(0, 200)}`;
}

function invalid(seen: string): ApplicationSetError {
  return new ApplicationSetError('SET_INVALID', 'on-change', `Merge generator: ${seen}`);
}
