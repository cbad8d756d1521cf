// What differs between kinds on the write path: who has a generation, what the server fills in or keeps. The common
// rules are in create.ts and update.ts.
import { hasSubresource, type ResourceType } from '../resource-type.ts';
import { prepareCrd } from './kinds/crd.ts';
import { prepareDaemonSet } from './kinds/daemon-set.ts';
import { prepareEvent } from './kinds/event.ts';
import { prepareJob } from './kinds/job.ts';
import { prepareNamespace } from './kinds/namespace.ts';
import { preparePod } from './kinds/pod.ts';
import { prepareBinding, prepareRole } from './kinds/rbac.ts';
import { prepareServiceAccountToken } from './kinds/secret.ts';
import { prepareService } from './kinds/service.ts';
import { prepareClaim, prepareVolume } from './kinds/volumes.ts';
import type { Prepare } from './prepare.ts';

const PREPARE: Readonly<Record<string, Prepare>> = {
  namespaces: prepareNamespace,
  pods: preparePod,
  events: prepareEvent,
  services: prepareService,
  secrets: prepareServiceAccountToken,
  persistentvolumeclaims: prepareClaim,
  persistentvolumes: prepareVolume,
  'daemonsets.apps': prepareDaemonSet,
  'jobs.batch': prepareJob,
  'customresourcedefinitions.apiextensions.k8s.io': prepareCrd,
  'roles.rbac.authorization.k8s.io': prepareRole,
  'clusterroles.rbac.authorization.k8s.io': prepareRole,
  'rolebindings.rbac.authorization.k8s.io': prepareBinding,
  'clusterrolebindings.rbac.authorization.k8s.io': prepareBinding,
};

export function prepareFor(type: ResourceType): Prepare | undefined {
  return type.custom ? undefined : PREPARE[type.typeKey];
}

/** Built-in kinds whose metadata.generation counts changes of their spec. */
const WITH_GENERATION: ReadonlySet<string> = new Set([
  'pods',
  'replicationcontrollers',
  'deployments.apps',
  'replicasets.apps',
  'statefulsets.apps',
  'daemonsets.apps',
  'jobs.batch',
  'cronjobs.batch',
  'ingresses.networking.k8s.io',
  'networkpolicies.networking.k8s.io',
  'ingressclasses.networking.k8s.io',
  'poddisruptionbudgets.policy',
  'customresourcedefinitions.apiextensions.k8s.io',
  'mutatingwebhookconfigurations.admissionregistration.k8s.io',
  'validatingwebhookconfigurations.admissionregistration.k8s.io',
  'validatingadmissionpolicies.admissionregistration.k8s.io',
  'validatingadmissionpolicybindings.admissionregistration.k8s.io',
  'flowschemas.flowcontrol.apiserver.k8s.io',
  'prioritylevelconfigurations.flowcontrol.apiserver.k8s.io',
  'resourceslices.resource.k8s.io',
  'endpointslices.discovery.k8s.io',
]);

export function hasGeneration(type: ResourceType): boolean {
  return type.custom || WITH_GENERATION.has(type.typeKey);
}

/** Kinds that start at generation 1 and stay there. */
const FIXED_GENERATION: ReadonlySet<string> = new Set(['podtemplates', 'priorityclasses.scheduling.k8s.io']);

/** The generation of a new object; kinds that do not count keep what the client says. */
export function firstGeneration(type: ResourceType, given: number | undefined): number | undefined {
  return hasGeneration(type) || FIXED_GENERATION.has(type.typeKey) ? 1 : given;
}

/** Kinds where a change of annotations or labels is a new generation too. */
const METADATA_COUNTS: Readonly<Record<string, readonly ('labels' | 'annotations')[]>> = {
  'deployments.apps': ['annotations'],
  'endpointslices.discovery.k8s.io': ['labels', 'annotations'],
};

/** Members of metadata whose change raises the generation. */
export function countedMetadata(type: ResourceType): readonly ('labels' | 'annotations')[] {
  return METADATA_COUNTS[type.typeKey] ?? [];
}

/** Kinds whose status a client may give on creation. */
const STATUS_ON_CREATE: ReadonlySet<string> = new Set([
  'nodes',
  'namespaces',
  'apiservices.apiregistration.k8s.io',
]);

export function dropsStatusOnCreate(type: ResourceType): boolean {
  return hasSubresource(type, 'status') && !STATUS_ON_CREATE.has(type.typeKey);
}

/** Kinds that are created by an update of a name that does not exist. */
const CREATE_ON_UPDATE: ReadonlySet<string> = new Set([
  'endpoints',
  'events',
  'limitranges',
  'services',
  'leases.coordination.k8s.io',
  'roles.rbac.authorization.k8s.io',
  'clusterroles.rbac.authorization.k8s.io',
  'rolebindings.rbac.authorization.k8s.io',
  'clusterrolebindings.rbac.authorization.k8s.io',
]);

export function createsOnUpdate(type: ResourceType): boolean {
  return CREATE_ON_UPDATE.has(type.typeKey);
}
