// A rollback under automated sync holds the application at one revision: what the page says about that. Pure.
import type { Application } from '../../../../src/contract/index.ts';
import { shortRevision } from './summaries.ts';

const HOLD = 'fairlead.dev/hold';

export interface HoldView {
  /** Short; of several sources: all of them. '' when the annotation cannot be read. */
  readonly at: string;
  readonly by: string | undefined;
  readonly reason: string | undefined;
  /** RFC 3339. */
  readonly since: string | undefined;
  readonly until: string | undefined;
  /** What is not followed meanwhile: the branch, and the commit it is at where that is known. */
  readonly follows: string;
  readonly followsAt: string | undefined;
}

/** Undefined: it is not held, or its time is over. @param nowMs wall clock */
export function holdView(app: Application, nowMs: number): HoldView | undefined {
  const text = app.metadata.annotations?.[HOLD];
  if (text === undefined || text.trim() === '') return undefined;
  const hold = membersOf(text);
  const until = textIn(hold, 'until');
  if (until !== undefined && Date.parse(until) <= nowMs) return undefined;
  const condition = app.status?.conditions?.find(({ type }) => type === 'HoldWarning');
  return {
    at: revisionsIn(hold),
    by: textIn(hold, 'by'),
    reason: textIn(hold, 'reason'),
    since: textIn(hold, 'since') ?? condition?.lastTransitionTime,
    until,
    follows: (app.spec.sources?.[0] ?? app.spec.source)?.targetRevision || 'HEAD',
    followsAt: /; its source is at (\S.*)$/.exec(condition?.message ?? '')?.[1],
  };
}

function revisionsIn(hold: Readonly<Record<string, unknown>>): string {
  const revisions = hold['revisions'];
  const all = Array.isArray(revisions) ? revisions.map(String) : (textIn(hold, 'revision') ?? '').split(',');
  return all.map(shortRevision).join(', ');
}

function membersOf(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
  } catch {
    return {};
  }
}

function textIn(hold: Readonly<Record<string, unknown>>, name: string): string | undefined {
  const value = hold[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
}
