// Services, endpoints, ingresses, volumes, autoscalers, budgets and API services over the whole simulated cluster.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SimulatedCluster, template } from '../../../test/support/simulated-cluster.ts';
import { types } from './kinds.ts';

function web(cluster: SimulatedCluster, replicas = 2, image = 'shop/web:1'): void {
  const spec = { containers: [{ name: 'app', image, ports: [{ name: 'http', containerPort: 8080 }] }] };
  cluster.create(types.deployments, {
    apiVersion: 'apps/v1',
    metadata: { name: 'web', namespace: 'default' },
    spec: { replicas, selector: { matchLabels: { app: 'web' } }, template: template({ spec }) },
  });
}

function service(cluster: SimulatedCluster, spec: object = {}): void {
  cluster.create(types.services, {
    metadata: { name: 'web', namespace: 'default' },
    spec: { selector: { app: 'web' }, ports: [{ port: 80, targetPort: 'http', protocol: 'TCP' }], ...spec },
  });
}

test('a Service gets a cluster IP, endpoints and a slice that follow its pods', () => {
  const cluster = new SimulatedCluster();
  service(cluster);
  web(cluster);
  cluster.clock.advance(1_000);
  assert.match(cluster.get(types.services, 'web').spec.clusterIP, /^10\.96\./);
  const [subset] = cluster.get(types.endpoints, 'web').subsets;
  assert.equal(subset.addresses.length, 2);
  assert.deepEqual(subset.ports, [{ port: 8080, protocol: 'TCP' }]);
  const [slice] = cluster.list(types.endpointSlices);
  assert.equal(slice.endpoints.length, 2);
  assert.deepEqual(slice.endpoints[0].conditions, { ready: true, serving: true, terminating: false });
  assert.deepEqual(slice.ports, [{ name: '', port: 8080, protocol: 'TCP' }]);
  cluster.change(types.deployments, 'web', (object) => {
    object['spec'] = { ...(object['spec'] as object), replicas: 0 };
  });
  cluster.clock.advance(1_000);
  assert.deepEqual(cluster.get(types.endpoints, 'web').subsets, []);
  assert.equal(cluster.list(types.endpointSlices).length, 1);
  assert.deepEqual(cluster.errors, []);
});

test('pods that are not ready are not ready endpoints', () => {
  const cluster = new SimulatedCluster();
  service(cluster);
  web(cluster, 1, 'shop/web:not-ready');
  cluster.clock.advance(1_000);
  const [subset] = cluster.get(types.endpoints, 'web').subsets;
  assert.deepEqual([subset.addresses, subset.notReadyAddresses.length], [undefined, 1]);
});

test('a LoadBalancer gets an address after a while and keeps it over a restart', () => {
  const cluster = new SimulatedCluster();
  service(cluster, { type: 'LoadBalancer' });
  cluster.clock.advance(100);
  assert.equal(cluster.get(types.services, 'web').status?.loadBalancer, undefined);
  cluster.clock.advance(500);
  const before = cluster.get(types.services, 'web').status;
  assert.deepEqual(before, { loadBalancer: { ingress: [{ ip: '198.18.0.2', ipMode: 'VIP' }] } });
  cluster.restart();
  cluster.clock.advance(1_000);
  assert.deepEqual(cluster.get(types.services, 'web').status, before);
});

test('an Ingress gets an address after a while', () => {
  const cluster = new SimulatedCluster();
  cluster.create(types.ingresses, { metadata: { name: 'web', namespace: 'default' }, spec: {} });
  cluster.clock.advance(1_000);
  assert.deepEqual(cluster.get(types.ingresses, 'web').status, {
    loadBalancer: { ingress: [{ ip: '198.18.0.1' }] },
  });
});

function claim(cluster: SimulatedCluster, spec: object = {}): void {
  cluster.create(types.volumeClaims, {
    metadata: { name: 'data', namespace: 'default', finalizers: ['kubernetes.io/pvc-protection'] },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '5Gi' } }, ...spec },
  });
}

