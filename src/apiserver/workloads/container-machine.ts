// One simulated container as a state machine: waiting → running → ready → terminated → back-off → running …
// Pure; the time since the current state was entered comes in, so does everything random.
import { backoffMs, rfc3339, sha256 } from '../../lib/index.ts';
import { type Behaviour, durationText } from './behaviour.ts';
import { fullImageName, imageId } from './image-name.ts';
import { type Container, type ContainerStatus, nameOf, namespaceOf, type Pod, uidOf } from './kinds.ts';
import type { WorkloadLatencies } from './latencies.ts';

export interface ContainerEvent {
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  readonly message: string;
}

/** What becomes of a container now: at most one new status; without one, when to look again. */
export interface ContainerStep {
  readonly status?: ContainerStatus;
  readonly events?: readonly ContainerEvent[];
  readonly waitMs?: number;
}

export interface ContainerContext {
  readonly pod: Pod;
  readonly container: Container;
  /** `sidecar`: an init container that keeps running. */
  readonly role: 'init' | 'sidecar' | 'app';
  readonly behaviour: Behaviour;
  readonly durationMs: number | undefined;
  readonly restartPolicy: string;
  /** Since the state in the status was entered. */
  readonly elapsedMs: number;
  readonly nowMs: number;
  readonly latencies: WorkloadLatencies;
  /** From waiting for its start to running; 0 once the node has set the pod up. */
  readonly startAfterMs: number;
  /** A config map or secret it needs and does not find, in words. */
  readonly missing: string | undefined;
}

/** The status before anything ran. */
export function initialStatus(container: Container, reason: string): ContainerStatus {
  return {
    name: container.name,
    state: { waiting: { reason } },
    lastState: {},
    ready: false,
    started: false,
    restartCount: 0,
    image: container.image ?? '',
    imageID: '',
  };
}

/** The step from the status a container has. */
export function stepContainer(context: ContainerContext, status: ContainerStatus): ContainerStep {
  const { waiting, terminated } = status.state ?? {};
  if (waiting !== undefined) return stepWaiting(context, status, waiting.reason ?? '');
  if (terminated !== undefined) return stepTerminated(context, status, terminated.exitCode);
  return stepRunning(context, status);
}

function stepWaiting(context: ContainerContext, status: ContainerStatus, reason: string): ContainerStep {
  const { container, latencies, behaviour, missing, elapsedMs } = context;
  const image = container.image ?? '';
  switch (reason) {
    case 'ImagePullBackOff':
      return {};
    case 'ErrImagePull': {
      const message = `Back-off pulling image "${image}"`;
      const next = { ...status, state: { waiting: { reason: 'ImagePullBackOff', message } } };
      const event = { type: 'Normal', reason: 'BackOff', message } as const;
      return after(elapsedMs, latencies.backoffMs, () => ({ status: next, events: [event] }));
    }
    case 'CrashLoopBackOff':
      return after(elapsedMs, crashWaitMs(context, status.restartCount), () => run(context, status, true));
    default:
      return after(elapsedMs, context.startAfterMs, () => {
        if (missing !== undefined) return configError(status, missing);
        return behaviour === 'pull-error' ? pullError(status, image) : run(context, status, false);
      });
  }
}

function configError(status: ContainerStatus, missing: string): ContainerStep {
  if (status.state?.waiting?.reason === 'CreateContainerConfigError') return {};
  return {
    status: { ...status, state: { waiting: { reason: 'CreateContainerConfigError', message: missing } } },
    events: [{ type: 'Warning', reason: 'Failed', message: `Error: ${missing}` }],
  };
}

function pullError(status: ContainerStatus, image: string): ContainerStep {
  const full = fullImageName(image);
  const message =
    `failed to pull and unpack image "${full}": failed to resolve reference "${full}": ` +
    `${full}: not found`;
  return {
    status: { ...status, state: { waiting: { reason: 'ErrImagePull', message } } },
    events: [
      { type: 'Normal', reason: 'Pulling', message: `Pulling image "${image}"` },
      { type: 'Warning', reason: 'Failed', message: `Failed to pull image "${image}": ${message}` },
      { type: 'Warning', reason: 'Failed', message: 'Error: ErrImagePull' },
    ],
  };
}

function run(context: ContainerContext, status: ContainerStatus, restarted: boolean): ContainerStep {
  const { container, nowMs, pod } = context;
  const image = container.image ?? '';
  const restartCount = status.restartCount + (restarted ? 1 : 0);
  const ready = readyAfterMs(context) === 0;
  return {
    status: {
      ...status,
      state: { running: { startedAt: rfc3339(nowMs) } },
      ready,
      started: ready || container.startupProbe === undefined,
      restartCount,
      image: fullImageName(image),
      imageID: imageId(image),
      containerID: `containerd://${sha256(`${uidOf(pod)}/${container.name}/${restartCount}`)}`,
    },
    events: [
      {
        type: 'Normal',
        reason: 'Pulled',
        message: `Container image "${image}" already present on machine and can be accessed by the pod`,
      },
      { type: 'Normal', reason: 'Created', message: 'Container created' },
      { type: 'Normal', reason: 'Started', message: 'Container started' },
    ],
  };
}

