// Numaflow's pipelines, and Numaplane, which rolls them out.
import type { KubeObject } from '../../k8s/index.ts';
import type { ActionFamily, NativeAction } from '../action.ts';
import { annotating, annotationOf, at, icons, setting, withAt } from '../edit.ts';

const RESUME = 'numaflow.numaproj.io/resume-strategy';
const ALLOWED = 'numaflow.numaproj.io/allowed-resume-strategies';
const UPGRADE_STATE = 'numaplane.numaproj.io/upgrade-state';
const FORCE_PROMOTE = 'numaplane.numaproj.io/force-promote';
const DATA_LOSS = 'numaplane.numaproj.io/allow-data-loss';

type Path = readonly string[];

/** Where a kind keeps its life cycle, and the annotations that say how it goes on. */
interface Places {
  readonly lifecycle: Path;
  readonly annotations: Path;
}

const ownPlaces: Places = {
  lifecycle: ['spec', 'lifecycle'],
  annotations: ['metadata', 'annotations'],
};

/** In a rollout, the pipeline's own spec is inside. */
function placesIn(name: 'pipeline' | 'monoVertex'): Places {
  return {
    lifecycle: ['spec', name, 'spec', 'lifecycle'],
    annotations: ['spec', name, 'metadata', 'annotations'],
  };
}

function lifecycle(object: KubeObject, places: Places): NativeAction[] {
  const isPaused = at(object, ...places.lifecycle, 'desiredPhase') === 'Paused';
  const allowed = String(at(object, ...places.annotations, ALLOWED) ?? 'slow');
  const phase = [...places.lifecycle, 'desiredPhase'];
  const unpause = (name: string, displayName: string, strategy: string): NativeAction => ({
    name,
    displayName,
    iconClass: icons.play,
    disabled: !isPaused || !allowed.split(',').some((item) => item.trim() === strategy),
    run: (call) => withAt(withAt(call.object, phase, 'Running'), [...places.annotations, RESUME], strategy),
  });
  return [
    setting({ name: 'pause', iconClass: icons.pause, disabled: isPaused }, phase, 'Paused'),
    unpause('unpause-gradual', 'Unpause (gradual)', 'slow'),
    unpause('unpause-fast', 'Unpause (fast)', 'fast'),
  ];
}

function forcePromote(object: KubeObject): NativeAction {
  const state = object.metadata.labels?.[UPGRADE_STATE];
  const isUpgrading = state === 'in-progress' || state === 'trial';
  return setting(
    {
      name: 'force-promote',
      displayName: 'Force Promote',
      iconClass: icons.forward,
      disabled: !isUpgrading || object.metadata.labels?.[FORCE_PROMOTE] === 'true',
    },
    ['metadata', 'labels', FORCE_PROMOTE],
    'true',
  );
}

export const numaflowActions: ActionFamily = (object) => [
  ...lifecycle(object, ownPlaces),
  forcePromote(object),
];

export const interStepBufferActions: ActionFamily = (object) => [forcePromote(object)];

function forcedRollout(object: KubeObject): NativeAction[] {
  const path = ['spec', 'strategy', 'progressive', 'forcePromote'];
  const isForced = at(object, ...path) === true;
  const isUpgrading = at(object, 'status', 'upgradeInProgress') === 'Progressive';
  return [
    setting(
      { name: 'enable-force-promote', iconClass: icons.forward, disabled: isForced || !isUpgrading },
      path,
      true,
    ),
    setting({ name: 'disable-force-promote', iconClass: icons.stop, disabled: !isForced }, path, false),
  ];
}

export const isbServiceRolloutActions: ActionFamily = forcedRollout;

export const monoVertexRolloutActions: ActionFamily = (object) => [
  ...lifecycle(object, placesIn('monoVertex')),
  ...forcedRollout(object),
];

export const pipelineRolloutActions: ActionFamily = (object) => {
  const isAllowed = annotationOf(object, DATA_LOSS) === 'true';
  const drains = at(object, 'status', 'upgradeInProgress') === 'PipelinePauseAndDrain';
  const isPausing = at(object, 'status', 'phase') === 'Pending' || drains;
  return [
    ...lifecycle(object, placesIn('pipeline')),
    ...forcedRollout(object),
    annotating(
      {
        name: 'allow-data-loss',
        displayName: 'Allow (possible) data loss',
        disabled: isAllowed || !isPausing,
      },
      DATA_LOSS,
      'true',
    ),
    annotating(
      { name: 'disallow-data-loss', displayName: 'Disallow data loss', disabled: !isAllowed },
      DATA_LOSS,
      undefined,
    ),
  ];
};
