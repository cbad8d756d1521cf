// Objects a new cluster has before anybody creates anything: namespaces, the API's own Service, priority classes,
// API services, roles.
import type { KubeObject } from '../../k8s/index.ts';
import type { Core } from '../core.ts';
import { groupsOf } from '../discovery/groups.ts';
import type { InternalApi, ResourceName } from '../internal-api.ts';
import { bootstrapRoles } from './bootstrap-roles.ts';

const NAMESPACES = ['default', 'kube-system', 'kube-public', 'kube-node-lease'];
export const API_ADDRESS = '10.96.0.1';

/** Creates what is absent; what exists stays as people left it. */
export function bootstrap(core: Core, api: InternalApi): void {
  for (const name of NAMESPACES) {
    createOnce(
      api,
      { group: '', resource: 'namespaces' },
      { apiVersion: 'v1', kind: 'Namespace', metadata: { name } },
    );
  }
  for (const { type, object } of [...bootstrapRoles(), ...priorityClasses(), ...apiServices(core)]) {
    createOnce(api, type, object);
  }
}

/** The `kubernetes` Service of the default namespace and its endpoints: how pods find the API. */
export function bootstrapService(
  api: InternalApi,
  address: { readonly host: string; readonly port: number },
): void {
  const labels = { component: 'apiserver', provider: 'kubernetes' };
  const metadata = { name: 'kubernetes', namespace: 'default', labels };
  createOnce(
    api,
    { group: '', resource: 'services' },
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata,
      spec: {
        clusterIP: API_ADDRESS,
        ports: [{ name: 'https', port: 443, protocol: 'TCP', targetPort: address.port }],
        sessionAffinity: 'None',
        type: 'ClusterIP',
        internalTrafficPolicy: 'Cluster',
      },
    },
  );
  createOnce(
    api,
    { group: 'discovery.k8s.io', resource: 'endpointslices' },
    {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: { ...metadata, labels: { 'kubernetes.io/service-name': 'kubernetes' } },
      addressType: 'IPv4',
      endpoints: [{ addresses: [address.host], conditions: { ready: true } }],
      ports: [{ name: 'https', port: address.port, protocol: 'TCP' }],
    },
  );
  const endpoints = { group: '', resource: 'endpoints' };
  createOnce(api, endpoints, {
    apiVersion: 'v1',
    kind: 'Endpoints',
    metadata: { ...metadata, labels: { 'endpointslice.kubernetes.io/skip-mirror': 'true' } },
    subsets: [
      { addresses: [{ ip: address.host }], ports: [{ name: 'https', port: address.port, protocol: 'TCP' }] },
    ],
  });
}

interface Wanted {
  readonly type: ResourceName;
  readonly object: KubeObject;
}

function priorityClasses(): Wanted[] {
  const type = { group: 'scheduling.k8s.io', resource: 'priorityclasses' };
  const make = (name: string, value: number, description: string): Wanted => ({
    type,
    object: {
      apiVersion: 'scheduling.k8s.io/v1',
      kind: 'PriorityClass',
      metadata: { name },
      value,
      description,
      preemptionPolicy: 'PreemptLowerPriority',
    },
  });
  return [
    make(
      'system-cluster-critical',
      2_000_000_000,
      'Used for system critical pods that must run in the cluster, but can be moved to another node if necessary.',
    ),
    make(
      'system-node-critical',
      2_000_001_000,
      'Used for system critical pods that must not be moved from their current node.',
    ),
  ];
}

function apiServices({ registry }: Core): Wanted[] {
  return groupsOf(registry).flatMap(({ group, versions }) =>
    versions.map((version) => ({
      type: { group: 'apiregistration.k8s.io', resource: 'apiservices' },
      object: {
        apiVersion: 'apiregistration.k8s.io/v1',
        kind: 'APIService',
        metadata: {
          name: `${version}.${group}`,
          labels: { 'kube-aggregator.kubernetes.io/automanaged': 'onstart' },
        },
        spec: {
          ...(group === '' ? {} : { group }),
          version,
          groupPriorityMinimum: group === '' ? 18_000 : 17_500,
          versionPriority: version === 'v1' ? 15 : 30,
        },
      },
    })),
  );
}

function createOnce(api: InternalApi, type: ResourceName, object: KubeObject): void {
  const { namespace = '', name = '' } = object.metadata;
  if (api.get(type, namespace, name) === undefined) api.create(type, object);
}
