// Open Cluster Management: clusters, work, placements and policies of a hub.
import type { KubeObject } from '../../k8s/index.ts';
import type { Health } from '../../model/index.ts';
import { type Family, kinds } from '../family.ts';
import {
  at,
  conditionsOf,
  degraded,
  generationOf,
  healthy,
  listAt,
  numberAt,
  progressing,
  textAt,
} from '../read.ts';
import { byPhase, byTable, staleness, unobserved, when } from '../rules.ts';

const MAX_NAMED = 5;

function named(list: readonly unknown[], ...path: string[]): string {
  const names = list
    .filter((entry) => textAt(entry, 'compliant') !== 'Compliant')
    .map((entry) => textAt(entry, ...path) ?? 'unnamed');
  const more = names.length > MAX_NAMED ? ` and ${names.length - MAX_NAMED} more` : '';
  return `${names.slice(0, MAX_NAMED).join(', ')}${more}`;
}

/** A root policy names clusters, its copies name templates. */
function policy(object: KubeObject): Health {
  if (at(object, 'spec', 'disabled') === true) return healthy('Disabled by spec.disabled');
  const compliant = textAt(object, 'status', 'compliant') ?? '';
  const clusters = listAt(object, 'status', 'status');
  if (compliant === '') {
    const isPlaced = listAt(object, 'status', 'placement').length > 0 && clusters.length === 0;
    return isPlaced ? healthy('No cluster matches') : progressing('Waiting for compliance to be told');
  }
  if (compliant === 'Compliant') return healthy();
  const bad = clusters.length > 0 ? named(clusters, 'clustername') : templates(object);
  return degraded(`${compliant}${bad === '' ? '' : `: ${bad}`}. Look at the policy on the managed cluster.`);
}

function templates(object: KubeObject): string {
  return named(listAt(object, 'status', 'details'), 'templateMeta', 'name');
}

function policyTemplate(object: KubeObject): Health {
  const compliant = textAt(object, 'status', 'compliant') ?? '';
  if (compliant === '') return progressing('Waiting for compliance to be told');
  const evaluated = numberAt(object, 'status', 'lastEvaluatedGeneration');
  const isTold = evaluated !== undefined || object.kind === 'ConfigurationPolicy';
  if (isTold && evaluated !== generationOf(object)) return unobserved(object);
  if (compliant === 'Compliant') return healthy();
  const details = listAt(object, 'status', 'compliancyDetails').flatMap((detail) =>
    conditionsOf(object, listAt(detail, 'conditions')),
  );
  const texts = [...details, ...conditionsOf(object)]
    .map(({ message }) => message)
    .filter((text) => text !== '');
  return degraded(`${compliant}: ${texts.slice(0, 3).join('; ') || 'no detail is told'}`);
}

const operatorPolicy = byTable({
  waiting: 'Waiting for compliance to be told',
  rules: [
    when('Compliant=True', 'Healthy'),
    when('Compliant', 'Degraded', 'Look at its subscription, install plan and other conditions.'),
  ],
});

const managedCluster = byTable({
  waiting: 'Waiting for the cluster to join',
  rules: [
    when('HubAcceptedManagedCluster=False', 'Suspended', 'Accept it: spec.hubAcceptsClient: true.'),
    when('ManagedClusterConditionAvailable=False', 'Degraded', 'Look at the klusterlet of the cluster.'),
    when(
      'ManagedClusterConditionAvailable=Unknown',
      'Degraded',
      'The klusterlet of the cluster does not answer.',
    ),
    when('ManagedClusterJoined=False', 'Progressing'),
    when('ManagedClusterConditionAvailable=True', 'Healthy'),
  ],
});

const manifestWork = byTable({
  waiting: 'Waiting for the cluster to apply the work',
  rules: [
    when('Applied=False', 'Degraded', 'Look at the conditions of each manifest in status.resourceStatus.'),
    when('Degraded=True', 'Degraded', 'Look at the feedback of each manifest.'),
    when('Available=True', 'Healthy'),
    when('Available', 'Progressing'),
    when('Applied', 'Progressing'),
  ],
});

