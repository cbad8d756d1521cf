// A route as data: method, path, who may call it, what it reads, what it does. Knows no web framework.
import type { IncomingHttpHeaders } from 'node:http';
import type { z } from 'zod';
import type { WebSocketConnection, WebSocketHandlers } from '../lib/index.ts';
import type { Application, ApplicationSet } from '../model/index.ts';
import type { Permission } from './auth/authorise.ts';
import type { Caller } from './auth/session-tokens.ts';
import type { ServerDeps } from './deps.ts';

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/**
 * Who may call a route. There is no default: a route without one does not compile and does not start.
 * - `public`: anybody; the handler sees the caller if there is one.
 * - `scope: 'application'`: on the application that path and query name, which the handler gets. `named` says where
 *   in the body the namespace may stand instead: beside the other members, or in an Application's metadata.
 * - `scope: 'application-set'`: the same for the ApplicationSet that path and query name.
 * - `scope: 'list'`: any caller who is signed in; the handler leaves out what `call.may` denies.
 * - `scope: 'object'`: on the object that `objectOf` names; `orOwn`: or, without any right, on the caller's own account.
 */
export type Access =
  | 'public'
  | (Permission & { readonly scope: 'application'; readonly named?: 'in-body' | 'in-metadata' })
  | (Permission & { readonly scope: 'application-set' })
  | (Permission & { readonly scope: 'list' })
  | (Permission & {
      readonly scope: 'object';
      readonly objectOf: (params: Params) => string;
      readonly orOwn?: true;
    });

export type Params = Readonly<Record<string, string>>;

/** One request, parsed. */
export interface Call<Q, B> {
  readonly deps: ServerDeps;
  /** Undefined only on public routes. */
  readonly caller: Caller | undefined;
  readonly params: Params;
  readonly query: Q;
  readonly body: B;
  readonly headers: IncomingHttpHeaders;
  /** Network address of the caller, for the journal. */
  readonly address: string;
  /** Aborts when the client goes away or the server stops. */
  readonly signal: AbortSignal;
  /** The token the request came with, wherever it was. */
  readonly token: string | undefined;
  may(permission: Permission, object: string): boolean;
}

/** A call on one application. */
export interface ApplicationCall<Q, B> extends Call<Q, B> {
  readonly caller: Caller;
  readonly app: Application;
}

/** A call on one ApplicationSet. */
export interface ApplicationSetCall<Q, B> extends Call<Q, B> {
  readonly caller: Caller;
  readonly set: ApplicationSet;
}

/** A header with a list is sent once for each value. */
export type AnswerHeaders = Readonly<Record<string, string | readonly string[]>>;

/** What a handler may answer besides a JSON value. */
export class RawAnswer {
  readonly status: number;
  readonly headers: AnswerHeaders;
  readonly body: string | Uint8Array;

  constructor(status: number, headers: AnswerHeaders, body: string | Uint8Array) {
    this.status = status;
    this.headers = headers;
    this.body = body;
  }
}

/** A JSON value with further headers. */
export class JsonAnswer {
  readonly value: unknown;
  readonly headers: AnswerHeaders;

  constructor(value: unknown, headers: AnswerHeaders) {
    this.value = value;
    this.headers = headers;
  }
}

/** A stream that `run` writes; it ends when `run` resolves. */
export class StreamAnswer {
  readonly run: (sink: StreamSink) => Promise<void>;
  /** False once the caller may not see it any more; asked every few seconds, and the stream ends then. */
  readonly isAllowed: () => boolean;
  /** Name of the file it is saved as; plain text then. */
  readonly fileName: string | undefined;

  constructor(
    run: (sink: StreamSink) => Promise<void>,
    {
      isAllowed = () => true,
      fileName,
    }: { readonly isAllowed?: () => boolean; readonly fileName?: string | undefined } = {},
  ) {
    this.run = run;
    this.isAllowed = isAllowed;
    this.fileName = fileName;
  }
}

/** What a WebSocket's owner is told; see lib's WebSocketHandlers. */
export type SocketHandlers = WebSocketHandlers & {
  /** Begins; the signal aborts when the server stops. Never rejects. */
  start(signal: AbortSignal): Promise<void>;
};

/** A WebSocket that `open` serves; to a request that is no handshake the answer is 426. */
export class SocketAnswer {
  /** @param isLive false once the caller's session is over */
  readonly open: (connection: WebSocketConnection, isLive: () => boolean) => SocketHandlers;
  readonly maxMessageBytes: number;

  constructor(open: SocketAnswer['open'], { maxMessageBytes }: { readonly maxMessageBytes: number }) {
    this.open = open;
    this.maxMessageBytes = maxMessageBytes;
  }
}

/** Writes one value per line, or one server-sent event each when the client asked for those. */
export interface StreamSink {
  /** Aborts when the client goes away, the server stops, or the session is over. */
  readonly signal: AbortSignal;
  /** Resolves when the socket takes more. @param id for `Last-Event-ID` */
  send(result: unknown, id?: string): Promise<void>;
  /** The same for a line that is JSON text already. */
  sendText(json: string, id?: string): Promise<void>;
  /** Text as it is, for files. */
  sendRaw(text: string): Promise<void>;
  /** A named server-sent event; nothing on a line stream, whose clients do not know it. */
  notify(event: string): Promise<void>;
}

/** A route as the table holds it, with its types forgotten. */
export interface Route {
  readonly method: Method;
  readonly path: string;
  readonly access: Access;
  readonly accepts: 'json' | 'form' | 'json-lines';
  readonly query: z.ZodType | undefined;
  readonly body: z.ZodType | undefined;
  readonly handle: (call: ApplicationCall<unknown, unknown>) => unknown;
}

interface RouteSpec<Q extends z.ZodType | undefined, B extends z.ZodType | undefined, A extends Access> {
  readonly method: Method;
  readonly path: string;
  readonly access: A;
  /** `form`: an HTML form that another site may send, as SAML does; the handler must check who sent it.
   * `json-lines`: one JSON value a line, which the body's schema gets as a list; larger than other bodies may be. */
  readonly accepts?: Route['accepts'];
  readonly query?: Q;
  readonly body?: B;
  readonly handle: (call: CallFor<A, OutputOf<Q>, OutputOf<B>>) => unknown;
}

type OutputOf<S> = S extends z.ZodType ? z.output<S> : undefined;
type CallFor<A, Q, B> = A extends { scope: 'application' }
  ? ApplicationCall<Q, B>
  : A extends { scope: 'application-set' }
    ? ApplicationSetCall<Q, B>
    : A extends 'public'
      ? Call<Q, B>
      : Call<Q, B> & { readonly caller: Caller };

/** Checks a route's types and puts it into the form the table holds. */
export function route<
  const A extends Access,
  Q extends z.ZodType | undefined = undefined,
  B extends z.ZodType | undefined = undefined,
>(spec: RouteSpec<Q, B, A>): Route {
  return {
    method: spec.method,
    path: spec.path,
    access: spec.access,
    accepts: spec.accepts ?? 'json',
    query: spec.query,
    body: spec.body,
    // The server parses with these very schemas and resolves what is named before it calls the handler.
    handle: spec.handle as unknown as Route['handle'],
  };
}
