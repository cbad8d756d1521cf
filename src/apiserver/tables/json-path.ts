// The JSON path subset of printer columns: members, indexes, wildcards, and filters that compare with a literal.
import { isRecord } from '../../lib/index.ts';

type Step = (values: readonly unknown[]) => unknown[];

const TOKEN =
  /\.([A-Za-z0-9_\-/]+|\*)|\[(\d+|\*)\]|\['([^']+)'\]|\["([^"]+)"\]|\[\?\(\s*@\.([\w.\-/]+)\s*(==|!=)\s*(?:'([^']*)'|"([^"]*)"|([\w.-]+))\s*\)\]/y;

/** A reader of all values at a path; paths that cannot be read select nothing. */
export function readJsonPath(path: string): (object: unknown) => unknown[] {
  const steps: Step[] = [];
  const unescaped = path.replaceAll('\\.', '\0');
  const text = unescaped.startsWith('.') || unescaped.startsWith('[') ? unescaped : `.${unescaped}`;
  const token = new RegExp(TOKEN.source.replaceAll('\\-/', '\\-/\\0'), 'y');
  while (token.lastIndex < text.length) {
    const match = token.exec(text);
    if (match === null) return () => [];
    steps.push(stepOf(match));
  }
  return (object) => steps.reduce<unknown[]>((values, step) => step(values), [object]);
}

function stepOf(match: RegExpExecArray): Step {
  const [, member, index, single, double, field, operator, left, right, bare] = match;
  const name = (member ?? single ?? double)?.replaceAll('\0', '.');
  if (name === '*' || index === '*') return (values) => values.flatMap(childrenOf);
  if (name !== undefined) {
    return (values) =>
      values.flatMap((value) => (isRecord(value) && value[name] !== undefined ? [value[name]] : []));
  }
  if (index !== undefined) {
    return (values) =>
      values.flatMap((value) =>
        Array.isArray(value) && value[Number(index)] !== undefined ? [value[Number(index)]] : [],
      );
  }
  const wanted = left ?? right ?? bare ?? '';
  const path = (field ?? '').split('.');
  return (values) =>
    values.flatMap(childrenOf).filter((child) => {
      let found: unknown = child;
      for (const part of path) found = isRecord(found) ? found[part] : undefined;
      return (String(found) === wanted) === (operator === '==');
    });
}

function childrenOf(value: unknown): unknown[] {
  if (Array.isArray(value)) return value;
  return isRecord(value) ? Object.values(value) : [];
}
