// LIST: which snapshot a request reads, filtering, paging. Writes the JSON text of the list.
import type { Core, Target } from '../core.ts';
import { servedVersion } from '../core.ts';
import { badRequest, expired } from '../failures.ts';
import type { View } from '../http/negotiate.ts';
import { type Collection, compareKeys, keyOf } from '../storage/collection.ts';
import type { StoredObject } from '../storage/stored-object.ts';
import { type ContinueToken, decodeContinue, encodeContinue } from './continue-token.ts';
import { type Encoding, encodeItem, listKindOf } from './encode.ts';
import { parseFieldSelector } from './field-selector.ts';
import { parseLabelSelector } from './label-selector.ts';
import { assertNotAhead, checkListOptions, parseRevision } from './resource-version.ts';

export interface Page {
  readonly items: readonly StoredObject[];
  /** Revision of the snapshot the page is from. */
  readonly revision: number;
  readonly continueToken: string | undefined;
  readonly remaining: number | undefined;
}

/** Selects by labels and fields; undefined when everything is wanted. */
export type Selector = ((stored: StoredObject) => boolean) | undefined;

/** @throws ApiError 400 for selectors that cannot be read. */
export function readSelector(target: Target, query: URLSearchParams): Selector {
  const labels = parseLabelSelector(query.get('labelSelector'));
  const extra = servedVersion(target)?.selectableFields ?? [];
  const fields = parseFieldSelector(query.get('fieldSelector'), target.type, extra);
  if (labels === undefined && fields === undefined) return undefined;
  return ({ object }) =>
    (labels === undefined || labels(object.metadata.labels ?? {})) &&
    (fields === undefined || fields(object));
}

/** @throws ApiError 410 for a snapshot that is gone, 504 for one that does not exist yet, 400/422 for bad options. */
export function listPage(core: Core, target: Target, namespace: string, query: URLSearchParams): Page {
  checkListOptions(query, false);
  const collection = core.store.collection(target.type.typeKey);
  const selector = readSelector(target, query);
  const token = query.get('continue');
  const given = query.get('resourceVersion') ?? '';
  if ((token ?? '') !== '' && given !== '' && given !== '0') {
    throw badRequest('specifying resource version is not allowed when using continue');
  }
  const start = token === null || token === '' ? undefined : decodeContinue(token);
  const scope = namespace === '' ? undefined : namespace;
  const { revision, objects } = snapshot(core, collection, { scope, query, start });
  let from = 0;
  if (start !== undefined) {
    from = objects.findIndex((stored) => compareKeys(keyOf(stored), start.after) > 0);
    if (from < 0) from = objects.length;
  }
  readCount(query, 'timeoutSeconds');
  const limit = readCount(query, 'limit');
  // Any revision will do: that is answered from memory in one piece, as the watch cache does.
  const bounded = limit > 0 && query.get('resourceVersion') !== '0' ? limit : Number.POSITIVE_INFINITY;
  return cutPage(objects, { from, limit: bounded, selector, revision });
}

function readCount(query: URLSearchParams, name: string): number {
  const text = query.get(name) ?? '';
  if (text === '') return 0;
  if (/^-?\d{1,15}$/.test(text)) return Number(text);
  throw badRequest(`strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`);
}

function snapshot(
  core: Core,
  collection: Collection,
  request: { scope: string | undefined; query: URLSearchParams; start: ContinueToken | undefined },
): { revision: number; objects: StoredObject[] } {
  const current = core.store.revision;
  const { scope, query, start } = request;
  if (start !== undefined) {
    if (start.revision === -1 || start.revision === current) {
      return { revision: current, objects: collection.list(scope) };
    }
    if (start.revision < collection.floor) throw expiredToken(start);
    return { revision: start.revision, objects: collection.listAt(start.revision, scope) };
  }
  const wanted = parseRevision(query.get('resourceVersion'), true);
  if (wanted !== undefined) assertNotAhead(wanted, current);
  const limited = Number(query.get('limit') ?? 0) > 0;
  const match = query.get('resourceVersionMatch') ?? '';
  // Without a match rule, a limit with a revision means that very revision.
  const exact = match === 'Exact' || (match === '' && limited && wanted !== undefined && wanted > 0);
  if (!exact || wanted === undefined || wanted === current) {
    return { revision: current, objects: collection.list(scope) };
  }
  if (wanted < collection.floor) {
    throw expired(`The resourceVersion for the provided list is too old.`);
  }
  return { revision: wanted, objects: collection.listAt(wanted, scope) };
}

// The answer carries a token with which the client may go on over the newest state instead of starting again.
function expiredToken(start: ContinueToken): Error {
  const fresh = encodeContinue({ revision: -1, after: start.after });
  const error = expired(
    'The provided continue parameter is too old to display a consistent list result. You can start a new list ' +
      'without the continue parameter, or use the continue token in this response to retrieve the remainder of ' +
      'the results. Continuing with the provided token results in an inconsistent list - objects that were ' +
      'created, modified, or deleted between the time the first chunk was returned and now may show up in the list.',
  );
  return error.withListMeta({ continue: fresh });
}

function cutPage(
  objects: readonly StoredObject[],
  cut: { from: number; limit: number; selector: Selector; revision: number },
): Page {
  const { from, limit, selector, revision } = cut;
  const items: StoredObject[] = [];
  let position = from;
  for (; position < objects.length && items.length < limit; position += 1) {
    const stored = objects[position];
    if (stored !== undefined && (selector === undefined || selector(stored))) items.push(stored);
  }
  // As etcd does: a full page is followed by another whether or not anything selected is left.
  const more = position < objects.length;
  const last = items.at(-1);
  return {
    items,
    revision,
    continueToken: more && last !== undefined ? encodeContinue({ revision, after: keyOf(last) }) : undefined,
    remaining: more && selector === undefined ? objects.length - position : undefined,
  };
}

/** The page as the text of a list object. */
export function encodePage(page: Page, target: Target, view: View): string {
  const encoding: Encoding = { ...target, view };
  const { kind, apiVersion } = listKindOf(encoding);
  // Lists of custom resources always have the member, as kube-apiserver writes them.
  const metadata = { ...(target.type.custom ? { continue: '' } : {}), ...listMeta(page) };
  const items = page.items.map((stored) => encodeItem(stored, encoding)).join(',');
  return `{"kind":"${kind}","apiVersion":"${apiVersion}","metadata":${JSON.stringify(metadata)},"items":[${items}]}`;
}

/** meta/v1 ListMeta of a page. */
export function listMeta(page: Page): Record<string, unknown> {
  return {
    resourceVersion: String(page.revision),
    ...(page.continueToken === undefined ? {} : { continue: page.continueToken }),
    ...(page.remaining === undefined ? {} : { remainingItemCount: page.remaining }),
  };
}
