// apps StatefulSet: pods ready and on the current revision, as far as its update strategy goes.
import type { KubeObject } from '../k8s/index.ts';
import type { Health } from '../model/index.ts';
import { generationOf, healthy, isUnobserved, numberAt, progressing, textAt } from './read.ts';

export function statefulSetHealth(object: KubeObject): Health {
  if (numberAt(object, 'status', 'observedGeneration') === undefined || isUnobserved(object)) {
    return progressing(`Waiting for generation ${generationOf(object) || 1} to be observed`);
  }
  const wanted = numberAt(object, 'spec', 'replicas') ?? 1;
  const ready = numberAt(object, 'status', 'readyReplicas') ?? 0;
  const updated = numberAt(object, 'status', 'updatedReplicas') ?? 0;
  if (ready < wanted) return progressing(`Waiting for ${wanted - ready} of ${wanted} pods to be ready`);
  if (textAt(object, 'spec', 'updateStrategy', 'type') === 'OnDelete')
    return healthy(`${ready} pods are ready`);
  const partition = numberAt(object, 'spec', 'updateStrategy', 'rollingUpdate', 'partition');
  if (partition !== undefined && partition > 0) {
    return updated < wanted - partition
      ? progressing(
          `Waiting for partitioned rollout to finish: ${updated} of ${wanted - partition} new pods have been updated`,
        )
      : healthy(`Partitioned rollout complete: ${updated} new pods have been updated`);
  }
  const [current, next] = [
    textAt(object, 'status', 'currentRevision'),
    textAt(object, 'status', 'updateRevision'),
  ];
  if (next !== undefined && current !== next && updated < wanted) {
    return progressing(
      `Waiting for rolling update to finish: ${updated} of ${wanted} pods are at revision ${next}`,
    );
  }
  return healthy();
}
