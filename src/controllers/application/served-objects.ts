// Every object of a kind that is served (Applications, ApplicationSets): those of the control namespace and of further
// namespaces, as one copy. Plain names are watched one by one, which needs rights there only; a pattern needs a watch
// of all namespaces.
import {
  type ChangeHandler,
  Informer,
  type InformerDeps,
  type KubeObject,
  type ObjectChange,
  type ResourceType,
} from '../../k8s/index.ts';
import { messageOf } from '../../lib/index.ts';
import { isPlainNamespace, matchesNamespace } from '../../model/index.ts';

/** More plain names than this are cheaper to watch with one watch of everything. */
const MAX_WATCHES = 50;
const EVERYWHERE = '';

export interface ServedOptions<T> {
  readonly type: ResourceType;
  readonly controlNamespace: string;
  /** Globs or `/regular expressions/` of further namespaces, as they are now. */
  namespaces(): readonly string[];
  /** Sees each object as the API sent it, managers included. */
  readonly noteManagers?: ((object: T) => void) | undefined;
}

export class ServedObjects<T extends KubeObject> {
  readonly #deps: InformerDeps;
  readonly #options: ServedOptions<T>;
  readonly #informers = new Map<string, Informer<T>>();
  readonly #handlers = new Set<ChangeHandler<T>>();
  #patterns: readonly string[];

  constructor(deps: InformerDeps, options: ServedOptions<T>) {
    this.#deps = deps;
    this.#options = options;
    this.#patterns = options.namespaces();
    for (const namespace of this.#wanted()) this.#add(namespace);
  }

  /** Of the worst of the watches. */
  get state(): { readonly synced: boolean; readonly reason: string | undefined } {
    const states = [...this.#informers.values()].map(({ state }) => state);
    return {
      synced: states.every(({ synced }) => synced),
      reason: states.find(({ reason }) => reason !== undefined)?.reason,
    };
  }

  /** The newest version any of the watches has seen. */
  get resourceVersion(): string {
    const versions = [...this.#informers.values()].map(({ resourceVersion }) => resourceVersion);
    return versions.reduce((newest, version) => (Number(version) > Number(newest) ? version : newest), '');
  }

  /** True for the control namespace and those the settings name. */
  isServed(namespace: string): boolean {
    return namespace === this.#options.controlNamespace || matchesNamespace(this.#patterns, namespace);
  }

  get(namespace: string, name: string): T | undefined {
    if (!this.isServed(namespace)) return undefined;
    const informer = this.#informers.get(namespace) ?? this.#informers.get(EVERYWHERE);
    return informer?.get(namespace, name);
  }

  *values(): Generator<T, void> {
    for (const informer of this.#informers.values()) {
      for (const object of informer.values()) {
        if (this.isServed(object.metadata.namespace ?? '')) yield object;
      }
    }
  }

  /** Calls `handle` for what is there, then for each change. @returns a function that stops it */
  subscribe(handle: ChangeHandler<T>): () => void {
    for (const object of this.values()) handle({ kind: 'add', object });
    this.#handlers.add(handle);
    return () => void this.#handlers.delete(handle);
  }

  async start(signal: AbortSignal): Promise<void> {
    for (const informer of this.#informers.values()) informer.start();
    await Promise.all([...this.#informers.values()].map((informer) => informer.whenComplete(signal)));
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#informers.values()].map((informer) => informer.stop()));
  }

  /** Looks at the settings again: namespaces that are named now are watched, the others let go. */
  refresh(): void {
    const patterns = this.#options.namespaces();
    if (patterns.join('\n') === this.#patterns.join('\n')) return;
    const before = [...this.values()];
    this.#patterns = patterns;
    const wanted = new Set(this.#wanted());
    const surplus = [...this.#informers].filter(([namespace]) => !wanted.has(namespace));
    for (const [namespace] of surplus) this.#informers.delete(namespace);
    for (const namespace of wanted) if (!this.#informers.has(namespace)) this.#add(namespace).start();
    for (const object of before) {
      if (!this.isServed(object.metadata.namespace ?? '')) this.#tell({ kind: 'delete', object });
    }
    // Those that come into sight of a watch that goes on.
    const known = new Set(before);
    for (const object of [...this.values()]) if (!known.has(object)) this.#tell({ kind: 'add', object });
    for (const [namespace, informer] of surplus) {
      informer.stop().catch((error: unknown) => {
        this.#deps.log.info('a watch did not end in order', {
          namespace,
          reason: messageOf(error),
        });
      });
    }
  }

  #wanted(): readonly string[] {
    const plain = this.#patterns.filter(isPlainNamespace);
    if (plain.length < this.#patterns.length || plain.length > MAX_WATCHES) return [EVERYWHERE];
    return [...new Set([this.#options.controlNamespace, ...plain])];
  }

  #add(namespace: string): Informer<T> {
    const informer = new Informer<T>(this.#deps, {
      type: this.#options.type,
      namespace,
      transform: (object) => {
        this.#options.noteManagers?.(object);
        return withoutManagedFields(object);
      },
    });
    this.#informers.set(namespace, informer);
    informer.subscribe((change) => {
      const isCurrent = this.#informers.get(namespace) === informer;
      if (isCurrent && this.isServed(change.object.metadata.namespace ?? '')) this.#tell(change);
    });
    return informer;
  }

  #tell(change: ObjectChange<T>): void {
    for (const handle of this.#handlers) handle(change);
  }
}

export function withoutManagedFields<T extends KubeObject>(object: T): T {
  const { managedFields: _, ...metadata } = object.metadata;
  return { ...object, metadata };
}
