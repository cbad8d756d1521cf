// InternalApi over the same write path clients use.
import type { KubeObject } from '../k8s/index.ts';
import { SYSTEM } from './auth/authenticate.ts';
import type { Core, Target } from './core.ts';
import { ApiError } from './errors.ts';
import type { InternalApi, ResourceName, WatchEvent } from './internal-api.ts';
import { qualifiedResource } from './resource-type.ts';
import { createObject } from './write/create.ts';
import { deleteObject } from './write/delete.ts';
import type { WriteOptions } from './write/options.ts';
import { updateObject } from './write/update.ts';

/** A change that turned out to be none. */
const NOTHING: unique symbol = Symbol('nothing to write');

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
      const subresource = given?.subresource ?? '';
      const propose = (current: KubeObject): Record<string, unknown> => {
        const copy = structuredClone(current);
        if (change(copy) === false) throw NOTHING;
        return copy;
      };
      try {
        return updateObject(core, { target, namespace, name, subresource, options, propose }).stored.object;
      } catch (error) {
        if (error === NOTHING || isAbsent(error)) return undefined;
        throw error;
      }
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

function isAbsent(error: unknown): boolean {
  return error instanceof ApiError && error.status === 404;
}
