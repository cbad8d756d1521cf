// autoscaling HorizontalPodAutoscaler, all versions: v1 keeps its conditions in an annotation.
import type { KubeObject } from '../k8s/index.ts';
import type { Health } from '../model/index.ts';
import {
  type Condition,
  cause,
  conditionsOf,
  degraded,
  healthy,
  progressing,
  textAt,
  withRemedy,
} from './read.ts';

const V1_CONDITIONS = 'autoscaling.alpha.kubernetes.io/conditions';
const BROKEN: ReadonlySet<string> = new Set([
  'AbleToScale/FailedGetScale',
  'AbleToScale/FailedUpdateScale',
  'ScalingActive/FailedGetResourceMetric',
  'ScalingActive/InvalidSelector',
]);
const WORKING: ReadonlySet<string> = new Set([
  'AbleToScale/SucceededRescale',
  'ScalingLimited/DesiredWithinRange',
  'ScalingLimited/TooFewReplicas',
  'ScalingLimited/TooManyReplicas',
]);

export function horizontalPodAutoscalerHealth(object: KubeObject): Health {
  // The first condition that says something decides, in the order of the controller.
  for (const condition of conditions(object)) {
    const text = `${condition.type}/${condition.reason}`;
    if (BROKEN.has(text)) return degraded(withRemedy(cause(condition), remedyOf(condition)));
    if (WORKING.has(text)) return healthy(condition.message);
  }
  return progressing('Waiting for the first look at the metrics');
}

function remedyOf({ type, reason }: Condition): string {
  if (type === 'AbleToScale') return 'Look at spec.scaleTargetRef.';
  return reason === 'InvalidSelector'
    ? 'Look at the selector of its target.'
    : 'Look at the metrics server, and whether the pods request what is measured.';
}

function conditions(object: KubeObject): Condition[] {
  const own = conditionsOf(object);
  const text = textAt(object, 'metadata', 'annotations', V1_CONDITIONS);
  if (own.length > 0 || text === undefined) return own;
  try {
    const list: unknown = JSON.parse(text);
    return Array.isArray(list) ? conditionsOf(object, list) : [];
  } catch {
    // Somebody edited the server's own annotation; nothing can be read from it.
    return [];
  }
}
