// How the last sync went, in words: running, waiting to retry, superseded, failed, done. Pure.
import type { Application } from '../../../../src/contract/index.ts';
import { took } from '../../lib/time.ts';
import { initiator, type Summary } from './summaries.ts';

export interface FailedResource {
  readonly key: string;
  readonly title: string;
  readonly message: string;
}

export interface OperationSummary extends Summary {
  /** What is left to say; '' when the label says it all. */
  readonly message: string;
  /** "by admin", "took 4 s"; '' when neither is known. */
  readonly circumstances: string;
  /** When it ended, or began while it runs. */
  readonly at: string | undefined;
  readonly isRunning: boolean;
  readonly failed: readonly FailedResource[];
}

const RETRY = /^(.*?)[.]? Retrying attempt #(\d+) at (\S+?)[.]?$/s;

/** @param nowMs for the countdown to a retry */
export function operationSummary(app: Application, nowMs: number): OperationSummary | undefined {
  const state = app.status?.operationState;
  if (state === undefined)
    return app.operation === undefined ? undefined : { ...idle, tone: 'moving', label: 'Requested' };
  const { phase, startedAt, finishedAt, message = '' } = state;
  // A time of no length is not worth a word.
  const spent = startedAt === finishedAt ? '' : took(startedAt, finishedAt);
  const circumstances = [initiator(state.operation.initiatedBy), spent && `took ${spent}`];
  return {
    at: finishedAt ?? startedAt,
    isRunning: phase === 'Running' || phase === 'Terminating',
    failed: failedResources(app),
    circumstances: circumstances.filter(Boolean).join(', '),
    ...outcome(phase, message, finishedAt !== undefined, nowMs),
  };
}

const idle = { message: '', circumstances: '', at: undefined, isRunning: true, failed: [] };

function outcome(
  phase: string,
  message: string,
  hasEnded: boolean,
  nowMs: number,
): Summary & { readonly message: string } {
  if (phase === 'Terminating') return { tone: 'moving', label: 'Stopping', message };
  // What it waits for is said where it can be answered.
  if (phase === 'Running' && !hasEnded && message.startsWith('waiting for pruning confirmation'))
    return { tone: 'attention', label: 'Waits for approval', message: '' };
  if (phase === 'Running' && !hasEnded) return { tone: 'moving', label: 'Syncing', message };
  if (phase === 'Running') return waiting(message, nowMs);
  if (phase === 'Succeeded') return { tone: 'good', label: 'Succeeded', message: '' };
  if (message.startsWith('superseded'))
    return { tone: 'off', label: 'Superseded', message: `${sentence(message)}: a newer one took its place` };
  return { tone: 'bad', label: phase === 'Error' ? 'Could not sync' : 'Failed', message };
}

function waiting(message: string, nowMs: number): Summary & { readonly message: string } {
  const [, reason = message, attempt, at] = RETRY.exec(message) ?? [];
  const seconds = Math.ceil((Date.parse(at ?? '') - nowMs) / 1000);
  if (Number.isNaN(seconds)) return { tone: 'attention', label: 'Waiting to retry', message: reason };
  const when = seconds > 0 ? `in ${seconds} s` : 'now';
  return { tone: 'attention', label: `Attempt ${Number(attempt) + 1} ${when}`, message: reason };
}

function failedResources(app: Application): FailedResource[] {
  return (app.status?.operationState?.syncResult?.resources ?? [])
    .filter(
      ({ status, hookPhase }) => status === 'SyncFailed' || hookPhase === 'Failed' || hookPhase === 'Error',
    )
    .map(({ group, kind, namespace, name, message = '' }) => ({
      key: `${group}/${kind}/${namespace}/${name}`,
      title: `${kind} ${namespace === '' ? name : `${namespace}/${name}`}`,
      message,
    }));
}

function sentence(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
