// meta/v1 LabelSelector matching. Selectors reach this folder validated by the server.
import type { LabelSelector } from './kinds.ts';

export type SelectorLike = LabelSelector;

/** True when every label and expression of the selector holds. The empty selector matches everything. */
export function selectedBy(
  selector: SelectorLike,
  labels: Readonly<Record<string, string>> | undefined,
): boolean {
  for (const [key, value] of Object.entries(selector.matchLabels ?? {})) {
    if (labels?.[key] !== value) return false;
  }
  return (selector.matchExpressions ?? []).every((expression) => {
    const value = labels?.[expression.key];
    const listed = value !== undefined && (expression.values ?? []).includes(value);
    switch (expression.operator) {
      case 'In':
        return listed;
      case 'NotIn':
        return !listed;
      case 'Exists':
        return value !== undefined;
      case 'DoesNotExist':
        return value === undefined;
      default:
        return false;
    }
  });
}

/** True for a selector without any requirement. */
export function isEmptySelector(selector: SelectorLike | undefined): boolean {
  return (
    Object.keys(selector?.matchLabels ?? {}).length === 0 && (selector?.matchExpressions ?? []).length === 0
  );
}
