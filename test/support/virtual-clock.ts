// A clock that stands still until told to move. Timers run in order of their time, then of their setting.
import type { Clock, Timer } from '../../src/lib/index.ts';

interface Waiting {
  readonly atMs: number;
  readonly order: number;
  readonly run: () => void;
}

export class VirtualClock implements Clock {
  private currentMs: number;
  private order = 0;
  private readonly waiting = new Set<Waiting>();

  constructor(startMs = Date.UTC(2026, 0, 1)) {
    this.currentMs = startMs;
  }

  now(): number {
    return this.currentMs;
  }

  monotonic(): number {
    return this.currentMs;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted === true) return reject(signal.reason);
      const timer = this.after(ms, resolve);
      signal?.addEventListener('abort', () => {
        timer.cancel();
        reject(signal.reason);
      });
    });
  }

  after(ms: number, run: () => void): Timer {
    const entry = { atMs: this.currentMs + Math.max(0, ms), order: this.order++, run };
    this.waiting.add(entry);
    return { cancel: () => this.waiting.delete(entry) };
  }

  /** Timers not yet run. */
  get pending(): number {
    return this.waiting.size;
  }

  /** Moves time on, running every timer that comes due; `steps` bounds timers that set themselves again. */
  advance(ms: number, steps = 1_000_000): void {
    const untilMs = this.currentMs + ms;
    for (let step = 0; step < steps; step += 1) {
      const next = this.nextDue(untilMs);
      if (next === undefined) {
        this.currentMs = untilMs;
        return;
      }
      this.waiting.delete(next);
      this.currentMs = Math.max(this.currentMs, next.atMs);
      next.run();
    }
    throw new Error(`Cannot advance the clock by ${ms} ms: more than ${steps} timers ran`);
  }

  private nextDue(untilMs: number): Waiting | undefined {
    let next: Waiting | undefined;
    for (const entry of this.waiting) {
      if (entry.atMs > untilMs) continue;
      if (
        next === undefined ||
        entry.atMs < next.atMs ||
        (entry.atMs === next.atMs && entry.order < next.order)
      ) {
        next = entry;
      }
    }
    return next;
  }
}
