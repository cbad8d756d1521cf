// How running a user's program can fail.
import { CodedError } from '../lib/index.ts';

/**
 * - `PROGRAM`: the program itself is wrong: it does not parse, or raised an error.
 * - `TIMED_OUT`, `OUT_OF_MEMORY`, `TOO_LARGE`: it went past a bound of time, memory or result.
 * - `OVERLOADED`: too many programs wait already.
 * - `CRASHED`: the place where programs run ended; nothing else did.
 * - `CLOSED`: the evaluator is closed.
 */
export type EvaluateErrorCode =
  | 'PROGRAM'
  | 'TIMED_OUT'
  | 'OUT_OF_MEMORY'
  | 'TOO_LARGE'
  | 'OVERLOADED'
  | 'CRASHED'
  | 'CLOSED';

export class EvaluateError extends CodedError<EvaluateErrorCode> {
  constructor(code: EvaluateErrorCode, message: string, options?: { cause?: unknown }) {
    const isOurs = code === 'OVERLOADED' || code === 'CRASHED' || code === 'CLOSED' || code === 'TIMED_OUT';
    super(code, isOurs ? 'backoff' : 'on-change', message, options);
  }
}
