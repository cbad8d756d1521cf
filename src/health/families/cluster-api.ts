// Cluster API: clusters, machines, control planes, bootstrap and infrastructure of all providers.
import type { KubeObject } from '../../k8s/index.ts';
import type { Health } from '../../model/index.ts';
import { type Family, kinds } from '../family.ts';
import {
  at,
  cause,
  conditionsOf,
  degraded,
  type HealthCheck,
  healthy,
  listAt,
  numberAt,
  progressing,
  suspended,
  textAt,
  withRemedy,
} from '../read.ts';
import {
  anyPause,
  byPhase,
  byTable,
  pausedBy,
  pausedByAnnotation,
  readyOrFailed,
  staleness,
  when,
} from '../rules.ts';

const LOOK = 'Look at the infrastructure object and at the logs of the provider.';
const annotation = 'cluster.x-k8s.io/paused';
const isPaused = anyPause(pausedBy('spec.paused'), (object) =>
  at(object, 'metadata', 'annotations', annotation) === undefined
    ? undefined
    : `Paused by the annotation ${annotation}. Remove it to go on`,
);

const clusterPhase = byPhase({
  path: 'status.phase',
  phases: {
    Healthy: 'Provisioned',
    Degraded: 'Failed',
    Progressing: 'Pending|Provisioning|Deleting|Unknown',
  },
  message: ['status.failureMessage', 'status.failureReason'],
  waiting: 'Waiting for the cluster to be provisioned',
  remedy: LOOK,
});

/** A condition that says no comes before the phase. */
function cluster(object: KubeObject): Health | undefined {
  const paused = isPaused(object);
  if (paused !== undefined) return suspended(paused);
  const notReady = conditionsOf(object).find(({ type, status }) => type === 'Ready' && status === 'False');
  if (notReady !== undefined) return degraded(withRemedy(cause(notReady), LOOK));
  const health = clusterPhase(object);
  const unavailable = conditionsOf(object).find(
    ({ type, status }) => type === 'Available' && status === 'False',
  );
  return health?.status === 'Healthy' && unavailable !== undefined ? progressing(cause(unavailable)) : health;
}

const machinePhase = byPhase({
  path: 'status.phase',
  phases: {
    Healthy: 'Running',
    Degraded: 'Failed',
    Progressing: 'Pending|Provisioning|Provisioned|Deleting',
  },
  message: ['status.failureMessage', 'status.failureReason'],
  waiting: 'Waiting for the machine to be created',
  remedy: LOOK,
  pause: isPaused,
});

/** While it is on the way, the conditions tell more than the phase. */
function machine(object: KubeObject): Health | undefined {
  const health = machinePhase(object);
  if (health?.status === 'Healthy' || health?.status === 'Suspended') return health;
  const notReady = conditionsOf(object).find(({ type, status }) => type === 'Ready' && status === 'False');
  if (notReady === undefined || health === undefined) return health;
  return { ...health, message: withRemedy(cause(notReady), health.status === 'Degraded' ? LOOK : undefined) };
}

const machineDeployment = byPhase({
  path: 'status.phase',
  phases: { Healthy: 'Running', Degraded: 'Failed', Progressing: 'ScalingUp|ScalingDown|Unknown' },
  waiting: 'Waiting for machines',
  remedy: 'Look at its MachineSets and Machines.',
  pause: isPaused,
});

const machinePoolPhase = byPhase({
  path: 'status.phase',
  phases: { Healthy: 'Running|Scaling', Degraded: 'Failed|Unknown' },
  message: ['status.failureMessage', 'status.failureReason'],
  waiting: 'Waiting for machines',
  pause: isPaused,
});

function machinePool(object: KubeObject): Health | undefined {
  const health = machinePoolPhase(object);
  const missing = conditionsOf(object).filter(({ status }) => status === 'False');
  if (health === undefined || missing.length === 0 || health.status === 'Suspended') return health;
  const text = missing.slice(0, 3).map(({ type, reason }) => `not ${type} (${reason})`);
  return { ...health, message: `${health.message ?? health.status}: ${text.join(', ')}` };
}

function machineHealthCheck(object: KubeObject): Health {
  const [expected, current] = [
    numberAt(object, 'status', 'expectedMachines'),
    numberAt(object, 'status', 'currentHealthy'),
  ];
  if (current === undefined) return progressing('Waiting for the machines to be counted');
  if (current === expected) return healthy(`${current} machines are healthy`);
  return degraded(`${current} of ${expected ?? 0} machines are healthy. ${LOOK}`);
}

