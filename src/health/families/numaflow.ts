// Numaflow pipelines and the Numaplane rollouts of them.
import type { KubeObject } from '../../k8s/index.ts';
import type { Health } from '../../model/index.ts';
import { type Family, kinds } from '../family.ts';
import {
  cause,
  conditionsOf,
  degraded,
  generationOf,
  healthy,
  numberAt,
  progressing,
  textAt,
  withRemedy,
} from '../read.ts';
import { byTable, unobserved, when } from '../rules.ts';

const LOOK = 'Look at its vertices and their pods.';
const RESULT = 'numaplane.numaproj.io/progressive-result-state';

/** Paused counts as healthy: it is as the spec says. */
function pipeline(object: KubeObject): Health {
  const observed = numberAt(object, 'status', 'observedGeneration');
  const generation = generationOf(object);
  if (observed === undefined && generation > 0) return progressing('Waiting for the controller');
  if (observed !== undefined && observed !== generation) return unobserved(object);
  const phase = textAt(object, 'status', 'phase') ?? '';
  const message = textAt(object, 'status', 'message') ?? '';
  if (phase === 'Failed') return degraded(withRemedy(`Failed: ${message || 'no reason is told'}`, LOOK));
  if (textAt(object, 'metadata', 'labels', RESULT) === 'failed')
    return degraded('The progressive upgrade has failed. Look at the rollout it belongs to');
  const bad = conditionsOf(object).find(({ status }) => status === 'False');
  if (bad !== undefined) return degraded(withRemedy(cause(bad), LOOK));
  if (phase === 'Paused' || phase === 'Pausing') return healthy(`${phase}, as its lifecycle says`);
  return phase === 'Running'
    ? healthy()
    : progressing(phase === '' ? 'Waiting for the controller' : `Phase is ${phase}`);
}

const rollout = byTable({
  waiting: 'Waiting for Numaplane',
  rules: [
    when('ChildResourcesHealthy=False:Failed|ChildFailed', 'Degraded', LOOK),
    when('ProgressiveUpgradeSucceeded=False', 'Degraded', 'Look at the analysis of the upgrade.'),
    when('ChildResourceDeployed=False', 'Degraded', 'Look at the spec of its child.'),
    when('ChildResourcesHealthy=False', 'Progressing'),
    when('ChildResourcesHealthy=Unknown', 'Progressing'),
    when('ChildResourcesHealthy=True', 'Healthy'),
    when('ChildResourceDeployed=True', 'Healthy'),
  ],
});

export const numaflow: Family = {
  name: 'Numaflow',
  checks: [
    kinds(
      'numaflow.numaproj.io',
      'Pipeline MonoVertex Vertex InterStepBufferService ServingPipeline',
      'generation, status.phase, any condition that is False, result of a progressive upgrade',
      pipeline,
    ),
    kinds(
      'numaplane.numaproj.io',
      'PipelineRollout MonoVertexRollout ISBServiceRollout NumaflowControllerRollout',
      'conditions ChildResourceDeployed, ChildResourcesHealthy, ProgressiveUpgradeSucceeded',
      rollout,
    ),
  ],
};
