// KEDA: pausing by annotation.
import type { ActionFamily, ActionParameter } from '../action.ts';
import { annotating, annotationOf, countParameter, icons, withAnnotation } from '../edit.ts';

const PAUSED = 'autoscaling.keda.sh/paused';
const PAUSED_REPLICAS = 'autoscaling.keda.sh/paused-replicas';

export const scaledJobActions: ActionFamily = (object) => {
  const isPaused = annotationOf(object, PAUSED) === 'true';
  return [
    annotating({ name: 'pause', iconClass: icons.pause, disabled: isPaused }, PAUSED, 'true'),
    annotating({ name: 'resume', iconClass: icons.play, disabled: !isPaused }, PAUSED, undefined),
  ];
};

export const scaledObjectActions: ActionFamily = (object) => {
  const isPaused = annotationOf(object, PAUSED) === 'true';
  const held = annotationOf(object, PAUSED_REPLICAS);
  const isHeld = isPaused || held !== undefined;
  const replicas: ActionParameter = { name: 'replicas', default: held ?? '0' };
  return [
    annotating({ name: 'pause', iconClass: icons.pause, disabled: isHeld }, PAUSED, 'true'),
    {
      name: 'paused-replicas',
      displayName: 'Pause at a number of replicas',
      iconClass: icons.pause,
      disabled: isPaused,
      params: [replicas],
      run: (call) =>
        withAnnotation(call.object, PAUSED_REPLICAS, String(countParameter(call, { name: 'replicas' }))),
    },
    {
      name: 'resume',
      iconClass: icons.play,
      disabled: !isHeld,
      run: (call) =>
        withAnnotation(withAnnotation(call.object, PAUSED, undefined), PAUSED_REPLICAS, undefined),
    },
  ];
};
