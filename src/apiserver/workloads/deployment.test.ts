import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SimulatedCluster, template } from '../../../test/support/simulated-cluster.ts';
import { types } from './kinds.ts';

function deploy(cluster: SimulatedCluster, spec: object = {}, image = 'shop/web:1'): void {
  cluster.create(types.deployments, {
    apiVersion: 'apps/v1',
    metadata: { name: 'web', namespace: 'default' },
    spec: {
      replicas: 3,
      progressDeadlineSeconds: 600,
      selector: { matchLabels: { app: 'web' } },
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: '25%', maxUnavailable: '25%' } },
      template: template({ image }),
      ...spec,
    },
  });
}

function setImage(cluster: SimulatedCluster, image: string): void {
  cluster.change(types.deployments, 'web', (object) => {
    (object['spec'] as { template: unknown }).template = template({ image });
  });
}

function conditions(cluster: SimulatedCluster): string[] {
  const all = cluster.get(types.deployments, 'web').status.conditions as Record<string, string>[];
  return all.map(({ type, status, reason }) => `${type}=${status} ${reason}`);
}

function counts(cluster: SimulatedCluster): Record<string, unknown> {
  const { conditions: _conditions, ...rest } = cluster.get(types.deployments, 'web').status;
  return rest;
}

test('a new Deployment becomes available in about 300 ms', () => {
  const cluster = new SimulatedCluster();
  deploy(cluster);
  cluster.clock.advance(30);
  assert.deepEqual(conditions(cluster), [
    'Available=False MinimumReplicasUnavailable',
    'Progressing=True ReplicaSetUpdated',
  ]);
  cluster.clock.advance(300);
  assert.deepEqual(conditions(cluster), [
    'Available=True MinimumReplicasAvailable',
    'Progressing=True NewReplicaSetAvailable',
  ]);
  assert.deepEqual(counts(cluster), {
    observedGeneration: 1,
    replicas: 3,
    updatedReplicas: 3,
    readyReplicas: 3,
    availableReplicas: 3,
    terminatingReplicas: 0,
  });
  assert.equal(
    cluster.get(types.deployments, 'web').metadata.annotations['deployment.kubernetes.io/revision'],
    '1',
  );
  assert.deepEqual(cluster.errors, []);
});

test('an idle Deployment writes nothing and sets no timers', () => {
  const cluster = new SimulatedCluster();
  deploy(cluster);
  cluster.clock.advance(5_000);
  const writes = cluster.api.writes;
  cluster.clock.advance(3_600_000);
  assert.equal(cluster.api.writes, writes);
  assert.equal(cluster.clock.pending, 0);
});

test('a new image rolls over within surge and unavailability and keeps the old ReplicaSet', () => {
  const cluster = new SimulatedCluster();
  deploy(cluster, { replicas: 4 });
  cluster.clock.advance(1_000);
  setImage(cluster, 'shop/web:2');
  let most = 0;
  let least = 99;
  for (let step = 0; step < 300; step += 1) {
    cluster.clock.advance(10);
    const active = cluster.list(types.pods).filter((pod) => pod.metadata.deletionTimestamp === undefined);
    most = Math.max(most, active.length);
    least = Math.min(least, cluster.get(types.deployments, 'web').status.availableReplicas);
  }
  assert.equal(most, 5);
  assert.equal(least, 3);
  const sets = cluster
    .list(types.replicaSets)
    .map((set) => [set.metadata.annotations['deployment.kubernetes.io/revision'], set.spec.replicas]);
  assert.deepEqual(sets, [
    ['1', 0],
    ['2', 4],
  ]);
  assert.deepEqual(conditions(cluster), [
    'Available=True MinimumReplicasAvailable',
    'Progressing=True NewReplicaSetAvailable',
  ]);
});

test('an image that is never ready keeps the old pods and exceeds the deadline', () => {
  const cluster = new SimulatedCluster();
  deploy(cluster, { progressDeadlineSeconds: 30 });
  cluster.clock.advance(1_000);
  setImage(cluster, 'shop/web:not-ready');
  cluster.clock.advance(20_000);
  assert.deepEqual(conditions(cluster), [
    'Available=True MinimumReplicasAvailable',
    'Progressing=True ReplicaSetUpdated',
  ]);
  cluster.clock.advance(20_000);
  assert.deepEqual(conditions(cluster), [
    'Available=True MinimumReplicasAvailable',
    'Progressing=False ProgressDeadlineExceeded',
  ]);
  assert.equal(counts(cluster)['availableReplicas'], 3);
});

