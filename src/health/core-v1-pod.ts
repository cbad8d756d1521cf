// Pod: long-running ones are ready or on the way, finite ones complete; a container that cannot start is named.
import type { KubeObject } from '../k8s/index.ts';
import type { Health } from '../model/index.ts';
import {
  at,
  cause,
  conditionsOf,
  degraded,
  healthy,
  listAt,
  numberAt,
  progressing,
  textAt,
  unknown,
} from './read.ts';

const IGNORE_RESTART_POLICY = 'argocd.argoproj.io/ignore-restart-policy';

export function podHealth(object: KubeObject): Health {
  const restarts = (textAt(object, 'spec', 'restartPolicy') ?? 'Always') === 'Always';
  // A finite pod may well be retried: a hook is not lost with its first failed try.
  const blocked = restarts ? blockedContainers(object) : [];
  if (blocked.length > 0) return degraded(blocked.join(', '));
  const message = textAt(object, 'status', 'message');
  switch (textAt(object, 'status', 'phase')) {
    case 'Pending':
      return progressing(message ?? pendingReason(object));
    case 'Succeeded':
      return healthy(message);
    case 'Failed':
      return degraded(message ?? failureOf(object));
    case 'Running':
      return restarts ? longRunningHealth(object, message) : finiteHealth(object, message);
    default:
      return unknown(message);
  }
}

/** Why it is not scheduled, as far as the scheduler has said. */
function pendingReason(object: KubeObject): string {
  const unscheduled = conditionsOf(object).find(
    ({ type, status }) => type === 'PodScheduled' && status === 'False',
  );
  return unscheduled === undefined ? 'Waiting for the pod to be scheduled and started' : cause(unscheduled);
}

function longRunningHealth(object: KubeObject, message: string | undefined): Health {
  if (isReady(object)) return healthy(message);
  const crashed = listAt(object, 'status', 'containerStatuses').find(
    (status) => at(status, 'lastState', 'terminated') !== undefined,
  );
  if (crashed === undefined) return progressing(message ?? 'Waiting for the pod to be ready');
  const [name, count] = [textAt(crashed, 'name'), numberAt(crashed, 'restartCount') ?? 1];
  return degraded(
    message ?? `container ${name} restarted ${count} times and is not ready. Look at its previous log`,
  );
}

function finiteHealth(object: KubeObject, message: string | undefined): Health {
  const countsAsReady =
    textAt(object, 'metadata', 'annotations', IGNORE_RESTART_POLICY) === 'true' && isReady(object);
  return countsAsReady ? healthy(message) : progressing(message ?? 'Waiting for the pod to complete');
}

function isReady(object: KubeObject): boolean {
  return conditionsOf(object).some(({ type, status }) => type === 'Ready' && status === 'True');
}

/** What keeps containers from starting: image, configuration, crash loops. */
function blockedContainers(object: KubeObject): string[] {
  return listAt(object, 'status', 'containerStatuses').flatMap((status) => {
    const reason = textAt(status, 'state', 'waiting', 'reason') ?? '';
    if (!/^Err|Error$|BackOff$/.test(reason)) return [];
    const message = textAt(status, 'state', 'waiting', 'message') ?? '';
    return [message === '' ? `container ${textAt(status, 'name')}: ${reason}` : message];
  });
}

function failureOf(object: KubeObject): string | undefined {
  const statuses = [
    ...listAt(object, 'status', 'initContainerStatuses'),
    ...listAt(object, 'status', 'containerStatuses'),
  ];
  for (const status of statuses) {
    const message = textAt(status, 'state', 'terminated', 'message') ?? '';
    if (message !== '') return message;
    const name = textAt(status, 'name');
    if (textAt(status, 'state', 'terminated', 'reason') === 'OOMKilled')
      return `container ${name} ran out of memory (OOMKilled)`;
    const code = numberAt(status, 'state', 'terminated', 'exitCode') ?? 0;
    if (code !== 0) return `container ${name} failed with exit code ${code}`;
  }
  return textAt(object, 'status', 'reason');
}
