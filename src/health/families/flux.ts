// Flux: sources, what is applied from them, image automation, notifications. All can be suspended in their spec.
import type { KubeObject } from '../../k8s/index.ts';
import type { Health } from '../../model/index.ts';
import { type Family, kinds } from '../family.ts';
import { conditionsOf, degraded, type HealthCheck, healthy, textAt } from '../read.ts';
import { byTable, pausedBy, pausedByAnnotation, readyOrFailed, when } from '../rules.ts';

const suspended = pausedBy('spec.suspend');

function reconciled(waiting: string, remedy: string): HealthCheck {
  return byTable({
    waiting,
    pause: suspended,
    rules: [
      when('Stalled=True', 'Degraded', `It is not tried again before the spec changes. ${remedy}`),
      when('Ready=False', 'Degraded', remedy),
      when('Ready=True', 'Healthy'),
      when('Ready', 'Progressing'),
    ],
  });
}

const fetched = reconciled(
  'Waiting for the source to be fetched',
  'Look at the address and the secret it names.',
);

/** A source is only of use when its artifact is stored as well. */
function source(object: KubeObject): Health | undefined {
  const health = fetched(object);
  if (health?.status !== 'Healthy') return health;
  const stored = conditionsOf(object).some(
    ({ type, status }) => type === 'ArtifactInStorage' && status === 'True',
  );
  return stored
    ? health
    : degraded('Fetched, but no artifact is stored. Look at the storage of the source controller');
}

/** Static since registries are read by OCI: the controller writes no status for it. */
function helmRepository(object: KubeObject): Health | undefined {
  const isOci = textAt(object, 'spec', 'type') === 'oci';
  return isOci && suspended(object) === undefined
    ? healthy('OCI registries are not fetched')
    : source(object);
}

/** An image policy is not ready between two scans. */
const imagePolicy = byTable({
  waiting: 'Waiting for the images to be read',
  pause: suspended,
  rules: [
    when('Ready=True', 'Healthy'),
    when('Reconciling=True:NewGeneration|AccessingRepository|ApplyingPolicy', 'Progressing'),
    when('Ready=False', 'Degraded', 'Look at the ImageRepository it names and at the rule of the policy.'),
    when('Ready', 'Progressing'),
  ],
});

/** Since v1beta3 these are configuration without a status. */
const notifier = byTable({
  waiting: '',
  pause: suspended,
  otherwise: 'Healthy',
  rules: [when('Ready=False', 'Degraded', 'Look at the address and the secret it names.')],
});

export const flux: Family = {
  name: 'Flux',
  checks: [
    kinds(
      'source.toolkit.fluxcd.io',
      'GitRepository OCIRepository HelmChart Bucket',
      'spec.suspend, conditions Ready, ArtifactInStorage',
      source,
    ),
    kinds(
      'source.toolkit.fluxcd.io',
      'HelmRepository',
      'as other sources; type oci is static',
      helmRepository,
    ),
    kinds('source.toolkit.fluxcd.io', 'ExternalArtifact', 'condition Ready', fetched),
    kinds(
      'kustomize.toolkit.fluxcd.io',
      'Kustomization',
      'spec.suspend, conditions Stalled, Ready',
      reconciled(
        'Waiting for the manifests to be applied',
        'Look at its source, and at what its inventory has unhealthy.',
      ),
    ),
    kinds(
      'helm.toolkit.fluxcd.io',
      'HelmRelease',
      'spec.suspend, conditions Stalled, Ready',
      reconciled(
        'Waiting for the release to be installed',
        'Look at its chart and values; `flux reconcile helmrelease --force` tries again.',
      ),
    ),
    kinds(
      'image.toolkit.fluxcd.io',
      'ImageRepository ImageUpdateAutomation',
      'spec.suspend, conditions Stalled, Ready',
      reconciled('Waiting for the first run', 'Look at the address and the secret it names.'),
    ),
    kinds('image.toolkit.fluxcd.io', 'ImagePolicy', 'conditions Reconciling, Ready', imagePolicy),
    kinds(
      'notification.toolkit.fluxcd.io',
      'Receiver',
      'condition Ready',
      reconciled('Waiting for the receiver to be set up', 'Look at the secret with its token.'),
    ),
    kinds('notification.toolkit.fluxcd.io', 'Alert Provider', 'spec.suspend, condition Ready', notifier),
    kinds(
      'fluxcd.controlplane.io',
      'FluxInstance ResourceSet ResourceSetInputProvider',
      'condition Ready',
      readyOrFailed(
        'Waiting for the Flux operator',
        'Look at the events of the object.',
        pausedByAnnotation('fluxcd.controlplane.io/reconcile', 'disabled'),
      ),
    ),
  ],
};
