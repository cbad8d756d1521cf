// Each built-in kind in its states: the status as Argo CD gives it, and a sentence with numbers.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parse } from 'yaml';
import type { KubeObject, ResourceKey } from '../k8s/index.ts';
import type { Health } from '../model/index.ts';
import { aggregateHealth, assessHealth, type ResourceHealth } from './index.ts';

/** `apiVersion Kind` → what it is → object without apiVersion and kind, status, message. */
const KINDS: Record<string, Record<string, [text: string, status: string, message?: string]>> = {
  'apps/v1 Deployment': {
    'is Suspended while paused': [
      '{spec: {paused: true}}',
      'Suspended',
      'Paused by spec.paused. Set it to false to go on',
    ],
    'is Progressing until its generation is observed': [
      '{metadata: {generation: 2}, status: {observedGeneration: 1}}',
      'Progressing',
      'Waiting for generation 2 to be observed',
    ],
    'is Progressing while pods are updated': [
      '{spec: {replicas: 3}, status: {updatedReplicas: 1, replicas: 3}}',
      'Progressing',
      'Waiting for rollout to finish: 1 of 3 new replicas have been updated',
    ],
    'is Progressing while old pods end': [
      '{spec: {replicas: 1}, status: {updatedReplicas: 1, replicas: 3}}',
      'Progressing',
      'Waiting for rollout to finish: 2 old replicas are pending termination',
    ],
    'is Progressing until pods are available': [
      '{spec: {replicas: 2}, status: {updatedReplicas: 2, replicas: 2, availableReplicas: 1}}',
      'Progressing',
      'Waiting for rollout to finish: 1 of 2 updated replicas are available',
    ],
    'is Degraded past its deadline': [
      '{metadata: {name: web}, status: {conditions: [{type: Progressing, status: "False", reason: ProgressDeadlineExceeded}]}}',
      'Degraded',
      'It exceeded its progress deadline. Look at its newest ReplicaSet and pods',
    ],
    'is Healthy when rolled out': [
      '{spec: {replicas: 2}, status: {updatedReplicas: 2, replicas: 2, availableReplicas: 2}}',
      'Healthy',
    ],
    'is Healthy with zero replicas': ['{spec: {replicas: 0}, status: {}}', 'Healthy'],
  },
  'apps/v1 StatefulSet': {
    'is Progressing until observed': [
      '{metadata: {generation: 1}}',
      'Progressing',
      'Waiting for generation 1 to be observed',
    ],
    'is Progressing until pods are ready': [
      '{spec: {replicas: 3}, status: {observedGeneration: 1, readyReplicas: 1}}',
      'Progressing',
      'Waiting for 2 of 3 pods to be ready',
    ],
    'is Progressing during a partitioned rollout': [
      '{spec: {replicas: 3, updateStrategy: {rollingUpdate: {partition: 1}}}, status: {observedGeneration: 1, readyReplicas: 3, updatedReplicas: 1}}',
      'Progressing',
      'Waiting for partitioned rollout to finish: 1 of 2 new pods have been updated',
    ],
    'is Healthy after a partitioned rollout': [
      '{spec: {replicas: 3, updateStrategy: {rollingUpdate: {partition: 1}}}, status: {observedGeneration: 1, readyReplicas: 3, updatedReplicas: 2}}',
      'Healthy',
      'Partitioned rollout complete: 2 new pods have been updated',
    ],
    'is Progressing between revisions': [
      '{spec: {replicas: 2}, status: {observedGeneration: 1, readyReplicas: 2, updatedReplicas: 1, currentRevision: a, updateRevision: b}}',
      'Progressing',
      'Waiting for rolling update to finish: 1 of 2 pods are at revision b',
    ],
    'is Healthy on one revision': [
      '{spec: {replicas: 2}, status: {observedGeneration: 1, readyReplicas: 2, updatedReplicas: 2, currentRevision: b, updateRevision: b}}',
      'Healthy',
    ],
    'is Healthy with OnDelete': [
      '{spec: {replicas: 2, updateStrategy: {type: OnDelete}}, status: {observedGeneration: 1, readyReplicas: 2}}',
      'Healthy',
      '2 pods are ready',
    ],
  },
  'apps/v1 ReplicaSet': {
    'is Degraded when it cannot make pods': [
      '{status: {conditions: [{type: ReplicaFailure, status: "True", message: quota exceeded}]}}',
      'Degraded',
      'quota exceeded. Look at quotas, limits and admission webhooks',
    ],
    'is Progressing until pods are available': [
      '{spec: {replicas: 2}, status: {availableReplicas: 1}}',
      'Progressing',
      'Waiting for rollout to finish: 1 of 2 replicas are available',
    ],
    'is Healthy when they are': ['{spec: {replicas: 1}, status: {availableReplicas: 1}}', 'Healthy'],
  },
  'apps/v1 DaemonSet': {
    'is Progressing while pods are updated': [
      '{status: {desiredNumberScheduled: 3, updatedNumberScheduled: 1}}',
      'Progressing',
      'Waiting for rollout to finish: 1 of 3 new pods have been updated',
    ],
    'is Progressing until they are available': [
      '{status: {desiredNumberScheduled: 3, updatedNumberScheduled: 3, numberAvailable: 2}}',
      'Progressing',
      'Waiting for rollout to finish: 2 of 3 updated pods are available',
    ],
    'is Healthy on all nodes': [
      '{status: {desiredNumberScheduled: 3, updatedNumberScheduled: 3, numberAvailable: 3}}',
      'Healthy',
    ],
    'is Healthy with OnDelete': [
      '{spec: {updateStrategy: {type: OnDelete}}, status: {desiredNumberScheduled: 3, updatedNumberScheduled: 1}}',
      'Healthy',
      '1 of 3 pods have been updated',
    ],
  },
  'networking.k8s.io/v1 Ingress': {
    'is Progressing without an address': [
      '{}',
      'Progressing',
      'Waiting for an ingress controller to publish an address. Look at its ingress class',
    ],
    'is Healthy with one': ['{status: {loadBalancer: {ingress: [{ip: 1.2.3.4}]}}}', 'Healthy'],
  },
  'v1 Service': {
    'is Healthy inside the cluster': ['{spec: {type: ClusterIP}}', 'Healthy'],
    'is Progressing without a load balancer': [
      '{spec: {type: LoadBalancer}}',
      'Progressing',
      'Waiting for a load balancer address. Look at its events: a controller must serve its class',
    ],
    'is Healthy with one': [
      '{spec: {type: LoadBalancer}, status: {loadBalancer: {ingress: [{hostname: a}]}}}',
      'Healthy',
    ],
  },
  'v1 PersistentVolumeClaim': {
    'is Healthy when bound': ['{status: {phase: Bound}}', 'Healthy'],
    'is Progressing while pending': [
      '{status: {phase: Pending}}',
      'Progressing',
      'Waiting for a volume. No storage class is named: look whether there is a default one',
    ],
    'is Degraded when lost': [
      '{status: {phase: Lost}}',
      'Degraded',
      'The bound volume is lost. Restore the volume, or delete the claim and restore its data',
    ],
    'is Unknown otherwise': ['{}', 'Unknown', 'No phase is reported'],
  },
  'v1 Pod': {
    'is Degraded when an image cannot be pulled': [
      '{status: {phase: Pending, containerStatuses: [{name: c, state: {waiting: {reason: ImagePullBackOff, message: Back-off pulling image}}}]}}',
      'Degraded',
      'Back-off pulling image',
    ],
    'is only Progressing then when it is finite': [
      '{spec: {restartPolicy: Never}, status: {phase: Pending, containerStatuses: [{name: c, state: {waiting: {reason: ImagePullBackOff}}}]}}',
      'Progressing',
      'Waiting for the pod to be scheduled and started',
    ],
    'is Healthy when ready': [
      '{status: {phase: Running, conditions: [{type: Ready, status: "True"}]}}',
      'Healthy',
    ],
    'is Progressing until ready': [
      '{status: {phase: Running}}',
      'Progressing',
      'Waiting for the pod to be ready',
    ],
    'is Degraded when it crashed and is not ready': [
      '{status: {phase: Running, containerStatuses: [{name: c, restartCount: 4, lastState: {terminated: {exitCode: 1}}}]}}',
      'Degraded',
      'container c restarted 4 times and is not ready. Look at its previous log',
    ],
    'is Progressing while a finite one runs': [
      '{spec: {restartPolicy: OnFailure}, status: {phase: Running, conditions: [{type: Ready, status: "True"}]}}',
      'Progressing',
      'Waiting for the pod to complete',
    ],
    'is Healthy when a finite one may be long': [
      '{metadata: {annotations: {argocd.argoproj.io/ignore-restart-policy: "true"}}, spec: {restartPolicy: Never}, status: {phase: Running, conditions: [{type: Ready, status: "True"}]}}',
      'Healthy',
    ],
    'is Healthy when it succeeded': ['{status: {phase: Succeeded}}', 'Healthy'],
    'is Degraded with the exit code': [
      '{spec: {restartPolicy: Never}, status: {phase: Failed, containerStatuses: [{name: c, state: {terminated: {exitCode: 3}}}]}}',
      'Degraded',
      'container c failed with exit code 3',
    ],
    'is Degraded out of memory': [
      '{spec: {restartPolicy: Never}, status: {phase: Failed, initContainerStatuses: [{name: i, state: {terminated: {reason: OOMKilled}}}]}}',
      'Degraded',
      'container i ran out of memory (OOMKilled)',
    ],
    'is Unknown without a phase': ['{}', 'Unknown'],
  },
  'batch/v1 Job': {
    'is Progressing while it runs': [
      '{spec: {completions: 3}, status: {succeeded: 1}}',
      'Progressing',
      'Waiting for 2 of 3 completions',
    ],
    'is Healthy when complete': [
      '{status: {conditions: [{type: Complete, status: "True"}]}}',
      'Healthy',
      'Job has completed',
    ],
    'is Degraded when failed': [
      '{status: {conditions: [{type: Failed, status: "True", message: BackoffLimitExceeded}]}}',
      'Degraded',
      'Failed: BackoffLimitExceeded. Look at the log of its last pod',
    ],
    'is Suspended': [
      '{status: {conditions: [{type: Suspended, status: "True"}]}}',
      'Suspended',
      'Job is suspended. Set spec.suspend to false to go on',
    ],
  },
  'batch/v1 CronJob': {
    'is Suspended': [
      '{spec: {suspend: true}}',
      'Suspended',
      'Paused by spec.suspend. Set it to false to go on',
    ],
    'is Progressing without a status': [
      '{spec: {}}',
      'Progressing',
      'Waiting for the CronJob to be seen by its controller',
    ],
    'is Healthy before its first run': ['{status: {}}', 'Healthy', 'Not scheduled yet'],
    'is Healthy while running': [
      '{status: {lastScheduleTime: "2026-01-02T00:00:00Z", lastSuccessfulTime: "2026-01-01T00:00:00Z", active: [{}]}}',
      'Healthy',
      '1 jobs are running',
    ],
    'is Degraded after a failed run': [
      '{status: {lastScheduleTime: "2026-01-02T00:00:00Z", lastSuccessfulTime: "2026-01-01T00:00:00Z"}}',
      'Degraded',
      'The run of 2026-01-02T00:00:00Z did not complete successfully. Look at its newest job',
    ],
    'is Healthy after a good run': [
      '{status: {lastScheduleTime: "2026-01-02T00:00:00Z", lastSuccessfulTime: "2026-01-02T00:00:09Z"}}',
      'Healthy',
      'The run of 2026-01-02T00:00:00Z completed successfully',
    ],
  },
  'autoscaling/v2 HorizontalPodAutoscaler': {
    'is Progressing without conditions': ['{}', 'Progressing', 'Waiting for the first look at the metrics'],
    'is Degraded without its target': [
      '{status: {conditions: [{type: AbleToScale, reason: FailedGetScale, message: no target}]}}',
      'Degraded',
      'FailedGetScale: no target. Look at spec.scaleTargetRef',
    ],
    'is Healthy within range': [
      '{status: {conditions: [{type: AbleToScale, reason: ReadyForNewScale}, {type: ScalingLimited, reason: DesiredWithinRange, message: ok}]}}',
      'Healthy',
      'ok',
    ],
  },
  'autoscaling/v1 HorizontalPodAutoscaler': {
    'reads its annotation': [
      `{metadata: {annotations: {autoscaling.alpha.kubernetes.io/conditions: '[{"type":"ScalingActive","reason":"InvalidSelector","message":"bad"}]'}}}`,
      'Degraded',
      'InvalidSelector: bad. Look at the selector of its target',
    ],
    'is Progressing with a broken annotation': [
      '{metadata: {annotations: {autoscaling.alpha.kubernetes.io/conditions: "{"}}}',
      'Progressing',
      'Waiting for the first look at the metrics',
    ],
  },
  'apiregistration.k8s.io/v1 APIService': {
    'is Progressing at first': ['{}', 'Progressing', 'Waiting to be processed'],
    'is Progressing while unavailable': [
      '{status: {conditions: [{type: Available, status: "False", reason: MissingEndpoints, message: none}]}}',
      'Progressing',
      'MissingEndpoints: none. Look at the service and the pods behind it',
    ],
    'is Healthy when available': [
      '{status: {conditions: [{type: Available, status: "True", reason: Passed}]}}',
      'Healthy',
      'Passed',
    ],
  },
  'apiextensions.k8s.io/v1 CustomResourceDefinition': {
    'is Progressing without conditions': ['{}', 'Progressing', 'Waiting for the definition to be processed'],
    'is Progressing while installing': [
      '{status: {conditions: [{type: Established, status: "False", reason: Installing}]}}',
      'Progressing',
      'Waiting to be established',
    ],
    'is Degraded when its names are taken': [
      '{status: {conditions: [{type: NamesAccepted, status: "False", message: taken}]}}',
      'Degraded',
      'Names have not been accepted: taken. Another definition has them',
    ],
    'is Healthy when established': [
      '{status: {conditions: [{type: Established, status: "True"}]}}',
      'Healthy',
    ],
  },
  'policy/v1 PodDisruptionBudget': {
    'is Progressing at first': ['{}', 'Progressing', 'Waiting for status'],
    'is Healthy without spare pods': [
      '{status: {conditions: [{type: DisruptionAllowed, status: "False", reason: InsufficientPods}]}}',
      'Healthy',
      'InsufficientPods',
    ],
    'is Degraded when it cannot be computed': [
      '{status: {conditions: [{type: DisruptionAllowed, status: "False", reason: SyncFailed, message: no scale}]}}',
      'Degraded',
      'SyncFailed: no scale. Look at the pods it selects and their owner',
    ],
  },
  'argoproj.io/v1alpha1 Application': {
    'is Progressing before its first reconciliation': [
      '{}',
      'Progressing',
      'Waiting for the application to be reconciled',
    ],
    'is as its status says': ['{status: {health: {status: Degraded, message: why}}}', 'Degraded', 'why'],
    'is Progressing while its status is of another spec': [
      '{spec: {source: {path: b}}, status: {health: {status: Healthy}, sync: {comparedTo: {source: {path: a}}}}}',
      'Progressing',
      'Waiting for the present spec to be reconciled',
    ],
    'is Progressing during a sync': [
      '{status: {health: {status: Healthy}, operationState: {phase: Running}}}',
      'Progressing',
      'A sync is running',
    ],
  },
  'argoproj.io/v1alpha1 Workflow': {
    'is Progressing while it runs': [
      '{status: {phase: Running, progress: 2/5}}',
      'Progressing',
      'Running: 2/5 steps are done',
    ],
    'is Healthy when it succeeded': ['{status: {phase: Succeeded}}', 'Healthy'],
    'is Degraded when it failed': [
      '{status: {phase: Error, message: boom}}',
      'Degraded',
      'boom. Look at its failed steps and their logs',
    ],
  },
  'example.org/v1 Anything': {
    'has no health without conditions': ['{status: {foo: 1}}', 'none'],
    'has no health with conditions nobody knows': [
      '{status: {conditions: [{type: Odd, status: "True"}]}}',
      'none',
    ],
    'is Healthy when Ready': [
      '{status: {conditions: [{type: Ready, status: "True", message: fine}]}}',
      'Healthy',
      'fine',
    ],
    'is Progressing when not Ready yet': [
      '{status: {conditions: [{type: Ready, status: "False", reason: Creating, message: 1 of 3}]}}',
      'Progressing',
      'Creating: 1 of 3',
    ],
    'is Degraded when Ready failed': [
      '{status: {conditions: [{type: Ready, status: "False", reason: ReconcileError, message: boom}]}}',
      'Degraded',
      'ReconcileError: boom',
    ],
    'is Degraded when Stalled': [
      '{status: {conditions: [{type: Stalled, status: "True", reason: X}, {type: Ready, status: "True"}]}}',
      'Degraded',
      'X',
    ],
    'is Progressing when Reconciling': [
      '{status: {conditions: [{type: Reconciling, status: "True", message: soon}, {type: Ready, status: "True"}]}}',
      'Progressing',
      'soon',
    ],
    'is Progressing until its generation is observed': [
      '{metadata: {generation: 3}, status: {observedGeneration: 2, conditions: [{type: Ready, status: "True"}]}}',
      'Progressing',
      'Waiting for generation 3 to be observed',
    ],
    'is Progressing when the condition is of an older generation': [
      '{metadata: {generation: 3}, status: {conditions: [{type: Ready, status: "True", observedGeneration: 2}]}}',
      'Progressing',
      'Waiting for generation 3 to be observed',
    ],
    'is Progressing while it is deleted': [
      '{metadata: {deletionTimestamp: x, finalizers: [a/b]}}',
      'Progressing',
      'Pending deletion, held by a/b',
    ],
  },
  'batch/v1beta1 Job': {
    'is judged while it is deleted when it is our hook': [
      '{metadata: {deletionTimestamp: x, finalizers: [argocd.argoproj.io/hook-finalizer]}, status: {conditions: [{type: Complete, status: "True"}]}}',
      'Healthy',
      'Job has completed',
    ],
  },
};

