// Defaults of the kinds that run pods: apps, batch, autoscaling.

import { ensurePart, type Fields, items, part, setDefault, setDefaultText } from './object.ts';
import { defaultPodTemplate } from './pod.ts';

const UNLIMITED_RETRIES = 2_147_483_647;

export function defaultDeployment(object: Fields): void {
  const spec = ensurePart(object, 'spec');
  defaultPodTemplate(part(spec, 'template'));
  setDefault(spec, 'replicas', 1);
  const strategy = ensurePart(spec, 'strategy');
  setDefaultText(strategy, 'type', 'RollingUpdate');
  if (strategy['type'] === 'RollingUpdate') {
    const rolling = ensurePart(strategy, 'rollingUpdate');
    setDefault(rolling, 'maxUnavailable', '25%');
    setDefault(rolling, 'maxSurge', '25%');
  }
  setDefault(spec, 'revisionHistoryLimit', 10);
  setDefault(spec, 'progressDeadlineSeconds', 600);
}

export function defaultReplicaSet(object: Fields): void {
  const spec = ensurePart(object, 'spec');
  defaultPodTemplate(part(spec, 'template'));
  setDefault(spec, 'replicas', 1);
}

export function defaultReplicationController(object: Fields): void {
  const spec = ensurePart(object, 'spec');
  defaultPodTemplate(part(spec, 'template'));
  setDefault(spec, 'replicas', 1);
  const labels = part(part(part(spec, 'template'), 'metadata'), 'labels');
  if (labels === undefined) return;
  setDefault(spec, 'selector', { ...labels });
  setDefault(ensurePart(object, 'metadata'), 'labels', { ...labels });
}

export function defaultDaemonSet(object: Fields): void {
  const spec = ensurePart(object, 'spec');
  defaultPodTemplate(part(spec, 'template'));
  const strategy = ensurePart(spec, 'updateStrategy');
  setDefaultText(strategy, 'type', 'RollingUpdate');
  if (strategy['type'] === 'RollingUpdate') {
    const rolling = ensurePart(strategy, 'rollingUpdate');
    setDefault(rolling, 'maxUnavailable', 1);
    setDefault(rolling, 'maxSurge', 0);
  }
  setDefault(spec, 'revisionHistoryLimit', 10);
}

export function defaultStatefulSet(object: Fields): void {
  const spec = ensurePart(object, 'spec');
  defaultPodTemplate(part(spec, 'template'));
  for (const claim of items(spec, 'volumeClaimTemplates')) {
    setDefaultText(claim, 'apiVersion', 'v1');
    setDefaultText(claim, 'kind', 'PersistentVolumeClaim');
    defaultClaim(claim);
  }
  setDefaultText(spec, 'podManagementPolicy', 'OrderedReady');
  const strategy = ensurePart(spec, 'updateStrategy');
  if (strategy['type'] === undefined || strategy['type'] === '') {
    strategy['type'] = 'RollingUpdate';
    ensurePart(strategy, 'rollingUpdate');
  }
  if (strategy['type'] === 'RollingUpdate') {
    const rolling = part(strategy, 'rollingUpdate');
    if (rolling !== undefined) setDefault(rolling, 'partition', 0);
  }
  const retention = ensurePart(spec, 'persistentVolumeClaimRetentionPolicy');
  setDefaultText(retention, 'whenDeleted', 'Retain');
  setDefaultText(retention, 'whenScaled', 'Retain');
  setDefault(spec, 'replicas', 1);
  setDefault(spec, 'revisionHistoryLimit', 10);
}

export function defaultClaim(claim: Fields): void {
  setDefaultText(ensurePart(claim, 'status'), 'phase', 'Pending');
  setDefault(ensurePart(claim, 'spec'), 'volumeMode', 'Filesystem');
}

export function defaultJob(object: Fields): void {
  const spec = ensurePart(object, 'spec');
  defaultPodTemplate(part(spec, 'template'));
  if (spec['completions'] === undefined && spec['parallelism'] === undefined) spec['completions'] = 1;
  setDefault(spec, 'parallelism', 1);
  setDefault(spec, 'backoffLimit', spec['backoffLimitPerIndex'] === undefined ? 6 : UNLIMITED_RETRIES);
  setDefault(spec, 'completionMode', 'NonIndexed');
  setDefault(spec, 'suspend', false);
  setDefault(spec, 'manualSelector', false);
  const failurePolicy = part(spec, 'podFailurePolicy');
  setDefault(spec, 'podReplacementPolicy', failurePolicy === undefined ? 'TerminatingOrFailed' : 'Failed');
  for (const rule of items(failurePolicy, 'rules')) {
    for (const pattern of items(rule, 'onPodConditions')) setDefaultText(pattern, 'status', 'True');
  }
  const labels = part(part(part(spec, 'template'), 'metadata'), 'labels');
  const metadata = ensurePart(object, 'metadata');
  if (labels !== undefined && Object.keys(part(metadata, 'labels') ?? {}).length === 0)
    metadata['labels'] = { ...labels };
}

export function defaultCronJob(object: Fields): void {
  const spec = ensurePart(object, 'spec');
  defaultPodTemplate(part(part(part(spec, 'jobTemplate'), 'spec'), 'template'));
  setDefaultText(spec, 'concurrencyPolicy', 'Allow');
  setDefault(spec, 'suspend', false);
  setDefault(spec, 'successfulJobsHistoryLimit', 3);
  setDefault(spec, 'failedJobsHistoryLimit', 1);
}

export function defaultAutoscaler(object: Fields): void {
  const spec = ensurePart(object, 'spec');
  setDefault(spec, 'minReplicas', 1);
  if (items(spec, 'metrics').length === 0) {
    const target = { type: 'Utilization', averageUtilization: 80 };
    spec['metrics'] = [{ type: 'Resource', resource: { name: 'cpu', target } }];
  }
  const behavior = part(spec, 'behavior');
  if (behavior === undefined) return;
  const percent = { type: 'Percent', value: 100, periodSeconds: 15 };
  const up = ensurePart(behavior, 'scaleUp');
  setDefault(up, 'stabilizationWindowSeconds', 0);
  setDefault(up, 'selectPolicy', 'Max');
  setDefault(up, 'policies', [{ type: 'Pods', value: 4, periodSeconds: 15 }, percent]);
  const down = ensurePart(behavior, 'scaleDown');
  setDefault(down, 'selectPolicy', 'Max');
  setDefault(down, 'policies', [{ ...percent }]);
}

export function defaultAutoscalerV1(object: Fields): void {
  const spec = ensurePart(object, 'spec');
  setDefault(spec, 'minReplicas', 1);
  setDefault(spec, 'targetCPUUtilizationPercentage', 80);
}
