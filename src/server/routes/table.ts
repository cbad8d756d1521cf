// Every route of the API. What is not here does not exist; what is here says who may call it.
import type { ServerDeps } from '../deps.ts';
import type { Route } from '../route.ts';
import { accountRoutes } from './accounts.ts';
import { actionRoutes } from './actions.ts';
import { applicationSetRoutes } from './application-sets.ts';
import { applicationRoutes } from './applications.ts';
import { auditRoutes } from './audit.ts';
import { badgeRoutes } from './badge.ts';
import { comparisonRoutes } from './comparisons.ts';
import { configurationRoutes } from './configuration.ts';

import { deviceRoutes } from './device.ts';

import { linkRoutes } from './links.ts';

import { logRoutes } from './logs.ts';
import { uploadRoutes } from './manifests-with-files.ts';
import { metaRoutes } from './meta.ts';
import { notificationRoutes } from './notifications.ts';
import { operationRoutes } from './operations.ts';
import { projectRoutes } from './projects.ts';
import { referenceRoutes } from './reference.ts';
import { repositoryRoutes } from './repositories.ts';
import { repositorySecretRoutes } from './repository-secrets.ts';
import { resourceWriteRoutes } from './resource-writes.ts';
import { sessionRoutes } from './session.ts';
import { signingKeyRoutes } from './signing-keys.ts';
import { ssoRoutes } from './sso.ts';
import { streamRoutes } from './streams.ts';
import { terminalRoutes } from './terminal.ts';
import { viewRoutes } from './views.ts';
import { waitRoutes } from './wait.ts';

/** Rejects a table with a route that appears twice or says not who may call it. */
export function routes({ options }: Pick<ServerDeps, 'options'>): readonly Route[] {
  const operations = metaRoutes(options.publicMetrics === true);
  if (options.surface === 'operations') return operations;
  const described = [
    ...sessionRoutes,
    ...deviceRoutes,
    ...ssoRoutes,
    ...accountRoutes,
    ...operations,
    ...applicationRoutes,
    ...applicationSetRoutes,
    ...operationRoutes,
    ...viewRoutes,
    ...waitRoutes,
    ...actionRoutes,
    ...resourceWriteRoutes,
    ...linkRoutes,
    ...comparisonRoutes,
    ...uploadRoutes,
    ...badgeRoutes,
    ...logRoutes,
    ...streamRoutes,
    ...projectRoutes,
    ...configurationRoutes,
    ...repositorySecretRoutes,
    ...repositoryRoutes,
    ...signingKeyRoutes,
    ...auditRoutes,
    ...notificationRoutes,
  ];
  const table = [...described, ...terminalRoutes, ...referenceRoutes(described)];
  const seen = new Set<string>();
  for (const { method, path, access } of table) {
    const key = `${method} ${path}`;
    if (seen.has(key)) throw new TypeError(`Route ${key} appears twice`);
    seen.add(key);
    if (access !== 'public' && (access?.resource === undefined || access.action === undefined)) {
      throw new TypeError(`Route ${key} does not say who may call it`);
    }
  }
  return table;
}
