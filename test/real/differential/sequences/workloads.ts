// Defaults and rules of built-in kinds: what a server fills in, what it refuses, what cannot change later.
import { patch, post, put, type Sequence, sequence } from '../sequence.ts';
import { deployment, kinds, paths, pod, podSpec, template } from './objects.ts';

export function workloadSequences(): Sequence[] {
  return [
    ...podDefaults(),
    ...podRules(),
    ...controllerDefaults(),
    ...controllerRules(),
    ...serviceRules(),
    ...others(),
    ...immutable(),
  ];
}

type Json = Record<string, unknown>;
const container = (more: Json = {}) => ({ name: 'main', image: 'nginx', ...more });
const withContainer = (more: Json) => podSpec({ containers: [container(more)] });
const volume = (source: Json) => podSpec({ volumes: [{ name: 'v', ...source }] });

function podDefaults(): Sequence[] {
  const probe = { httpGet: { port: 80 } };
  const cases: Record<string, Json> = {
    'image without a tag': podSpec({ containers: [{ name: 'a', image: 'nginx' }] }),
    'image latest': podSpec({ containers: [{ name: 'a', image: 'nginx:latest' }] }),
    'image by digest': podSpec({ containers: [{ name: 'a', image: `nginx@sha256:${'0'.repeat(64)}` }] }),
    'image of a registry with a port': podSpec({
      containers: [{ name: 'a', image: 'localhost:5000/nginx' }],
    }),
    probes: withContainer({
      livenessProbe: probe,
      readinessProbe: { tcpSocket: { port: 'http' }, periodSeconds: 3 },
      startupProbe: { exec: { command: ['true'] } },
      lifecycle: { preStop: { httpGet: { port: 80 } } },
    }),
    'a gRPC probe': withContainer({ livenessProbe: { grpc: { port: 80 } } }),
    ports: withContainer({
      ports: [{ containerPort: 80 }, { containerPort: 53, protocol: 'UDP', name: 'dns' }],
    }),
    'host network': podSpec({
      hostNetwork: true,
      containers: [container({ ports: [{ containerPort: 80 }] })],
    }),
    'quantities in many spellings': withContainer({
      resources: {
        limits: { cpu: '0.5', memory: '1024Mi' },
        requests: { cpu: 0.1, memory: '1e6', 'ephemeral-storage': '1000k' },
      },
    }),
    'limits become requests': withContainer({ resources: { limits: { cpu: 1, memory: '1Gi' } } }),
    'environment from everywhere': withContainer({
      env: [
        { name: 'A', value: '' },
        { name: 'B', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
        { name: 'C', valueFrom: { configMapKeyRef: { name: 'c', key: 'k' } } },
        { name: 'D', valueFrom: { secretKeyRef: { name: 's', key: 'k', optional: true } } },
        { name: 'E', valueFrom: { resourceFieldRef: { resource: 'limits.cpu' } } },
      ],
      envFrom: [{ prefix: 'X_', configMapRef: { name: 'c' } }],
    }),
    'init containers and a sidecar': podSpec({
      initContainers: [container({ name: 'i' }), container({ name: 's', restartPolicy: 'Always' })],
    }),
    'volume empty': volume({ emptyDir: { medium: 'Memory', sizeLimit: '1024Ki' } }),
    'volume without a source': volume({}),
    'volume config map': volume({ configMap: { name: 'c', items: [{ key: 'a', path: 'b' }] } }),
    'volume secret': volume({ secret: { secretName: 's' } }),
    'volume projected': volume({
      projected: {
        sources: [
          { serviceAccountToken: { path: 't' } },
          { downwardAPI: { items: [{ path: 'l', fieldRef: { fieldPath: 'metadata.labels' } }] } },
        ],
      },
    }),
    'volume of the downward API': volume({
      downwardAPI: { items: [{ path: 'l', fieldRef: { fieldPath: 'metadata.labels' } }] },
    }),
    'volume host path': volume({ hostPath: { path: '/x' } }),
    'volume claim': volume({ persistentVolumeClaim: { claimName: 'c' } }),
    'volume of a claim template': volume({
      ephemeral: {
        volumeClaimTemplate: {
          spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
        },
      },
    }),
    'volumes from outside': podSpec({
      volumes: [
        { name: 'a', iscsi: { targetPortal: '1.2.3.4', iqn: 'iqn.2001-04.com.example:x', lun: 0 } },
        { name: 'b', rbd: { monitors: ['m'], image: 'i' } },
        { name: 'c', azureDisk: { diskName: 'd', diskURI: 'u' } },
        { name: 'd', nfs: { server: 's', path: '/' } },
      ],
    }),
    'security, tolerations, affinity': podSpec({
      securityContext: { runAsUser: 1, fsGroup: 2, seccompProfile: { type: 'RuntimeDefault' } },
      tolerations: [{ operator: 'Exists' }, { key: 'a', effect: 'NoExecute', tolerationSeconds: 1 }],
      affinity: {
        podAntiAffinity: {
          preferredDuringSchedulingIgnoredDuringExecution: [
            { weight: 1, podAffinityTerm: { topologyKey: 'k', labelSelector: {} } },
          ],
        },
      },
      topologySpreadConstraints: [{ maxSkew: 1, topologyKey: 'z', whenUnsatisfiable: 'DoNotSchedule' }],
    }),
    'a service account by its old name': podSpec({ serviceAccount: 'old' }),
    'a service account by its new name': podSpec({ serviceAccountName: 'new' }),
    'a scheduling gate': podSpec({ schedulingGates: [{ name: 'example.com/g' }] }),
    'a priority class': podSpec({ priorityClassName: 'system-cluster-critical' }),
    'a priority class that is not there': podSpec({ priorityClassName: 'none' }),
    'overhead and a runtime class that is not there': podSpec({ runtimeClassName: 'none' }),
    'a restart policy': podSpec({
      restartPolicy: 'Never',
      activeDeadlineSeconds: 3,
      enableServiceLinks: false,
      shareProcessNamespace: true,
      hostname: 'h',
      subdomain: 's',
      dnsPolicy: 'None',
      dnsConfig: { nameservers: ['1.1.1.1'] },
    }),
  };
  return Object.entries(cases).map(([name, spec]) =>
    sequence(`pod defaults: ${name}`, post(paths.pods, pod('a', spec))),
  );
}

function podRules(): Sequence[] {
  const cases: Record<string, unknown> = {
    'no containers': { containers: [] },
    'no spec': undefined,
    'no image': podSpec({ containers: [{ name: 'a' }] }),
    'no name': podSpec({ containers: [{ image: 'a' }] }),
    'a wrong name': podSpec({ containers: [{ name: 'A_b', image: 'a' }] }),
    'an image with spaces': podSpec({ containers: [{ name: 'a', image: ' a ' }] }),
    'two containers of one name': podSpec({ containers: [container(), container()] }),
    'a container and an init container of one name': podSpec({ initContainers: [container()] }),
    'a wrong restart policy': podSpec({ restartPolicy: 'Sometimes' }),
    'a wrong pull policy': withContainer({ imagePullPolicy: 'Maybe' }),
    'a port out of range': withContainer({ ports: [{ containerPort: 70000 }] }),
    'a port zero': withContainer({ ports: [{ containerPort: 0 }] }),
    'a port name too long': withContainer({ ports: [{ containerPort: 1, name: 'a-very-long-name' }] }),
    'two ports of one name': withContainer({
      ports: [
        { containerPort: 1, name: 'a' },
        { containerPort: 2, name: 'a' },
      ],
    }),
    'a wrong protocol': withContainer({ ports: [{ containerPort: 1, protocol: 'ICMP' }] }),
    'a wrong environment name': withContainer({ env: [{ name: 'a=b', value: '1' }] }),
    'an environment variable without a name': withContainer({ env: [{ value: '1' }] }),
    'value and valueFrom': withContainer({
      env: [{ name: 'A', value: '1', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } }],
    }),
    'a wrong field path': withContainer({
      env: [{ name: 'A', valueFrom: { fieldRef: { fieldPath: 'spec.none' } } }],
    }),
    'a mount without a volume': withContainer({ volumeMounts: [{ name: 'none', mountPath: '/x' }] }),
    'two mounts at one path': podSpec({
      volumes: [{ name: 'v' }],
      containers: [
        container({
          volumeMounts: [
            { name: 'v', mountPath: '/x' },
            { name: 'v', mountPath: '/x' },
          ],
        }),
      ],
    }),
    'two volumes of one name': podSpec({ volumes: [{ name: 'v' }, { name: 'v' }] }),
    'two sources of a volume': volume({ emptyDir: {}, hostPath: { path: '/' } }),
    'requests above limits': withContainer({ resources: { limits: { cpu: '1' }, requests: { cpu: '2' } } }),
    'a negative quantity': withContainer({ resources: { requests: { cpu: '-1' } } }),
    'an unknown resource': withContainer({ resources: { limits: { bogus: '1' } } }),
    'an extended resource without a limit': withContainer({
      resources: { requests: { 'example.com/gpu': '1' } },
    }),
    'a probe without a handler': withContainer({ livenessProbe: {} }),
    'a probe with two handlers': withContainer({
      livenessProbe: { exec: { command: ['a'] }, httpGet: { port: 1 } },
    }),
    'a probe port by a wrong name': withContainer({ livenessProbe: { httpGet: { port: 'A_B' } } }),
    'a probe with a wrong threshold': withContainer({
      livenessProbe: { httpGet: { port: 80 }, successThreshold: 2 },
    }),
    'a negative grace period': podSpec({ terminationGracePeriodSeconds: -1 }),
    'a wrong toleration': podSpec({ tolerations: [{ key: 'a', operator: 'Exists', value: 'b' }] }),
    'a wrong node selector': podSpec({ nodeSelector: { 'a b': 'c' } }),
    'a wrong DNS policy': podSpec({ dnsPolicy: 'Wish' }),
    'a wrong hostname': podSpec({ hostname: 'A.b' }),
    'a wrong service account': podSpec({ serviceAccountName: 'A_B' }),
    'a privileged container that may not escalate': withContainer({
      securityContext: { privileged: true, allowPrivilegeEscalation: false },
    }),
    'a wrong topology constraint': podSpec({
      topologySpreadConstraints: [{ maxSkew: 0, topologyKey: '', whenUnsatisfiable: 'x' }],
    }),
  };
  return Object.entries(cases).map(([name, spec]) =>
    sequence(`pod rules: ${name}`, post(paths.pods, { ...pod('a'), spec })),
  );
}

