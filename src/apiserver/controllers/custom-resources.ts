// CustomResourceDefinitions: serves the kinds they define as soon as they are accepted, and takes the objects away
// with the definition.
import type { KubeObject } from '../../k8s/index.ts';
import { isRecord, jsonEqual, rfc3339 } from '../../lib/index.ts';
import type { Core } from '../core.ts';
import type { InternalApi } from '../internal-api.ts';
import { type CustomKind, parseCrd } from '../schema/crd.ts';
import type { Change } from '../storage/stored-object.ts';
import { CRD_FINALIZER, deleteObject } from '../write/delete.ts';
import { customResourceType } from './custom-types.ts';
import { WorkQueue } from './queue.ts';

const DEFINITIONS = { group: 'apiextensions.k8s.io', resource: 'customresourcedefinitions' };
const API_SERVICES = { group: 'apiregistration.k8s.io', resource: 'apiservices' };
const TYPE_KEY = 'customresourcedefinitions.apiextensions.k8s.io';

export class CustomResources {
  readonly #core: Core;
  readonly #api: InternalApi;
  readonly #queue: WorkQueue;
  readonly #unsubscribe: () => void;

  constructor(core: Core, api: InternalApi) {
    this.#core = core;
    this.#api = api;
    this.#queue = new WorkQueue(core, (name) => this.#cleanUp(name));
    // Within the write, so that a client may use the kind as soon as its definition is answered.
    this.#unsubscribe = core.store.listen(TYPE_KEY, (change) => this.#observe(change));
  }

  /** Serves what a recovered store defines. */
  start(): void {
    for (const { object } of this.#core.store.collection(TYPE_KEY).list()) this.#accept(object);
  }

  close(): void {
    this.#unsubscribe();
    this.#queue.close();
  }

  #observe({ type, current: { object }, previous }: Change): void {
    if (type === 'DELETED') {
      this.#withdraw(object);
      return;
    }
    if (previous === undefined || previous.object.metadata.generation !== object.metadata.generation) {
      this.#accept(object);
    }
    if (object.metadata.deletionTimestamp !== undefined) this.#queue.add(object.metadata.name ?? '');
  }

  #accept(definition: KubeObject): void {
    const name = definition.metadata.name ?? '';
    const parsed = parseCrd(definition);
    if ('errors' in parsed) return;
    const conflict = this.#nameConflict(name, parsed.kind);
    if (conflict === undefined) this.#serve(parsed.kind);
    if (definition.metadata.deletionTimestamp !== undefined) this.#queue.add(name);
    this.#api.update(
      DEFINITIONS,
      '',
      name,
      (copy) => {
        const status = acceptedStatus(copy, parsed.kind, { conflict, now: rfc3339(this.#core.clock.now()) });
        if (jsonEqual(status, copy['status'])) return false;
        copy['status'] = status;
        return true;
      },
      { subresource: 'status' },
    );
  }

  /** Why the names of a definition cannot be served: another one of the group has them. */
  #nameConflict(name: string, kind: CustomKind): string | undefined {
    for (const type of this.#core.registry.all()) {
      if (type.group !== kind.group || `${type.resource}.${type.group}` === name) continue;
      const taken = new Set([type.resource, type.singular, ...type.shortNames]);
      const wanted = [kind.plural, kind.singular, ...kind.shortNames].find((one) => taken.has(one));
      if (wanted !== undefined) return `"${wanted}" is already in use`;
      if (type.kind === kind.kind || type.listKind === kind.listKind)
        return `"${kind.kind}" is already in use`;
    }
    return undefined;
  }

