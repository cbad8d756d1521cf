// Writes an endless answer: lines of JSON, or server-sent events. Ends with the client, the server or the session.
import type { ServerResponse } from 'node:http';
import { type Clock, isAbort, type Logger } from '../lib/index.ts';
import { answerOf } from './errors.ts';
import type { StreamAnswer, StreamSink } from './route.ts';

/** How often a session is looked at while its stream is open (bar S-E4: at most 10 s). */
const SESSION_CHECK_MS = 5_000;
/** Proxies close connections that are silent for a minute or less. */
const HEARTBEAT_EVERY = 3;
/** What the browser waits before it comes back. */
const RETRY_MS = 1_000;

export interface StreamContext {
  readonly clock: Clock;
  readonly log: Logger;
  readonly response: ServerResponse;
  readonly headers: Readonly<Record<string, string>>;
  readonly asEvents: boolean;
  /** Aborts when the client goes away or the server stops. */
  readonly signal: AbortSignal;
  /** False: the session is over, the stream must end. */
  readonly isLive: () => boolean;
}

/**
 * Runs the stream to its end. Never rejects: a failure becomes the last line. The headers go out in the turn in which
 * `answer` subscribes: who has seen them and reads then misses nothing in between.
 */
export async function serveStream(context: StreamContext, answer: StreamAnswer): Promise<void> {
  const { fileName } = answer;
  const asEvents = context.asEvents && fileName === undefined;
  const { response, log } = context;
  const over = new AbortController();
  const signal = AbortSignal.any([context.signal, over.signal]);
  response.writeHead(200, {
    ...context.headers,
    'content-type':
      fileName !== undefined
        ? 'text/plain; charset=utf-8'
        : asEvents
          ? 'text/event-stream; charset=utf-8'
          : 'application/json; charset=utf-8',
    ...(fileName === undefined ? {} : { 'content-disposition': `attachment; filename="${fileName}"` }),
    'cache-control': 'no-store',
    'x-accel-buffering': 'no',
  });
  response.flushHeaders();
  if (asEvents) response.write(`retry: ${RETRY_MS}\n\n`);
  const stopWatching = watchSession({ ...context, asEvents }, () => over.abort(new SessionOver()));
  try {
    await answer.run(sinkOf({ ...context, asEvents }, signal));
  } catch (error) {
    if (!signal.aborted && !isAbort(error)) {
      const { body, status, unexpected } = answerOf(error);
      if (unexpected) log.error('A stream failed', { error });
      const line = { grpc_code: body.code, http_code: status, message: body.message };
      response.write(
        asEvents ? `event: error\ndata: ${JSON.stringify(line)}\n\n` : `${JSON.stringify({ error: line })}\n`,
      );
    }
  } finally {
    stopWatching();
    response.end();
  }
}

class SessionOver extends Error {
  override readonly name = 'AbortError';
}

function watchSession(context: StreamContext, end: () => void): () => void {
  let beats = 0;
  const beat = (): void => {
    beats += 1;
    if (!context.isLive()) {
      end();
      return;
    }
    if (context.asEvents && beats % HEARTBEAT_EVERY === 0) context.response.write(':\n\n');
    timer = context.clock.after(SESSION_CHECK_MS, beat);
  };
  let timer = context.clock.after(SESSION_CHECK_MS, beat);
  return () => timer.cancel();
}

function sinkOf({ response, asEvents }: StreamContext, signal: AbortSignal): StreamSink {
  const write = async (text: string): Promise<void> => {
    signal.throwIfAborted();
    if (!response.write(text)) await drained(response, signal);
  };
  const sendText = (json: string, id?: string): Promise<void> => {
    if (!asEvents) return write(`{"result":${json}}\n`);
    return write(`${id === undefined || id === '' ? '' : `id: ${id}\n`}data: {"result":${json}}\n\n`);
  };
  return {
    signal,
    sendText,
    sendRaw: write,
    send: (result, id) => sendText(JSON.stringify(result), id),
    notify: (event) => (asEvents ? write(`event: ${event}\ndata: {}\n\n`) : Promise.resolve()),
  };
}

function drained(response: ServerResponse, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const onDrain = (): void => {
      signal.removeEventListener('abort', onAbort);
      resolve();
    };
    const onAbort = (): void => {
      response.off('drain', onDrain);
      reject(signal.reason);
    };
    response.once('drain', onDrain);
    signal.addEventListener('abort', onAbort, { once: true });
  });
}
