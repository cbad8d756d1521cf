// Filters, orders, pages and projects any list of the API, so that no route needs to. Pure. Lists that page
// themselves (applications, audit) know `limit` in their own query and are left alone.
import { z } from 'zod';
import type { ListQuery } from '../contract/index.ts';
import { isRecord } from '../lib/index.ts';
import { ApiError } from './errors.ts';
import { below, type Fields, parseFields, project } from './fields.ts';
import { JsonAnswer, type Route } from './route.ts';

type Query = z.output<typeof ListQuery>;

/** True when the answer of this route may be a list that is shaped here. */
export function isShaped(route: Pick<Route, 'method' | 'query'>): boolean {
  if (route.method !== 'GET') return false;
  return !(route.query instanceof z.ZodObject) || !('limit' in route.query.shape);
}

/** `answer` with what the list parameters say; anything that is no list, and lists nobody wants shaped, as they are. */
export function shapeList(query: Query, answer: unknown): unknown {
  if (answer instanceof JsonAnswer) {
    const value = shapeList(query, answer.value);
    return value === answer.value ? answer : new JsonAnswer(value, answer.headers);
  }
  if (!isRecord(answer) || !('items' in answer) || !Object.values(query).some(isGiven)) return answer;
  const items = Array.isArray(answer['items']) ? (answer['items'] as readonly unknown[]) : [];
  const { page, total, next } = pageOf(items, query);
  const fields = parseFields(query.fields);
  const metadata = isRecord(answer['metadata']) ? answer['metadata'] : {};
  const shaped = {
    ...answer,
    metadata: { ...metadata, total, ...(next === undefined ? {} : { continue: next }) },
    items: page,
  };
  return projected(shaped, fields);
}

function isGiven(value: unknown): boolean {
  return Array.isArray(value) ? value.length > 0 : value !== undefined && value !== '';
}

/** `items.` and `metadata.` in front, as for applications; without either, paths are those of an item. */
function projected(
  list: { readonly [key: string]: unknown; readonly items: readonly unknown[] },
  fields: Fields | undefined,
): unknown {
  if (fields === undefined) return list;
  const isWhole = Object.keys(fields.tree).some((name) => name === 'items' || name === 'metadata');
  if (!isWhole) return { ...list, items: list.items.map((item) => project(item, fields)) };
  const rest = below(fields, 'items');
  const items = rest === 'nothing' ? [] : list.items.map((item) => project(item, rest));
  return { ...(project(list, fields) as object), items };
}

interface Entry {
  readonly item: unknown;
  readonly key: readonly [string, string];
}

function pageOf(items: readonly unknown[], query: Query): { page: unknown[]; total: number; next?: string } {
  const tests = testsOf(query);
  const { sort = '', limit = 0, offset = 0 } = query;
  const after = isGiven(query.continue) ? readToken(query.continue ?? '') : undefined;
  const isOrdered = sort !== '' || limit > 0 || offset > 0 || after !== undefined;
  const isDescending = sort.startsWith('-');
  const path = (isDescending ? sort.slice(1) : sort).split('.').filter((name) => name !== '');
  const found: Entry[] = items
    .filter((item) => tests.every((test) => test(item)))
    .map((item) => ({ item, key: [path.length === 0 ? '' : textAt(item, path), identityOf(item)] }));
  const order = (a: Entry['key'], b: Entry['key']): number =>
    (isDescending ? -1 : 1) * compare(a[0], b[0]) || compare(a[1], b[1]);
  if (isOrdered) found.sort((a, b) => order(a.key, b.key));
  // A token names the last entry seen, so that entries that come or go before it shift nothing.
  const start = after === undefined ? offset : found.findIndex(({ key }) => order(key, after) > 0);
  const begin = start < 0 ? found.length : start;
  const end = limit === 0 ? found.length : begin + limit;
  const page = found.slice(begin, end);
  const last = page.at(-1);
  const next = end < found.length && last !== undefined ? { next: tokenOf(last.key) } : {};
  return { page: page.map(({ item }) => item), total: found.length, ...next };
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

type Test = (item: unknown) => boolean;
const MAX_TESTS = 20;

function testsOf({ filter, search = '' }: Query): Test[] {
  const tests = filter.slice(0, MAX_TESTS).map((text): Test => {
    const at = text.indexOf('=');
    if (at <= 0) {
      throw new ApiError(
        'InvalidArgument',
        `filter: "${text.slice(0, 80)}" is not PATH=VALUE, e.g. metadata.name=web`,
      );
    }
    const path = text.slice(0, at).split('.');
    const wanted = text.slice(at + 1);
    return (item) => textAt(item, path) === wanted;
  });
  const words = search
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '')
    .slice(0, MAX_TESTS);
  return [
    ...tests,
    ...words.map(
      (word): Test =>
        (item) =>
          mentions(item, word, 0),
    ),
  ];
}

const SEARCH_DEPTH = 4;

/** Whether a text of the item, not far below, contains the word (in lower case). */
function mentions(value: unknown, word: string, depth: number): boolean {
  if (typeof value === 'string') return value.toLowerCase().includes(word);
  if (depth >= SEARCH_DEPTH) return false;
  if (Array.isArray(value)) return value.some((item) => mentions(item, word, depth + 1));
  return isRecord(value) && Object.values(value).some((inner) => mentions(inner, word, depth + 1));
}

function textAt(item: unknown, path: readonly string[]): string {
  let value = item;
  for (const name of path) value = isRecord(value) && Object.hasOwn(value, name) ? value[name] : undefined;
  if (typeof value === 'number') return value.toString().padStart(20, '0');
  return typeof value === 'string' || typeof value === 'boolean' ? String(value) : '';
}

const NAMES = [
  'namespace',
  'name',
  'server',
  'repo',
  'url',
  'id',
  'uid',
  'project',
  'keyID',
  'serverName',
  'certType',
  'certSubType',
  'fingerprint',
];

/** What tells an item from the others of its list. */
function identityOf(item: unknown): string {
  const texts = (value: unknown): string[] =>
    NAMES.map((name) => (isRecord(value) && typeof value[name] === 'string' ? String(value[name]) : ''));
  if (!isRecord(item)) return JSON.stringify(item);
  return [...texts(item['metadata']), ...texts(item)].join('\u0000');
}

function tokenOf(key: Entry['key']): string {
  return Buffer.from(JSON.stringify(key)).toString('base64url');
}

function readToken(token: string): Entry['key'] {
  try {
    const value: unknown = JSON.parse(Buffer.from(token, 'base64url').toString());
    if (Array.isArray(value) && typeof value[0] === 'string' && typeof value[1] === 'string')
      return [value[0], value[1]];
  } catch {
    // Whatever it was, it is not a token of ours.
  }
  throw new ApiError('InvalidArgument', 'The page token is not one that this server made; list again');
}
