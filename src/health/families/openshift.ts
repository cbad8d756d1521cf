// OpenShift: its own workloads and routes, the operators of the platform, machines; the operator lifecycle manager is in olm.ts.
import type { KubeObject } from '../../k8s/index.ts';
import type { Health } from '../../model/index.ts';
import { type Family, kinds } from '../family.ts';
import {
  at,
  cause,
  conditionsOf,
  degraded,
  healthy,
  listAt,
  numberAt,
  progressing,
  suspended,
  textAt,
  withRemedy,
} from '../read.ts';
import { byPhase, byTable, staleness, when } from '../rules.ts';
import { OLM_CHECKS } from './olm.ts';

function deploymentConfig(object: KubeObject): Health {
  if (at(object, 'spec', 'paused') === true)
    return suspended('Paused by spec.paused. Set it to false to go on');
  const stale = staleness(object);
  if (stale !== undefined) return stale;
  const conditions = conditionsOf(object).filter(
    ({ type }) => type === 'Available' || type === 'Progressing',
  );
  const good = conditions.filter(({ status }) => status === 'True');
  if (good.length === 2) return healthy();
  const [bad] = conditions.filter(({ status }) => status !== 'True');
  if (good.length === 1 || at(object, 'status', 'conditions') === undefined)
    return progressing(bad === undefined ? 'Waiting for its replication controller' : cause(bad));
  return degraded(
    withRemedy(bad === undefined ? 'Not available' : cause(bad), 'Look at the pods of the last rollout.'),
  );
}

/** Every router that serves the route admits it. */
function route(object: KubeObject): Health {
  const routers = listAt(object, 'status', 'ingress');
  if (at(object, 'status', 'ingress') === undefined)
    return progressing('Waiting for a router to admit the route');
  const admitted = routers.flatMap((router) =>
    conditionsOf(object, listAt(router, 'conditions')).filter(({ type }) => type === 'Admitted'),
  );
  if (admitted.filter(({ status }) => status === 'True').length >= routers.length) return healthy();
  const refused = admitted.find(({ status }) => status === 'False');
  return refused === undefined
    ? progressing('Waiting for a router to admit the route')
    : degraded(
        withRemedy(cause(refused), 'Another route may have the host: look at routes of other namespaces.'),
      );
}

const OPERATOR_LOOK = 'Look at the pods of its operator; `oc adm inspect` collects them.';

const ingressController = byTable({
  waiting: 'Waiting for the ingress operator',
  rules: [
    when('Degraded=True', 'Degraded', OPERATOR_LOOK),
    when('DeploymentReplicasAllAvailable=False', 'Progressing'),
    when('Progressing=True', 'Progressing'),
    when('Available=True', 'Healthy'),
  ],
});

const platform = byTable({
  waiting: 'Waiting for the operator',
  rules: [
    when('Failing=True', 'Degraded', OPERATOR_LOOK),
    when('Degraded=True', 'Degraded', OPERATOR_LOOK),
    when('Available=False', 'Degraded', OPERATOR_LOOK),
    when('Progressing=True', 'Progressing'),
    when('Available=True', 'Healthy'),
  ],
});

/** Conditions are prefixed by the controller that writes them: `APIServerDeploymentDegraded`. */
function operatorConfig(object: KubeObject): Health | undefined {
  const state = textAt(object, 'spec', 'managementState');
  if (state === 'Unmanaged' || state === 'Removed')
    return suspended(`spec.managementState is ${state}. Set it to Managed to go on`);
  const stale = staleness(object);
  if (stale !== undefined) return stale;
  const conditions = conditionsOf(object);
  const find = (suffix: string, wanted: string) =>
    conditions.find(({ type, status }) => type.endsWith(suffix) && status === wanted);
  const bad = find('Degraded', 'True') ?? find('Available', 'False');
  if (bad !== undefined) return degraded(withRemedy(cause(bad), OPERATOR_LOOK));
  const moving = find('Progressing', 'True');
  if (moving !== undefined) return progressing(cause(moving));
  return find('Available', 'True') === undefined ? undefined : healthy();
}

const machineConfigPool = byTable({
  waiting: 'Waiting for the machine config operator',
  rules: [
    when('Degraded=True', 'Degraded', 'Look at the nodes of the pool and their machine config daemons.'),
    when('NodeDegraded=True', 'Degraded', 'Look at the nodes of the pool and their machine config daemons.'),
    when('RenderDegraded=True', 'Degraded', 'Look at the MachineConfigs of the pool.'),
    when('Updating=True', 'Progressing'),
    when('Updated=True', 'Healthy'),
  ],
});

/** A pool that is paused keeps its nodes at the present configuration. */
function pool(object: KubeObject): Health | undefined {
  const health = machineConfigPool(object);
  const isPaused = at(object, 'spec', 'paused') === true;
  return isPaused && health?.status !== 'Degraded'
    ? suspended('Paused by spec.paused: its nodes get no updates. Set it to false to go on')
    : health;
}

const machine = byPhase({
  path: 'status.phase',
  phases: { Healthy: 'Running', Degraded: 'Failed', Progressing: 'Provisioning|Provisioned|Deleting' },
  message: ['status.errorMessage', 'status.errorReason'],
  waiting: 'Waiting for the machine to be created',
  remedy: 'Look at its provider spec and the quota of the account.',
});

function machineSet(object: KubeObject): Health {
  const error = textAt(object, 'status', 'errorMessage') ?? '';
  if (error !== '') return degraded(withRemedy(error, 'Look at its provider spec.'));
  const stale = staleness(object);
  if (stale !== undefined) return stale;
  const wanted = numberAt(object, 'spec', 'replicas') ?? 1;
  const ready = numberAt(object, 'status', 'readyReplicas') ?? 0;
  return ready < wanted ? progressing(`Waiting for machines: ${ready} of ${wanted} are ready`) : healthy();
}

const build = byPhase({
  path: 'status.phase',
  phases: {
    Healthy: 'Complete',
    Degraded: 'Failed|Error',
    Suspended: 'Cancelled',
    Progressing: 'New|Pending|Running',
  },
  message: ['status.message', 'status.reason'],
  waiting: 'Waiting for the build to start',
  remedy: 'Look at its log: `oc logs build/NAME`.',
});

export const openshift: Family = {
  name: 'OpenShift',
  checks: [
    kinds(
      'apps.openshift.io',
      'DeploymentConfig',
      'spec.paused, conditions Available, Progressing',
      deploymentConfig,
    ),
    kinds('route.openshift.io', 'Route', 'condition Admitted of each router', route),
    kinds('build.openshift.io', 'Build', 'status.phase', build),
    kinds(
      'operator.openshift.io',
      'IngressController',
      'conditions Degraded, DeploymentReplicasAllAvailable, Progressing, Available',
      ingressController,
    ),
    kinds('operator.openshift.io', '*', 'spec.managementState, conditions by suffix', operatorConfig),
    kinds(
      'config.openshift.io',
      'ClusterVersion ClusterOperator',
      'conditions Failing, Degraded, Available, Progressing',
      platform,
    ),
    kinds(
      'machineconfiguration.openshift.io',
      'MachineConfigPool',
      'spec.paused, conditions Degraded, Updating, Updated',
      pool,
    ),
    kinds('machine.openshift.io', 'Machine', 'status.phase', machine),
    kinds('machine.openshift.io', 'MachineSet', 'replicas', machineSet),
    kinds(
      'machine.openshift.io',
      'ControlPlaneMachineSet',
      'conditions Degraded, Available, Progressing',
      platform,
    ),
    ...OLM_CHECKS,
  ],
};
