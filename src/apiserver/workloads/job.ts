// Job: runs pods to completion. Finished pods are counted in two writes (uncounted, then counted) around the removal
// of their finalizer, so that none is counted twice or lost. planJob is pure.
import type { KubeObject } from '../../k8s/index.ts';
import { backoffMs, type Random, rfc3339 } from '../../lib/index.ts';
import { findCondition, isTrue } from './conditions.ts';
import { indexAnnotation, indexesText, indexOf, parseIndexes } from './job-indexes.ts';
import {
  type Condition,
  isDeleting,
  type Job,
  type JobStatus,
  nameOf,
  omitEmpty,
  type Pod,
  timeMs,
  types,
  uidOf,
} from './kinds.ts';
import type { WorkloadLatencies } from './latencies.ts';
import { ownedTrigger } from './ownership.ts';
import type { Controller, EventDraft, Plan, Write } from './plan.ts';
import { isActive, isFinished, isReady } from './pod-facts.ts';
import { podFromTemplate } from './pod-template.ts';

const component = 'job-controller';
export const trackingFinalizer = 'batch.kubernetes.io/job-tracking';
/** Pods created per look. */
const burst = 500;

export const jobController: Controller = {
  name: 'jobs',
  type: types.jobs,
  triggers: [ownedTrigger(types.pods, types.jobs, 'Job')],
  plan: (object, { view, nowMs, random, latencies }) =>
    planJob({
      job: object as Job,
      pods: view.ownedBy(types.pods, uidOf(object)) as Pod[],
      nowMs,
      random,
      latencies,
    }),
  refused: (object, error) => ({
    writes: [],
    events: [eventOf(object, 'Warning', 'FailedCreate', `Error creating: ${error.message}`)],
  }),
};

export interface JobInput {
  readonly job: Job;
  readonly pods: readonly Pod[];
  readonly nowMs: number;
  readonly random: Random;
  readonly latencies: WorkloadLatencies;
}

export function isJobFinished(job: Job): boolean {
  return isTrue(job.status?.conditions, 'Complete') || isTrue(job.status?.conditions, 'Failed');
}

export function planJob(input: JobInput): Plan {
  const { job } = input;
  if (isJobFinished(job)) return expire(input);
  const look = new JobLook(input);
  const verdict = look.verdict();
  if (verdict !== undefined) return look.end(verdict);
  if (isDeleting(job)) return look.finish();
  if (job.spec.suspend === true) look.suspend();
  else look.run();
  return look.completes() ? look.end(reached) : look.finish();
}

interface Verdict {
  readonly outcome: 'Complete' | 'Failed';
  readonly reason: string;
  readonly message: string;
}

const reached: Verdict = {
  outcome: 'Complete',
  reason: 'CompletionsReached',
  message: 'Reached expected number of succeeded pods',
};

/** After the end: release what the job still holds, then delete it when its time to live is over. */
function expire({ job, pods, nowMs }: JobInput): Plan {
  const writes = pods.filter(hasFinalizer).map(releaseFinalizer);
  const ttlSeconds = job.spec.ttlSecondsAfterFinished;
  if (ttlSeconds === undefined || isDeleting(job)) return { writes };
  const end = findCondition(
    job.status?.conditions,
    isTrue(job.status?.conditions, 'Complete') ? 'Complete' : 'Failed',
  );
  const leftMs = timeMs(end?.lastTransitionTime) + ttlSeconds * 1000 - nowMs;
  if (leftMs > 0) return { writes, requeueMs: leftMs };
  return {
    writes: [...writes, { op: 'delete', type: types.jobs, object: job, propagationPolicy: 'Foreground' }],
  };
}

class JobLook {
  private readonly input: JobInput;
  private readonly job: Job;
  private readonly active: Pod[];
  private readonly counted: { succeeded: number; failed: number };
  private readonly uncounted: { succeeded: string[]; failed: string[] };
  private readonly completed: Set<number>;
  private readonly indexed: boolean;
  private conditions: Condition[];
  private startTime: string | undefined;
  private requeueMs: number | undefined;
  private deleted = 0;
  private readonly writes: Write[] = [];
  private readonly releases: Write[] = [];

  constructor(input: JobInput) {
    const { job, pods, nowMs } = input;
    const status = job.status ?? {};
    this.input = input;
    this.job = job;
    this.indexed = job.spec.completionMode === 'Indexed';
    this.active = pods.filter(isActive);
    this.conditions = [...(status.conditions ?? [])];
    this.counted = { succeeded: status.succeeded ?? 0, failed: status.failed ?? 0 };
    this.uncounted = {
      succeeded: [...(status.uncountedTerminatedPods?.succeeded ?? [])],
      failed: [...(status.uncountedTerminatedPods?.failed ?? [])],
    };
    this.completed = parseIndexes(status.completedIndexes);
    this.startTime = status.startTime ?? (job.spec.suspend === true ? undefined : rfc3339(nowMs));
    this.count();
  }

