// Whether what somebody waits for is so, will be so, or cannot be. Pure.
import type { WaitAnswer, WaitGoal } from '../contract/index.ts';
import type { Application } from '../model/index.ts';

export interface WaitWish {
  readonly revision: string | undefined;
  readonly goals: readonly WaitGoal[];
}

/** What is told of another revision than the wished one: whether it contains it; undefined: nobody knows. */
export type Contains = (revision: string) => boolean | undefined;

export type WaitVerdict =
  | Pick<WaitAnswer, 'result' | 'reason'>
  | { readonly result: 'waiting'; readonly reason: string };

export function judgeWait(app: Application, wish: WaitWish, contains: Contains): WaitVerdict {
  const { status } = app;
  const { revision, goals } = wish;
  const operation = status?.operationState;
  const current = currentRevision(app, revision);
  if (goals.includes('deleted')) return waiting('it is still there');
  if (revision !== undefined && current !== revision) {
    if (current !== '' && contains(current) === true) {
      return { result: 'superseded', reason: `commit ${short(current)} contains it and took its place` };
    }
    return failureOf(app, revision) ?? waiting(`it is at ${short(current) || 'no revision'} so far`);
  }
  const failure = failureOf(app, revision);
  if (failure !== undefined) return failure;
  const isBusy =
    operation?.phase === 'Running' || operation?.phase === 'Terminating' || app.operation !== undefined;
  if (isBusy) return waiting(`a sync is under way: ${operation?.message ?? 'it was asked for'}`);
  if (goals.includes('synced') && status?.sync?.status !== 'Synced')
    return waiting(`it is ${status?.sync?.status ?? 'not compared yet'}`);
  const health = status?.health?.status ?? 'Unknown';
  if (goals.includes('healthy') && health !== 'Healthy') {
    const why = status?.health?.message;
    return waiting(`it is ${health}${why === undefined || why === '' ? '' : `: ${why}`}`);
  }
  return {
    result: 'reached',
    reason: `it is ${status?.sync?.status ?? 'Unknown'} and ${health} at ${short(current)}`,
  };
}

/** Conditions and failed syncs that no waiting mends; a sync that is tried again by itself is not one. */
function failureOf({ status }: Application, revision: string | undefined): WaitVerdict | undefined {
  const error = (status?.conditions ?? []).find(
    ({ type }) => type === 'InvalidSpecError' || type === 'ComparisonError',
  );
  if (error !== undefined) return { result: 'failed', reason: `${error.type}: ${error.message}` };
  const operation = status?.operationState;
  const isFailed = operation?.phase === 'Failed' || operation?.phase === 'Error';
  const isConcerned = revision === undefined || isSyncOf(operation?.syncResult, revision);
  if (isFailed && isConcerned && status?.sync?.status !== 'Synced')
    return { result: 'failed', reason: `the sync failed: ${operation.message ?? operation.phase}` };
  return undefined;
}

/** With several sources: the wished one when a source is at it, else that of the first source. */
export function currentRevision({ status }: Application, wished: string | undefined): string {
  const { revision = '', revisions = [] } = status?.sync ?? {};
  return revisions.find((each) => each === wished) ?? revisions[0] ?? revision;
}

function isSyncOf(
  result: { readonly revision: string; readonly revisions?: readonly string[] | undefined } | undefined,
  revision: string,
): boolean {
  return result?.revision === revision || (result?.revisions ?? []).includes(revision);
}

function waiting(reason: string): WaitVerdict {
  return { result: 'waiting', reason };
}

function short(revision: string): string {
  return /^[0-9a-f]{40,64}$/.test(revision) ? revision.slice(0, 7) : revision;
}
