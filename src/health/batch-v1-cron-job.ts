// batch CronJob: its last run succeeded as far as one can tell.
import type { KubeObject } from '../k8s/index.ts';
import type { Health } from '../model/index.ts';
import { at, degraded, healthy, listAt, progressing, suspended, textAt } from './read.ts';

export function cronJobHealth(object: KubeObject): Health {
  if (at(object, 'spec', 'suspend') === true)
    return suspended('Paused by spec.suspend. Set it to false to go on');
  if (object['status'] === undefined)
    return progressing('Waiting for the CronJob to be seen by its controller');
  const [scheduled, succeeded] = [
    textAt(object, 'status', 'lastScheduleTime'),
    textAt(object, 'status', 'lastSuccessfulTime'),
  ];
  if (scheduled === undefined) return healthy('Not scheduled yet');
  // Whether it never succeeded or runs for the first time cannot be told apart.
  if (succeeded === undefined) return healthy('No run has completed yet');
  const active = listAt(object, 'status', 'active').length;
  if (active > 0) return healthy(`${active} jobs are running`);
  return Date.parse(succeeded) < Date.parse(scheduled)
    ? degraded(`The run of ${scheduled} did not complete successfully. Look at its newest job`)
    : healthy(`The run of ${scheduled} completed successfully`);
}
