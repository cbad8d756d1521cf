// Objects between the version they are stored in and the versions they are served in. Custom resources convert by
// apiVersion alone (strategy None); of the built-in ones, events and autoscalers have more than one form. Pure.
import { apiVersionOf, type KubeObject } from '../k8s/index.ts';
import { isRecord } from '../lib/index.ts';
import type { ResourceType } from './resource-type.ts';

/** The form of a stored object at `version` of `type`; the input is not changed, and is the answer when it fits. */
export function fromStorage(object: KubeObject, type: ResourceType, version: string): KubeObject {
  const apiVersion = apiVersionOf({ group: type.group, version });
  if (object.apiVersion === apiVersion) return object;
  if (type.typeKey === 'events') return { ...eventFromCore(object), apiVersion };
  if (type.kind === 'HorizontalPodAutoscaler' && !type.custom)
    return { ...autoscalerToV1(object), apiVersion };
  return { ...object, apiVersion };
}

/** The stored form of an object given at a version of `type`. */
export function toStorage(object: KubeObject, type: ResourceType): KubeObject {
  const apiVersion = storageApiVersion(type);
  if (object.apiVersion === apiVersion) return object;
  if (type.typeKey === 'events') return { ...eventToCore(object), apiVersion };
  if (type.kind === 'HorizontalPodAutoscaler' && !type.custom)
    return { ...autoscalerFromV1(object), apiVersion };
  return { ...object, apiVersion };
}

function storageApiVersion({ typeKey, group, storageVersion }: ResourceType): string {
  return typeKey === 'events' ? 'v1' : apiVersionOf({ group, version: storageVersion });
}

const EVENT_MEMBERS: readonly (readonly [core: string, events: string])[] = [
  ['involvedObject', 'regarding'],
  ['message', 'note'],
  ['reportingComponent', 'reportingController'],
  ['source', 'deprecatedSource'],
  ['firstTimestamp', 'deprecatedFirstTimestamp'],
  ['lastTimestamp', 'deprecatedLastTimestamp'],
  ['count', 'deprecatedCount'],
];
const TO_EVENTS = new Map(EVENT_MEMBERS);
const TO_CORE = new Map(EVENT_MEMBERS.map(([core, events]) => [events, core] as const));

function eventFromCore(object: KubeObject): KubeObject {
  return renameMembers(object, (member) => {
    if (member === 'reportingInstance') return member;
    return TO_EVENTS.get(member) ?? member;
  });
}

function eventToCore(object: KubeObject): KubeObject {
  return renameMembers(object, (member) => TO_CORE.get(member) ?? member);
}

function renameMembers(object: KubeObject, rename: (member: string) => string): KubeObject {
  const renamed: Record<string, unknown> = {};
  for (const [member, value] of Object.entries(object)) renamed[rename(member)] = value;
  return renamed as KubeObject;
}

const UTILISATION = 'targetCPUUtilizationPercentage';

function autoscalerToV1(object: KubeObject): KubeObject {
  const spec = isRecord(object['spec']) ? object['spec'] : {};
  const { metrics, behavior: _behavior, ...rest } = spec;
  const cpu = Array.isArray(metrics) ? metrics.find(isCpuUtilisation) : undefined;
  const target = isRecord(cpu?.resource) && isRecord(cpu.resource['target']) ? cpu.resource['target'] : {};
  const status = isRecord(object['status']) ? object['status'] : {};
  const { currentMetrics: _metrics, conditions: _conditions, ...plainStatus } = status;
  const percentage = target['averageUtilization'];
  return {
    ...object,
    spec: percentage === undefined ? rest : { ...rest, [UTILISATION]: percentage },
    status: plainStatus,
  };
}

function autoscalerFromV1(object: KubeObject): KubeObject {
  const spec = isRecord(object['spec']) ? object['spec'] : {};
  const { [UTILISATION]: percentage, ...rest } = spec;
  if (percentage === undefined) return { ...object, spec: rest };
  const target = { type: 'Utilization', averageUtilization: percentage };
  return { ...object, spec: { ...rest, metrics: [{ type: 'Resource', resource: { name: 'cpu', target } }] } };
}

function isCpuUtilisation(metric: unknown): metric is { resource: unknown } {
  return isRecord(metric) && isRecord(metric['resource']) && metric['resource']['name'] === 'cpu';
}
