// The default storage class of the simulated cluster.
import type { KubeObject } from '../../k8s/index.ts';

/** `provisioner` of volumes made here. */
export const provisioner = 'simulate.fairlead.dev/volumes';
export const defaultClassAnnotation = 'storageclass.kubernetes.io/is-default-class';

export const defaultStorageClass: KubeObject = {
  apiVersion: 'storage.k8s.io/v1',
  kind: 'StorageClass',
  metadata: { name: 'standard', annotations: { [defaultClassAnnotation]: 'true' } },
  provisioner,
  reclaimPolicy: 'Delete',
  volumeBindingMode: 'Immediate',
  allowVolumeExpansion: true,
};
