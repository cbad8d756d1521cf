// The matrix generator: every parameter set of one generator with every one of a second, which may use the first's.
import { jsonEqual } from '../../../lib/index.ts';
import { ApplicationSetError } from '../errors.ts';
import { combined } from '../parameters.ts';
import type { Parameters } from './generator.ts';

/**
 * @param outer each parameter set of the first child
 * @param inner asks the second child, filled in with one of them
 */
export async function matrixOf(
  outer: readonly Parameters[],
  inner: (parameters: Parameters) => Promise<readonly Parameters[]>,
  isGoTemplate: boolean,
): Promise<readonly Parameters[]> {
  const found: Parameters[] = [];
  // One after another: a hundred clusters must not become a hundred reads of a repository at once.
  for (const first of outer) {
    for (const second of await inner(first))
      found.push(isGoTemplate ? combined(first, second) : joined(first, second));
  }
  return found;
}

function joined(first: Parameters, second: Parameters): Parameters {
  for (const [name, value] of Object.entries(second)) {
    if (Object.hasOwn(first, name) && !jsonEqual(first[name], value)) {
      throw new ApplicationSetError(
        'SET_INVALID',
        'on-change',
        `Matrix generator: both children give "${name}", with different values; rename one, or use goTemplate: true, where the second counts`,
      );
    }
  }
  return { ...first, ...second };
}
