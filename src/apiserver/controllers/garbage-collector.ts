// Owner references: dependents go when their owners do, in the background or before the owner, or are set free.
// Works from an index of uids that follows every change of the store.
import type { KubeObject, OwnerReference } from '../../k8s/index.ts';
import { SYSTEM } from '../auth/authenticate.ts';
import type { Core } from '../core.ts';
import type { ResourceType } from '../resource-type.ts';
import type { Change } from '../storage/stored-object.ts';
import { deleteObject, FOREGROUND_FINALIZER, ORPHAN_FINALIZER } from '../write/delete.ts';
import { updateObject } from '../write/update.ts';
import { WorkQueue } from './queue.ts';

/** Where an object is, by uid. */
interface Node {
  readonly typeKey: string;
  readonly namespace: string;
  readonly name: string;
}

export class GarbageCollector {
  readonly #core: Core;
  readonly #queue: WorkQueue;
  readonly #nodes = new Map<string, Node>();
  /** Owner uid → uids of its dependents. */
  readonly #dependents = new Map<string, Set<string>>();
  readonly #unsubscribe: () => void;

  constructor(core: Core) {
    this.#core = core;
    this.#queue = new WorkQueue(core, (uid) => this.#process(uid));
    this.#unsubscribe = core.store.listen('*', (change, typeKey) => this.#observe(change, typeKey));
  }

  /** Takes in what a recovered store holds. */
  start(): void {
    for (const { type, stored } of this.#core.store.snapshot()) {
      this.#index(stored.object, type);
      this.#enqueueIfConcerned(stored.object);
    }
  }

  close(): void {
    this.#unsubscribe();
    this.#queue.close();
  }

  #observe({ type, current, previous }: Change, typeKey: string): void {
    const { object } = current;
    const uid = object.metadata.uid ?? '';
    if (previous !== undefined) this.#unlink(previous.object);
    if (type === 'DELETED') {
      this.#nodes.delete(uid);
      for (const dependent of this.#dependents.get(uid) ?? []) this.#queue.add(dependent);
      for (const { uid: owner } of object.metadata.ownerReferences ?? []) this.#queue.add(owner);
      return;
    }
    this.#index(object, typeKey);
    this.#enqueueIfConcerned(object);
  }

