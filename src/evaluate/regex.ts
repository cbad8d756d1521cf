// Regular expressions of users, ended after a time: JavaScript's engine backtracks, and a pattern may be hostile.
import { createContext, Script } from 'node:vm';
import { messageOf } from '../lib/index.ts';
import { LanguageError } from './language-error.ts';
import { languageLimits } from './language-limits.ts';

// Only texts and numbers go in and out, so that the context shares no object with this one.
const context = createContext(Object.create(null), { codeGeneration: { strings: false, wasm: false } });
const programs = {
  test: new Script('String(new RegExp(pattern, flags).test(text))'),
  find: new Script('JSON.stringify(text.match(new RegExp(pattern, flags + "g"))?.slice(0, 10000) ?? [])'),
  split: new Script('JSON.stringify(text.split(new RegExp(pattern, flags), 10000))'),
  replace: new Script('text.replace(new RegExp(pattern, flags + "g"), replacement)'),
} as const;

/** Whether the pattern occurs in the text. Go's `(?i)`, `(?s)` and `(?m)` at the beginning are understood. */
export function regexTest(pattern: string, text: string): boolean {
  return run('test', pattern, text) === 'true';
}

export function regexFindAll(pattern: string, text: string): string[] {
  return JSON.parse(run('find', pattern, text)) as string[];
}

export function regexSplit(pattern: string, text: string): string[] {
  return JSON.parse(run('split', pattern, text)) as string[];
}

/** @param replacement with Go's `${1}` or `$1` for groups */
export function regexReplace(pattern: string, text: string, replacement: string): string {
  return run('replace', pattern, text, replacement.replace(/\$\{(\w+)\}/g, '$$$1'));
}

/** Go lets any punctuation be escaped, as in `feature\-.*`; JavaScript only that which means something. */
function escaped(pair: string, character: string): string {
  return /[ !"#%&',\-:;<=>@_`~]/.test(character) ? `\\x${character.charCodeAt(0).toString(16)}` : pair;
}

function run(program: keyof typeof programs, goPattern: string, text: string, replacement = ''): string {
  const [, leading = '', rest = ''] = /^(?:\(\?([ims]+)\))?([\s\S]*)$/.exec(goPattern) ?? [];
  const pattern = rest.replace(/\(\?P</g, '(?<').replace(/\\([\s\S])/g, escaped);
  Object.assign(context, { pattern, flags: `u${leading}`, text, replacement });
  try {
    const answer: unknown = programs[program].runInContext(context, { timeout: languageLimits.regexMs });
    return String(answer);
  } catch (error) {
    // An error of the other context is no instance of this one's Error.
    const code = (error as { code?: unknown }).code;
    if (code === 'ERR_SCRIPT_EXECUTION_TIMEOUT') {
      throw new LanguageError(
        'LIMIT',
        `the regular expression took longer than ${languageLimits.regexMs} ms: ${goPattern.slice(0, 100)}`,
      );
    }
    const why = messageOf((error as { message?: unknown }).message ?? error);
    throw new LanguageError('EVALUATION', `not a regular expression: ${why.slice(0, 200)}`);
  } finally {
    Object.assign(context, { pattern: '', text: '', replacement: '' });
  }
}
