// CloudNativePG: clusters by the sentence they call their phase, and what lives in them.
import type { KubeObject } from '../../k8s/index.ts';
import type { Health, HealthStatus } from '../../model/index.ts';
import { type Family, kinds } from '../family.ts';
import {
  at,
  cause,
  conditionsOf,
  degraded,
  generationOf,
  healthOf,
  healthy,
  numberAt,
  progressing,
  suspended,
  textAt,
  withRemedy,
} from '../read.ts';
import { byPhase, pausedByAnnotation } from '../rules.ts';

const PHASES: ReadonlyMap<string, HealthStatus> = new Map<string, HealthStatus>([
  ['Cluster in healthy state', 'Healthy'],
  ['Setting up primary', 'Progressing'],
  ['Creating a new replica', 'Progressing'],
  ['Upgrading cluster', 'Progressing'],
  ['Waiting for the instances to become active', 'Progressing'],
  ['Promoting to primary cluster', 'Progressing'],
  ['Switchover in progress', 'Degraded'],
  ['Failing over', 'Degraded'],
  ['Upgrading Postgres major version', 'Degraded'],
  ['Cluster upgrade delayed', 'Degraded'],
  ['Waiting for user action', 'Degraded'],
  ['Primary instance is being restarted in-place', 'Degraded'],
  ['Primary instance is being restarted without a switchover', 'Degraded'],
  ['Cluster cannot execute instance online upgrade due to missing architecture binary', 'Degraded'],
  ['Online upgrade in progress', 'Degraded'],
  ['Applying configuration', 'Degraded'],
  ['Unable to create required cluster objects', 'Suspended'],
  ['Cluster cannot proceed to reconciliation due to an unknown plugin being required', 'Suspended'],
  ['Cluster has incomplete or invalid image catalog', 'Suspended'],
  ['Cluster is unrecoverable and needs manual intervention', 'Suspended'],
]);
const REMEDIES: ReadonlyMap<string, string> = new Map([
  ['Waiting for user action', 'Approve the switchover: `kubectl cnpg promote`.'],
  ['Cluster upgrade delayed', 'The operator upgrades one cluster after the other.'],
  ['Unable to create required cluster objects', 'Look at the rights and the log of the operator.'],
  ['Cluster is unrecoverable and needs manual intervention', 'Restore it from a backup.'],
]);

const paused = pausedByAnnotation('cnpg.io/reconciliation', 'disabled');

function cluster(object: KubeObject): Health {
  const pause = paused(object);
  if (pause !== undefined) return suspended(pause);
  const conditions = conditionsOf(object);
  const reason = textAt(object, 'status', 'phaseReason') ?? '';
  const phase = textAt(object, 'status', 'phase') ?? '';
  if (conditions.length === 0) return progressing(reason || phase || 'Waiting for the first instance');
  const hibernation = conditions.find(({ type }) => type === 'cnpg.io/hibernation');
  if (hibernation !== undefined) {
    return hibernation.status === 'True'
      ? suspended(`${cause(hibernation)}. The annotation cnpg.io/hibernation: "off" wakes it`)
      : degraded(cause(hibernation));
  }
  const status = PHASES.get(phase) ?? 'Unknown';
  if (status === 'Healthy') return healthy(reason);
  const [ready, wanted] = [
    numberAt(object, 'status', 'readyInstances'),
    numberAt(object, 'status', 'instances'),
  ];
  const counted =
    ready === undefined || wanted === undefined ? '' : ` (${ready} of ${wanted} instances are ready)`;
  const text = `${[phase, reason].filter((part) => part !== '').join(': ') || 'No phase is told'}${counted}`;
  return healthOf(status, withRemedy(text, REMEDIES.get(phase)));
}

/** The observed generation moves only when it was applied: until then a failure is a step on the way. */
function applied(object: KubeObject): Health {
  const message = textAt(object, 'status', 'message') ?? '';
  const generation = generationOf(object);
  const observed = generation === 0 || numberAt(object, 'status', 'observedGeneration') === generation;
  const isApplied = at(object, 'status', 'applied');
  if (observed && isApplied === true) return healthy(message);
  if (observed && isApplied === false)
    return degraded(
      withRemedy(message || 'It could not be applied', 'Look at the cluster and the owner it names.'),
    );
  return progressing(message || 'Waiting for the cluster to apply it');
}

const backup = byPhase({
  path: 'status.phase',
  phases: {
    Healthy: 'completed',
    Degraded: 'failed|walArchivingFailing|invalid backup definition',
    Progressing: 'new|pending|started|running|finalizing',
  },
  message: ['status.error'],
  waiting: 'Waiting for the backup to start',
  remedy: 'Look at the object store, its credentials and the WAL archive.',
});

function scheduledBackup(object: KubeObject): Health {
  if (at(object, 'spec', 'suspend') === true)
    return suspended('Paused by spec.suspend. Set it to false to go on');
  const [next, last] = [
    textAt(object, 'status', 'nextScheduleTime'),
    textAt(object, 'status', 'lastScheduleTime'),
  ];
  if (next === undefined && last === undefined) return progressing('Waiting for the schedule to be read');
  return healthy(next === undefined ? `Last at ${last}` : `Next at ${next}`);
}

function pooler(object: KubeObject): Health {
  const wanted = numberAt(object, 'spec', 'instances') ?? 1;
  const running = numberAt(object, 'status', 'instances') ?? 0;
  if (wanted === 0) return suspended('Scaled to zero by spec.instances. Raise it to go on');
  return running < wanted ? progressing(`Waiting for poolers: ${running} of ${wanted} are there`) : healthy();
}

export const cloudNativePg: Family = {
  name: 'CloudNativePG',
  checks: [
    kinds('postgresql.cnpg.io', 'Cluster', 'status.phase, condition cnpg.io/hibernation', cluster),
    kinds('postgresql.cnpg.io', 'Backup', 'status.phase', backup),
    kinds('postgresql.cnpg.io', 'ScheduledBackup', 'spec.suspend, schedule times', scheduledBackup),
    kinds('postgresql.cnpg.io', 'Pooler', 'instances', pooler),
    kinds('postgresql.cnpg.io', 'Database Publication Subscription', 'status.applied, generation', applied),
  ],
};
