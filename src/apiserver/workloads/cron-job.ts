// CronJob: starts Jobs by schedule and keeps a short history of them. planCronJob is pure.
import type { KubeObject } from '../../k8s/index.ts';
import { rfc3339 } from '../../lib/index.ts';
import { isTrue } from './conditions.ts';
import { type CronSchedule, nextTimeMs, parseCron } from './cron-schedule.ts';
import { isJobFinished } from './job.ts';
import {
  type CronJob,
  controllerReference,
  isDeleting,
  type Job,
  nameOf,
  namespaceOf,
  timeMs,
  types,
  uidOf,
} from './kinds.ts';
import { ownedTrigger } from './ownership.ts';
import type { Controller, EventDraft, Plan, Write } from './plan.ts';

const component = 'cronjob-controller';
/** Missed times looked through before only the last counts, as the real controller's bound. */
const missedLimit = 100;

export const cronJobController: Controller = {
  name: 'cronjobs',
  type: types.cronJobs,
  triggers: [ownedTrigger(types.jobs, types.cronJobs, 'CronJob')],
  plan: (object, { view, nowMs }) =>
    planCronJob({
      cronJob: object as CronJob,
      jobs: view.ownedBy(types.jobs, uidOf(object)) as Job[],
      nowMs,
    }),
  refused: (object, error) => ({
    writes: [],
    events: [eventOf(object, 'Warning', 'FailedCreate', `Error creating job: ${error.message}`)],
  }),
};

export interface CronJobInput {
  readonly cronJob: CronJob;
  readonly jobs: readonly Job[];
  readonly nowMs: number;
}

interface Status {
  active: Record<string, unknown>[];
  lastScheduleTime: string | undefined;
  lastSuccessfulTime: string | undefined;
}

export function planCronJob(input: CronJobInput): Plan {
  const { cronJob, jobs, nowMs } = input;
  const events = finishedEvents(input);
  const status = observedStatus(cronJob, jobs);
  const writes = [...dropHistory(cronJob, jobs, 'Complete'), ...dropHistory(cronJob, jobs, 'Failed')];
  const end = (requeueMs?: number): Plan => ({
    writes: [...writes, { op: 'status', type: types.cronJobs, object: cronJob, status: shown(status) }],
    events,
    requeueMs,
  });
  if (isDeleting(cronJob) || cronJob.spec.suspend === true) return end();
  const schedule = parseCron(cronJob.spec.schedule);
  if (schedule === undefined) {
    const message = `unparseable schedule: "${cronJob.spec.schedule}" : expected exactly 5 fields`;
    events.push(eventOf(cronJob, 'Warning', 'UnparseableSchedule', message));
    return end();
  }
  const due = dueTimeMs(cronJob, schedule, nowMs);
  const next = nextTimeMs(schedule, nowMs, cronJob.spec.timeZone);
  const requeueMs = next === undefined ? undefined : next - nowMs;
  if (due === undefined) return end(requeueMs);
  const deadlineSeconds = cronJob.spec.startingDeadlineSeconds;
  if (deadlineSeconds !== undefined && nowMs - due > deadlineSeconds * 1000) {
    const message = `Missed scheduled time to start a job: ${new Date(due).toUTCString().replace('GMT', '+0000')}`;
    events.push(eventOf(cronJob, 'Warning', 'MissSchedule', message));
    return end(requeueMs);
  }
  const running = jobs.filter((job) => !isJobFinished(job));
  if (running.length > 0 && cronJob.spec.concurrencyPolicy === 'Forbid') {
    const message = 'Not starting job because prior execution is running and concurrency policy is Forbid';
    events.push(eventOf(cronJob, 'Normal', 'JobAlreadyActive', message));
    return end(requeueMs);
  }
  if (cronJob.spec.concurrencyPolicy === 'Replace') {
    for (const job of running) writes.push(deletion(cronJob, job));
    status.active = [];
  }
  const object = jobFor(cronJob, due);
  if (!jobs.some((job) => nameOf(job) === nameOf(object))) {
    const event = eventOf(cronJob, 'Normal', 'SuccessfulCreate', `Created job ${nameOf(object)}`);
    writes.push({ op: 'create', type: types.jobs, object, event });
  }
  status.lastScheduleTime = rfc3339(due);
  return end(requeueMs);
}

