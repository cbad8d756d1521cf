// Turns what is known of an application into the reasons for its state, in sentences, and into what would change it. Pure.
import type { Explanation, ExplanationCause, ExplanationLink } from '../contract/index.ts';
import { rfc3339 } from '../lib/index.ts';
import { differenceCauses } from './differences.ts';
import type { ExplanationFacts } from './facts.ts';
import { healthCauses } from './health.ts';
import { nextSteps } from './next.ts';
import { commitLink, inputLinks, recordLink, shortId } from './text.ts';

/** More causes than this are counted, not listed: nobody reads them, and the first ones are usually why. */
const MAX_CAUSES = 20;
const MAX_FAILED = 5;
const MAX_HISTORY = 5;

export function explainApplication(facts: ExplanationFacts): Explanation {
  const { app, now } = facts;
  const { status } = app;
  const all = [
    ...errorCauses(facts),
    ...operationCauses(facts),
    ...differenceCauses(facts),
    ...healthCauses(facts),
  ];
  return {
    application: { namespace: app.metadata.namespace ?? '', name: app.metadata.name ?? '' },
    at: rfc3339(now),
    sync: status?.sync?.status ?? 'Unknown',
    health: status?.health?.status ?? 'Unknown',
    ...(status?.operationState === undefined ? {} : { operation: status.operationState.phase }),
    summary: summary(facts, all),
    causes: all.slice(0, MAX_CAUSES),
    moreCauses: Math.max(0, all.length - MAX_CAUSES),
    history: history(facts),
    next: nextSteps(facts, all),
  };
}

function summary(facts: ExplanationFacts, causes: readonly ExplanationCause[]): string {
  const { status } = facts.app;
  const state = `${status?.sync?.status ?? 'Unknown'} and ${status?.health?.status ?? 'Unknown'}`;
  const [first] = causes;
  if (first === undefined) {
    const revision = status?.sync?.revision;
    return revision === undefined
      ? `${state}: nothing has been compared so far`
      : `${state}: the cluster has what commit ${shortId(revision)} says`;
  }
  const more = causes.length > 1 ? `, and ${causes.length - 1} more` : '';
  return `${state}: ${first.title}${more}`;
}

/** Conditions: without their remedy nothing else moves, so they come first. */
function errorCauses({ app, commit, changedInputs }: ExplanationFacts): ExplanationCause[] {
  return (app.status?.conditions ?? []).map(({ type, message, lastTransitionTime }) => ({
    kind: 'error',
    title: `${type}: ${message}`,
    chain: [
      ...(type === 'ComparisonError' && commit !== undefined ? [commitLink(commit)] : []),
      ...(type === 'ComparisonError' ? inputLinks(changedInputs) : []),
      {
        kind: 'rule',
        text: consequenceOf(type),
        ...(lastTransitionTime === undefined ? {} : { at: lastTransitionTime }),
      },
    ],
  }));
}

/** What conditions keep from happening that neither stop everything nor nothing. */
const CONSEQUENCES: Readonly<Record<string, string>> = {
  HoldWarning:
    'newer commits are not deployed while it is held; drift is judged against the commit it is held at',
  DependencyWarning: 'nothing new is deployed before that; what is deployed already is kept as it is',
  SyncWindowInfo: 'automated sync does nothing before the window opens',
  SyncWindowWarning: 'automated sync does nothing before the window is corrected',
  DeletionHeldWarning: 'the objects it names stay; everything else goes on',
};

function consequenceOf(type: string): string {
  const known = CONSEQUENCES[type];
  if (known !== undefined) return known;
  return type.endsWith('Error')
    ? 'nothing is applied and nothing is deleted while this holds'
    : 'a warning: it stops nothing';
}

function operationCauses({ app, records }: ExplanationFacts): ExplanationCause[] {
  const state = app.status?.operationState;
  if (state === undefined || state.phase === 'Succeeded') return [];
  const { initiatedBy } = state.operation;
  const who = initiatedBy?.automated === true ? 'automated sync' : (initiatedBy?.username ?? 'somebody');
  const revision = state.syncResult?.revision ?? state.operation.sync?.revision ?? '';
  const what = `The sync${revision === '' ? '' : ` to ${shortId(revision)}`} by ${who}`;
  const failed = (state.syncResult?.resources ?? []).filter(
    ({ status, hookPhase }) => status === 'SyncFailed' || hookPhase === 'Failed' || hookPhase === 'Error',
  );
  const isOver = state.finishedAt !== undefined && state.phase !== 'Running';
  const chain: ExplanationLink[] = [
    { kind: 'record', text: `${what} began`, at: state.startedAt },
    ...failed.slice(0, MAX_FAILED).map(
      ({ kind, namespace, name, message }): ExplanationLink => ({
        kind: 'event',
        text: `${kind} ${namespace === '' ? '' : `${namespace}/`}${name}: ${message ?? 'failed'}`,
      }),
    ),
    ...records
      .filter(({ outcome, at }) => outcome === 'failed' && at >= state.startedAt)
      .slice(0, MAX_FAILED - Math.min(failed.length, MAX_FAILED))
      .map(recordLink),
  ];
  const words = isOver ? 'failed' : state.phase === 'Terminating' ? 'is being ended' : 'is under way';
  return [{ kind: 'operation', title: `${what} ${words}: ${state.message ?? state.phase}`, chain }];
}

/** How the present state came to be: the commit, what it changed here, what was written because of it. */
function history({ app, commit, deployed, records }: ExplanationFacts): ExplanationLink[] {
  const source = deployed ?? commit;
  const last = app.status?.history?.at(-1);
  return [
    ...(source === undefined ? [] : [commitLink(source)]),
    ...(last === undefined
      ? []
      : [
          {
            kind: 'record' as const,
            text: `deployed by ${last.initiatedBy?.automated === true ? 'automated sync' : (last.initiatedBy?.username ?? 'somebody')}`,
            at: last.deployedAt,
          },
        ]),
    ...records.slice(0, MAX_HISTORY).map(recordLink),
  ];
}
