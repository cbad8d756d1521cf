// Changes as they happen: applications, the tree of one application, ApplicationSets.
import type { z } from 'zod';
import {
  ApplicationListQuery,
  ApplicationScope,
  ApplicationSetStreamQuery,
  type ApplicationSetWatchEvent,
  type ApplicationWatchEvent,
} from '../../contract/index.ts';
import type { Application, ApplicationSet } from '../../model/index.ts';
import { applicationFacts } from '../application-facts.ts';
import { applicationTest } from '../application-query.ts';
import { applicationSetFacts, applicationSetTest } from '../application-set-facts.ts';
import { type StreamedChanges, type StreamRequest, streamChanges } from '../change-stream.ts';
import { LatestQueue } from '../latest-queue.ts';
import type { ApplicationEvent, ApplicationSetEvent } from '../ports.ts';
import {
  applicationObject,
  applicationSetObject,
  requireSetsSynced,
  requireSynced,
} from '../resolve-application.ts';
import { type Call, type Route, route, StreamAnswer } from '../route.ts';

const get = { resource: 'applications', action: 'get' } as const;
const getSets = { resource: 'applicationsets', action: 'get' } as const;
const StreamQuery = ApplicationListQuery;
type StreamQuery = z.output<typeof StreamQuery>;
type SetStreamQuery = z.output<typeof ApplicationSetStreamQuery>;
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
      return new StreamAnswer((sink) => streamChanges(applicationChanges(call, test), requestOf(call), sink));
    },
  }),
  route({
    method: 'GET',
    path: '/api/v1/stream/applicationsets',
    access: { ...getSets, scope: 'list' },
    query: ApplicationSetStreamQuery,
    handle(call) {
      requireSetsSynced(call.deps);
      const test = applicationSetTest(call.query);
      return new StreamAnswer((sink) => streamChanges(setChanges(call, test), requestOf(call), sink));
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

/** The changes of applications that `call` asks for and its caller may see. */
function applicationChanges(
  call: Call<StreamQuery, undefined>,
  test: (app: Application) => boolean,
): StreamedChanges<ApplicationEvent, Application> {
  const { deps } = call;
  return {
    feed: deps.feed,
    present: () => deps.applications.list(),
    objectOf: ({ application }) => application,
    eventOf: (type, application) => ({ type, application }),
    isWanted: (app) => test(app) && call.may(get, applicationObject(app)),
    shown: ({ type, application }): ApplicationWatchEvent => ({
      type,
      application: applicationFacts(application),
    }),
  };
}

/** The changes of ApplicationSets that `call` asks for and its caller may see. */
function setChanges(
  call: Call<SetStreamQuery, undefined>,
  test: (set: ApplicationSet) => boolean,
): StreamedChanges<ApplicationSetEvent, ApplicationSet> {
  const { deps } = call;
  return {
    feed: deps.setFeed,
    present: () => deps.applicationSets.list(),
    objectOf: ({ applicationSet }) => applicationSet,
    eventOf: (type, applicationSet) => ({ type, applicationSet }),
    isWanted: (set) => test(set) && call.may(getSets, applicationSetObject(set)),
    shown: ({ type, applicationSet }): ApplicationSetWatchEvent => ({
      type,
      applicationSet: applicationSetFacts(applicationSet),
    }),
  };
}

function requestOf({ headers, query }: Call<StreamQuery | SetStreamQuery, undefined>): StreamRequest {
  return {
    since: String(headers['last-event-id'] ?? query.resourceVersion ?? ''),
    isNamed: (query.name ?? '') !== '',
    fields: query.fields,
  };
}
