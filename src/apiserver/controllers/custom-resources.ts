// CustomResourceDefinitions: serves the kinds they define as soon as they are accepted, and takes the objects away
// with the definition.
import type { KubeObject } from '../../k8s/index.ts';
import { isRecord, jsonEqual, rfc3339 } from '../../lib/index.ts';
import type { Core } from '../core.ts';
import type { InternalApi } from '../internal-api.ts';
import { type CustomKind, parseCrd } from '../schema/index.ts';
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
    const conflicts = this.#nameConflicts(name, parsed.kind);
    if (conflicts.length === 0) this.#serve(parsed.kind);
    if (definition.metadata.deletionTimestamp !== undefined) this.#queue.add(name);
    this.#api.update(
      DEFINITIONS,
      '',
      name,
      (copy) => {
        const status = acceptedStatus(copy, parsed.kind, { conflicts, now: rfc3339(this.#core.clock.now()) });
        if (jsonEqual(status, copy['status'])) return false;
        copy['status'] = status;
        return true;
      },
      { subresource: 'status' },
    );
  }

  /** The names of a definition that another one of its group has already; the first is reported. */
  #nameConflicts(name: string, kind: CustomKind): NameConflict[] {
    const others = this.#core.registry
      .all()
      .filter((type) => type.group === kind.group && `${type.resource}.${type.group}` !== name);
    const resources = new Set(others.flatMap((type) => [type.resource, type.singular, ...type.shortNames]));
    const kinds = new Set(others.flatMap((type) => [type.kind, type.listKind]));
    const short = kind.shortNames.find((one) => resources.has(one));
    const taken: (NameConflict | undefined)[] = [
      resources.has(kind.plural)
        ? { member: 'plural', reason: 'PluralConflict', name: kind.plural }
        : undefined,
      resources.has(kind.singular)
        ? { member: 'singular', reason: 'SingularConflict', name: kind.singular }
        : undefined,
      short === undefined ? undefined : { member: 'shortNames', reason: 'ShortNamesConflict', name: short },
      kinds.has(kind.kind) ? { member: 'kind', reason: 'KindConflict', name: kind.kind } : undefined,
      kinds.has(kind.listKind)
        ? { member: 'listKind', reason: 'ListKindConflict', name: kind.listKind }
        : undefined,
    ];
    return taken.filter((conflict) => conflict !== undefined);
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

interface NameConflict {
  readonly member: 'plural' | 'singular' | 'shortNames' | 'kind' | 'listKind';
  readonly reason: string;
  readonly name: string;
}

function acceptedStatus(
  definition: KubeObject,
  kind: CustomKind,
  { conflicts, now }: { readonly conflicts: readonly NameConflict[]; readonly now: string },
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
  // The last one found is the one reported.
  const conflict = conflicts.at(-1);
  const conditions =
    conflict === undefined
      ? [
          condition('NamesAccepted', true, 'NoConflicts', 'no conflicts found'),
          condition('Established', true, 'InitialNamesAccepted', 'the initial names have been accepted'),
        ]
      : [
          condition(
            'NamesAccepted',
            false,
            conflict.reason,
            `${JSON.stringify(conflict.name)} is already in use`,
          ),
          condition('Established', false, 'NotAccepted', 'not all names are accepted'),
        ];
  if (definition.metadata.deletionTimestamp !== undefined) {
    const message = 'CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon';
    conditions.push(condition('Terminating', true, 'InstanceDeletionPending', message));
  }
  const spec = isRecord(definition['spec']) ? definition['spec'] : {};
  return {
    ...before,
    acceptedNames: acceptedNames(isRecord(spec['names']) ? spec['names'] : {}, conflicts),
    conditions,
    storedVersions: stored.includes(kind.storageVersion) ? stored : [...stored, kind.storageVersion],
  };
}

function acceptedNames(
  names: Readonly<Record<string, unknown>>,
  conflicts: readonly NameConflict[],
): Record<string, unknown> {
  const taken = new Set<string>(conflicts.map(({ member }) => member));
  const accepted = Object.entries(names).filter(([member]) => !taken.has(member));
  return { kind: '', plural: '', ...Object.fromEntries(accepted) };
}
