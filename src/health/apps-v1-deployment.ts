// apps Deployment: rolled out, rolling out, stuck past its deadline, or paused.
import type { KubeObject } from '../k8s/index.ts';
import type { Health } from '../model/index.ts';
import {
  at,
  conditionsOf,
  degraded,
  healthy,
  isUnobserved,
  numberAt,
  progressing,
  suspended,
} from './read.ts';

export function deploymentHealth(object: KubeObject): Health {
  if (at(object, 'spec', 'paused') === true) return suspended('Deployment is paused');
  if (isUnobserved(object))
    return progressing(`Waiting for generation ${object.metadata.generation} to be observed`);
  const stuck = conditionsOf(object).find(
    ({ type, reason }) => type === 'Progressing' && reason === 'ProgressDeadlineExceeded',
  );
  if (stuck !== undefined)
    return degraded(`Deployment "${object.metadata.name}" exceeded its progress deadline`);
  const count = (name: string): number => numberAt(object, 'status', name) ?? 0;
  const [wanted, updated, available] = [
    numberAt(object, 'spec', 'replicas') ?? 1,
    count('updatedReplicas'),
    count('availableReplicas'),
  ];
  if (updated < wanted)
    return progressing(
      `Waiting for rollout to finish: ${updated} of ${wanted} new replicas have been updated`,
    );
  const old = count('replicas') - updated;
  if (old > 0)
    return progressing(`Waiting for rollout to finish: ${old} old replicas are pending termination`);
  if (available < updated) {
    return progressing(
      `Waiting for rollout to finish: ${available} of ${updated} updated replicas are available`,
    );
  }
  return healthy();
}
