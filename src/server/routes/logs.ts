// Logs of an application's pods, as a stream of lines.
import type { z } from 'zod';
import { LogQuery } from '../../contract/index.ts';
import { ApiError } from '../errors.ts';
import type { LogRequest } from '../ports.ts';
import { applicationObject } from '../resolve-application.ts';
import { type ApplicationCall, type Route, route, StreamAnswer } from '../route.ts';

type LogCall = ApplicationCall<z.output<typeof LogQuery>, undefined>;
const MAX_TAIL_LINES = 100_000;

export const logRoutes: readonly Route[] = ['/logs', '/pods/:podName/logs'].map((path) =>
  route({
    method: 'GET',
    path: `/api/v1/applications/:name${path}`,
    access: { resource: 'applications', action: 'get', scope: 'application' },
    query: LogQuery,
    handle: openLogs,
  }),
);

function openLogs(call: LogCall): StreamAnswer {
  const { deps, app, query, params } = call;
  // Reading logs is a right of its own, on top of seeing the application.
  if (!call.may({ resource: 'logs', action: 'get' }, applicationObject(app))) {
    throw new ApiError('PermissionDenied', `permission denied: logs, get, ${applicationObject(app)}`);
  }
  const request = requestOf(query, params['podName']);
  const isShown = lineFilter(query.filter ?? '', query.matchCase === true);
  return new StreamAnswer(async (sink) => {
    for await (const entry of deps.logs.open(app, request, sink.signal)) {
      if (isShown(entry.content)) await sink.send({ ...entry, last: false });
    }
    await sink.send({ content: '', timeStampStr: '', podName: '', last: true });
  });
}

function requestOf(query: z.output<typeof LogQuery>, pathPod: string | undefined): LogRequest {
  const { namespace = '', container = '', group = '', kind = '', resourceName = '', sinceTime = '' } = query;
  const podName = pathPod ?? query.podName ?? '';
  const { sinceSeconds = 0, tailLines = 0 } = query;
  return {
    ...(podName === '' ? {} : { podName }),
    ...(namespace === '' ? {} : { namespace }),
    ...(kind === '' ? {} : { resource: { group, kind, name: resourceName } }),
    ...(container === '' ? {} : { container }),
    ...(sinceSeconds === 0 ? {} : { sinceSeconds }),
    ...(sinceTime === '' ? {} : { sinceTime }),
    ...(tailLines === 0 ? {} : { tailLines: Math.min(tailLines, MAX_TAIL_LINES) }),
    follow: query.follow === true,
    previous: query.previous === true,
  };
}

function lineFilter(filter: string, matchCase: boolean): (line: string) => boolean {
  const isInverse = filter.startsWith('!');
  const plain = isInverse ? filter.slice(1) : filter;
  if (plain === '') return () => true;
  const text = matchCase ? plain : plain.toLowerCase();
  return (line) => (matchCase ? line : line.toLowerCase()).includes(text) !== isInverse;
}
