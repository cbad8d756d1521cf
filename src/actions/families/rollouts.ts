// Argo Rollouts: what its kubectl plugin does.
import type { KubeObject } from '../../k8s/index.ts';
import type { ActionFamily, NativeAction } from '../action.ts';
import { at, icons, listAt, setting, timeText, withAt } from '../edit.ts';

const steps = (object: KubeObject): readonly unknown[] =>
  listAt(object, 'spec', 'strategy', 'canary', 'steps');

export const rolloutActions: ActionFamily = (object) => {
  const isPaused = at(object, 'spec', 'paused') === true;
  const waits = listAt(object, 'status', 'pauseConditions').length > 0;
  const pod = at(object, 'status', 'currentPodHash');
  const isPromoted = pod !== undefined && pod === at(object, 'status', 'stableRS');
  const isAborted = at(object, 'status', 'abort') === true;
  const step = Number(at(object, 'status', 'currentStepIndex') ?? 0);
  return [
    setting({ name: 'restart', iconClass: icons.restart }, ['spec', 'restartAt'], timeText),
    setting({ name: 'pause', iconClass: icons.pause, disabled: isPaused || waits }, ['spec', 'paused'], true),
    { name: 'resume', iconClass: icons.play, disabled: !isPaused && !waits, run: resume },
    setting(
      { name: 'abort', iconClass: icons.stop, disabled: isPromoted || isAborted },
      ['status', 'abort'],
      true,
    ),
    { name: 'retry', iconClass: icons.restart, disabled: isPromoted || !isAborted, run: retry },
    setting(
      { name: 'promote-full', iconClass: icons.forward, disabled: isPromoted },
      ['status', 'promoteFull'],
      true,
    ),
    {
      name: 'skip-current-step',
      iconClass: icons.forward,
      disabled: isPromoted || step >= steps(object).length,
      run: skipStep,
    },
  ];
};

const resume: NativeAction['run'] = ({ object }) => {
  const unpaused = at(object, 'spec', 'paused') === true ? withAt(object, ['spec', 'paused'], false) : object;
  return withAt(unpaused, ['status', 'pauseConditions'], undefined);
};

/** An aborted analysis is not to decide about the next try. */
const retry: NativeAction['run'] = ({ object }) =>
  [
    ['abort'],
    ['blueGreen', 'prePromotionAnalysisRunStatus'],
    ['blueGreen', 'postPromotionAnalysisRunStatus'],
    ['canary', 'currentStepAnalysisRunStatus'],
    ['canary', 'currentBackgroundAnalysisRunStatus'],
  ].reduce((edited, path) => withAt(edited, ['status', ...path], undefined), object);

const skipStep: NativeAction['run'] = ({ object }) => {
  const next = Math.min(Number(at(object, 'status', 'currentStepIndex') ?? 0) + 1, steps(object).length);
  return withAt(
    withAt(object, ['status', 'pauseConditions'], undefined),
    ['status', 'currentStepIndex'],
    next,
  );
};

export const analysisRunActions: ActionFamily = (object) => [
  setting(
    { name: 'terminate', iconClass: icons.stop, disabled: at(object, 'spec', 'terminate') === true },
    ['spec', 'terminate'],
    true,
  ),
];