for (const [kind, cases] of Object.entries(KINDS)) {
  const [apiVersion = '', name = ''] = kind.split(' ');
  for (const [sentence, [text, status, message]] of Object.entries(cases)) {
    test(`${kind} ${sentence}`, () => {
      const object = { metadata: {}, ...(parse(text) as object), apiVersion, kind: name } as KubeObject;
      const want = status === 'none' ? undefined : { status, ...(message === undefined ? {} : { message }) };
      assert.deepEqual(assessHealth(object), want);
    });
  }
}

test('a custom judgement comes before the built-in one, but not before deletion', () => {
  const object: KubeObject = { apiVersion: 'v1', kind: 'Service', metadata: {} };
  const custom = (): { health: Health } => ({ health: { status: 'Degraded' } });
  assert.deepEqual(assessHealth(object, custom), { status: 'Degraded' });
  assert.equal(
    assessHealth({ ...object, metadata: { deletionTimestamp: 'x' } }, custom)?.status,
    'Progressing',
  );
});

function resource(
  name: string,
  status: Health['status'] | undefined,
  more: Partial<ResourceHealth> = {},
): ResourceHealth {
  const key: ResourceKey = { group: 'apps', kind: 'Deployment', namespace: 'ns', name };
  return { key, health: status === undefined ? undefined : { status }, missing: false, ...more };
}
const childApp: ResourceKey = {
  group: 'argoproj.io',
  kind: 'Application',
  namespace: 'argocd',
  name: 'child',
};