test('a claim is bound to a provisioned volume of the default class; both go together', () => {
  const cluster = new SimulatedCluster();
  claim(cluster);
  cluster.clock.advance(1_000);
  const bound = cluster.get(types.volumeClaims, 'data');
  assert.equal(bound.spec.storageClassName, 'standard');
  assert.deepEqual(bound.status, {
    phase: 'Bound',
    accessModes: ['ReadWriteOnce'],
    capacity: { storage: '5Gi' },
  });
  assert.equal(cluster.list(types.volumes)[0].status.phase, 'Bound');
  cluster.api.delete(types.volumeClaims, 'default', 'data');
  cluster.clock.advance(1_000);
  assert.deepEqual([cluster.list(types.volumeClaims), cluster.list(types.volumes)], [[], []]);
});

test('a claim of an unknown class stays pending until the class appears', () => {
  const cluster = new SimulatedCluster();
  claim(cluster, { storageClassName: 'fast' });
  cluster.clock.advance(5_000);
  assert.equal(cluster.get(types.volumeClaims, 'data').status.phase, 'Pending');
  assert.match(cluster.eventsAbout('data').join(), /storageclass\.storage\.k8s\.io "fast" not found/);
  cluster.create(types.storageClasses, {
    metadata: { name: 'fast' },
    provisioner: 'x',
    reclaimPolicy: 'Retain',
  });
  cluster.clock.advance(1_000);
  assert.equal(cluster.get(types.volumeClaims, 'data').status.phase, 'Bound');
  cluster.api.delete(types.volumeClaims, 'default', 'data');
  cluster.clock.advance(1_000);
  assert.equal(cluster.list(types.volumes)[0].status.phase, 'Released');
});

test('a claim takes a matching volume that exists', () => {
  const cluster = new SimulatedCluster();
  const spec = {
    accessModes: ['ReadWriteOnce', 'ReadOnlyMany'],
    capacity: { storage: '10Gi' },
    storageClassName: 'manual',
  };
  cluster.create(types.volumes, { metadata: { name: 'disk' }, spec });
  cluster.clock.advance(100);
  assert.equal(cluster.list(types.volumes)[0].status.phase, 'Available');
  claim(cluster, { storageClassName: 'manual' });
  cluster.clock.advance(1_000);
  assert.equal(cluster.get(types.volumeClaims, 'data').spec.volumeName, 'disk');
  assert.equal(cluster.list(types.volumes)[0].status.phase, 'Bound');
});

function scaler(cluster: SimulatedCluster, load: string | undefined): void {
  const annotations = load === undefined ? {} : { 'simulate.fairlead.dev/load': load };
  cluster.create(types.autoscalers, {
    apiVersion: 'autoscaling/v2',
    metadata: { name: 'web', namespace: 'default', annotations },
    spec: {
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' },
      minReplicas: 2,
      maxReplicas: 6,
      metrics: [
        {
          type: 'Resource',
          resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 80 } },
        },
      ],
    },
  });
}

function size(cluster: SimulatedCluster): number {
  return cluster.get(types.deployments, 'web').spec.replicas;
}

test('an autoscaler follows the annotated load up at once and down after its window', () => {
  const cluster = new SimulatedCluster();
  web(cluster, 2);
  scaler(cluster, '4.5');
  cluster.clock.advance(1_000);
  assert.equal(size(cluster), 5);
  const { status } = cluster.get(types.autoscalers, 'web');
  assert.deepEqual([status.currentReplicas, status.desiredReplicas], [5, 5]);
  assert.equal(status.currentMetrics[0].resource.current.averageUtilization, 72);
  assert.deepEqual(
    status.conditions.map(
      ({ type, status: value, reason }: Record<string, string>) => `${type}=${value} ${reason}`,
    ),
    [
      'AbleToScale=True ReadyForNewScale',
      'ScalingActive=True ValidMetricFound',
      'ScalingLimited=False DesiredWithinRange',
    ],
  );
  cluster.change(types.autoscalers, 'web', (object) => {
    object.metadata.annotations = {};
  });
  cluster.clock.advance(200_000);
  assert.equal(size(cluster), 5);
  cluster.clock.advance(200_000);
  assert.equal(size(cluster), 2);
});

