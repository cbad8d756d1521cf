// A local copy of all objects of one type: a list, then a watch, for ever. Says at any time whether the copy can be
// trusted to be whole. Does not decide what that means for a deletion.
import {
  type Answer,
  type Backoff,
  BugError,
  type Clock,
  complete,
  incomplete,
  jitteredBackoffMs,
  type Logger,
  messageOf,
  type Random,
} from '../lib/index.ts';
import type { KubeClient } from './client.ts';
import { isKubeError, KubeError } from './errors.ts';
import { isNewer, type ObjectChange, ObjectStore } from './informer-store.ts';
import type { KubeObject } from './object.ts';
import { describeType, type ResourceType } from './resource-type.ts';
import { type WatchEvent, watch } from './watch.ts';

export interface InformerDeps {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
}

export interface InformerOptions<T extends KubeObject> {
  readonly type: ResourceType;
  /** One namespace; all when absent or ''. */
  readonly namespace?: string | undefined;
  readonly labelSelector?: string | undefined;
  readonly fieldSelector?: string | undefined;
  /** Only apiVersion, kind and metadata travel and are kept. */
  readonly metadataOnly?: boolean | undefined;
  /** Reduces an object before it is kept. Must keep name, namespace, uid and resourceVersion. */
  readonly transform?: ((object: T) => T) | undefined;
  readonly pageSize?: number | undefined;
  /** Default 3 minutes; the server sends bookmarks about every minute. */
  readonly idleTimeoutMs?: number | undefined;
  /** A full list this often, to find what the watch may have missed; default 30 minutes. */
  readonly relistMs?: number | undefined;
  /** How long a lost watch may take to come back before the copy counts as incomplete; default 10 s. */
  readonly graceMs?: number | undefined;
  readonly backoff?: Backoff | undefined;
}

/** Called in order, once per change, synchronously; must not throw. */
export type ChangeHandler<T extends KubeObject> = (change: ObjectChange<T>) => void;

export interface InformerState {
  /** A complete list was taken in at least once. */
  readonly synced: boolean;
  /** Wall clock of the last word from the server, milliseconds since the epoch; 0 before the first. */
  readonly asOf: number;
  /** Why the copy cannot be trusted to be whole now; undefined when it can. */
  readonly reason: string | undefined;
  readonly error: KubeError | undefined;
}

export interface InformerCounts {
  lists: number;
  watches: number;
  events: number;
  /** Times the server said that our resource version is too old. */
  gone: number;
  /** Watches that ended for silence. */
  idle: number;
  failures: number;
  /** Changes a periodic list found although the watch should have brought them before. */
  missed: number;
}

const BACKOFF: Backoff = { initialMs: 200, factor: 2, maxMs: 30_000 };
/** Refusals that only a person can lift are asked again less often. */
const REFUSED_BACKOFF: Backoff = { initialMs: 5_000, factor: 2, maxMs: 120_000 };
/** A watch that lived this long was fine: the next failure starts a new row of tries. */
const HEALTHY_MS = 5_000;

export class Informer<T extends KubeObject = KubeObject> {
  readonly type: ResourceType;
  readonly counts: InformerCounts = {
    lists: 0,
    watches: 0,
    events: 0,
    gone: 0,
    idle: 0,
    failures: 0,
    missed: 0,
  };
  readonly #deps: InformerDeps;
  readonly #options: InformerOptions<T>;
  readonly #store = new ObjectStore<T>();
  readonly #handlers = new Set<ChangeHandler<T>>();
  readonly #stateHandlers = new Set<(state: InformerState) => void>();
  readonly #stop = new AbortController();
  /** Ends what goes on now, so that the next round lists. */
  #again = new AbortController();
  #running: Promise<void> | undefined;
  #state: InformerState = { synced: false, asOf: 0, reason: 'it was not listed yet', error: undefined };
  #resourceVersion = '';
  #listedAt = 0;
  #attempt = 0;
  #brokenSince: number | undefined;

  constructor(deps: InformerDeps, options: InformerOptions<T>) {
    this.#deps = deps;
    this.#options = options;
    this.type = options.type;
  }

  get state(): InformerState {
    return this.#state;
  }

  /** Up to where the copy follows the server; '' before the first list. */
  get resourceVersion(): string {
    return this.#resourceVersion;
  }

  get size(): number {
    return this.#store.size;
  }

  get(namespace: string, name: string): T | undefined {
    return this.#store.get(namespace, name);
  }

