// Objects the other sequences use, as small as a server accepts them, and their paths.

export const paths = {
  configMaps: '/api/v1/namespaces/{ns}/configmaps',
  secrets: '/api/v1/namespaces/{ns}/secrets',
  services: '/api/v1/namespaces/{ns}/services',
  pods: '/api/v1/namespaces/{ns}/pods',
  serviceAccounts: '/api/v1/namespaces/{ns}/serviceaccounts',
  deployments: '/apis/apps/v1/namespaces/{ns}/deployments',
  namespaces: '/api/v1/namespaces',
  crds: '/apis/apiextensions.k8s.io/v1/customresourcedefinitions',
} as const;

type Json = Record<string, unknown>;

export function configMap(name: string, more: Json = {}): Json {
  const { metadata, ...rest } = more;
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name, ...(metadata as Json | undefined) },
    data: { a: '1' },
    ...rest,
  };
}

export function podSpec(more: Json = {}): Json {
  return { containers: [{ name: 'main', image: 'nginx:1.27' }], ...more };
}

export function template(labels: Json, spec: Json = podSpec()): Json {
  return { metadata: { labels }, spec };
}

/** Without replicas, so that no controller makes anything of it. */
export function deployment(name: string, spec: Json = {}): Json {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name },
    spec: {
      replicas: 0,
      paused: true,
      selector: { matchLabels: { app: name } },
      template: template({ app: name }),
      ...spec,
    },
  };
}

export function pod(name: string, spec: Json = podSpec(), metadata: Json = {}): Json {
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name, ...metadata }, spec };
}

interface Kind {
  readonly path: string;
  readonly object: Json;
  /** A merge patch that changes it. */
  readonly change: Json;
}

const selector = { matchLabels: { app: 'x' } };
const meta = { name: 'x-{id}' };

