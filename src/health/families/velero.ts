// Velero: backups, restores, and where they are kept.
import type { KubeObject } from '../../k8s/index.ts';
import type { Health } from '../../model/index.ts';
import { type Family, kinds } from '../family.ts';
import { at, degraded, healthy, listAt, progressing, suspended, textAt, withRemedy } from '../read.ts';
import { byPhase } from '../rules.ts';

const LOG = '`velero backup logs` or `velero restore logs` tells more.';
const FAILED =
  'FailedValidation|Failed|PartiallyFailed|WaitingForPluginOperationsPartiallyFailed|FinalizingPartiallyFailed';

function run(what: string) {
  return byPhase({
    path: 'status.phase',
    phases: { Healthy: 'Completed', Degraded: FAILED },
    message: ['status.failureReason'],
    waiting: `Waiting for the ${what} to start`,
    remedy: LOG,
  });
}

function schedule(object: KubeObject): Health {
  const phase = textAt(object, 'status', 'phase') ?? '';
  if (phase === 'FailedValidation') {
    const errors = listAt(object, 'status', 'validationErrors').filter((error) => typeof error === 'string');
    return degraded(
      withRemedy(`FailedValidation: ${errors.slice(0, 3).join('; ')}`, 'Look at its cron expression.'),
    );
  }
  if (at(object, 'spec', 'paused') === true)
    return suspended('Paused by spec.paused. Set it to false to go on');
  if (phase === 'Enabled') return healthy();
  return progressing(phase === '' ? 'Waiting for the schedule to be read' : `Phase is ${phase}`);
}

const location = byPhase({
  path: 'status.phase',
  phases: { Healthy: 'Available', Degraded: 'Unavailable' },
  message: ['status.message'],
  waiting: 'Waiting for the location to be looked at',
  remedy: 'Look at the bucket, the address and the credentials.',
});

const repository = byPhase({
  path: 'status.phase',
  phases: { Healthy: 'Ready', Degraded: 'NotReady', Progressing: 'New' },
  message: ['status.message'],
  waiting: 'Waiting for the repository to be opened',
  remedy: 'Look at the backup location and its credentials.',
});

const transfer = byPhase({
  path: 'status.phase',
  phases: { Healthy: 'Completed', Degraded: 'Failed|Canceled' },
  message: ['status.message'],
  waiting: 'Waiting for a node to take it',
  remedy: 'Look at the log of the node agent.',
});

export const velero: Family = {
  name: 'Velero',
  checks: [
    kinds('velero.io', 'Backup', 'status.phase', run('backup')),
    kinds('velero.io', 'Restore', 'status.phase', run('restore')),
    kinds('velero.io', 'Schedule', 'spec.paused, status.phase', schedule),
    kinds('velero.io', 'BackupStorageLocation VolumeSnapshotLocation', 'status.phase', location),
    kinds('velero.io', 'BackupRepository', 'status.phase', repository),
    kinds('velero.io', 'PodVolumeBackup PodVolumeRestore DataUpload DataDownload', 'status.phase', transfer),
  ],
};