  /** Objects kept now, of one namespace when given, whether complete or not: for showing, not for deleting. */
  values(namespace?: string): Iterable<T> {
    return this.#store.values(namespace);
  }

  /** The kept objects together with whether that is all of them. */
  answer(namespace?: string): Answer<T> {
    const items = [...this.#store.values(namespace)];
    const { reason, asOf } = this.#state;
    const source = `${describeType(this.type)} on ${this.#deps.client.server}`;
    return reason === undefined ? complete(items, source, asOf) : incomplete(`${source}: ${reason}`, items);
  }

  /** Calls `handle` for each kept object as an addition now, then for each change. Returns the unsubscribe. */
  subscribe(handle: ChangeHandler<T>): () => void {
    for (const object of [...this.#store.values()]) this.#call(handle, { kind: 'add', object });
    this.#handlers.add(handle);
    return () => this.#handlers.delete(handle);
  }

  /** Calls `handle` when the copy gets complete or incomplete. Returns the unsubscribe. */
  onState(handle: (state: InformerState) => void): () => void {
    this.#stateHandlers.add(handle);
    return () => this.#stateHandlers.delete(handle);
  }

  /** Resolves when the copy is complete; rejects with the signal's reason. */
  async whenComplete(signal: AbortSignal): Promise<void> {
    if (this.#state.reason === undefined) return;
    signal.throwIfAborted();
    await new Promise<void>((resolve, reject) => {
      const onAbort = (): void => {
        off();
        reject(signal.reason);
      };
      const off = this.onState((state) => {
        if (state.reason !== undefined) return;
        off();
        signal.removeEventListener('abort', onAbort);
        resolve();
      });
      signal.addEventListener('abort', onAbort, { once: true });
    });
  }

  /** Begins to list and watch; returns at once. */
  start(): void {
    this.#running ??= this.#run(this.#stop.signal);
  }

  /** Lists anew at once, as after a gap. The objects that are kept stay readable until then. */
  relist(): void {
    this.#resourceVersion = '';
    this.#again.abort(new DOMException('The objects are listed anew', 'AbortError'));
  }

  /** Ends the watch; resolves when nothing runs any more. The objects stay readable, as incomplete. */
  async stop(): Promise<void> {
    this.#stop.abort(new DOMException('The informer was stopped', 'AbortError'));
    await this.#running;
    this.#setState({ reason: 'it is not watched any more', error: undefined });
  }

  async #run(stop: AbortSignal): Promise<void> {
    while (!stop.aborted) {
      this.#again = new AbortController();
      const again = this.#again.signal;
      const signal = AbortSignal.any([stop, again]);
      const startedAt = this.#deps.clock.monotonic();
      try {
        if (this.#mustList()) await this.#list(signal);
        await this.#watch(signal);
      } catch (error) {
        if (!signal.aborted) this.#onFailure(error);
      }
      if (stop.aborted) return;
      if (again.aborted) continue;
      if (this.#deps.clock.monotonic() - startedAt > HEALTHY_MS && this.#brokenSince === undefined) {
        this.#attempt = 0;
      }
      await this.#pause(signal);
    }
  }

  #mustList(): boolean {
    return this.#resourceVersion === '' || this.#leftUntilRelist() <= 0;
  }

  #leftUntilRelist(): number {
    return this.#listedAt + (this.#options.relistMs ?? 30 * 60_000) - this.#deps.clock.monotonic();
  }

  async #list(signal: AbortSignal): Promise<void> {
    const { type, transform, ...options } = this.#options;
    this.counts.lists += 1;
    const answer = await this.#deps.client.listAll<T>(type, { ...options, signal });
    if (answer.kind === 'incomplete') throw answer.error;
    const items = transform === undefined ? answer.items : answer.items.map(transform);
    const seenUntil = this.#resourceVersion;
    const known = this.#state.synced;
    this.#resourceVersion = answer.resourceVersion;
    this.#listedAt = this.#deps.clock.monotonic();
    const changes = this.#store.replace(items);
    if (known && seenUntil !== '') this.#countMissed(changes, seenUntil);
    // First the changes, then the word that this is all: who waits for completeness has seen every object.
    for (const change of changes) this.#emit(change);
    this.#healthy();
  }

  /** A change made before the point up to which we watched should have come as an event. */
  #countMissed(changes: readonly ObjectChange<T>[], seenUntil: string): void {
    for (const { kind, object } of changes) {
      const { resourceVersion } = object.metadata;
      if (kind !== 'delete' && !isNewer(resourceVersion, seenUntil)) this.counts.missed += 1;
    }
  }

