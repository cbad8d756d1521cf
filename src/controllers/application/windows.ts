// Sync windows as they meet an application: whether its syncs may run now, and what to say and when to look again
// when they may not. The judgement itself is in the model.
import type { Application, Operation, WindowTarget, WindowVerdict } from '../../model/index.ts';
import type { LiveCluster } from '../cluster/index.ts';
import type { Finding } from './conditions.ts';
import type { ApplicationDeps } from './deps.ts';

/** A sync that has to wait. */
export interface WindowHold {
  readonly message: string;
  /** Until the next opening; undefined: none is in sight. */
  readonly waitMs?: number;
}

type Place = Pick<LiveCluster, 'server' | 'name'>;

/** Why an automated sync may not begin now; undefined when it may. */
export function holdOfAutomated(
  deps: ApplicationDeps,
  app: Application,
  cluster: Place,
): WindowHold | undefined {
  const windows = deps.project(app.spec.project)?.windows;
  if (windows === undefined || windows.isEmpty) return undefined;
  const now = deps.clock.now();
  return holdOf(app, windows.judge(windowTarget(app, cluster), now).automated, now);
}

/** Why an operation may not write now; undefined when it may. Dry runs write nothing. */
export function holdOfOperation(
  deps: ApplicationDeps,
  app: Application,
  cluster: Place,
  running: { readonly operation: Operation; readonly startedAt: number },
): WindowHold | undefined {
  const windows = deps.project(app.spec.project)?.windows;
  const { operation, startedAt } = running;
  if (windows === undefined || windows.isEmpty || operation.sync?.dryRun === true) return undefined;
  const isManual = operation.initiatedBy?.automated !== true;
  const now = deps.clock.now();
  return holdOf(app, windows.judgeRunning(windowTarget(app, cluster), isManual, startedAt, now), now);
}

/** Windows of the project that concern the application and cannot be read. */
export function windowFindings(deps: ApplicationDeps, app: Application, cluster: Place): readonly Finding[] {
  const windows = deps.project(app.spec.project)?.windows;
  if (windows === undefined || windows.isEmpty) return [];
  return windows.problems(windowTarget(app, cluster)).map((problem) => ({
    type: 'SyncWindowWarning',
    message: `Project ${app.spec.project} has a sync window that cannot be used, and blocks until it is corrected: ${problem}`,
  }));
}

export function windowTarget(app: Application, cluster: Place): WindowTarget {
  return {
    application: app.metadata.name ?? '',
    namespace: app.spec.destination.namespace ?? '',
    server: cluster.server,
    clusterName: cluster.name,
  };
}

function holdOf(app: Application, verdict: WindowVerdict, now: number): WindowHold | undefined {
  if (verdict.allowed) return undefined;
  const { opensAt, reason } = verdict;
  const next =
    opensAt === undefined ? 'no opening is in sight' : `next opening: ${new Date(opensAt).toISOString()}`;
  return {
    message: `Sync operation blocked by sync window of project ${app.spec.project}: ${reason}; ${next}`,
    ...(opensAt === undefined ? {} : { waitMs: Math.max(1, opensAt - now) }),
  };
}
