// apps Deployment: rolled out, rolling out, stuck past its deadline, or paused.
import type { KubeObject } from '../k8s/index.ts';
import type { Health } from '../model/index.ts';
import {
  at,
  conditionsOf,
  degraded,
  generationOf,
  healthy,
  isUnobserved,
  numberAt,
  progressing,
  suspended,
  withRemedy,
} from './read.ts';

export function deploymentHealth(object: KubeObject): Health {
  if (at(object, 'spec', 'paused') === true)
    return suspended('Paused by spec.paused. Set it to false to go on');
  if (isUnobserved(object))
    return progressing(`Waiting for generation ${generationOf(object)} to be observed`);
  const stuck = conditionsOf(object).find(
    ({ type, reason }) => type === 'Progressing' && reason === 'ProgressDeadlineExceeded',
  );
  if (stuck !== undefined)
    return degraded(
      withRemedy(
        stuck.message || 'It exceeded its progress deadline',
        'Look at its newest ReplicaSet and pods.',
      ),
    );
  const count = (name: string): number => numberAt(object, 'status', name) ?? 0;
  const [wanted, updated, available] = [
    numberAt(object, 'spec', 'replicas') ?? 1,
    count('updatedReplicas'),
    count('availableReplicas'),
  ];
  if (updated < wanted)
    return progressing(
      `Waiting for rollout to finish: ${updated} of ${wanted} new replicas have been updated${refusal(object)}`,
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

/** Why pods are not even created, such as a quota or an admission webhook. */
function refusal(object: KubeObject): string {
  const failure = conditionsOf(object).find(
    ({ type, status }) => type === 'ReplicaFailure' && status === 'True',
  );
  return failure === undefined ? '' : `. Pods are refused: ${failure.message || failure.reason}`;
}