  async #watch(signal: AbortSignal): Promise<void> {
    const {
      type,
      idleTimeoutMs = 180_000,
      namespace,
      labelSelector,
      fieldSelector,
      metadataOnly,
    } = this.#options;
    this.counts.watches += 1;
    // Between 5 and 10 minutes at random, so that the watches of one cluster do not all end together.
    const wishedSeconds = Math.ceil(300 * (1 + this.#deps.random.next()));
    const timeoutSeconds = Math.max(1, Math.min(wishedSeconds, Math.ceil(this.#leftUntilRelist() / 1000)));
    const request = {
      ...{ namespace, labelSelector, fieldSelector, metadataOnly, idleTimeoutMs, timeoutSeconds, signal },
      resourceVersion: this.#resourceVersion,
    };
    const end = await watch<T>(this.#deps, type, request, {
      opened: () => this.#healthy(),
      event: (event) => this.#onEvent(event),
    });
    if (end === 'idle') {
      this.counts.idle += 1;
      this.#deps.log.info('a watch was silent for too long and is opened again', {
        type: describeType(type),
      });
    }
  }

  #onEvent(event: WatchEvent<T>): void {
    this.counts.events += 1;
    this.#touch();
    if (event.type === 'BOOKMARK') {
      if (event.resourceVersion !== '') this.#resourceVersion = event.resourceVersion;
      return;
    }
    const { transform } = this.#options;
    const object = transform === undefined ? event.object : transform(event.object);
    const version = event.object.metadata.resourceVersion;
    if (version !== undefined && isNewer(version, this.#resourceVersion)) this.#resourceVersion = version;
    const change = event.type === 'DELETED' ? this.#store.remove(object) : this.#store.put(object);
    if (change !== undefined) this.#emit(change);
  }

  #onFailure(error: unknown): void {
    this.counts.failures += 1;
    if (isKubeError(error, 'GONE')) {
      // Too old to go on from: what happened since then is only in a fresh list.
      this.counts.gone += 1;
      this.#resourceVersion = '';
      return;
    }
    const now = this.#deps.clock.monotonic();
    this.#brokenSince ??= now;
    const failure =
      error instanceof KubeError ? error : new KubeError('SERVER', messageOf(error), { cause: error });
    // A network that is down for a moment changes nothing; a refusal is an answer and counts at once.
    const lasting =
      failure.retry === 'on-change' || now - this.#brokenSince >= (this.#options.graceMs ?? 10_000);
    if (lasting || !this.#state.synced) this.#setState({ reason: failure.message, error: failure });
  }

  async #pause(signal: AbortSignal): Promise<void> {
    const refused = this.#brokenSince !== undefined && this.#state.error?.retry === 'on-change';
    const backoff = refused ? REFUSED_BACKOFF : (this.#options.backoff ?? BACKOFF);
    const first = this.#attempt === 0 && this.#brokenSince === undefined;
    const waitMs = first ? 0 : jitteredBackoffMs(backoff, this.#attempt, () => this.#deps.random.next());
    this.#attempt += 1;
    await this.#deps.clock.sleep(waitMs, signal).catch(() => {});
  }

  #healthy(): void {
    this.#brokenSince = undefined;
    this.#touch();
    if (this.#state.reason !== undefined) this.#setState({ reason: undefined, error: undefined });
  }

  #touch(): void {
    (this.#state as { asOf: number }).asOf = this.#deps.clock.now();
  }

  #setState(change: { reason: string | undefined; error: KubeError | undefined }): void {
    const synced = this.#state.synced || change.reason === undefined;
    this.#state = { ...change, synced, asOf: this.#state.asOf };
    for (const handle of [...this.#stateHandlers]) handle(this.#state);
  }

  #emit(change: ObjectChange<T>): void {
    for (const handle of this.#handlers) this.#call(handle, change);
  }

  #call(handle: ChangeHandler<T>, change: ObjectChange<T>): void {
    try {
      handle(change);
    } catch (cause) {
      const error = new BugError(`A handler of ${describeType(this.type)} failed: ${messageOf(cause)}`, {
        cause,
      });
      this.#deps.log.error('an informer handler failed', { error, type: describeType(this.type) });
    }
  }
}
