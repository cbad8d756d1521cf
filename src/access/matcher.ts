// Patterns of policies: Argo CD’s globs, in which `/` separates nothing, and regular expressions. Compiled
// once and free of backtracking for globs, because a list asks them for every application.

export type Matcher = (value: string) => boolean;
export type MatchMode = 'glob' | 'regex';

/** Longer patterns are no policy of a person. */
const MAX_PATTERN_CHARS = 1_024;
/** Longer values name no object; they match only `*`. */
const MAX_VALUE_CHARS = 4_096;
/** Alternatives that `{a,b}` may multiply to. */
const MAX_ALTERNATIVES = 256;

/**
 * The test of one pattern.
 * @throws SyntaxError for a pattern that is none: the caller refuses the policy, nothing is guessed
 */
export function matcherOf(pattern: string, mode: MatchMode): Matcher {
  if (pattern.length > MAX_PATTERN_CHARS) throw new SyntaxError('the pattern is too long');
  if (mode === 'regex') {
    const expression = new RegExp(pattern, 'u');
    return (value) => value.length <= MAX_VALUE_CHARS && expression.test(value);
  }
  const tests = alternatives(pattern).map(globOf);
  const [only] = tests;
  if (tests.length === 1 && only !== undefined) return only;
  return (value) => tests.some((test) => test(value));
}

/** `a{b,c}` → `ab`, `ac`; nested groups, too. */
function alternatives(pattern: string): string[] {
  const open = indexOfUnescaped(pattern, '{');
  if (open < 0) {
    if (indexOfUnescaped(pattern, '}') >= 0) throw new SyntaxError('a } without its {');
    return [pattern];
  }
  const parts: string[] = [];
  let depth = 0;
  let from = open + 1;
  for (let i = open; i < pattern.length; i += 1) {
    const char = pattern[i];
    if (char === '\\') i += 1;
    else if (char === '{') depth += 1;
    else if (char === ',' && depth === 1) {
      parts.push(pattern.slice(from, i));
      from = i + 1;
    } else if (char === '}') {
      depth -= 1;
      if (depth > 0) continue;
      parts.push(pattern.slice(from, i));
      const result = parts.flatMap((part) =>
        alternatives(`${pattern.slice(0, open)}${part}${pattern.slice(i + 1)}`),
      );
      if (result.length > MAX_ALTERNATIVES) throw new SyntaxError('too many alternatives in { }');
      return result;
    }
  }
  throw new SyntaxError('a { without its }');
}

function indexOfUnescaped(text: string, wanted: string): number {
  for (let i = 0; i < text.length; i += 1) {
    if (text[i] === '\\') i += 1;
    else if (text[i] === wanted) return i;
  }
  return -1;
}

type Step = { readonly kind: 'any' } | { readonly kind: 'one'; readonly test: (char: string) => boolean };

function globOf(pattern: string): Matcher {
  if (/^\*+$/.test(pattern)) return () => true;
  if (!/[*?[\\]/.test(pattern)) return (value) => value === pattern;
  const prefix = /^([^*?[\\]*)\*+$/.exec(pattern)?.[1];
  if (prefix !== undefined) return (value) => value.startsWith(prefix);
  const steps = stepsOf(pattern);
  return (value) => value.length <= MAX_VALUE_CHARS && walk(steps, value);
}

function stepsOf(pattern: string): Step[] {
  const steps: Step[] = [];
  const chars = [...pattern];
  for (let i = 0; i < chars.length; i += 1) {
    const char = chars[i] ?? '';
    if (char === '*') {
      if (steps.at(-1)?.kind !== 'any') steps.push({ kind: 'any' });
    } else if (char === '?') steps.push({ kind: 'one', test: () => true });
    else if (char === '[') {
      const end = chars.indexOf(']', i + 2);
      if (end < 0) throw new SyntaxError('a [ without its ]');
      steps.push({ kind: 'one', test: classOf(chars.slice(i + 1, end)) });
      i = end;
    } else {
      if (char === '\\') i += 1;
      const literal = char === '\\' ? chars[i] : char;
      if (literal === undefined) throw new SyntaxError('a \\ at the end');
      steps.push({ kind: 'one', test: (seen) => seen === literal });
    }
  }
  return steps;
}

function classOf(body: readonly string[]): (char: string) => boolean {
  const isNegated = body[0] === '!' || body[0] === '^';
  const members = isNegated ? body.slice(1) : body;
  const ranges: [string, string][] = [];
  for (let i = 0; i < members.length; i += 1) {
    const from = members[i] ?? '';
    const isRange = members[i + 1] === '-' && i + 2 < members.length;
    ranges.push([from, isRange ? (members[i + 2] ?? from) : from]);
    if (isRange) i += 2;
  }
  return (char) => ranges.some(([from, to]) => char >= from && char <= to) !== isNegated;
}

/** Remembers only the last `*`, so the work is at most pattern × value. */
function walk(steps: readonly Step[], value: string): boolean {
  const chars = [...value];
  let step = 0;
  let at = 0;
  let star = -1;
  let resume = 0;
  while (at < chars.length) {
    const current = steps[step];
    if (current?.kind === 'one' && current.test(chars[at] ?? '')) {
      step += 1;
      at += 1;
    } else if (current?.kind === 'any') {
      star = step;
      resume = at;
      step += 1;
    } else if (star >= 0) {
      step = star + 1;
      resume += 1;
      at = resume;
    } else return false;
  }
  return steps.slice(step).every(({ kind }) => kind === 'any');
}