  /** Moves released pods from uncounted to counted, and newly finished ones to uncounted. */
  private count(): void {
    const held = new Set(this.input.pods.filter(hasFinalizer).map(uidOf));
    for (const outcome of ['succeeded', 'failed'] as const) {
      const settled = this.uncounted[outcome].filter((uid) => !held.has(uid));
      this.counted[outcome] += settled.length;
      this.uncounted[outcome] = this.uncounted[outcome].filter((uid) => held.has(uid));
    }
    for (const pod of this.input.pods) {
      const ended = isFinished(pod) || (isDeleting(pod) && pod.spec.nodeName === undefined);
      if (!ended || !hasFinalizer(pod)) continue;
      const index = indexOf(pod);
      const succeeded = pod.status?.phase === 'Succeeded';
      if (succeeded && this.indexed && index !== undefined) this.completed.add(index);
      else {
        const list = this.uncounted[succeeded ? 'succeeded' : 'failed'];
        if (!list.includes(uidOf(pod))) list.push(uidOf(pod));
      }
      this.releases.push(releaseFinalizer(pod));
    }
    if (this.indexed) this.counted.succeeded = this.completed.size;
  }

  private get succeeded(): number {
    return this.counted.succeeded + this.uncounted.succeeded.length;
  }

  private get failed(): number {
    return this.counted.failed + this.uncounted.failed.length;
  }

  /** Why the job is over, unless it is not. */
  verdict(): Verdict | undefined {
    const target = this.conditions.find(({ type, status }) => type === 'FailureTarget' && status === 'True');
    if (target !== undefined) return failure(target.reason ?? '', target.message ?? '');
    if (isTrue(this.conditions, 'SuccessCriteriaMet')) return reached;
    const { backoffLimit = 6, activeDeadlineSeconds, suspend } = this.job.spec;
    const restarts = this.active.reduce((sum, pod) => sum + restartsSum(pod), 0);
    const byRestarts = this.job.spec.template.spec.restartPolicy === 'OnFailure' && restarts > backoffLimit;
    if (this.failed > backoffLimit || byRestarts) {
      return failure('BackoffLimitExceeded', 'Job has reached the specified backoff limit');
    }
    if (activeDeadlineSeconds === undefined || suspend === true) return undefined;
    const leftMs = timeMs(this.startTime) + activeDeadlineSeconds * 1000 - this.input.nowMs;
    if (leftMs <= 0) return failure('DeadlineExceeded', 'Job was active longer than specified deadline');
    this.lookAgain(leftMs);
    return undefined;
  }

  /** Starts or removes pods so that as many run as are still needed. */
  run(): void {
    this.setSuspended(false);
    const { completions, parallelism = 1 } = this.job.spec;
    const needed =
      completions === undefined ? parallelism : Math.min(parallelism, completions - this.succeeded);
    const wanted = completions === undefined && this.succeeded > 0 ? this.active.length : Math.max(0, needed);
    const missing = wanted - this.active.length;
    if (missing < 0) this.remove(this.active.slice(0, -missing));
    if (missing <= 0 || this.waitsAfterFailure()) return;
    const indexes = this.freeIndexes();
    for (let at = 0; at < Math.min(missing, burst); at += 1)
      this.create(this.indexed ? indexes[at] : undefined);
  }

  suspend(): void {
    this.remove(this.active);
    this.setSuspended(true);
  }

  completes(): boolean {
    const { completions } = this.job.spec;
    const left = this.active.length - this.deleted;
    if (left > 0 || this.job.spec.suspend === true) return false;
    return completions === undefined ? this.succeeded > 0 : this.succeeded >= completions;
  }

  /** Ends the job: the interim condition first, the final one once every pod is counted. */
  end(verdict: Verdict): Plan {
    const interim = verdict.outcome === 'Complete' ? 'SuccessCriteriaMet' : 'FailureTarget';
    this.addCondition(interim, verdict);
    this.remove(this.active);
    const held = this.input.pods.some((pod) => hasFinalizer(pod) && !this.isReleased(pod));
    const open =
      this.releases.length > 0 || this.uncounted.succeeded.length + this.uncounted.failed.length > 0;
    if (held || open || this.active.length > 0) return this.finish();
    this.addCondition(verdict.outcome, verdict);
    const complete = verdict.outcome === 'Complete';
    const event = complete
      ? eventOf(this.job, 'Normal', 'Completed', 'Job completed')
      : eventOf(this.job, 'Warning', verdict.reason, verdict.message);
    const plan = this.finish(complete ? rfc3339(this.input.nowMs) : undefined);
    return { ...plan, events: [event] };
  }

  finish(completionTime?: string): Plan {
    const { job, writes, releases } = this;
    const status: JobStatus = {
      ...omitEmpty({
        active: this.active.length - this.deleted,
        startTime: this.startTime,
        completionTime,
        succeeded: this.counted.succeeded,
        failed: this.counted.failed,
        conditions: this.conditions,
        completedIndexes: this.indexed ? indexesText(this.completed) : undefined,
      }),
      ready: this.active.filter(isReady).length,
      terminating: this.input.pods.filter((pod) => isDeleting(pod) && !isFinished(pod)).length,
      uncountedTerminatedPods: omitEmpty({ ...this.uncounted }),
    };
    const statusWrite: Write = { op: 'status', type: types.jobs, object: job, status };
    return { writes: [...writes, statusWrite, ...releases], requeueMs: this.requeueMs };
  }

