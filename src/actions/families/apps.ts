// Deployments, StatefulSets and DaemonSets: what kubectl rollout and kubectl scale do.
import type { ActionFamily, ActionParameter, NativeAction } from '../action.ts';
import { at, countParameter, icons, pair, setting, timeText, withAt } from '../edit.ts';

const RESTARTED_AT = 'kubectl.kubernetes.io/restartedAt';

const restart: NativeAction = setting(
  { name: 'restart', displayName: 'Restart', iconClass: icons.restart },
  ['spec', 'template', 'metadata', 'annotations', RESTARTED_AT],
  timeText,
);

function scale(object: unknown): NativeAction {
  const replicas: ActionParameter = {
    name: 'replicas',
    default: String(at(object, 'spec', 'replicas') ?? 1),
  };
  return {
    name: 'scale',
    displayName: 'Scale',
    iconClass: icons.scale,
    params: [replicas],
    run: (call) => withAt(call.object, ['spec', 'replicas'], countParameter(call, { name: 'replicas' })),
  };
}

export const deploymentActions: ActionFamily = (object) => [
  restart,
  ...pair(
    ['spec', 'paused'],
    at(object, 'spec', 'paused') === true,
    { name: 'pause', iconClass: icons.pause },
    { name: 'resume', iconClass: icons.play },
  ),
  scale(object),
];

export const statefulSetActions: ActionFamily = (object) => [restart, scale(object)];

export const daemonSetActions: ActionFamily = () => [restart];
