// Applications as they are kept in the browser: one page of the list, one application. Pure.
import type { Application } from '../../../../src/contract/index.ts';

export interface PageData {
  readonly items: readonly Application[];
  /** Applications that match, on all pages. */
  readonly total: number;
  /** Where a stream may start. */
  readonly version: string;
}

/** The page with the applications of it that changed; the same page when none did, so that nothing is drawn anew. */
export function replaceItems(
  page: PageData,
  changed: ReadonlyMap<string | undefined, Application>,
): PageData {
  if (!page.items.some(({ metadata }) => changed.has(metadata.uid))) return page;
  return { ...page, items: page.items.map((item) => changed.get(item.metadata.uid) ?? item) };
}

/**
 * Which of two states of an application to show. An answer and the stream come over connections of their own, so that an
 * answer may arrive after a change it does not know of; shown then, it would stay until the next change.
 * Versions are compared as Kubernetes 1.35 defines it: numbers of any length. Another uid is another application.
 */
export function newerApplication(shown: Application | undefined, arrived: Application): Application {
  if (shown === undefined || shown.metadata.uid !== arrived.metadata.uid) return arrived;
  const { resourceVersion: known = '' } = shown.metadata;
  const { resourceVersion: version = '' } = arrived.metadata;
  const isOlder = version.length < known.length || (version.length === known.length && version < known);
  return isOlder ? shown : arrived;
}
