// Projects in memory with the rules of the Kubernetes API that the server relies on.
import { CodedError } from '../../src/lib/index.ts';
import { type AppProject, SyncWindows } from '../../src/model/index.ts';
import type { Projects } from '../../src/server/index.ts';

export function memoryProjects(...initial: readonly AppProject[]): Projects {
  const objects = new Map(initial.map((project) => [project.metadata.name ?? '', project]));
  let version = 100;
  const stored = (project: AppProject): AppProject => {
    version += 1;
    const next = { ...project, metadata: { ...project.metadata, resourceVersion: String(version) } };
    objects.set(project.metadata.name ?? '', next);
    return next;
  };
  return {
    list: () => [...objects.values()],
    get: (name) => objects.get(name),
    globalsOf: () => [],
    windows(name) {
      const project = objects.get(name);
      return project === undefined ? undefined : new SyncWindows(project.spec.syncWindows ?? []);
    },
    repositoriesOf: () => [],
    normalizeUrl: (url) => url,
    async create(project) {
      if (objects.has(project.metadata.name ?? '')) {
        throw new CodedError('ALREADY_EXISTS', 'on-change', `${project.metadata.name} exists already`);
      }
      return stored(project);
    },
    async replace(project) {
      const current = objects.get(project.metadata.name ?? '');
      if (current?.metadata.resourceVersion !== project.metadata.resourceVersion) {
        throw new CodedError('CONFLICT', 'backoff', 'the object has been modified');
      }
      return stored(project);
    },
    async delete(name) {
      objects.delete(name);
    },
    events: async () => ({ metadata: {}, items: [] }),
  };
}
