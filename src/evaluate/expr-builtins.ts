// The functions every expr expression can call. They get their arguments as one list; predicates are functions.
import { GoDuration, GoTime, parseGoDuration, parseGoTime, parseRfc3339 } from './go-time.ts';
import { LanguageError } from './language-error.ts';
import type { Budget } from './language-limits.ts';
import { isPlain, setOwn, typeName } from './members.ts';

type Predicate = (item: unknown, index: number, acc?: unknown) => unknown;
export type Builtin = (args: readonly unknown[], budget: Budget) => unknown;

const lists: Record<string, Builtin> = {
  all: ([list, test]) => items(list).every((item, i) => isTrue(predicate(test)(item, i))),
  any: ([list, test]) => items(list).some((item, i) => isTrue(predicate(test)(item, i))),
  none: ([list, test]) => !items(list).some((item, i) => isTrue(predicate(test)(item, i))),
  one: ([list, test]) => items(list).filter((item, i) => isTrue(predicate(test)(item, i))).length === 1,
  filter: ([list, test]) => items(list).filter((item, i) => isTrue(predicate(test)(item, i))),
  map: ([list, make]) => items(list).map((item, i) => predicate(make)(item, i)),
  count: ([list, test]) =>
    items(list).filter((item, i) => isTrue(test === undefined ? item : predicate(test)(item, i))).length,
  find: ([list, test]) => items(list).find((item, i) => isTrue(predicate(test)(item, i))),
  findIndex: ([list, test]) => items(list).findIndex((item, i) => isTrue(predicate(test)(item, i))),
  findLast: ([list, test]) => items(list).findLast((item, i) => isTrue(predicate(test)(item, i))),
  findLastIndex: ([list, test]) => items(list).findLastIndex((item, i) => isTrue(predicate(test)(item, i))),
  groupBy: ([list, make]) => {
    const groups: Record<string, unknown> = {};
    for (const [key, members] of Map.groupBy(items(list), (item) => String(predicate(make)(item, 0)))) {
      setOwn(groups, key, members);
    }
    return groups;
  },
  sortBy: ([list, make]) =>
    items(list)
      .map((item, i) => ({ item, key: predicate(make)(item, i) }))
      .sort((a, b) => order(a.key, b.key))
      .map(({ item }) => item),
  reduce: ([list, make, first]) => {
    const all = items(list);
    const start = first === undefined ? all[0] : first;
    return (first === undefined ? all.slice(1) : all).reduce<unknown>(
      (acc, item, i) => predicate(make)(item, i, acc),
      start,
    );
  },
  sum: ([list, make]) =>
    items(list).reduce<number>(
      (total, item, i) => total + number(make === undefined ? item : predicate(make)(item, i)),
      0,
    ),
  mean: ([list]) => {
    const all = items(list);
    return all.length === 0 ? 0 : all.reduce<number>((total, item) => total + number(item), 0) / all.length;
  },
  median: ([list]) => {
    const sorted = items(list)
      .map(number)
      .sort((a, b) => a - b);
    const middle = sorted.length >> 1;
    return sorted.length % 2 === 1 ? sorted[middle] : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2;
  },
  first: ([list]) => items(list)[0],
  last: ([list]) => items(list).at(-1),
  take: ([list, count]) => items(list).slice(0, number(count)),
  reverse: ([list]) => [...items(list)].reverse(),
  sort: ([list, direction]) => {
    const sorted = [...items(list)].sort(order);
    return direction === 'desc' ? sorted.reverse() : sorted;
  },
  uniq: ([list]) => [...new Map(items(list).map((item) => [JSON.stringify(item), item])).values()],
  concat: (args) => args.flatMap((list) => items(list)),
  flatten: ([list]) => items(list).flat(20),
  keys: ([map]) => Object.keys(plain(map)),
  values: ([map]) => Object.values(plain(map)),
  toPairs: ([map]) => Object.entries(plain(map)),
  fromPairs: ([list]) => {
    const map: Record<string, unknown> = {};
    for (const pair of items(list)) setOwn(map, String(items(pair)[0]), items(pair)[1]);
    return map;
  },
  get: ([holder, key]) => {
    if (Array.isArray(holder)) return holder.at(number(key));
    return isPlain(holder) && Object.hasOwn(holder, String(key)) ? holder[String(key)] : undefined;
  },
  len: ([value]) => {
    if (typeof value === 'string') return [...value].length;
    if (Array.isArray(value)) return value.length;
    return Object.keys(plain(value)).length;
  },
};

const numbers: Record<string, Builtin> = {
  int: ([value]) => Math.trunc(number(typeof value === 'string' ? numberOfText(value) : value)),
  float: ([value]) => number(typeof value === 'string' ? numberOfText(value) : value),
  abs: ([value]) => Math.abs(number(value)),
  ceil: ([value]) => Math.ceil(number(value)),
  floor: ([value]) => Math.floor(number(value)),
  round: ([value]) => Math.sign(number(value)) * Math.round(Math.abs(number(value))),
  min: (args) => extreme(args, -1),
  max: (args) => extreme(args, 1),
};

