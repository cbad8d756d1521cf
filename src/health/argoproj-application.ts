// argoproj.io Application as a child of another one: waves of an app of apps wait for it.
import type { KubeObject } from '../k8s/index.ts';
import { jsonEqual } from '../lib/index.ts';
import { HEALTH_ORDER, type Health, type HealthStatus } from '../model/index.ts';
import { at, progressing, textAt } from './read.ts';

export function applicationHealth(object: KubeObject): Health {
  const status = textAt(object, 'status', 'health', 'status');
  if (!isHealthStatus(status)) return progressing('Waiting for the application to be reconciled');
  // The health in the status still speaks of the former spec.
  const compared = at(object, 'status', 'sync', 'comparedTo');
  if (compared !== undefined && !isOf(object, compared))
    return progressing('Waiting for the present spec to be reconciled');
  if (textAt(object, 'status', 'operationState', 'phase') === 'Running')
    return progressing('A sync is running');
  const message = textAt(object, 'status', 'health', 'message');
  return message === undefined || message === '' ? { status } : { status, message };
}

function isOf(object: KubeObject, compared: unknown): boolean {
  return ['source', 'sources', 'destination'].every((name) => {
    const [wanted, seen] = [at(object, 'spec', name), at(compared, name)];
    return wanted === undefined || seen === undefined || jsonEqual(wanted, seen);
  });
}

function isHealthStatus(text: string | undefined): text is HealthStatus {
  return HEALTH_ORDER.some((status) => status === text);
}
