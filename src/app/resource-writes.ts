// Patches and deletions of single objects, as the server asks for them: nothing of a Secret comes back.
import { type ApplicationDeps, prepareDeletion, preparePatch } from '../controllers/index.ts';
import { maskSecrets } from '../diff/index.ts';
import type { KubeObject } from '../k8s/index.ts';
import type { ServerPorts } from '../server/index.ts';

export function resourceWrites(
  application: ApplicationDeps,
  maskAnnotations: () => readonly string[],
): ServerPorts['resources'] {
  return {
    async preparePatch(app, id, patch, signal) {
      const prepared = await preparePatch(application, app, id, patch, signal);
      if (prepared === undefined) return undefined;
      return {
        object: prepared.object,
        perform: async () => shown(await prepared.perform(), maskAnnotations()),
      };
    },
    async prepareDeletion(app, id, wish, signal) {
      const prepared = await prepareDeletion(application, app, id, wish, signal);
      if (prepared === undefined) return undefined;
      return {
        object: prepared.object,
        async perform() {
          const outcome = await prepared.perform();
          return outcome.kind === 'held' ? { kind: 'held', message: outcome.message } : { kind: 'done' };
        },
      };
    },
  };
}

function shown(object: KubeObject, maskAnnotations: readonly string[]): KubeObject {
  const { managedFields: _, ...metadata } = object.metadata;
  const [masked] = maskSecrets([{ ...object, metadata }], maskAnnotations);
  return masked as KubeObject;
}
