// KubeVirt: virtual machines, their disks, and the operators that install them.
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
  numberAt,
  progressing,
  suspended,
  textAt,
  unknown,
  withRemedy,
} from '../read.ts';
import { byPhase, byTable, when } from '../rules.ts';

const STUCK: Record<string, string> = {
  CrashLoopBackOff: 'Look at the console and the events of the machine.',
  ErrorUnschedulable: 'No node has room for it: look at its resources and selectors.',
  ErrImagePull: 'Look at the image of its disk and the pull secret.',
  ImagePullBackOff: 'Look at the image of its disk and the pull secret.',
  ErrorPvcNotFound: 'Create the claim that its volumes name.',
  DataVolumeError: 'Look at its DataVolumes.',
};

function virtualMachine(object: KubeObject): Health {
  const state = textAt(object, 'status', 'printableStatus') ?? '';
  const conditions = conditionsOf(object);
  const paused = conditions.some(({ type, status }) => type === 'Paused' && status === 'True');
  if (paused) return suspended('Paused. `virtctl unpause vm` lets it go on');
  const remedy = Object.hasOwn(STUCK, state) ? STUCK[state] : undefined;
  if (remedy !== undefined) return degraded(withRemedy(state, remedy));
  const ready = conditions.find(({ type }) => type === 'Ready');
  if (ready === undefined) return progressing(state || 'Waiting for the machine to be looked at');
  if (ready.status === 'True') return healthy(state || 'Running');
  if (at(object, 'status', 'created') === true) return progressing(`${state || 'Starting'}: ${cause(ready)}`);
  return suspended(`${state || 'Stopped'}. \`virtctl start\` or spec.runStrategy starts it`);
}

function virtualMachineInstance(object: KubeObject): Health {
  const phase = textAt(object, 'status', 'phase') ?? '';
  if (phase === 'Failed') return degraded('The machine has failed. Look at the events and its launcher pod');
  if (phase === 'Succeeded') return suspended('The guest has shut down');
  if (phase === 'Unknown') return unknown('The node of the machine does not answer');
  if (phase === 'Pending' || phase === 'Scheduling' || phase === 'Scheduled') return progressing(phase);
  const conditions = conditionsOf(object);
  const paused = conditions.find(({ type, status }) => type === 'Paused' && status === 'True');
  if (paused !== undefined) return suspended(`${cause(paused)}. \`virtctl unpause vmi\` lets it go on`);
  const ready = conditions.find(({ type }) => type === 'Ready');
  if (ready === undefined) return progressing(phase || 'Waiting for the machine to be scheduled');
  return ready.status === 'True' ? healthy('Running') : degraded(cause(ready));
}

const instanceSet: HealthCheck = (object) => {
  const conditions = conditionsOf(object);
  const failure = conditions.find(({ type, status }) => type === 'ReplicaFailure' && status === 'True');
  if (failure !== undefined) return degraded(cause(failure));
  if (at(object, 'spec', 'paused') === true)
    return suspended('Paused by spec.paused. Set it to false to go on');
  const wanted = numberAt(object, 'spec', 'replicas') ?? 1;
  const ready = numberAt(object, 'status', 'readyReplicas') ?? 0;
  return ready < wanted ? progressing(`Waiting for machines: ${ready} of ${wanted} are ready`) : healthy();
};

const migration = byPhase({
  path: 'status.phase',
  phases: { Healthy: 'Succeeded', Degraded: 'Failed' },
  message: ['status.migrationState.failureReason'],
  waiting: 'Waiting for the migration to start',
  remedy: 'Look at the target node and whether the disks are shared.',
});

const dataVolume = byPhase({
  path: 'status.phase',
  phases: {
    Healthy: 'Succeeded|PendingPopulation',
    Degraded: 'Failed',
    Suspended: 'Paused',
    Unknown: 'Unknown',
  },
  waiting: 'Waiting for the disk to be filled',
  remedy: 'Look at its source and at the importer pod.',
});

/** Operators: Available, Progressing, Degraded. */
const installed = byTable({
  waiting: 'Waiting for the operator',
  rules: [
    when('Degraded=True', 'Degraded', 'Look at the pods of its namespace.'),
    when('Progressing=True', 'Progressing'),
    when('Available=True', 'Healthy'),
    when('Available', 'Progressing'),
  ],
});

function snapshot(done: string): HealthCheck {
  return (object) => {
    const failed = conditionsOf(object).find(({ type, status }) => type === 'Failure' && status === 'True');
    if (failed !== undefined) return degraded(cause(failed));
    const error = textAt(object, 'status', 'error', 'message');
    if (textAt(object, 'status', 'phase') === 'Failed')
      return degraded(withRemedy(error ?? 'It has failed', 'Look at the snapshot class of its disks.'));
    if (at(object, 'status', done) === true) return healthy();
    return progressing(error ?? 'Waiting for the disks');
  };
}

export const kubevirt: Family = {
  name: 'KubeVirt',
  checks: [
    kinds('kubevirt.io', 'VirtualMachine', 'conditions Paused, Ready; printableStatus', virtualMachine),
    kinds(
      'kubevirt.io',
      'VirtualMachineInstance',
      'status.phase; conditions Paused, Ready',
      virtualMachineInstance,
    ),
    kinds(
      'kubevirt.io',
      'VirtualMachineInstanceReplicaSet',
      'spec.paused, condition ReplicaFailure, replicas',
      instanceSet,
    ),
    kinds('pool.kubevirt.io', 'VirtualMachinePool', 'as VirtualMachineInstanceReplicaSet', instanceSet),
    kinds('kubevirt.io', 'VirtualMachineInstanceMigration', 'status.phase', migration),
    kinds('kubevirt.io', 'KubeVirt', 'conditions Degraded, Progressing, Available', installed),
    kinds('cdi.kubevirt.io', 'CDI', 'conditions Degraded, Progressing, Available', installed),
    kinds('hco.kubevirt.io', 'HyperConverged', 'conditions Degraded, Progressing, Available', installed),
    kinds('cdi.kubevirt.io', 'DataVolume', 'status.phase', dataVolume),
    kinds(
      'snapshot.kubevirt.io',
      'VirtualMachineSnapshot',
      'status.readyToUse, status.phase',
      snapshot('readyToUse'),
    ),
    kinds('snapshot.kubevirt.io', 'VirtualMachineRestore', 'status.complete', snapshot('complete')),
  ],
};
