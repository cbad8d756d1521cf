// Slows guessing down: after a few failures an account, and an address, must wait. Bounded in memory; an entry is
// forgotten only when its time is over, or when the table is full and it is the one closest to being forgotten.
import type { Clock } from '../../lib/index.ts';

/** As Argo CD: five failures, then five minutes. */
const MAX_FAILURES = 5;
const LOCK_MS = 300_000;
/** Addresses share less blame than accounts: many people sit behind one. */
const MAX_FAILURES_PER_ADDRESS = 50;
const MAX_ENTRIES = 10_000;

interface Entry {
  failures: number;
  until: number;
}

export interface LoginLimit {
  /** Milliseconds to wait before another try of this account from this address; 0: now. */
  waitMs(account: string, address: string): number;
  failed(account: string, address: string): void;
  /** Takes back what `failed` counted. */
  succeeded(account: string, address: string): void;
}

export function loginLimit(clock: Clock): LoginLimit {
  const accounts = new Map<string, Entry>();
  const addresses = new Map<string, Entry>();
  const waitFor = (entry: Entry | undefined, max: number): number =>
    entry !== undefined && entry.failures >= max ? Math.max(0, entry.until - clock.monotonic()) : 0;
  return {
    waitMs: (account, address) =>
      Math.max(
        waitFor(accounts.get(account), MAX_FAILURES),
        waitFor(addresses.get(address), MAX_FAILURES_PER_ADDRESS),
      ),
    failed(account, address) {
      count(accounts, account, clock.monotonic());
      count(addresses, address, clock.monotonic());
    },
    succeeded(account, address) {
      accounts.delete(account);
      const entry = addresses.get(address);
      if (entry !== undefined) entry.failures -= 1;
    },
  };
}

function count(entries: Map<string, Entry>, key: string, now: number): void {
  const known = entries.get(key);
  const failures = known !== undefined && known.until > now ? known.failures + 1 : 1;
  entries.delete(key);
  if (entries.size >= MAX_ENTRIES) makeRoom(entries, now);
  entries.set(key, { failures, until: now + LOCK_MS });
}

/** Names made up to push a locked account out must not succeed: single failures go first. */
function makeRoom(entries: Map<string, Entry>, now: number): void {
  for (const [key, entry] of entries) if (entry.until <= now) entries.delete(key);
  if (entries.size < MAX_ENTRIES) return;
  let weakest: [string, Entry] | undefined;
  for (const pair of entries) {
    if (weakest === undefined || pair[1].failures < weakest[1].failures) weakest = pair;
    if (weakest[1].failures === 1) break;
  }
  if (weakest !== undefined) entries.delete(weakest[0]);
}
