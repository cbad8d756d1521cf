// The port over a Kubernetes client. Resolves kinds; adds no behaviour of its own.
import {
  type GroupVersionKind,
  gvkOf,
  type KubeClient,
  type KubeObject,
  type ResourceType,
} from '../k8s/index.ts';
import { codeOf, type ObjectName, type TargetCluster } from './port.ts';

/** Finds how the cluster serves a kind; rejects with KubeError `UNKNOWN_KIND` when it does not. */
export type TypeResolver = (kind: GroupVersionKind) => ResourceType | Promise<ResourceType>;

/** A TargetCluster over a Kubernetes client. */
export function targetCluster(
  client: Pick<KubeClient, 'apply' | 'create' | 'delete' | 'find' | 'patch' | 'update'>,
  typeOf: TypeResolver,
  kindsChanged?: () => void,
): TargetCluster {
  const typed = async (name: { apiVersion: string; kind: string }): Promise<ResourceType> =>
    typeOf(gvkOf(name));
  const patch = async (name: ObjectName, metadata: Record<string, unknown>): Promise<KubeObject> =>
    client.patch(await typed(name), name, { type: 'merge', body: { metadata } }, {});
  return {
    async get(name) {
      return client.find(await typed(name), name);
    },
    async apply(object, choice) {
      return client.apply(await typed(object), object, choice);
    },
    async create(object, choice) {
      return client.create(await typed(object), object, choice);
    },
    async replace(object, choice) {
      return client.update(await typed(object), object, choice);
    },
    patchManagedFields: (name, managedFields, resourceVersion) =>
      patch(name, { managedFields, resourceVersion }),
    patchFinalizers: (name, finalizers, resourceVersion) => patch(name, { finalizers, resourceVersion }),
    async delete(name, { propagation, ...choice }) {
      try {
        return await client.delete(await typed(name), name, { ...choice, propagationPolicy: propagation });
      } catch (error) {
        if (codeOf(error) === 'NOT_FOUND') return undefined;
        throw error;
      }
    },
    ...(kindsChanged === undefined ? {} : { kindsChanged }),
  };
}
