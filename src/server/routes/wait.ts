// One long answer for scripts: is this commit in the cluster, and well?
import { type WaitAnswer, WaitQuery } from '../../contract/index.ts';
import { type Application, revisionText } from '../../model/index.ts';
import type { ServerDeps } from '../deps.ts';
import { type Route, route } from '../route.ts';
import { currentRevision, judgeWait, type WaitVerdict, type WaitWish } from '../wait.ts';

/** Relations to commits that were asked for; a wait sees few. */
const MAX_KNOWN = 50;

export const waitRoutes: readonly Route[] = [
  route({
    method: 'GET',
    path: '/api/v1/fairlead/applications/:name/wait',
    access: { resource: 'applications', action: 'get', scope: 'application' },
    query: WaitQuery,
    handle: ({ deps, app, query, signal }) =>
      waitFor(
        deps,
        app,
        { revision: query.revision || undefined, goals: query.for },
        query.timeoutSeconds,
        signal,
      ),
  }),
];

async function waitFor(
  deps: ServerDeps,
  first: Application,
  wish: WaitWish,
  timeoutSeconds: number,
  signal: AbortSignal,
): Promise<WaitAnswer> {
  const { namespace = '', name = '', uid } = first.metadata;
  const relations = new Map<string, boolean>();
  const contains = (revision: string): boolean | undefined => relations.get(revision);
  let wake = (): void => {};
  const changed = (): Promise<void> =>
    new Promise((resolve) => {
      wake = resolve;
    });
  const stop = deps.feed.subscribe(({ application }) => {
    if (application.metadata.name === name && application.metadata.namespace === namespace) wake();
  });
  const isLate = deps.clock.sleep(timeoutSeconds * 1000, signal).then(() => 'late' as const);
  isLate.catch(() => {});
  try {
    for (;;) {
      const next = changed();
      const app = deps.applications.get(namespace, name);
      if (app === undefined || app.metadata.uid !== uid) return deleted(wish);
      const verdict = judgeWait(app, wish, contains);
      if (verdict.result !== 'waiting') return answer(app, verdict.result, verdict.reason);
      if (await learnRelation(deps, app, wish, relations, signal)) continue;
      if ((await Promise.race([next, isLate])) === 'late') return answer(app, 'timeout', verdict.reason);
    }
  } finally {
    stop();
  }
}

/** True when something was learned: the verdict may be another one now. */
async function learnRelation(
  deps: ServerDeps,
  app: Application,
  { revision }: WaitWish,
  relations: Map<string, boolean>,
  signal: AbortSignal,
): Promise<boolean> {
  const current = currentRevision(app, revision);
  if (revision === undefined || current === '' || current === revision) return false;
  if (relations.has(current) || relations.size >= MAX_KNOWN) return false;
  relations.set(current, await deps.views.contains(app, current, revision, signal));
  return true;
}

function answer(app: Application, result: WaitAnswer['result'], reason: WaitVerdict['reason']): WaitAnswer {
  const { sync, health } = app.status ?? {};
  return {
    result,
    reason,
    sync: sync?.status ?? 'Unknown',
    health: health?.status ?? 'Unknown',
    revision: revisionText(sync),
  };
}

function deleted({ goals }: WaitWish): WaitAnswer {
  const none = { sync: 'Unknown', health: 'Missing', revision: '' };
  return goals.includes('deleted')
    ? { result: 'reached', reason: 'it is gone', ...none }
    : { result: 'failed', reason: 'the application was deleted meanwhile', ...none };
}
