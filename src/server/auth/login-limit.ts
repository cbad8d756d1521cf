// Slows guessing down: after a few failures an account, and an address, must wait. Bounded in memory: names made up
// by the thousand push each other out, never an account that is locked. Locks hold on every replica.
import type { Clock } from '../../lib/index.ts';
import type { Accounts } from '../ports.ts';

/** As Argo CD: five failures, then five minutes. */
const MAX_FAILURES = 5;
const LOCK_MS = 300_000;
/** Addresses share less blame than accounts: many people sit behind one. */
const MAX_FAILURES_PER_ADDRESS = 50;
const MAX_ENTRIES = 10_000;

export interface LoginLimit {
  /** Milliseconds to wait before another try of this account from this address; 0: now. */
  waitMs(account: string, address: string): number;
  failed(account: string, address: string): void;
  /** After `failed` and a wrong password: a lock is told to the other replicas, and to the next process. */
  keep(account: string): Promise<void>;
  /** Takes back what `failed` counted. */
  succeeded(account: string, address: string): void;
}

type SharedLocks = Pick<Accounts, 'lockSignIn' | 'signInLockedUntil'>;

export function loginLimit(clock: Clock, shared: SharedLocks): LoginLimit {
  const accounts = new Failures(MAX_FAILURES);
  const addresses = new Failures(MAX_FAILURES_PER_ADDRESS);
  return {
    waitMs: (account, address) =>
      Math.max(
        accounts.waitMs(account, clock.monotonic()),
        addresses.waitMs(address, clock.monotonic()),
        shared.signInLockedUntil(account) - clock.now(),
      ),
    async keep(account) {
      const ms = accounts.waitMs(account, clock.monotonic());
      if (ms > 0) await shared.lockSignIn(account, clock.now() + ms);
    },
    failed(account, address) {
      accounts.add(account, clock.monotonic());
      addresses.add(address, clock.monotonic());
    },
    succeeded(account, address) {
      accounts.forget(account);
      addresses.takeBack(address);
    },
  };
}

interface Entry {
  failures: number;
  until: number;
}

/** Failures by key. Both maps are in order of `until`, so what is over stands in front. */
class Failures {
  readonly #max: number;
  readonly #counted = new Map<string, Entry>();
  readonly #locked = new Map<string, Entry>();

  constructor(max: number) {
    this.#max = max;
  }

  waitMs(key: string, now: number): number {
    const entry = this.#locked.get(key);
    return entry === undefined ? 0 : Math.max(0, entry.until - now);
  }

  add(key: string, now: number): void {
    const known = this.#locked.get(key) ?? this.#counted.get(key);
    const failures = known !== undefined && known.until > now ? known.failures + 1 : 1;
    this.forget(key);
    const entries = failures >= this.#max ? this.#locked : this.#counted;
    makeRoom(entries, now);
    entries.set(key, { failures, until: now + LOCK_MS });
  }

  takeBack(key: string): void {
    const entry = this.#counted.get(key);
    if (entry !== undefined) entry.failures -= 1;
  }

  forget(key: string): void {
    this.#counted.delete(key);
    this.#locked.delete(key);
  }
}

function makeRoom(entries: Map<string, Entry>, now: number): void {
  for (const [key, { until }] of entries) {
    if (until > now && entries.size < MAX_ENTRIES) return;
    entries.delete(key);
  }
}
