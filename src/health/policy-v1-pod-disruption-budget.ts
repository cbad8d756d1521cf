// policy PodDisruptionBudget: its controller can compute it. Allowing no disruption is a legitimate state.
import type { KubeObject } from '../k8s/index.ts';
import type { Health } from '../model/index.ts';
import { cause, conditionsOf, degraded, healthy, progressing, withRemedy } from './read.ts';

export function podDisruptionBudgetHealth(object: KubeObject): Health {
  const conditions = conditionsOf(object);
  const broken = conditions.find(({ status, reason }) => status === 'False' && reason !== 'InsufficientPods');
  if (broken !== undefined)
    return degraded(withRemedy(cause(broken), 'Look at the pods it selects and their owner.'));
  const [first] = conditions;
  return first === undefined ? progressing('Waiting for status') : healthy(first.reason);
}
