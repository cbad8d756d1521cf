// How forges say that a list goes on. Only the query of the next page is taken from an answer, never its host: that
// would be a way to send the credential elsewhere, and behind a proxy it is often wrong.
import type { Answered, Query, Turned } from './client.ts';

/** GitHub and GitLab: the Link header of RFC 8288. */
export function byLink<Item>(page: Answered<readonly Item[]>, query: Query): Turned<Item> {
  return { items: page.value, next: queryOf(linkOf(page.headers, 'next'), query) };
}

/**
 * Gitea: the Link header, which lists of labels do not have. They have a total, and what the server keeps from this
 * token counts in it, so that only an empty page ends such a list early.
 */
export function byLinkOrTotal<Item>(
  page: Answered<readonly Item[]>,
  query: Query,
  seen: number,
): Turned<Item> {
  const { value: items, headers } = page;
  const next = queryOf(linkOf(headers, 'next'), query);
  const isEnd =
    headers['link'] !== undefined ||
    items.length === 0 ||
    seen + items.length >= Number(headers['x-total-count'] ?? Number.POSITIVE_INFINITY);
  if (next !== undefined || isEnd) return { items, next };
  return { items, next: { ...query, page: Number(query['page'] ?? 1) + 1 } };
}

/** Bitbucket Cloud: the address of the next page in the answer. */
export function byNext<Item>(
  {
    value: { values, next },
  }: Answered<{ readonly values: readonly Item[]; readonly next?: string | undefined }>,
  query: Query,
): Turned<Item> {
  return { items: values, next: queryOf(next, query) };
}

/** Bitbucket Server: where the next page starts. */
export function byStart<Item>(
  {
    value,
  }: Answered<{
    readonly values: readonly Item[];
    readonly isLastPage: boolean;
    readonly nextPageStart?: number | null | undefined;
  }>,
  query: Query,
): Turned<Item> {
  const start = value.nextPageStart ?? undefined;
  return { items: value.values, next: value.isLastPage ? undefined : { ...query, start } };
}

/** Azure DevOps, references: a token in a header. */
export function byContinuation<Item>(
  { value, headers }: Answered<{ readonly value: readonly Item[] }>,
  query: Query,
): Turned<Item> {
  const continuationToken = headers['x-ms-continuationtoken'];
  const next = continuationToken === undefined ? undefined : { ...query, continuationToken };
  return { items: value.value, next };
}

/** Azure DevOps, pull requests: a number to skip, until a page is not full. */
export function bySkip<Item>(
  { value }: Answered<{ readonly value: readonly Item[] }>,
  query: Query,
  seen: number,
): Turned<Item> {
  const isFull = value.value.length >= Number(query['$top']);
  return { items: value.value, next: isFull ? { ...query, $skip: seen + value.value.length } : undefined };
}

function linkOf(headers: Readonly<Record<string, string>>, relation: string): string | undefined {
  for (const [, target, parameters = ''] of (headers['link'] ?? '').matchAll(/<([^>]*)>([^<]*)/g))
    if (new RegExp(`\\brel="?${relation}\\b`, 'i').test(parameters)) return target;
  return undefined;
}

/** The query of the page that an address names. An address without one changes nothing, which the client refuses. */
function queryOf(address: string | undefined, query: Query): Query | undefined {
  if (address === undefined) return undefined;
  const url = URL.canParse(address, 'http://forge') ? new URL(address, 'http://forge') : undefined;
  return { ...query, ...Object.fromEntries(url?.searchParams ?? []) };
}
