import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SimulatedCluster, template } from '../../../test/support/simulated-cluster.ts';
import { types } from './kinds.ts';

function createSet(cluster: SimulatedCluster, spec: object = {}): void {
  cluster.create(types.statefulSets, {
    apiVersion: 'apps/v1',
    metadata: { name: 'db', namespace: 'default' },
    spec: {
      replicas: 3,
      serviceName: 'db',
      selector: { matchLabels: { app: 'web' } },
      updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 0 } },
      template: template({ image: 'db:1' }),
      ...spec,
    },
  });
}

function edit(cluster: SimulatedCluster, spec: object): void {
  cluster.change(types.statefulSets, 'db', (set) => {
    set['spec'] = { ...(set['spec'] as object), ...spec };
  });
}

/** Names of the pods, in order of creation or disappearance, over a time. */
function order(cluster: SimulatedCluster, totalMs: number): string[] {
  const seen: string[] = [];
  let before = new Set<string>(cluster.list(types.pods).map((pod) => pod.metadata.uid));
  const names = new Map<string, string>(
    cluster.list(types.pods).map((pod) => [pod.metadata.uid, pod.metadata.name]),
  );
  for (let at = 0; at < totalMs; at += 10) {
    cluster.clock.advance(10);
    const pods = cluster.list(types.pods);
    for (const pod of pods) names.set(pod.metadata.uid, pod.metadata.name);
    const now = new Set<string>(pods.map((pod) => pod.metadata.uid));
    for (const uid of before) if (!now.has(uid)) seen.push(`-${names.get(uid)}`);
    for (const uid of now) if (!before.has(uid)) seen.push(`+${names.get(uid)}`);
    before = now;
  }
  return seen;
}

function images(cluster: SimulatedCluster): string[] {
  return cluster
    .list(types.pods)
    .map((pod) => `${pod.metadata.name}=${pod.spec.containers[0].image}`)
    .sort();
}

test('pods come one after the other, go in reverse, and have an identity', () => {
  const cluster = new SimulatedCluster();
  createSet(cluster);
  assert.deepEqual(order(cluster, 2_000), ['+db-0', '+db-1', '+db-2']);
  const { labels } = cluster.get(types.pods, 'db-1').metadata;
  const { status } = cluster.get(types.statefulSets, 'db');
  assert.equal(labels['statefulset.kubernetes.io/pod-name'], 'db-1');
  assert.equal(labels['apps.kubernetes.io/pod-index'], '1');
  assert.equal(labels['controller-revision-hash'], status.currentRevision);
  assert.deepEqual(status, {
    replicas: 3,
    availableReplicas: 3,
    collisionCount: 0,
    observedGeneration: 1,
    readyReplicas: 3,
    currentReplicas: 3,
    updatedReplicas: 3,
    currentRevision: status.updateRevision,
    updateRevision: status.updateRevision,
  });
  edit(cluster, { replicas: 1 });
  assert.deepEqual(order(cluster, 2_000), ['-db-2', '-db-1']);
  assert.deepEqual(cluster.errors, []);
});

test('a new template replaces pods from the highest ordinal down, each ready before the next', () => {
  const cluster = new SimulatedCluster();
  createSet(cluster);
  cluster.clock.advance(2_000);
  edit(cluster, { template: template({ image: 'db:2' }) });
  const seen = order(cluster, 3_000);
  assert.deepEqual(seen, ['-db-2', '+db-2', '-db-1', '+db-1', '-db-0', '+db-0']);
  const { status } = cluster.get(types.statefulSets, 'db');
  assert.equal(status.currentRevision, status.updateRevision);
  assert.equal(cluster.list(types.controllerRevisions).length, 2);
});

test('a partition holds the lower ordinals back', () => {
  const cluster = new SimulatedCluster();
  createSet(cluster, { updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 2 } } });
  cluster.clock.advance(2_000);
  edit(cluster, { template: template({ image: 'db:2' }) });
  cluster.clock.advance(3_000);
  assert.deepEqual(images(cluster), ['db-0=db:1', 'db-1=db:1', 'db-2=db:2']);
  const { status } = cluster.get(types.statefulSets, 'db');
  assert.notEqual(status.currentRevision, status.updateRevision);
  assert.deepEqual([status.currentReplicas, status.updatedReplicas], [2, 1]);
  cluster.api.delete(types.pods, 'default', 'db-0');
  cluster.clock.advance(2_000);
  assert.deepEqual(images(cluster), ['db-0=db:1', 'db-1=db:1', 'db-2=db:2']);
});

test('OnDelete leaves pods until somebody deletes them', () => {
  const cluster = new SimulatedCluster();
  createSet(cluster, { updateStrategy: { type: 'OnDelete' } });
  cluster.clock.advance(2_000);
  edit(cluster, { template: template({ image: 'db:2' }) });
  cluster.clock.advance(2_000);
  assert.deepEqual(images(cluster), ['db-0=db:1', 'db-1=db:1', 'db-2=db:1']);
  cluster.api.delete(types.pods, 'default', 'db-1');
  cluster.clock.advance(2_000);
  assert.deepEqual(images(cluster), ['db-0=db:1', 'db-1=db:2', 'db-2=db:1']);
});

test('Parallel starts and ends all pods at once', () => {
  const cluster = new SimulatedCluster();
  createSet(cluster, { podManagementPolicy: 'Parallel' });
  cluster.clock.advance(10);
  assert.equal(cluster.list(types.pods).length, 3);
  cluster.clock.advance(1_000);
  edit(cluster, { replicas: 0 });
  cluster.clock.advance(20);
  assert.equal(
    cluster.list(types.pods).filter((pod) => pod.metadata.deletionTimestamp !== undefined).length,
    3,
  );
});

test('a pod that is never ready stops the ones after it', () => {
  const cluster = new SimulatedCluster();
  createSet(cluster, { template: template({ image: 'db:not-ready' }) });
  cluster.clock.advance(60_000);
  assert.deepEqual(cluster.podLines(), ['db-0: Running 0/1']);
});

test('claims are made from templates, bound, and outlive the set', () => {
  const cluster = new SimulatedCluster();
  const claim = {
    metadata: { name: 'data' },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
  };
  createSet(cluster, { replicas: 2, volumeClaimTemplates: [claim] });
  cluster.clock.advance(3_000);
  const claims = cluster.list(types.volumeClaims);
  assert.deepEqual(
    claims.map((each) => [each.metadata.name, each.status.phase]),
    [
      ['data-db-0', 'Bound'],
      ['data-db-1', 'Bound'],
    ],
  );
  assert.deepEqual(cluster.podLines(), ['db-0: Running 1/1', 'db-1: Running 1/1']);
  assert.deepEqual(cluster.get(types.pods, 'db-0').spec.volumes, [
    { name: 'data', persistentVolumeClaim: { claimName: 'data-db-0' } },
  ]);
  const [volume] = cluster.list(types.volumes);
  assert.equal(volume.status.phase, 'Bound');
  cluster.api.delete(types.statefulSets, 'default', 'db');
  cluster.clock.advance(2_000);
  assert.equal(cluster.list(types.volumeClaims).length, 2);
});
