// PersistentVolumeClaim: bound, waiting for a volume, or bound to one that is lost.
import type { KubeObject } from '../k8s/index.ts';
import type { Health } from '../model/index.ts';
import { degraded, healthy, progressing, textAt, unknown } from './read.ts';

export function persistentVolumeClaimHealth(object: KubeObject): Health {
  const phase = textAt(object, 'status', 'phase');
  if (phase === 'Bound') return healthy();
  if (phase === 'Lost')
    return degraded('The bound volume is lost. Restore the volume, or delete the claim and restore its data');
  if (phase === 'Pending') return progressing(waiting(object));
  return unknown(phase === undefined ? 'No phase is reported' : `Phase is ${phase}`);
}

/** With volumeBindingMode WaitForFirstConsumer nothing happens before a pod uses the claim. */
function waiting(object: KubeObject): string {
  const name = textAt(object, 'spec', 'storageClassName');
  return name === undefined || name === ''
    ? 'Waiting for a volume. No storage class is named: look whether there is a default one'
    : `Waiting for a volume of class ${name}. It may wait for the first pod that uses the claim`;
}
