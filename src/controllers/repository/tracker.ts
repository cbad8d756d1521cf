// Keeps one snapshot of refs for each repository that applications use: fetched when a webhook, a person or the poll
// says so, once for everybody. Tells who is interested that a snapshot is new; does not know applications.
import type { Mirror, RefSnapshot } from '../../git/index.ts';
import { type Clock, type Logger, messageOf, type Random, type Timer } from '../../lib/index.ts';
import type { Repository } from '../../model/index.ts';

export interface TrackerDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  /** Opens (and on the first fetch clones) the mirror of a repository. */
  openMirror(repository: Repository): Mirror;
  /** One key for all spellings of a repository's URL. */
  keyOf(url: string): string;
  /** What all addresses of a repository have in common, whatever the protocol; '' for what is no address. */
  placeOf(url: string): string;
}

export interface TrackerOptions {
  /** Between two looks at a repository nobody announces changes of; Argo CD's timeout.reconciliation. */
  readonly pollMs: number;
  /** Added at random, so that repositories do not come at once. */
  readonly pollJitterMs: number;
}

/** A snapshot and when (monotonic ms) it was begun to be taken: it holds everything pushed before that. */
export interface Snapshot {
  readonly refs: RefSnapshot;
  readonly begunAt: number;
}

interface Tracked {
  readonly key: string;
  readonly place: string;
  repository: Repository;
  mirror: Mirror;
  snapshot: Snapshot | undefined;
  /** The fetch that runs, and when it began. */
  running: { readonly begunAt: number; readonly result: Promise<Snapshot> } | undefined;
  poll: Timer | undefined;
}

export type SnapshotListener = (key: string, snapshot: Snapshot) => void;

export class RepositoryTracker {
  readonly #deps: TrackerDeps;
  readonly #options: TrackerOptions;
  readonly #tracked = new Map<string, Tracked>();
  readonly #listeners = new Set<SnapshotListener>();
  #stopped = false;

  constructor(deps: TrackerDeps, options: TrackerOptions) {
    this.#deps = deps;
    this.#options = options;
  }

  /** Calls `listener` after each fetch that moved a ref. */
  onMoved(listener: SnapshotListener): void {
    this.#listeners.add(listener);
  }

  mirror(repository: Repository): Mirror {
    return this.#track(repository).mirror;
  }

  /**
   * A snapshot that holds everything pushed before `notBefore` (monotonic ms): the one at hand when it is young
   * enough, else a fetch shared by all who ask.
   */
  async snapshot(repository: Repository, notBefore: number): Promise<Snapshot> {
    const tracked = this.#track(repository);
    if (tracked.snapshot !== undefined && tracked.snapshot.begunAt >= notBefore) return tracked.snapshot;
    const { running } = tracked;
    if (running !== undefined && running.begunAt >= notBefore) return await running.result;
    // A fetch that began too early may miss the push: wait for its end, then look again.
    if (running !== undefined) await running.result.catch(() => undefined);
    return await (tracked.running?.result ?? this.#fetch(tracked));
  }

  /** Looks at the repository now; for webhooks. Unknown repositories are none of our business. */
  async announce(urls: readonly string[]): Promise<boolean> {
    const known = this.#at(urls);
    await Promise.all(
      known.map((tracked) => this.snapshot(tracked.repository, this.#deps.clock.monotonic())),
    );
    return known.length > 0;
  }

  knows(urls: readonly string[]): boolean {
    return this.#at(urls).length > 0;
  }

  /** Senders write an address as they like, applications as they like: the place counts. */
  #at(urls: readonly string[]): Tracked[] {
    const places = new Set(urls.map((url) => this.#deps.placeOf(url)).filter((place) => place !== ''));
    return [...this.#tracked.values()].filter(({ place }) => places.has(place));
  }

  /** Stops looking after a repository no application uses any more. */
  forgetExcept(keys: ReadonlySet<string>): void {
    for (const [key, tracked] of this.#tracked) {
      if (keys.has(key)) continue;
      tracked.poll?.cancel();
      this.#tracked.delete(key);
    }
  }

  stop(): void {
    this.#stopped = true;
    for (const { poll } of this.#tracked.values()) poll?.cancel();
  }

  #track(repository: Repository): Tracked {
    const key = this.#deps.keyOf(repository.url);
    const known = this.#tracked.get(key);
    if (known !== undefined) {
      // A rotated credential takes effect with the next fetch.
      if (known.repository !== repository) {
        known.repository = repository;
        known.mirror = this.#deps.openMirror(repository);
      }
      return known;
    }
    const mirror = this.#deps.openMirror(repository);
    const tracked: Tracked = {
      key,
      place: this.#deps.placeOf(repository.url),
      repository,
      mirror,
      snapshot: undefined,
      running: undefined,
      poll: undefined,
    };
    this.#tracked.set(key, tracked);
    this.#schedule(tracked);
    return tracked;
  }

  async #fetch(tracked: Tracked): Promise<Snapshot> {
    const begunAt = this.#deps.clock.monotonic();
    const result = tracked.mirror
      .fetch()
      .then((refs) => this.#arrived(tracked, { refs, begunAt }))
      .finally(() => {
        tracked.running = undefined;
      });
    tracked.running = { begunAt, result };
    return await result;
  }

  #arrived(tracked: Tracked, snapshot: Snapshot): Snapshot {
    const before = tracked.snapshot;
    // A slow poll must not take back what a later fetch brought.
    if (before === undefined || snapshot.begunAt >= before.begunAt) tracked.snapshot = snapshot;
    this.#schedule(tracked);
    if (before === undefined || before.refs.digest !== snapshot.refs.digest) {
      for (const listener of this.#listeners) listener(tracked.key, snapshot);
    }
    return snapshot;
  }

  #schedule(tracked: Tracked): void {
    tracked.poll?.cancel();
    if (this.#stopped) return;
    const { pollMs, pollJitterMs } = this.#options;
    tracked.poll = this.#deps.clock.after(
      pollMs + this.#deps.random.next() * pollJitterMs,
      () => void this.#poll(tracked),
    );
  }

  /** Asks for the refs alone; the mirror fetches only when they moved. */
  async #poll(tracked: Tracked): Promise<void> {
    const begunAt = this.#deps.clock.monotonic();
    try {
      this.#arrived(tracked, { refs: await tracked.mirror.poll(), begunAt });
    } catch (error) {
      this.#deps.log.info('polling a repository failed', {
        repository: tracked.key,
        reason: messageOf(error),
      });
      this.#schedule(tracked);
    }
  }
}
