// A program that ran past its time again and again is left alone for a while: each try costs everybody a second.
import type { Lru } from '../lib/index.ts';
import { EvaluateError, type EvaluateErrorCode } from './errors.ts';

export interface Probation {
  /** Failures in a row. */
  readonly failures: number;
  /** Monotonic milliseconds; before it the program is not tried. */
  readonly until: number;
  readonly error: EvaluateError;
}

/** One slow run may be the machine's fault, three are the program's. */
const TRIES = 3;
const FIRST_PAUSE_MS = 30_000;
const MAX_PAUSE_MS = 600_000;
const COSTLY: ReadonlySet<EvaluateErrorCode> = new Set(['TIMED_OUT', 'OUT_OF_MEMORY', 'CRASHED']);

export function isTried({ until }: Probation, now: number): boolean {
  return now >= until;
}

export function probationFailure({ name }: { readonly name: string }, { error }: Probation): EvaluateError {
  const why = error.message.replace(`The ${name} failed: `, '');
  return new EvaluateError(error.code, `The ${name} failed: ${why}, again and again; it rests for a while`);
}

export function noteFailure(
  probations: Lru<Probation>,
  digest: string,
  error: EvaluateError,
  now: number,
): void {
  if (!COSTLY.has(error.code)) return;
  const failures = (probations.get(digest)?.failures ?? 0) + 1;
  const pauseMs = failures < TRIES ? 0 : Math.min(FIRST_PAUSE_MS * 2 ** (failures - TRIES), MAX_PAUSE_MS);
  probations.set(digest, { failures, until: now + pauseMs, error });
}
