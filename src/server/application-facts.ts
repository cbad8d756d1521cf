// An Application as the API shows it: without the bookkeeping of server-side apply, which clients never want.
import type { Application } from '../model/index.ts';

/** The same object when there is nothing to leave out. */
export function applicationFacts(app: Application): Application {
  if (app.metadata.managedFields === undefined) return app;
  const { managedFields: _, ...metadata } = app.metadata;
  return { ...app, metadata };
}
