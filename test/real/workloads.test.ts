// The simulated controllers against the real kube-controller-manager: the same objects on both, what the controllers
// make of them compared. On the real side a stand-in for scheduler and kubelet binds pods and reports them ready.
import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ResourceName } from '../../src/apiserver/internal-api.ts';
import { types } from '../../src/apiserver/workloads/kinds.ts';
import type { KubeObject } from '../../src/k8s/index.ts';
import { type ControlPlane, startControlPlane } from '../support/control-plane.ts';
import { type RawClient, rawClient } from '../support/raw-http.ts';
import { SimulatedCluster } from '../support/simulated-cluster.ts';

const POD = { metadata: { labels: { app: 'x' } }, spec: { containers: [{ name: 'app', image: 'a:1' }] } };
const JOB_POD = { ...POD, spec: { ...POD.spec, restartPolicy: 'Never' } };
const SELECTOR = { matchLabels: { app: 'x' } };

const image = (name: string): object => ({
  template: { ...POD, spec: { containers: [{ name: 'app', image: name }] } },
});

interface Case {
  /** Created in order; names are unique per case. */
  readonly objects: readonly (Partial<KubeObject> & { type: ResourceName })[];
  /** Changes of the first object's spec, each after everything settled. */
  readonly changes?: readonly object[];
  readonly compare: readonly ResourceName[];
}

const deployment = (spec: object): Case['objects'][number] => ({
  type: types.deployments,
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  spec: { replicas: 2, selector: SELECTOR, template: POD, ...spec },
});

const CASES: Record<string, Case> = {
  'a Deployment': { objects: [deployment({})], compare: [types.deployments, types.replicaSets] },
  'a Deployment with a new template': {
    objects: [deployment({})],
    changes: [image('a:2')],
    compare: [types.deployments, types.replicaSets],
  },
  'a recreated Deployment': {
    objects: [deployment({ strategy: { type: 'Recreate' } })],
    changes: [image('a:2')],
    compare: [types.deployments, types.replicaSets],
  },
  'a paused Deployment': {
    objects: [deployment({ paused: true })],
    compare: [types.deployments, types.replicaSets],
  },
  'a scaled Deployment': {
    objects: [deployment({})],
    changes: [{ replicas: 4 }],
    compare: [types.deployments, types.replicaSets],
  },
  'a Deployment whose new template is never ready': {
    objects: [deployment({ replicas: 4, strategy: { rollingUpdate: { maxSurge: 1, maxUnavailable: 1 } } })],
    changes: [image('a:not-ready')],
    compare: [types.deployments, types.replicaSets],
  },
  'a Deployment rolled back': {
    objects: [deployment({})],
    changes: [image('a:2'), image('a:1')],
    compare: [types.deployments, types.replicaSets],
  },
  'a Deployment resized in the middle of a rollout': {
    objects: [deployment({ replicas: 4, strategy: { rollingUpdate: { maxSurge: 1, maxUnavailable: 1 } } })],
    changes: [image('a:not-ready'), { replicas: 9 }],
    compare: [types.deployments, types.replicaSets],
  },
  'a Deployment with a short history': {
    objects: [deployment({ revisionHistoryLimit: 1 })],
    changes: [image('a:2'), image('a:3'), image('a:4')],
    compare: [types.deployments, types.replicaSets],
  },
  'a StatefulSet with a partition, scaled': {
    objects: [
      {
        type: types.statefulSets,
        apiVersion: 'apps/v1',
        kind: 'StatefulSet',
        spec: {
          replicas: 3,
          serviceName: 'x',
          selector: SELECTOR,
          template: POD,
          updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 2 } },
        },
      },
    ],
    changes: [image('a:2'), { replicas: 4 }, { replicas: 1 }],
    compare: [types.statefulSets, types.controllerRevisions],
  },
  'a Job whose pods fail': {
    objects: [
      {
        type: types.jobs,
        apiVersion: 'batch/v1',
        kind: 'Job',
        spec: {
          backoffLimit: 0,
          template: { ...JOB_POD, spec: { ...JOB_POD.spec, containers: [{ name: 'app', image: 'a:fail' }] } },
        },
      },
    ],
    compare: [types.jobs],
  },
  'an Indexed Job': {
    objects: [
      {
        type: types.jobs,
        apiVersion: 'batch/v1',
        kind: 'Job',
        spec: { completions: 3, parallelism: 3, completionMode: 'Indexed', template: JOB_POD },
      },
    ],
    compare: [types.jobs],
  },
  'a StatefulSet': {
    objects: [
      {
        type: types.statefulSets,
        apiVersion: 'apps/v1',
        kind: 'StatefulSet',
        spec: { replicas: 2, serviceName: 'x', selector: SELECTOR, template: POD },
      },
    ],
    changes: [image('a:2')],
    compare: [types.statefulSets, types.controllerRevisions],
  },
  'a DaemonSet': {
    objects: [
      {
        type: types.daemonSets,
        apiVersion: 'apps/v1',
        kind: 'DaemonSet',
        spec: { selector: SELECTOR, template: POD },
      },
    ],
    compare: [types.daemonSets, types.controllerRevisions],
  },
  'a Job': {
    objects: [
      { type: types.jobs, apiVersion: 'batch/v1', kind: 'Job', spec: { completions: 2, template: JOB_POD } },
    ],
    compare: [types.jobs],
  },
  'a suspended Job': {
    objects: [
      { type: types.jobs, apiVersion: 'batch/v1', kind: 'Job', spec: { suspend: true, template: JOB_POD } },
    ],
    compare: [types.jobs],
  },
  'a Service over a Deployment, with a budget': {
    objects: [
      deployment({}),
      {
        type: types.services,
        apiVersion: 'v1',
        kind: 'Service',
        spec: { selector: { app: 'x' }, ports: [{ port: 80, targetPort: 8080 }] },
      },
      {
        type: types.disruptionBudgets,
        apiVersion: 'policy/v1',
        kind: 'PodDisruptionBudget',
        spec: { minAvailable: 1, selector: SELECTOR },
      },
    ],
    compare: [types.endpoints, types.endpointSlices, types.disruptionBudgets],
  },
};