function controllerDefaults(): Sequence[] {
  const of = (kind: string, spec: Json) => {
    const { path = '', object = {} } = kinds[kind] ?? {};
    return post(path, { ...object, metadata: { name: 'a' }, spec });
  };
  const selector = { matchLabels: { app: 'x' } };
  const tpl = template({ app: 'x' });
  const claim = {
    metadata: { name: 'data' },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1024Mi' } } },
  };
  const never = { spec: podSpec({ restartPolicy: 'Never' }) };
  return [
    sequence('defaults: Deployment', of('Deployment', { selector, template: tpl, paused: true })),
    sequence(
      'defaults: Deployment with surge in percent',
      of('Deployment', {
        selector,
        template: tpl,
        paused: true,
        strategy: { rollingUpdate: { maxSurge: '50%' } },
      }),
    ),
    sequence(
      'defaults: Deployment that recreates',
      of('Deployment', { selector, template: tpl, paused: true, strategy: { type: 'Recreate' } }),
    ),
    sequence('defaults: ReplicaSet', of('ReplicaSet', { selector, template: tpl })),
    sequence(
      'defaults: StatefulSet with a claim',
      of('StatefulSet', { selector, template: tpl, serviceName: 's', volumeClaimTemplates: [claim] }),
    ),
    sequence(
      'defaults: StatefulSet that deletes claims',
      of('StatefulSet', {
        selector,
        template: tpl,
        serviceName: 's',
        persistentVolumeClaimRetentionPolicy: { whenDeleted: 'Delete' },
        updateStrategy: { rollingUpdate: { partition: 2 } },
      }),
    ),
    sequence(
      'defaults: DaemonSet',
      of('DaemonSet', { selector, template: tpl, updateStrategy: { type: 'OnDelete' } }),
    ),
    sequence('defaults: Job', of('Job', { template: never, suspend: true })),
    sequence(
      'defaults: Job, indexed',
      of('Job', {
        template: never,
        suspend: true,
        completionMode: 'Indexed',
        completions: 3,
        parallelism: 2,
        backoffLimitPerIndex: 1,
      }),
    ),
    sequence(
      'defaults: Job with a failure policy',
      of('Job', {
        template: never,
        suspend: true,
        podFailurePolicy: { rules: [{ action: 'FailJob', onExitCodes: { operator: 'In', values: [1] } }] },
      }),
    ),
    sequence(
      'defaults: CronJob',
      of('CronJob', {
        schedule: '@daily',
        suspend: true,
        timeZone: 'Europe/Berlin',
        jobTemplate: { spec: { template: never } },
      }),
    ),
    sequence(
      'defaults: HorizontalPodAutoscaler',
      of('HorizontalPodAutoscaler', {
        maxReplicas: 2,
        scaleTargetRef: { kind: 'Deployment', name: 'x', apiVersion: 'apps/v1' },
        behavior: { scaleUp: { policies: [{ type: 'Pods', value: 1, periodSeconds: 1 }] } },
      }),
    ),
    sequence(
      'defaults: HorizontalPodAutoscaler v1',
      post('/apis/autoscaling/v1/namespaces/{ns}/horizontalpodautoscalers', {
        apiVersion: 'autoscaling/v1',
        kind: 'HorizontalPodAutoscaler',
        metadata: { name: 'a' },
        spec: {
          maxReplicas: 2,
          targetCPUUtilizationPercentage: 50,
          scaleTargetRef: { kind: 'Deployment', name: 'x', apiVersion: 'apps/v1' },
        },
      }),
    ),
    sequence(
      'defaults: Ingress with a default backend',
      of('Ingress', {
        defaultBackend: { service: { name: 'x', port: { name: 'http' } } },
        tls: [{ hosts: ['a.example.com'], secretName: 's' }],
      }),
    ),
    sequence(
      'defaults: NetworkPolicy',
      of('NetworkPolicy', { podSelector: {}, egress: [{ to: [{ ipBlock: { cidr: '10.0.0.0/8' } }] }] }),
    ),
  ];
}

