// Label selectors as they stand in a set, checked: an operator nobody knows must not count as "matches nothing".
import type { LabelSelector as KubeSelector, LabelRequirement } from '../../k8s/index.ts';
import type { LabelSelector } from '../../model/index.ts';
import { ApplicationSetError } from './errors.ts';

const OPERATORS: ReadonlySet<string> = new Set(['In', 'NotIn', 'Exists', 'DoesNotExist']);

/**
 * @param what whose selector it is, for the message
 * Throws ApplicationSetError `SET_INVALID`.
 */
export function selectorOf(selector: LabelSelector | undefined, what: string): KubeSelector {
  const wrong = selector?.matchExpressions?.find(({ operator }) => !OPERATORS.has(operator));
  if (wrong !== undefined) {
    throw new ApplicationSetError(
      'SET_INVALID',
      'on-change',
      `The selector of ${what}: "${wrong.operator.slice(0, 40)}" is no operator; use ${[...OPERATORS].join(', ')}`,
    );
  }
  return {
    ...(selector?.matchLabels === undefined ? {} : { matchLabels: selector.matchLabels }),
    matchExpressions: (selector?.matchExpressions ?? []) as readonly LabelRequirement[],
  };
}
