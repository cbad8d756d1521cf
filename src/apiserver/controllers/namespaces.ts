// Namespaces: what each gets when it is made (service account, root certificate), and how one empties when deleted.
import type { KubeObject } from '../../k8s/index.ts';
import { isRecord, rfc3339 } from '../../lib/index.ts';
import { SYSTEM } from '../auth/authenticate.ts';
import type { Core } from '../core.ts';
import type { InternalApi } from '../internal-api.ts';
import { qualifiedResource, type ResourceType } from '../resource-type.ts';
import { deleteObject } from '../write/delete.ts';
import { updateObject } from '../write/update.ts';
import { WorkQueue } from './queue.ts';

const NAMESPACES = { group: '', resource: 'namespaces' };
const ACCOUNTS = { group: '', resource: 'serviceaccounts' };
const CONFIG_MAPS = { group: '', resource: 'configmaps' };
const ROOT_CA = 'kube-root-ca.crt';
const ROOT_CA_DESCRIPTION =
  'Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the internal service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes clusters.';

export class NamespaceController {
  readonly #core: Core;
  readonly #api: InternalApi;
  readonly #rootCa: string;
  readonly #queue: WorkQueue;
  readonly #unsubscribe: () => void;

  constructor(core: Core, api: InternalApi, rootCa: string) {
    this.#core = core;
    this.#api = api;
    this.#rootCa = rootCa;
    this.#queue = new WorkQueue(core, (name) => this.#process(name));
    this.#unsubscribe = core.store.listen('*', ({ type, current }, typeKey) => {
      const { object } = current;
      if (typeKey === 'namespaces') {
        // At once, so that a pod or a read right after the creation finds them.
        if (type === 'ADDED') this.#provide(object.metadata.name ?? '');
        if (type === 'MODIFIED') this.#queue.add(object.metadata.name ?? '');
        return;
      }
      if (type !== 'ADDED' && object.metadata.namespace !== undefined) this.#wake(object, typeKey);
    });
  }

  start(): void {
    for (const { metadata } of this.#api.list(NAMESPACES)) {
      if (metadata.deletionTimestamp === undefined) this.#provide(metadata.name ?? '');
      this.#queue.add(metadata.name ?? '');
    }
  }

  close(): void {
    this.#unsubscribe();
    this.#queue.close();
  }

  // What is deleted comes back while its namespace stays; what goes brings a terminating namespace closer to its end.
  #wake({ metadata }: KubeObject, typeKey: string): void {
    const name = metadata.namespace ?? '';
    const namespace = this.#api.get(NAMESPACES, '', name);
    if (namespace === undefined) return;
    const kept =
      (typeKey === 'serviceaccounts' && metadata.name === 'default') ||
      (typeKey === 'configmaps' && metadata.name === ROOT_CA);
    if (kept || namespace.metadata.deletionTimestamp !== undefined) this.#queue.add(name);
  }

  #provide(namespace: string): void {
    const metadata = { namespace, name: 'default' };
    if (this.#api.get(ACCOUNTS, namespace, 'default') === undefined) {
      this.#api.create(ACCOUNTS, { apiVersion: 'v1', kind: 'ServiceAccount', metadata });
    }
    if (this.#api.get(CONFIG_MAPS, namespace, ROOT_CA) === undefined) {
      this.#api.create(CONFIG_MAPS, {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: {
          namespace,
          name: ROOT_CA,
          annotations: { 'kubernetes.io/description': ROOT_CA_DESCRIPTION },
        },
        data: { 'ca.crt': this.#rootCa },
      });
    }
  }

  #process(name: string): void {
    const namespace = this.#api.get(NAMESPACES, '', name);
    if (namespace === undefined) return;
    if (namespace.metadata.deletionTimestamp === undefined) {
      this.#provide(name);
      return;
    }
    const spec = isRecord(namespace['spec']) ? namespace['spec'] : {};
    const finalizers = Array.isArray(spec['finalizers']) ? spec['finalizers'].map(String) : [];
    if (!finalizers.includes('kubernetes')) return;
    const left = this.#deleteContents(name);
    this.#reportContents(name, left);
    if (left.length === 0)
      this.#finalize(
        name,
        finalizers.filter((one) => one !== 'kubernetes'),
      );
  }

  /** Asks for the deletion of everything in the namespace. @returns what is still there */
  #deleteContents(namespace: string): { type: ResourceType; objects: KubeObject[] }[] {
    const left: { type: ResourceType; objects: KubeObject[] }[] = [];
    const seen = new Set<string>();
    for (const type of this.#core.registry.all()) {
      if (!type.namespaced || seen.has(type.typeKey)) continue;
      seen.add(type.typeKey);
      const collection = this.#core.store.collection(type.typeKey);
      for (const { object } of collection.list(namespace)) {
        const name = object.metadata.name ?? '';
        if (object.metadata.deletionTimestamp !== undefined) continue;
        const options = { dryRun: false, propagationPolicy: 'Background' } as const;
        deleteObject(this.#core, type, { namespace, name }, options);
      }
      const objects = collection.list(namespace).map(({ object }) => object);
      if (objects.length > 0) left.push({ type, objects });
    }
    return left;
  }

  #reportContents(name: string, left: readonly { type: ResourceType; objects: KubeObject[] }[]): void {
    const now = rfc3339(this.#core.clock.now());
    this.#api.update(
      NAMESPACES,
      '',
      name,
      (namespace) => {
        const status = isRecord(namespace['status']) ? namespace['status'] : {};
        const before = Array.isArray(status['conditions']) ? status['conditions'].filter(isRecord) : [];
        const conditions = deletionConditions(left).map((condition) => {
          const same = before.find(({ type }) => type === condition.type);
          const since = same?.['status'] === condition.status ? same['lastTransitionTime'] : now;
          return { lastTransitionTime: since, ...condition };
        });
        namespace['status'] = { ...status, conditions };
      },
      { subresource: 'status' },
    );
  }

  #finalize(name: string, finalizers: string[]): void {
    const type = this.#core.registry.byName('', 'namespaces');
    if (type === undefined) return;
    updateObject(this.#core, {
      target: { type, version: 'v1' },
      namespace: '',
      name,
      subresource: 'finalize',
      options: {
        dryRun: false,
        fieldManager: 'kube-controller-manager',
        fieldValidation: 'Ignore',
        user: SYSTEM,
      },
      propose: (current) => ({ ...current, spec: { finalizers } }),
    });
  }
}

