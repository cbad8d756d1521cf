// Writes onto an Application exactly as it was read: operations one at a time, changes never over unseen ones.
import { isRecord, messageOf } from '../lib/index.ts';
import type { Application, Operation } from '../model/index.ts';
import type { Caller } from './auth/session-tokens.ts';
import type { ServerDeps } from './deps.ts';
import { ApiError } from './errors.ts';

const MAX_TRIES = 5;
const OBSERVE_MS = 3_000;

/** What may be decided from the newest application, each time it is read. */
type MergePatch = (app: Application) => object;

/** Sets `operation` and clears the state of the one before; refuses while one is set or runs. */
export function startOperation(
  deps: ServerDeps,
  app: Application,
  operation: Operation,
  annotations: Readonly<Record<string, string>> = {},
): Promise<Application> {
  return writeExactly(deps, app, (current) => {
    const phase = current.status?.operationState?.phase;
    if (current.operation !== undefined || phase === 'Running' || phase === 'Terminating') {
      throw new ApiError(
        'FailedPrecondition',
        `another operation is already in progress on ${current.metadata.name}; wait for it or terminate it`,
      );
    }
    const metadata = Object.keys(annotations).length === 0 ? {} : { metadata: { annotations } };
    return { operation, status: { operationState: null }, ...metadata };
  });
}

/** Asks the controller to stop the running operation. */
export function terminateOperation(deps: ServerDeps, app: Application): Promise<Application> {
  return writeExactly(deps, app, (current) => {
    // Not begun yet: taking the wish back is enough.
    if (current.operation !== undefined && current.status?.operationState === undefined)
      return { operation: null };
    if (current.operation === undefined) {
      throw new ApiError('InvalidArgument', 'Unable to terminate operation. No operation is in progress');
    }
    return { status: { operationState: { phase: 'Terminating' } } };
  });
}

/** A merge patch that holds for exactly the version it was decided on; decided again when somebody was faster. */
export async function writeExactly(
  deps: ServerDeps,
  app: Application,
  decide: MergePatch,
): Promise<Application> {
  const { namespace = '', name = '' } = app.metadata;
  let current = deps.applications.get(namespace, name) ?? app;
  for (let tries = 1; ; tries += 1) {
    const { resourceVersion = '' } = current.metadata;
    try {
      const patch = withVersion(decide(current), resourceVersion);
      const written = await deps.writer.patch(namespace, name, patch);
      await deps.feed.observed(written, OBSERVE_MS);
      return written;
    } catch (error) {
      const isConflict =
        isRecord(error) || error instanceof Error ? (error as { code?: unknown }).code === 'CONFLICT' : false;
      if (!isConflict || tries >= MAX_TRIES) throw error;
      current = await newerThan(deps, current, messageOf(error));
    }
  }
}

/** The patch, refused by the API on any other version. */
export function withVersion(patch: object, resourceVersion: string): object {
  const metadata = 'metadata' in patch && isRecord(patch.metadata) ? patch.metadata : {};
  return { ...patch, metadata: { ...metadata, resourceVersion } };
}

/** The application once the store shows a newer version than the one that was refused. */
async function newerThan(deps: ServerDeps, stale: Application, seen: string): Promise<Application> {
  const { namespace = '', name = '', resourceVersion = '' } = stale.metadata;
  const next = {
    ...stale,
    metadata: { ...stale.metadata, resourceVersion: String(Number(resourceVersion) + 1) },
  };
  await deps.feed.observed(next, OBSERVE_MS);
  const current = deps.applications.get(namespace, name);
  if (current === undefined)
    throw new ApiError('NotFound', `Application ${namespace}/${name} was deleted meanwhile (${seen})`);
  return current;
}

export function initiatedBy(caller: Caller): NonNullable<Operation['initiatedBy']> {
  return { username: caller.name };
}