function stepRunning(context: ContainerContext, status: ContainerStatus): ContainerStep {
  const exit = exitOf(context);
  const readyMs = readyAfterMs(context);
  const readyNow = !status.ready && readyMs !== undefined && context.elapsedMs >= readyMs;
  if (exit !== undefined && context.elapsedMs >= exit.afterMs) return stop(context, status, exit.code);
  if (readyNow) return { status: { ...status, ready: true, started: true } };
  const waits: number[] = [];
  if (exit !== undefined) waits.push(exit.afterMs - context.elapsedMs);
  if (!status.ready && readyMs !== undefined) waits.push(readyMs - context.elapsedMs);
  return waits.length === 0 ? {} : { waitMs: Math.min(...waits) };
}

/** When and how a running container ends by itself; undefined for one that serves. */
function exitOf(context: ContainerContext): { readonly afterMs: number; readonly code: number } | undefined {
  const { behaviour, durationMs, latencies, role, restartPolicy } = context;
  if (behaviour === 'crash') return { afterMs: durationMs ?? latencies.crashMs, code: 2 };
  if (behaviour === 'fail') return { afterMs: durationMs ?? latencies.crashMs, code: 1 };
  if (role === 'init') {
    return { afterMs: behaviour === 'slow' ? (durationMs ?? latencies.slowMs) : latencies.initMs, code: 0 };
  }
  if (role === 'sidecar' || restartPolicy === 'Always' || behaviour === 'not-ready') return undefined;
  return { afterMs: durationMs ?? (behaviour === 'slow' ? latencies.slowMs : latencies.jobMs), code: 0 };
}

/** Milliseconds from running to ready; undefined for never. */
function readyAfterMs(context: ContainerContext): number | undefined {
  const { behaviour, container, durationMs, latencies, role, restartPolicy } = context;
  if (role === 'init') return undefined;
  if (behaviour === 'not-ready') return undefined;
  if (role === 'app' && restartPolicy !== 'Always') return 0;
  if (behaviour === 'slow') return durationMs ?? latencies.slowMs;
  const probed = container.readinessProbe !== undefined || container.startupProbe !== undefined;
  if (behaviour !== 'normal') return probed ? undefined : 0;
  return durationMs ?? (probed ? latencies.readyMs : 0);
}

function stop(context: ContainerContext, status: ContainerStatus, exitCode: number): ContainerStep {
  const terminated = terminatedState(status, exitCode, context.nowMs);
  const restarts = mayRestart(context, exitCode);
  if (restarts && status.restartCount > 0) return backOff(context, status, terminated);
  const done = context.role === 'init' && exitCode === 0;
  return { status: { ...status, state: { terminated }, ready: done, started: false } };
}

/** A terminated state for a container that runs now; 137 and 143 are signals. */
export function terminatedState(
  status: ContainerStatus,
  exitCode: number,
  nowMs: number,
): NonNullable<NonNullable<ContainerStatus['state']>['terminated']> {
  return {
    exitCode,
    reason: exitCode === 0 ? 'Completed' : 'Error',
    startedAt: status.state?.running?.startedAt ?? rfc3339(nowMs),
    finishedAt: rfc3339(nowMs),
    ...(status.containerID === undefined ? {} : { containerID: status.containerID }),
  };
}

function backOff(
  context: ContainerContext,
  status: ContainerStatus,
  terminated: NonNullable<NonNullable<ContainerStatus['state']>['terminated']>,
): ContainerStep {
  const { pod, container } = context;
  const wait = durationText(crashWaitMs(context, status.restartCount));
  const podText = `${nameOf(pod)}_${namespaceOf(pod)}(${uidOf(pod)})`;
  const message = `back-off ${wait} restarting failed container=${container.name} pod=${podText}`;
  return {
    status: {
      ...status,
      state: { waiting: { reason: 'CrashLoopBackOff', message } },
      lastState: { terminated },
      ready: false,
      started: false,
    },
    events: [
      {
        type: 'Warning',
        reason: 'BackOff',
        message: `Back-off restarting failed container ${container.name} in pod ${podText}`,
      },
    ],
  };
}

/** The first restart is immediate, as a kubelet's; the ones after it wait. */
function stepTerminated(context: ContainerContext, status: ContainerStatus, exitCode: number): ContainerStep {
  if (!mayRestart(context, exitCode)) return {};
  const terminated = status.state?.terminated;
  const lastState = terminated === undefined ? {} : { terminated };
  return after(context.elapsedMs, 50, () => run(context, { ...status, lastState }, true));
}

function mayRestart({ role, restartPolicy }: ContainerContext, exitCode: number): boolean {
  if (role === 'sidecar') return true;
  if (role === 'init') return exitCode !== 0 && restartPolicy !== 'Never';
  return restartPolicy === 'Always' || (restartPolicy === 'OnFailure' && exitCode !== 0);
}

function crashWaitMs({ latencies }: ContainerContext, restartCount: number): number {
  const policy = { initialMs: latencies.backoffMs, factor: 2, maxMs: latencies.backoffMaxMs };
  return backoffMs(policy, restartCount - 1);
}

function after(elapsedMs: number, waitMs: number, step: () => ContainerStep): ContainerStep {
  return elapsedMs >= waitMs ? step() : { waitMs: waitMs - elapsedMs };
}
