// Kubernetes label selectors as text (`a=b,c!=d,e in (f,g),!h`), parsed once and matched often.
import { ApiError } from './errors.ts';

export type LabelMatcher = (labels: Readonly<Record<string, string>> | undefined) => boolean;

const MAX_CHARS = 4_096;
const KEY = '(?:[a-z0-9A-Z.-]+/)?[a-z0-9A-Z](?:[a-z0-9A-Z_.-]*[a-z0-9A-Z])?';
const VALUE = '[a-z0-9A-Z_.-]*';
const EQUALITY = new RegExp(`^(${KEY})\\s*(==|=|!=)\\s*(${VALUE})$`);
const SET = new RegExp(`^(${KEY})\\s+(in|notin)\\s*\\(([^()]*)\\)$`);
const EXISTS = new RegExp(`^(!?)\\s*(${KEY})$`);

/** Parses a selector. An empty one matches everything; one that cannot be read is `InvalidArgument`. */
export function labelMatcher(selector: string): LabelMatcher {
  if (selector.length > MAX_CHARS) throw unreadable('it is too long');
  const requirements = splitRequirements(selector).map(requirement);
  return (labels = {}) => requirements.every((matches) => matches(labels));
}

type Requirement = (labels: Readonly<Record<string, string>>) => boolean;

/** Commas inside parentheses do not separate. */
function splitRequirements(selector: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let start = 0;
  for (let i = 0; i <= selector.length; i += 1) {
    const char = selector[i];
    if (char === '(') depth += 1;
    if (char === ')') depth -= 1;
    if (i === selector.length || (char === ',' && depth === 0)) {
      parts.push(selector.slice(start, i).trim());
      start = i + 1;
    }
  }
  return parts.filter((part) => part !== '');
}

function requirement(text: string): Requirement {
  const equality = EQUALITY.exec(text);
  if (equality !== null) {
    const [, key = '', operator, value] = equality;
    return operator === '!=' ? (labels) => labels[key] !== value : (labels) => labels[key] === value;
  }
  const set = SET.exec(text);
  if (set !== null) {
    const [, key = '', operator, list = ''] = set;
    const values = new Set(list.split(',').map((value) => value.trim()));
    return operator === 'in'
      ? (labels) => Object.hasOwn(labels, key) && values.has(labels[key] ?? '')
      : (labels) => !(Object.hasOwn(labels, key) && values.has(labels[key] ?? ''));
  }
  const exists = EXISTS.exec(text);
  if (exists !== null) {
    const [, not, key = ''] = exists;
    return (labels) => Object.hasOwn(labels, key) === (not === '');
  }
  throw unreadable(`"${text.slice(0, 80)}" is no requirement`);
}

function unreadable(seen: string): ApiError {
  return new ApiError(
    'InvalidArgument',
    `Cannot read the label selector: ${seen}; write key=value, key!=value, key in (a,b), key or !key`,
  );
}