interface Condition {
  readonly type: string;
  readonly status: 'True' | 'False';
  readonly reason: string;
  readonly message: string;
}

function deletionConditions(left: readonly { type: ResourceType; objects: KubeObject[] }[]): Condition[] {
  const fine = (type: string, reason: string, message: string): Condition => ({
    type,
    status: 'False',
    reason,
    message,
  });
  const finalizers = new Map<string, number>();
  for (const { objects } of left) {
    for (const { metadata } of objects) {
      for (const name of metadata.finalizers ?? []) finalizers.set(name, (finalizers.get(name) ?? 0) + 1);
    }
  }
  const conditions = [
    fine('NamespaceDeletionDiscoveryFailure', 'ResourcesDiscovered', 'All resources successfully discovered'),
    fine(
      'NamespaceDeletionGroupVersionParsingFailure',
      'ParsedGroupVersions',
      'All legacy kube types successfully parsed',
    ),
    fine(
      'NamespaceDeletionContentFailure',
      'ContentDeleted',
      'All content successfully deleted, may be waiting on finalization',
    ),
  ];
  const contents = left.map(
    ({ type, objects }) => `${qualifiedResource(type)}. has ${objects.length} resource instances`,
  );
  conditions.push(
    contents.length === 0
      ? fine('NamespaceContentRemaining', 'ContentRemoved', 'All content successfully removed')
      : {
          type: 'NamespaceContentRemaining',
          status: 'True',
          reason: 'SomeResourcesRemain',
          message: `Some resources are remaining: ${contents.join(', ')}`,
        },
  );
  const waiting = [...finalizers].map(([name, number]) => `${name} in ${number} resource instances`);
  conditions.push(
    waiting.length === 0
      ? fine(
          'NamespaceFinalizersRemaining',
          'ContentHasNoFinalizers',
          'All content-preserving finalizers finished',
        )
      : {
          type: 'NamespaceFinalizersRemaining',
          status: 'True',
          reason: 'SomeFinalizersRemain',
          message: `Some content in the namespace has finalizers remaining: ${waiting.join(', ')}`,
        },
  );
  return conditions;
}
