// When a failed operation is tried again, and what its status says meanwhile. Pure.
import { backoffMs, parseDurationMs, rfc3339 } from '../lib/index.ts';
import type { OperationState } from '../model/index.ts';

export type NextRetry =
  /** The operation is over for good, or not over at all. */
  | { readonly kind: 'none' }
  | {
      readonly kind: 'retry';
      /** Milliseconds since the epoch; in the past when it is due. */
      readonly at: number;
      readonly isDue: boolean;
      /** For `operationState.message` while waiting; the phase stays Running and finishedAt stays set. */
      readonly message: string;
      /** For `operationState.retryCount` once it is tried again. */
      readonly retryCount: number;
      /** Resolve the revision anew instead of keeping the pinned one. */
      readonly refresh: boolean;
    };

const DEFAULTS = { durationMs: 5_000, factor: 2, maxMs: 180_000, automatedLimit: 5 } as const;

/** `state.phase` is the outcome of the last attempt (Failed or Error), `finishedAt` its end. */
export function nextRetry(state: OperationState, now: number): NextRetry {
  const { retry, initiatedBy } = state.operation;
  const count = state.retryCount ?? 0;
  const limit =
    retry?.limit ?? (retry === undefined && initiatedBy?.automated === true ? DEFAULTS.automatedLimit : 0);
  const failed = state.phase === 'Failed' || state.phase === 'Error';
  if (!failed || (limit >= 0 && count >= limit)) return { kind: 'none' };
  const policy = {
    initialMs: parseDurationMs(retry?.backoff?.duration ?? '') ?? DEFAULTS.durationMs,
    factor: retry?.backoff?.factor ?? DEFAULTS.factor,
    maxMs: parseDurationMs(retry?.backoff?.maxDuration ?? '') ?? DEFAULTS.maxMs,
  };
  const finished = Date.parse(state.finishedAt ?? '');
  const at = (Number.isNaN(finished) ? now : finished) + backoffMs(policy, count);
  const attempt = count + 1;
  return {
    kind: 'retry',
    at,
    isDue: now >= at,
    message: `${state.message ?? ''}. Retrying attempt #${attempt} at ${rfc3339(at)}.`,
    retryCount: attempt,
    refresh: retry?.refresh ?? false,
  };
}
