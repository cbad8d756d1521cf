// The STATUS, READY and RESTARTS of a pod as kubectl shows them.
import type { KubeObject } from '../../k8s/index.ts';
import { isRecord } from '../../lib/index.ts';
import type { Column } from './column.ts';
import { AGE, column, field, NAME, wide } from './columns.ts';
import { at, count, humanDuration, records, text } from './format.ts';

type Status = Record<string, unknown>;

export const POD_COLUMNS: readonly Column[] = [
  NAME,
  column('Ready', (pod) => `${readyContainers(pod)}/${mainContainers(pod)}`),
  column('Status', podStatus),
  column('Restarts', restarts),
  AGE,
  wide(field('IP', 'status.podIP', '<none>')),
  wide(field('Node', 'spec.nodeName', '<none>')),
  wide(field('Nominated Node', 'status.nominatedNodeName', '<none>')),
  wide(column('Readiness Gates', readinessGates)),
];

function isSidecar(container: Status): boolean {
  return container['restartPolicy'] === 'Always';
}

function mainContainers(pod: KubeObject): number {
  const sidecars = records(pod, 'spec.initContainers').filter(isSidecar);
  return records(pod, 'spec.containers').length + sidecars.length;
}

function readyContainers(pod: KubeObject): number {
  const sidecars = new Set(
    records(pod, 'spec.initContainers')
      .filter(isSidecar)
      .map(({ name }) => name),
  );
  const running = (status: Status): boolean =>
    status['ready'] === true && isRecord(at(status, 'state.running'));
  const inits = records(pod, 'status.initContainerStatuses').filter(({ name }) => sidecars.has(name));
  return [
    ...records(pod, 'status.containerStatuses').filter(running),
    ...inits.filter(({ ready }) => ready === true),
  ].length;
}

/** One word for what the pod does, from its phase, its containers and whether it is being deleted. */
export function podStatus(pod: KubeObject): string {
  const phase = text(pod, 'status.reason', text(pod, 'status.phase'));
  const gated = records(pod, 'status.conditions').some(
    ({ type, reason }) => type === 'PodScheduled' && reason === 'SchedulingGated',
  );
  const initializing = initStatus(pod);
  let reason = initializing ?? containerStatus(pod, gated ? 'SchedulingGated' : phase);
  if (pod.metadata.deletionTimestamp !== undefined) {
    if (text(pod, 'status.reason') === 'NodeLost') reason = 'Unknown';
    else if (phase !== 'Succeeded' && phase !== 'Failed') reason = 'Terminating';
  }
  return reason;
}

function initStatus(pod: KubeObject): string | undefined {
  const specs = records(pod, 'spec.initContainers');
  const statuses = records(pod, 'status.initContainerStatuses');
  for (const [index, status] of statuses.entries()) {
    const sidecar = specs.find(({ name }) => name === status['name']);
    const terminated = at(status, 'state.terminated');
    if (isRecord(terminated) && Number(terminated['exitCode'] ?? 0) === 0) continue;
    if (sidecar !== undefined && isSidecar(sidecar) && status['started'] === true) continue;
    if (isRecord(terminated)) return `Init:${endReason(terminated)}`;
    const waiting = text(status, 'state.waiting.reason');
    if (waiting !== '' && waiting !== 'PodInitializing') return `Init:${waiting}`;
    return `Init:${index}/${specs.length}`;
  }
  return undefined;
}

function endReason(terminated: Status): string {
  const reason = text(terminated, 'reason');
  if (reason !== '') return reason;
  const signal = Number(terminated['signal'] ?? 0);
  return signal === 0 ? `ExitCode:${Number(terminated['exitCode'] ?? 0)}` : `Signal:${signal}`;
}

function containerStatus(pod: KubeObject, phase: string): string {
  let reason = phase;
  let running = false;
  for (const status of records(pod, 'status.containerStatuses').reverse()) {
    const waiting = text(status, 'state.waiting.reason');
    const terminated = at(status, 'state.terminated');
    if (waiting !== '') reason = waiting;
    else if (isRecord(terminated)) reason = endReason(terminated);
    else if (status['ready'] === true && isRecord(at(status, 'state.running'))) running = true;
  }
  if (reason === 'Completed' && running) {
    const ready = records(pod, 'status.conditions').some(
      ({ type, status }) => type === 'Ready' && status === 'True',
    );
    return ready ? 'Running' : 'NotReady';
  }
  return reason;
}

function restarts(pod: KubeObject, nowMs: number): string {
  const statuses = [...records(pod, 'status.containerStatuses'), ...sidecarStatuses(pod)];
  const total = statuses.reduce((sum, status) => sum + count(status, 'restartCount'), 0);
  const last = statuses
    .map((status) => Date.parse(text(status, 'lastState.terminated.finishedAt')))
    .filter((time) => !Number.isNaN(time));
  if (total === 0 || last.length === 0) return String(total);
  return `${total} (${humanDuration(nowMs - Math.max(...last))} ago)`;
}

function sidecarStatuses(pod: KubeObject): Status[] {
  const inits = records(pod, 'spec.initContainers');
  const wanted = new Set(inits.filter(isSidecar).map(({ name }) => name));
  return records(pod, 'status.initContainerStatuses').filter(({ name }) => wanted.has(name));
}

function readinessGates(pod: KubeObject): string {
  const gates = records(pod, 'spec.readinessGates');
  if (gates.length === 0) return '<none>';
  const conditions = records(pod, 'status.conditions');
  const passed = gates.filter(({ conditionType }) =>
    conditions.some(({ type, status }) => type === conditionType && status === 'True'),
  );
  return `${passed.length}/${gates.length}`;
}