function controllerRules(): Sequence[] {
  const dep = (spec: Json) => post(paths.deployments, deployment('a', spec));
  const of = (kind: string, spec: Json) => {
    const { path = '', object = {} } = kinds[kind] ?? {};
    return post(path, { ...object, metadata: { name: 'a' }, spec: { ...(object['spec'] as Json), ...spec } });
  };
  const cases: Record<string, ReturnType<typeof post>> = {
    'the selector does not match': dep({ selector: { matchLabels: { app: 'b' } } }),
    'no selector': dep({ selector: undefined }),
    'an empty selector': dep({ selector: {} }),
    'a wrong selector': dep({
      selector: { matchExpressions: [{ key: 'app', operator: 'Near', values: ['a'] }] },
    }),
    'a selector without values': dep({ selector: { matchExpressions: [{ key: 'app', operator: 'In' }] } }),
    'no template': dep({ template: undefined }),
    'negative replicas': dep({ replicas: -1 }),
    'a wrong strategy': dep({ strategy: { type: 'Sideways' } }),
    'recreate with rolling options': dep({ strategy: { type: 'Recreate', rollingUpdate: { maxSurge: 1 } } }),
    'no surge and nothing unavailable': dep({
      strategy: { rollingUpdate: { maxSurge: 0, maxUnavailable: 0 } },
    }),
    'a surge that is no percentage': dep({ strategy: { rollingUpdate: { maxSurge: 'lots' } } }),
    'a deadline below the minimum ready time': dep({ minReadySeconds: 10, progressDeadlineSeconds: 5 }),
    'a restart policy a deployment cannot have': dep({
      template: template({ app: 'a' }, podSpec({ restartPolicy: 'Never' })),
    }),
    'an unnamed container deep down': dep({
      template: template({ app: 'a' }, podSpec({ containers: [{ image: 'x' }] })),
    }),
    'a job that always restarts': of('Job', { template: { spec: podSpec({ restartPolicy: 'Always' }) } }),
    'a job without a restart policy': of('Job', { template: { spec: podSpec() } }),
    'a job with negative parallelism': of('Job', { parallelism: -1 }),
    'a job with a selector of its own': of('Job', { selector: { matchLabels: { a: 'b' } } }),
    'a wrong schedule': of('CronJob', { schedule: 'often' }),
    'a schedule with a time zone': of('CronJob', { schedule: 'TZ=UTC 0 0 * * *' }),
    'an unknown time zone': of('CronJob', { timeZone: 'Mars/Base' }),
    'a wrong concurrency policy': of('CronJob', { concurrencyPolicy: 'Maybe' }),
    'a stateful set policy': of('StatefulSet', { podManagementPolicy: 'Random' }),
    'an autoscaler with max below min': of('HorizontalPodAutoscaler', { minReplicas: 5, maxReplicas: 2 }),
    'an autoscaler without a maximum': of('HorizontalPodAutoscaler', { maxReplicas: 0 }),
    'a budget with both limits': of('PodDisruptionBudget', { maxUnavailable: 1 }),
    'an ingress path without a slash': of('Ingress', {
      rules: [
        {
          http: {
            paths: [
              { path: 'x', pathType: 'Prefix', backend: { service: { name: 'x', port: { number: 1 } } } },
            ],
          },
        },
      ],
    }),
    'an ingress without a path type': of('Ingress', {
      rules: [{ http: { paths: [{ path: '/', backend: { service: { name: 'x', port: { number: 1 } } } }] } }],
    }),
    'an ingress without anything': of('Ingress', { rules: undefined }),
    'a wrong ingress host': of('Ingress', { rules: [{ host: 'A_b' }] }),
  };
  return Object.entries(cases).map(([name, step]) => sequence(`rules: ${name}`, step));
}

