// Applications in memory with the rules of the Kubernetes API that the server relies on: growing resourceVersions,
// refused stale patches, finalizers that keep a deleted object, events in order.
import { applyMergePatch, CodedError, isRecord } from '../../src/lib/index.ts';
import type { Application } from '../../src/model/index.ts';
import type { ApplicationEvent, ApplicationStore, ApplicationWriter } from '../../src/server/index.ts';

export class MemoryApplications implements ApplicationStore, ApplicationWriter {
  synced = true;
  readonly #objects = new Map<string, Application>();
  readonly #handlers = new Set<(event: ApplicationEvent) => void>();
  #version = 100;

  isSynced(): boolean {
    return this.synced;
  }

  list(): readonly Application[] {
    return [...this.#objects.values()];
  }

  isServed(namespace: string): boolean {
    return namespace !== 'not-served';
  }

  get(namespace: string, name: string): Application | undefined {
    return this.#objects.get(`${namespace}/${name}`);
  }

  resourceVersion(): string {
    return String(this.#version);
  }

  watch(handler: (event: ApplicationEvent) => void): () => void {
    this.#handlers.add(handler);
    return () => this.#handlers.delete(handler);
  }

  get watchers(): number {
    return this.#handlers.size;
  }

  async create(application: Application): Promise<Application> {
    const key = keyOf(application);
    if (this.#objects.has(key)) throw new CodedError('ALREADY_EXISTS', 'on-change', `${key} exists already`);
    return this.#store('ADDED', {
      ...application,
      metadata: { uid: `uid-${key}`, creationTimestamp: '2026-01-02T03:04:05Z', ...application.metadata },
    });
  }

  async patch(namespace: string, name: string, mergePatch: object): Promise<Application> {
    const current = this.#existing(namespace, name);
    const wanted = (mergePatch as { metadata?: { resourceVersion?: string } }).metadata?.resourceVersion;
    if (wanted !== undefined && wanted !== current.metadata.resourceVersion) {
      throw new CodedError('CONFLICT', 'backoff', `${name} has changed since version ${wanted}`);
    }
    const next = applyMergePatch(current, mergePatch) as Application;
    if (!isRecord(next.spec)) throw new CodedError('INVALID', 'on-change', `${name}: spec is missing`);
    const stored = this.#store('MODIFIED', next);
    this.#removeIfOver(stored);
    return stored;
  }

  async delete(namespace: string, name: string, { uid }: { readonly uid?: string }): Promise<void> {
    const current = this.#existing(namespace, name);
    if (uid !== undefined && uid !== current.metadata.uid) {
      throw new CodedError('CONFLICT', 'backoff', `${name} is another object by now`);
    }
    const deleting = {
      ...current,
      metadata: { ...current.metadata, deletionTimestamp: '2026-01-02T03:05:00Z' },
    };
    this.#removeIfOver(this.#store('MODIFIED', deleting));
  }

  #existing(namespace: string, name: string): Application {
    const current = this.get(namespace, name);
    if (current === undefined)
      throw new CodedError('NOT_FOUND', 'on-change', `${namespace}/${name} not found`);
    return current;
  }

  #store(type: 'ADDED' | 'MODIFIED', application: Application): Application {
    this.#version += 1;
    const metadata = { ...application.metadata, resourceVersion: String(this.#version) };
    const stored = { ...application, metadata };
    this.#objects.set(keyOf(stored), stored);
    this.#tell({ type, application: stored });
    return stored;
  }

  #removeIfOver(application: Application): void {
    const { deletionTimestamp, finalizers = [] } = application.metadata;
    if (deletionTimestamp === undefined || finalizers.length > 0) return;
    this.#version += 1;
    this.#objects.delete(keyOf(application));
    const metadata = { ...application.metadata, resourceVersion: String(this.#version) };
    this.#tell({ type: 'DELETED', application: { ...application, metadata } });
  }

  #tell(event: ApplicationEvent): void {
    for (const handler of this.#handlers) handler(event);
  }
}

function keyOf({ metadata }: Application): string {
  return `${metadata.namespace ?? ''}/${metadata.name ?? ''}`;
}
