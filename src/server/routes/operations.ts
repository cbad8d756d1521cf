// Sync, rollback and their end. The server writes what is wanted; the controller does it.
import type { z } from 'zod';
import { ApplicationScope, RollbackRequest, SyncRequest } from '../../contract/index.ts';
import { jsonEqual, rfc3339 } from '../../lib/index.ts';
import {
  type Application,
  annotations,
  demandsIntegrity,
  type Hold,
  isAutomated,
  isMultiSource,
  type Operation,
  type RevisionHistory,
  revisionText,
  type SyncOperation,
  sourcesOf,
} from '../../model/index.ts';
import { applicationFacts } from '../application-facts.ts';
import { ApiError } from '../errors.ts';
import { initiatedBy, startOperation, terminateOperation, writeExactly } from '../exact-write.ts';
import { applicationRef, recorded } from '../recorded.ts';
import { applicationObject } from '../resolve-application.ts';
import { type ApplicationCall, type Route, route } from '../route.ts';
import { requireOpenWindow } from '../windows.ts';

const ONE = '/api/v1/applications/:name';
const sync = { resource: 'applications', action: 'sync', scope: 'application', named: 'in-body' } as const;

type SyncBody = z.output<typeof SyncRequest>;
type RollbackBody = z.output<typeof RollbackRequest>;

export const operationRoutes: readonly Route[] = [
  route({
    method: 'POST',
    path: `${ONE}/sync`,
    access: sync,
    query: ApplicationScope,
    body: SyncRequest,
    async handle(call) {
      const { deps, app, body, caller } = call;
      if ((body.manifests ?? []).length > 0) {
        requireOverride(call);
        refuseLocal(call);
      }
      requireRevisionRight(call, body);
      requireOpenWindow(deps, app, body.dryRun === true);
      const operation: Operation = {
        sync: syncOperation(app, body),
        initiatedBy: initiatedBy(caller),
        ...(body.infos ? { info: body.infos } : {}),
        ...retryOf(app, body),
      };
      const detail = {
        prune: body.prune === true,
        dryRun: body.dryRun === true,
        resources: body.resources?.length ?? 0,
      };
      const effect = {
        action: 'application.sync',
        object: applicationRef(app),
        detail,
        ...revisionOf(body.revision),
      };
      return applicationFacts(await recorded(call, effect, () => startOperation(deps, app, operation)));
    },
  }),
  route({
    method: 'POST',
    path: `${ONE}/rollback`,
    // Which right it needs is a setting; see `requireRollback`.
    access: { ...sync, action: 'get' },
    query: ApplicationScope,
    body: RollbackRequest,
    async handle(call) {
      const { deps, app, body, caller } = call;
      requireRollback(call);
      const entry = historyEntry(app, body);
      requireOpenWindow(deps, app, body.dryRun === true);
      const operation: Operation = {
        sync: rollbackOperation(app, entry, body),
        initiatedBy: initiatedBy(caller),
        ...(app.spec.syncPolicy?.retry === undefined ? {} : { retry: app.spec.syncPolicy.retry }),
      };
      const hold = holdFor(app, entry, body, { by: caller.name, since: rfc3339(deps.clock.now()) });
      const detail = {
        id: body.id,
        prune: body.prune === true,
        dryRun: body.dryRun === true,
        ...(hold === undefined ? {} : { hold: true, until: hold.until ?? null, reason: hold.reason ?? null }),
      };
      const effect = {
        action: 'application.rollback',
        object: applicationRef(app),
        detail,
        ...revisionOf(entry.revision),
      };
      const annotated = hold === undefined ? {} : { [annotations.hold]: JSON.stringify(hold) };
      return applicationFacts(
        await recorded(call, effect, () => startOperation(deps, app, operation, annotated)),
      );
    },
  }),
  route({
    method: 'DELETE',
    path: `${ONE}/hold`,
    access: sync,
    query: ApplicationScope,
    async handle({ deps, app, ...call }) {
      if (app.metadata.annotations?.[annotations.hold] === undefined)
        throw new ApiError('FailedPrecondition', `application ${app.metadata.name} is not held`);
      const effect = { action: 'application.release', object: applicationRef(app) };
      const released = await recorded({ deps, ...call }, effect, () =>
        writeExactly(deps, app, () => ({ metadata: { annotations: { [annotations.hold]: null } } })),
      );
      return applicationFacts(released);
    },
  }),
  route({
    method: 'POST',
    path: `${ONE}/confirm-deletion`,
    access: { resource: 'applications', action: 'update', scope: 'application' },
    query: ApplicationScope,
    async handle({ deps, app, ...call }) {
      const effect = { action: 'application.confirm-deletion', object: applicationRef(app) };
      // Operations that follow each other at once are dated into the next second.
      const started = Date.parse(app.status?.operationState?.startedAt ?? '') || 0;
      const now = deps.clock.now();
      const approved = {
        [annotations.deletionApproved]: rfc3339(started - now < 2_000 ? Math.max(now, started) : now),
      };
      const confirmed = await recorded({ deps, ...call }, effect, () =>
        writeExactly(deps, app, () => ({ metadata: { annotations: approved } })),
      );
      return applicationFacts(confirmed);
    },
  }),
  route({
    method: 'DELETE',
    path: `${ONE}/operation`,
    access: sync,
    query: ApplicationScope,
    async handle(call) {
      const effect = { action: 'application.terminate', object: applicationRef(call.app) };
      await recorded(call, effect, () => terminateOperation(call.deps, call.app));
      return {};
    },
  }),
];

