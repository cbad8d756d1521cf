// One page of the list as it is kept in the browser. Pure.
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
