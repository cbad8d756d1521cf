// InternalApi over the same write path clients use.
import type { KubeObject } from '../k8s/index.ts';
import { isRecord } from '../lib/index.ts';
import { SYSTEM } from './auth/authenticate.ts';
import type { Core, Target } from './core.ts';
import { ApiError } from './errors.ts';
import type { InternalApi, ResourceName, WatchEvent } from './internal-api.ts';
import { qualifiedResource } from './resource-type.ts';
import { createObject } from './write/create.ts';
import { deleteObject } from './write/delete.ts';
import type { WriteOptions } from './write/options.ts';
import { updateObject } from './write/update.ts';

/** @param manager field manager of the writes, as in managedFields */
export function internalApi(core: Core, manager: string): InternalApi {
  const options: WriteOptions = {
    dryRun: false,
    fieldManager: manager,
    fieldValidation: 'Ignore',
    user: SYSTEM,
  };
  return {
    get: (type, namespace, name) => core.store.collection(keyOf(core, type)).get(namespace, name)?.object,
    list: (type, namespace) =>
      core.store
        .collection(keyOf(core, type))
        .list(namespace)
        .map(({ object }) => object),
    create(type, object) {
      const target = targetOf(core, type);
      const namespace = target.type.namespaced ? (object.metadata.namespace ?? 'default') : '';
      return createObject(core, { target, namespace, body: structuredClone(object), options }).stored.object;
    },
    update(type, namespace, name, change, given) {
      const target = targetOf(core, type);
      const current = core.store.collection(target.type.typeKey).get(namespace, name)?.object;
      if (current === undefined) return undefined;
      const copy = structuredClone(current);
      if (change(copy) === false) return undefined;
      const binds = type.resource === 'pods' && nodeOf(current) === undefined && nodeOf(copy) !== undefined;
      return updateObject(core, {
        target,
        namespace,
        name,
        subresource: binds ? 'binding' : (given?.subresource ?? ''),
        options,
        propose: () => copy,
        // A binding leaves no trace in managedFields.
        ownership: binds ? 'given' : 'track',
      }).stored.object;
    },
    delete(type, namespace, name, given) {
      const target = targetOf(core, type);
      try {
        deleteObject(core, target.type, { namespace, name }, { dryRun: false, ...given });
      } catch (error) {
        if (!isAbsent(error)) throw error;
      }
    },
    subscribe: (type, handle) =>
      core.store.listen(keyOf(core, type), ({ type: change, current }) => {
        const event: WatchEvent = { type: change, object: current.object };
        handle(event);
      }),
    types: () => core.registry.all(),
  };
}

function targetOf(core: Core, name: ResourceName): Target {
  const type = core.registry.byName(name.group, name.resource);
  if (type === undefined) {
    throw new ApiError(404, 'NotFound', `no resource type ${qualifiedResource(name)} is served`);
  }
  return { type, version: type.storageVersion };
}

function keyOf(core: Core, name: ResourceName): string {
  return core.registry.byName(name.group, name.resource)?.typeKey ?? qualifiedResource(name);
}

function nodeOf(pod: KubeObject): unknown {
  const spec = pod['spec'];
  return isRecord(spec) && spec['nodeName'] !== '' ? spec['nodeName'] : undefined;
}

function isAbsent(error: unknown): boolean {
  return error instanceof ApiError && error.status === 404;
}
