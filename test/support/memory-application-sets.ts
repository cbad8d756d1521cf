// ApplicationSets in memory with the rules of the Kubernetes API that the server relies on: growing resourceVersions,
// refused stale writes, events in order. What a set generates is given by the test.
import { CodedError } from '../../src/lib/index.ts';
import type { Application, ApplicationSet } from '../../src/model/index.ts';
import type { ApplicationSetEvent, ApplicationSets, GeneratedApplications } from '../../src/server/index.ts';

export class MemoryApplicationSets implements ApplicationSets {
  synced = true;
  /** What every set generates. */
  generated: readonly Application[] = [];
  /** Refuses this many writes as if somebody else had been faster. */
  conflicts = 0;
  readonly #objects = new Map<string, ApplicationSet>();
  readonly #handlers = new Set<(event: ApplicationSetEvent) => void>();
  #version = 100;

  isSynced(): boolean {
    return this.synced;
  }

  isServed(namespace: string): boolean {
    return namespace !== 'not-served';
  }

  list(): readonly ApplicationSet[] {
    return [...this.#objects.values()];
  }

  get(namespace: string, name: string): ApplicationSet | undefined {
    return this.#objects.get(`${namespace}/${name}`);
  }

  resourceVersion(): string {
    return String(this.#version);
  }

  watch(handler: (event: ApplicationSetEvent) => void): () => void {
    this.#handlers.add(handler);
    return () => this.#handlers.delete(handler);
  }

  async create(set: ApplicationSet): Promise<ApplicationSet> {
    const key = keyOf(set);
    if (this.#objects.has(key)) throw new CodedError('ALREADY_EXISTS', 'on-change', `${key} exists already`);
    const metadata = { uid: `uid-${key}`, creationTimestamp: '2026-01-02T03:04:05Z', ...set.metadata };
    return this.#store('ADDED', { ...set, metadata });
  }

  async replace(set: ApplicationSet): Promise<ApplicationSet> {
    const { name = '', namespace = '', resourceVersion } = set.metadata;
    const current = this.#existing(namespace, name);
    if (this.conflicts > 0) {
      this.conflicts -= 1;
      this.#store('MODIFIED', current);
    }
    const newest = this.#existing(namespace, name).metadata.resourceVersion;
    if (resourceVersion !== undefined && resourceVersion !== newest)
      throw new CodedError('CONFLICT', 'backoff', `${name} has changed since version ${resourceVersion}`);
    return this.#store('MODIFIED', set);
  }

  async delete(namespace: string, name: string, { uid }: { readonly uid?: string }): Promise<void> {
    const current = this.#existing(namespace, name);
    if (uid !== undefined && uid !== current.metadata.uid)
      throw new CodedError('CONFLICT', 'backoff', `${name} is another object by now`);
    this.#version += 1;
    this.#objects.delete(keyOf(current));
    const metadata = { ...current.metadata, resourceVersion: String(this.#version) };
    this.#tell({ type: 'DELETED', applicationSet: { ...current, metadata } });
  }

  async generate(): Promise<GeneratedApplications> {
    return { applications: this.generated, unusable: [] };
  }

  async events(): ReturnType<ApplicationSets['events']> {
    return { metadata: {}, items: [] };
  }

  #existing(namespace: string, name: string): ApplicationSet {
    const current = this.get(namespace, name);
    if (current === undefined)
      throw new CodedError('NOT_FOUND', 'on-change', `${namespace}/${name} not found`);
    return current;
  }

  #store(type: 'ADDED' | 'MODIFIED', set: ApplicationSet): ApplicationSet {
    this.#version += 1;
    const stored = { ...set, metadata: { ...set.metadata, resourceVersion: String(this.#version) } };
    this.#objects.set(keyOf(stored), stored);
    this.#tell({ type, applicationSet: stored });
    return stored;
  }

  #tell(event: ApplicationSetEvent): void {
    for (const handler of this.#handlers) handler(event);
  }
}

function keyOf({ metadata }: ApplicationSet): string {
  return `${metadata.namespace ?? ''}/${metadata.name ?? ''}`;
}
