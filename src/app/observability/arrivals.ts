// Remembers when a push was announced, until it is in the cluster: for the figure people care about most.
import type { RefSnapshot } from '../../git/index.ts';
import { Lru } from '../../lib/index.ts';

export interface Arrival {
  /** Monotonic milliseconds when the webhook was accepted. */
  readonly at: number;
  /** Trace context of the webhook, when traces are on. */
  readonly context: unknown;
}

/** Commits that came by webhook and are remembered; the oldest are forgotten first. */
const COMMITS = 5_000;
/** A webhook whose commit does not show up within this time announced something else. */
const ANNOUNCED_MS = 120_000;

const RECENT_MS = 30_000;

export class Arrivals {
  readonly #announced = new Lru<Arrival>(COMMITS);
  readonly #commits = new Lru<Arrival>(COMMITS);
  readonly #recent = new Lru<Arrival>(COMMITS);
  readonly #tips = new Lru<ReadonlyMap<string, string>>(COMMITS);
  /** Applications that were counted for a commit: `namespace/name commit`. */
  readonly #counted = new Lru<true>(COMMITS * 4);

  /** A webhook named these repositories. */
  announced(keys: readonly string[], arrival: Arrival): void {
    for (const key of keys) this.#announced.set(key, arrival);
  }

  /** A fetch moved refs of a repository: what is new came with the webhook before, if there was one. */
  moved(key: string, { refs }: RefSnapshot, now: number): void {
    const before = this.#tips.get(key);
    this.#tips.set(key, refs);
    const arrival = this.#announced.get(key);
    if (arrival === undefined || now - arrival.at > ANNOUNCED_MS) return;
    this.#announced.delete(key);
    this.#recent.set(key, arrival);
    for (const [ref, sha] of refs) if (before?.get(ref) !== sha) this.#commits.set(`${key} ${sha}`, arrival);
  }

  /** The webhook that moved a repository a short while ago: what is done now is probably done because of it. */
  recent(key: string, now: number): Arrival | undefined {
    const arrival = this.#recent.get(key);
    return arrival === undefined || now - arrival.at > RECENT_MS ? undefined : arrival;
  }

  /** The webhook that brought a commit, once for each application. */
  take(key: string, sha: string, application: string): Arrival | undefined {
    const id = `${application} ${sha}`;
    if (this.#counted.get(id) === true) return undefined;
    const arrival = this.#commits.get(`${key} ${sha}`);
    if (arrival !== undefined) this.#counted.set(id, true);
    return arrival;
  }
}
