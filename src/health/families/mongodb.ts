// MongoDB: the community and enterprise operators, and Atlas.
import type { KubeObject } from '../../k8s/index.ts';
import type { Health } from '../../model/index.ts';
import { type Family, kinds } from '../family.ts';
import { at, type HealthCheck, healthy } from '../read.ts';
import { byPhase, byTable, when } from '../rules.ts';

const MONGODB = { Healthy: 'Running|Updated', Degraded: 'Failed|Unsupported', Suspended: 'Disabled' };
const MONGODB_LOOK = 'Look at the pods, and at the project and credentials of Ops Manager.';

function mongodbPhase(path: string): HealthCheck {
  return byPhase({
    path: `${path}.phase`,
    phases: MONGODB,
    message: [`${path}.message`],
    waiting: 'Waiting for the operator',
    remedy: MONGODB_LOOK,
  });
}

const PARTS: readonly (readonly [path: string, check: HealthCheck])[] = [
  'status.opsManager',
  'status.applicationDatabase',
  'status.backup',
].map((path) => [path, mongodbPhase(path)]);

/** Three parts, of which the backup may be switched off. */
function opsManager(object: KubeObject): Health {
  const healths = PARTS.map(([path, check]) => {
    const isThere = at(object, ...path.split('.')) !== undefined;
    return isThere || path !== 'status.backup' ? check(object) : undefined;
  });
  const bad =
    healths.find((health) => health?.status === 'Degraded') ??
    healths.find((health) => health?.status === 'Progressing');
  return bad ?? healthy();
}

const atlas = byTable({
  waiting: 'Waiting for Atlas',
  rules: [
    when('ValidationSucceeded=False', 'Degraded', 'Look at the spec.'),
    ...['ProjectReady', 'DeploymentReady', 'ClusterReady', 'DatabaseUserReady'].flatMap((type) => [
      when(
        `${type}=False:!DeploymentCreating|DeploymentUpdating|ClusterCreating|ClusterUpdating`,
        'Degraded',
        MONGODB_LOOK,
      ),
    ]),
    when('Ready=True', 'Healthy'),
    when('Ready', 'Progressing'),
  ],
});

export const mongodb: Family = {
  name: 'MongoDB',
  checks: [
    kinds('mongodbcommunity.mongodb.com', 'MongoDBCommunity', 'status.phase', mongodbPhase('status')),
    kinds(
      'mongodb.com',
      'MongoDB MongoDBMultiCluster MongoDBUser MongoDBSearch',
      'status.phase',
      mongodbPhase('status'),
    ),
    kinds('mongodb.com', 'MongoDBOpsManager', 'phases of its three parts', opsManager),
    kinds(
      'atlas.mongodb.com',
      'AtlasProject AtlasDeployment AtlasDatabaseUser',
      'conditions ValidationSucceeded, ProjectReady and so on, Ready',
      atlas,
    ),
  ],
};
