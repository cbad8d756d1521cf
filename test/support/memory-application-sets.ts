// ApplicationSets in memory with the rules of the Kubernetes API that the server relies on; nothing is generated.
import { CodedError } from '../../src/lib/index.ts';
import type { ApplicationSet } from '../../src/model/index.ts';
import type { ApplicationSetEvent, ApplicationSets } from '../../src/server/index.ts';

export function memoryApplicationSets(...initial: readonly ApplicationSet[]): ApplicationSets {
  const keyOf = ({ metadata }: ApplicationSet): string => `${metadata.namespace}/${metadata.name}`;
  const objects = new Map(initial.map((set) => [keyOf(set), set]));
  const handlers = new Set<(event: ApplicationSetEvent) => void>();
  let version = 100;
  const stored = (set: ApplicationSet, type: 'ADDED' | 'MODIFIED'): ApplicationSet => {
    version += 1;
    const applicationSet = { ...set, metadata: { ...set.metadata, resourceVersion: String(version) } };
    objects.set(keyOf(set), applicationSet);
    for (const handle of handlers) handle({ type, applicationSet });
    return applicationSet;
  };
  return {
    isSynced: () => true,
    isServed: () => true,
    list: () => [...objects.values()],
    get: (namespace, name) => objects.get(`${namespace}/${name}`),
    resourceVersion: () => String(version),
    watch(handler) {
      handlers.add(handler);
      return () => void handlers.delete(handler);
    },
    async create(set) {
      if (objects.has(keyOf(set)))
        throw new CodedError('ALREADY_EXISTS', 'on-change', `${set.metadata.name} exists already`);
      return stored(set, 'ADDED');
    },
    async replace(set) {
      if (objects.get(keyOf(set))?.metadata.resourceVersion !== set.metadata.resourceVersion)
        throw new CodedError('CONFLICT', 'backoff', 'the object has been modified');
      return stored(set, 'MODIFIED');
    },
    async delete(namespace, name) {
      const applicationSet = objects.get(`${namespace}/${name}`);
      if (applicationSet === undefined) return;
      objects.delete(`${namespace}/${name}`);
      for (const handle of handlers) handle({ type: 'DELETED', applicationSet });
    },
    generate: async () => [],
    events: async () => ({ metadata: {}, items: [] }),
  };
}
