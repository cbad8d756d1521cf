import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SimulatedCluster, template } from '../../../test/support/simulated-cluster.ts';
import { types } from './kinds.ts';

function createSet(cluster: SimulatedCluster, spec: object = {}): void {
  cluster.create(types.daemonSets, {
    apiVersion: 'apps/v1',
    metadata: { name: 'agent', namespace: 'default' },
    spec: {
      selector: { matchLabels: { app: 'web' } },
      updateStrategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 1, maxSurge: 0 } },
      template: template({ image: 'agent:1' }),
      ...spec,
    },
  });
}

test('one pod runs on the node and a new template replaces it', () => {
  const cluster = new SimulatedCluster();
  createSet(cluster);
  cluster.clock.advance(1_000);
  assert.deepEqual(cluster.get(types.daemonSets, 'agent').status, {
    currentNumberScheduled: 1,
    numberMisscheduled: 0,
    desiredNumberScheduled: 1,
    numberReady: 1,
    observedGeneration: 1,
    updatedNumberScheduled: 1,
    numberAvailable: 1,
  });
  cluster.change(types.daemonSets, 'agent', (set) => {
    set['spec'] = { ...(set['spec'] as object), template: template({ image: 'agent:2' }) };
  });
  cluster.clock.advance(1_000);
  assert.deepEqual(
    cluster.list(types.pods).map((pod) => pod.spec.containers[0].image),
    ['agent:2'],
  );
  assert.equal(cluster.list(types.controllerRevisions).length, 2);
  const writes = cluster.api.writes;
  cluster.clock.advance(60_000);
  assert.equal(cluster.api.writes, writes);
  assert.deepEqual(cluster.errors, []);
});

test('a node selector that fits no node wants no pods', () => {
  const cluster = new SimulatedCluster();
  createSet(cluster, { template: template({ spec: { nodeSelector: { gpu: 'yes' } } }) });
  cluster.clock.advance(1_000);
  assert.equal(cluster.get(types.daemonSets, 'agent').status.desiredNumberScheduled, 0);
  cluster.api.update(types.nodes, '', 'fairlead-node', (node) => {
    node.metadata.labels = { ...node.metadata.labels, gpu: 'yes' };
  });
  cluster.clock.advance(1_000);
  assert.equal(cluster.get(types.daemonSets, 'agent').status.numberReady, 1);
});
