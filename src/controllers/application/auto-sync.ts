// Decides whether an automated sync is due. Pure: state and time in, decision out (argocd contract "auto-sync").
import { type Backoff, backoffMs, jsonEqual } from '../../lib/index.ts';
import {
  type Application,
  type ApplicationSource,
  isAutomated,
  type Operation,
  revisionText,
} from '../../model/index.ts';
import { type BegunOperation, isUnrecorded } from './begun.ts';

/** What the comparison found, as far as auto-sync cares. */
export interface SyncNeed {
  readonly status: 'Synced' | 'OutOfSync' | 'Unknown';
  /** See `revisionText`. */
  readonly revision: string;
  readonly isMulti: boolean;
  readonly sources: readonly ApplicationSource[];
  /** True when the commit synced last renders the same as `revision`: then `revision` is nothing new. */
  readonly sameAsLastSync: boolean;
  /** Objects that differ or are missing. */
  readonly toApply: readonly { group: string; kind: string; namespace: string; name: string }[];
  /** Live objects that left the source. */
  readonly toPrune: readonly { group: string; kind: string; namespace: string; name: string }[];
  /** Objects in the source, hooks left out. */
  readonly desiredCount: number;
}

export type AutoSyncDecision =
  | { readonly kind: 'none'; readonly why: string }
  /** Due later: `waitMs` from now. */
  | { readonly kind: 'wait'; readonly waitMs: number; readonly why: string }
  | { readonly kind: 'refuse'; readonly message: string; readonly retryInMs?: number }
  | { readonly kind: 'sync'; readonly operation: Operation; readonly why: string };

/** Argo CD's self-heal back-off: the first repair is immediate, then 2 s, 6 s, 18 s … 300 s. */
export const SELF_HEAL_BACKOFF: Backoff = { initialMs: 2_000, factor: 3, maxMs: 300_000 };
/** A repair this long after the last one starts counting afresh. */
export const SELF_HEAL_COOLDOWN_MS = 330_000;
/** Automated operations repeat this often on their own before the revision is left to the slower retry below. */
export const AUTOMATED_RETRY_LIMIT = 5;
/** A revision whose operation failed is tried again at this pace for as long as it stays wanted. */
export const FAILED_REVISION_BACKOFF: Backoff = { initialMs: 60_000, factor: 2, maxMs: 1_800_000 };

/** @param now wall clock, milliseconds */
export function decideAutoSync(app: Application, need: SyncNeed, now: number): AutoSyncDecision {
  const { spec, status } = app;
  if (!isAutomated(spec)) return { kind: 'none', why: 'automated sync is off' };
  if (app.metadata.deletionTimestamp !== undefined)
    return { kind: 'none', why: 'the application is being deleted' };
  if (need.status !== 'OutOfSync') return { kind: 'none', why: `the application is ${need.status}` };
  const automated = spec.syncPolicy?.automated ?? {};
  if (need.toApply.length === 0 && automated.prune !== true) {
    return { kind: 'none', why: 'only deletions are needed and automated prune is off' };
  }
  if (automated.prune === true && automated.allowEmpty !== true && need.desiredCount === 0) {
    return {
      kind: 'refuse',
      message:
        'auto-sync will wipe out all resources: the source renders no object; set spec.syncPolicy.automated.allowEmpty if that is meant',
    };
  }
  const last = status?.operationState;
  const attempted =
    last?.syncResult !== undefined &&
    last.operation.sync?.dryRun !== true &&
    (revisionText(last.syncResult) === need.revision || need.sameAsLastSync) &&
    jsonEqual(last.syncResult.sources ?? [last.syncResult.source], need.sources);
  if (!attempted) return { kind: 'sync', operation: automatedOperation(app, need), why: 'a new revision' };
  const finishedMs = last.finishedAt === undefined ? now : Date.parse(last.finishedAt);
  if (last.phase !== 'Succeeded') {
    const attempts = last.operation.sync?.autoHealAttemptsCount ?? 0;
    const dueMs = finishedMs + backoffMs(FAILED_REVISION_BACKOFF, attempts) - now;
    if (dueMs > 0) {
      return {
        kind: 'refuse',
        message: `Failed last sync attempt to ${shortRevisions(need.revision)}: ${last.message ?? last.phase}; the next attempt is at ${new Date(now + dueMs).toISOString()}`,
        retryInMs: dueMs,
      };
    }
    return {
      kind: 'sync',
      operation: automatedOperation(app, need, attempts + 1),
      why: 'the last attempt failed',
    };
  }
  if (automated.selfHeal !== true)
    return { kind: 'none', why: 'this revision was synced and self-heal is off' };
  return selfHeal(app, need, finishedMs, now);
}

/**
 * A sync that applied everything could not say so any more: it is gone through once more, which changes nothing and
 * gives it its end and its place in the history. Undefined: there is nothing to make up for.
 */
export function decideAfterInterruption(
  app: Application,
  need: SyncNeed,
  begun: BegunOperation | undefined,
): AutoSyncDecision | undefined {
  if (begun === undefined || need.status !== 'Synced' || !isAutomated(app.spec)) return undefined;
  const isKnown = revisionText(app.status?.history?.at(-1)) === need.revision;
  if (isKnown || begun.revision !== need.revision || !isUnrecorded(app, begun)) return undefined;
  return {
    kind: 'sync',
    operation: automatedOperation(app, need),
    why: 'the process ended before it recorded this sync',
  };
}

function selfHeal(app: Application, need: SyncNeed, finishedMs: number, now: number): AutoSyncDecision {
  const sinceMs = now - finishedMs;
  const counted = app.status?.operationState?.operation.sync?.autoHealAttemptsCount ?? 0;
  const attempts = sinceMs > SELF_HEAL_COOLDOWN_MS ? 0 : counted;
  const waitMs = attempts === 0 ? 0 : backoffMs(SELF_HEAL_BACKOFF, attempts - 1) - sinceMs;
  if (waitMs > 0) return { kind: 'wait', waitMs, why: `self-heal attempt ${attempts + 1} is backing off` };
  // A repair is partial, as in Argo CD: no hooks run and no history entry is written.
  const resources = [
    ...need.toApply,
    ...(app.spec.syncPolicy?.automated?.prune === true ? need.toPrune : []),
  ].map(({ group, kind, namespace, name }) => ({
    ...(group === '' ? {} : { group }),
    kind,
    name,
    ...(namespace === '' ? {} : { namespace }),
  }));
  const operation = automatedOperation(app, need, attempts + 1);
  return {
    kind: 'sync',
    operation: { ...operation, sync: { ...operation.sync, resources } },
    why: 'the live state drifted',
  };
}

function automatedOperation(app: Application, need: SyncNeed, attempts = 0): Operation {
  const { syncPolicy } = app.spec;
  return {
    sync: {
      ...(need.isMulti ? { revisions: need.revision.split(',') } : { revision: need.revision }),
      ...(syncPolicy?.automated?.prune === true ? { prune: true } : {}),
      ...(syncPolicy?.syncOptions === undefined ? {} : { syncOptions: syncPolicy.syncOptions }),
      ...(attempts > 0 ? { autoHealAttemptsCount: attempts } : {}),
    },
    initiatedBy: { automated: true },
    retry: syncPolicy?.retry ?? { limit: AUTOMATED_RETRY_LIMIT },
  };
}

/** Commits as people know them; versions as they are. */
export function shortRevisions(revision: string): string {
  return revision
    .split(',')
    .map((each) => (/^[0-9a-f]{40,64}$/.test(each) ? each.slice(0, 7) : each))
    .join(', ');
}
