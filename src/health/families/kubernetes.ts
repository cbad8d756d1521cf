// What a Kubernetes cluster has of itself. The workloads have a file each; the rest is short.
import type { KubeObject } from '../../k8s/index.ts';
import type { Health } from '../../model/index.ts';
import { customResourceDefinitionHealth } from '../apiextensions-custom-resource-definition.ts';
import { apiServiceHealth } from '../apiregistration-api-service.ts';
import { daemonSetHealth } from '../apps-v1-daemon-set.ts';
import { deploymentHealth } from '../apps-v1-deployment.ts';
import { replicaSetHealth } from '../apps-v1-replica-set.ts';
import { statefulSetHealth } from '../apps-v1-stateful-set.ts';
import { horizontalPodAutoscalerHealth } from '../autoscaling-horizontal-pod-autoscaler.ts';
import { cronJobHealth } from '../batch-v1-cron-job.ts';
import { jobHealth } from '../batch-v1-job.ts';
import { persistentVolumeClaimHealth } from '../core-v1-persistent-volume-claim.ts';
import { podHealth } from '../core-v1-pod.ts';
import { serviceHealth } from '../core-v1-service.ts';
import { type Family, kinds } from '../family.ts';
import { ingressHealth } from '../networking-v1-ingress.ts';
import { podDisruptionBudgetHealth } from '../policy-v1-pod-disruption-budget.ts';
import { at, cause, conditionsOf, degraded, healthy, progressing, textAt, withRemedy } from '../read.ts';
import { byPhase, byTable, when } from '../rules.ts';

/** The server sets the phase with the creation; simulations may not. */
function namespace(object: KubeObject): Health | undefined {
  const phase = textAt(object, 'status', 'phase');
  if (phase === undefined) return undefined;
  return phase === 'Terminating' ? progressing('The namespace is being deleted') : healthy();
}

const KUBELET = 'Look at the kubelet of the node.';

/** A node that is cordoned on purpose takes no new pods, which is not a fault. */
const node = byTable({
  waiting: 'Waiting for the kubelet to report',
  rules: [
    when('Ready=False', 'Degraded', KUBELET),
    when('Ready=Unknown', 'Degraded', 'The kubelet does not answer: look at the machine and its network.'),
    ...['MemoryPressure', 'DiskPressure', 'PIDPressure', 'NetworkUnavailable'].map((type) =>
      when(`${type}=True`, 'Degraded', KUBELET),
    ),
    when('Ready=True', 'Healthy'),
  ],
  pause: (object) =>
    at(object, 'spec', 'unschedulable') === true && isReady(object)
      ? 'Cordoned: it takes no new pods. `kubectl uncordon` ends it'
      : undefined,
});

function isReady(object: KubeObject): boolean {
  return conditionsOf(object).some(({ type, status }) => type === 'Ready' && status === 'True');
}

const persistentVolume = byPhase({
  path: 'status.phase',
  phases: { Healthy: 'Available|Bound', Suspended: 'Released', Degraded: 'Failed', Progressing: 'Pending' },
  message: ['status.message', 'status.reason'],
  waiting: 'Waiting for the volume to be looked at',
  remedy: 'It could not be reclaimed: look at the log of its driver.',
});

function signingRequest(object: KubeObject): Health {
  const conditions = conditionsOf(object);
  const refused = conditions.find(({ type }) => type === 'Denied' || type === 'Failed');
  if (refused !== undefined)
    return degraded(withRemedy(cause(refused), 'Look at its signer and its usages.'));
  if ((textAt(object, 'status', 'certificate') ?? '') !== '') return healthy();
  return conditions.some(({ type }) => type === 'Approved')
    ? progressing('Approved; waiting for the signer')
    : progressing('Waiting for approval: `kubectl certificate approve`');
}

function volumeSnapshot(object: KubeObject): Health {
  const error = textAt(object, 'status', 'error', 'message') ?? '';
  if (at(object, 'status', 'readyToUse') === true) return healthy();
  return error === ''
    ? progressing('Waiting for the snapshot to be taken')
    : degraded(withRemedy(error, 'Look at its class and the log of its driver.'));
}

