// One request from start to end: who asks, may they, which handler, and the answer. Errors become Status objects.
import { type IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { authorizePath, authorizeResource } from '../auth/authorize.ts';
import type { User } from '../core.ts';
import { ApiError } from '../errors.ts';
import type { ServerContext } from '../server-context.ts';
import { impersonated } from './impersonate.ts';
import { answerPath } from './paths.ts';
import { readRequestInfo, verbOf } from './request-info.ts';
import { handleResource } from './resources.ts';
import { asApiError, errorAnswer, send } from './respond.ts';

export type Handler = (request: IncomingMessage, response: ServerResponse) => void;

export function requestHandler(context: ServerContext): Handler {
  return (request, response) => {
    serve(context, request, response).catch((error: unknown) => {
      const failure = asApiError(error);
      if (!(error instanceof ApiError)) {
        const { method, url } = request;
        context.log.error('request failed', { method, path: url?.split('?', 1)[0], error });
      }
      send(request, response, errorAnswer(failure));
    });
  };
}

/** Requests for another protocol take the same way; a handler that agrees takes the socket from the answer. */
export function upgradeHandler(
  handler: Handler,
): (request: IncomingMessage, socket: Duplex, head: Buffer) => void {
  return (request, socket, head) => {
    if (head.length > 0) socket.unshift(head);
    socket.on('error', () => socket.destroy());
    const response = new ServerResponse(request);
    response.shouldKeepAlive = false;
    response.assignSocket(socket as Socket);
    response.once('finish', () => socket.end());
    handler(request, response);
  };
}

/** Only commands in pods are streams of another protocol; whatever else asks for one gets an ordinary answer. */
export function isUpgrade({ headers, url }: IncomingMessage): boolean {
  return headers.upgrade?.toLowerCase() === 'websocket' && /\/pods\/[^/]+\/exec(\?|$)/.test(url ?? '');
}

async function serve(
  context: ServerContext,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const method = request.method ?? 'GET';
  const info = readRequestInfo(request.url ?? '/');
  const sender = context.authenticator.authenticate(request.headers.authorization);
  const user: User = impersonated(context.rbac, sender, request.headers);
  if (info.resource === undefined) {
    authorizePath(context.rbac, user, method, info.path);
    send(request, response, answerPath(context, info, request));
    return;
  }
  const verb = verbOf(method, info.resource, info.query);
  authorizeResource(context.rbac, user, verb, info.resource);
  await handleResource(context, { request, response, user, verb, query: info.query, ...info.resource });
}
