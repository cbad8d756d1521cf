// Lists of namespaces as settings and projects write them: globs, or regular expressions between slashes. Pure.
import { globMatches } from './glob.ts';

/** Names have at most 63 characters; with these limits no expression takes noticeable time on one. */
const MAX_PATTERN = 200;
const MAX_OPEN_QUANTIFIERS = 3;
const NESTED = /\((?:[^()]*(?:[+*|]|\{\d*,?\d*\})[^()]*)\)(?:[+*]|\{)/;

/** True when a glob (`team-*`) or a regular expression (`/^team-\d$/`) of the list matches. */
export function matchesNamespace(patterns: readonly string[], namespace: string): boolean {
  return patterns.some((pattern) => {
    if (!isExpression(pattern)) return globMatches(pattern, namespace);
    return namespaceProblem(pattern) === undefined && new RegExp(pattern.slice(1, -1), 'v').test(namespace);
  });
}

/** What is wrong with a pattern; it matches nothing then. */
export function namespaceProblem(pattern: string): string | undefined {
  if (!isExpression(pattern)) return undefined;
  const source = pattern.slice(1, -1);
  const quoted = JSON.stringify(pattern.slice(0, 80));
  const open = source.match(/[+*]|\{\d*,\}/g)?.length ?? 0;
  if (source.length > MAX_PATTERN || open > MAX_OPEN_QUANTIFIERS || NESTED.test(source)) {
    return `${quoted} is too costly to match: use at most ${MAX_OPEN_QUANTIFIERS} of * and +, and none after a group that has one`;
  }
  try {
    new RegExp(source, 'v');
    return undefined;
  } catch {
    return `${quoted} is no regular expression`;
  }
}

/** True for a name that can match only itself. */
export function isPlainNamespace(pattern: string): boolean {
  return /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/.test(pattern);
}

function isExpression(pattern: string): boolean {
  return pattern.length > 1 && pattern.startsWith('/') && pattern.endsWith('/');
}
