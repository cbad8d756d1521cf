// Brokers: Strimzi, Confluent for Kubernetes, RabbitMQ.
import type { KubeObject } from '../../k8s/index.ts';
import type { Health } from '../../model/index.ts';
import { type Family, kinds } from '../family.ts';
import {
  at,
  conditionsOf,
  degraded,
  type HealthCheck,
  healthy,
  numberAt,
  progressing,
  suspended,
  textAt,
  unknown,
} from '../read.ts';
import { byPhase, byRules, byTable, staleness, when } from '../rules.ts';

const STRIMZI_PAUSED = when(
  'ReconciliationPaused=True',
  'Suspended',
  'Remove the annotation strimzi.io/pause-reconciliation to go on.',
);

function strimziKind(waiting: string, notReady: string, remedy: string): HealthCheck {
  return byTable({
    waiting,
    rules: [STRIMZI_PAUSED, when(notReady, 'Degraded', remedy), when('Ready=True', 'Healthy')],
  });
}

const PODS = 'Look at the pods of the cluster and at the log of the operator.';
const strimziCluster = strimziKind('Waiting for the pods', 'NotReady=True:!Creating', PODS);
const ENTITY = 'Look at the log of the entity operator.';

/** A proposal waits for somebody to approve it. */
const rebalance = byTable({
  waiting: 'Waiting for a proposal',
  rules: [
    STRIMZI_PAUSED,
    when('NotReady=True', 'Degraded', 'Look at the rebalance spec and at Cruise Control.'),
    when('ProposalReady=True', 'Suspended', 'Approve it with the annotation strimzi.io/rebalance: approve.'),
    when('Stopped=True', 'Suspended', 'The annotation strimzi.io/rebalance: refresh starts it again.'),
    when('PendingProposal=True', 'Progressing'),
    when('Rebalancing=True', 'Progressing'),
    when('Ready=True', 'Healthy'),
  ],
});

function podSet(object: KubeObject): Health {
  const stale = staleness(object);
  if (stale !== undefined) return stale;
  const count = (name: string): number => numberAt(object, 'status', name) ?? 0;
  const [pods, ready, current] = [count('pods'), count('readyPods'), count('currentPods')];
  if (numberAt(object, 'status', 'pods') === undefined) return progressing('Waiting for the pods');
  if (current < pods)
    return progressing(`Waiting for pods: ${current} of ${pods} are of the present revision`);
  return ready < pods ? progressing(`Waiting for pods: ${ready} of ${pods} are ready`) : healthy();
}

export const strimzi: Family = {
  name: 'Strimzi',
  checks: [
    kinds(
      'kafka.strimzi.io',
      'Kafka KafkaBridge KafkaConnect KafkaMirrorMaker KafkaMirrorMaker2',
      'conditions ReconciliationPaused, NotReady (not while creating), Ready',
      strimziCluster,
    ),
    kinds(
      'kafka.strimzi.io',
      'KafkaConnector',
      'conditions NotReady, Ready',
      strimziKind('Waiting for the connector', 'NotReady=True', 'Look at its configuration and its tasks.'),
    ),
    kinds(
      'kafka.strimzi.io',
      'KafkaTopic KafkaUser',
      'conditions NotReady, Ready',
      strimziKind('Waiting for the entity operator', 'NotReady=True', ENTITY),
    ),
    kinds('kafka.strimzi.io', 'KafkaRebalance', 'the condition that holds', rebalance),
    kinds('core.strimzi.io', 'StrimziPodSet', 'pods', podSet),
  ],
};

const confluentCluster = byPhase({
  path: 'status.phase',
  phases: { Healthy: 'RUNNING', Degraded: 'FAILED|ERROR', Progressing: 'PROVISIONING|DELETING' },
  waiting: 'Waiting for the pods',
  remedy: 'Look at its conditions and its pods.',
});

