// Strategy RollingSync: which applications of a set may be synced now, step by step. Pure: a set and its applications
// in, their places in the rollout out.
import { matchesLabels } from '../../k8s/index.ts';
import { jsonEqual, rfc3339 } from '../../lib/index.ts';
import type { Application, ApplicationSet, ApplicationSetApplicationStatus } from '../../model/index.ts';
import { ApplicationSetError } from './errors.ts';

type Step = NonNullable<
  NonNullable<NonNullable<ApplicationSet['spec']['strategy']>['rollingSync']>['steps']
>[number];

export interface Rollout {
  readonly statuses: readonly ApplicationSetApplicationStatus[];
  /** Their turn has come, and nobody syncs them yet. */
  readonly due: readonly Application[];
  /** Some application of a step is not there yet. */
  readonly isProgressing: boolean;
}

/** Throws ApplicationSetError `SET_INVALID` when the steps cannot be used. */
export function checkSteps(set: ApplicationSet): readonly Step[] {
  const steps = set.spec.strategy?.rollingSync?.steps ?? [];
  const wrong = (seen: string): ApplicationSetError =>
    new ApplicationSetError('SET_INVALID', 'on-change', `spec.strategy.rollingSync${seen}`);
  if (steps.length === 0) throw wrong('.steps: missing; name the steps, or use strategy AllAtOnce');
  for (const [i, { matchExpressions = [], maxUpdate }] of steps.entries()) {
    for (const { key = '', operator, values = [] } of matchExpressions) {
      if (key === '' || values.length === 0 || (operator !== 'In' && operator !== 'NotIn'))
        throw wrong(`.steps[${i}].matchExpressions: give key, operator (In or NotIn) and values`);
    }
    if (maxUpdate !== undefined && !/^\d{1,6}%?$/.test(String(maxUpdate)))
      throw wrong(
        `.steps[${i}].maxUpdate: "${String(maxUpdate).slice(0, 40)}" is neither a number nor a percentage`,
      );
  }
  return steps;
}

/**
 * @param apps the applications the set owns, as they are now
 * @param now wall clock, milliseconds
 */
export function rolloutOf(set: ApplicationSet, apps: readonly Application[], now: number): Rollout {
  const steps = checkSteps(set);
  const before = new Map((set.status?.applicationStatus ?? []).map((status) => [status.application, status]));
  const sorted = [...apps].sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1));
  const places = sorted.map((app) => {
    const step = steps.findIndex((each) => isOfStep(each, app));
    return { app, step, status: observed(app, step, before.get(nameOf(app)), now) };
  });
  for (const [i, step] of steps.entries()) {
    const here = places.filter((place) => place.step === i);
    let busy = here.filter(
      ({ status }) => status.status === 'Pending' || status.status === 'Progressing',
    ).length;
    const limit = limitOf(step, here.length);
    for (const place of here) {
      if (place.status.status !== 'Waiting' || busy >= limit) continue;
      busy += 1;
      place.status = moved(place.status, 'Pending', 'Its turn has come: it is synced', now);
    }
    // The next step waits for all of this one.
    if (here.some(({ status }) => status.status !== 'Healthy')) break;
  }
  const staged = places.filter(({ step }) => step >= 0);
  return {
    statuses: places.map(({ status }) => status),
    due: staged
      .filter(({ app, status }) => status.status === 'Pending' && isIdle(app) && isCompared(app))
      .map(({ app }) => app),
    isProgressing: staged.some(({ status }) => status.status !== 'Healthy'),
  };
}

/** Where an application stands by what is seen of it, before anybody is given a turn. */
function observed(
  app: Application,
  step: number,
  before: ApplicationSetApplicationStatus | undefined,
  now: number,
): ApplicationSetApplicationStatus {
  const targetRevisions = revisionsOf(app);
  const place = step < 0 ? '-1' : String(step + 1);
  const known: ApplicationSetApplicationStatus = before ?? {
    application: nameOf(app),
    status: 'Waiting',
    message: 'It waits for its turn',
    step: place,
    targetRevisions,
    lastTransitionTime: rfc3339(now),
  };
  const status = { ...known, step: place, targetRevisions };
  const isDone = !isOutdated(app) && isIdle(app) && app.status?.health?.status === 'Healthy';
  if (isDone) return moved(status, 'Healthy', 'It is synced and healthy', now);
  const failure = failureOf(app, status);
  if (failure !== undefined) return { ...moved(status, 'Progressing', failure, now), message: failure };
  if (status.status === 'Healthy' || status.status === 'Progressing') {
    // Ill again without a change of its source: that is no new rollout.
    if (isOutdated(app) && isIdle(app))
      return moved(status, 'Waiting', 'It has changes and waits for its turn', now);
    return status;
  }
  if (status.status === 'Pending' && (!isIdle(app) || !isOutdated(app)))
    return moved(status, 'Progressing', 'It is being synced, or becomes healthy', now);
  return status;
}

/** A sync of what it should be now has failed for good: it is not tried for ever, and nothing goes past it. */
function failureOf(
  { spec, status: seen }: Application,
  { status, lastTransitionTime = '' }: ApplicationSetApplicationStatus,
): string | undefined {
  const state = seen?.operationState;
  if (state === undefined || (state.phase !== 'Failed' && state.phase !== 'Error')) return undefined;
  const { revision, revisions, source } = state.syncResult ?? {};
  const isOfNow =
    status === 'Pending'
      ? Date.parse(state.startedAt) >= Date.parse(lastTransitionTime)
      : status === 'Progressing' &&
        jsonEqual(revisions ?? revision, seen?.sync?.revisions ?? seen?.sync?.revision) &&
        (source === undefined || jsonEqual(source, spec.source));
  return isOfNow
    ? `Its sync failed and the rollout waits: ${state.message ?? state.phase}. Correct it, or sync it by hand`
    : undefined;
}

function moved(
  status: ApplicationSetApplicationStatus,
  to: 'Waiting' | 'Pending' | 'Progressing' | 'Healthy',
  message: string,
  now: number,
): ApplicationSetApplicationStatus {
  return status.status === to ? status : { ...status, status: to, message, lastTransitionTime: rfc3339(now) };
}

function isOfStep({ matchExpressions = [] }: Step, app: Application): boolean {
  return matchesLabels(
    matchExpressions.map(({ key = '', operator, values = [] }) => ({
      key,
      operator: operator === 'NotIn' ? 'NotIn' : 'In',
      values,
    })),
    app.metadata.labels,
  );
}

/** How many of a step may be underway: all when nothing is said, a percentage of at least one, 0 for none. */
function limitOf({ maxUpdate }: Step, total: number): number {
  if (maxUpdate === undefined) return total;
  const text = String(maxUpdate);
  if (!text.endsWith('%')) return Number(text);
  const share = Number(text.slice(0, -1));
  return share === 0 ? 0 : Math.max(1, Math.floor((total * share) / 100));
}

function isOutdated({ status }: Application): boolean {
  return status?.sync?.status !== 'Synced';
}

/** A sync of what could not be compared yet would only fail. */
function isCompared({ status }: Application): boolean {
  return status?.sync?.status === 'OutOfSync';
}

function isIdle({ operation, status }: Application): boolean {
  const phase = status?.operationState?.phase;
  return operation === undefined && phase !== 'Running' && phase !== 'Terminating';
}

function revisionsOf({ status }: Application): string[] {
  const { revision, revisions } = status?.sync ?? {};
  return revisions ?? (revision === undefined ? [] : [revision]);
}

function nameOf({ metadata }: Application): string {
  return metadata.name ?? '';
}
