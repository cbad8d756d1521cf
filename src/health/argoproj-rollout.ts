// argoproj.io Rollout: rolled out, on a step, paused on purpose, aborted.
import type { KubeObject } from '../k8s/index.ts';
import type { Health } from '../model/index.ts';
import {
  at,
  cause,
  conditionsOf,
  degraded,
  generationOf,
  healthy,
  listAt,
  numberAt,
  progressing,
  suspended,
  textAt,
  withRemedy,
} from './read.ts';

export function rolloutHealth(object: KubeObject): Health {
  const unobserved = observation(object);
  if (unobserved !== undefined) return unobserved;
  return failure(object) ?? pause(object) ?? replicas(object) ?? traffic(object) ?? healthy();
}

/** The controller writes the generation as text. */
function observation(object: KubeObject): Health | undefined {
  const value = at(object, 'status', 'observedGeneration');
  const observed = typeof value === 'string' ? Number(value) : value;
  if (typeof observed !== 'number') return progressing('Waiting for the rollout to be observed');
  const generation = generationOf(object);
  if (Number.isNaN(observed) || observed === generation) return undefined;
  return progressing(`Waiting for generation ${generation} to be observed`);
}

function failure(object: KubeObject): Health | undefined {
  for (const condition of conditionsOf(object)) {
    const { type, status, reason } = condition;
    if (type === 'InvalidSpec' && status !== 'False') return degraded(cause(condition));
    if (type !== 'Progressing') continue;
    if (reason === 'RolloutAborted')
      return degraded(
        withRemedy(cause(condition), 'Look at its AnalysisRuns; retry it or roll back in Git.'),
      );
    if (reason === 'ProgressDeadlineExceeded')
      return degraded(withRemedy(cause(condition), 'Look at the pods of the newest revision.'));
  }
  return undefined;
}

function pause(object: KubeObject): Health | undefined {
  const [first] = listAt(object, 'status', 'pauseConditions');
  if (first !== undefined) {
    const reason = textAt(first, 'reason') ?? 'a pause without a reason';
    return suspended(`Paused: ${reason}. Promote the rollout to go on, or wait for the end of the pause`);
  }
  return at(object, 'spec', 'paused') === true
    ? suspended('Paused by spec.paused. Set it to false to go on')
    : undefined;
}

function replicas(object: KubeObject): Health | undefined {
  if (textAt(object, 'status', 'currentPodHash') === undefined)
    return progressing('Waiting for the rollout to be reconciled');
  const wanted = numberAt(object, 'spec', 'replicas') ?? 1;
  const updated = numberAt(object, 'status', 'updatedReplicas') ?? 0;
  const available = numberAt(object, 'status', 'availableReplicas') ?? 0;
  if (updated < wanted)
    return progressing(
      `Waiting for rollout to finish: ${updated} of ${wanted} new replicas have been updated`,
    );
  if (available < updated)
    return progressing(
      `Waiting for rollout to finish: ${available} of ${updated} updated replicas are available`,
    );
  return undefined;
}

function traffic(object: KubeObject): Health | undefined {
  const current = textAt(object, 'status', 'currentPodHash');
  const stable = textAt(object, 'status', 'stableRS') ?? textAt(object, 'status', 'canary', 'stableRS') ?? '';
  const strategy = at(object, 'spec', 'strategy');
  if (isSet(strategy, 'blueGreen')) {
    if (textAt(object, 'status', 'blueGreen', 'activeSelector') !== current)
      return progressing('Waiting for the active service to be switched to the new revision');
    return stable !== '' && stable !== current
      ? progressing('Waiting for the analysis after the switch')
      : undefined;
  }
  if (!isSet(strategy, 'canary')) return undefined;
  const old =
    (numberAt(object, 'status', 'replicas') ?? 0) - (numberAt(object, 'status', 'updatedReplicas') ?? 0);
  if (old > 0)
    return progressing(`Waiting for rollout to finish: ${old} old replicas are pending termination`);
  return stable === '' || stable !== current ? progressing(stepOf(object)) : undefined;
}

function stepOf(object: KubeObject): string {
  const steps = listAt(object, 'spec', 'strategy', 'canary', 'steps').length;
  const step = numberAt(object, 'status', 'currentStepIndex');
  return step === undefined || steps === 0
    ? 'Waiting for the canary steps to finish'
    : `Waiting for the canary steps to finish: ${Math.min(step, steps)} of ${steps} are done`;
}

function isSet(object: unknown, name: string): boolean {
  const value = at(object, name);
  return value !== undefined && value !== null;
}
