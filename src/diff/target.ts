// Makes rendered manifests into targets: namespaces set right, identities unique, tracking id on each.
// Knows nothing of the cluster but the scope of kinds, which it is given.
import { type GroupKind, gvkOf, type KubeObject, keyText } from '../k8s/index.ts';
import { isRecord } from '../lib/index.ts';
import { annotations, type Condition, type Manifest, type ManifestOrigin } from '../model/index.ts';
import { DiffError } from './errors.ts';
import { foldStringData } from './secrets.ts';

export type Scope = 'Namespaced' | 'Cluster' | 'unknown';

export interface Target {
  readonly object: KubeObject;
  readonly origin: ManifestOrigin;
}

export interface PreparedTargets {
  readonly targets: readonly Target[];
  readonly conditions: readonly Pick<Condition, 'type' | 'message'>[];
}

export interface TargetOptions {
  /** See `instanceName`. */
  readonly instance: string;
  readonly destinationNamespace: string;
  readonly installationId?: string;
  /** `unknown` for kinds the cluster does not serve (yet): they count as namespaced. */
  scopeOf(kind: GroupKind): Scope;
}

/**
 * Targets in the order of the manifests. Cluster-scoped objects lose their namespace, namespaced ones get the
 * destination's. Two manifests of one identity are a warning across sources (the last counts) and a DiffError
 * inside one source, because then one of them was a mistake and nobody can tell which.
 */
export function prepareTarget(manifests: readonly Manifest[], options: TargetOptions): PreparedTargets {
  const byKey = new Map<string, Target>();
  const conditions: Pick<Condition, 'type' | 'message'>[] = [];
  const scopeOf = withDefinitions(manifests, options.scopeOf);
  for (const [index, { object, origin }] of manifests.entries()) {
    const target = {
      object: tracked(placed(withoutAggregated(foldStringData(object)), scopeOf, options), options),
      origin,
    };
    const key = targetKey(target.object, index);
    const earlier = byKey.get(key);
    if (earlier !== undefined) {
      conditions.push(repeated(earlier, target));
      // Taken out first so that the last one also stands where it was written.
      byKey.delete(key);
    }
    byKey.set(key, target);
  }
  return { targets: [...byKey.values()], conditions };
}

/**
 * The rules of an aggregated ClusterRole are the cluster's: it collects them from other roles and overwrites what
 * anybody applies, so they are neither applied nor compared (rbac/v1 AggregationRule).
 */
function withoutAggregated(object: KubeObject): KubeObject {
  const isAggregated =
    object.kind === 'ClusterRole' &&
    gvkOf(object).group === 'rbac.authorization.k8s.io' &&
    isRecord(object['aggregationRule']);
  if (!isAggregated || !('rules' in object)) return object;
  const { rules: _, ...rest } = object as KubeObject & { rules?: unknown };
  return rest;
}

/**
 * `<instance>:<group>/<Kind>:<namespace>/<name>`; cluster-scoped objects carry the destination namespace.
 */
export function trackingId(object: KubeObject, instance: string, destinationNamespace: string): string {
  const { group, kind } = gvkOf(object);
  const namespace = object.metadata.namespace ?? destinationNamespace;
  const name = object.metadata.name ?? object.metadata.generateName ?? '';
  return `${instance}:${group}/${kind}:${namespace}/${name}`;
}

export interface TrackingId extends GroupKind {
  readonly instance: string;
  readonly namespace: string;
  readonly name: string;
}

/** The parts of a tracking id, or undefined when it is none. Colons in names survive. */
export function parseTrackingId(text: string): TrackingId | undefined {
  const match = /^([^:]*):([^:]*):(.*)$/.exec(text);
  if (match === null) return undefined;
  const [, instance = '', kindPart = '', namePart = ''] = match;
  const [group, kind, ...moreKind] = kindPart.split('/');
  const [namespace, name, ...moreName] = namePart.split('/');
  if (kind === undefined || name === undefined || moreKind.length + moreName.length > 0) return undefined;
  return { instance, group: group ?? '', kind, namespace: namespace ?? '', name };
}

/** True when the tracking id on a live object names that very object, not one it was copied from. */
export function isSelfReferenced(live: KubeObject, tracking: TrackingId): boolean {
  const { group, kind } = gvkOf(live);
  const { name, namespace } = live.metadata;
  const sameKind = tracking.kind === kind && tracking.group === group;
  return sameKind && tracking.name === name && (namespace === undefined || tracking.namespace === namespace);
}

