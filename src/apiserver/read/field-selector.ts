// Field selectors: which fields each kind can be selected by, and matching. Pure.
import type { KubeObject } from '../../k8s/index.ts';
import { isRecord } from '../../lib/index.ts';
import { badRequest } from '../failures.ts';
import { qualifiedResource, type ResourceType } from '../resource-type.ts';

export type ObjectMatcher = (object: KubeObject) => boolean;

const EVENT_FIELDS = [
  'involvedObject.kind',
  'involvedObject.namespace',
  'involvedObject.name',
  'involvedObject.uid',
  'involvedObject.apiVersion',
  'involvedObject.resourceVersion',
  'involvedObject.fieldPath',
  'reason',
  'reportingComponent',
  'source',
  'type',
];

/** Selectable fields beyond metadata.name and metadata.namespace, by type. */
const FIELDS: Readonly<Record<string, readonly string[]>> = {
  pods: [
    'spec.nodeName',
    'spec.restartPolicy',
    'spec.schedulerName',
    'spec.serviceAccountName',
    'spec.hostNetwork',
    'status.phase',
    'status.podIP',
    'status.nominatedNodeName',
  ],
  events: EVENT_FIELDS,
  'events.events.k8s.io': EVENT_FIELDS,
  secrets: ['type'],
  namespaces: ['status.phase'],
  nodes: ['spec.unschedulable'],
  services: ['spec.clusterIP', 'spec.type'],
  replicationcontrollers: ['status.replicas'],
  'replicasets.apps': ['status.replicas'],
  'jobs.batch': ['status.successful'],
  'certificatesigningrequests.certificates.k8s.io': ['spec.signerName'],
};

const ALIASES: Readonly<Record<string, (object: KubeObject) => unknown>> = {
  source: (object) => valueAt(object, 'source.component') ?? object['reportingComponent'],
  'status.successful': (object) => valueAt(object, 'status.succeeded') ?? 0,
  'status.replicas': (object) => valueAt(object, 'status.replicas') ?? 0,
  'spec.unschedulable': (object) => valueAt(object, 'spec.unschedulable') ?? false,
  'spec.hostNetwork': (object) => valueAt(object, 'spec.hostNetwork') ?? false,
};

/**
 * @param extra selectable fields of a custom resource, as dotted paths
 * @returns undefined when everything is selected. @throws ApiError 400 for fields the kind cannot be selected by.
 */
export function parseFieldSelector(
  text: string | null,
  type: ResourceType,
  extra: readonly string[] = [],
): ObjectMatcher | undefined {
  if (text === null || text.trim() === '') return undefined;
  const own = FIELDS[qualifiedResource(type)];
  const known = new Set([...(own ?? []), ...extra, 'metadata.name']);
  if (type.namespaced) known.add('metadata.namespace');
  const matchers = text
    .split(',')
    .map((part) => parseTerm(part, known, own !== undefined || extra.length > 0));
  return (object) => matchers.every((matches) => matches(object));
}

function parseTerm(part: string, known: ReadonlySet<string>, own: boolean): ObjectMatcher {
  const match = /^\s*([^=!\s]+)\s*(!=|==?)\s*(.*?)\s*$/.exec(part);
  if (match === null) throw badRequest(`invalid selector: '${part}'; can't understand '${part}'`);
  const [, rawField = '', operator, value = ''] = match;
  const field = rawField
    .replace(/^regarding\./, 'involvedObject.')
    .replace(/^reportingController$/, 'reportingComponent');
  if (!known.has(field)) {
    if (own) throw badRequest(`field label not supported: ${rawField}`);
    throw badRequest(
      `${JSON.stringify(rawField)} is not a known field selector: only "metadata.name", "metadata.namespace"`,
    );
  }
  const read = ALIASES[field] ?? ((object: KubeObject) => valueAt(object, field));
  const equal = operator !== '!=';
  return (object) => (String(read(object) ?? '') === value) === equal;
}

function valueAt(object: KubeObject, path: string): unknown {
  let value: unknown = object;
  for (const part of path.split('.')) value = isRecord(value) ? value[part] : undefined;
  return value;
}