  private isReleased(pod: Pod): boolean {
    return this.releases.some(({ object }) => object === pod);
  }

  /** A failed pod's successor waits, longer with each failure. */
  private waitsAfterFailure(): boolean {
    if (this.failed === 0) return false;
    const ends = this.input.pods
      .filter(({ status }) => status?.phase === 'Failed')
      .flatMap(({ status }) =>
        (status?.containerStatuses ?? []).map(({ state }) => timeMs(state?.terminated?.finishedAt)),
      );
    const { backoffMs: initialMs, backoffMaxMs } = this.input.latencies;
    const waitMs = backoffMs(
      { initialMs, factor: 2, maxMs: Math.min(backoffMaxMs, 600_000) },
      this.failed - 1,
    );
    const leftMs = Math.max(0, ...ends) + waitMs - this.input.nowMs;
    if (leftMs > 0) this.lookAgain(leftMs);
    return leftMs > 0;
  }

  private freeIndexes(): number[] {
    const taken = new Set(this.active.map(indexOf));
    const all = Array.from({ length: this.job.spec.completions ?? 0 }, (_, index) => index);
    return all.filter((index) => !taken.has(index) && !this.completed.has(index));
  }

  private create(index: number | undefined): void {
    const { job } = this;
    const name = nameOf(job);
    const tracked = { name, uid: uidOf(job) };
    const object = podFromTemplate({
      owner: job,
      template: index === undefined ? job.spec.template : withIndexVariable(job.spec.template, index),
      prefix: index === undefined ? `${name}-` : `${name}-${index}-`,
      labels: {
        'batch.kubernetes.io/controller-uid': tracked.uid,
        'batch.kubernetes.io/job-name': tracked.name,
        'controller-uid': tracked.uid,
        'job-name': tracked.name,
        ...(index === undefined ? {} : { [indexAnnotation]: String(index) }),
      },
      ...(index === undefined
        ? {}
        : { annotations: { [indexAnnotation]: String(index) }, spec: { hostname: `${name}-${index}` } }),
      finalizers: [trackingFinalizer],
      random: this.input.random,
    });
    const event = eventOf(job, 'Normal', 'SuccessfulCreate', `Created pod: ${nameOf(object)}`);
    this.writes.push({ op: 'create', type: types.pods, object, event });
  }

  private remove(pods: readonly Pod[]): void {
    for (const object of pods) {
      const event = eventOf(this.job, 'Normal', 'SuccessfulDelete', `Deleted pod: ${nameOf(object)}`);
      this.writes.push({ op: 'delete', type: types.pods, object, event });
    }
    this.deleted += pods.length;
  }

  private setSuspended(suspended: boolean): void {
    const current = findCondition(this.conditions, 'Suspended');
    if (current === undefined ? !suspended : (current.status === 'True') === suspended) return;
    const [reason, message] = suspended ? ['JobSuspended', 'Job suspended'] : ['JobResumed', 'Job resumed'];
    this.conditions = this.conditions.filter((condition) => condition !== current);
    this.pushCondition({ type: 'Suspended', status: suspended ? 'True' : 'False', reason, message });
    this.startTime = suspended ? undefined : rfc3339(this.input.nowMs);
  }

  private addCondition(type: string, { reason, message }: Verdict): void {
    if (!isTrue(this.conditions, type)) this.pushCondition({ type, status: 'True', reason, message });
  }

  private pushCondition(condition: Condition): void {
    const now = rfc3339(this.input.nowMs);
    this.conditions = [...this.conditions, { ...condition, lastProbeTime: now, lastTransitionTime: now }];
  }

  private lookAgain(waitMs: number): void {
    this.requeueMs = Math.min(this.requeueMs ?? waitMs, waitMs);
  }
}

function failure(reason: string, message: string): Verdict {
  return { outcome: 'Failed', reason, message };
}

function hasFinalizer(pod: Pod): boolean {
  return pod.metadata.finalizers?.includes(trackingFinalizer) === true;
}

function releaseFinalizer(object: Pod): Write {
  const change = (copy: KubeObject): void => {
    copy.metadata.finalizers = (copy.metadata.finalizers ?? []).filter((name) => name !== trackingFinalizer);
  };
  return { op: 'edit', type: types.pods, object, change };
}

function restartsSum(pod: Pod): number {
  return (pod.status?.containerStatuses ?? []).reduce((sum, { restartCount }) => sum + restartCount, 0);
}

function withIndexVariable(template: Job['spec']['template'], index: number): Job['spec']['template'] {
  const variable = { name: 'JOB_COMPLETION_INDEX', value: String(index) };
  const containers = template.spec.containers.map((container) => ({
    ...container,
    env: [...(container.env ?? []), variable],
  }));
  return { ...template, spec: { ...template.spec, containers } };
}

function eventOf(about: KubeObject, type: 'Normal' | 'Warning', reason: string, message: string): EventDraft {
  return { about, type, reason, message, component };
}
