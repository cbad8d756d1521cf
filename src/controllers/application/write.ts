// Writes what the controller has to say into the Application object: the smallest patch, and only when something changed.
import { isKubeError } from '../../k8s/index.ts';
import { mergePatchBetween, rfc3339 } from '../../lib/index.ts';
import {
  type Application,
  type ApplicationStatus,
  annotations,
  type OperationState,
} from '../../model/index.ts';
import { applicationType } from './application-type.ts';
import type { ApplicationDeps } from './deps.ts';
import type { Desired } from './facts.ts';
import { statusRevision } from './sources.ts';

const MANAGER = { fieldManager: 'fairlead' } as const;

export interface StatusWrite {
  readonly status: ApplicationStatus;
  /** The top-level `operation` has ended and goes. */
  readonly consumed: boolean;
  /** The refresh that the annotation asked for is done. */
  readonly refreshed: boolean;
}

export async function writeStatus(
  deps: ApplicationDeps,
  app: Application,
  write: StatusWrite,
): Promise<void> {
  const patch: Record<string, unknown> = {};
  // An operation recorded its beginning since `app` was read: what differs from that has to be written.
  const now = deps.current(app)?.status ?? app.status ?? {};
  const status = mergePatchBetween(now, stillTerminating(now, write.status));
  if (status !== undefined) patch['status'] = status;
  if (write.consumed && app.operation !== undefined) patch['operation'] = null;
  const hasRefresh = app.metadata.annotations?.[annotations.refresh] !== undefined;
  if (write.refreshed && hasRefresh) {
    // With the resourceVersion as precondition a newer request for a refresh is never taken away unseen.
    patch['metadata'] = {
      annotations: { [annotations.refresh]: null, [annotations.refreshId]: null },
      resourceVersion: app.metadata.resourceVersion,
    };
  }
  if (Object.keys(patch).length === 0) return;
  await patchApplication(deps, app, patch);
}

/** Records that an operation begins, before its first effect. */
export async function writeOperationState(
  deps: ApplicationDeps,
  app: Application,
  operationState: OperationState,
): Promise<void> {
  const now = (deps.current(app) ?? app).status ?? {};
  const status = mergePatchBetween(now, stillTerminating(now, { ...now, operationState }));
  if (status !== undefined) await patchApplication(deps, app, { status });
}

/** Somebody asked for the end of the operation while it was worked on: that is not taken back. */
function stillTerminating(now: ApplicationStatus, next: ApplicationStatus): ApplicationStatus {
  const { operationState } = next;
  const asked = now.operationState;
  const isSame = asked?.startedAt === operationState?.startedAt;
  if (operationState?.phase !== 'Running' || asked?.phase !== 'Terminating' || !isSame) return next;
  return { ...next, operationState: { ...operationState, phase: 'Terminating' } };
}

/** Tells an application that a commit did not touch that it is as that commit says, and nothing else. */
export async function writeRevision(
  deps: ApplicationDeps,
  app: Application,
  desired: Desired,
): Promise<void> {
  await patchApplication(deps, app, {
    status: { sync: statusRevision(desired), reconciledAt: rfc3339(deps.clock.now()) },
  });
}

/** Sets the finalizers; refused with CONFLICT when the application is not as it was read. */
export async function writeFinalizers(
  deps: ApplicationDeps,
  app: Application,
  finalizers: readonly string[],
): Promise<void> {
  const { resourceVersion } = app.metadata;
  await patchApplication(deps, app, { metadata: { finalizers, resourceVersion } });
}

/** Lets the application go: what is left are the finalizers of others. */
export async function writeDeletion(
  deps: ApplicationDeps,
  app: Application,
  left: readonly string[],
): Promise<void> {
  if (left.length === (app.metadata.finalizers ?? []).length) return;
  await patchApplication(deps, app, {
    metadata: { finalizers: left, resourceVersion: app.metadata.resourceVersion },
  });
}

/** A merge patch; nothing happens when the application was deleted meanwhile. */
export async function patchApplication(
  deps: ApplicationDeps,
  app: Application,
  patch: Record<string, unknown>,
): Promise<void> {
  const { name = '', namespace = '' } = app.metadata;
  deps.leadership.assertLeader();
  try {
    const written = await deps.home.patch<Application>(
      applicationType,
      { namespace, name },
      { type: 'merge', body: patch },
      MANAGER,
    );
    deps.wrote(written);
  } catch (error) {
    // Deleted meanwhile: there is nobody left to tell.
    if (!isKubeError(error, 'NOT_FOUND')) throw error;
  }
}