function serviceRules(): Sequence[] {
  const service = (spec: Json) =>
    post(paths.services, { apiVersion: 'v1', kind: 'Service', metadata: { name: 'a' }, spec });
  const cases: Record<string, Json> = {
    'no ports': { selector: { a: 'b' } },
    'two ports without names': { ports: [{ port: 80 }, { port: 81 }] },
    'two ports of one name': {
      ports: [
        { port: 80, name: 'a' },
        { port: 81, name: 'a' },
      ],
    },
    'one port twice': {
      ports: [
        { port: 80, name: 'a' },
        { port: 80, name: 'b' },
      ],
    },
    'a port out of range': { ports: [{ port: 70000 }] },
    'a wrong target port': { ports: [{ port: 80, targetPort: 'A_B' }] },
    'a wrong type': { type: 'Magic', ports: [{ port: 80 }] },
    'a wrong address': { clusterIP: 'x', ports: [{ port: 80 }] },
    'an address outside the range': { clusterIP: '192.168.0.1', ports: [{ port: 80 }] },
    'a node port of a cluster address': { ports: [{ port: 80, nodePort: 30080 }] },
    'a node port out of range': { type: 'NodePort', ports: [{ port: 80, nodePort: 80 }] },
    'no external name': { type: 'ExternalName' },
    'a wrong external name': { type: 'ExternalName', externalName: 'A_B' },
    'a wrong affinity': { sessionAffinity: 'Strong', ports: [{ port: 80 }] },
    'an affinity with a timeout': {
      sessionAffinity: 'ClientIP',
      sessionAffinityConfig: { clientIP: { timeoutSeconds: 10 } },
      ports: [{ port: 80 }],
    },
    'two address families': { ipFamilyPolicy: 'RequireDualStack', ports: [{ port: 80 }] },
    'another address family': { ipFamilies: ['IPv6'], ports: [{ port: 80 }] },
    'local traffic of a cluster address': { externalTrafficPolicy: 'Local', ports: [{ port: 80 }] },
    'a load balancer with local traffic': {
      type: 'LoadBalancer',
      externalTrafficPolicy: 'Local',
      ports: [{ port: 80 }],
    },
    'a wrong selector': { selector: { 'a b': 'c' }, ports: [{ port: 80 }] },
    'headless without ports': { clusterIP: 'None' },
    'external addresses': { externalIPs: ['192.168.7.7'], ports: [{ port: 80 }] },
  };
  const at = `${paths.services}/a`;
  const plain = quiet(service({ ports: [{ port: 80 }], selector: { a: 'b' } }));
  return [
    ...Object.entries(cases).map(([name, spec]) => sequence(`service rules: ${name}`, service(spec))),
    sequence(
      'service changes: type there and back',
      plain,
      patch('merge', at, { spec: { type: 'NodePort' } }),
      patch('merge', at, { spec: { type: 'LoadBalancer' } }),
      patch('merge', at, { spec: { type: 'ClusterIP' } }),
      patch('merge', at, { spec: { type: 'ExternalName', externalName: 'x.example.com' } }),
    ),
    sequence(
      'service changes: its address stays',
      plain,
      patch('merge', at, { spec: { clusterIP: '10.0.0.200' } }),
      patch('merge', at, { spec: { clusterIP: '', clusterIPs: null } }),
      put(at, {
        apiVersion: 'v1',
        kind: 'Service',
        metadata: { name: 'a' },
        spec: { ports: [{ port: 81 }] },
      }),
      patch('merge', at, { spec: { clusterIP: 'None' } }),
    ),
    sequence(
      'service changes: ports',
      plain,
      patch('json', at, [{ op: 'add', path: '/spec/ports/-', value: { port: 82 } }]),
      patch('merge', at, { spec: { ports: [] } }),
      patch('merge', at, { spec: { ports: [{ port: 83, targetPort: 'web', appProtocol: 'http' }] } }),
    ),
  ];
}