/** Local manifests come from no source that could be trusted in their place. */
function refuseLocal({ deps, app }: ApplicationCall<unknown, unknown>): void {
  if (isMultiSource(app.spec)) {
    throw new ApiError(
      'FailedPrecondition',
      'Cannot use local sync: the application has spec.sources; local manifests can only take the place of spec.source',
    );
  }
  const spec = deps.projects.get(app.spec.project)?.spec;
  if (spec === undefined || !demandsIntegrity(spec)) return;
  throw new ApiError(
    'FailedPrecondition',
    `Cannot use local sync: project ${app.spec.project} demands signed sources`,
  );
}

/** Rolling back needs `sync`, or, where `server.rbac.rollback.enforce.enable` says so, `rollback` instead. */
function requireRollback(call: ApplicationCall<unknown, unknown>): void {
  const isOwnRight = call.deps.information.config('server.rbac.rollback.enforce.enable') === 'true';
  const action = isOwnRight ? 'rollback' : 'sync';
  const object = applicationObject(call.app);
  if (call.may({ resource: 'applications', action }, object)) return;
  throw new ApiError('PermissionDenied', `permission denied: applications, ${action}, ${object}`);
}

/** Another revision than the application tracks needs `override`, where the setting says so. */
function requireRevisionRight(call: ApplicationCall<unknown, unknown>, body: SyncBody): void {
  const { config } = call.deps.information;
  if (config('application.sync.requireOverridePrivilegeForRevisionSync') !== 'true') return;
  const { source, sources } = call.app.spec;
  const tracked = (sources ?? (source === undefined ? [] : [source])).map(
    (item) => item.targetRevision || 'HEAD',
  );
  const given = [body.revision ?? '', ...(body.revisions ?? [])].filter((revision) => revision !== '');
  if (given.every((revision) => tracked.includes(revision))) return;
  if (call.may({ resource: 'applications', action: 'override' }, applicationObject(call.app))) return;
  throw new ApiError('PermissionDenied', 'permission denied: another revision needs the right to override');
}

function requireOverride(call: ApplicationCall<unknown, unknown>): void {
  if (call.may({ resource: 'applications', action: 'override' }, applicationObject(call.app))) return;
  throw new ApiError('PermissionDenied', 'permission denied: local manifests need the right to override');
}

/** What the sync shall do; rejects what would fight automated sync. */
function syncOperation(app: Application, body: SyncBody): SyncOperation {
  if (app.metadata.deletionTimestamp !== undefined) {
    throw new ApiError('FailedPrecondition', 'application is deleting');
  }
  const automated = isAutomated(app.spec) && body.dryRun !== true;
  if (automated) refuseOtherRevision(app, body);
  if (automated && (body.manifests ?? []).length > 0) {
    throw new ApiError(
      'FailedPrecondition',
      'Cannot use local sync when Automatic Sync Policy is enabled unless for dry run',
    );
  }
  const strategy = body.strategy ?? undefined;
  const syncOptions = body.syncOptions?.items ?? app.spec.syncPolicy?.syncOptions;
  return {
    ...(isMultiSource(app.spec) ? revisionsOf(app, body) : revisionOf(body.revision)),
    prune: body.prune === true,
    dryRun: body.dryRun === true,
    syncStrategy: {
      ...(strategy?.apply ? { apply: strategy.apply } : {}),
      ...(strategy?.hook || !strategy?.apply ? { hook: strategy?.hook ?? {} } : {}),
    },
    ...(body.resources && body.resources.length > 0 ? { resources: body.resources } : {}),
    ...(body.manifests && body.manifests.length > 0 ? { manifests: body.manifests } : {}),
    ...(syncOptions === undefined ? {} : { syncOptions }),
  };
}

