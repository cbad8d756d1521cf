// An InternalApi over plain maps, for tests of the simulated controllers under a virtual clock: names, revisions,
// generations, finalizers, graceful pod deletion and owner-based garbage collection; no validation, no defaults.
import { ApiError } from '../../src/apiserver/errors.ts';
import type { InternalApi, ResourceName, WatchEvent } from '../../src/apiserver/internal-api.ts';
import type { KubeObject } from '../../src/k8s/index.ts';
import { type Clock, jsonEqual, rfc3339 } from '../../src/lib/index.ts';

export class MemoryApi implements InternalApi {
  /** Writes so far: creates, changes, deletions. */
  writes = 0;
  private readonly clock: Clock;
  private readonly objects = new Map<string, Map<string, KubeObject>>();
  private readonly handlers = new Map<string, Set<(event: WatchEvent) => void>>();
  private revision = 0;

  constructor(clock: Clock) {
    this.clock = clock;
  }

  get(type: ResourceName, namespace: string, name: string): KubeObject | undefined {
    return this.collection(type).get(`${namespace}/${name}`);
  }

  list(type: ResourceName, namespace?: string): readonly KubeObject[] {
    const all = [...this.collection(type).values()];
    return namespace === undefined ? all : all.filter(({ metadata }) => metadata.namespace === namespace);
  }

  create(type: ResourceName, object: KubeObject): KubeObject {
    const copy = structuredClone(object);
    const key = keyOf(copy);
    if (this.collection(type).has(key)) {
      throw new ApiError(
        409,
        'AlreadyExists',
        `${type.resource} "${copy.metadata.name ?? ''}" already exists`,
      );
    }
    copy.metadata.uid = `uid-${this.revision + 1}`;
    copy.metadata.creationTimestamp = rfc3339(this.clock.now());
    if (copy['spec'] !== undefined) copy.metadata.generation = 1;
    return this.store(type, copy, 'ADDED');
  }

  update(
    type: ResourceName,
    namespace: string,
    name: string,
    change: Parameters<InternalApi['update']>[3],
    options: { readonly subresource?: 'status' | 'scale' } = {},
  ): KubeObject | undefined {
    const before = this.get(type, namespace, name);
    if (before === undefined) return undefined;
    const copy = structuredClone(before);
    if (change(copy) === false || jsonEqual(copy, before)) return undefined;
    const status = options.subresource === 'status';
    const next: KubeObject = status
      ? { ...structuredClone(before), status: copy['status'] }
      : { ...copy, status: before['status'] };
    if (!status && !jsonEqual(copy['spec'], before['spec'])) {
      next.metadata.generation = (before.metadata.generation ?? 0) + 1;
    }
    const ends =
      next.metadata.deletionTimestamp !== undefined && (next.metadata.finalizers ?? []).length === 0;
    if (ends && type.resource !== 'pods') return this.remove(type, next);
    if (ends && next.metadata.deletionGracePeriodSeconds === 0) return this.remove(type, next);
    return this.store(type, next, 'MODIFIED');
  }

  delete(
    type: ResourceName,
    namespace: string,
    name: string,
    options: { readonly uid?: string; readonly gracePeriodSeconds?: number } = {},
  ): void {
    const object = this.get(type, namespace, name);
    if (object === undefined || (options.uid !== undefined && options.uid !== object.metadata.uid)) return;
    const spec = object['spec'] as { nodeName?: string } | undefined;
    const phase = (object['status'] as { phase?: string } | undefined)?.phase;
    const running =
      type.resource === 'pods' &&
      spec?.nodeName !== undefined &&
      !['Succeeded', 'Failed'].includes(phase ?? '');
    const graceSeconds = running ? (options.gracePeriodSeconds ?? 30) : 0;
    if (graceSeconds === 0 && (object.metadata.finalizers ?? []).length === 0) {
      this.remove(type, object);
      return;
    }
    const copy = structuredClone(object);
    if (copy.metadata.deletionGracePeriodSeconds === graceSeconds) return;
    copy.metadata.deletionTimestamp ??= rfc3339(this.clock.now() + graceSeconds * 1000);
    copy.metadata.deletionGracePeriodSeconds = graceSeconds;
    this.store(type, copy, 'MODIFIED');
  }

  subscribe(type: ResourceName, handle: (event: WatchEvent) => void): () => void {
    const key = textOf(type);
    const handlers = this.handlers.get(key) ?? new Set();
    this.handlers.set(key, handlers.add(handle));
    return () => handlers.delete(handle);
  }

  types(): readonly (ResourceName & { kind: string; namespaced: boolean })[] {
    return [];
  }

  private store(type: ResourceName, object: KubeObject, event: 'ADDED' | 'MODIFIED'): KubeObject {
    this.writes += 1;
    this.revision += 1;
    object.metadata.resourceVersion = String(this.revision);
    this.collection(type).set(keyOf(object), object);
    this.announce(type, { type: event, object });
    return object;
  }

  private remove(type: ResourceName, object: KubeObject): KubeObject {
    this.writes += 1;
    this.revision += 1;
    this.collection(type).delete(keyOf(object));
    const last = { ...object, metadata: { ...object.metadata, resourceVersion: String(this.revision) } };
    this.announce(type, { type: 'DELETED', object: last });
    for (const [name, children] of this.objects) {
      const [group = '', resource = ''] = name.split('/');
      for (const child of [...children.values()]) {
        const owned = child.metadata.ownerReferences?.some(({ uid }) => uid === object.metadata.uid) === true;
        if (owned)
          this.delete({ group, resource }, child.metadata.namespace ?? '', child.metadata.name ?? '');
      }
    }
    return last;
  }

  private announce(type: ResourceName, event: WatchEvent): void {
    for (const handle of this.handlers.get(textOf(type)) ?? []) handle(event);
  }

  private collection(type: ResourceName): Map<string, KubeObject> {
    const key = textOf(type);
    const found = this.objects.get(key) ?? new Map<string, KubeObject>();
    this.objects.set(key, found);
    return found;
  }
}

function textOf(type: ResourceName): string {
  return `${type.group}/${type.resource}`;
}

function keyOf(object: KubeObject): string {
  return `${object.metadata.namespace ?? ''}/${object.metadata.name ?? ''}`;
}
