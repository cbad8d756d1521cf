// From a WebSocket handshake to its owner: the same questions as for any request, and the answer by hand, because the
// web framework knows no WebSockets.
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import {
  WebSocketConnection,
  type WebSocketHandlers,
  webSocketOffer,
  writeWebSocketAnswer,
} from '../lib/index.ts';
import { credentialsOf, refuseForeignOrigin } from './auth/authenticate.ts';
import { isSecure } from './auth/external.ts';
import type { ServerDeps } from './deps.ts';
import { dispatch } from './dispatch.ts';
import { ApiError, answerOf } from './errors.ts';
import { type Route, SocketAnswer } from './route.ts';

export interface UpgradeContext {
  readonly deps: ServerDeps;
  /** Of every answer. */
  readonly headers: Readonly<Record<string, string>>;
  /** Aborts when the server stops. */
  readonly stopping: AbortSignal;
  readonly find: (path: string) => Route | undefined;
  /** Throws for a host name under which the server is not to be reached. */
  readonly check: (hostname: string) => void;
  /** Counts one more stream; throws when there are too many. */
  readonly enter: () => () => void;
}

/** A handshake must be through within this time. */
const HANDSHAKE_MS = 30_000;

/** Never rejects: a refusal is written as an ordinary answer. */
export async function serveUpgrade(
  context: UpgradeContext,
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
): Promise<void> {
  const { deps, stopping } = context;
  socket.on('error', () => socket.destroy());
  const gone = new AbortController();
  socket.once('close', () => gone.abort(new ApiError('Canceled', 'The client went away')));
  const timer = deps.clock.after(HANDSHAKE_MS, () =>
    gone.abort(new ApiError('DeadlineExceeded', `Not answered within ${HANDSHAKE_MS / 1000} s`)),
  );
  try {
    const { key, protocol, answer, isLive } = await agree(
      context,
      request,
      AbortSignal.any([gone.signal, stopping]),
    );
    const leave = context.enter();
    socket.once('close', leave);
    writeWebSocketAnswer(socket, key, { protocol, headers: context.headers });
    serve(context, answer, { socket, head, isLive });
  } catch (error) {
    refuse(context, socket, error);
  } finally {
    timer.cancel();
  }
}

async function agree({ deps, find, check }: UpgradeContext, request: IncomingMessage, signal: AbortSignal) {
  const { headers } = request;
  check(hostnameOf(headers.host));
  const url = new URL(request.url ?? '/', 'http://server.invalid');
  const route = find(url.pathname);
  if (route === undefined)
    throw new ApiError('NotFound', `Not Found: no WebSocket at ${url.pathname.slice(0, 200)}`);
  // A page elsewhere may open WebSockets to us with the cookies of whoever looks at it: nothing but this stops it.
  refuseForeignOrigin(headers, credentialsOf(headers, isSecure(deps)).from === 'cookie');
  const offer = webSocketOffer(request.method, headers);
  if (offer.kind === 'wrong')
    throw new ApiError('InvalidArgument', `The handshake is not valid: ${offer.reason}`);
  const asked = {
    headers,
    params: {},
    query: Object.fromEntries(url.searchParams),
    body: undefined,
    ip: request.socket.remoteAddress ?? '',
  };
  const { answer, caller } = await dispatch(deps, route, asked, signal);
  if (!(answer instanceof SocketAnswer))
    throw new ApiError('InvalidArgument', `${route.path} is no WebSocket; ask with plain HTTP`);
  return {
    key: offer.key,
    protocol: offer.protocols[0],
    answer,
    isLive: () => caller === undefined || deps.tokens.isLive(caller),
  };
}

function serve(
  { deps, stopping }: UpgradeContext,
  answer: SocketAnswer,
  { socket, head, isLive }: { socket: Duplex; head: Buffer; isLive: () => boolean },
): void {
  const { clock, random } = deps;
  let owner: WebSocketHandlers | undefined;
  const connection = new WebSocketConnection(
    socket,
    { clock, random, role: 'server', maxMessageBytes: answer.maxMessageBytes, head },
    {
      message: (data, isText) => owner?.message(data, isText),
      closed: (code, reason) => owner?.closed(code, reason),
    },
  );
  const handlers = answer.open(connection, isLive);
  owner = handlers;
  void handlers.start(stopping);
}

function refuse({ deps, headers }: UpgradeContext, socket: Duplex, error: unknown): void {
  const { status, body, unexpected } = answerOf(error);
  if (unexpected) deps.log.error('A WebSocket could not be opened', { error });
  const text = JSON.stringify(body);
  const lines = [
    `HTTP/1.1 ${status} Refused`,
    'Connection: close',
    'Content-Type: application/json; charset=utf-8',
    'Cache-Control: no-store',
    `Content-Length: ${Buffer.byteLength(text)}`,
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
  ];
  socket.end(`${lines.join('\r\n')}\r\n\r\n${text}`, () => socket.destroy());
}

/** The answer to a plain request for what only a WebSocket is for. */
export function upgradeRequired(path: string): ApiError {
  return new ApiError('InvalidArgument', `${path} is a WebSocket; open it as one`, { httpStatus: 426 });
}

function hostnameOf(host: string | undefined): string {
  const url = `http://${host ?? ''}`;
  return URL.canParse(url) ? new URL(url).hostname.replace(/^\[|\]$/g, '') : '';
}
