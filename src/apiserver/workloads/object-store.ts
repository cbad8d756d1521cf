// The controllers' own index of the objects they care about: by key, by managing controller, by label. Filled by
// the server's change feed and by the controllers' own writes; holds references, never copies.
import type { KubeObject } from '../../k8s/index.ts';
import { isRecord } from '../../lib/index.ts';
import type { ResourceName } from '../internal-api.ts';
import { controllerOf, nameOf, namespaceOf } from './kinds.ts';
import { isEmptySelector, type SelectorLike, selectedBy } from './label-selector.ts';

/** Read access for plans. Lists are in creation order of the index, which is stable. */
export interface ObjectView {
  get(type: ResourceName, namespace: string, name: string): KubeObject | undefined;
  list(type: ResourceName): Iterable<KubeObject>;
  /** Objects whose managing controller is `uid`. */
  ownedBy(type: ResourceName, uid: string): KubeObject[];
  /** Objects of a namespace that a selector matches; an empty selector matches none here. */
  selected(type: ResourceName, namespace: string, selector: SelectorLike): KubeObject[];
  /** Objects of a namespace. */
  inNamespace(type: ResourceName, namespace: string): KubeObject[];
  /** The other way round: objects of a namespace whose `spec.selector` matches labels; empty selectors never do. */
  selecting(type: ResourceName, namespace: string, labels: Labels | undefined): KubeObject[];
  /** Reads a type that is not indexed from the server. */
  read(type: ResourceName, namespace: string, name: string): KubeObject | undefined;
}

type Bucket = Map<string, KubeObject>;
type Labels = Readonly<Record<string, string>>;

class TypeIndex {
  readonly byKey: Bucket = new Map();
  readonly byOwner = new Map<string, Bucket>();
  readonly byNamespace = new Map<string, Bucket>();
  readonly byLabel = new Map<string, Bucket>();
  /** By one label a selector asks for. */
  readonly bySelector = new Map<string, Bucket>();
}

export class ObjectStore implements ObjectView {
  private readonly indexes = new Map<string, TypeIndex>();
  readonly read: ObjectView['read'];

  constructor(read: ObjectView['read']) {
    this.read = read;
  }

  /** Takes a written or announced object; older revisions than the one held are ignored. */
  put(type: ResourceName, object: KubeObject): void {
    const index = this.indexOf(type);
    const key = keyIn(object);
    const held = index.byKey.get(key);
    if (held !== undefined) {
      if (revisionOf(object) <= revisionOf(held) && held.metadata.uid === object.metadata.uid) return;
      dropFrom(index, key, held);
    }
    for (const [buckets, name] of placesOf(index, object)) bucketOf(buckets, name).set(key, object);
    index.byKey.set(key, object);
  }

  remove(type: ResourceName, object: KubeObject): void {
    const index = this.indexOf(type);
    const key = keyIn(object);
    const held = index.byKey.get(key);
    if (held === undefined || held.metadata.uid !== object.metadata.uid) return;
    dropFrom(index, key, held);
  }

  get(type: ResourceName, namespace: string, name: string): KubeObject | undefined {
    return this.indexOf(type).byKey.get(`${namespace}/${name}`);
  }

  list(type: ResourceName): Iterable<KubeObject> {
    return this.indexOf(type).byKey.values();
  }

  ownedBy(type: ResourceName, uid: string): KubeObject[] {
    return [...(this.indexOf(type).byOwner.get(uid)?.values() ?? [])];
  }

  inNamespace(type: ResourceName, namespace: string): KubeObject[] {
    return [...(this.indexOf(type).byNamespace.get(namespace)?.values() ?? [])];
  }

  selected(type: ResourceName, namespace: string, selector: SelectorLike): KubeObject[] {
    const index = this.indexOf(type);
    let candidates = index.byNamespace.get(namespace);
    for (const [key, value] of Object.entries(selector.matchLabels ?? {})) {
      const bucket = index.byLabel.get(labelKey(namespace, key, value));
      if (bucket === undefined) return [];
      if (candidates === undefined || bucket.size < candidates.size) candidates = bucket;
    }
    if (candidates === undefined) return [];
    return [...candidates.values()].filter((object) => selectedBy(selector, object.metadata.labels));
  }

  selecting(type: ResourceName, namespace: string, labels: Labels | undefined): KubeObject[] {
    const { bySelector } = this.indexOf(type);
    const keys = Object.entries(labels ?? {}).map(([key, value]) => labelKey(namespace, key, value));
    return [...keys, namespace].flatMap((key) =>
      [...(bySelector.get(key)?.values() ?? [])].filter((object) => {
        const selector = selectorOf(object);
        return selector !== undefined && selectedBy(selector, labels);
      }),
    );
  }

  private indexOf(type: ResourceName): TypeIndex {
    const name = `${type.group}/${type.resource}`;
    let index = this.indexes.get(name);
    if (index === undefined) {
      index = new TypeIndex();
      this.indexes.set(name, index);
    }
    return index;
  }
}

function* placesOf(index: TypeIndex, object: KubeObject): Iterable<[Map<string, Bucket>, string]> {
  const namespace = namespaceOf(object);
  const owner = controllerOf(object);
  if (owner !== undefined) yield [index.byOwner, owner.uid];
  if (namespace !== '') yield [index.byNamespace, namespace];
  for (const [key, value] of Object.entries(object.metadata.labels ?? {})) {
    yield [index.byLabel, labelKey(namespace, key, value)];
  }
  const selector = selectorOf(object);
  if (selector === undefined) return;
  const [first] = Object.entries(selector.matchLabels ?? {});
  yield [index.bySelector, first === undefined ? namespace : labelKey(namespace, first[0], first[1])];
}

/** `spec.selector` as a LabelSelector (a Service's is a plain map); undefined when absent or empty. */
function selectorOf(object: KubeObject): SelectorLike | undefined {
  const selector = (object['spec'] as { selector?: unknown } | undefined)?.selector;
  if (!isRecord(selector)) return undefined;
  const structured = isRecord(selector['matchLabels']) || Array.isArray(selector['matchExpressions']);
  const wanted = structured
    ? (selector as SelectorLike)
    : { matchLabels: selector as Record<string, string> };
  return isEmptySelector(wanted) ? undefined : wanted;
}

function dropFrom(index: TypeIndex, key: string, held: KubeObject): void {
  index.byKey.delete(key);
  for (const [buckets, name] of placesOf(index, held)) {
    const bucket = buckets.get(name);
    bucket?.delete(key);
    if (bucket?.size === 0) buckets.delete(name);
  }
}

function bucketOf(buckets: Map<string, Bucket>, name: string): Bucket {
  let bucket = buckets.get(name);
  if (bucket === undefined) {
    bucket = new Map();
    buckets.set(name, bucket);
  }
  return bucket;
}

function keyIn(object: KubeObject): string {
  return `${namespaceOf(object)}/${nameOf(object)}`;
}

function labelKey(namespace: string, key: string, value: string): string {
  return `${namespace}\n${key}\n${value}`;
}

function revisionOf(object: KubeObject): number {
  return Number(object.metadata.resourceVersion ?? 0);
}
