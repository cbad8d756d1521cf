// A simulated pod on its node: init containers one after the other, then the app containers together; phase and
// conditions follow from the containers. Pure: pod, time and what is missing in, the next status out.
import { rfc3339 } from '../../lib/index.ts';
import { behaviourOf, durationOf } from './behaviour.ts';
import { withCondition } from './conditions.ts';
import {
  type ContainerContext,
  type ContainerEvent,
  initialStatus,
  stepContainer,
  terminatedState,
} from './container-machine.ts';
import type { Condition, Container, ContainerStatus, Pod, PodStatus } from './kinds.ts';
import type { WorkloadLatencies } from './latencies.ts';
import { qosClassOf } from './qos.ts';

export interface PodMachineInput {
  readonly pod: Pod;
  readonly nowMs: number;
  readonly latencies: WorkloadLatencies;
  readonly hostIp: string;
  /** Gives the pod its address; called once, when its sandbox starts. */
  readonly assignIp: () => string;
  /** Milliseconds since the container entered the state in its status. */
  readonly elapsedMs: (status: ContainerStatus) => number;
  /** What a container needs and does not find, in words. */
  readonly missingFor: (container: Container) => string | undefined;
}

export interface PodStep {
  /** Undefined: nothing to write. */
  readonly status?: PodStatus;
  readonly events: readonly (ContainerEvent & { readonly container: string })[];
  /** When to look again; undefined when only a change can bring the pod on. */
  readonly waitMs?: number | undefined;
}

/** The status a node writes first: nothing runs yet. */
export function firstStatus(input: PodMachineInput): PodStatus {
  const { pod, nowMs, hostIp } = input;
  const { containers, initContainers = [] } = pod.spec;
  const reason = initContainers.length > 0 ? 'PodInitializing' : 'ContainerCreating';
  const status: PodStatus = {
    ...pod.status,
    phase: 'Pending',
    hostIP: hostIp,
    hostIPs: [{ ip: hostIp }],
    startTime: rfc3339(nowMs),
    qosClass: pod.status?.['qosClass'] ?? qosClassOf(pod),
    ...(initContainers.length === 0
      ? {}
      : { initContainerStatuses: initContainers.map((container) => initialStatus(container, reason)) }),
    containerStatuses: containers.map((container) => initialStatus(container, reason)),
  };
  return withObserved(pod, { ...status, conditions: conditionsOf(pod, status, nowMs) });
}

/** The step from the status a bound pod has. */
export function stepPod(input: PodMachineInput): PodStep {
  const { pod, nowMs } = input;
  const { containerStatuses } = pod.status ?? {};
  if (containerStatuses === undefined) return { status: firstStatus(input), events: [], waitMs: 0 };
  const run = new PodRun(input);
  const initDone = run.stepInit();
  if (initDone) run.stepApps();
  // Somebody else may have opened a readiness gate.
  if (!run.changed && pod.spec.readinessGates === undefined) return { events: [], waitMs: run.waitMs };
  run.stopSidecars();
  const status: PodStatus = {
    ...pod.status,
    ...(run.initStatuses.length === 0 ? {} : { initContainerStatuses: run.initStatuses }),
    containerStatuses: run.appStatuses,
  };
  if (run.started && status.podIP === undefined) {
    const ip = pod.spec.hostNetwork === true ? input.hostIp : input.assignIp();
    Object.assign(status, { podIP: ip, podIPs: [{ ip }] });
  }
  status.phase = phaseOf(pod, status);
  status.conditions = conditionsOf(pod, status, nowMs);
  return { status: withObserved(pod, status), events: run.events, waitMs: run.changed ? 0 : run.waitMs };
}

class PodRun {
  readonly initStatuses: ContainerStatus[];
  readonly appStatuses: ContainerStatus[];
  readonly events: (ContainerEvent & { readonly container: string })[] = [];
  changed = false;
  waitMs: number | undefined;
  private readonly input: PodMachineInput;

  constructor(input: PodMachineInput) {
    this.input = input;
    this.initStatuses = [...(input.pod.status?.initContainerStatuses ?? [])];
    this.appStatuses = [...(input.pod.status?.containerStatuses ?? [])];
  }

  /** Some container has run: the sandbox exists. */
  get started(): boolean {
    return [...this.initStatuses, ...this.appStatuses].some(({ containerID }) => containerID !== undefined);
  }

  /** @returns true when the app containers may run. */
  stepInit(): boolean {
    for (const [at, container] of (this.input.pod.spec.initContainers ?? []).entries()) {
      const sidecar = container.restartPolicy === 'Always';
      this.stepOne(this.initStatuses, at, container, sidecar ? 'sidecar' : 'init');
      const status = this.initStatuses[at];
      const done = sidecar ? status?.started === true : status?.state?.terminated?.exitCode === 0;
      if (!done) return false;
    }
    return true;
  }

  stepApps(): void {
    for (const [at, container] of this.input.pod.spec.containers.entries()) {
      this.stepOne(this.appStatuses, at, container, 'app');
    }
  }

