// Databases: CloudNativePG, MariaDB, Percona; and Kafka by Strimzi.
import type { KubeObject } from '../../k8s/index.ts';
import { isRecord } from '../../lib/index.ts';
import type { ActionFamily, NativeAction } from '../action.ts';
import {
  annotating,
  annotationOf,
  at,
  icons,
  listAt,
  ownedBy,
  pair,
  timedName,
  timeText,
  withAt,
} from '../edit.ts';
import { ActionError } from '../errors.ts';

const LOOP = 'cnpg.io/reconciliationLoop';
const HIBERNATION = 'cnpg.io/hibernation';

export const cnpgClusterActions: ActionFamily = (object) => {
  const instances = listAt(object, 'status', 'instancesStatus', 'healthy').map(String);
  const isSuspended = annotationOf(object, LOOP) === 'disabled';
  const sleeps = annotationOf(object, HIBERNATION) === 'on';
  return [
    annotating(
      { name: 'restart', displayName: 'Rollout restart Cluster', iconClass: icons.restart },
      'kubectl.kubernetes.io/restartedAt',
      timeText,
    ),
    annotating(
      { name: 'reload', displayName: 'Reload all Configuration', iconClass: icons.refresh },
      'cnpg.io/reloadedAt',
      timeText,
    ),
    {
      name: 'promote',
      displayName: 'Promote Replica to Primary',
      iconClass: icons.forward,
      disabled: instances.length < 2,
      params: [{ name: 'instance', default: 'any' }],
      run: (call) => promote(call.object, instances, call.params['instance'] ?? 'any', call.now),
    },
    isSuspended
      ? annotating(
          { name: 'resume', displayName: 'Resume Reconciliation', iconClass: icons.play },
          LOOP,
          undefined,
        )
      : annotating(
          { name: 'suspend', displayName: 'Suspend Reconciliation', iconClass: icons.pause },
          LOOP,
          'disabled',
        ),
    sleeps
      ? annotating(
          { name: 'rehydrate', displayName: 'Rehydrate Cluster', iconClass: icons.play },
          HIBERNATION,
          'off',
        )
      : annotating(
          { name: 'hibernate', displayName: 'Hibernate Cluster', iconClass: icons.pause },
          HIBERNATION,
          'on',
        ),
  ];
};

/** `any` is the healthy instance after the primary; else a name, or the number at its end. */
function promote(object: KubeObject, instances: readonly string[], wanted: string, now: number): KubeObject {
  const primary = String(at(object, 'status', 'currentPrimary') ?? '');
  const next = instances[(instances.indexOf(primary) + 1) % instances.length];
  const named = instances.find((name) => name === wanted || name === `${object.metadata.name}-${wanted}`);
  const target = wanted === 'any' || wanted === '' ? next : named;
  if (target === undefined || target === primary) {
    throw new ActionError(
      'INVALID_PARAMETER',
      `Parameter instance: "${wanted.slice(0, 80)}" is no healthy replica; there are ${instances.filter((name) => name !== primary).join(', ') || 'none'}`,
    );
  }
  const edited = withAt(object, ['status', 'targetPrimary'], target);
  return withAt(edited, ['status', 'targetPrimaryTimestamp'], timeText(now));
}

const BACKUP_MEMBERS = [
  'cluster',
  'target',
  'method',
  'pluginConfiguration',
  'online',
  'onlineConfiguration',
];

const createBackup: NativeAction = {
  name: 'create-backup',
  displayName: 'Create Backup',
  iconClass: icons.plus,
  run: ({ object, now }) => {
    const given = at(object, 'spec');
    const spec = Object.fromEntries(
      Object.entries(isRecord(given) ? given : {}).filter(([name]) => BACKUP_MEMBERS.includes(name)),
    );
    const { name = '', namespace } = object.metadata;
    const backup: KubeObject = {
      apiVersion: 'postgresql.cnpg.io/v1',
      kind: 'Backup',
      metadata: {
        name: timedName(object, now),
        ...(namespace === undefined ? {} : { namespace }),
        labels: {
          'cnpg.io/cluster': String(at(object, 'spec', 'cluster', 'name') ?? ''),
          'cnpg.io/scheduled-backup': name,
        },
      },
      spec,
    };
    return [ownedBy(object, backup)];
  },
};

export const cnpgScheduledBackupActions: ActionFamily = (object) => [
  createBackup,
  ...pair(
    ['spec', 'suspend'],
    at(object, 'spec', 'suspend') === true,
    { name: 'suspend', iconClass: icons.pause },
    { name: 'resume', iconClass: icons.play },
  ),
];

export const mariadbActions: ActionFamily = (object) =>
  pair(
    ['spec', 'suspend'],
    at(object, 'spec', 'suspend') === true,
    { name: 'suspend', displayName: 'Suspend', iconClass: icons.pause },
    { name: 'resume', displayName: 'Resume', iconClass: icons.play },
  );

export const perconaActions: ActionFamily = (object) =>
  pair(
    ['spec', 'pause'],
    at(object, 'spec', 'pause') === true,
    { name: 'pause', iconClass: icons.pause },
    { name: 'unpause', iconClass: icons.play },
  );

export const strimziPodSetActions: ActionFamily = () => [
  annotating(
    { name: 'rolling-update', displayName: 'Rolling Update', iconClass: icons.restart },
    'strimzi.io/manual-rolling-update',
    'true',
  ),
];

const RECONCILIATION = 'strimzi.io/pause-reconciliation';

export const strimziActions: ActionFamily = (object) => {
  const isPaused = annotationOf(object, RECONCILIATION) === 'true';
  return [
    annotating({ name: 'pause', iconClass: icons.pause, disabled: isPaused }, RECONCILIATION, 'true'),
    annotating({ name: 'resume', iconClass: icons.play, disabled: !isPaused }, RECONCILIATION, undefined),
  ];
};

export const strimziConnectorActions: ActionFamily = (object) => [
  annotating({ name: 'restart', iconClass: icons.restart }, 'strimzi.io/restart', 'true'),
  ...strimziActions(object),
];

export const strimziRebalanceActions: ActionFamily = () =>
  ['approve', 'refresh', 'stop'].map((name) =>
    annotating({ name, iconClass: name === 'stop' ? icons.stop : icons.play }, 'strimzi.io/rebalance', name),
  );
