// Label selectors: the text form of queries and the object form of specs. Pure.
import { isRecord } from '../../lib/index.ts';
import { badRequest } from '../failures.ts';

export type Labels = Readonly<Record<string, string>>;
export type LabelMatcher = (labels: Labels) => boolean;

const REQUIREMENT =
  /^\s*(!?)\s*([A-Za-z0-9][-A-Za-z0-9_./]*)\s*(?:(==?|!=|>|<|\bin\b|\bnotin\b)\s*(.*?))?\s*$/;

/** @returns undefined when the selector selects everything. @throws ApiError 400 for text that is no selector. */
export function parseLabelSelector(text: string | null): LabelMatcher | undefined {
  if (text === null || text.trim() === '') return undefined;
  const matchers = splitRequirements(text).map((part) => parseRequirement(part, text));
  return (labels) => matchers.every((matches) => matches(labels));
}

/** Splits at commas outside parentheses. */
function splitRequirements(text: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let start = 0;
  for (let i = 0; i < text.length; i += 1) {
    if (text[i] === '(') depth += 1;
    else if (text[i] === ')') depth -= 1;
    else if (text[i] === ',' && depth === 0) {
      parts.push(text.slice(start, i));
      start = i + 1;
    }
  }
  parts.push(text.slice(start));
  return parts;
}

function parseRequirement(part: string, whole: string): LabelMatcher {
  const match = REQUIREMENT.exec(part);
  if (match === null) throw unparsable(whole);
  const [, not, key = '', operator, value = ''] = match;
  if (not === '!') {
    if (operator !== undefined) throw unparsable(whole);
    return (labels) => labels[key] === undefined;
  }
  switch (operator) {
    case undefined:
      return (labels) => labels[key] !== undefined;
    case '=':
    case '==':
      return (labels) => labels[key] === value;
    case '!=':
      return (labels) => labels[key] !== value;
    case '>':
      return (labels) => labels[key] !== undefined && Number(labels[key]) > Number(value);
    case '<':
      return (labels) => labels[key] !== undefined && Number(labels[key]) < Number(value);
    default:
      return setRequirement(key, operator === 'in', value, whole);
  }
}

function setRequirement(key: string, include: boolean, value: string, whole: string): LabelMatcher {
  if (!value.startsWith('(') || !value.endsWith(')')) throw unparsable(whole);
  const values = new Set(
    value
      .slice(1, -1)
      .split(',')
      .map((item) => item.trim()),
  );
  return (labels) => {
    const found = labels[key];
    return (found !== undefined && values.has(found)) === include;
  };
}

function unparsable(text: string): Error {
  return badRequest(`unable to parse requirement: found '${text}', expected a label selector`);
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
