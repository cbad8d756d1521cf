// Failures of the command line itself: a flag, a file, a missing sign-in.
import { CodedError } from '../lib/index.ts';

export type CliErrorCode = 'USAGE' | 'CONFIG' | 'NOT_SIGNED_IN' | 'TIMED_OUT' | 'FAILED' | 'NO_TERMINAL';

/** Ends the command with the exit code it carries; the message tells the remedy. */
export class CliError extends CodedError<CliErrorCode> {
  readonly exitCode: number;

  constructor(code: CliErrorCode, message: string, exitCode = 20, options?: { cause?: unknown }) {
    super(code, 'on-change', message, options);
    this.exitCode = exitCode;
  }
}
