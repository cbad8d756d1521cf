// Percona operators for MySQL, MongoDB and PostgreSQL: clusters by their state, backups and restores.
import type { KubeObject } from '../../k8s/index.ts';
import type { Health } from '../../model/index.ts';
import { type Family, kinds } from '../family.ts';
import {
  at,
  cause,
  conditionsOf,
  degraded,
  type HealthCheck,
  healthOf,
  healthy,
  numberAt,
  progressing,
  textAt,
  unknown,
  withRemedy,
} from '../read.ts';
import { byPhase, staleness } from '../rules.ts';

const PERCONA_LOOK = 'Look at the pods of the cluster and at the log of the operator.';

function nodes(object: KubeObject): string {
  const [ready, size] = [numberAt(object, 'status', 'ready'), numberAt(object, 'status', 'size')];
  return ready === undefined || size === undefined
    ? 'No node is counted'
    : `${ready} of ${size} nodes are ready`;
}

function perconaMessage(object: KubeObject): string {
  const message = at(object, 'status', 'message') ?? at(object, 'status', 'messages');
  const texts = (Array.isArray(message) ? message : [message]).filter((text) => typeof text === 'string');
  const bad = conditionsOf(object).find(({ type, status }) => type === 'error' && status === 'True');
  return texts.slice(0, 3).join('; ') || (bad === undefined ? nodes(object) : cause(bad));
}

function perconaCluster(states: Record<string, Health['status']>): HealthCheck {
  return (object) => {
    const stale = staleness(object);
    if (stale !== undefined) return stale;
    const state = textAt(object, 'status', 'state') ?? '';
    if (state === '') return progressing('Waiting for the operator');
    const status = Object.hasOwn(states, state) ? states[state] : undefined;
    if (status === undefined) return unknown(`State is ${state}`);
    if (status === 'Healthy') return healthy(nodes(object));
    if (state === 'paused') return healthOf(status, 'Paused by spec.pause. Set it to false to go on');
    if (state === 'error') return degraded(withRemedy(`error: ${perconaMessage(object)}`, PERCONA_LOOK));
    return healthOf(status, `${state}: ${nodes(object)}`);
  };
}

const PERCONA = {
  initializing: 'Progressing',
  ready: 'Healthy',
  error: 'Degraded',
  stopping: 'Progressing',
  paused: 'Suspended',
} as const;

const perconaRun = byPhase({
  path: 'status.state',
  phases: {
    Healthy: 'Succeeded|ready',
    Degraded: 'Failed|Error|error|rejected',
    Suspended: 'Suspended',
    Progressing: 'Starting|Running|waiting|requested|running|Restoring',
  },
  message: ['status.error', 'status.comments', 'status.stateDesc'],
  waiting: 'Waiting for the operator',
  remedy: 'Look at the storage it names and at the log of its job.',
});

export const percona: Family = {
  name: 'Percona',
  checks: [
    kinds(
      'pxc.percona.com',
      'PerconaXtraDBCluster',
      'status.state (paused is Unknown, stopping Degraded, as Argo CD has it)',
      perconaCluster({ ...PERCONA, paused: 'Unknown', stopping: 'Degraded' }),
    ),
    kinds('psmdb.percona.com', 'PerconaServerMongoDB', 'status.state', perconaCluster(PERCONA)),
    kinds('ps.percona.com', 'PerconaServerMySQL', 'status.state', perconaCluster(PERCONA)),
    kinds('pgv2.percona.com', 'PerconaPGCluster', 'status.state', perconaCluster(PERCONA)),
    kinds(
      'pxc.percona.com',
      'PerconaXtraDBClusterBackup PerconaXtraDBClusterRestore',
      'status.state',
      perconaRun,
    ),
    kinds(
      'psmdb.percona.com',
      'PerconaServerMongoDBBackup PerconaServerMongoDBRestore',
      'status.state',
      perconaRun,
    ),
    kinds('ps.percona.com', 'PerconaServerMySQLBackup PerconaServerMySQLRestore', 'status.state', perconaRun),
    kinds('pgv2.percona.com', 'PerconaPGBackup PerconaPGRestore', 'status.state', perconaRun),
  ],
};
