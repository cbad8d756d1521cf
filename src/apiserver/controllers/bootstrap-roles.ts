// The cluster roles users rely on and their bindings, with the rights they have on a Kubernetes cluster.
import type { KubeObject } from '../../k8s/index.ts';
import type { ResourceName } from '../internal-api.ts';

const GROUP = 'rbac.authorization.k8s.io';
const READ = 'get list watch';
const WRITE = 'create delete deletecollection patch update';
const ALL = `${READ} ${WRITE}`;
const SCALED = 'deployments deployments/scale replicasets replicasets/scale statefulsets statefulsets/scale';

/** [api groups, resources, verbs], each separated by spaces; `core` is the group without a name. */
type Row = readonly [groups: string, resources: string, verbs: string];

const VIEW: readonly Row[] = [
  [
    'core',
    'configmaps endpoints persistentvolumeclaims persistentvolumeclaims/status pods replicationcontrollers ' +
      'replicationcontrollers/scale serviceaccounts services services/status',
    READ,
  ],
  [
    'core',
    'bindings limitranges namespaces/status pods/log pods/status replicationcontrollers/status resourcequotas ' +
      'resourcequotas/status',
    READ,
  ],
  ['core', 'namespaces', READ],
  ['core events.k8s.io', 'events', READ],
  ['discovery.k8s.io', 'endpointslices', READ],
  [
    'apps',
    `controllerrevisions daemonsets daemonsets/status ${SCALED} deployments/status replicasets/status statefulsets/status`,
    READ,
  ],
  ['autoscaling', 'horizontalpodautoscalers horizontalpodautoscalers/status', READ],
  ['batch', 'cronjobs cronjobs/status jobs jobs/status', READ],
  ['policy', 'poddisruptionbudgets poddisruptionbudgets/status', READ],
  ['networking.k8s.io', 'ingresses ingresses/status networkpolicies', READ],
  ['resource.k8s.io', 'resourceclaims resourceclaims/status resourceclaimtemplates', READ],
];

const EDIT: readonly Row[] = [
  ['core', 'pods/attach pods/exec pods/portforward pods/proxy secrets services/proxy', READ],
  ['core', 'serviceaccounts', 'impersonate'],
  ['core', 'pods pods/attach pods/exec pods/portforward pods/proxy', WRITE],
  ['core', 'pods/eviction serviceaccounts/token', 'create'],
  [
    'core',
    'configmaps persistentvolumeclaims replicationcontrollers replicationcontrollers/scale secrets serviceaccounts ' +
      'services services/proxy',
    WRITE,
  ],
  ['core events.k8s.io', 'events', WRITE],
  ['apps', `daemonsets deployments/rollback ${SCALED}`, WRITE],
  ['autoscaling', 'horizontalpodautoscalers', WRITE],
  ['batch', 'cronjobs jobs', WRITE],
  ['policy', 'poddisruptionbudgets', WRITE],
  ['networking.k8s.io', 'ingresses networkpolicies', WRITE],
  ['coordination.k8s.io', 'leases', ALL],
  ['resource.k8s.io', 'resourceclaims resourceclaimtemplates', WRITE],
];

const ADMIN: readonly Row[] = [
  ['authorization.k8s.io', 'localsubjectaccessreviews', 'create'],
  [GROUP, 'rolebindings roles', ALL],
];

const BASIC_USER: readonly Row[] = [
  ['authorization.k8s.io', 'selfsubjectaccessreviews selfsubjectrulesreviews', 'create'],
  ['authentication.k8s.io', 'selfsubjectreviews', 'create'],
];

const HEALTH = '/healthz /livez /readyz /version /version/';
const DISCOVERY = `/api /api/* /apis /apis/* /openapi /openapi/* ${HEALTH}`;
const ISSUER_PATHS =
  '/.well-known/openid-configuration /.well-known/openid-configuration/ /openid/v1/jwks /openid/v1/jwks/';

interface Wanted {
  readonly type: ResourceName;
  readonly object: KubeObject;
}

export function bootstrapRoles(): Wanted[] {
  return [
    role('cluster-admin', [everything(), { nonResourceURLs: ['*'], verbs: ['*'] }]),
    aggregated('admin', 'admin'),
    aggregated('edit', 'edit', { [`${GROUP}/aggregate-to-admin`]: 'true' }),
    aggregated('view', 'view', { [`${GROUP}/aggregate-to-edit`]: 'true' }),
    role('system:aggregate-to-admin', rules(ADMIN), { [`${GROUP}/aggregate-to-admin`]: 'true' }),
    role('system:aggregate-to-edit', rules(EDIT), { [`${GROUP}/aggregate-to-edit`]: 'true' }),
    role('system:aggregate-to-view', rules(VIEW), { [`${GROUP}/aggregate-to-view`]: 'true' }),
    role('system:basic-user', rules(BASIC_USER)),
    role('system:discovery', [{ nonResourceURLs: DISCOVERY.split(' '), verbs: ['get'] }]),
    role('system:public-info-viewer', [{ nonResourceURLs: HEALTH.split(' '), verbs: ['get'] }]),
    role('system:service-account-issuer-discovery', [
      { nonResourceURLs: ISSUER_PATHS.split(' '), verbs: ['get'] },
    ]),
    binding('cluster-admin', ['system:masters']),
    binding('system:basic-user', ['system:authenticated']),
    binding('system:discovery', ['system:authenticated']),
    binding('system:public-info-viewer', ['system:authenticated', 'system:unauthenticated']),
    binding('system:service-account-issuer-discovery', ['system:serviceaccounts']),
  ];
}

function everything(): Record<string, unknown> {
  return { apiGroups: ['*'], resources: ['*'], verbs: ['*'] };
}

function rules(rows: readonly Row[]): Record<string, unknown>[] {
  return rows.map(([groups, resources, verbs]) => ({
    apiGroups: groups.split(' ').map((group) => (group === 'core' ? '' : group)),
    resources: resources.split(' ').sort(),
    verbs: verbs.split(' ').sort(),
  }));
}

function metadata(name: string, labels: Record<string, string> = {}): KubeObject['metadata'] {
  return {
    name,
    labels: { 'kubernetes.io/bootstrapping': 'rbac-defaults', ...labels },
    annotations: { 'rbac.authorization.kubernetes.io/autoupdate': 'true' },
  };
}

function role(name: string, ruleList: Record<string, unknown>[], labels?: Record<string, string>): Wanted {
  return {
    type: { group: GROUP, resource: 'clusterroles' },
    object: {
      apiVersion: `${GROUP}/v1`,
      kind: 'ClusterRole',
      metadata: metadata(name, labels),
      rules: ruleList,
    },
  };
}

function aggregated(name: string, from: string, labels?: Record<string, string>): Wanted {
  const wanted = role(name, [], labels);
  const selector = { matchLabels: { [`${GROUP}/aggregate-to-${from}`]: 'true' } };
  return { ...wanted, object: { ...wanted.object, aggregationRule: { clusterRoleSelectors: [selector] } } };
}

function binding(name: string, groups: readonly string[]): Wanted {
  return {
    type: { group: GROUP, resource: 'clusterrolebindings' },
    object: {
      apiVersion: `${GROUP}/v1`,
      kind: 'ClusterRoleBinding',
      metadata: metadata(name),
      roleRef: { apiGroup: GROUP, kind: 'ClusterRole', name },
      subjects: groups.map((group) => ({ apiGroup: GROUP, kind: 'Group', name: group })),
    },
  };
}
