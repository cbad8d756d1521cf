import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SimulatedCluster, template } from '../../../test/support/simulated-cluster.ts';
import { types } from './kinds.ts';

function pod(
  cluster: SimulatedCluster,
  options: Parameters<typeof template>[0] & { name?: string } = {},
): void {
  const { metadata, spec } = template(options);
  cluster.create(types.pods, {
    metadata: { name: options.name ?? 'web', namespace: 'default', ...(metadata as object) },
    spec,
  });
}

/** `at ms: line` for every change of the one pod's line within a time. */
function history(cluster: SimulatedCluster, totalMs: number, stepMs = 10): string[] {
  const seen: string[] = [];
  for (let at = 0; at <= totalMs; at += stepMs) {
    const line = cluster.podLines()[0] ?? 'gone';
    if (!seen.at(-1)?.endsWith(`| ${line}`)) seen.push(`${at} | ${line}`);
    cluster.clock.advance(stepMs);
  }
  return seen.map((line) => line.slice(line.indexOf('|') + 2));
}

const CASES: Record<string, { pod: Parameters<typeof template>[0]; forMs: number; want: string[] }> = {
  'becomes ready as soon as it runs when nothing probes it': {
    pod: {},
    forMs: 1_000,
    want: ['web: - 0/1', 'web: ContainerCreating 0/1', 'web: Running 1/1'],
  },
  'becomes ready a little later with a readiness probe': {
    pod: { spec: { containers: [{ name: 'app', image: 'a:1', readinessProbe: { httpGet: {} } }] } },
    forMs: 1_000,
    want: ['web: - 0/1', 'web: ContainerCreating 0/1', 'web: Running 0/1', 'web: Running 1/1'],
  },
  'crashes, restarts once at once, then backs off': {
    pod: { image: 'a:crash' },
    forMs: 4_000,
    want: [
      'web: - 0/1',
      'web: ContainerCreating 0/1',
      'web: Running 1/1',
      'web: Running 0/1',
      'web: Running 1/1',
      'web: CrashLoopBackOff 0/1',
      'web: Running 1/1',
      'web: CrashLoopBackOff 0/1',
    ],
  },
  'crashes by a version that ends in -crash': {
    pod: { image: 'registry.example:5000/shop/a:1.4.2-crash' },
    forMs: 1_000,
    want: [
      'web: - 0/1',
      'web: ContainerCreating 0/1',
      'web: Running 1/1',
      'web: Running 0/1',
      'web: Running 1/1',
      'web: CrashLoopBackOff 0/1',
    ],
  },
  'never gets its image': {
    pod: { image: 'a:pull-error' },
    forMs: 30_000,
    want: ['web: - 0/1', 'web: ContainerCreating 0/1', 'web: ErrImagePull 0/1', 'web: ImagePullBackOff 0/1'],
  },
  'is never scheduled': {
    pod: { annotations: { 'simulate.fairlead.dev/behaviour': 'pending' } },
    forMs: 30_000,
    want: ['web: - 0/1', 'web: Pending 0/1'],
  },
  'runs but is never ready': {
    pod: { image: 'a:not-ready' },
    forMs: 30_000,
    want: ['web: - 0/1', 'web: ContainerCreating 0/1', 'web: Running 0/1'],
  },
  'is slow for the annotated duration': {
    pod: { image: 'a:slow', annotations: { 'simulate.fairlead.dev/duration': '5s' } },
    forMs: 5_100,
    want: ['web: - 0/1', 'web: ContainerCreating 0/1', 'web: Running 0/1'],
  },
  'succeeds when it is not restarted': {
    pod: { spec: { restartPolicy: 'Never' } },
    forMs: 2_000,
    want: ['web: - 0/1', 'web: ContainerCreating 0/1', 'web: Running 1/1', 'web: Succeeded 0/1'],
  },
  'fails when it is not restarted and its image fails': {
    pod: { image: 'a:fail', spec: { restartPolicy: 'Never' } },
    forMs: 2_000,
    want: ['web: - 0/1', 'web: ContainerCreating 0/1', 'web: Running 1/1', 'web: Failed 0/1'],
  },
  'waits for init containers': {
    pod: {
      spec: {
        initContainers: [
          { name: 'one', image: 'i:1' },
          { name: 'two', image: 'i:2' },
        ],
      },
    },
    forMs: 2_000,
    want: ['web: - 0/1', 'web: PodInitializing 0/1', 'web: Running 1/1'],
  },
  'never starts after an init container that crashes': {
    pod: { spec: { initContainers: [{ name: 'one', image: 'i:crash' }] } },
    forMs: 20_000,
    want: ['web: - 0/1', 'web: PodInitializing 0/1'],
  },
};