function quiet<T extends object>(step: T): T {
  return { ...step, silent: true };
}

function others(): Sequence[] {
  const secret = (more: Json) =>
    post(paths.secrets, { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'a' }, ...more });
  const role = (more: Json) =>
    post('/apis/rbac.authorization.k8s.io/v1/namespaces/{ns}/roles', {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'Role',
      metadata: { name: 'a' },
      ...more,
    });
  const claim = (spec: Json) =>
    post('/api/v1/namespaces/{ns}/persistentvolumeclaims', {
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: { name: 'a' },
      spec,
    });
  const storage = { requests: { storage: '1Gi' } };
  const cases: Record<string, ReturnType<typeof post>> = {
    'secret: data that is no base64': secret({ data: { a: '!!' } }),
    'secret: a wrong key': secret({ data: { 'a b': 'YQ==' } }),
    'secret: stringData wins': secret({ data: { a: 'YQ==' }, stringData: { a: 'b' } }),
    'secret: tls without a key': secret({ type: 'kubernetes.io/tls', data: {} }),
    'secret: tls': secret({ type: 'kubernetes.io/tls', data: { 'tls.crt': '', 'tls.key': '' } }),
    'secret: docker config without JSON': secret({
      type: 'kubernetes.io/dockerconfigjson',
      stringData: { '.dockerconfigjson': 'x' },
    }),
    'secret: docker config': secret({
      type: 'kubernetes.io/dockerconfigjson',
      stringData: { '.dockerconfigjson': '{}' },
    }),
    'secret: basic auth without anything': secret({ type: 'kubernetes.io/basic-auth' }),
    'secret: ssh without a key': secret({ type: 'kubernetes.io/ssh-auth' }),
    'secret: of a service account nobody named': secret({ type: 'kubernetes.io/service-account-token' }),
    'secret: empty': secret({ data: null, stringData: {} }),
    'secret: immutable': secret({ immutable: true, data: { a: 'YQ==' } }),
    'role: a rule without verbs': role({ rules: [{ apiGroups: [''], resources: ['pods'], verbs: [] }] }),
    'role: a rule without groups': role({ rules: [{ resources: ['pods'], verbs: ['get'] }] }),
    'role: a rule without resources': role({ rules: [{ apiGroups: [''], verbs: ['get'] }] }),
    'role: a rule for paths': role({ rules: [{ nonResourceURLs: ['/x'], verbs: ['get'] }] }),
    'role binding: to nothing': post('/apis/rbac.authorization.k8s.io/v1/namespaces/{ns}/rolebindings', {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'RoleBinding',
      metadata: { name: 'a' },
    }),
    'role binding: to an unknown kind': post(
      '/apis/rbac.authorization.k8s.io/v1/namespaces/{ns}/rolebindings',
      {
        apiVersion: 'rbac.authorization.k8s.io/v1',
        kind: 'RoleBinding',
        metadata: { name: 'a' },
        roleRef: { kind: 'Pod', name: 'x', apiGroup: 'rbac.authorization.k8s.io' },
        subjects: [{ kind: 'Robot', name: '' }],
      },
    ),
    'claim: without access modes': claim({ resources: storage }),
    'claim: without storage': claim({ accessModes: ['ReadWriteOnce'] }),
    'claim: with an unknown access mode': claim({ accessModes: ['Everything'], resources: storage }),
    'claim: with defaults': claim({ accessModes: ['ReadWriteMany'], resources: storage }),
    'priority class: too high': post('/apis/scheduling.k8s.io/v1/priorityclasses', {
      apiVersion: 'scheduling.k8s.io/v1',
      kind: 'PriorityClass',
      metadata: { name: 'p-{id}' },
      value: 2_000_000_000,
    }),
    'storage class: without a provisioner': post('/apis/storage.k8s.io/v1/storageclasses', {
      apiVersion: 'storage.k8s.io/v1',
      kind: 'StorageClass',
      metadata: { name: 's-{id}' },
    }),
    'network policy: a wrong port': post('/apis/networking.k8s.io/v1/namespaces/{ns}/networkpolicies', {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata: { name: 'a' },
      spec: { podSelector: {}, ingress: [{ ports: [{ port: 70000 }] }] },
    }),
    'lease: a wrong duration': post('/apis/coordination.k8s.io/v1/namespaces/{ns}/leases', {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: { name: 'a' },
      spec: { leaseDurationSeconds: 0 },
    }),
    'lease: a time without fractions': post('/apis/coordination.k8s.io/v1/namespaces/{ns}/leases', {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: { name: 'a' },
      spec: { renewTime: '2026-01-02T03:04:05Z' },
    }),
  };
  return Object.entries(cases).map(([name, step]) => sequence(name, step));
}

