// Label selectors: the text form of queries and the object form of specs. Pure.
import { isRecord } from '../../lib/index.ts';
import { badRequest } from '../failures.ts';

export type Labels = Readonly<Record<string, string>>;
export type LabelMatcher = (labels: Labels) => boolean;

/** An operator, a bracket, a comma, or a run of anything else. */
const TOKEN = /==|!=|[=<>(),!]|[^\s=<>(),!]+/g;
const OPERATORS: ReadonlySet<string> = new Set(['=', '==', '!=', '>', '<', 'in', 'notin']);
const PUNCTUATION = /^(?:==|!=|[=<>(),!])$/;

/** @returns undefined when the selector selects everything. @throws ApiError 400 for text that is no selector. */
export function parseLabelSelector(text: string | null): LabelMatcher | undefined {
  if (text === null || text.trim() === '') return undefined;
  const reader = new Reader(text.match(TOKEN) ?? []);
  const matchers: LabelMatcher[] = [];
  for (;;) {
    matchers.push(readRequirement(reader));
    const separator = reader.next();
    if (separator === '') break;
    if (separator !== ',') throw wrong(`found '${separator}', expected: ',' or 'end of string'`);
    if (reader.peek() === '') throw wrong(`found '', expected: identifier after ','`);
  }
  return (labels) => matchers.every((matches) => matches(labels));
}

class Reader {
  readonly #tokens: readonly string[];
  #at = 0;

  constructor(tokens: readonly string[]) {
    this.#tokens = tokens;
  }

  /** The next token without taking it; '' at the end. */
  peek(): string {
    return this.#tokens[this.#at] ?? '';
  }

  next(): string {
    const token = this.peek();
    this.#at += 1;
    return token;
  }
}

function readRequirement(reader: Reader): LabelMatcher {
  const first = reader.next();
  if (first === '!') {
    const key = readKey(reader.next());
    return (labels) => labels[key] === undefined;
  }
  const key = readKey(first);
  const operator = reader.peek();
  if (operator === '' || operator === ',') return (labels) => labels[key] !== undefined;
  if (!OPERATORS.has(operator)) {
    throw wrong(`unable to parse requirement: found '${operator}', expected: in, notin, =, ==, !=, gt, lt`);
  }
  reader.next();
  if (operator === 'in' || operator === 'notin')
    return setRequirement(key, operator === 'in', readSet(reader));
  return comparison(key, operator, readValue(reader));
}

function readKey(token: string): string {
  if (token === '' || PUNCTUATION.test(token)) {
    throw wrong(`found '${token}', expected: !, identifier, or 'end of string'`);
  }
  return token;
}

/** A value may be empty: `a=` and `a=,b`. */
function readValue(reader: Reader): string {
  const token = reader.peek();
  if (token === '' || token === ',') return '';
  if (PUNCTUATION.test(token))
    throw wrong(`unable to parse requirement: found '${token}', expected: identifier`);
  return reader.next();
}

function readSet(reader: Reader): Set<string> {
  const open = reader.next();
  if (open !== '(') throw wrong(`unable to parse requirement: found '${open}' expected: '('`);
  const values = new Set<string>();
  for (;;) {
    const token = reader.next();
    if (token === ')') return values.size === 0 ? new Set(['']) : values;
    if (token === ',' || PUNCTUATION.test(token)) {
      throw wrong(`unable to parse requirement: found '${token}', expected: ',', ')' or identifier`);
    }
    if (token === '') throw wrong("unable to parse requirement: found '', expected: ',' or ')'");
    values.add(token);
    const after = reader.next();
    if (after === ')') return values;
    if (after !== ',') throw wrong(`unable to parse requirement: found '${after}', expected: ',' or ')'`);
  }
}

function setRequirement(key: string, include: boolean, values: ReadonlySet<string>): LabelMatcher {
  return (labels) => {
    const found = labels[key];
    return (found !== undefined && values.has(found)) === include;
  };
}

function comparison(key: string, operator: string, value: string): LabelMatcher {
  if (operator === '!=') return (labels) => labels[key] !== value;
  if (operator === '=' || operator === '==') return (labels) => labels[key] === value;
  if (!/^-?\d+$/.test(value)) {
    throw wrong(
      `unable to parse requirement: values[0]: Invalid value: ${JSON.stringify(value)}: for 'Gt', 'Lt' operators, the value must be an integer`,
    );
  }
  const bound = Number(value);
  return (labels) => {
    const found = labels[key];
    if (found === undefined || !/^-?\d+$/.test(found)) return false;
    return operator === '>' ? Number(found) > bound : Number(found) < bound;
  };
}

function wrong(message: string): Error {
  return badRequest(message);
}

/** The matcher of a meta/v1 LabelSelector; an empty one matches everything, an absent one nothing. */
export function labelSelectorMatcher(selector: unknown): LabelMatcher {
  if (!isRecord(selector)) return () => false;
  const matchLabels = isRecord(selector['matchLabels']) ? Object.entries(selector['matchLabels']) : [];
  const expressions = Array.isArray(selector['matchExpressions'])
    ? selector['matchExpressions'].filter(isRecord).map(expressionMatcher)
    : [];
  return (labels) =>
    matchLabels.every(([key, value]) => labels[key] === value) &&
    expressions.every((matches) => matches(labels));
}

function expressionMatcher(expression: Record<string, unknown>): LabelMatcher {
  const key = String(expression['key']);
  const values = new Set(Array.isArray(expression['values']) ? expression['values'].map(String) : []);
  switch (expression['operator']) {
    case 'In':
      return (labels) => values.has(labels[key] ?? '\0');
    case 'NotIn':
      return (labels) => !values.has(labels[key] ?? '\0');
    case 'Exists':
      return (labels) => labels[key] !== undefined;
    case 'DoesNotExist':
      return (labels) => labels[key] === undefined;
    default:
      return () => false;
  }
}
