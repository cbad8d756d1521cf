// KEDA and Karpenter: what scales pods by events and nodes by pods.
import type { KubeObject } from '../../k8s/index.ts';
import type { Health } from '../../model/index.ts';
import { type Family, kinds } from '../family.ts';
import { conditionsOf, progressing } from '../read.ts';
import { byRules, byTable, readyOrFailed, staleness, when } from '../rules.ts';

const TRIGGER = 'Look at its triggers and their authentication.';
const RESUME = 'Remove the annotation autoscaling.keda.sh/paused to go on.';

const scaledObject = byTable({
  waiting: 'Waiting for the autoscaler to be created',
  rules: [
    when('Ready=False', 'Degraded', TRIGGER),
    when('Fallback=True', 'Degraded', TRIGGER),
    when('Paused=True', 'Suspended', RESUME),
    when('Ready=True', 'Healthy'),
    when('Ready', 'Progressing'),
  ],
});

const scaledJob = byTable({
  waiting: 'Waiting for the first look at the triggers',
  rules: [
    when('Ready=False', 'Degraded', TRIGGER),
    when('Ready=Unknown:!', 'Degraded', TRIGGER),
    when('Paused=True', 'Suspended', RESUME),
    when('Ready=True', 'Healthy'),
  ],
});

export const keda: Family = {
  name: 'KEDA',
  checks: [
    kinds('keda.sh', 'ScaledObject', 'conditions Ready, Fallback, Paused', scaledObject),
    kinds('keda.sh', 'ScaledJob', 'conditions Ready, Paused', scaledJob),
    kinds(
      'http.keda.sh',
      'HTTPScaledObject',
      'condition Ready',
      readyOrFailed('Waiting for the interceptor', 'Look at its scale target.'),
    ),
    kinds(
      'eventing.keda.sh',
      'CloudEventSource ClusterCloudEventSource',
      'condition Active',
      byTable({
        waiting: 'Waiting for the destination',
        rules: [when('Active=False', 'Degraded', 'Look at its destination.'), when('Active=True', 'Healthy')],
      }),
    ),
  ],
};

const LOOK_AT_CLASS = 'Look at the node class: subnets, security groups, images, role.';

const nodePool = byTable({
  waiting: 'Waiting for the pool to be checked',
  rules: [
    when('Ready=False', 'Degraded', LOOK_AT_CLASS),
    when('Ready=True', 'Healthy'),
    when('NodeClassReady=False', 'Degraded', LOOK_AT_CLASS),
  ],
});

const nodeClass = byTable({
  waiting: 'Waiting for the class to be checked',
  rules: [
    when('Ready=False', 'Degraded', 'Look at its selectors and its role.'),
    ...['SubnetsReady', 'SecurityGroupsReady', 'AMIsReady', 'ImagesReady', 'ValidationSucceeded'].map(
      (type) => when(`${type}=False`, 'Degraded', 'Look at its selectors and its role.'),
    ),
    when('Ready=True', 'Healthy'),
  ],
});

const CLAIM = [
  when('Disrupting=True', 'Suspended', 'The node is being replaced.'),
  when('Ready=True', 'Healthy'),
  when('Ready=False', 'Degraded', 'Look at the node and the events of the claim.'),
];
/** The furthest step that is done says what comes next. */
const STEPS: readonly (readonly [condition: string, next: string])[] = [
  ['Initialized', 'Waiting for the node to be ready'],
  ['Registered', 'Waiting for the node to be initialized'],
  ['Launched', 'Waiting for the node to register'],
];

function nodeClaim(object: KubeObject): Health {
  const stale = staleness(object);
  if (stale !== undefined) return stale;
  const conditions = conditionsOf(object);
  const health = byRules(object, conditions, CLAIM);
  if (health !== undefined) return health;
  const done = STEPS.find(([step]) =>
    conditions.some(({ type, status }) => type === step && status === 'True'),
  );
  return progressing(done?.[1] ?? 'Waiting for the node to be launched');
}

export const karpenter: Family = {
  name: 'Karpenter',
  checks: [
    kinds('karpenter.sh', 'NodePool', 'conditions Ready, NodeClassReady', nodePool),
    kinds('karpenter.sh', 'NodeClaim', 'conditions Disrupting, Ready, and the steps before', nodeClaim),
    kinds('karpenter.sh', 'EC2NodeClass', 'as in karpenter.k8s.aws', nodeClass),
    kinds('karpenter.k8s.aws', 'EC2NodeClass', 'conditions Ready, SubnetsReady and so on', nodeClass),
    kinds('karpenter.azure.com', 'AKSNodeClass', 'conditions Ready, ImagesReady', nodeClass),
  ],
};