/** Automated sync would undo it at once. */
function refuseOtherRevision(app: Application, body: SyncBody): void {
  const sources = sourcesOf(app.spec);
  const asked = new Map<number, string>();
  if (body.revision !== undefined && body.revision !== '') asked.set(0, body.revision);
  for (const [i, position] of (body.sourcePositions ?? []).entries())
    asked.set(position - 1, body.revisions?.[i] ?? '');
  for (const [index, revision] of asked) {
    const tracked = sources[index]?.targetRevision || 'HEAD';
    if (revision === '' || revision === tracked) continue;
    throw new ApiError(
      'FailedPrecondition',
      `Cannot sync to ${revision}: auto-sync currently set to ${tracked}`,
    );
  }
}

function revisionOf(revision: string | undefined): { revision?: string } {
  return revision === undefined || revision === '' ? {} : { revision };
}

/** One revision per source, in order; those not named follow what they track. */
function revisionsOf(app: Application, { sourcePositions, revisions }: SyncBody): { revisions?: string[] } {
  if (!sourcePositions || sourcePositions.length === 0) return {};
  const result = sourcesOf(app.spec).map(({ targetRevision }) => targetRevision ?? 'HEAD');
  if (sourcePositions.length !== (revisions?.length ?? 0)) {
    throw new ApiError('InvalidArgument', 'revisions and sourcePositions must be equally many');
  }
  for (const [i, position] of sourcePositions.entries()) {
    if (position > result.length) {
      throw new ApiError(
        'InvalidArgument',
        `sourcePositions: ${position} is more than the ${result.length} sources`,
      );
    }
    result[position - 1] = revisions?.[i] ?? '';
  }
  return { revisions: result };
}

function retryOf(app: Application, { retryStrategy }: SyncBody): Pick<Operation, 'retry'> {
  const retry = retryStrategy ?? app.spec.syncPolicy?.retry;
  return retry === undefined ? {} : { retry };
}

/** The entry to go back to; rejects where going back cannot hold. */
function historyEntry(app: Application, { id }: RollbackBody): RevisionHistory {
  if (app.metadata.deletionTimestamp !== undefined) {
    throw new ApiError('FailedPrecondition', 'application is deleting');
  }
  const entry = app.status?.history?.find((item) => item.id === id);
  if (entry === undefined) {
    throw new ApiError(
      'FailedPrecondition',
      `application ${app.metadata.name} does not have deployment with id ${id}`,
    );
  }
  if (entry.source === undefined && (entry.sources ?? []).length === 0) {
    throw new ApiError(
      'FailedPrecondition',
      `deployment ${id} has no recorded source, so it cannot be repeated`,
    );
  }
  return entry;
}

/** Automated sync would undo the rollback at once: it is held there until somebody releases it. */
function holdFor(
  app: Application,
  entry: RevisionHistory,
  body: RollbackBody,
  decided: Pick<Hold, 'by' | 'since'>,
): Hold | undefined {
  if (!isAutomated(app.spec) || body.dryRun === true) return undefined;
  const { reason, until } = body;
  if (until !== undefined && Number.isNaN(Date.parse(until)))
    throw new ApiError('InvalidArgument', `until: ${JSON.stringify(until.slice(0, 40))} is no RFC 3339 time`);
  return {
    ...heldRevision(entry),
    ...(reason === undefined || reason === '' ? {} : { reason }),
    ...(until === undefined ? {} : { until }),
    ...decided,
    ...heldSource(app, entry),
  };
}

function heldRevision(entry: RevisionHistory): Pick<Hold, 'revision' | 'revisions'> {
  const { revisions = [] } = entry;
  return { revision: revisionText(entry), ...(revisions.length === 0 ? {} : { revisions }) };
}

/** What it was deployed from, unless that is what the specification says, too. */
function heldSource(
  { spec }: Application,
  { source, sources }: RevisionHistory,
): Pick<Hold, 'source' | 'sources'> {
  const isSame =
    jsonEqual(sources ?? [source], sourcesOf(spec)) && isMultiSource(spec) === (sources !== undefined);
  if (isSame) return {};
  return { ...(source === undefined ? {} : { source }), ...(sources === undefined ? {} : { sources }) };
}

function rollbackOperation(app: Application, entry: RevisionHistory, body: RollbackBody): SyncOperation {
  const syncOptions = app.spec.syncPolicy?.syncOptions;
  return {
    ...revisionOf(entry.revision),
    ...(entry.revisions === undefined ? {} : { revisions: entry.revisions }),
    ...(entry.source === undefined ? {} : { source: entry.source }),
    ...(entry.sources === undefined ? {} : { sources: entry.sources }),
    prune: body.prune === true,
    dryRun: body.dryRun === true,
    syncStrategy: { apply: {} },
    ...(syncOptions === undefined ? {} : { syncOptions }),
  };
}
