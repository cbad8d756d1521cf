// Rules of built-in kinds that no schema states: names, references within an object, what may not change.
// Covers what people meet; a real server has more.
import { gvkOf, type KubeObject } from '../../../k8s/index.ts';
import type { Fields } from '../defaults/object.ts';
import { part } from '../defaults/object.ts';
import { type FieldError, invalid } from '../field-error.ts';
import { metadataErrors, type NameRule } from '../names.ts';
import { IMMUTABLE } from './checks.ts';
import * as config from './config.ts';
import * as network from './network.ts';
import { podErrors, podTemplateErrors, podUpdateErrors } from './pod.ts';
import * as workloads from './workloads.ts';

interface KindRules {
  readonly name?: NameRule;
  readonly check?: (object: Fields) => FieldError[];
  readonly update?: (after: Fields, before: Fields) => FieldError[];
}

const RULES: Readonly<Record<string, KindRules>> = {
  '/ConfigMap': { check: config.configMapErrors, update: config.configMapUpdateErrors },
  '/Namespace': { name: 'label' },
  '/PersistentVolumeClaim': { check: config.claimErrors, update: config.claimUpdateErrors },
  '/Pod': { check: podErrors, update: podUpdateErrors },
  '/PodTemplate': { check: (object) => podTemplateErrors(part(object, 'template'), 'template') },
  '/ResourceQuota': { check: config.quotaErrors },
  '/Secret': { check: config.secretErrors, update: config.secretUpdateErrors },
  '/Service': { name: 'label1035', check: network.serviceErrors, update: network.serviceUpdateErrors },
  'apiregistration.k8s.io/APIService': { name: 'path' },
  'apps/DaemonSet': { check: workloads.daemonSetErrors, update: workloads.selectorUpdateErrors },
  'apps/Deployment': { check: workloads.deploymentErrors, update: workloads.selectorUpdateErrors },
  'apps/ReplicaSet': { check: workloads.replicaSetErrors, update: workloads.selectorUpdateErrors },
  'apps/StatefulSet': { check: workloads.statefulSetErrors, update: workloads.statefulSetUpdateErrors },
  'autoscaling/HorizontalPodAutoscaler': { check: workloads.autoscalerErrors },
  'batch/CronJob': { check: workloads.cronJobErrors },
  'batch/Job': { check: workloads.jobErrors, update: workloads.jobUpdateErrors },
  'networking.k8s.io/Ingress': { check: network.ingressErrors },
  'networking.k8s.io/NetworkPolicy': { check: network.networkPolicyErrors },
  'policy/PodDisruptionBudget': { check: workloads.disruptionBudgetErrors },
  'rbac.authorization.k8s.io/ClusterRole': { name: 'path', check: config.roleErrors },
  'rbac.authorization.k8s.io/ClusterRoleBinding': {
    name: 'path',
    check: config.roleBindingErrors,
    update: config.roleBindingUpdateErrors,
  },
  'rbac.authorization.k8s.io/Role': { name: 'path', check: config.roleErrors },
  'rbac.authorization.k8s.io/RoleBinding': {
    name: 'path',
    check: config.roleBindingErrors,
    update: config.roleBindingUpdateErrors,
  },
  '/PersistentVolume': { update: config.volumeUpdateErrors },
  'coordination.k8s.io/Lease': { check: config.leaseErrors },
  'discovery.k8s.io/EndpointSlice': { update: network.endpointSliceUpdateErrors },
  'networking.k8s.io/IngressClass': { update: network.ingressClassUpdateErrors },
  'node.k8s.io/RuntimeClass': { update: config.runtimeClassUpdateErrors },
  'scheduling.k8s.io/PriorityClass': {
    check: config.priorityClassErrors,
    update: config.priorityClassUpdateErrors,
  },
  'storage.k8s.io/StorageClass': {
    check: config.storageClassErrors,
    update: config.storageClassUpdateErrors,
  },
};

const NONE: KindRules = {};

export interface BuiltinValidation {
  /** The object to be stored, defaults applied. */
  readonly object: KubeObject;
  /** The stored object on updates. */
  readonly before?: KubeObject;
  readonly namespaced: boolean;
  /** Checks of the spec are left out for changes of the status. */
  readonly subresource?: string;
}

/** Everything wrong with an object of a built-in kind, none when it may be stored. */
export function validateBuiltin({
  object,
  before,
  namespaced,
  subresource = '',
}: BuiltinValidation): FieldError[] {
  const { group, kind } = gvkOf(object);
  const rules = RULES[`${group}/${kind}`] ?? NONE;
  const errors = metadataErrors(object.metadata, { namespaced, name: rules.name ?? 'subdomain' });
  if (before !== undefined) errors.push(...metadataUpdateErrors(object, before));
  if (subresource === 'status') return errors;
  const binding =
    subresource === 'binding' || subresource === 'ephemeralcontainers' || subresource === 'resize';
  if (before !== undefined && !binding) errors.push(...(rules.update?.(object, before) ?? []));
  errors.push(...(rules.check?.(object) ?? []));
  return errors;
}

/** Checks of the metadata alone, for custom resources. */
export function validateCustomMetadata(
  object: KubeObject,
  before: KubeObject | undefined,
  namespaced: boolean,
): FieldError[] {
  const errors = metadataErrors(object.metadata, { namespaced, name: 'subdomain', anyFinalizer: true });
  return before === undefined ? errors : [...errors, ...metadataUpdateErrors(object, before)];
}

/** Members of metadata that stay for an object's life. creationTimestamp is taken from the stored object instead. */
const FIXED = ['name', 'namespace', 'uid', 'deletionTimestamp', 'deletionGracePeriodSeconds'] as const;

function metadataUpdateErrors(object: KubeObject, before: KubeObject): FieldError[] {
  const errors: FieldError[] = [];
  for (const name of FIXED) {
    const value = object.metadata[name];
    // A client that leaves a member out means to keep it.
    if (value === undefined || value === null || value === before.metadata[name]) continue;
    errors.push(invalid(`metadata.${name}`, value, IMMUTABLE));
  }
  return errors;
}
