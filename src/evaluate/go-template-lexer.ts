// Splits a Go template into text and actions, and actions into tokens. Trim markers and comments end here.
import { unescaped } from './expr-lexer.ts';
import { LanguageError } from './language-error.ts';
import { languageLimits } from './language-limits.ts';

export type Piece =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'action'; readonly tokens: readonly ActionToken[]; readonly line: number };

export interface ActionToken {
  readonly kind: 'string' | 'number' | 'name' | 'variable' | 'field' | 'operator';
  /** Without the leading `.` of a field. */
  readonly text: string;
  readonly value?: string | number;
  /** A blank stands before it: `$x .y` is two operands, `$x.y` is one. */
  readonly spaced: boolean;
}

export function lexTemplate(source: string): Piece[] {
  if (source.length > languageLimits.sourceChars) {
    throw new LanguageError('LIMIT', `the template is longer than ${languageLimits.sourceChars} characters`);
  }
  const pieces: Piece[] = [];
  let at = 0;
  let line = 1;
  let trimsNext = false;
  for (;;) {
    const open = source.indexOf('{{', at);
    let text = source.slice(at, open < 0 ? source.length : open);
    line += newlines(text);
    if (trimsNext) text = text.trimStart();
    if (open < 0) {
      if (text !== '') pieces.push({ kind: 'text', text });
      return pieces;
    }
    const trimsBefore = /^-\s/.test(source.slice(open + 2, open + 4));
    if (trimsBefore) text = text.trimEnd();
    if (text !== '') pieces.push({ kind: 'text', text });
    const from = open + (trimsBefore ? 3 : 2);
    const action = readAction(source, from, line);
    if (action.tokens.length > 0) pieces.push({ kind: 'action', tokens: action.tokens, line });
    else if (!action.isComment) throw syntax(line, 'an action is empty');
    line += newlines(source.slice(open, action.end));
    at = action.end;
    trimsNext = action.trimsAfter;
  }
}

interface Action {
  readonly tokens: readonly ActionToken[];
  readonly isComment: boolean;
  readonly trimsAfter: boolean;
  /** Behind the closing braces. */
  readonly end: number;
}

function readAction(source: string, from: number, line: number): Action {
  const comment = /^\s*\/\*[\s\S]*?\*\/(\s-)?\}\}/.exec(source.slice(from));
  if (comment !== null) {
    return {
      tokens: [],
      isComment: true,
      trimsAfter: comment[1] !== undefined,
      end: from + comment[0].length,
    };
  }
  const tokens: ActionToken[] = [];
  let at = from;
  for (;;) {
    const blank = /^\s*/.exec(source.slice(at, at + 4096))?.[0] ?? '';
    at += blank.length;
    const spaced = blank !== '';
    if (source.startsWith('}}', at)) return { tokens, isComment: false, trimsAfter: false, end: at + 2 };
    if (spaced && source.startsWith('-}}', at))
      return { tokens, isComment: false, trimsAfter: true, end: at + 3 };
    const { token, length } = readToken(source, at, spaced, line);
    tokens.push(token);
    at += length;
  }
}

function readToken(
  source: string,
  at: number,
  spaced: boolean,
  line: number,
): { token: ActionToken; length: number } {
  const rest = source.slice(at, at + 4096);
  if (rest === '') throw syntax(line, 'an action does not end with }}');
  const quote = rest[0] ?? '';
  if (quote === '"' || quote === '`' || quote === "'") {
    const text = quoted(source, at, quote, line);
    const inner = quote === '`' ? text.slice(1, -1) : unescaped(text.slice(1, -1));
    const token: ActionToken =
      quote === "'"
        ? { kind: 'number', text, value: inner.codePointAt(0) ?? 0, spaced }
        : { kind: 'string', text, value: inner, spaced };
    return { token, length: text.length };
  }
  const number = /^[+-]?(?:0x[\da-f_]+|\d[\d_]*(?:\.\d+)?(?:e[+-]?\d+)?|\.\d+)(?![\p{L}\d_])/iu.exec(
    rest,
  )?.[0];
  if (number !== undefined) {
    const value = Number(number.replaceAll('_', ''));
    return { token: { kind: 'number', text: number, value, spaced }, length: number.length };
  }
  for (const [kind, pattern, cut] of PATTERNS) {
    const text = pattern.exec(rest)?.[0];
    if (text !== undefined) return { token: { kind, text: text.slice(cut), spaced }, length: text.length };
  }
  throw syntax(line, `unexpected ${JSON.stringify(rest[0])} in an action`);
}

const PATTERNS = [
  ['variable', /^\$[\p{L}\d_]*/u, 0],
  ['field', /^\.[\p{L}_][\p{L}\d_]*/u, 1],
  ['name', /^[\p{L}_][\p{L}\d_]*/u, 0],
  ['operator', /^(?::=|[=|(),.])/, 0],
] as const;

function quoted(source: string, at: number, quote: string, line: number): string {
  let end = at + 1;
  while (end < source.length && source[end] !== quote) {
    if (source[end] === '\n' && quote !== '`') break;
    end += source[end] === '\\' && quote !== '`' ? 2 : 1;
  }
  if (source[end] !== quote) throw syntax(line, 'a quoted text does not end');
  return source.slice(at, end + 1);
}

function newlines(text: string): number {
  return text.split('\n').length - 1;
}

export function syntax(line: number, message: string): LanguageError {
  return new LanguageError('SYNTAX', `line ${line}: ${message}`);
}
