// Sync windows for the API: the same judgement the controller makes, before an operation is written.
import type { ApplicationWindows } from '../contract/index.ts';
import type { Application, WindowTarget } from '../model/index.ts';
import type { ServerDeps } from './deps.ts';
import { ApiError } from './errors.ts';

/** What the windows of the application's project say now. */
export function applicationWindows(deps: ServerDeps, app: Application): ApplicationWindows {
  const windows = deps.projects.windows(app.spec.project);
  if (windows === undefined || windows.isEmpty) {
    return { activeWindows: [], assignedWindows: [], canSync: true, canAutoSync: true };
  }
  const { active, assigned, automated, manual } = windows.judge(targetOf(deps, app), deps.clock.now());
  const blocked = manual.allowed ? automated : manual;
  return {
    activeWindows: active,
    assignedWindows: assigned,
    canSync: manual.allowed,
    canAutoSync: automated.allowed,
    ...(blocked.allowed ? {} : { reason: blocked.reason }),
    ...(blocked.allowed || blocked.opensAt === undefined
      ? {}
      : { nextOpening: new Date(blocked.opensAt).toISOString() }),
  };
}

/** Rejects while a window keeps people from syncing; a dry run changes nothing and passes. */
export function requireOpenWindow(deps: ServerDeps, app: Application, isDryRun: boolean): void {
  if (isDryRun) return;
  const windows = deps.projects.windows(app.spec.project);
  if (windows === undefined || windows.isEmpty) return;
  const { manual } = windows.judge(targetOf(deps, app), deps.clock.now());
  if (manual.allowed) return;
  const next =
    manual.opensAt === undefined
      ? 'no opening is in sight'
      : `next opening: ${new Date(manual.opensAt).toISOString()}`;
  throw new ApiError(
    'PermissionDenied',
    `cannot sync: blocked by sync window of project ${app.spec.project}: ${manual.reason}; ${next}. Set manualSync on the window to allow syncs by hand`,
  );
}

function targetOf(deps: ServerDeps, app: Application): WindowTarget {
  const { server = '', name = '', namespace = '' } = app.spec.destination;
  const cluster = deps.clusters
    .list()
    .find((item) => (server === '' ? item.name === name : item.server === server));
  return {
    application: app.metadata.name ?? '',
    namespace,
    server: cluster?.server ?? server,
    clusterName: cluster?.name ?? name,
  };
}
