// Splits the text of an expr expression into tokens. Positions are kept for messages.
import { LanguageError } from './language-error.ts';
import { languageLimits } from './language-limits.ts';

export interface Token {
  readonly kind: 'number' | 'string' | 'name' | 'operator' | 'end';
  readonly text: string;
  readonly value?: number | string;
  readonly at: number;
}

const OPERATORS = /^(?:\?\.|\?\?|\*\*|\.\.|&&|\|\||==|!=|<=|>=|[-+*/%^<>!?:;,.|()[\]{}#=])/;

export function tokenize(source: string): Token[] {
  if (source.length > languageLimits.sourceChars) {
    throw new LanguageError(
      'LIMIT',
      `the expression is longer than ${languageLimits.sourceChars} characters`,
    );
  }
  const tokens: Token[] = [];
  let at = 0;
  while (at < source.length) {
    const rest = source.slice(at, at + 4096);
    const blank = /^(?:\s+|\/\/[^\n]*|\/\*[\s\S]*?\*\/)/.exec(rest)?.[0];
    if (blank !== undefined) {
      at += blank.length;
      continue;
    }
    const token = readToken(source, rest, at);
    tokens.push(token);
    at += token.text.length;
  }
  tokens.push({ kind: 'end', text: '', at: source.length });
  return tokens;
}

function readToken(source: string, rest: string, at: number): Token {
  const number = /^(?:0x[\da-f_]+|0b[01_]+|0o[0-7_]+|\d[\d_]*(?:\.\d[\d_]*)?(?:e[+-]?\d+)?|\.\d+)/i.exec(
    rest,
  )?.[0];
  if (number !== undefined) {
    // `1..3` is a range, not the number `1.`.
    return { kind: 'number', text: number, value: Number(number.replaceAll('_', '')), at };
  }
  const quote = rest[0];
  if (quote === '"' || quote === "'" || quote === '`') return readString(source, quote, at);
  const name = /^[\p{L}_$][\p{L}\p{N}_$]*/u.exec(rest)?.[0];
  if (name !== undefined) return { kind: 'name', text: name, at };
  const operator = OPERATORS.exec(rest)?.[0];
  if (operator !== undefined) return { kind: 'operator', text: operator, at };
  throw new LanguageError('SYNTAX', `unexpected ${JSON.stringify(rest[0])} at position ${at + 1}`);
}

function readString(source: string, quote: string, at: number): Token {
  let end = at + 1;
  while (end < source.length && source[end] !== quote) end += source[end] === '\\' && quote !== '`' ? 2 : 1;
  if (end >= source.length)
    throw new LanguageError('SYNTAX', `the text that begins at position ${at + 1} does not end`);
  const text = source.slice(at, end + 1);
  const inner = text.slice(1, -1);
  return { kind: 'string', text, value: quote === '`' ? inner : unescaped(inner), at };
}

const ESCAPES: Readonly<Record<string, string>> = {
  n: '\n',
  t: '\t',
  r: '\r',
  a: '\x07',
  b: '\b',
  f: '\f',
  v: '\v',
  0: '\0',
};

/** Escapes of Go's string literals. */
export function unescaped(text: string): string {
  return text.replace(
    /\\(?:x([\da-f]{2})|u([\da-f]{4})|U([\da-f]{8})|([\s\S]))/gi,
    (_, x?: string, u?: string, long?: string, char = '') => {
      const hex = x ?? u ?? long;
      if (hex === undefined) return ESCAPES[char] ?? char;
      const point = Number.parseInt(hex, 16);
      return point > 0x10ffff ? '\ufffd' : String.fromCodePoint(point);
    },
  );
}
