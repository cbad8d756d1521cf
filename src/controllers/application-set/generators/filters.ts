// Patterns of filters: Go's regular expressions, searched for anywhere in the text, each bounded in time.
import { LanguageError, regexTest } from '../../../evaluate/index.ts';
import { messageOf } from '../../../lib/index.ts';
import { ApplicationSetError } from '../errors.ts';

/** Whether a text matches; true for every text when there is no pattern. */
export type Matches = (text: string) => boolean;

/**
 * @param member the member of the filter, for messages
 * Throws ApplicationSetError SET_INVALID for what is no pattern, before anybody is asked anything.
 */
export function matcher(member: string, pattern: string | undefined): Matches {
  if (pattern === undefined) return () => true;
  const matches: Matches = (text) => {
    try {
      return regexTest(pattern, text);
    } catch (error) {
      const isSlow = error instanceof LanguageError && error.code === 'LIMIT';
      throw new ApplicationSetError(
        isSlow ? 'SET_LIMIT' : 'SET_INVALID',
        isSlow ? 'backoff' : 'on-change',
        `Cannot filter by ${member} ${JSON.stringify(pattern.slice(0, 100))}: ${messageOf(error)}; correct or simplify the pattern`,
        { cause: error },
      );
    }
  };
  matches('');
  return matches;
}