suite('simulated controllers against the real ones', { concurrency: true }, () => {
  let server: ControlPlane;
  let real: RealCluster;
  before(async () => {
    server = await startControlPlane();
    real = new RealCluster(rawClient(server));
    await real.start();
  });
  after(async () => {
    await real?.close();
    await server?.close();
  });

  for (const [at, [name, each]] of Object.entries(CASES).entries()) {
    test(`${name} ends the same`, async () => {
      const namespace = `case-${at}`;
      await real.createNamespace(namespace);
      const cluster = new SimulatedCluster();
      for (const { type, ...object } of each.objects) {
        const created = await real.create(type, {
          ...object,
          metadata: { name: 'x', namespace },
        } as KubeObject);
        const { apiVersion, kind, spec, metadata } = created;
        const { labels, annotations } = metadata;
        const copy = { ...(labels && { labels }), ...(annotations && { annotations }) };
        cluster.create(type, { apiVersion, kind, metadata: { name: 'x', namespace, ...copy }, spec });
      }
      cluster.clock.advance(10_000);
      await real.settled(namespace);
      const [first] = each.objects;
      for (const spec of each.changes ?? []) {
        assert.ok(first);
        const changed = await real.patch(first.type, namespace, 'x', { spec });
        cluster.api.update(first.type, namespace, 'x', (copy) => {
          copy['spec'] = changed['spec'];
        });
        cluster.clock.advance(10_000);
        await real.settled(namespace);
      }
      for (const type of each.compare) {
        const want = (await real.list(type, namespace)).map(comparable).sort(byRevision);
        const got = cluster.api.list(type, namespace).map(comparable).sort(byRevision);
        assert.deepEqual(got, want, type.resource);
      }
      assert.deepEqual(cluster.errors, []);
      cluster.workloads.close();
    });
  }
});

