// The defaults of built-in kinds: which function serves which kind, and the steps around it.
import { gvkOf, type KubeObject } from '../../../k8s/index.ts';
import { addMandatory, dropOmitted } from '../normalize.ts';
import type { BuiltinKind } from '../types.ts';
import * as core from './core.ts';
import type { Fields } from './object.ts';
import { part } from './object.ts';
import { defaultPod, defaultPodTemplate } from './pod.ts';
import * as workloads from './workloads.ts';

const DEFAULTERS: Readonly<Record<string, (object: Fields) => void>> = {
  'v1/Endpoints': core.defaultEndpoints,
  'v1/LimitRange': core.defaultLimitRange,
  'v1/Namespace': core.defaultNamespace,
  'v1/PersistentVolume': core.defaultPersistentVolume,
  'v1/PersistentVolumeClaim': workloads.defaultClaim,
  'v1/Pod': defaultPod,
  'v1/PodTemplate': (object) => defaultPodTemplate(part(object, 'template')),
  'v1/ReplicationController': workloads.defaultReplicationController,
  'v1/Secret': core.defaultSecret,
  'v1/Service': core.defaultService,
  'admissionregistration.k8s.io/v1/MutatingWebhookConfiguration': core.defaultWebhooks,
  'admissionregistration.k8s.io/v1/ValidatingAdmissionPolicy': core.defaultAdmissionPolicy,
  'admissionregistration.k8s.io/v1/ValidatingAdmissionPolicyBinding': core.defaultAdmissionBinding,
  'admissionregistration.k8s.io/v1/ValidatingWebhookConfiguration': core.defaultWebhooks,
  'apiextensions.k8s.io/v1/CustomResourceDefinition': core.defaultCustomResourceDefinition,
  'apiregistration.k8s.io/v1/APIService': core.defaultApiService,
  'apps/v1/DaemonSet': workloads.defaultDaemonSet,
  'apps/v1/Deployment': workloads.defaultDeployment,
  'apps/v1/ReplicaSet': workloads.defaultReplicaSet,
  'apps/v1/StatefulSet': workloads.defaultStatefulSet,
  'autoscaling/v1/HorizontalPodAutoscaler': workloads.defaultAutoscalerV1,
  'autoscaling/v2/HorizontalPodAutoscaler': workloads.defaultAutoscaler,
  'batch/v1/CronJob': workloads.defaultCronJob,
  'batch/v1/Job': workloads.defaultJob,
  'discovery.k8s.io/v1/EndpointSlice': core.defaultEndpointSlice,
  'networking.k8s.io/v1/IngressClass': core.defaultIngressClass,
  'networking.k8s.io/v1/NetworkPolicy': core.defaultNetworkPolicy,
  'rbac.authorization.k8s.io/v1/ClusterRoleBinding': core.defaultRoleBinding,
  'rbac.authorization.k8s.io/v1/RoleBinding': core.defaultRoleBinding,
  'scheduling.k8s.io/v1/PriorityClass': core.defaultPriorityClass,
  'storage.k8s.io/v1/CSIDriver': core.defaultCsiDriver,
  'storage.k8s.io/v1/StorageClass': core.defaultStorageClass,
};

/**
 * Brings an object of a built-in kind into the form the server stores: defaults set, quantities canonical, empty
 * optional members gone, mandatory ones present. What a server allocates (addresses, ports, labels with uids) is
 * not set here.
 * @param object changed in place; unknown members are kept (see prune)
 * @returns the same object
 */
export function applyBuiltinDefaults(object: KubeObject, kind: BuiltinKind): KubeObject {
  const schema = kind.schema();
  dropOmitted(object, schema);
  const { apiVersion, kind: name } = object;
  const gv = gvkOf(object);
  DEFAULTERS[`${gv.group === '' ? gv.version : apiVersion}/${name}`]?.(object);
  addMandatory(object, schema);
  return object;
}