const texts: Record<string, Builtin> = {
  string: ([value]) => plainText(value),
  trim: ([value, chars]) => trimBoth(text(value), chars),
  trimPrefix: ([value, prefix]) =>
    text(value).startsWith(text(prefix)) ? text(value).slice(text(prefix).length) : value,
  trimSuffix: ([value, suffix]) =>
    text(suffix) !== '' && text(value).endsWith(text(suffix))
      ? text(value).slice(0, -text(suffix).length)
      : value,
  upper: ([value]) => text(value).toUpperCase(),
  lower: ([value]) => text(value).toLowerCase(),
  split: ([value, separator]) => text(value).split(text(separator)),
  replace: ([value, from, to], budget) => {
    const replaced = text(value).split(text(from));
    budget.size(text(value).length + replaced.length * text(to).length);
    return replaced.join(text(to));
  },
  repeat: ([value, count], budget) => {
    budget.size(text(value).length * number(count));
    return text(value).repeat(Math.max(0, Math.trunc(number(count))));
  },
  join: ([list, separator]) =>
    items(list)
      .map(plainText)
      .join(separator === undefined ? '' : text(separator)),
  indexOf: ([value, part]) => text(value).indexOf(text(part)),
  lastIndexOf: ([value, part]) => text(value).lastIndexOf(text(part)),
  hasPrefix: ([value, part]) => text(value).startsWith(text(part)),
  hasSuffix: ([value, part]) => text(value).endsWith(text(part)),
  toJSON: ([value]) => JSON.stringify(value ?? null),
  fromJSON: ([value]) => {
    try {
      return JSON.parse(text(value)) as unknown;
    } catch {
      throw new LanguageError('EVALUATION', 'fromJSON: the text is not JSON');
    }
  },
  toBase64: ([value]) => Buffer.from(text(value)).toString('base64'),
  fromBase64: ([value]) => Buffer.from(text(value), 'base64').toString('utf8'),
  type: ([value]) => exprType(value),
  duration: ([value]) => parseGoDuration(text(value)),
  date: ([value, layout]) =>
    layout === undefined ? anyDate(text(value)) : parseGoTime(text(layout), text(value)),
};

export const builtins: Readonly<Record<string, Builtin>> = { ...lists, ...numbers, ...texts };

function anyDate(value: string): GoTime {
  return /^\d{4}-\d{2}-\d{2}$/.test(value) ? parseGoTime('2006-01-02', value) : parseRfc3339(value);
}

function items(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  if (isPlain(value)) return Object.values(value);
  throw new LanguageError('EVALUATION', `a list was expected, not ${typeName(value)}`);
}

function plain(value: unknown): Record<string, unknown> {
  if (isPlain(value)) return value;
  throw new LanguageError('EVALUATION', `a map was expected, not ${typeName(value)}`);
}

function predicate(value: unknown): Predicate {
  if (typeof value === 'function') return value as Predicate;
  throw new LanguageError('EVALUATION', 'a predicate is missing');
}

function isTrue(value: unknown): boolean {
  if (typeof value === 'boolean') return value;
  throw new LanguageError('EVALUATION', `a predicate gave ${typeName(value)} instead of true or false`);
}

function number(value: unknown): number {
  if (typeof value === 'number') return value;
  throw new LanguageError('EVALUATION', `a number was expected, not ${typeName(value)}`);
}

function numberOfText(value: string): number {
  const parsed = value.trim() === '' ? Number.NaN : Number(value);
  if (Number.isNaN(parsed)) throw new LanguageError('EVALUATION', `not a number: ${value.slice(0, 40)}`);
  return parsed;
}

function text(value: unknown): string {
  if (typeof value === 'string') return value;
  throw new LanguageError('EVALUATION', `a text was expected, not ${typeName(value)}`);
}

function extreme(args: readonly unknown[], sign: 1 | -1): unknown {
  const all = args.flatMap((arg) => (Array.isArray(arg) ? (arg as unknown[]) : [arg])).map(number);
  return all.length === 0 ? undefined : sign === 1 ? Math.max(...all) : Math.min(...all);
}

function trimBoth(value: string, chars: unknown): string {
  if (chars === undefined) return value.trim();
  const set = new Set(text(chars));
  let from = 0;
  let to = value.length;
  while (from < to && set.has(value[from] ?? '')) from += 1;
  while (to > from && set.has(value[to - 1] ?? '')) to -= 1;
  return value.slice(from, to);
}

function order(a: unknown, b: unknown): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  if (a instanceof GoTime && b instanceof GoTime) return a.ms - b.ms;
  const [left, right] = [plainText(a), plainText(b)];
  return left < right ? -1 : left > right ? 1 : 0;
}

/** As Go's `%v` prints it. */
export function plainText(value: unknown): string {
  if (value === null || value === undefined) return '<nil>';
  if (typeof value === 'string') return value;
  if (Array.isArray(value)) return `[${value.map(plainText).join(' ')}]`;
  if (isPlain(value)) {
    const pairs = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
    return `map[${pairs.map(([key, member]) => `${key}:${plainText(member)}`).join(' ')}]`;
  }
  return String(value);
}

function exprType(value: unknown): string {
  if (value === null || value === undefined) return 'nil';
  if (typeof value === 'number') return Number.isInteger(value) ? 'int' : 'float';
  if (Array.isArray(value)) return 'array';
  if (value instanceof GoTime) return 'Time';
  if (value instanceof GoDuration) return 'Duration';
  return typeof value === 'boolean' ? 'bool' : typeof value === 'string' ? 'string' : 'map';
}