/** True for kinds compiled into the API server: their groups have no dot or end in `.k8s.io`. */
export function isBuiltIn(object: KubeObject): boolean {
  const { group } = gvkOf(object);
  return !group.includes('.') || BUILT_IN_GROUPS.has(group);
}

const BUILT_IN_GROUPS = new Set([
  'admissionregistration.k8s.io',
  'apiextensions.k8s.io',
  'apiregistration.k8s.io',
  'authentication.k8s.io',
  'authorization.k8s.io',
  'certificates.k8s.io',
  'coordination.k8s.io',
  'discovery.k8s.io',
  'events.k8s.io',
  'flowcontrol.apiserver.k8s.io',
  'internal.apiserver.k8s.io',
  'networking.k8s.io',
  'node.k8s.io',
  'rbac.authorization.k8s.io',
  'resource.k8s.io',
  'scheduling.k8s.io',
  'storage.k8s.io',
  'storagemigration.k8s.io',
]);

/** Kinds the cluster does not know yet may be defined by a CRD of this very render. */
function withDefinitions(
  manifests: readonly Manifest[],
  scopeOf: TargetOptions['scopeOf'],
): TargetOptions['scopeOf'] {
  const defined = new Map<string, Scope>();
  for (const { object } of manifests) {
    const spec = object['spec'];
    if (object.kind !== 'CustomResourceDefinition' || !isRecord(spec) || !isRecord(spec['names'])) continue;
    defined.set(
      `${spec['group']}/${spec['names']['kind']}`,
      spec['scope'] === 'Cluster' ? 'Cluster' : 'Namespaced',
    );
  }
  return (kind) => {
    const scope = scopeOf(kind);
    return scope === 'unknown' ? (defined.get(`${kind.group}/${kind.kind}`) ?? 'unknown') : scope;
  };
}

function placed(object: KubeObject, scopeOf: TargetOptions['scopeOf'], options: TargetOptions): KubeObject {
  const { namespace, ...metadata } = object.metadata;
  if (scopeOf(gvkOf(object)) === 'Cluster') return { ...object, metadata };
  const place = namespace === undefined || namespace === '' ? options.destinationNamespace : namespace;
  return { ...object, metadata: place === '' ? metadata : { ...metadata, namespace: place } };
}

function tracked(object: KubeObject, options: TargetOptions): KubeObject {
  const { group, kind } = gvkOf(object);
  if (group === 'apiextensions.k8s.io' && kind === 'CustomResourceDefinition') return object;
  const marks = {
    ...object.metadata.annotations,
    [annotations.trackingId]: trackingId(object, options.instance, options.destinationNamespace),
    ...(options.installationId === undefined ? {} : { [annotations.installationId]: options.installationId }),
  };
  return { ...object, metadata: { ...object.metadata, annotations: marks } };
}

function targetKey(object: KubeObject, index: number): string {
  const { group, kind } = gvkOf(object);
  const { name, generateName, namespace = '' } = object.metadata;
  // The server picks the name, so no two of them are ever the same object.
  if (name === undefined && generateName !== undefined) return `generated/${index}`;
  if (name === undefined || name === '') {
    throw new DiffError(
      'NO_NAME',
      'on-change',
      `Cannot track a ${kind} without metadata.name or metadata.generateName`,
    );
  }
  return keyText({ group, kind, namespace, name });
}

function repeated(earlier: Target, later: Target): Pick<Condition, 'type' | 'message'> {
  const { group, kind } = gvkOf(later.object);
  const { name = '', namespace = '' } = later.object.metadata;
  const resource = `${group}/${kind}/${namespace}/${name}`;
  if (earlier.origin.sourceIndex === later.origin.sourceIndex) {
    throw new DiffError(
      'REPEATED_IN_SOURCE',
      'on-change',
      `Cannot decide what ${resource} should be: one source gives it twice, ` +
        `${originText(earlier.origin)} and ${originText(later.origin)}. Remove or rename one of them`,
    );
  }
  return {
    type: 'RepeatedResourceWarning',
    message:
      `Resource ${resource} appeared 2 times among application resources: ` +
      `${originText(earlier.origin)} and ${originText(later.origin)}; the last one counts`,
  };
}

function originText(origin: ManifestOrigin): string {
  const line = origin.line === undefined ? '' : `:${origin.line}`;
  const file = origin.file === undefined ? '' : `in ${origin.file}${line} `;
  return `${file}(source ${origin.sourceIndex + 1})`;
}