/** A set or control plane: all its machines are there and ready, of the wanted number. */
function replicas(waiting: string): HealthCheck {
  return (object) => {
    const paused = isPaused(object);
    if (paused !== undefined) return suspended(paused);
    const failed = textAt(object, 'status', 'failureMessage') ?? textAt(object, 'status', 'failureReason');
    if (failed !== undefined && failed !== '') return degraded(withRemedy(failed, LOOK));
    const stale = staleness(object);
    if (stale !== undefined) return stale;
    if (at(object, 'status') === undefined) return progressing(waiting);
    const wanted = numberAt(object, 'spec', 'replicas') ?? 1;
    const ready = numberAt(object, 'status', 'readyReplicas') ?? 0;
    const updated =
      numberAt(object, 'status', 'updatedReplicas') ?? numberAt(object, 'status', 'upToDateReplicas');
    if (updated !== undefined && updated < wanted)
      return progressing(`Waiting for machines: ${updated} of ${wanted} are up to date`);
    return ready < wanted
      ? progressing(`Waiting for machines: ${ready} of ${wanted} are ready`)
      : healthy(`${ready} machines are ready`);
  };
}

const OWN_STATUS = /(?:Cluster|Machine|MachinePool|ControlPlane)$/;

/** Infrastructure and bootstrap of any provider: the Ready condition with a severity, or the ready member. */
function provided(object: KubeObject): Health | undefined {
  if (object.kind.endsWith('Template') || object.kind.endsWith('List')) return undefined;
  const paused = isPaused(object);
  if (paused !== undefined) return suspended(paused);
  const failed = textAt(object, 'status', 'failureMessage') ?? textAt(object, 'status', 'failureReason');
  if (failed !== undefined && failed !== '') return degraded(withRemedy(failed, LOOK));
  const stale = staleness(object);
  if (stale !== undefined) return stale;
  const list = listAt(object, 'status', 'conditions');
  const index = list.findIndex((condition) => textAt(condition, 'type') === 'Ready');
  const [ready] = conditionsOf(object, list.slice(index, index + 1));
  if (index >= 0 && ready !== undefined) {
    if (ready.status === 'True') return healthy(ready.message);
    const isError = textAt(list[index], 'severity') === 'Error';
    return isError ? degraded(withRemedy(cause(ready), LOOK)) : progressing(cause(ready));
  }
  const flag = at(object, 'status', 'ready');
  if (flag === true) return healthy();
  // Others, such as identities, may never have a status.
  return flag === false || OWN_STATUS.test(object.kind)
    ? progressing('Waiting for the provider to create it')
    : undefined;
}

const resourceSet = byTable({
  waiting: 'Waiting for the resources to be applied',
  rules: [
    when('ResourcesApplied=True', 'Healthy'),
    when('ResourcesApplied=False', 'Degraded', 'Look at the ConfigMaps and Secrets it names.'),
  ],
});

const provider = readyOrFailed(
  'Waiting for the provider to be installed',
  'Look at the logs of the operator.',
);

export const clusterApi: Family = {
  name: 'Cluster API',
  checks: [
    kinds('cluster.x-k8s.io', 'Cluster', 'spec.paused, condition Ready, status.phase', cluster),
    kinds('cluster.x-k8s.io', 'Machine', 'status.phase, condition Ready', machine),
    kinds('cluster.x-k8s.io', 'MachineDeployment', 'spec.paused, status.phase', machineDeployment),
    kinds('cluster.x-k8s.io', 'MachineSet', 'replicas', replicas('Waiting for machines')),
    kinds('cluster.x-k8s.io', 'MachinePool', 'status.phase, conditions', machinePool),
    kinds('cluster.x-k8s.io', 'MachineHealthCheck', 'counted machines', machineHealthCheck),
    kinds(
      'cluster.x-k8s.io',
      'ClusterClass',
      'conditions RefVersionsUpToDate, VariablesReconciled',
      byTable({
        waiting: 'Waiting for the variables to be read',
        pause: pausedByAnnotation(annotation, 'true'),
        rules: [
          when('VariablesReconciled=False', 'Degraded', 'Look at its patches and runtime extensions.'),
          when('RefVersionsUpToDate=False', 'Degraded', 'Name the present versions of its templates.'),
          when('VariablesReconciled=True', 'Healthy'),
        ],
      }),
    ),
    kinds(
      'controlplane.cluster.x-k8s.io',
      'KubeadmControlPlane RKE2ControlPlane KThreesControlPlane',
      'replicas, failures',
      replicas('Waiting for the control plane'),
    ),
    kinds('controlplane.cluster.x-k8s.io', '*', 'condition Ready with severity, status.ready', provided),
    kinds('bootstrap.cluster.x-k8s.io', '*', 'condition Ready with severity, status.ready', provided),
    kinds('infrastructure.cluster.x-k8s.io', '*', 'condition Ready with severity, status.ready', provided),
    kinds('addons.cluster.x-k8s.io', 'ClusterResourceSet', 'condition ResourcesApplied', resourceSet),
    kinds(
      'addons.cluster.x-k8s.io',
      'HelmChartProxy HelmReleaseProxy',
      'condition Ready',
      readyOrFailed('Waiting for the chart to be installed', 'Look at the values and the target cluster.'),
    ),
    kinds(
      'operator.cluster.x-k8s.io',
      'CoreProvider BootstrapProvider ControlPlaneProvider InfrastructureProvider AddonProvider IPAMProvider',
      'condition Ready',
      provider,
    ),
  ],
};
