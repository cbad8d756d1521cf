// Columns per built-in kind, in kubectl's order. Kinds without an entry show name and age.
import type { KubeObject } from '../../k8s/index.ts';
import { isRecord } from '../../lib/index.ts';
import type { ResourceType } from '../resource-type.ts';
import {
  accessModes,
  autoscalerTargets,
  endpointAddresses,
  eventObject,
  eventSource,
  externalAddress,
  ingressAddress,
  ingressHosts,
  jobCompletions,
  jobDuration,
  jobStatus,
  nodeAddress,
  nodeRoles,
  nodeStatus,
  roleReference,
  servicePorts,
  sliceEndpoints,
  slicePorts,
  subjects,
  volumePhase,
} from './cells.ts';
import type { Column } from './column.ts';
import {
  AGE,
  column,
  field,
  list,
  NAME,
  number,
  selectorOf,
  size,
  templateColumns,
  wide,
} from './columns.ts';
import { at, containers, count, pairs, records, selectorText, since, text } from './format.ts';
import { POD_COLUMNS } from './pod-columns.ts';

const DATA: readonly Column[] = [NAME, size('Data', 'data', 'binaryData'), AGE];
const ROLE: readonly Column[] = [
  NAME,
  { name: 'Created At', type: 'date', cell: ({ metadata }) => metadata.creationTimestamp ?? '<unknown>' },
];
const BINDING: readonly Column[] = [
  NAME,
  column('Role', roleReference),
  AGE,
  wide(column('Users', (object) => subjects(object, 'User'))),
  wide(column('Groups', (object) => subjects(object, 'Group'))),
  wide(column('ServiceAccounts', (object) => subjects(object, 'ServiceAccount'))),
];
const REPLICA_COUNTS: readonly Column[] = [
  NAME,
  number('Desired', 'spec.replicas'),
  number('Current', 'status.replicas'),
  number('Ready', 'status.readyReplicas'),
  AGE,
  ...templateColumns(),
];
const WEBHOOKS: readonly Column[] = [NAME, { ...size('Webhooks', 'webhooks'), type: 'integer' }, AGE];

const EVENT: readonly Column[] = [
  column('Last Seen', lastSeen),
  field('Type', 'type'),
  field('Reason', 'reason'),
  column('Object', eventObject),
  wide(field('Subobject', 'involvedObject.fieldPath')),
  wide(column('Source', eventSource)),
  column('Message', (event) => text(event, 'message').trim()),
  wide(column('First Seen', firstSeen)),
  wide({ name: 'Count', type: 'string', cell: (event) => count(event, 'count') || 1 }),
  wide(NAME),
];

function lastSeen(event: KubeObject, nowMs: number): string {
  const last = text(event, 'series.lastObservedTime', text(event, 'lastTimestamp', text(event, 'eventTime')));
  return since(last === '' ? firstTime(event) : last, nowMs);
}

function firstSeen(event: KubeObject, nowMs: number): string {
  return since(firstTime(event), nowMs);
}

function firstTime(event: KubeObject): string {
  return text(event, 'firstTimestamp', text(event, 'eventTime'));
}