test('an autoscaler stays below its maximum and says so', () => {
  const cluster = new SimulatedCluster();
  web(cluster, 2);
  scaler(cluster, '50');
  cluster.clock.advance(1_000);
  assert.equal(size(cluster), 6);
  const limited = cluster.get(types.autoscalers, 'web').status.conditions.at(-1);
  assert.deepEqual(
    [limited.type, limited.status, limited.reason],
    ['ScalingLimited', 'True', 'TooManyReplicas'],
  );
});

test('an autoscaler without its target cannot scale', () => {
  const cluster = new SimulatedCluster();
  scaler(cluster, undefined);
  cluster.clock.advance(1_000);
  const [condition] = cluster.get(types.autoscalers, 'web').status.conditions;
  assert.deepEqual(
    [condition.type, condition.status, condition.reason],
    ['AbleToScale', 'False', 'FailedGetScale'],
  );
});

const BUDGETS: Record<string, { spec: object; want: [number, number] }> = {
  'minAvailable 2': { spec: { minAvailable: 2 }, want: [2, 1] },
  'minAvailable 50%': { spec: { minAvailable: '50%' }, want: [2, 1] },
  'maxUnavailable 2': { spec: { maxUnavailable: 2 }, want: [1, 2] },
  'minAvailable 3': { spec: { minAvailable: 3 }, want: [3, 0] },
};
for (const [name, { spec, want }] of Object.entries(BUDGETS)) {
  test(`a budget of ${name} over three pods wants ${want[0]} healthy and allows ${want[1]} evictions`, () => {
    const cluster = new SimulatedCluster();
    web(cluster, 3);
    cluster.create(types.disruptionBudgets, {
      metadata: { name: 'web', namespace: 'default' },
      spec: { selector: { matchLabels: { app: 'web' } }, ...spec },
    });
    cluster.clock.advance(1_000);
    const { status } = cluster.get(types.disruptionBudgets, 'web');
    assert.deepEqual([status.desiredHealthy, status.disruptionsAllowed], want);
    assert.deepEqual([status.expectedPods, status.currentHealthy, status.observedGeneration], [3, 3, 1]);
  });
}

test('an APIService is available when its Service has endpoints', () => {
  const cluster = new SimulatedCluster();
  const spec = { group: 'metrics.k8s.io', version: 'v1', service: { namespace: 'default', name: 'web' } };
  cluster.create(types.apiServices, { metadata: { name: 'v1.metrics.k8s.io' }, spec });
  const reason = (): string => cluster.list(types.apiServices)[0].status.conditions[0].reason;
  cluster.clock.advance(100);
  assert.equal(reason(), 'ServiceNotFound');
  service(cluster);
  cluster.clock.advance(100);
  assert.equal(reason(), 'MissingEndpoints');
  web(cluster, 1);
  cluster.clock.advance(1_000);
  assert.equal(reason(), 'Passed');
});

test('the cluster starts with a ready node and a default storage class, and idles without writes', () => {
  const cluster = new SimulatedCluster();
  const [node] = cluster.list(types.nodes);
  assert.equal(node.status.conditions.at(-1).reason, 'KubeletReady');
  assert.equal(cluster.list(types.storageClasses)[0].metadata.name, 'standard');
  const writes = cluster.api.writes;
  cluster.clock.advance(86_400_000);
  assert.equal(cluster.api.writes, writes);
});

test('repeated events count up instead of piling up', () => {
  const cluster = new SimulatedCluster();
  web(cluster, 1, 'shop/web:crash');
  cluster.clock.advance(600_000);
  const backOffs = cluster.list(types.events).filter((event) => event.reason === 'BackOff');
  assert.equal(backOffs.length, 1);
  assert.ok(backOffs[0].count > 3);
});