for (const [name, { pod: options, forMs, want }] of Object.entries(CASES)) {
  test(`a pod ${name}`, () => {
    const cluster = new SimulatedCluster();
    pod(cluster, options ?? {});
    assert.deepEqual(history(cluster, forMs), want);
    assert.deepEqual(cluster.errors, []);
  });
}

test('a ready pod has address, conditions, image and QoS class', () => {
  const cluster = new SimulatedCluster();
  pod(cluster, {
    spec: { containers: [{ name: 'app', image: 'nginx:1.27', resources: { requests: { cpu: '1' } } }] },
  });
  cluster.clock.advance(1_000);
  const { status, spec } = cluster.get(types.pods, 'web');
  assert.equal(spec.nodeName, 'fairlead-node');
  assert.match(status.podIP, /^10\.244\./);
  assert.deepEqual(status.podIPs, [{ ip: status.podIP }]);
  assert.equal(status.qosClass, 'Burstable');
  assert.deepEqual(
    status.conditions.map(({ type, status: value }: Record<string, string>) => `${type}=${value}`),
    [
      'PodReadyToStartContainers=True',
      'Initialized=True',
      'Ready=True',
      'ContainersReady=True',
      'PodScheduled=True',
    ],
  );
  assert.equal(status.containerStatuses[0].image, 'docker.io/library/nginx:1.27');
  assert.match(status.containerStatuses[0].imageID, /^docker\.io\/library\/nginx@sha256:[0-9a-f]{64}$/);
});

test('the events of a pod are those of scheduler and kubelet', () => {
  const cluster = new SimulatedCluster();
  pod(cluster, { image: 'a:1' });
  cluster.clock.advance(1_000);
  assert.deepEqual(cluster.eventsAbout('web'), [
    'Normal Scheduled: Successfully assigned default/web to fairlead-node',
    'Normal Pulled: Container image "a:1" already present on machine and can be accessed by the pod',
    'Normal Created: Container created',
    'Normal Started: Container started',
  ]);
});

test('a crash loop waits twice as long each time and counts restarts', () => {
  const cluster = new SimulatedCluster({ backoffMs: 1_000, backoffMaxMs: 8_000 });
  pod(cluster, { image: 'a:crash' });
  const starts: number[] = [];
  let restarts = -1;
  for (let at = 0; at < 40_000; at += 100) {
    cluster.clock.advance(100);
    const count = cluster.get(types.pods, 'web').status?.containerStatuses?.[0]?.restartCount ?? 0;
    if (count !== restarts) starts.push(at);
    restarts = count;
  }
  const gaps = starts.slice(2).map((at, index) => Math.round((at - (starts[index + 1] ?? 0)) / 1000));
  assert.deepEqual(gaps, [1, 2, 4, 8, 8, 8]);
  const status = cluster.get(types.pods, 'web').status.containerStatuses[0];
  assert.match(
    status.state.waiting.message,
    /^back-off 8s restarting failed container=app pod=web_default\(uid-\d+\)$/,
  );
  assert.equal(status.lastState.terminated.exitCode, 2);
});