/** The latest scheduled time that has come and was not acted on. */
function dueTimeMs(cronJob: CronJob, schedule: CronSchedule, nowMs: number): number | undefined {
  const { lastScheduleTime } = cronJob.status ?? {};
  let from = timeMs(lastScheduleTime ?? cronJob.metadata.creationTimestamp);
  const { startingDeadlineSeconds } = cronJob.spec;
  if (startingDeadlineSeconds !== undefined) from = Math.max(from, nowMs - startingDeadlineSeconds * 1000);
  let due: number | undefined;
  for (let missed = 0; missed <= missedLimit; missed += 1) {
    const next = nextTimeMs(schedule, due ?? from, cronJob.spec.timeZone);
    if (next === undefined || next > nowMs) return due;
    due = next;
  }
  // Far behind (the server was off): a minute back is late enough to find the last one of any frequent schedule.
  const recent = nextTimeMs(schedule, Math.max(due ?? 0, nowMs - 60_000), cronJob.spec.timeZone);
  return recent !== undefined && recent <= nowMs ? recent : due;
}

function jobFor(cronJob: CronJob, scheduledMs: number): KubeObject {
  const { jobTemplate } = cronJob.spec;
  const { labels, annotations } = jobTemplate.metadata ?? {};
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: {
      name: `${nameOf(cronJob)}-${Math.floor(scheduledMs / 60_000)}`,
      namespace: namespaceOf(cronJob),
      ...(labels === undefined ? {} : { labels }),
      annotations: {
        ...annotations,
        'batch.kubernetes.io/cronjob-scheduled-timestamp': rfc3339(scheduledMs),
      },
      ownerReferences: [controllerReference(cronJob)],
    },
    spec: structuredClone(jobTemplate.spec),
  };
}

function observedStatus(cronJob: CronJob, jobs: readonly Job[]): Status {
  const running = jobs.filter((job) => !isJobFinished(job) && !isDeleting(job));
  const ends = jobs
    .filter((job) => isTrue(job.status?.conditions, 'Complete'))
    .map((job) => job.status?.completionTime ?? '');
  const last = [cronJob.status?.lastSuccessfulTime ?? '', ...ends].sort(
    (a, b) => timeMs(a || null) - timeMs(b || null),
  );
  return {
    active: running.map((job) => ({
      apiVersion: 'batch/v1',
      kind: 'Job',
      name: nameOf(job),
      namespace: namespaceOf(job),
      uid: uidOf(job),
    })),
    lastScheduleTime: cronJob.status?.lastScheduleTime,
    lastSuccessfulTime: last.at(-1) || undefined,
  };
}

function shown({ active, lastScheduleTime, lastSuccessfulTime }: Status): object {
  return {
    ...(active.length === 0 ? {} : { active }),
    ...(lastScheduleTime === undefined ? {} : { lastScheduleTime }),
    ...(lastSuccessfulTime === undefined ? {} : { lastSuccessfulTime }),
  };
}

/** Jobs that were active and have finished since. */
function finishedEvents({ cronJob, jobs }: CronJobInput): EventDraft[] {
  const active = new Set((cronJob.status?.active ?? []).map(({ uid }) => uid));
  return jobs
    .filter((job) => isJobFinished(job) && active.has(uidOf(job)))
    .map((job) => {
      const outcome = isTrue(job.status?.conditions, 'Complete') ? 'Complete' : 'Failed';
      const message = `Saw completed job: ${nameOf(job)}, condition: ${outcome}`;
      return eventOf(cronJob, 'Normal', 'SawCompletedJob', message);
    });
}

function dropHistory(cronJob: CronJob, jobs: readonly Job[], outcome: 'Complete' | 'Failed'): Write[] {
  const { successfulJobsHistoryLimit = 3, failedJobsHistoryLimit = 1 } = cronJob.spec;
  const limit = outcome === 'Complete' ? successfulJobsHistoryLimit : failedJobsHistoryLimit;
  const ended = jobs
    .filter((job) => isTrue(job.status?.conditions, outcome) && !isDeleting(job))
    .sort((a, b) => timeMs(a.status?.startTime) - timeMs(b.status?.startTime));
  return ended.slice(0, Math.max(0, ended.length - limit)).map((job) => deletion(cronJob, job));
}

function deletion(cronJob: CronJob, object: Job): Write {
  const event = eventOf(cronJob, 'Normal', 'SuccessfulDelete', `Deleted job ${nameOf(object)}`);
  return { op: 'delete', type: types.jobs, object, event };
}

function eventOf(about: KubeObject, type: 'Normal' | 'Warning', reason: string, message: string): EventDraft {
  return { about, type, reason, message, component };
}
