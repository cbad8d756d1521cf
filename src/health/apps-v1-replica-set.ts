// apps ReplicaSet: its pods exist and are available.
import type { KubeObject } from '../k8s/index.ts';
import type { Health } from '../model/index.ts';
import {
  conditionsOf,
  degraded,
  generationOf,
  healthy,
  isUnobserved,
  numberAt,
  progressing,
  withRemedy,
} from './read.ts';

export function replicaSetHealth(object: KubeObject): Health {
  if (isUnobserved(object))
    return progressing(`Waiting for generation ${generationOf(object)} to be observed`);
  const failure = conditionsOf(object).find(
    ({ type, status }) => type === 'ReplicaFailure' && status === 'True',
  );
  if (failure !== undefined)
    return degraded(
      withRemedy(failure.message || failure.reason, 'Look at quotas, limits and admission webhooks.'),
    );
  const wanted = numberAt(object, 'spec', 'replicas') ?? 1;
  const available = numberAt(object, 'status', 'availableReplicas') ?? 0;
  return available < wanted
    ? progressing(`Waiting for rollout to finish: ${available} of ${wanted} replicas are available`)
    : healthy();
}
