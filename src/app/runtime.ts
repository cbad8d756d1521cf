// The machine's own clock, randomness, processes and log, for the commands that run on it.
import { setFlagsFromString } from 'node:v8';
import { jsonLogger, systemClock, systemExec, systemRandom } from '../lib/index.ts';
import type { ControlPlaneDeps } from './compose.ts';
import type { Environment } from './config.ts';

export function machineDeps(environment: Environment): ControlPlaneDeps {
  const log = jsonLogger({
    level: environment.logLevel,
    write: (line) => process.stderr.write(line),
    now: () => systemClock.now(),
  });
  return { clock: systemClock, random: systemRandom, exec: systemExec, log, path: environment.path };
}

/** V8 lets the young generation grow to 60 MiB and keeps it; a quarter of that costs a few collections more. */
const YOUNG_GENERATION_MIB = 8;

/** Keeps a long-running process small. Takes effect for growth from now on. */
export function boundYoungGeneration(): void {
  setFlagsFromString(`--max-semi-space-size=${YOUNG_GENERATION_MIB}`);
}

/** Resolves when the signal aborts. */
export function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    // A listener keeps no process alive; the servers do.
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
