// Keeps one snapshot of each repository that applications use (the refs of a Git repository, what a place of charts or
// artifacts offers): fetched when a webhook, a person or the poll says so, once for everybody. Tells who is interested
// that a snapshot is new; does not know applications.
import { type Mirror, placeOf, type RefSnapshot } from '../../git/index.ts';
import { type Clock, type Logger, messageOf, type Random, type Timer } from '../../lib/index.ts';
import type { Repository } from '../../model/index.ts';

/** What can be asked again and again. Equal digests of what it answers mean that nothing moved. */
interface Feed<S> {
  fetch(): Promise<S>;
  /** The same, where there is a cheaper way to find out that nothing moved. */
  poll(): Promise<S>;
}

/** `P` is what a repository is named by, `M` its feed, `S` what it answers. */
export interface TrackerDeps<P = Repository, M = Mirror> {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  /** Opens the feed of a repository; the mirror of a Git repository is cloned on its first fetch. */
  openMirror(repository: P): M;
  /** One key for all spellings of a repository. */
  keyOf(repository: P): string;
  /** The place by which webhooks name the repository (see `placeOf`); '' when none does. */
  placeOf(repository: P): string;
}

export interface TrackerOptions {
  /** Between two looks at a repository nobody announces changes of; Argo CD's timeout.reconciliation. */
  readonly pollMs: number;
  /** Added at random, so that repositories do not come at once. */
  readonly pollJitterMs: number;
}

/** A snapshot and when (monotonic ms) it was begun to be taken: it holds everything pushed before that. */
export interface Snapshot<S = RefSnapshot> {
  readonly refs: S;
  readonly begunAt: number;
}

interface Tracked<P, M, S> {
  readonly key: string;
  readonly place: string;
  repository: P;
  mirror: M;
  snapshot: Snapshot<S> | undefined;
  /** The fetch that runs, and when it began. */
  running: { readonly begunAt: number; readonly result: Promise<Snapshot<S>> } | undefined;
  poll: Timer | undefined;
  /** Monotonic ms. */
  askedAt: number;
}

/** Every application asks within minutes; what nobody asks for any more is not looked at either. */
const FORGOTTEN_MS = 3_600_000;

export type SnapshotListener<S = RefSnapshot> = (key: string, snapshot: Snapshot<S>) => void;

export class RepositoryTracker<
  P = Repository,
  S extends { readonly digest: string } = RefSnapshot,
  M extends Feed<S> = Mirror & Feed<S>,
> {
  readonly #deps: TrackerDeps<P, M>;
  readonly #options: TrackerOptions;
  readonly #tracked = new Map<string, Tracked<P, M, S>>();
  readonly #listeners = new Set<SnapshotListener<S>>();
  #stopped = false;

  constructor(deps: TrackerDeps<P, M>, options: TrackerOptions) {
    this.#deps = deps;
    this.#options = options;
  }

  /** Calls `listener` after each fetch that moved a ref. */
  onMoved(listener: SnapshotListener<S>): void {
    this.#listeners.add(listener);
  }

  mirror(repository: P): M {
    return this.#track(repository).mirror;
  }

  /**
   * A snapshot that holds everything pushed before `notBefore` (monotonic ms): the one at hand when it is young
   * enough, else a fetch shared by all who ask.
   */
  async snapshot(repository: P, notBefore: number): Promise<Snapshot<S>> {
    const tracked = this.#track(repository);
    tracked.askedAt = this.#deps.clock.monotonic();
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
  #at(urls: readonly string[]): Tracked<P, M, S>[] {
    const places = new Set(urls.map(placeOf).filter((place) => place !== ''));
    return [...this.#tracked.values()].filter(({ place }) => places.has(place));
  }

  stop(): void {
    this.#stopped = true;
    for (const { poll } of this.#tracked.values()) poll?.cancel();
  }

  #track(repository: P): Tracked<P, M, S> {
    const key = this.#deps.keyOf(repository);
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
    const tracked: Tracked<P, M, S> = {
      key,
      place: this.#deps.placeOf(repository),
      repository,
      mirror,
      snapshot: undefined,
      running: undefined,
      poll: undefined,
      askedAt: this.#deps.clock.monotonic(),
    };
    this.#tracked.set(key, tracked);
    this.#schedule(tracked);
    return tracked;
  }

  async #fetch(tracked: Tracked<P, M, S>): Promise<Snapshot<S>> {
    const begunAt = this.#deps.clock.monotonic();
    const result = tracked.mirror
      .fetch()
      .then((refs: S) => this.#arrived(tracked, { refs, begunAt }))
      .finally(() => {
        tracked.running = undefined;
      });
    tracked.running = { begunAt, result };
    return await result;
  }

  #arrived(tracked: Tracked<P, M, S>, snapshot: Snapshot<S>): Snapshot<S> {
    const before = tracked.snapshot;
    // A slow poll must not take back what a later fetch brought.
    if (before === undefined || snapshot.begunAt >= before.begunAt) tracked.snapshot = snapshot;
    this.#schedule(tracked);
    if (before === undefined || before.refs.digest !== snapshot.refs.digest) {
      for (const listener of this.#listeners) listener(tracked.key, snapshot);
    }
    return snapshot;
  }

  #schedule(tracked: Tracked<P, M, S>): void {
    tracked.poll?.cancel();
    if (this.#stopped) return;
    const { pollMs, pollJitterMs } = this.#options;
    tracked.poll = this.#deps.clock.after(
      pollMs + this.#deps.random.next() * pollJitterMs,
      () => void this.#poll(tracked),
    );
  }

  /** Asks for the refs alone; the mirror fetches only when they moved. */
  async #poll(tracked: Tracked<P, M, S>): Promise<void> {
    const begunAt = this.#deps.clock.monotonic();
    if (begunAt - tracked.askedAt > Math.max(FORGOTTEN_MS, 2 * this.#options.pollMs)) {
      this.#tracked.delete(tracked.key);
      return;
    }
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