  /** Sidecars end with the last app container. */
  stopSidecars(): void {
    const { pod, nowMs } = this.input;
    if (!this.appStatuses.every((status) => endedForGood(pod, status))) return;
    for (const [at, status] of this.initStatuses.entries()) {
      if (status.state?.running === undefined) continue;
      const state = { terminated: terminatedState(status, 0, nowMs) };
      this.initStatuses[at] = { ...status, state, ready: false, started: false };
    }
  }

  private stepOne(
    statuses: ContainerStatus[],
    at: number,
    container: Container,
    role: ContainerContext['role'],
  ): void {
    const { pod, nowMs, latencies } = this.input;
    const status = statuses[at] ?? initialStatus(container, 'ContainerCreating');
    const step = stepContainer(
      {
        pod,
        container,
        role,
        nowMs,
        latencies,
        behaviour: behaviourOf(pod, container),
        durationMs: durationOf(pod),
        restartPolicy: pod.spec.restartPolicy ?? 'Always',
        elapsedMs: this.input.elapsedMs(status),
        startAfterMs: pod.status?.podIP === undefined ? latencies.startMs : 0,
        missing: this.input.missingFor(container),
      },
      status,
    );
    if (step.status !== undefined) {
      statuses[at] = step.status;
      this.changed = true;
    }
    for (const event of step.events ?? []) this.events.push({ ...event, container: container.name });
    if (step.waitMs !== undefined) this.waitMs = Math.min(this.waitMs ?? step.waitMs, step.waitMs);
  }
}

function phaseOf(pod: Pod, status: PodStatus): string {
  const apps = status.containerStatuses ?? [];
  const initFailed = (status.initContainerStatuses ?? []).some(
    ({ state }) => state?.terminated !== undefined && state.terminated.exitCode !== 0,
  );
  if (initFailed && pod.spec.restartPolicy === 'Never') return 'Failed';
  if (apps.every((container) => endedForGood(pod, container))) {
    return apps.every(({ state }) => state?.terminated?.exitCode === 0) ? 'Succeeded' : 'Failed';
  }
  const everRan = (container: ContainerStatus): boolean =>
    container.state?.waiting === undefined || container.lastState?.terminated !== undefined;
  return apps.every(everRan) ? 'Running' : 'Pending';
}

function endedForGood(pod: Pod, { state }: ContainerStatus): boolean {
  const policy = pod.spec.restartPolicy ?? 'Always';
  if (state?.terminated === undefined || policy === 'Always') return false;
  return policy === 'Never' || state.terminated.exitCode === 0;
}

function conditionsOf(pod: Pod, status: PodStatus, nowMs: number): Condition[] {
  const sandbox = status.podIP !== undefined && status.phase !== 'Succeeded' && status.phase !== 'Failed';
  let conditions: Condition[] = [...(pod.status?.conditions ?? [])];
  const set = (type: string, unmet: { reason?: string; message?: string } | undefined): void => {
    conditions = withCondition(
      conditions,
      { type, status: unmet === undefined ? 'True' : 'False', ...unmet },
      nowMs,
    );
  };
  set('PodReadyToStartContainers', sandbox ? undefined : {});
  set('Initialized', initUnmet(pod, status));
  const containersUnmet = readyUnmet(status);
  set('Ready', containersUnmet ?? gatesUnmet(pod));
  set('ContainersReady', containersUnmet);
  set('PodScheduled', undefined);
  return conditions;
}

function initUnmet(pod: Pod, status: PodStatus): { reason: string; message: string } | undefined {
  const specs = pod.spec.initContainers ?? [];
  const waiting = (status.initContainerStatuses ?? []).filter((container) => {
    const sidecar = specs.find(({ name }) => name === container.name)?.restartPolicy === 'Always';
    const ended = container.state?.terminated?.exitCode === 0;
    return sidecar ? container.started !== true && !ended : !ended;
  });
  if (waiting.length === 0) return undefined;
  const names = waiting.map(({ name }) => name).join(' ');
  return { reason: 'ContainersNotInitialized', message: `containers with incomplete status: [${names}]` };
}

function readyUnmet(status: PodStatus): { reason: string; message?: string } | undefined {
  if (status.phase === 'Succeeded') return { reason: 'PodCompleted' };
  if (status.phase === 'Failed') return { reason: 'PodFailed' };
  const unready = (status.containerStatuses ?? []).filter(({ ready }) => !ready).map(({ name }) => name);
  if (unready.length === 0) return undefined;
  return { reason: 'ContainersNotReady', message: `containers with unready status: [${unready.join(' ')}]` };
}

function gatesUnmet(pod: Pod): { reason: string; message: string } | undefined {
  const open = (pod.spec.readinessGates ?? []).find(
    ({ conditionType }) =>
      pod.status?.conditions?.some(({ type, status }) => type === conditionType && status === 'True') !==
      true,
  );
  if (open === undefined) return undefined;
  const known = pod.status?.conditions?.some(({ type }) => type === open.conditionType) === true;
  const problem = known ? 'is not "True"' : 'does not exist';
  return {
    reason: 'ReadinessGatesNotReady',
    message: `corresponding condition of pod readiness gate "${open.conditionType}" ${problem}.`,
  };
}

function withObserved(pod: Pod, status: PodStatus): PodStatus {
  const generation = pod.metadata.generation;
  return generation === undefined ? status : { ...status, observedGeneration: generation };
}