test('a rollback reuses the old ReplicaSet under a new revision', () => {
  const cluster = new SimulatedCluster();
  deploy(cluster);
  cluster.clock.advance(1_000);
  setImage(cluster, 'shop/web:crash');
  cluster.clock.advance(5_000);
  setImage(cluster, 'shop/web:1');
  cluster.clock.advance(5_000);
  const [first, second] = cluster.list(types.replicaSets);
  assert.equal(first.metadata.annotations['deployment.kubernetes.io/revision'], '3');
  assert.equal(first.metadata.annotations['deployment.kubernetes.io/revision-history'], '1');
  assert.equal(second.spec.replicas, 0);
  assert.deepEqual(conditions(cluster), [
    'Available=True MinimumReplicasAvailable',
    'Progressing=True NewReplicaSetAvailable',
  ]);
});

test('Recreate ends all old pods before the first new one', () => {
  const cluster = new SimulatedCluster();
  deploy(cluster, { strategy: { type: 'Recreate' } });
  cluster.clock.advance(1_000);
  setImage(cluster, 'shop/web:2');
  let overlap = false;
  for (let step = 0; step < 200; step += 1) {
    cluster.clock.advance(10);
    const images = new Set(cluster.list(types.pods).map((pod) => pod.spec.containers[0].image));
    overlap ||= images.size > 1;
  }
  assert.equal(overlap, false);
  assert.equal(counts(cluster)['availableReplicas'], 3);
});

test('a paused Deployment scales but does not roll', () => {
  const cluster = new SimulatedCluster();
  deploy(cluster);
  cluster.clock.advance(1_000);
  cluster.change(types.deployments, 'web', (object) => {
    object['spec'] = {
      ...(object['spec'] as object),
      paused: true,
      replicas: 5,
      template: template({ image: 'shop/web:2' }),
    };
  });
  cluster.clock.advance(1_000);
  assert.deepEqual(
    cluster.list(types.replicaSets).map((set) => set.spec.replicas),
    [5],
  );
  assert.deepEqual(conditions(cluster), [
    'Progressing=Unknown DeploymentPaused',
    'Available=True MinimumReplicasAvailable',
  ]);
  cluster.change(types.deployments, 'web', (object) => {
    object['spec'] = { ...(object['spec'] as object), paused: false };
  });
  cluster.clock.advance(3_000);
  assert.deepEqual(
    cluster.list(types.replicaSets).map((set) => set.spec.replicas),
    [0, 5],
  );
});

test('only revisionHistoryLimit old ReplicaSets stay', () => {
  const cluster = new SimulatedCluster();
  deploy(cluster, { revisionHistoryLimit: 2 });
  for (const version of [2, 3, 4, 5, 6]) {
    cluster.clock.advance(3_000);
    setImage(cluster, `shop/web:${version}`);
  }
  cluster.clock.advance(3_000);
  const revisions = cluster
    .list(types.replicaSets)
    .map((set) => set.metadata.annotations['deployment.kubernetes.io/revision']);
  assert.deepEqual(revisions, ['4', '5', '6']);
});

test('a restart in the middle of a rollout continues it', () => {
  const cluster = new SimulatedCluster();
  deploy(cluster);
  cluster.clock.advance(1_000);
  setImage(cluster, 'shop/web:2');
  cluster.clock.advance(150);
  cluster.restart();
  cluster.clock.advance(5_000);
  assert.deepEqual(
    cluster.list(types.replicaSets).map((set) => set.spec.replicas),
    [0, 3],
  );
  assert.deepEqual(conditions(cluster), [
    'Available=True MinimumReplicasAvailable',
    'Progressing=True NewReplicaSetAvailable',
  ]);
});

test('deletion takes ReplicaSets and pods along', () => {
  const cluster = new SimulatedCluster();
  deploy(cluster);
  cluster.clock.advance(1_000);
  cluster.api.delete(types.deployments, 'default', 'web');
  cluster.clock.advance(1_000);
  assert.deepEqual([cluster.list(types.replicaSets), cluster.list(types.pods)], [[], []]);
  assert.deepEqual(cluster.errors, []);
});
