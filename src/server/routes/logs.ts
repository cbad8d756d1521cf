// Logs of an application's pods, as a stream of lines.
import type { z } from 'zod';
import { LogQuery } from '../../contract/index.ts';
import { rfc3339 } from '../../lib/index.ts';
import { ApiError } from '../errors.ts';
import type { LogReading, LogRequest } from '../ports.ts';
import { applicationObject } from '../resolve-application.ts';
import { type ApplicationCall, type Route, route, StreamAnswer, type StreamSink } from '../route.ts';

type LogCall = ApplicationCall<z.output<typeof LogQuery>, undefined>;
const logs = { resource: 'logs', action: 'get' } as const;
const MAX_TAIL_LINES = 100_000;
/** Longer texts to look for are nobody's; each line is compared with it. */
const MAX_FILTER_CHARS = 1_000;

export const logRoutes: readonly Route[] = ['/logs', '/pods/:podName/logs'].map((path) =>
  route({
    method: 'GET',
    path: `/api/v1/applications/:name${path}`,
    access: { resource: 'applications', action: 'get', scope: 'application' },
    query: LogQuery,
    handle: openLogs,
  }),
);

async function openLogs(call: LogCall): Promise<StreamAnswer> {
  const { deps, app, query, params, caller } = call;
  // Reading logs is a right of its own, on top of seeing the application.
  if (!call.may(logs, applicationObject(app))) {
    throw new ApiError('PermissionDenied', `permission denied: logs, get, ${applicationObject(app)}`);
  }
  const isShown = lineFilter(query.filter ?? '', query.matchCase === true);
  const request = requestOf(query, params['podName'], caller.name);
  // Opened before the answer begins, so that what cannot be read at all is an error with its status.
  const reading = await deps.logs.open(app, request, call.signal);
  return new StreamAnswer((sink) => sendLines(call, reading, isShown, sink), {
    isAllowed: () => mayStill(call),
    fileName: query.download === true ? `${fileNameOf(app, request)}.log` : undefined,
  });
}

async function sendLines(
  { deps, query }: LogCall,
  reading: LogReading,
  isShown: (line: string) => boolean,
  sink: StreamSink,
): Promise<void> {
  const onAbort = (): void => reading.close();
  sink.signal.addEventListener('abort', onAbort, { once: true });
  try {
    for await (const entry of reading.lines) {
      if (!isShown(entry.content)) continue;
      if (query.download === true) await sink.sendRaw(`${entry.content}\n`);
      else await sink.send({ ...entry, last: false });
    }
    sink.signal.throwIfAborted();
    if (query.download === true) return;
    const now = rfc3339(deps.clock.now());
    await sink.send({ content: '', timeStamp: now, last: true, timeStampStr: now, podName: '' });
  } finally {
    sink.signal.removeEventListener('abort', onAbort);
    reading.close();
  }
}

/** Names of Kubernetes are safe in a file name; what is no name is left out. */
function fileNameOf({ metadata }: LogCall['app'], { podName, resourceName }: LogRequest): string {
  return [metadata.name, podName ?? resourceName]
    .filter((part) => part !== undefined && /^[a-z0-9.-]{1,253}$/.test(part))
    .join('-');
}

/** The application is still the same one, and the caller may still see it and read its logs. */
function mayStill({ deps, app, may }: LogCall): boolean {
  const { namespace = '', name = '', uid } = app.metadata;
  const now = deps.applications.get(namespace, name);
  if (now === undefined || now.metadata.uid !== uid) return false;
  const object = applicationObject(now);
  return may({ resource: 'applications', action: 'get' }, object) && may(logs, object);
}

function requestOf(
  query: z.output<typeof LogQuery>,
  pathPod: string | undefined,
  reader: string,
): LogRequest {
  const { sinceSeconds = 0, tailLines } = query;
  const seconds = Number(query['sinceTime.seconds'] ?? 0);
  const sinceTime = query.sinceTime || (seconds > 0 ? rfc3339(seconds * 1000) : '');
  const texts = {
    podName: pathPod ?? query.podName ?? '',
    namespace: query.namespace ?? '',
    container: query.container ?? '',
    group: query.group ?? '',
    kind: query.kind ?? '',
    resourceName: query.resourceName ?? '',
    untilTime: query.untilTime ?? '',
    sinceTime,
  };
  const given = Object.fromEntries(Object.entries(texts).filter(([, value]) => value !== ''));
  return {
    ...given,
    ...(sinceSeconds === 0 ? {} : { sinceSeconds }),
    // Argo CD takes 0 as "all", and so do its clients.
    ...(tailLines === undefined || tailLines === 0 ? {} : { tailLines: Math.min(tailLines, MAX_TAIL_LINES) }),
    follow: query.follow === true,
    previous: query.previous === true,
    reader,
  };
}

function lineFilter(filter: string, matchCase: boolean): (line: string) => boolean {
  if (filter.length > MAX_FILTER_CHARS) {
    throw new ApiError('InvalidArgument', `filter is longer than ${MAX_FILTER_CHARS} characters`);
  }
  const isInverse = filter.startsWith('!');
  const plain = isInverse ? filter.slice(1) : filter;
  if (plain === '') return () => true;
  const text = matchCase ? plain : plain.toLowerCase();
  return (line) => (matchCase ? line : line.toLowerCase()).includes(text) !== isInverse;
}
