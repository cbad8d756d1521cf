// The one error shape of Fairlead: a closed code per folder, a retry class, and whose mistake it was.
// Does not print; the printers are cli/output.ts and server/errors.ts.

/**
 * When the same call may succeed.
 * - `backoff`: by itself, later (network, overload, a peer that restarts).
 * - `on-change`: only after somebody changes the input (spec, repository, credential, permission).
 * - `never`: our own bug; retrying repeats it.
 */
export type Retry = 'backoff' | 'on-change' | 'never';

/**
 * Base of every expected failure. `Code` is the folder's closed union, e.g. `GitErrorCode`.
 * The message says what could not be done, to what, what was seen and the remedy; it never holds a secret
 * and ends without a period.
 */
export class CodedError<Code extends string = string> extends Error {
  readonly code: Code;
  readonly retry: Retry;

  constructor(code: Code, retry: Retry, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = new.target.name;
    this.code = code;
    this.retry = retry;
  }
}

/** A broken assumption inside Fairlead: never the user's mistake, always worth a report. */
export class BugError extends CodedError<'BUG'> {
  constructor(message: string, options?: { cause?: unknown }) {
    super('BUG', 'never', message, options);
  }
}

/** Ends the current unit of work loudly when `condition` does not hold. */
export function assertThat(condition: unknown, message: string): asserts condition {
  if (!condition) throw new BugError(message);
}

/** One line for logs and conditions: the message of an Error, else the value as text. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The retry class of any thrown value; unknown errors are ours and count as `never`. */
export function retryOf(error: unknown): Retry {
  if (error instanceof CodedError) return error.retry;
  return isAbort(error) ? 'backoff' : 'never';
}

/** True for the error that an aborted signal throws. */
export function isAbort(error: unknown): boolean {
  return error instanceof Error && (error.name === 'AbortError' || error.name === 'TimeoutError');
}
