// Knative and KServe: kinds that sum up their parts in the condition Ready.
import { type Family, kinds } from '../family.ts';
import {
  type Condition,
  cause,
  conditionsOf,
  degraded,
  type HealthCheck,
  healthy,
  progressing,
  suspended,
  withRemedy,
} from '../read.ts';
import { staleCondition, staleness } from '../rules.ts';

/** Ready, told with the parts that are not; a condition Stopped, or the reason, is a pause. */
function summed(waiting: string, remedy: string): HealthCheck {
  return (object) => {
    const stale = staleness(object);
    if (stale !== undefined) return stale;
    const conditions = conditionsOf(object);
    const stopped = conditions.find(
      ({ type, status, reason }) => reason === 'Stopped' || (type === 'Stopped' && status === 'True'),
    );
    if (stopped !== undefined) return suspended(`${cause(stopped)}. Remove the stop annotation to go on`);
    const ready = conditions.find(({ type }) => type === 'Ready');
    if (ready === undefined) return partsOnly(conditions, waiting, remedy);
    const old = staleCondition(object, ready);
    if (old !== undefined) return old;
    if (ready.status === 'True') return healthy(ready.message);
    const text = parts(conditions) || cause(ready);
    return ready.status === 'False' ? degraded(withRemedy(text, remedy)) : progressing(text);
  };
}

function partsOnly(conditions: readonly Condition[], waiting: string, remedy: string) {
  const failed = conditions.filter(({ status, type }) => status === 'False' && type !== 'Stopped');
  return failed.length > 0 ? degraded(withRemedy(parts(failed), remedy)) : progressing(waiting);
}

/** `RoutesReady: RevisionMissing: …; …`, at most three. */
function parts(conditions: readonly Condition[]): string {
  const missing = conditions.filter(
    ({ type, status }) =>
      type !== 'Ready' && type !== 'Stopped' && (status === 'False' || status === 'Unknown'),
  );
  return missing
    .slice(0, 3)
    .map(({ type, ...rest }) => `${type}: ${cause({ ...rest, type: 'Ready' }).replace('Ready is', 'is')}`)
    .join('; ');
}

const workload = summed(
  'Waiting for Knative to look at it',
  'Look at the pods and the image of the newest revision.',
);
const eventing = summed('Waiting for Knative to look at it', 'Look at the sink or the broker it names.');
const model = summed(
  'Waiting for KServe to look at it',
  'Look at the pods of the predictor and at the model storage.',
);

export const knative: Family = {
  name: 'Knative',
  checks: [
    kinds(
      'serving.knative.dev',
      'Service Configuration Revision Route DomainMapping',
      'condition Ready',
      workload,
    ),
    kinds(
      'eventing.knative.dev',
      'Broker Trigger EventType EventTransform JobSink',
      'condition Ready',
      eventing,
    ),
    kinds(
      'messaging.knative.dev',
      'Channel InMemoryChannel KafkaChannel Subscription',
      'condition Ready',
      eventing,
    ),
    kinds(
      'sources.knative.dev',
      'PingSource ApiServerSource ContainerSource SinkBinding KafkaSource',
      'condition Ready',
      eventing,
    ),
    kinds('flows.knative.dev', 'Sequence Parallel', 'condition Ready', eventing),
    kinds(
      'operator.knative.dev',
      'KnativeServing KnativeEventing',
      'condition Ready',
      summed('Waiting for the operator', 'Look at the deployments of its namespace.'),
    ),
  ],
};

export const kserve: Family = {
  name: 'KServe',
  checks: [
    kinds(
      'serving.kserve.io',
      'InferenceService LLMInferenceService',
      'conditions Stopped, Ready and its parts',
      model,
    ),
    kinds('serving.kserve.io', 'InferenceGraph TrainedModel', 'condition Ready', model),
  ],
};
