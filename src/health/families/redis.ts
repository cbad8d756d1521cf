// Redis operators: Spotahome, OT-Container-Kit, Redis Enterprise.
import type { KubeObject } from '../../k8s/index.ts';
import type { Health } from '../../model/index.ts';
import { type Family, kinds } from '../family.ts';
import { healthy, progressing, textAt } from '../read.ts';
import { byPhase } from '../rules.ts';

const redisFailover = byPhase({
  path: 'status.state',
  phases: { Healthy: 'Healthy', Degraded: 'NotHealthy' },
  message: ['status.message'],
  waiting: 'Waiting for the operator',
  remedy: 'Look at the redis and sentinel pods.',
});

const redisCluster = byPhase({
  path: 'status.state',
  phases: { Healthy: 'Ready', Degraded: 'Failed', Progressing: 'Initializing|Bootstrap' },
  message: ['status.reason'],
  waiting: 'Waiting for the leaders',
  remedy: 'Look at the leader and follower pods; `redis-cli --cluster check` tells more.',
});

const REDIS_ENTERPRISE_LOOK = 'Look at the pods of the cluster and at the log of the operator.';
const redisEnterpriseCluster = byPhase({
  path: 'status.state',
  phases: { Healthy: 'Running', Degraded: 'Error|Invalid|InvalidUpgrade' },
  waiting: 'Waiting for the operator',
  remedy: REDIS_ENTERPRISE_LOOK,
});
const redisEnterpriseDatabase = byPhase({
  path: 'status.status',
  phases: { Healthy: 'active', Degraded: 'creation-failed|recovery' },
  waiting: 'Waiting for the cluster',
  remedy: REDIS_ENTERPRISE_LOOK,
});

/** The operator tells of a master when there is one. */
function redisReplication(object: KubeObject): Health {
  const master = textAt(object, 'status', 'masterNode') ?? '';
  return master === '' ? progressing('Waiting for a master') : healthy(`The master is ${master}`);
}

export const redis: Family = {
  name: 'Redis',
  checks: [
    kinds('databases.spotahome.com', 'RedisFailover', 'status.state', redisFailover),
    kinds('redis.redis.opstreelabs.in', 'RedisCluster', 'status.state', redisCluster),
    kinds('redis.redis.opstreelabs.in', 'RedisReplication', 'status.masterNode', redisReplication),
    kinds('app.redislabs.com', 'RedisEnterpriseCluster', 'status.state', redisEnterpriseCluster),
    kinds('app.redislabs.com', 'RedisEnterpriseDatabase', 'status.status', redisEnterpriseDatabase),
  ],
};