/** One small object of many built-in kinds. */
export const kinds: Readonly<Record<string, Kind>> = {
  ConfigMap: { path: paths.configMaps, object: configMap('x-{id}'), change: { data: { b: '2' } } },
  Secret: {
    path: paths.secrets,
    object: {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: meta,
      stringData: { a: 'text' },
      data: { b: 'Yg==' },
    },
    change: { stringData: { c: 'more' } },
  },
  Service: {
    path: paths.services,
    object: {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: meta,
      spec: { ports: [{ port: 80 }], selector: { app: 'x' } },
    },
    change: { spec: { sessionAffinity: 'ClientIP' } },
  },
  'Service headless': {
    path: paths.services,
    object: {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: meta,
      spec: { clusterIP: 'None', ports: [{ name: 'a', port: 80, targetPort: 'http' }] },
    },
    change: { spec: { publishNotReadyAddresses: true } },
  },
  'Service of external name': {
    path: paths.services,
    object: {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: meta,
      spec: { type: 'ExternalName', externalName: 'example.com' },
    },
    change: { spec: { externalName: 'other.example.com' } },
  },
  'Service of node ports': {
    path: paths.services,
    object: {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: meta,
      spec: {
        type: 'NodePort',
        ports: [
          { name: 'http', port: 80, targetPort: 8080 },
          { name: 'dns', port: 53, protocol: 'UDP' },
        ],
        selector: { app: 'x' },
      },
    },
    change: { spec: { externalTrafficPolicy: 'Local' } },
  },
  'Service of a load balancer': {
    path: paths.services,
    object: {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: meta,
      spec: { type: 'LoadBalancer', ports: [{ port: 443 }], selector: { app: 'x' } },
    },
    change: { spec: { loadBalancerSourceRanges: ['192.168.0.0/16'] } },
  },
  ServiceAccount: {
    path: paths.serviceAccounts,
    object: { apiVersion: 'v1', kind: 'ServiceAccount', metadata: meta },
    change: { automountServiceAccountToken: false },
  },
  Pod: {
    path: paths.pods,
    object: pod('x-{id}'),
    change: { metadata: { labels: { a: 'b' } } },
  },
  PersistentVolumeClaim: {
    path: '/api/v1/namespaces/{ns}/persistentvolumeclaims',
    object: {
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: meta,
      spec: {
        accessModes: ['ReadWriteOnce'],
        resources: { requests: { storage: '1Gi' } },
        storageClassName: 'none',
      },
    },
    change: { metadata: { labels: { a: 'b' } } },
  },
  PersistentVolume: {
    path: '/api/v1/persistentvolumes',
    object: {
      apiVersion: 'v1',
      kind: 'PersistentVolume',
      metadata: meta,
      spec: {
        capacity: { storage: '1024Mi' },
        accessModes: ['ReadWriteOnce'],
        hostPath: { path: '/tmp' },
        storageClassName: 'none-{id}',
      },
    },
    change: { metadata: { labels: { a: 'b' } } },
  },
  LimitRange: {
    path: '/api/v1/namespaces/{ns}/limitranges',
    object: {
      apiVersion: 'v1',
      kind: 'LimitRange',
      metadata: meta,
      spec: { limits: [{ type: 'Container', max: { cpu: '1000m' }, default: { memory: '1024Ki' } }] },
    },
    change: { metadata: { labels: { a: 'b' } } },
  },
  ResourceQuota: {
    path: '/api/v1/namespaces/{ns}/resourcequotas',
    object: {
      apiVersion: 'v1',
      kind: 'ResourceQuota',
      metadata: meta,
      spec: { hard: { 'requests.example.com/foo': '0.5k' } },
    },
    change: { metadata: { labels: { a: 'b' } } },
  },
  Deployment: {
    path: paths.deployments,
    object: deployment('x-{id}'),
    change: { spec: { minReadySeconds: 5 } },
  },
  ReplicaSet: {
    path: '/apis/apps/v1/namespaces/{ns}/replicasets',
    object: {
      apiVersion: 'apps/v1',
      kind: 'ReplicaSet',
      metadata: meta,
      spec: { replicas: 0, selector, template: template({ app: 'x' }) },
    },
    change: { spec: { minReadySeconds: 5 } },
  },
  StatefulSet: {
    path: '/apis/apps/v1/namespaces/{ns}/statefulsets',
    object: {
      apiVersion: 'apps/v1',
      kind: 'StatefulSet',
      metadata: meta,
      spec: { replicas: 0, serviceName: 'x', selector, template: template({ app: 'x' }) },
    },
    change: { spec: { minReadySeconds: 5 } },
  },
  DaemonSet: {
    path: '/apis/apps/v1/namespaces/{ns}/daemonsets',
    object: {
      apiVersion: 'apps/v1',
      kind: 'DaemonSet',
      metadata: meta,
      spec: { selector, template: template({ app: 'x' }) },
    },
    change: { spec: { minReadySeconds: 5 } },
  },
  Job: {
    path: '/apis/batch/v1/namespaces/{ns}/jobs',
    object: {
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: meta,
      spec: { suspend: true, template: { spec: podSpec({ restartPolicy: 'Never' }) } },
    },
    change: { spec: { ttlSecondsAfterFinished: 100 } },
  },
  CronJob: {
    path: '/apis/batch/v1/namespaces/{ns}/cronjobs',
    object: {
      apiVersion: 'batch/v1',
      kind: 'CronJob',
      metadata: meta,
      spec: {
        suspend: true,
        schedule: '0 0 1 1 *',
        jobTemplate: { spec: { template: { spec: podSpec({ restartPolicy: 'OnFailure' }) } } },
      },
    },
    change: { spec: { successfulJobsHistoryLimit: 1 } },
  },
  Ingress: {
    path: '/apis/networking.k8s.io/v1/namespaces/{ns}/ingresses',
    object: {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'Ingress',
      metadata: meta,
      spec: {
        rules: [
          {
            host: 'a.example.com',
            http: {
              paths: [
                { path: '/', pathType: 'Prefix', backend: { service: { name: 'x', port: { number: 80 } } } },
              ],
            },
          },
        ],
      },
    },
    change: { spec: { ingressClassName: 'nginx' } },
  },
  IngressClass: {
    path: '/apis/networking.k8s.io/v1/ingressclasses',
    object: {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'IngressClass',
      metadata: meta,
      spec: { controller: 'example.com/ingress' },
    },
    change: { metadata: { labels: { a: 'b' } } },
  },
  NetworkPolicy: {
    path: '/apis/networking.k8s.io/v1/namespaces/{ns}/networkpolicies',
    object: {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata: meta,
      spec: { podSelector: {}, ingress: [{ ports: [{ port: 80 }] }] },
    },
    change: { spec: { policyTypes: ['Ingress', 'Egress'] } },
  },
  Role: {
    path: '/apis/rbac.authorization.k8s.io/v1/namespaces/{ns}/roles',
    object: {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'Role',
      metadata: meta,
      rules: [{ apiGroups: [''], resources: ['pods'], verbs: ['get'] }],
    },
    change: { rules: [] },
  },
  RoleBinding: {
    path: '/apis/rbac.authorization.k8s.io/v1/namespaces/{ns}/rolebindings',
    object: {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'RoleBinding',
      metadata: meta,
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'x' },
      subjects: [
        { kind: 'ServiceAccount', name: 'a', namespace: 'b' },
        { kind: 'User', name: 'c' },
      ],
    },
    change: { subjects: null },
  },
  ClusterRole: {
    path: '/apis/rbac.authorization.k8s.io/v1/clusterroles',
    object: {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRole',
      metadata: meta,
      rules: [{ nonResourceURLs: ['/healthz'], verbs: ['get'] }],
    },
    change: { rules: [] },
  },
  ClusterRoleBinding: {
    path: '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings',
    object: {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRoleBinding',
      metadata: meta,
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'x' },
      subjects: [{ kind: 'Group', name: 'g' }],
    },
    change: { subjects: [] },
  },
  HorizontalPodAutoscaler: {
    path: '/apis/autoscaling/v2/namespaces/{ns}/horizontalpodautoscalers',
    object: {
      apiVersion: 'autoscaling/v2',
      kind: 'HorizontalPodAutoscaler',
      metadata: meta,
      spec: {
        maxReplicas: 3,
        scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'x' },
        metrics: [
          {
            type: 'Resource',
            resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 50 } },
          },
        ],
      },
    },
    change: { spec: { behavior: { scaleDown: { stabilizationWindowSeconds: 10 } } } },
  },
  PodDisruptionBudget: {
    path: '/apis/policy/v1/namespaces/{ns}/poddisruptionbudgets',
    object: {
      apiVersion: 'policy/v1',
      kind: 'PodDisruptionBudget',
      metadata: meta,
      spec: { minAvailable: '50%', selector },
    },
    change: { spec: { minAvailable: 1 } },
  },
  PriorityClass: {
    path: '/apis/scheduling.k8s.io/v1/priorityclasses',
    object: { apiVersion: 'scheduling.k8s.io/v1', kind: 'PriorityClass', metadata: meta, value: 10 },
    change: { description: 'text' },
  },
  StorageClass: {
    path: '/apis/storage.k8s.io/v1/storageclasses',
    object: {
      apiVersion: 'storage.k8s.io/v1',
      kind: 'StorageClass',
      metadata: meta,
      provisioner: 'example.com/x',
    },
    change: { allowVolumeExpansion: true },
  },
  RuntimeClass: {
    path: '/apis/node.k8s.io/v1/runtimeclasses',
    object: { apiVersion: 'node.k8s.io/v1', kind: 'RuntimeClass', metadata: meta, handler: 'runc' },
    change: { metadata: { labels: { a: 'b' } } },
  },
  Lease: {
    path: '/apis/coordination.k8s.io/v1/namespaces/{ns}/leases',
    object: {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: meta,
      spec: { holderIdentity: 'a', leaseDurationSeconds: 15, renewTime: '2026-01-02T03:04:05.678901Z' },
    },
    change: { spec: { holderIdentity: 'b' } },
  },
  Endpoints: {
    path: '/api/v1/namespaces/{ns}/endpoints',
    object: {
      apiVersion: 'v1',
      kind: 'Endpoints',
      metadata: meta,
      subsets: [{ addresses: [{ ip: '192.168.1.1' }], ports: [{ port: 80 }] }],
    },
    change: { metadata: { annotations: { a: 'b' } } },
  },
  EndpointSlice: {
    path: '/apis/discovery.k8s.io/v1/namespaces/{ns}/endpointslices',
    object: {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: meta,
      addressType: 'IPv4',
      endpoints: [{ addresses: ['192.168.1.1'] }],
      ports: [{ port: 80 }],
    },
    change: { ports: [{ port: 81, name: 'x' }] },
  },
  Event: {
    path: '/api/v1/namespaces/{ns}/events',
    object: {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: meta,
      involvedObject: { kind: 'Pod', name: 'x', namespace: '{ns}' },
      reason: 'Why',
      message: 'text',
      type: 'Normal',
      source: { component: 'test' },
    },
    change: { count: 2 },
  },
  ValidatingWebhookConfiguration: {
    path: '/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations',
    object: {
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'ValidatingWebhookConfiguration',
      metadata: meta,
      webhooks: [
        {
          name: 'a.example.com',
          sideEffects: 'None',
          admissionReviewVersions: ['v1'],
          clientConfig: { service: { name: 'x', namespace: 'y' } },
          rules: [
            {
              apiGroups: ['none.example.com'],
              apiVersions: ['v1'],
              operations: ['CREATE'],
              resources: ['x'],
            },
          ],
        },
      ],
    },
    change: { metadata: { labels: { a: 'b' } } },
  },
  PodTemplate: {
    path: '/api/v1/namespaces/{ns}/podtemplates',
    object: { apiVersion: 'v1', kind: 'PodTemplate', metadata: meta, template: template({ app: 'x' }) },
    change: { metadata: { labels: { a: 'b' } } },
  },
  ReplicationController: {
    path: '/api/v1/namespaces/{ns}/replicationcontrollers',
    object: {
      apiVersion: 'v1',
      kind: 'ReplicationController',
      metadata: meta,
      spec: { replicas: 0, template: template({ app: 'x' }) },
    },
    change: { spec: { minReadySeconds: 1 } },
  },
};