const APPLICATIONS: Record<string, { resources: ResourceHealth[]; want: Health; self?: ResourceKey }> = {
  'is Healthy without objects': { resources: [], want: { status: 'Healthy' } },
  'is Healthy when nobody has an opinion': {
    resources: [resource('a', undefined)],
    want: { status: 'Healthy' },
  },
  'is as its worst object and names it': {
    resources: [resource('a', 'Healthy'), resource('b', 'Degraded'), resource('c', 'Progressing')],
    want: { status: 'Degraded', message: 'Caused by apps/Deployment:ns/b' },
  },
  'names three and counts the rest': {
    resources: ['a', 'b', 'c', 'd', 'e'].map((name) => resource(name, 'Progressing')),
    want: {
      status: 'Progressing',
      message: 'Caused by apps/Deployment:ns/a, apps/Deployment:ns/b, apps/Deployment:ns/c and 2 more',
    },
  },
  'does not count a missing object': {
    resources: [resource('a', 'Healthy'), resource('b', undefined, { missing: true })],
    want: { status: 'Healthy' },
  },
  'is Missing when nothing is live': {
    resources: [resource('a', undefined, { missing: true })],
    want: { status: 'Missing', message: 'Caused by apps/Deployment:ns/a' },
  },
  'does not count what asks to be ignored': {
    resources: [
      resource('a', 'Degraded', {
        object: {
          apiVersion: 'apps/v1',
          kind: 'Deployment',
          metadata: { annotations: { 'argocd.argoproj.io/ignore-healthcheck': 'true' } },
        },
      }),
    ],
    want: { status: 'Healthy' },
  },
  'does not count a child application nobody knows of': {
    resources: [resource('a', 'Unknown', { key: childApp }), resource('b', 'Suspended')],
    want: { status: 'Suspended', message: 'Caused by apps/Deployment:ns/b' },
  },
  'does not count itself': {
    resources: [resource('a', 'Degraded', { key: childApp })],
    self: childApp,
    want: { status: 'Healthy' },
  },
};

for (const [sentence, { resources, want, self }] of Object.entries(APPLICATIONS)) {
  test(`an application ${sentence}`, () => assert.deepEqual(aggregateHealth(resources, self), want));
}
