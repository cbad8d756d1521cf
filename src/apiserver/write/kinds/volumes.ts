// Claims and volumes: the finalizers that keep them while they are in use; the volume controller takes them off.
import type { KubeObject } from '../../../k8s/index.ts';
import { isRecord, rfc3339 } from '../../../lib/index.ts';
import type { Prepare } from '../prepare.ts';

const DEFAULT_CLASS = 'storageclass.kubernetes.io/is-default-class';

export const prepareClaim: Prepare = ({ core }, object, old) => {
  if (old !== undefined) return;
  withFinalizer(object, 'kubernetes.io/pvc-protection');
  object['status'] = { phase: 'Pending' };
  const spec = isRecord(object['spec']) ? object['spec'] : {};
  if (spec['storageClassName'] !== undefined && spec['storageClassName'] !== null) return;
  const chosen = core.store
    .collection('storageclasses.storage.k8s.io')
    .list()
    .filter(({ object: { metadata } }) => metadata.annotations?.[DEFAULT_CLASS] === 'true')
    .at(-1);
  if (chosen !== undefined) object['spec'] = { ...spec, storageClassName: chosen.object.metadata.name };
};

export const prepareVolume: Prepare = ({ core }, object, old) => {
  if (old !== undefined) return;
  withFinalizer(object, 'kubernetes.io/pv-protection');
  object['status'] = { phase: 'Pending', lastPhaseTransitionTime: rfc3339(core.clock.now()) };
};

function withFinalizer(object: KubeObject, finalizer: string): void {
  const finalizers = object.metadata.finalizers ?? [];
  if (finalizers.includes(finalizer)) return;
  object.metadata = { ...object.metadata, finalizers: [...finalizers, finalizer] };
}
