// PersistentVolumeClaim: bound, waiting for a volume, or bound to one that is lost.
import type { KubeObject } from '../k8s/index.ts';
import type { Health } from '../model/index.ts';
import { degraded, healthy, progressing, textAt, unknown } from './read.ts';

export function persistentVolumeClaimHealth(object: KubeObject): Health {
  const phase = textAt(object, 'status', 'phase');
  if (phase === 'Bound') return healthy();
  if (phase === 'Lost') return degraded('The bound volume is lost');
  if (phase === 'Pending') return progressing('Waiting for a volume');
  return unknown(phase === undefined ? 'No phase is reported' : `Phase is ${phase}`);
}
