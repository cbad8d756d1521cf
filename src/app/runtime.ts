// The machine's own clock, randomness, processes and log, for the commands that run on it.
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

/** Resolves when the signal aborts. */
export function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    // A listener keeps no process alive; the servers do.
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
