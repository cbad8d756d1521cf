// GET pods/log: lines of the simulated container, plain text, followed while the client listens.
import type { Target } from '../core.ts';
import { ApiError } from '../errors.ts';
import { badRequest, notFound } from '../failures.ts';
import type { ResourceCall } from '../http/resource-call.ts';
import type { ServerContext } from '../server-context.ts';
import type { PodLogOptions } from '../workloads/index.ts';

export async function handleLog(context: ServerContext, { type }: Target, call: ResourceCall): Promise<void> {
  const { namespace, name, query, response } = call;
  if (context.store.collection('pods').get(namespace, name) === undefined) throw notFound(type, name);
  if (context.workloads === undefined) {
    throw new ApiError(
      501,
      'MethodNotAllowed',
      `pods "${name}" has no log: workloads are not simulated here`,
    );
  }
  const container = query.get('container') ?? undefined;
  const abort = new AbortController();
  response.on('close', () => abort.abort());
  const lines = context.workloads.podLog(namespace, name, container, readOptions(query, abort.signal));
  response.writeHead(200, { 'Content-Type': 'text/plain', 'Cache-Control': 'no-cache, private' });
  try {
    for await (const line of lines) {
      if (response.destroyed) return;
      if (!response.write(`${line}\n`)) await drained(call);
    }
  } finally {
    response.end();
  }
}

function drained({ response }: ResourceCall): Promise<void> {
  return new Promise((resolve) => {
    response.once('drain', resolve);
    response.once('close', resolve);
  });
}

function readOptions(query: URLSearchParams, signal: AbortSignal): PodLogOptions {
  const flag = (name: string): boolean => query.get(name) === 'true' || query.get(name) === '1';
  const tailLines = count(query, 'tailLines', 0);
  const sinceSeconds = count(query, 'sinceSeconds', 1);
  const limitBytes = count(query, 'limitBytes', 1);
  const sinceTime = query.get('sinceTime');
  if (sinceTime !== null && sinceSeconds !== undefined) {
    throw badRequest('at most one of `sinceTime` or `sinceSeconds` may be specified');
  }
  return {
    follow: flag('follow'),
    previous: flag('previous'),
    timestamps: flag('timestamps'),
    signal,
    ...(tailLines === undefined ? {} : { tailLines }),
    ...(sinceSeconds === undefined ? {} : { sinceSeconds }),
    ...(sinceTime === null ? {} : { sinceTime }),
    ...(limitBytes === undefined ? {} : { limitBytes }),
  };
}

function count(query: URLSearchParams, name: string, least: number): number | undefined {
  const text = query.get(name);
  if (text === null || text === '') return undefined;
  const value = Number(text);
  if (Number.isInteger(value) && value >= least) return value;
  throw badRequest(`${name}: Invalid value: ${text}: must be a number of at least ${least}`);
}
