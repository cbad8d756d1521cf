// How a program in one of the small languages (expr, Go templates) can fail.
import { CodedError } from '../lib/index.ts';

/**
 * - `SYNTAX`: the text is no program of the language.
 * - `EVALUATION`: it met a value it cannot work with, or called what does not exist.
 * - `LIMIT`: it went past a bound of steps, depth, output or time.
 */
export type LanguageErrorCode = 'SYNTAX' | 'EVALUATION' | 'LIMIT';

/** The author of the program can mend it; repeating it changes nothing. */
export class LanguageError extends CodedError<LanguageErrorCode> {
  constructor(code: LanguageErrorCode, message: string, options?: { cause?: unknown }) {
    super(code, 'on-change', message, options);
  }
}
