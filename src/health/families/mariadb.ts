// MariaDB operator: servers, what is in them, jobs on them.
import type { KubeObject } from '../../k8s/index.ts';
import type { Health } from '../../model/index.ts';
import { type Family, kinds } from '../family.ts';
import { cause, conditionsOf, degraded, healthy, progressing, suspended, withRemedy } from '../read.ts';
import { byTable, pausedBy, when } from '../rules.ts';

const suspend = pausedBy('spec.suspend');
const MARIADB_PODS = 'Look at the pods and at the log of the operator.';

/** The first condition that is not true decides. */
function mariadbServer(object: KubeObject): Health {
  const pause = suspend(object);
  if (pause !== undefined) return suspended(pause);
  const conditions = conditionsOf(object);
  if (conditions.length === 0) return progressing('Waiting for the operator');
  const bad = conditions.find(({ status }) => status === 'False');
  if (bad === undefined) return healthy(conditions.at(-1)?.message);
  const scheduled = bad.reason === 'CronJobScheduled' && bad.message === 'Failed';
  return bad.reason === 'Failed' || scheduled
    ? degraded(withRemedy(cause(bad), MARIADB_PODS))
    : progressing(cause(bad));
}

const mariadbObject = byTable({
  waiting: 'Waiting for the operator',
  pause: suspend,
  rules: [
    when('Ready=True', 'Healthy'),
    when('Ready', 'Degraded', 'Look whether the MariaDB it names is ready and allows it.'),
  ],
});

function mariadbJob(object: KubeObject): Health {
  const pause = suspend(object);
  if (pause !== undefined) return suspended(pause);
  const conditions = conditionsOf(object);
  const of = (wanted: string) =>
    conditions.find(({ reason, status }) => reason === wanted && status === 'True');
  const failed = of('JobFailed') ?? conditions.find(({ reason }) => reason === 'Failed');
  if (of('JobComplete') !== undefined) return healthy(of('JobComplete')?.message);
  if (failed !== undefined) return degraded(withRemedy(cause(failed), 'Look at the log of its job.'));
  const [last] = conditions.slice(-1);
  return progressing(last === undefined ? 'Waiting for the job' : cause(last));
}

export const mariadb: Family = {
  name: 'MariaDB',
  checks: [
    kinds(
      'k8s.mariadb.com',
      'MariaDB MaxScale Backup PhysicalBackup',
      'spec.suspend, first condition that is False',
      mariadbServer,
    ),
    kinds(
      'k8s.mariadb.com',
      'Database User Grant Connection ExternalMariaDB',
      'spec.suspend, condition Ready',
      mariadbObject,
    ),
    kinds('k8s.mariadb.com', 'SqlJob Restore', 'reasons JobComplete, JobFailed', mariadbJob),
  ],
};
