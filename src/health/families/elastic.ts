// Elastic Cloud on Kubernetes: the cluster by nodes, phase and color, the applications by color.
import type { KubeObject } from '../../k8s/index.ts';
import type { Health } from '../../model/index.ts';
import { type Family, kinds } from '../family.ts';
import {
  at,
  degraded,
  type HealthCheck,
  healthOf,
  healthy,
  listAt,
  numberAt,
  progressing,
  textAt,
  unknown,
} from '../read.ts';
import { byPhase, staleness } from '../rules.ts';

const HEALTH_LOOK = 'Look at the indices, replicas and shards of the cluster.';

function elasticsearch(object: KubeObject): Health {
  const stale = staleness(object);
  if (stale !== undefined) return stale;
  if (at(object, 'status') === undefined) return progressing('Waiting for the operator');
  const phase = textAt(object, 'status', 'phase') ?? '';
  if (phase === 'Invalid') return degraded('The spec is not valid. Look at the events of the object');
  if (phase === 'Stalled') return degraded('A node cannot be shut down. Look at the shards it holds');
  const available = numberAt(object, 'status', 'availableNodes');
  const sets = listAt(object, 'spec', 'nodeSets').map((set) => numberAt(set, 'count') ?? 0);
  const wanted = sets.reduce((sum, count) => sum + count, 0);
  if (available === undefined)
    return phase === '' ? unknown('Neither phase nor nodes are told') : progressing(phase);
  if (available < wanted) return progressing(`Waiting for nodes: ${available} of ${wanted} are available`);
  if (phase === 'ApplyingChanges' || phase === 'MigratingData') return progressing(`Phase is ${phase}`);
  const color = textAt(object, 'status', 'health') ?? '';
  if (available === wanted && phase === 'Ready' && color === 'green') return healthy('Health is green');
  if (phase === 'Ready' && (color === 'yellow' || color === 'red'))
    return degraded(`Health is ${color}. ${HEALTH_LOOK}`);
  return unknown(
    `Phase is ${phase || 'not told'}, health ${color || 'not told'}, ${available} of ${wanted} nodes`,
  );
}

function instances(object: KubeObject): string {
  const available = numberAt(object, 'status', 'availableNodes') ?? 0;
  const expected = numberAt(object, 'status', 'expectedNodes') ?? numberAt(object, 'spec', 'count');
  return expected === undefined
    ? `${available} instances are available`
    : `${available} of ${expected} instances are available`;
}

/** `red` is no instance yet, or none any more: only a Beat, as Argo CD has it, is Degraded by it. */
function elasticApplication(red: 'Degraded' | 'Progressing'): HealthCheck {
  return (object) => {
    const stale = staleness(object);
    if (stale !== undefined) return stale;
    const color = textAt(object, 'status', 'health') ?? '';
    const associations = Object.entries(Object(at(object, 'status')) as Record<string, unknown>).filter(
      ([name, value]) => name.endsWith('ssociationStatus') && value === 'Failed',
    );
    const [failed] = associations;
    if (failed !== undefined)
      return degraded(`${failed[0]} is Failed. Look whether the object it refers to is ready`);
    if (color === 'green') return healthy('Health is green');
    if (color === 'red') return healthOf(red, `Health is red: ${instances(object)}. Look at its pods`);
    if (color === 'yellow' || color === '') return progressing(`Waiting for instances: ${instances(object)}`);
    return unknown(`Health is ${color}`);
  };
}

const stackPolicy = byPhase({
  path: 'status.phase',
  phases: { Healthy: 'Ready', Degraded: 'Invalid|Conflict|Error', Progressing: 'ApplyingChanges' },
  waiting: 'Waiting for the operator',
  remedy: 'Look at status.details and at other policies for the same cluster.',
});

export const elastic: Family = {
  name: 'Elastic',
  checks: [
    kinds(
      'elasticsearch.k8s.elastic.co',
      'Elasticsearch',
      'available nodes, status.phase, status.health',
      elasticsearch,
    ),
    kinds('beat.k8s.elastic.co', 'Beat', 'status.health', elasticApplication('Degraded')),
    ...[
      'kibana Kibana',
      'apm ApmServer',
      'enterprisesearch EnterpriseSearch',
      'agent Agent',
      'logstash Logstash',
      'maps ElasticMapsServer',
    ].map((entry) => {
      const [group = '', kind = ''] = entry.split(' ');
      return kinds(
        `${group}.k8s.elastic.co`,
        kind,
        'status.health, associations',
        elasticApplication('Progressing'),
      );
    }),
    kinds('stackconfigpolicy.k8s.elastic.co', 'StackConfigPolicy', 'status.phase', stackPolicy),
  ],
};
