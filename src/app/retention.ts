// How long the journal keeps records: parses the flag, and prunes once an hour while this process leads.
import type { Leadership } from '../controllers/index.ts';
import type { Journal } from '../journal/index.ts';
import { type Clock, type Logger, messageOf, parseDurationMs, type Timer } from '../lib/index.ts';
import { AppError } from './errors.ts';

const EVERY_MS = 3_600_000;
const DAY_MS = 86_400_000;
/** Shorter ones would take away what a running sync needs to be found again. */
const SHORTEST_MS = 3_600_000;

/** `365d`, `720h`. Throws AppError `BAD_OPTION`. */
export function retentionMs(text: string): number {
  const days = /^(\d+)d$/.exec(text)?.[1];
  const ms = days === undefined ? parseDurationMs(text) : Number(days) * DAY_MS;
  if (ms !== undefined && ms >= SHORTEST_MS) return ms;
  throw new AppError(
    'BAD_OPTION',
    'on-change',
    `Cannot keep the journal for "${text.slice(0, 40)}"; write a duration of at least one hour, e.g. --audit-retention 365d`,
  );
}

/** @returns what ends it */
export function keepJournalShort(
  deps: {
    readonly clock: Clock;
    readonly log: Logger;
    readonly journal: Journal;
    readonly leadership: Leadership;
  },
  keepMs: number,
): () => void {
  const { clock, journal, leadership, log } = deps;
  let timer: Timer | undefined;
  const again = (): void => {
    timer = clock.after(EVERY_MS, run);
  };
  const run = (): void => {
    const pruning = leadership.isLeader() ? journal.prune(clock.now() - keepMs) : Promise.resolve(undefined);
    pruning
      .then((pruned) => {
        if (pruned !== undefined && pruned.records > 0)
          log.info('old journal records were deleted', { ...pruned });
      })
      .catch((error: unknown) => log.warn('the journal could not be pruned', { reason: messageOf(error) }))
      .finally(again);
  };
  run();
  return () => timer?.cancel();
}