  #enqueueIfConcerned({ metadata }: KubeObject): void {
    const { uid = '', ownerReferences = [], deletionTimestamp, finalizers = [] } = metadata;
    const waits = finalizers.includes(FOREGROUND_FINALIZER) || finalizers.includes(ORPHAN_FINALIZER);
    if (ownerReferences.length > 0 || (deletionTimestamp !== undefined && waits)) this.#queue.add(uid);
  }

  #index(object: KubeObject, typeKey: string): void {
    const { uid = '', namespace = '', name = '', ownerReferences = [] } = object.metadata;
    this.#nodes.set(uid, { typeKey, namespace, name });
    for (const owner of ownerReferences) {
      const dependents = this.#dependents.get(owner.uid) ?? new Set();
      this.#dependents.set(owner.uid, dependents);
      dependents.add(uid);
    }
  }

  #unlink(object: KubeObject): void {
    const { uid = '', ownerReferences = [] } = object.metadata;
    for (const owner of ownerReferences) {
      const dependents = this.#dependents.get(owner.uid);
      dependents?.delete(uid);
      if (dependents?.size === 0) this.#dependents.delete(owner.uid);
    }
  }

  #process(uid: string): void {
    const node = this.#nodes.get(uid);
    if (node === undefined) return;
    const type = this.#core.registry.all().find(({ typeKey }) => typeKey === node.typeKey);
    const object = this.#objectOf(uid);
    if (type === undefined || object === undefined) return;
    if (object.metadata.deletionTimestamp !== undefined) {
      this.#processDeleted(type, object);
      return;
    }
    this.#processOwned(type, object);
  }

  // An owner that goes takes its dependents along first (foreground), or frees them (orphan).
  #processDeleted(type: ResourceType, object: KubeObject): void {
    const { uid = '', finalizers = [] } = object.metadata;
    const dependents = [...(this.#dependents.get(uid) ?? [])];
    if (finalizers.includes(ORPHAN_FINALIZER)) {
      for (const dependent of dependents) this.#dropOwners(dependent, new Set([uid]));
      this.#dropFinalizer(type, object, ORPHAN_FINALIZER);
      return;
    }
    if (!finalizers.includes(FOREGROUND_FINALIZER)) return;
    let blocked = false;
    for (const dependent of dependents) {
      const other = this.#objectOf(dependent);
      if (other === undefined) continue;
      const reference = other.metadata.ownerReferences?.find((owner) => owner.uid === uid);
      if (reference?.blockOwnerDeletion === true) blocked = true;
      this.#queue.add(dependent);
    }
    if (!blocked) this.#dropFinalizer(type, object, FOREGROUND_FINALIZER);
  }

  #processOwned(type: ResourceType, object: KubeObject): void {
    const { ownerReferences = [], uid = '', namespace = '', name = '' } = object.metadata;
    if (ownerReferences.length === 0) return;
    const judged = ownerReferences.map((owner) => ({ owner, state: this.#ownerState(owner, namespace) }));
    const solid = judged.filter(({ state }) => state === 'solid');
    const waiting = judged.filter(({ state }) => state === 'waiting');
    if (solid.length > 0) {
      const gone = judged.filter(({ state }) => state !== 'solid').map(({ owner }) => owner.uid);
      if (gone.length > 0) this.#dropOwners(uid, new Set(gone));
      return;
    }
    const hasDependents = (this.#dependents.get(uid)?.size ?? 0) > 0;
    const inForeground = waiting.length > 0 && hasDependents;
    const policy = inForeground ? 'Foreground' : existingPolicy(object);
    deleteObject(this.#core, type, { namespace, name }, { dryRun: false, uid, propagationPolicy: policy });
  }

  // An owner of another namespace cannot be: its reference counts as absent.
  #ownerState(owner: OwnerReference, namespace: string): 'solid' | 'waiting' | 'absent' {
    // A cluster-wide object cannot be owned by one in a namespace: nobody can tell which, so it stays.
    if (namespace === '' && this.#isNamespaced(owner)) return 'solid';
    const object = this.#objectOf(owner.uid);
    if (object === undefined) return 'absent';
    const ownerNamespace = object.metadata.namespace ?? '';
    if (ownerNamespace !== '' && ownerNamespace !== namespace) return 'absent';
    if (object.kind !== owner.kind || object.metadata.name !== owner.name) return 'absent';
    const { deletionTimestamp, finalizers = [] } = object.metadata;
    return deletionTimestamp !== undefined && finalizers.includes(FOREGROUND_FINALIZER) ? 'waiting' : 'solid';
  }

  #isNamespaced({ apiVersion, kind }: OwnerReference): boolean {
    return this.#core.registry.byKind(apiVersion, kind)?.namespaced === true;
  }

  #objectOf(uid: string): KubeObject | undefined {
    const node = this.#nodes.get(uid);
    if (node === undefined) return undefined;
    const object = this.#core.store.collection(node.typeKey).get(node.namespace, node.name)?.object;
    return object?.metadata.uid === uid ? object : undefined;
  }

  #dropOwners(uid: string, owners: ReadonlySet<string>): void {
    this.#edit(uid, (object) => {
      const ownerReferences = (object.metadata.ownerReferences ?? []).filter(
        (owner) => !owners.has(owner.uid),
      );
      return { ...object, metadata: { ...object.metadata, ownerReferences } };
    });
  }

  #dropFinalizer(_type: ResourceType, object: KubeObject, finalizer: string): void {
    this.#edit(object.metadata.uid ?? '', (current) => {
      const finalizers = (current.metadata.finalizers ?? []).filter((name) => name !== finalizer);
      return { ...current, metadata: { ...current.metadata, finalizers } };
    });
  }

  #edit(uid: string, propose: (object: KubeObject) => KubeObject): void {
    const node = this.#nodes.get(uid);
    const type = this.#core.registry.all().find(({ typeKey }) => typeKey === node?.typeKey);
    if (node === undefined || type === undefined || this.#objectOf(uid) === undefined) return;
    updateObject(this.#core, {
      target: { type, version: type.storageVersion },
      namespace: node.namespace,
      name: node.name,
      subresource: '',
      options: {
        dryRun: false,
        fieldManager: 'kube-controller-manager',
        fieldValidation: 'Ignore',
        user: SYSTEM,
      },
      propose,
    });
  }
}

function existingPolicy({
  metadata: { finalizers = [] },
}: KubeObject): 'Orphan' | 'Foreground' | 'Background' {
  if (finalizers.includes(ORPHAN_FINALIZER)) return 'Orphan';
  return finalizers.includes(FOREGROUND_FINALIZER) ? 'Foreground' : 'Background';
}