const placement = byTable({
  waiting: 'Waiting for clusters to be chosen',
  rules: [
    when('PlacementMisconfigured=True', 'Degraded', 'Look at its predicates and prioritizers.'),
    when('PlacementSatisfied=True', 'Healthy'),
    when(
      'PlacementSatisfied=False',
      'Degraded',
      'Look at its predicates and the cluster sets bound to the namespace.',
    ),
  ],
});

const installed = byTable({
  waiting: 'Waiting for the operator',
  rules: [
    when('Applied=False', 'Degraded', 'Look at the log of the operator.'),
    ...[
      'Degraded',
      'HubConnectionDegraded',
      'RegistrationDesiredDegraded',
      'HubRegistrationDegraded',
      'HubPlacementDegraded',
    ].map((type) => when(`${type}=True`, 'Degraded', 'Look at the log of the operator.')),
    when('Available=False', 'Degraded', 'Look at the pods of its namespace.'),
    when('Progressing=True', 'Progressing'),
    when('Available=True', 'Healthy'),
    when('Applied=True', 'Healthy'),
  ],
});

const hub = byPhase({
  path: 'status.phase',
  phases: { Healthy: 'Running|Available', Degraded: 'Error|Blocked', Suspended: 'Paused' },
  waiting: 'Waiting for the operator',
  remedy: 'Look at status.components.',
});

const subscription = byPhase({
  path: 'status.phase',
  phases: { Healthy: 'Propagated|Subscribed', Degraded: 'PropagationFailed|Failed' },
  message: ['status.reason', 'status.message'],
  waiting: 'Waiting for the subscription to be placed',
  remedy: 'Look at its channel and its placement.',
});

function policySet(object: KubeObject): Health {
  const stale = staleness(object);
  if (stale !== undefined) return stale;
  const compliant = textAt(object, 'status', 'compliant') ?? '';
  if (compliant === 'Compliant') return healthy();
  const message = textAt(object, 'status', 'statusMessage') ?? 'a policy of the set is not compliant';
  return compliant === 'NonCompliant'
    ? degraded(`NonCompliant: ${message}`)
    : progressing('Waiting for the policies of the set');
}

export const openClusterManagement: Family = {
  name: 'OCM',
  checks: [
    kinds('policy.open-cluster-management.io', 'Policy', 'spec.disabled, compliance of each cluster', policy),
    kinds(
      'policy.open-cluster-management.io',
      'ConfigurationPolicy CertificatePolicy',
      'status.compliant, evaluated generation',
      policyTemplate,
    ),
    kinds(
      'policy.open-cluster-management.io',
      'OperatorPolicy',
      'condition Compliant, generation',
      operatorPolicy,
    ),
    kinds('policy.open-cluster-management.io', 'PolicySet', 'status.compliant', policySet),
    kinds(
      'cluster.open-cluster-management.io',
      'ManagedCluster',
      'conditions HubAcceptedManagedCluster, ManagedClusterJoined, ManagedClusterConditionAvailable',
      managedCluster,
    ),
    kinds(
      'cluster.open-cluster-management.io',
      'Placement',
      'conditions PlacementMisconfigured, PlacementSatisfied',
      placement,
    ),
    kinds('work.open-cluster-management.io', 'ManifestWork', 'conditions Applied, Available', manifestWork),
    kinds(
      'addon.open-cluster-management.io',
      'ManagedClusterAddOn',
      'conditions Degraded, Available',
      installed,
    ),
    kinds(
      'operator.open-cluster-management.io',
      'Klusterlet ClusterManager',
      'conditions Applied, Degraded, Available, Progressing',
      installed,
    ),
    kinds('operator.open-cluster-management.io', 'MultiClusterHub', 'status.phase', hub),
    kinds('multicluster.openshift.io', 'MultiClusterEngine', 'status.phase', hub),
    kinds('apps.open-cluster-management.io', 'Subscription', 'status.phase', subscription),
  ],
};