/** What both must agree on: names without hashes, no times, no ids; status and controller-made metadata and spec. */
function comparable(object: KubeObject): unknown {
  const { labels, annotations, finalizers, generation } = object.metadata;
  const hashes = Object.entries(labels ?? {})
    .filter(([key]) => key.endsWith('hash'))
    .map(([, value]) => value);
  const revisions = Object.values((object['status'] ?? {}) as object).filter(
    (value): value is string => typeof value === 'string' && /^x-[a-z0-9]+$/.test(value),
  );
  let text = JSON.stringify({
    labels,
    annotations,
    finalizers,
    ...(object.kind === 'EndpointSlice' ? {} : { generation }),
    owners: object.metadata.ownerReferences?.map(({ uid: _uid, ...rest }) => rest),
    ...(object.kind === 'ReplicaSet'
      ? { replicas: (object as { spec?: { replicas?: number } }).spec?.replicas }
      : {}),
    ...(object.kind === 'EndpointSlice' ? { endpoints: object['endpoints'], ports: object['ports'] } : {}),
    ...(object.kind === 'Endpoints' ? { subsets: object['subsets'] } : {}),
    ...(object.kind === 'ControllerRevision' ? { revision: object['revision'] } : {}),
    status: object['status'],
  });
  for (const hash of hashes) text = text.replaceAll(hash, 'HASH');
  for (const revision of revisions) text = text.replaceAll(revision, 'x-HASH');
  text = text
    .replace(/x-[a-z0-9]{8,10}-[a-z0-9]{5}\b/g, 'x-POD')
    .replace(/ReplicaSet \\"x-[a-z0-9]+\\"/g, 'ReplicaSet \\"x-HASH\\"')
    .replace(/20\d\d-\d\d-\d\dT[\d:.]+Z/g, 'TIME')
    .replace(/"uid":"[^"]*"/g, '"uid":"UID"')
    .replace(/\b10\.\d+\.\d+\.\d+\b/g, 'IP');
  const parsed = JSON.parse(text) as {
    status?: { conditions?: { type: string }[] };
    annotations?: Record<string, string>;
  };
  parsed.status?.conditions?.sort((a, b) => (a.type < b.type ? -1 : 1));
  // Written by the Endpoints controller for its own latency metric.
  delete parsed.annotations?.['endpoints.kubernetes.io/last-change-trigger-time'];
  if (Object.keys(parsed.annotations ?? {}).length === 0) delete parsed.annotations;
  return parsed;
}

function byRevision(a: unknown, b: unknown): number {
  return JSON.stringify(a) < JSON.stringify(b) ? -1 : 1;
}

/** The real control plane with a stand-in for scheduler and kubelet. */
class RealCluster {
  private readonly client: RawClient;
  private running = true;
  private loop: Promise<void> | undefined;
  private address = 2;

  constructor(client: RawClient) {
    this.client = client;
  }

  async start(): Promise<void> {
    await this.send('POST', '/api/v1/nodes', {
      apiVersion: 'v1',
      kind: 'Node',
      metadata: { name: 'fairlead-node' },
    });
    await this.reportReady();
    const untainted = { spec: { taints: null } };
    await this.send('PATCH', '/api/v1/nodes/fairlead-node', untainted, 'application/merge-patch+json');
    this.loop = this.playKubelet();
  }

  async close(): Promise<void> {
    this.running = false;
    await this.loop;
    this.client.close();
  }