test('a crash loop counts on after a restart of the server', () => {
  const cluster = new SimulatedCluster();
  pod(cluster, { image: 'a:crash' });
  cluster.clock.advance(10_000);
  const before = cluster.get(types.pods, 'web').status.containerStatuses[0].restartCount;
  cluster.restart();
  cluster.clock.advance(60_000);
  const after = cluster.get(types.pods, 'web').status.containerStatuses[0].restartCount;
  assert.ok(after > before, `${after} > ${before}`);
});

test('a deleted pod ends gracefully and its address is free again', () => {
  const cluster = new SimulatedCluster();
  pod(cluster);
  cluster.clock.advance(1_000);
  cluster.api.delete(types.pods, 'default', 'web');
  assert.deepEqual(cluster.podLines(), ['web: Terminating 1/1']);
  cluster.clock.advance(90);
  assert.deepEqual(cluster.podLines(), ['web: Terminating 1/1']);
  cluster.clock.advance(50);
  assert.deepEqual(cluster.podLines(), []);
  assert.ok(cluster.eventsAbout('web').includes('Normal Killing: Stopping container app'));
});

const WAITS: Record<
  string,
  { spec: object; waiting: string; create: [keyof typeof types, string]; event: RegExp }
> = {
  'a config map of its environment': {
    spec: { containers: [{ name: 'app', image: 'a', envFrom: [{ configMapRef: { name: 'app' } }] }] },
    waiting: 'web: CreateContainerConfigError 0/1',
    create: ['configMaps', 'app'],
    event: /Error: configmap "app" not found/,
  },
  'a secret of its volumes': {
    spec: { volumes: [{ name: 'tls', secret: { secretName: 'tls' } }] },
    waiting: 'web: ContainerCreating 0/1',
    create: ['secrets', 'tls'],
    event: /MountVolume.SetUp failed for volume "tls" : secret "tls" not found/,
  },
  'a claim of its volumes': {
    spec: { volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'data' } }] },
    waiting: 'web: Pending 0/1',
    create: ['volumeClaims', 'data'],
    event: /0\/1 nodes are available: persistentvolumeclaim "data" not found\./,
  },
};

for (const [name, { spec, waiting, create, event }] of Object.entries(WAITS)) {
  test(`a pod waits for ${name} without writing, and starts when it appears`, () => {
    const cluster = new SimulatedCluster();
    pod(cluster, { spec });
    cluster.clock.advance(5_000);
    assert.deepEqual(cluster.podLines(), [waiting]);
    assert.match(cluster.eventsAbout('web').join('\n'), event);
    const writes = cluster.api.writes;
    cluster.clock.advance(60_000);
    assert.equal(cluster.api.writes, writes);
    cluster.create(types[create[0]], { metadata: { name: create[1], namespace: 'default' }, spec: {} });
    cluster.clock.advance(2_000);
    assert.deepEqual(cluster.podLines(), ['web: Running 1/1']);
  });
}

test('a cordoned node takes no pods until it is free again', () => {
  const cluster = new SimulatedCluster();
  const cordon = (unschedulable: boolean): void => {
    cluster.api.update(types.nodes, '', 'fairlead-node', (node) => {
      node['spec'] = { ...(node['spec'] as object), unschedulable };
    });
  };
  cordon(true);
  pod(cluster);
  cluster.clock.advance(1_000);
  assert.match(cluster.get(types.pods, 'web').status.conditions[0].message, /1 node\(s\) were unschedulable/);
  cordon(false);
  cluster.clock.advance(1_000);
  assert.deepEqual(cluster.podLines(), ['web: Running 1/1']);
});

