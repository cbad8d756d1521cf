// apps DaemonSet: every node that should run a pod runs an available one of the present template.
import type { KubeObject } from '../k8s/index.ts';
import type { Health } from '../model/index.ts';
import { generationOf, healthy, isUnobserved, numberAt, progressing, textAt } from './read.ts';

export function daemonSetHealth(object: KubeObject): Health {
  if (isUnobserved(object))
    return progressing(`Waiting for generation ${generationOf(object)} to be observed`);
  const count = (name: string): number => numberAt(object, 'status', name) ?? 0;
  const [wanted, updated, available] = [
    count('desiredNumberScheduled'),
    count('updatedNumberScheduled'),
    count('numberAvailable'),
  ];
  if (textAt(object, 'spec', 'updateStrategy', 'type') === 'OnDelete')
    return healthy(`${updated} of ${wanted} pods have been updated`);
  if (updated < wanted)
    return progressing(`Waiting for rollout to finish: ${updated} of ${wanted} new pods have been updated`);
  if (available < wanted)
    return progressing(`Waiting for rollout to finish: ${available} of ${wanted} updated pods are available`);
  return healthy();
}
