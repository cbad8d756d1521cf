// Kubernetes IntOrString amounts such as maxSurge: a count or a percentage of a total.
import type { IntOrString } from './kinds.ts';

/** The count an amount stands for; percentages of `total` are rounded `up` or `down`. */
export function countOf(amount: IntOrString, total: number, round: 'up' | 'down'): number {
  if (typeof amount === 'number') return amount;
  if (!amount.endsWith('%')) return Number(amount) || 0;
  const exact = (Number(amount.slice(0, -1)) / 100) * total;
  // 33 % of 3 must not become 1 through binary fractions.
  const settled = Math.round(exact * 1e6) / 1e6;
  return round === 'up' ? Math.ceil(settled) : Math.floor(settled);
}