  async createNamespace(name: string): Promise<void> {
    await this.send('POST', '/api/v1/namespaces', {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name },
    });
    for (let tries = 0; tries < 100; tries += 1) {
      const { status } = await this.client.send({
        method: 'GET',
        path: `/api/v1/namespaces/${name}/serviceaccounts/default`,
      });
      if (status === 200) return;
      await sleep(50);
    }
    throw new Error(`No default service account in ${name}`);
  }

  create(type: ResourceName, object: KubeObject): Promise<KubeObject> {
    return this.send('POST', pathOf(type, object.metadata.namespace ?? ''), object);
  }

  patch(type: ResourceName, namespace: string, name: string, patch: object): Promise<KubeObject> {
    return this.send('PATCH', `${pathOf(type, namespace)}/${name}`, patch, 'application/merge-patch+json');
  }

  async list(type: ResourceName, namespace: string): Promise<KubeObject[]> {
    const body = await this.send('GET', pathOf(type, namespace));
    const { items } = body as unknown as { items: KubeObject[] };
    return items.map((item) => ({ ...item, kind: body.kind.replace(/List$/, '') }));
  }

  /** Waits until nothing in a namespace has changed for a while. */
  async settled(namespace: string): Promise<void> {
    let seen = '';
    let changedAt = Date.now();
    while (Date.now() - changedAt < 3_000) {
      const all = await Promise.all(
        [
          types.pods,
          types.deployments,
          types.replicaSets,
          types.statefulSets,
          types.daemonSets,
          types.jobs,
          types.endpoints,
        ].map((type) => this.list(type, namespace)),
      );
      const now = all
        .flat()
        .map(({ metadata }) => metadata.resourceVersion)
        .join();
      if (now !== seen) changedAt = Date.now();
      seen = now;
      await sleep(250);
    }
  }

  private async playKubelet(): Promise<void> {
    for (let round = 0; this.running; round += 1) {
      // A node without a heartbeat is given up after 40 s.
      if (round % 50 === 0) await this.reportReady();
      const { items } = (await this.send('GET', '/api/v1/pods')) as unknown as { items: KubeObject[] };
      for (const pod of items) await this.step(pod).catch(() => {});
      await sleep(50);
    }
  }

  private async reportReady(): Promise<void> {
    const now = new Date().toISOString();
    const ready = { type: 'Ready', status: 'True', reason: 'KubeletReady', lastHeartbeatTime: now };
    const patch = { status: { conditions: [{ ...ready, lastTransitionTime: now }] } };
    await this.send('PATCH', '/api/v1/nodes/fairlead-node/status', patch, 'application/merge-patch+json');
  }

  private async step(pod: KubeObject): Promise<void> {
    const path = `/api/v1/namespaces/${pod.metadata.namespace}/pods/${pod.metadata.name}`;
    const spec = pod['spec'] as {
      nodeName?: string;
      restartPolicy?: string;
      containers: { image?: string }[];
    };
    const status = pod['status'] as { phase?: string };
    if (pod.metadata.deletionTimestamp !== undefined) {
      await this.send('DELETE', path, { apiVersion: 'v1', kind: 'DeleteOptions', gracePeriodSeconds: 0 });
    } else if (spec.nodeName === undefined) {
      const target = { apiVersion: 'v1', kind: 'Node', name: 'fairlead-node' };
      const metadata = { name: pod.metadata.name ?? '' };
      await this.send('POST', `${path}/binding`, { apiVersion: 'v1', kind: 'Binding', metadata, target });
    } else if (status.phase === 'Pending') {
      const image = spec.containers[0]?.image ?? '';
      const job = spec.restartPolicy === 'Never';
      const unready = job || image.endsWith('not-ready');
      const phase = job ? (image.endsWith('fail') ? 'Failed' : 'Succeeded') : 'Running';
      const podIP = `10.244.0.${this.address++}`;
      const ready = {
        type: 'Ready',
        status: unready ? 'False' : 'True',
        lastTransitionTime: new Date().toISOString(),
      };
      const next = { phase, podIP, podIPs: [{ ip: podIP }], conditions: [ready] };
      await this.send('PATCH', `${path}/status`, { status: next }, 'application/merge-patch+json');
    }
  }

  private async send(method: string, path: string, body?: object, contentType?: string): Promise<KubeObject> {
    const headers = contentType === undefined ? {} : { headers: { 'content-type': contentType } };
    const answer = await this.client.send({
      method,
      path,
      ...(body === undefined ? {} : { body }),
      ...headers,
    });
    if (answer.status >= 300)
      throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer.body as KubeObject;
  }
}

function pathOf(type: ResourceName, namespace: string): string {
  const base = type.group === '' ? '/api/v1' : `/apis/${type.group}/v1`;
  return `${base}/namespaces/${namespace}/${type.resource}`;
}
