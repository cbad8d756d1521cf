// Glob patterns without regular expressions, so that no pattern can make matching slow. Pure.
// `*` and `?`, `[a-z]`, `[!a]`, `{a,b}`, `\` escapes; whether `*` crosses `/` is the caller's choice.
import { sourceError } from './errors.ts';

type Token =
  | { readonly kind: 'text'; readonly char: string }
  | { readonly kind: 'one' }
  | { readonly kind: 'many'; readonly crossesSlash: boolean }
  | { readonly kind: 'class'; readonly ranges: readonly [string, string][]; readonly negated: boolean };

export interface GlobOptions {
  /** `path`: `*` stays in one path part and only `**` crosses. `any`: `*` matches everything, as in Argo CD's include/exclude. */
  readonly slashes: 'path' | 'any';
}

export type Glob = (text: string) => boolean;

const MAX_PATTERN = 1024;
const MAX_ALTERNATIVES = 256;

/** Throws RENDER_SOURCE_INVALID for a pattern with unclosed parts or one beyond limits. */
export function compileGlob(pattern: string, options: GlobOptions): Glob {
  if (pattern.length > MAX_PATTERN) throw invalid(pattern, `longer than ${MAX_PATTERN} characters`);
  const alternatives = expandBraces(pattern).map((text) => tokens(text, options));
  return (text) => alternatives.some((list) => matches(list, text));
}

/** True when the text has a character that makes it a pattern. */
export function isGlob(text: string): boolean {
  return /[*?[{]/.test(text);
}

function expandBraces(pattern: string): string[] {
  const open = findUnescaped(pattern, '{', 0);
  if (open < 0) return [pattern];
  const parts: string[] = [];
  let depth = 0;
  let from = open + 1;
  for (let at = open; at < pattern.length; at += 1) {
    const char = pattern[at];
    if (char === '\\') at += 1;
    else if (char === '{') depth += 1;
    else if (char === ',' && depth === 1) {
      parts.push(pattern.slice(from, at));
      from = at + 1;
    } else if (char === '}' && --depth === 0) {
      parts.push(pattern.slice(from, at));
      return product(pattern, open, parts, at);
    }
  }
  throw invalid(pattern, 'a { is not closed');
}

function product(pattern: string, open: number, parts: readonly string[], close: number): string[] {
  const expanded = parts.flatMap((part) =>
    expandBraces(`${part}${pattern.slice(close + 1)}`).map((rest) => pattern.slice(0, open) + rest),
  );
  if (expanded.length > MAX_ALTERNATIVES)
    throw invalid(pattern, `more than ${MAX_ALTERNATIVES} alternatives`);
  return expanded;
}

function tokens(pattern: string, options: GlobOptions): Token[] {
  const list: Token[] = [];
  for (let at = 0; at < pattern.length; at += 1) {
    const char = pattern[at] as string;
    if (char === '\\' && at + 1 < pattern.length) {
      at += 1;
      list.push({ kind: 'text', char: pattern[at] as string });
    } else if (char === '*') {
      const double = pattern[at + 1] === '*';
      if (double) at += 1;
      // `**/` also matches no directory at all.
      if (double && options.slashes === 'path' && pattern[at + 1] === '/') at += 1;
      list.push({ kind: 'many', crossesSlash: double || options.slashes === 'any' });
    } else if (char === '?') {
      list.push({ kind: 'one' });
    } else if (char === '[') {
      const close = pattern.indexOf(']', at + 2);
      if (close < 0) throw invalid(pattern, 'a [ is not closed');
      list.push(classOf(pattern.slice(at + 1, close)));
      at = close;
    } else {
      list.push({ kind: 'text', char });
    }
  }
  return list;
}

function classOf(body: string): Token {
  const negated = body.startsWith('!') || body.startsWith('^');
  const chars = negated ? body.slice(1) : body;
  const ranges: [string, string][] = [];
  for (let at = 0; at < chars.length; at += 1) {
    const low = chars[at] as string;
    const isRange = chars[at + 1] === '-' && at + 2 < chars.length;
    ranges.push([low, isRange ? (chars[at + 2] as string) : low]);
    if (isRange) at += 2;
  }
  return { kind: 'class', ranges, negated };
}

/** All positions the pattern can be in, advanced character by character: time is pattern × text at most. */
function matches(pattern: readonly Token[], text: string): boolean {
  let states = closure(pattern, new Set([0]));
  for (const char of text) {
    const next = new Set<number>();
    for (const state of states) {
      const token = pattern[state];
      if (token === undefined) continue;
      if (token.kind === 'many') {
        if (token.crossesSlash || char !== '/') next.add(state);
      } else if (accepts(token, char)) {
        next.add(state + 1);
      }
    }
    states = closure(pattern, next);
    if (states.size === 0) return false;
  }
  return states.has(pattern.length);
}

function closure(pattern: readonly Token[], states: Set<number>): Set<number> {
  for (const state of states) if (pattern[state]?.kind === 'many') states.add(state + 1);
  return states;
}

function accepts(token: Exclude<Token, { kind: 'many' }>, char: string): boolean {
  if (token.kind === 'text') return token.char === char;
  if (token.kind === 'one') return char !== '/';
  return token.ranges.some(([low, high]) => low <= char && char <= high) !== token.negated;
}

function findUnescaped(text: string, char: string, from: number): number {
  for (let at = from; at < text.length; at += 1) {
    if (text[at] === '\\') at += 1;
    else if (text[at] === char) return at;
  }
  return -1;
}

function invalid(pattern: string, why: string): Error {
  return sourceError(
    'RENDER_SOURCE_INVALID',
    `Glob ${JSON.stringify(pattern.slice(0, 100))} is not valid: ${why}`,
  );
}
