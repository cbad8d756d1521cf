// The operator lifecycle manager of OpenShift and others: subscriptions and what comes of them.
import type { KubeObject } from '../../k8s/index.ts';
import type { Health } from '../../model/index.ts';
import { type KindCheck, kinds } from '../family.ts';
import { cause, conditionsOf, degraded, healthy, progressing, textAt, withRemedy } from '../read.ts';
import { byPhase, byTable, when } from '../rules.ts';

const BROKEN_SUBSCRIPTION = new Set([
  'CatalogSourcesUnhealthy',
  'InstallPlanFailed',
  'ResolutionFailed',
  'BundleUnpackFailed',
]);

function subscription(object: KubeObject): Health {
  const conditions = conditionsOf(object);
  const approve = 'Approve its install plan: spec.approved of the InstallPlan.';
  if (conditions.length === 0) return progressing('Waiting for the operator lifecycle manager');
  const bad = conditions.find(
    ({ type, status, reason }) =>
      (BROKEN_SUBSCRIPTION.has(type) && status === 'True') ||
      (type === 'InstallPlanMissing' && status !== 'False' && reason !== 'ReferencedInstallPlanNotFound'),
  );
  if (bad !== undefined)
    return degraded(withRemedy(cause(bad), 'Look at the catalog source, the channel and other versions.'));
  const pending = conditions.find(({ type, status }) => type === 'InstallPlanPending' && status === 'True');
  if (pending === undefined) return healthy(textAt(object, 'status', 'installedCSV'));
  return progressing(withRemedy(cause(pending), pending.reason === 'RequiresApproval' ? approve : undefined));
}

const installPlan = byPhase({
  path: 'status.phase',
  phases: {
    Healthy: 'Complete',
    Degraded: 'Failed',
    Suspended: 'RequiresApproval',
    Progressing: 'Planning|Installing',
  },
  message: ['status.message'],
  waiting: 'Waiting for the plan to be made',
  remedy: 'Look at its conditions.',
});

const serviceVersion = byPhase({
  path: 'status.phase',
  phases: {
    Healthy: 'Succeeded',
    Degraded: 'Failed',
    Unknown: 'Unknown',
    Progressing: 'Pending|InstallReady|Installing|Replacing|Deleting',
  },
  message: ['status.message', 'status.reason'],
  waiting: 'Waiting for the operator lifecycle manager',
  remedy: 'Look at its requirements and the deployments of the operator.',
});

const catalogSource = byPhase({
  path: 'status.connectionState.lastObservedState',
  phases: { Healthy: 'READY', Degraded: 'TRANSIENT_FAILURE|SHUTDOWN', Progressing: 'CONNECTING|IDLE' },
  message: ['status.message'],
  waiting: 'Waiting for the catalog to be served',
  remedy: 'Look at the pod and the image of the catalog.',
});

const clusterExtension = byTable({
  waiting: 'Waiting for the extension to be resolved',
  rules: [
    when('Progressing=False:Blocked', 'Degraded', 'Look at its package, version and service account.'),
    when('Installed=True', 'Healthy'),
    when('Progressing=True:Retrying', 'Degraded', 'Look at its package, version and service account.'),
    when('Installed=False:Failed', 'Degraded', 'Look at its package, version and service account.'),
    when('Progressing', 'Progressing'),
  ],
});

export const OLM_CHECKS: readonly KindCheck[] = [
  kinds('operators.coreos.com', 'Subscription', 'conditions', subscription),
  kinds('operators.coreos.com', 'InstallPlan', 'status.phase', installPlan),
  kinds('operators.coreos.com', 'ClusterServiceVersion', 'status.phase', serviceVersion),
  kinds('operators.coreos.com', 'CatalogSource', 'connection state', catalogSource),
  kinds(
    'olm.operatorframework.io',
    'ClusterExtension',
    'conditions Installed, Progressing',
    clusterExtension,
  ),
  kinds(
    'olm.operatorframework.io',
    'ClusterCatalog',
    'conditions Progressing, Serving',
    byTable({
      waiting: 'Waiting for the catalog to be served',
      rules: [
        when('Progressing=False:Blocked', 'Degraded', 'Look at the image of the catalog.'),
        when('Serving=True', 'Healthy'),
        when('Progressing=True:Retrying', 'Degraded', 'Look at the image of the catalog.'),
        when(
          'Serving=False:UserSpecifiedUnavailable',
          'Suspended',
          'Set spec.availabilityMode to Available.',
        ),
      ],
    }),
  ),
];
