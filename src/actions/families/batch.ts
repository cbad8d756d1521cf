// Jobs and CronJobs.
import type { KubeObject } from '../../k8s/index.ts';
import { isRecord } from '../../lib/index.ts';
import type { ActionFamily, NativeAction } from '../action.ts';
import { at, icons, listAt, ownedBy, setting, timedName, timeText, withAt } from '../edit.ts';

const suspend = setting({ name: 'suspend', iconClass: icons.pause }, ['spec', 'suspend'], true);
const resume = setting({ name: 'resume', iconClass: icons.play }, ['spec', 'suspend'], false);

const createJob: NativeAction = {
  name: 'create-job',
  displayName: 'Create Job',
  iconClass: icons.plus,
  run: ({ object, now }) => [ownedBy(object, jobOf(object, now))],
};

export const cronJobActions: ActionFamily = (object) => [
  createJob,
  at(object, 'spec', 'suspend') === true ? resume : suspend,
];

/** What `kubectl create job --from=cronjob/…` makes. */
function jobOf(cronJob: KubeObject, now: number): KubeObject {
  const template = at(cronJob, 'spec', 'jobTemplate', 'metadata');
  const { labels, annotations } = (isRecord(template) ? template : {}) as KubeObject['metadata'];
  const { namespace } = cronJob.metadata;
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: {
      name: timedName(cronJob, now),
      ...(namespace === undefined ? {} : { namespace }),
      ...(labels === undefined ? {} : { labels }),
      annotations: { ...annotations, 'cronjob.kubernetes.io/instantiate': 'manual' },
    },
    spec: at(cronJob, 'spec', 'jobTemplate', 'spec') ?? {},
  };
}

const ENDS: ReadonlySet<unknown> = new Set(['Complete', 'Failed', 'FailureTarget', 'SuccessCriteriaMet']);

const terminate: NativeAction = {
  name: 'terminate',
  iconClass: icons.stop,
  // The Job controller ends the pods and the Job of whoever asks for its failure.
  run: ({ object, now }) =>
    withAt(
      object,
      ['status', 'conditions'],
      [
        ...listAt(object, 'status', 'conditions'),
        {
          type: 'FailureTarget',
          status: 'True',
          reason: 'ManuallyTerminated',
          message: 'Job was terminated by an action of Fairlead',
          lastProbeTime: timeText(now),
          lastTransitionTime: timeText(now),
        },
      ],
    ),
};

export const jobActions: ActionFamily = (object) => {
  const isOver = listAt(object, 'status', 'conditions').some(
    (condition) => isRecord(condition) && ENDS.has(condition['type']) && condition['status'] === 'True',
  );
  if (isOver) return [];
  const isSuspended = at(object, 'spec', 'suspend') === true;
  return [isSuspended ? resume : suspend, ...(at(object, 'status') === undefined ? [] : [terminate])];
};