  #serve(kind: CustomKind): void {
    const before = this.#core.registry.byName(kind.group, kind.plural);
    this.#core.registry.add(customResourceType(kind));
    if (before !== undefined && jsonEqual(before.versions.map(versionName), servedNames(kind))) return;
    for (const version of servedNames(kind)) this.#announce(kind.group, version);
  }

  #announce(group: string, version: string): void {
    const name = `${version}.${group}`;
    if (this.#api.get(API_SERVICES, '', name) !== undefined) return;
    this.#api.create(API_SERVICES, {
      apiVersion: 'apiregistration.k8s.io/v1',
      kind: 'APIService',
      metadata: { name, labels: { 'kube-aggregator.kubernetes.io/automanaged': 'true' } },
      spec: { group, version, groupPriorityMinimum: 1_000, versionPriority: 100 },
    });
  }

  #withdraw(definition: KubeObject): void {
    const spec = isRecord(definition['spec']) ? definition['spec'] : {};
    const group = String(spec['group'] ?? '');
    const [resource = ''] = (definition.metadata.name ?? '').split('.', 1);
    const type = this.#core.registry.byName(group, resource);
    if (type === undefined || !type.custom) return;
    this.#core.registry.remove(group, resource);
    for (const { version } of type.versions) {
      const left = this.#core.registry
        .all()
        .some((other) => other.group === group && other.versions.some((one) => one.version === version));
      if (!left) this.#api.delete(API_SERVICES, '', `${version}.${group}`);
    }
  }

  // A deleted definition goes when its last object has gone.
  #cleanUp(name: string): void {
    const definition = this.#api.get(DEFINITIONS, '', name);
    if (definition?.metadata.deletionTimestamp === undefined) return;
    const collection = this.#core.store.collection(name);
    const type = this.#core.registry.all().find(({ typeKey }) => typeKey === name);
    if (type !== undefined) {
      for (const { object } of collection.list()) {
        if (object.metadata.deletionTimestamp !== undefined) continue;
        const { namespace = '', name: objectName = '' } = object.metadata;
        deleteObject(this.#core, type, { namespace, name: objectName }, { dryRun: false });
      }
    }
    if (collection.size > 0) {
      const unsubscribe = this.#core.store.listen(name, ({ type: change }) => {
        if (change !== 'DELETED') return;
        unsubscribe();
        this.#queue.add(name);
      });
      return;
    }
    this.#api.update(DEFINITIONS, '', name, (copy) => {
      copy.metadata.finalizers = (copy.metadata.finalizers ?? []).filter((one) => one !== CRD_FINALIZER);
    });
  }
}

function versionName({ version }: { readonly version: string }): string {
  return version;
}

function servedNames(kind: CustomKind): string[] {
  return kind.versions.filter(({ served }) => served).map(({ name }) => name);
}

function acceptedStatus(
  definition: KubeObject,
  kind: CustomKind,
  { conflict, now }: { readonly conflict: string | undefined; readonly now: string },
): Record<string, unknown> {
  const before = isRecord(definition['status']) ? definition['status'] : {};
  const known = Array.isArray(before['conditions']) ? before['conditions'].filter(isRecord) : [];
  const stored = Array.isArray(before['storedVersions']) ? before['storedVersions'].map(String) : [];
  const condition = (
    type: string,
    holds: boolean,
    reason: string,
    message: string,
  ): Record<string, unknown> => {
    const status = holds ? 'True' : 'False';
    const same = known.find((one) => one['type'] === type && one['status'] === status);
    return { lastTransitionTime: same?.['lastTransitionTime'] ?? now, message, reason, status, type };
  };
  const spec = isRecord(definition['spec']) ? definition['spec'] : {};
  const conditions =
    conflict === undefined
      ? [
          condition('NamesAccepted', true, 'NoConflicts', 'no conflicts found'),
          condition('Established', true, 'InitialNamesAccepted', 'the initial names have been accepted'),
        ]
      : [
          condition('NamesAccepted', false, 'NamesConflict', conflict),
          condition('Established', false, 'NotAccepted', 'not all names are accepted'),
        ];
  return {
    ...before,
    acceptedNames: conflict === undefined ? spec['names'] : { kind: '', plural: '' },
    conditions,
    storedVersions: stored.includes(kind.storageVersion) ? stored : [...stored, kind.storageVersion],
  };
}