/** By key in the store; cells read objects as they are stored. */
const COLUMNS: Readonly<Record<string, readonly Column[]>> = {
  pods: POD_COLUMNS,
  configmaps: DATA,
  secrets: [NAME, field('Type', 'type'), size('Data', 'data'), AGE],
  serviceaccounts: [NAME, AGE],
  podtemplates: [
    NAME,
    column('Containers', (object) => containers(object, 'template.spec.containers', 'name')),
    column('Images', (object) => containers(object, 'template.spec.containers', 'image')),
    column('Pod Labels', (object) => pairs(at(object, 'template.metadata.labels'))),
  ],
  namespaces: [NAME, field('Status', 'status.phase'), AGE],
  events: EVENT,
  nodes: [
    NAME,
    column('Status', nodeStatus),
    column('Roles', nodeRoles),
    AGE,
    field('Version', 'status.nodeInfo.kubeletVersion'),
    wide(column('Internal-IP', (node) => nodeAddress(node, 'InternalIP'))),
    wide(column('External-IP', (node) => nodeAddress(node, 'ExternalIP'))),
    wide(field('OS-Image', 'status.nodeInfo.osImage', '<unknown>')),
    wide(field('Kernel-Version', 'status.nodeInfo.kernelVersion', '<unknown>')),
    wide(field('Container-Runtime', 'status.nodeInfo.containerRuntimeVersion', '<unknown>')),
  ],
  services: [
    NAME,
    field('Type', 'spec.type'),
    field('Cluster-IP', 'spec.clusterIP', '<none>'),
    column('External-IP', externalAddress),
    column('Port(s)', servicePorts),
    AGE,
    wide(column('Selector', selectorOf)),
  ],
  endpoints: [NAME, column('Endpoints', endpointAddresses), AGE],
  'endpointslices.discovery.k8s.io': [
    NAME,
    field('AddressType', 'addressType'),
    column('Ports', slicePorts),
    column('Endpoints', sliceEndpoints),
    AGE,
  ],
  persistentvolumeclaims: [
    NAME,
    column('Status', volumePhase),
    field('Volume', 'spec.volumeName'),
    field('Capacity', 'status.capacity.storage'),
    column('Access Modes', (claim) => accessModes(claim, 'status.accessModes')),
    field('StorageClass', 'spec.storageClassName'),
    field('VolumeAttributesClass', 'spec.volumeAttributesClassName', '<unset>'),
    AGE,
    wide(field('VolumeMode', 'spec.volumeMode', '<unset>')),
  ],
  persistentvolumes: [
    NAME,
    field('Capacity', 'spec.capacity.storage'),
    column('Access Modes', (volume) => accessModes(volume, 'spec.accessModes')),
    field('Reclaim Policy', 'spec.persistentVolumeReclaimPolicy'),
    column('Status', volumePhase),
    column('Claim', (volume) => claimOf(volume)),
    field('StorageClass', 'spec.storageClassName'),
    field('VolumeAttributesClass', 'spec.volumeAttributesClassName', '<unset>'),
    field('Reason', 'status.reason'),
    AGE,
    wide(field('VolumeMode', 'spec.volumeMode', '<unset>')),
  ],
  replicationcontrollers: REPLICA_COUNTS,
  'replicasets.apps': REPLICA_COUNTS,
  'deployments.apps': [
    NAME,
    column('Ready', (object) => `${count(object, 'status.readyReplicas')}/${count(object, 'spec.replicas')}`),
    { ...number('Up-to-date', 'status.updatedReplicas'), type: 'string' },
    { ...number('Available', 'status.availableReplicas'), type: 'string' },
    AGE,
    ...templateColumns(),
  ],
  'statefulsets.apps': [
    NAME,
    column('Ready', (object) => `${count(object, 'status.readyReplicas')}/${count(object, 'spec.replicas')}`),
    AGE,
    ...templateColumns().slice(0, 2),
  ],
  'daemonsets.apps': [
    NAME,
    number('Desired', 'status.desiredNumberScheduled'),
    number('Current', 'status.currentNumberScheduled'),
    number('Ready', 'status.numberReady'),
    number('Up-to-date', 'status.updatedNumberScheduled'),
    number('Available', 'status.numberAvailable'),
    column('Node Selector', (object) => pairs(at(object, 'spec.template.spec.nodeSelector'))),
    AGE,
    ...templateColumns(),
  ],
  'controllerrevisions.apps': [
    NAME,
    column('Controller', ({ metadata }) => {
      const owner = metadata.ownerReferences?.find(({ controller }) => controller === true);
      return owner === undefined ? '<none>' : `${owner.kind.toLowerCase()}.apps/${owner.name}`;
    }),
    number('Revision', 'revision'),
    AGE,
  ],
  'jobs.batch': [
    NAME,
    column('Status', jobStatus),
    column('Completions', jobCompletions),
    column('Duration', jobDuration),
    AGE,
    ...templateColumns(),
  ],
  'cronjobs.batch': [
    NAME,
    field('Schedule', 'spec.schedule'),
    field('Timezone', 'spec.timeZone', '<none>'),
    {
      name: 'Suspend',
      type: 'boolean',
      cell: (object) => (at(object, 'spec.suspend') === true ? 'True' : 'False'),
    },
    { ...size('Active', 'status.active'), type: 'integer' },
    column('Last Schedule', (object, nowMs) => {
      const last = text(object, 'status.lastScheduleTime');
      return last === '' ? '<none>' : since(last, nowMs);
    }),
    AGE,
    ...templateColumns('spec.jobTemplate.spec.template.spec.containers'),
  ],
  'horizontalpodautoscalers.autoscaling': [
    NAME,
    column(
      'Reference',
      (object) => `${text(object, 'spec.scaleTargetRef.kind')}/${text(object, 'spec.scaleTargetRef.name')}`,
    ),
    column('Targets', autoscalerTargets),
    column('MinPods', (object) => text(object, 'spec.minReplicas', '<unset>')),
    { ...number('MaxPods', 'spec.maxReplicas'), type: 'string' },
    { ...number('Replicas', 'status.currentReplicas'), type: 'string' },
    AGE,
  ],
  'poddisruptionbudgets.policy': [
    NAME,
    field('Min Available', 'spec.minAvailable', 'N/A'),
    field('Max Unavailable', 'spec.maxUnavailable', 'N/A'),
    number('Allowed Disruptions', 'status.disruptionsAllowed'),
    AGE,
  ],
  'ingresses.networking.k8s.io': [
    NAME,
    field('Class', 'spec.ingressClassName', '<none>'),
    column('Hosts', ingressHosts),
    column('Address', ingressAddress),
    column('Ports', (object) => (records(object, 'spec.tls').length > 0 ? '80, 443' : '80')),
    AGE,
  ],
  'ingressclasses.networking.k8s.io': [
    NAME,
    field('Controller', 'spec.controller'),
    column('Parameters', (object) => {
      const { kind, name, apiGroup } = (at(object, 'spec.parameters') ?? {}) as Record<string, string>;
      if (kind === undefined) return '<none>';
      return apiGroup === undefined ? `${kind}/${name}` : `${kind}.${apiGroup}/${name}`;
    }),
    AGE,
  ],
  'networkpolicies.networking.k8s.io': [
    NAME,
    column('Pod-Selector', (object) => selectorText(at(object, 'spec.podSelector'))),
    AGE,
  ],
  'storageclasses.storage.k8s.io': [
    {
      ...NAME,
      cell(object) {
        const mark = object.metadata.annotations?.['storageclass.kubernetes.io/is-default-class'];
        return `${object.metadata.name ?? ''}${mark === 'true' ? ' (default)' : ''}`;
      },
    },
    field('Provisioner', 'provisioner'),
    field('ReclaimPolicy', 'reclaimPolicy', 'Delete'),
    field('VolumeBindingMode', 'volumeBindingMode', '<unset>'),
    column('AllowVolumeExpansion', (object) => at(object, 'allowVolumeExpansion') ?? false),
    AGE,
  ],
  'priorityclasses.scheduling.k8s.io': [
    NAME,
    number('Value', 'value'),
    { name: 'Global-Default', type: 'boolean', cell: (object) => at(object, 'globalDefault') ?? false },
    AGE,
    field('PreemptionPolicy', 'preemptionPolicy'),
  ],
  'leases.coordination.k8s.io': [NAME, field('Holder', 'spec.holderIdentity'), AGE],
  'roles.rbac.authorization.k8s.io': ROLE,
  'clusterroles.rbac.authorization.k8s.io': ROLE,
  'rolebindings.rbac.authorization.k8s.io': BINDING,
  'clusterrolebindings.rbac.authorization.k8s.io': BINDING,
  'customresourcedefinitions.apiextensions.k8s.io': ROLE,
  'apiservices.apiregistration.k8s.io': [
    NAME,
    column('Service', (object) => {
      const service = at(object, 'spec.service');
      return isRecord(service) ? `${String(service['namespace'])}/${String(service['name'])}` : 'Local';
    }),
    column('Available', (object) => {
      const available = records(object, 'status.conditions').find(({ type }) => type === 'Available');
      if (available === undefined) return 'Unknown';
      const { status, reason } = available;
      return status === 'True' ? 'True' : `${String(status)} (${String(reason)})`;
    }),
    AGE,
  ],
  'mutatingwebhookconfigurations.admissionregistration.k8s.io': WEBHOOKS,
  'validatingwebhookconfigurations.admissionregistration.k8s.io': WEBHOOKS,
  resourcequotas: [
    NAME,
    column('Request', (object) => quota(object, (name) => !name.startsWith('limits.'))),
    column('Limit', (object) => quota(object, (name) => name.startsWith('limits.'))),
    AGE,
  ],
  limitranges: ROLE,
  'csidrivers.storage.k8s.io': [
    NAME,
    column('AttachRequired', (object) => String(at(object, 'spec.attachRequired') ?? true)),
    column('PodInfoOnMount', (object) => String(at(object, 'spec.podInfoOnMount') ?? false)),
    list('Modes', 'spec.volumeLifecycleModes'),
    AGE,
  ],
  'runtimeclasses.node.k8s.io': [NAME, field('Handler', 'handler'), AGE],
};

function claimOf(volume: KubeObject): string {
  const claim = at(volume, 'spec.claimRef');
  return isRecord(claim) ? `${String(claim['namespace'])}/${String(claim['name'])}` : '';
}

function quota(object: KubeObject, wanted: (name: string) => boolean): string {
  const hard = at(object, 'status.hard');
  if (!isRecord(hard)) return '';
  return Object.keys(hard)
    .filter(wanted)
    .sort()
    .map((name) => `${name}: ${usedOf(object, name)}/${String(hard[name])}`)
    .join(', ');
}

// Names of quotas hold dots, so that they are no path.
function usedOf(object: KubeObject, name: string): string {
  const used = at(object, 'status.used');
  return isRecord(used) ? String(used[name] ?? '0') : '0';
}

const PLAIN: readonly Column[] = [NAME, AGE];

export function builtinColumns(type: ResourceType): readonly Column[] {
  return COLUMNS[type.typeKey] ?? PLAIN;
}
