// The part of jq that points at fields: paths, iteration, select with comparisons. Enough for ignore rules as people
// write them; anything else is refused by name. Evaluates to paths, so that a rule can never change a value.
import { isRecord, jsonEqual } from '../lib/index.ts';

/** Where a value was found, as jq's `path()` gives it. */
export type JsonPath = readonly (string | number)[];

/** What an expression points at; a full jq can stand in for `compileJqPath`. */
export interface PathExpression {
  (object: unknown): JsonPath[];
  /** Has to be awaited for an object before it is asked for its paths; absent where that needs no time. */
  prepare?(object: unknown): Promise<void>;
}

/** The text is not of the supported part of jq. */
export class JqSyntaxError extends Error {}

interface Found {
  /** Absent for computed values. */
  readonly path?: JsonPath;
  readonly value: unknown;
}
type Filter = (input: Found) => Iterable<Found>;

/** More hits than this are a mistake, not a rule. */
const MAX_HITS = 10_000;
const MAX_LENGTH = 4_096;

/** Throws JqSyntaxError. The result tolerates objects that lack what the expression names. */
export function compileJqPath(text: string): PathExpression {
  if (text.length > MAX_LENGTH) throw new JqSyntaxError(`longer than ${MAX_LENGTH} characters`);
  const filter = new Parser(tokens(text)).whole();
  return (object) => {
    const paths: JsonPath[] = [];
    for (const { path } of filter({ path: [], value: object })) {
      if (path !== undefined) paths.push(path);
      if (paths.length >= MAX_HITS) break;
    }
    return paths;
  };
}

const TOKEN =
  /\s*(?:("(?:[^"\\]|\\.)*")|(-?\d+(?:\.\d+)?)|([A-Za-z_][A-Za-z0-9_]*)|(\.\.|\/\/|==|!=|<=|>=|[.[\](){}|,<>?;:]))/y;

function tokens(text: string): string[] {
  const found: string[] = [];
  TOKEN.lastIndex = 0;
  const source = text.trimEnd();
  while (TOKEN.lastIndex < source.length) {
    const at = TOKEN.lastIndex;
    const match = TOKEN.exec(source);
    if (match === null)
      throw new JqSyntaxError(`unexpected ${JSON.stringify(source.slice(at, at + 12).trim())}`);
    found.push(match[0].trim());
  }
  return found;
}

class Parser {
  readonly #tokens: readonly string[];
  #at = 0;

  constructor(list: readonly string[]) {
    this.#tokens = list;
  }

  whole(): Filter {
    const filter = this.#pipe();
    const rest = this.#tokens[this.#at];
    if (rest !== undefined) throw new JqSyntaxError(`unexpected ${JSON.stringify(rest)}`);
    return filter;
  }