test('a sidecar runs before the app container and ends after it', () => {
  const cluster = new SimulatedCluster();
  const initContainers = [{ name: 'proxy', image: 'p:1', restartPolicy: 'Always' }];
  pod(cluster, { spec: { restartPolicy: 'Never', initContainers } });
  cluster.clock.advance(400);
  const { status } = cluster.get(types.pods, 'web');
  assert.ok(status.initContainerStatuses[0].state.running);
  cluster.clock.advance(2_000);
  const after = cluster.get(types.pods, 'web').status;
  assert.equal(after.phase, 'Succeeded');
  assert.ok(after.initContainerStatuses[0].state.terminated);
});

async function logOf(cluster: SimulatedCluster, options: object, container?: string): Promise<string[]> {
  const lines: string[] = [];
  for await (const line of cluster.workloads.podLog('default', 'web', container, options)) lines.push(line);
  return lines;
}

test('logs of a serving pod are the same each time and grow with time', async () => {
  const cluster = new SimulatedCluster();
  pod(cluster, { image: 'a:1' });
  cluster.clock.advance(25_000);
  const lines = await logOf(cluster, {});
  assert.equal(lines[0], 'level=info msg="starting" container=app image=a:1');
  assert.equal(lines[1], 'level=info msg="listening on :8080"');
  assert.equal(lines.length, 4);
  assert.deepEqual(await logOf(cluster, {}), lines);
  assert.deepEqual(await logOf(cluster, { tailLines: 1 }), lines.slice(-1));
  assert.deepEqual(await logOf(cluster, { sinceSeconds: 10 }), lines.slice(-1));
  assert.match(
    (await logOf(cluster, { timestamps: true }))[0] ?? '',
    /^2026-01-01T00:00:00\.000000000Z level=info/,
  );
  assert.deepEqual(await logOf(cluster, { limitBytes: 8 }), ['level=in']);
});

test('logs of a crash end in a panic, before and after the restart', async () => {
  const cluster = new SimulatedCluster();
  pod(cluster, { image: 'a:crash' });
  cluster.clock.advance(1_000);
  assert.ok((await logOf(cluster, {})).includes('panic: simulated crash'));
  cluster.clock.advance(2_000);
  assert.ok((await logOf(cluster, { previous: true })).includes('panic: simulated crash'));
});

test('logs are refused as on a real server', () => {
  const cluster = new SimulatedCluster();
  const two = [
    { name: 'app', image: 'a' },
    { name: 'side', image: 'b:pull-error' },
  ];
  pod(cluster, { spec: { containers: two } });
  const cases: [string | undefined, object, RegExp][] = [
    [undefined, {}, /a container name must be specified for pod web, choose one of: \[app side\]/],
    ['nope', {}, /container nope is not valid for pod web/],
    ['app', {}, /container "app" in pod "web" is waiting to start: ContainerCreating/],
    ['app', { previous: true }, /previous terminated container "app" in pod "web" not found/],
  ];
  for (const [container, options, message] of cases) {
    assert.throws(() => cluster.workloads.podLog('default', 'web', container, options), { message });
  }
  cluster.clock.advance(10_000);
  assert.throws(() => cluster.workloads.podLog('default', 'web', 'side', {}), {
    message: /failing to pull image/,
  });
  assert.throws(() => cluster.workloads.podLog('default', 'none', 'side', {}), { status: 404 });
});

test('followed logs go on until the pod is gone', async () => {
  const cluster = new SimulatedCluster();
  pod(cluster);
  cluster.clock.advance(1_000);
  const lines: string[] = [];
  const done = (async () => {
    for await (const line of cluster.workloads.podLog('default', 'web', undefined, { follow: true }))
      lines.push(line);
  })();
  for (let second = 0; second < 25; second += 1) {
    await new Promise((resolve) => setImmediate(resolve));
    cluster.clock.advance(1_000);
  }
  cluster.api.delete(types.pods, 'default', 'web');
  for (let second = 0; second < 3; second += 1) {
    await new Promise((resolve) => setImmediate(resolve));
    cluster.clock.advance(1_000);
  }
  await done;
  assert.equal(lines.filter((line) => line.includes('msg="request"')).length, 2);
});
