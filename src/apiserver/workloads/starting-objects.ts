// What a new cluster has before anybody creates anything: the node with its lease and a default storage class.
import type { KubeObject } from '../../k8s/index.ts';
import type { InternalApi, ResourceName } from '../internal-api.ts';
import { nameOf, namespaceOf, types } from './kinds.ts';
import { nodeObjects, nodeStatus } from './node.ts';
import { defaultStorageClass } from './storage-class.ts';

/** Creates what is absent; existing objects stay as people left them. */
export function createStartingObjects(api: InternalApi, nowMs: number): void {
  const { node, lease } = nodeObjects(nowMs);
  if (createOnce(api, types.nodes, node)) {
    const setStatus = (copy: KubeObject): void => {
      copy['status'] = nodeStatus(nowMs);
    };
    api.update(types.nodes, '', nameOf(node), setStatus, { subresource: 'status' });
  }
  if (api.get({ group: '', resource: 'namespaces' }, '', namespaceOf(lease)) !== undefined) {
    createOnce(api, types.leases, lease);
  }
  if (api.list(types.storageClasses).length === 0) createOnce(api, types.storageClasses, defaultStorageClass);
}

function createOnce(api: InternalApi, type: ResourceName, object: KubeObject): boolean {
  if (api.get(type, namespaceOf(object), nameOf(object)) !== undefined) return false;
  api.create(type, object);
  return true;
}