  #pipe(): Filter {
    const left = this.#comma();
    if (!this.#take('|')) return left;
    return compose(left, this.#pipe());
  }

  #comma(): Filter {
    const parts = [this.#or()];
    while (this.#take(',')) parts.push(this.#or());
    const [only] = parts;
    if (parts.length === 1 && only !== undefined) return only;
    return function* (input) {
      for (const part of parts) yield* part(input);
    };
  }

  #or(): Filter {
    const left = this.#and();
    if (!this.#take('or')) return left;
    const right = this.#or();
    return computed((input) => truth(left, input) || truth(right, input));
  }

  #and(): Filter {
    const left = this.#comparison();
    if (!this.#take('and')) return left;
    const right = this.#and();
    return computed((input) => truth(left, input) && truth(right, input));
  }

  #comparison(): Filter {
    const left = this.#postfix();
    const compare = COMPARISONS[this.#tokens[this.#at] ?? ''];
    if (compare === undefined) return left;
    this.#at += 1;
    const right = this.#postfix();
    return computed((input) => compare(first(left, input), first(right, input)));
  }

  #postfix(): Filter {
    let filter = this.#primary();
    for (;;) {
      if (this.#take('?')) continue;
      if (this.#take('[')) filter = compose(filter, this.#bracket());
      else if (this.#tokens[this.#at] === '.') filter = compose(filter, this.#dot());
      else return filter;
    }
  }

  #primary(): Filter {
    const token = this.#tokens[this.#at];
    if (token === undefined) throw new JqSyntaxError('unexpected end');
    if (token === '.') return this.#dot();
    this.#at += 1;
    if (token === '..') return recurse;
    if (token === '(') {
      const inner = this.#pipe();
      this.#expect(')');
      return inner;
    }
    if (token.startsWith('"') || /^-?\d/.test(token)) return computed(() => JSON.parse(token) as unknown);
    if (token in CONSTANTS) return computed(() => CONSTANTS[token]);
    return this.#call(token);
  }

  /** `.`, `.name`, `."name"`, `.[…]`. */
  #dot(): Filter {
    this.#expect('.');
    const token = this.#tokens[this.#at];
    if (token === undefined) return identity;
    if (this.#take('[')) return this.#bracket();
    if (token.startsWith('"')) {
      this.#at += 1;
      return member(String(JSON.parse(token)));
    }
    if (/^[A-Za-z_]/.test(token) && token !== 'and' && token !== 'or') {
      this.#at += 1;
      return member(token);
    }
    return identity;
  }

  /** After `[`: `]`, an index, or a name. */
  #bracket(): Filter {
    if (this.#take(']')) return each;
    const token = this.#tokens[this.#at] ?? '';
    this.#at += 1;
    this.#expect(']');
    if (token.startsWith('"')) return member(String(JSON.parse(token)));
    if (/^-?\d+$/.test(token)) return element(Number(token));
    throw new JqSyntaxError(`unexpected ${JSON.stringify(token)} in brackets`);
  }

  #call(name: string): Filter {
    const parameter = this.#take('(') ? this.#pipe() : undefined;
    if (parameter !== undefined) this.#expect(')');
    const build = FUNCTIONS[name];
    if (build === undefined) throw new JqSyntaxError(`unknown word ${JSON.stringify(name)}`);
    return build(parameter ?? identity);
  }

  #take(token: string): boolean {
    if (this.#tokens[this.#at] !== token) return false;
    this.#at += 1;
    return true;
  }

  #expect(token: string): void {
    if (!this.#take(token)) {
      throw new JqSyntaxError(
        `expected ${JSON.stringify(token)}, found ${JSON.stringify(this.#tokens[this.#at] ?? 'the end')}`,
      );
    }
  }
}

const CONSTANTS: Readonly<Record<string, unknown>> = { true: true, false: false, null: null };

const COMPARISONS: Readonly<Record<string, (a: unknown, b: unknown) => boolean>> = {
  '==': (a, b) => jsonEqual(a ?? null, b ?? null),
  '!=': (a, b) => !jsonEqual(a ?? null, b ?? null),
  '<': (a, b) => order(a, b) < 0,
  '<=': (a, b) => order(a, b) <= 0,
  '>': (a, b) => order(a, b) > 0,
  '>=': (a, b) => order(a, b) >= 0,
};

const FUNCTIONS: Readonly<Record<string, (parameter: Filter) => Filter>> = {
  select: (condition) =>
    function* (input) {
      if (truth(condition, input)) yield input;
    },
  not: () => computed((input) => !isTrue(input.value)),
  has: (name) =>
    computed((input) => isRecord(input.value) && input.value[String(first(name, input))] !== undefined),
  test: (pattern) => computed((input) => matches(input.value, first(pattern, input))),
  startswith: (prefix) => computed((input) => text(input.value).startsWith(text(first(prefix, input)))),
  endswith: (suffix) => computed((input) => text(input.value).endsWith(text(first(suffix, input)))),
  contains: (part) => computed((input) => containsPart(input.value, first(part, input))),
  any: (condition) => computed((input) => [...each(input)].some((item) => truth(condition, item))),
  all: (condition) => computed((input) => [...each(input)].every((item) => truth(condition, item))),
  length: () => computed((input) => lengthOf(input.value)),
  type: () => computed((input) => typeName(input.value)),
  tostring: () =>
    computed((input) => (typeof input.value === 'string' ? input.value : JSON.stringify(input.value))),
  recurse: () => recurse,
  empty: () => () => [],
};

function identity(input: Found): Iterable<Found> {
  return [input];
}

function compose(left: Filter, right: Filter): Filter {
  return function* (input) {
    for (const found of left(input)) yield* right(found);
  };
}

function computed(value: (input: Found) => unknown): Filter {
  return (input) => [{ value: value(input) }];
}

function member(name: string): Filter {
  return (input) => (isRecord(input.value) ? [below(input, name, input.value[name])] : []);
}

function element(index: number): Filter {
  return ({ value, path }) => {
    if (!Array.isArray(value)) return [];
    const at = index < 0 ? value.length + index : index;
    return at >= 0 && at < value.length
      ? [below({ value, ...(path === undefined ? {} : { path }) }, at, value[at])]
      : [];
  };
}

function* each(input: Found): Iterable<Found> {
  const { value } = input;
  if (Array.isArray(value)) for (const [index, item] of value.entries()) yield below(input, index, item);
  else if (isRecord(value)) for (const name of Object.keys(value)) yield below(input, name, value[name]);
}

function* recurse(input: Found): Iterable<Found> {
  yield input;
  for (const found of each(input)) yield* recurse(found);
}

function below(input: Found, step: string | number, value: unknown): Found {
  return input.path === undefined ? { value } : { path: [...input.path, step], value };
}

function first(filter: Filter, input: Found): unknown {
  for (const { value } of filter(input)) return value;
  return null;
}

function truth(filter: Filter, input: Found): boolean {
  for (const { value } of filter(input)) if (isTrue(value)) return true;
  return false;
}

function isTrue(value: unknown): boolean {
  return value !== undefined && value !== null && value !== false;
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** Long texts are not searched: an ignore rule must not be able to stop the process with a slow pattern. */
function matches(value: unknown, pattern: unknown): boolean {
  if (typeof value !== 'string' || typeof pattern !== 'string' || value.length > 4_096) return false;
  try {
    return new RegExp(pattern, 'u').test(value);
  } catch {
    return false;
  }
}

function containsPart(value: unknown, part: unknown): boolean {
  if (typeof value === 'string') return typeof part === 'string' && value.includes(part);
  if (Array.isArray(value)) {
    return Array.isArray(part) && part.every((wanted) => value.some((item) => containsPart(item, wanted)));
  }
  if (isRecord(value)) {
    return isRecord(part) && Object.keys(part).every((name) => containsPart(value[name], part[name]));
  }
  return jsonEqual(value, part);
}

function lengthOf(value: unknown): number {
  if (typeof value === 'string' || Array.isArray(value)) return value.length;
  return isRecord(value) ? Object.keys(value).length : 0;
}

function typeName(value: unknown): string {
  if (value === null || value === undefined) return 'null';
  return Array.isArray(value) ? 'array' : typeof value;
}

function order(a: unknown, b: unknown): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  const [left, right] = [String(a ?? ''), String(b ?? '')];
  return left < right ? -1 : Number(left > right);
}
