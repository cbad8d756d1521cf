// batch Job: complete, failed, suspended or running.
import type { KubeObject } from '../k8s/index.ts';
import type { Health } from '../model/index.ts';
import {
  cause,
  conditionsOf,
  degraded,
  healthy,
  numberAt,
  progressing,
  suspended,
  withRemedy,
} from './read.ts';

export function jobHealth(object: KubeObject): Health {
  const holds = (wanted: string) =>
    conditionsOf(object).find(({ type, status }) => type === wanted && status === 'True');
  const failed = holds('Failed');
  if (failed !== undefined) return degraded(withRemedy(cause(failed), 'Look at the log of its last pod.'));
  const complete = holds('Complete');
  if (complete !== undefined) return healthy(complete.message || 'Job has completed');
  const halted = holds('Suspended');
  if (halted !== undefined)
    return suspended(withRemedy(halted.message || 'Job is suspended', 'Set spec.suspend to false to go on.'));
  const [done, wanted] = [
    numberAt(object, 'status', 'succeeded') ?? 0,
    numberAt(object, 'spec', 'completions') ?? 1,
  ];
  return progressing(`Waiting for ${wanted - done} of ${wanted} completions`);
}