const confluentEntity = byPhase({
  path: 'status.state',
  phases: {
    Healthy: 'CREATED|SUCCEEDED|SUCCESS|RUNNING|ACTIVE',
    Degraded: 'ERROR|FAILED',
    Suspended: 'PAUSED',
  },
  waiting: 'Waiting for the cluster to take it',
  remedy: 'Look at its conditions, and at the address and the credentials of the cluster.',
});

function confluentConnector(object: KubeObject): Health {
  const state = textAt(object, 'status', 'state') ?? '';
  const connector = textAt(object, 'status', 'connectorState') ?? '';
  const failed = numberAt(object, 'status', 'failedTasksCount') ?? 0;
  if (state === 'ERROR') {
    const [first] = conditionsOf(object);
    return degraded(first?.message || 'The connector cannot be created. Look at its configuration');
  }
  if (failed > 0)
    return degraded(`${failed} tasks have failed. Look at their traces, then restart the connector`);
  if (state === 'CREATED' && connector === 'RUNNING') return healthy('Running');
  if (connector === 'PAUSED') return suspended('The connector is paused. Resume it to go on');
  return progressing(`Waiting for the connector: ${state || 'not created'}, ${connector || 'not started'}`);
}

export const confluent: Family = {
  name: 'Confluent',
  checks: [
    kinds(
      'platform.confluent.io',
      'Kafka Zookeeper KRaftController Connect KsqlDB SchemaRegistry ControlCenter KafkaRestProxy',
      'status.phase',
      confluentCluster,
    ),
    kinds(
      'platform.confluent.io',
      'Connector',
      'status.state, connectorState, failedTasksCount',
      confluentConnector,
    ),
    kinds(
      'platform.confluent.io',
      'KafkaTopic Schema ConfluentRolebinding ClusterLink SchemaExporter',
      'status.state',
      confluentEntity,
    ),
  ],
};

function rabbitmqCluster(object: KubeObject): Health {
  const stale = staleness(object);
  if (stale !== undefined) return stale;
  const conditions = conditionsOf(object);
  const failed = byRules(object, conditions, [when('ReconcileSuccess=False', 'Degraded', PODS)]);
  if (failed !== undefined) return failed;
  const status = (name: string): string => conditions.find(({ type }) => type === name)?.status ?? '';
  const [available, ready] = [status('ClusterAvailable'), status('AllReplicasReady')];
  if (available === 'Unknown' || ready === 'Unknown')
    return progressing('Waiting for the cluster to report its nodes');
  const toZero = conditions.some(
    ({ type, reason }) => type === 'AllReplicasReady' && reason === 'ScaledToZero',
  );
  if (toZero && ready === 'False' && numberAt(object, 'spec', 'replicas') === 0)
    return suspended('Scaled to zero by spec.replicas. Raise it to go on');
  if (available === 'False') return progressing('Waiting for the cluster to form');
  if (ready === 'False') return progressing('Waiting for all nodes to be ready');
  return available === 'True' && ready === 'True' ? healthy() : progressing('Waiting for the operator');
}

/** What the topology operator keeps in a broker. */
function rabbitmqTopology(object: KubeObject): Health {
  const conditions = conditionsOf(object);
  if (at(object, 'status') === undefined) return progressing('Waiting for the topology operator');
  return (
    staleness(object) ??
    byRules(object, conditions, [
      when('Ready=True:SuccessfulCreateOrUpdate', 'Healthy'),
      when(
        'Ready=False:FailedCreateOrUpdate',
        'Degraded',
        'Look whether the cluster it names is up and allows it.',
      ),
    ]) ??
    unknown('The topology operator tells nothing known of it. Look at its conditions')
  );
}

export const rabbitmq: Family = {
  name: 'RabbitMQ',
  checks: [
    kinds(
      'rabbitmq.com',
      'RabbitmqCluster',
      'conditions ReconcileSuccess, ClusterAvailable, AllReplicasReady',
      rabbitmqCluster,
    ),
    kinds(
      'rabbitmq.com',
      'Binding Exchange Permission Policy Queue Shovel User Vhost Federation SchemaReplication TopicPermission OperatorPolicy SuperStream',
      'condition Ready',
      rabbitmqTopology,
    ),
  ],
};
