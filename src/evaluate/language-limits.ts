// Bounds of the small languages, and the counter that enforces them.
import { LanguageError } from './language-error.ts';

/** Far more than any real program: they come from people who may be careless or hostile. */
export const languageLimits = {
  sourceChars: 256 * 1024,
  /** Nesting of the program text, and of calls between templates. */
  depth: 100,
  steps: 200_000,
  outputChars: 1024 * 1024,
  /** Longest text or list a single function makes. */
  valueLength: 1024 * 1024,
  /** One use of a regular expression. */
  regexMs: 100,
} as const;

/** Counts what one evaluation does; throws `LIMIT` when it is too much. */
export class Budget {
  #steps = 0;

  step(count = 1): void {
    this.#steps += count;
    if (this.#steps > languageLimits.steps) {
      throw new LanguageError('LIMIT', `the program took more than ${languageLimits.steps} steps`);
    }
  }

  /**
   * Values about to be read through as a whole. They share members, so that a few steps can make one that is larger
   * than any memory when it is written out.
   */
  weigh(values: readonly unknown[]): void {
    let left = languageLimits.valueLength;
    const walk = (value: unknown, depth: number): void => {
      left -= typeof value === 'string' ? value.length : 1;
      if (left < 0 || depth > languageLimits.depth) {
        throw new LanguageError('LIMIT', `a value is larger than ${languageLimits.valueLength}`);
      }
      if (typeof value !== 'object' || value === null) return;
      for (const member of Object.values(value)) walk(member, depth + 1);
    };
    for (const value of values) walk(value, 0);
    this.step(1 + Math.floor((languageLimits.valueLength - left) / 1024));
  }

  /** A text or list about to be made. */
  size(length: number): void {
    if (!(length <= languageLimits.valueLength)) {
      throw new LanguageError('LIMIT', `a value would be longer than ${languageLimits.valueLength}`);
    }
    this.step(1 + Math.floor(length / 1024));
  }
}