function volumeAttachment(object: KubeObject): Health {
  if (at(object, 'status', 'attached') === true) return healthy();
  const error =
    textAt(object, 'status', 'attachError', 'message') ?? textAt(object, 'status', 'detachError', 'message');
  return error === undefined
    ? progressing('Waiting for the volume to be attached')
    : degraded(withRemedy(error, 'Look at the node and the log of the driver.'));
}

const verticalPodAutoscaler = byTable({
  waiting: 'Waiting for a recommendation',
  rules: [
    when('NoPodsMatched=True', 'Degraded', 'Look at spec.targetRef.'),
    when('RecommendationProvided=True', 'Healthy'),
  ],
});

const flowSchema = byTable({
  waiting: 'Waiting for its priority level to be looked up',
  rules: [
    when('Dangling=True', 'Degraded', 'Create the PriorityLevelConfiguration it names.'),
    when('Dangling=False', 'Healthy'),
  ],
});

const migration = byTable({
  waiting: 'Waiting for the migration to start',
  rules: [
    when('Failed=True', 'Degraded', 'Look at the objects that could not be written again.'),
    when('Succeeded=True', 'Healthy'),
    when('Running=True', 'Progressing'),
  ],
});

const WORKLOAD = 'generation, replicas';

export const kubernetes: Family = {
  name: 'Kubernetes',
  checks: [
    kinds('apps', 'Deployment', 'spec.paused, generation, deadline, replicas', deploymentHealth),
    kinds('apps', 'StatefulSet', 'generation, replicas, revisions, partition', statefulSetHealth),
    kinds('apps', 'ReplicaSet', 'generation, condition ReplicaFailure, replicas', replicaSetHealth),
    kinds('apps', 'DaemonSet', WORKLOAD, daemonSetHealth),
    kinds('', 'ReplicationController', 'as ReplicaSet', replicaSetHealth),
    kinds('', 'Pod', 'phase, containers, condition Ready', podHealth),
    kinds('', 'Service', 'addresses of a load balancer', serviceHealth),
    kinds('', 'PersistentVolumeClaim', 'status.phase', persistentVolumeClaimHealth),
    kinds('', 'PersistentVolume', 'status.phase', persistentVolume),
    kinds('', 'Namespace', 'status.phase', namespace),
    kinds('', 'Node', 'spec.unschedulable, conditions Ready and of pressure', node),
    kinds('batch', 'Job', 'conditions Failed, Complete, Suspended', jobHealth),
    kinds('batch', 'CronJob', 'spec.suspend, last run', cronJobHealth),
    kinds('networking.k8s.io', 'Ingress', 'addresses', ingressHealth),
    kinds('extensions', 'Ingress', 'addresses', ingressHealth),
    kinds('autoscaling', 'HorizontalPodAutoscaler', 'conditions', horizontalPodAutoscalerHealth),
    kinds(
      'autoscaling.k8s.io',
      'VerticalPodAutoscaler',
      'conditions NoPodsMatched, RecommendationProvided',
      verticalPodAutoscaler,
    ),
    kinds('policy', 'PodDisruptionBudget', 'condition DisruptionAllowed', podDisruptionBudgetHealth),
    kinds('apiregistration.k8s.io', 'APIService', 'condition Available', apiServiceHealth),
    kinds(
      'apiextensions.k8s.io',
      'CustomResourceDefinition',
      'conditions NamesAccepted, NonStructuralSchema, Established',
      customResourceDefinitionHealth,
    ),
    kinds(
      'certificates.k8s.io',
      'CertificateSigningRequest',
      'conditions Denied, Failed, Approved; certificate',
      signingRequest,
    ),
    kinds(
      'snapshot.storage.k8s.io',
      'VolumeSnapshot VolumeSnapshotContent',
      'status.readyToUse, status.error',
      volumeSnapshot,
    ),
    kinds('storage.k8s.io', 'VolumeAttachment', 'status.attached and its errors', volumeAttachment),
    kinds('flowcontrol.apiserver.k8s.io', 'FlowSchema', 'condition Dangling', flowSchema),
    kinds(
      'storagemigration.k8s.io',
      'StorageVersionMigration',
      'conditions Failed, Succeeded, Running',
      migration,
    ),
  ],
};