function immutable(): Sequence[] {
  const changes: Record<string, [kind: string, change: unknown]> = {
    'the selector of a Deployment': [
      'Deployment',
      {
        spec: {
          selector: { matchLabels: { other: 'x' } },
          template: { metadata: { labels: { other: 'x' } } },
        },
      },
    ],
    'the selector of a StatefulSet': [
      'StatefulSet',
      {
        spec: {
          selector: { matchLabels: { other: 'x' } },
          template: { metadata: { labels: { other: 'x' } } },
        },
      },
    ],
    'the service of a StatefulSet': ['StatefulSet', { spec: { serviceName: 'y' } }],
    'the selector of a DaemonSet': [
      'DaemonSet',
      {
        spec: {
          selector: { matchLabels: { other: 'x' } },
          template: { metadata: { labels: { other: 'x' } } },
        },
      },
    ],
    'the selector of a ReplicaSet': [
      'ReplicaSet',
      {
        spec: {
          selector: { matchLabels: { other: 'x' } },
          template: { metadata: { labels: { other: 'x' } } },
        },
      },
    ],
    'the template of a Job': [
      'Job',
      { spec: { template: { spec: { containers: [{ name: 'b', image: 'b' }] } } } },
    ],
    'the completions of a Job': ['Job', { spec: { completions: 5 } }],
    'the containers of a Pod': ['Pod', { spec: { containers: [{ name: 'b', image: 'b' }] } }],
    'the image of a Pod, which may change': [
      'Pod',
      { spec: { containers: [{ name: 'main', image: 'nginx:1.28' }] } },
    ],
    'the node of a Pod': ['Pod', { spec: { nodeName: 'n' } }],
    'the type of a Secret': ['Secret', { type: 'example.com/other' }],
    'the role of a RoleBinding': ['RoleBinding', { roleRef: { name: 'other' } }],
    'the role of a ClusterRoleBinding': ['ClusterRoleBinding', { roleRef: { name: 'other' } }],
    'the spec of a claim': ['PersistentVolumeClaim', { spec: { accessModes: ['ReadWriteMany'] } }],
    'the size of an unbound claim': [
      'PersistentVolumeClaim',
      { spec: { resources: { requests: { storage: '2Gi' } } } },
    ],
    'the source of a volume': ['PersistentVolume', { spec: { hostPath: { path: '/other' } } }],
    'the provisioner of a StorageClass': ['StorageClass', { provisioner: 'example.com/y' }],
    'the parameters of a StorageClass': ['StorageClass', { parameters: { a: 'b' } }],
    'the value of a PriorityClass': ['PriorityClass', { value: 11 }],
    'the controller of an IngressClass': ['IngressClass', { spec: { controller: 'example.com/other' } }],
    'the handler of a RuntimeClass': ['RuntimeClass', { handler: 'other' }],
    'the address type of an EndpointSlice': ['EndpointSlice', { addressType: 'IPv6' }],
    'the creation time': ['ConfigMap', { metadata: { creationTimestamp: '2001-01-01T00:00:00Z' } }],
    'the generation': ['Deployment', { metadata: { generation: 99 } }],
    'the namespace': ['ConfigMap', { metadata: { namespace: 'other' } }],
    'the deletion time': ['ConfigMap', { metadata: { deletionTimestamp: '2001-01-01T00:00:00Z' } }],
  };
  return Object.entries(changes).map(([name, [kind, change]]) => {
    const { path = '', object = {} } = kinds[kind] ?? {};
    return sequence(
      `immutable: ${name}`,
      post(path, object, { silent: true }),
      patch('merge', `${path}/x-{id}`, change),
    );
  });
}
