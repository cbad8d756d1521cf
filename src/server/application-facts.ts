// An Application as the API shows it: without the bookkeeping of server-side apply, which clients never want, and
// without addresses in its status that are none, of which a client might make links.
import { isWebAddress } from '../lib/index.ts';
import type { Application } from '../model/index.ts';

/** The same object when there is nothing to leave out. */
export function applicationFacts(app: Application): Application {
  const shown = withWebAddresses(app);
  if (shown.metadata.managedFields === undefined) return shown;
  const { managedFields: _, ...metadata } = shown.metadata;
  return { ...shown, metadata };
}

function withWebAddresses(app: Application): Application {
  const { status } = app;
  const urls = status?.summary?.externalURLs;
  if (urls === undefined || urls.every(isWebAddress)) return app;
  return {
    ...app,
    status: { ...status, summary: { ...status?.summary, externalURLs: urls.filter(isWebAddress) } },
  };
}
