// Rook: a Ceph cluster and what is kept in it.

import type { KubeObject } from '../../k8s/index.ts';
import { isRecord } from '../../lib/index.ts';
import type { Health, HealthStatus } from '../../model/index.ts';
import { type Family, kinds } from '../family.ts';
import { at, healthOf, progressing, textAt, withRemedy } from '../read.ts';
import { byPhase, staleness } from '../rules.ts';

const TOOLBOX = '`ceph status` in the toolbox tells more.';

/** Ceph's own health comes first; only a healthy Ceph may be in another state than wanted. */
function cephCluster(object: KubeObject): Health {
  const stale = staleness(object);
  if (stale !== undefined) return stale;
  const ceph = textAt(object, 'status', 'ceph', 'health') ?? '';
  const state = textAt(object, 'status', 'state') ?? '';
  const message = textAt(object, 'status', 'message') ?? '';
  const status = cephHealth(ceph, state);
  if (status === 'Healthy') return healthOf(status, message);
  if (ceph === '' && state === '') return progressing('Waiting for the cluster to be created');
  const told = [ceph === '' ? '' : `Ceph tells ${ceph}${details(object)}`, state, message].filter(
    (part) => part !== '',
  );
  return healthOf(status, withRemedy(told.join(', '), status === 'Degraded' ? TOOLBOX : undefined));
}

function cephHealth(ceph: string, state: string): HealthStatus {
  if (ceph === 'HEALTH_ERR' || ceph === 'HEALTH_WARN') return 'Degraded';
  if (ceph !== 'HEALTH_OK') return 'Progressing';
  if (state === 'Error') return 'Degraded';
  return state === '' || state === 'Created' || state === 'Connected' ? 'Healthy' : 'Progressing';
}

function details(object: KubeObject): string {
  const all = at(object, 'status', 'ceph', 'details');
  if (!isRecord(all)) return '';
  const texts = Object.keys(all)
    .sort()
    .slice(0, 3)
    .map((name) => textAt(all, name, 'message') ?? name);
  return texts.length === 0 ? '' : ` (${texts.join('; ')})`;
}

const kept = byPhase({
  path: 'status.phase',
  phases: { Healthy: 'Ready|Created|Connected', Degraded: 'Failure|ReconcileFailed|Failed' },
  message: ['status.info.error', 'status.message'],
  waiting: 'Waiting for the operator',
  remedy: 'Look at the log of the operator and at the health of the cluster.',
});

const bucketClaim = byPhase({
  path: 'status.phase',
  phases: { Healthy: 'Bound|bound', Degraded: 'Failed|failed', Progressing: 'Pending|pending' },
  waiting: 'Waiting for the bucket',
  remedy: 'Look at its storage class and the object store.',
});

export const rook: Family = {
  name: 'Rook',
  checks: [
    kinds('ceph.rook.io', 'CephCluster', 'status.ceph.health, status.state', cephCluster),
    kinds(
      'ceph.rook.io',
      'CephObjectStore CephBlockPool CephFilesystem CephObjectStoreUser CephNFS CephClient CephRBDMirror CephFilesystemMirror CephFilesystemSubVolumeGroup CephObjectRealm CephObjectZone CephObjectZoneGroup CephBucketTopic CephBucketNotification CephBlockPoolRadosNamespace',
      'status.phase',
      kept,
    ),
    kinds('objectbucket.io', 'ObjectBucketClaim', 'status.phase', bucketClaim),
  ],
};
