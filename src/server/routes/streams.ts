// Changes as they happen: applications, and the tree of one application.
import type { z } from 'zod';
import { ApplicationListQuery, ApplicationScope, type ApplicationWatchEvent } from '../../contract/index.ts';
import type { Application } from '../../model/index.ts';
import { applicationFacts } from '../application-facts.ts';
import { versionOf } from '../application-feed.ts';
import { applicationTest } from '../application-query.ts';
import { below, parseFields, project } from '../fields.ts';
import { LatestQueue } from '../latest-queue.ts';
import type { ApplicationEvent } from '../ports.ts';
import { applicationObject, requireSynced } from '../resolve-application.ts';
import { type Call, type Route, route, StreamAnswer, type StreamSink } from '../route.ts';

const get = { resource: 'applications', action: 'get' } as const;
const StreamQuery = ApplicationListQuery;
type StreamQuery = z.output<typeof StreamQuery>;
/** A tree of a busy application changes many times a second; nobody reads faster. */
const TREE_INTERVAL_MS = 200;

export const streamRoutes: readonly Route[] = [
  route({
    method: 'GET',
    path: '/api/v1/stream/applications',
    access: { ...get, scope: 'list' },
    query: StreamQuery,
    handle(call) {
      requireSynced(call.deps);
      const test = applicationTest(call.query);
      return new StreamAnswer((sink) => streamApplications(call, test, sink));
    },
  }),
  route({
    method: 'GET',
    path: '/api/v1/stream/applications/:name/resource-tree',
    access: { ...get, scope: 'application' },
    query: ApplicationScope,
    handle: ({ deps, app }) =>
      new StreamAnswer(async (sink) => {
        const changed = new LatestQueue<true>();
        const stop = deps.views.watchTree(app, () => changed.put('tree', true));
        try {
          changed.put('tree', true);
          for await (const _ of changed.drain(sink.signal)) {
            const tree = await deps.views.tree(app);
            if (tree !== undefined) await sink.send(tree);
            await deps.clock.sleep(TREE_INTERVAL_MS, sink.signal);
          }
        } finally {
          stop();
        }
      }),
  }),
];

async function streamApplications(
  call: Call<StreamQuery, undefined>,
  test: (app: Application) => boolean,
  sink: StreamSink,
): Promise<void> {
  const { deps, query, headers } = call;
  const isWanted = ({ application }: ApplicationEvent): boolean =>
    test(application) && call.may(get, applicationObject(application));
  const queue = new LatestQueue<ApplicationEvent>();
  const put = (event: ApplicationEvent): void => {
    const { namespace = '', name = '' } = event.application.metadata;
    const key = `${namespace}/${name}`;
    if (!isWanted(event)) return;
    // To a reader who has not heard of it yet, a changed application is still a new one.
    const isNew = event.type === 'MODIFIED' && queue.get(key)?.type === 'ADDED';
    queue.put(key, isNew ? { ...event, type: 'ADDED' } : event);
  };
  // Subscribed before the present state is read, so that no change falls between the two.
  const stop = deps.feed.subscribe(put);
  try {
    const since = String(headers['last-event-id'] ?? query.resourceVersion ?? '');
    await putPresent(call, since, put, sink);
    const write = lineWriter(query.fields);
    for await (const event of queue.drain(sink.signal)) {
      // Only when nothing waits may the reader say later that it has seen everything up to here.
      await sink.sendText(write(event), queue.isEmpty ? String(deps.feed.version()) : undefined);
    }
  } finally {
    stop();
  }
}

/** Everything for a new reader; for one who comes back, what is newer than `since`, and what went. */
async function putPresent(
  { deps, query }: Call<StreamQuery, undefined>,
  since: string,
  put: (event: ApplicationEvent) => void,
  sink: StreamSink,
): Promise<void> {
  const version = versionOf(since);
  if (version > 0) {
    const deletions = deps.feed.deletionsSince(version);
    // Too long ago to know what was deleted: a page lists again when it hears this.
    if (deletions === undefined) await sink.notify('relist');
    for (const event of deletions ?? []) put(event);
  }
  const type = version > 0 ? 'MODIFIED' : 'ADDED';
  const isAll = version === 0 || (query.name ?? '') !== '';
  for (const application of deps.applications.list()) {
    if (isAll || versionOf(application.metadata.resourceVersion) > version) put({ type, application });
  }
}

/** The JSON of an event's `result`, with the projection `result.…` applied. */
function lineWriter(fields: string | undefined): (event: ApplicationEvent) => string {
  const wanted = below(parseFields(fields), 'result');
  const projection = wanted === 'nothing' ? undefined : wanted;
  return ({ type, application }) => {
    const event: ApplicationWatchEvent = { type, application: applicationFacts(application) };
    return JSON.stringify(project(event, projection));
  };
}
