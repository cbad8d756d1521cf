// HTTP to one API server over kept-alive connections. Knows nothing of Kubernetes: bytes, time and size limits only.
// Works on undici's dispatch interface because promises and streams per request cost more than the request.
import type { IncomingHttpHeaders } from 'node:http';
import type { Duplex, Readable } from 'node:stream';
import { buildConnector, type Dispatcher, Pool, ProxyAgent } from 'undici';
import type { AddressGuard, Clock, Timer } from '../lib/index.ts';
import type { ClusterConnection, TlsMaterial } from './connection-types.ts';
import { KubeError } from './errors.ts';

export interface HttpRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Path with query, relative to the server. */
  readonly path: string;
  /** Name and value in turn. */
  readonly headers: string[];
  readonly body?: string;
  /** For the whole exchange, waiting for a connection included; of a stream until its first byte. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  /** The connection itself, after status 101. */
  readonly socket?: Duplex;
}

/** Takes the bytes of an answer < 300 as they come. */
export interface StreamSink {
  opened(headers: IncomingHttpHeaders): void;
  data(chunk: Buffer): void;
}

export type TransportFailure = 'timeout' | 'unreachable' | 'untrusted' | 'too-large' | 'overloaded';

/** There was no usable answer. `sent` is false when the request never left. */
export class TransportError extends Error {
  readonly failure: TransportFailure;
  readonly sent: boolean;

  constructor(failure: TransportFailure, message: string, sent: boolean, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'TransportError';
    this.failure = failure;
    this.sent = sent;
  }
}

export interface TransportOptions {
  /** Connections for requests. Streams have their own, at most `maxStreams`. */
  readonly maxConnections: number;
  readonly maxStreams: number;
  /** Requests sent or waiting at the same time; more are refused. */
  readonly maxPending: number;
  readonly maxResponseBytes: number;
  readonly connectTimeoutMs: number;
  /** Says where connections may go; absent: everywhere. */
  readonly guard: AddressGuard | undefined;
}

export class Transport {
  readonly #origin: string;
  readonly #basePath: string;
  readonly #requests: Dispatcher;
  readonly #streams: Dispatcher;
  readonly #clock: Clock;
  readonly #options: TransportOptions;
  #pending = 0;
  #open = 0;

  constructor(connection: ClusterConnection, clock: Clock, options: TransportOptions) {
    const url = new URL(connection.server);
    assertAllowed(connection, options.guard);
    this.#origin = url.origin;
    this.#basePath = url.pathname === '/' ? '' : url.pathname;
    this.#clock = clock;
    this.#options = options;
    this.#requests = dispatcherOf(connection, options.maxConnections, options);
    this.#streams = dispatcherOf(connection, options.maxStreams, options);
  }

  /** Requests sent or waiting, and open streams. */
  get load(): { readonly pending: number; readonly streams: number } {
    return { pending: this.#pending, streams: this.#open };
  }

  /** One exchange with the whole answer in memory. Rejects with TransportError or the signal's reason. */
  async send(request: HttpRequest): Promise<HttpAnswer> {
    if (this.#pending >= this.#options.maxPending) {
      throw new TransportError('overloaded', `${this.#pending} requests wait already`, false);
    }
    this.#pending += 1;
    try {
      return await this.#exchange(this.#requests, request);
    } finally {
      this.#pending -= 1;
    }
  }

  /** Hands a successful answer to `sink` until it ends; another status resolves with its body as text. */
  async stream(request: HttpRequest, sink: StreamSink): Promise<HttpAnswer> {
    if (this.#open >= this.#options.maxStreams) {
      throw new TransportError('overloaded', `${this.#open} streams are open already`, false);
    }
    this.#open += 1;
    try {
      return await this.#exchange(this.#streams, request, sink);
    } finally {
      this.#open -= 1;
    }
  }

  /** A successful answer as a readable stream with back-pressure; another status as text. */
  async open(request: HttpRequest): Promise<{ answer: HttpAnswer; body?: Readable }> {
    try {
      const { statusCode, headers, body } = await this.#streams.request({
        origin: this.#origin,
        path: this.#basePath + request.path,
        method: request.method,
        headers: request.headers,
        headersTimeout: request.timeoutMs,
        bodyTimeout: 0,
        ...(request.signal === undefined ? {} : { signal: request.signal }),
      });
      if (statusCode < 300) return { answer: { status: statusCode, headers, text: '' }, body };
      return { answer: { status: statusCode, headers, text: await body.text() } };
    } catch (error) {
      throw request.signal?.aborted === true ? request.signal.reason : transportError(error, true);
    }
  }

  /** Asks for another protocol on the connection; another status than 101 resolves with its body as text. */
  async upgrade(request: HttpRequest, protocol: string): Promise<HttpAnswer> {
    if (this.#open >= this.#options.maxStreams) {
      throw new TransportError('overloaded', `${this.#open} streams are open already`, false);
    }
    this.#open += 1;
    const leave = (): void => {
      this.#open -= 1;
    };
    try {
      const answer = await this.#exchange(this.#streams, request, undefined, protocol);
      if (answer.socket === undefined) leave();
      else answer.socket.once('close', leave);
      return answer;
    } catch (error) {
      leave();
      throw error;
    }
  }

  /** Ends every connection; what is under way fails. */
  async close(): Promise<void> {
    await Promise.all([this.#requests.destroy(), this.#streams.destroy()]);
  }

  #exchange(
    dispatcher: Dispatcher,
    request: HttpRequest,
    sink?: StreamSink,
    upgrade?: string,
  ): Promise<HttpAnswer> {
    return new Promise((resolve, reject) => {
      const exchange = new Exchange(
        request,
        sink,
        this.#clock,
        this.#options.maxResponseBytes,
        resolve,
        reject,
      );
      if (exchange.ended) return;
      dispatcher.dispatch(
        {
          origin: this.#origin,
          path: this.#basePath + request.path,
          method: request.method,
          headers: request.headers,
          body: request.body ?? null,
          // The exchange has one deadline of its own, for the wait in the queue as well.
          headersTimeout: 0,
          bodyTimeout: 0,
          ...(upgrade === undefined ? {} : { upgrade }),
        },
        exchange,
      );
    });
  }
}

/** One request and its answer as undici reports them. Settles exactly once. */
class Exchange implements Dispatcher.DispatchHandler {
  readonly #sink: StreamSink | undefined;
  readonly #maxBytes: number;
  readonly #resolve: (answer: HttpAnswer) => void;
  readonly #reject: (error: unknown) => void;
  readonly #signal: AbortSignal | undefined;
  readonly #onAbort: (() => void) | undefined;
  readonly #deadline: Timer;
  readonly #timeoutMs: number;
  #controller: Dispatcher.DispatchController | undefined;
  #status = 0;
  #headers: IncomingHttpHeaders = {};
  #chunks: Buffer[] = [];
  #bytes = 0;
  ended = false;

  constructor(
    request: HttpRequest,
    sink: StreamSink | undefined,
    clock: Clock,
    maxBytes: number,
    resolve: (answer: HttpAnswer) => void,
    reject: (error: unknown) => void,
  ) {
    this.#sink = sink;
    this.#maxBytes = maxBytes;
    this.#resolve = resolve;
    this.#reject = reject;
    this.#timeoutMs = request.timeoutMs;
    this.#signal = request.signal;
    this.#deadline = clock.after(request.timeoutMs, () => this.#onDeadline());
    if (request.signal === undefined) return;
    const signal = request.signal;
    this.#onAbort = () => this.#fail(signal.reason);
    if (signal.aborted) this.#onAbort();
    else signal.addEventListener('abort', this.#onAbort, { once: true });
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    // It was given up while it waited for a connection.
    if (this.ended) controller.abort(new Error('given up'));
  }

  onRequestUpgrade(_controller: unknown, status: number, headers: IncomingHttpHeaders, socket: Duplex): void {
    if (this.ended) {
      socket.destroy();
      return;
    }
    this.#settle();
    this.#resolve({ status, headers, text: '', socket });
  }

  onResponseStart(_controller: unknown, status: number, headers: IncomingHttpHeaders): void {
    if (status < 200) return;
    this.#status = status;
    this.#headers = headers;
    if (this.#sink === undefined || status >= 300) return;
    this.#deadline.cancel();
    this.#sink.opened(headers);
  }

  onResponseData(_controller: unknown, chunk: Buffer): void {
    if (this.#sink !== undefined && this.#status < 300) {
      if (!this.ended) this.#sink.data(chunk);
      return;
    }
    this.#bytes += chunk.length;
    if (this.#bytes <= this.#maxBytes) this.#chunks.push(chunk);
    else {
      const message = `the answer is larger than ${this.#maxBytes} bytes`;
      this.#fail(new TransportError('too-large', message, true));
    }
  }

  onResponseEnd(): void {
    if (this.ended) return;
    this.#settle();
    const [first] = this.#chunks;
    const bytes = this.#chunks.length === 1 ? first : Buffer.concat(this.#chunks);
    this.#resolve({ status: this.#status, headers: this.#headers, text: bytes?.toString('utf8') ?? '' });
  }

  onResponseError(_controller: unknown, error: Error): void {
    if (this.ended) return;
    this.#settle();
    this.#reject(transportError(error, this.#controller !== undefined));
  }

  #onDeadline(): void {
    const where =
      this.#controller === undefined
        ? 'no connection became free'
        : this.#status === 0
          ? 'no answer came'
          : 'the answer did not end';
    this.#fail(
      new TransportError('timeout', `${where} within ${this.#timeoutMs} ms`, this.#controller !== undefined),
    );
  }

  #fail(error: unknown): void {
    if (this.ended) return;
    this.#settle();
    this.#controller?.abort(error instanceof Error ? error : new Error('aborted'));
    this.#reject(error);
  }

  #settle(): void {
    this.ended = true;
    this.#deadline?.cancel();
    if (this.#onAbort !== undefined) this.#signal?.removeEventListener('abort', this.#onAbort);
  }
}

/** Names are checked when they are connected to. */
function assertAllowed({ server, proxy }: ClusterConnection, guard: AddressGuard | undefined): void {
  for (const address of proxy === undefined ? [server] : [server, proxy]) {
    const host = URL.canParse(address) ? new URL(address).hostname : '';
    if (guard?.isRefused(host) !== true) continue;
    throw new KubeError('CONFIG', `Cannot use cluster ${server}: link-local addresses are refused`);
  }
}

function dispatcherOf(
  connection: ClusterConnection,
  connections: number,
  options: TransportOptions,
): Dispatcher {
  const common = {
    connections,
    pipelining: 1,
    allowH2: false,
    keepAliveTimeout: 30_000,
    keepAliveMaxTimeout: 60_000,
  };
  const { guard } = options;
  const lookup = guard === undefined ? {} : { lookup: guard.lookup };
  if (connection.proxy !== undefined) {
    const requestTls = connectorOptions(connection.tls);
    return new ProxyAgent({ uri: connection.proxy, requestTls, proxyTls: lookup, ...common });
  }
  let tls: TlsMaterial | undefined;
  let connector: buildConnector.connector;
  return new Pool(new URL(connection.server).origin, {
    ...common,
    connect(target, callback) {
      if (tls !== connection.tls) {
        tls = connection.tls;
        connector = buildConnector({
          timeout: options.connectTimeoutMs,
          allowH2: false,
          ...lookup,
          ...connectorOptions(tls),
        });
      }
      connector(target, callback);
    },
  });
}

function connectorOptions(tls: TlsMaterial): buildConnector.BuildOptions {
  return {
    ...(tls.ca === undefined ? {} : { ca: tls.ca }),
    ...(tls.cert === undefined ? {} : { cert: tls.cert }),
    ...(tls.key === undefined ? {} : { key: tls.key }),
    ...(tls.insecure === true ? { rejectUnauthorized: false } : {}),
    ...(tls.serverName === undefined ? {} : { servername: tls.serverName }),
  } as buildConnector.BuildOptions;
}

const UNTRUSTED = /CERT|SELF_SIGNED|UNABLE_TO_(VERIFY|GET_ISSUER)|ERR_TLS|ERR_SSL/;

const NEVER_SENT: ReadonlySet<string> = new Set([
  'ADDRESS_REFUSED',
  'ADDRESS_UNKNOWN',
  'ECONNREFUSED',
  'ENOTFOUND',
  'UND_ERR_CONNECT_TIMEOUT',
]);

function transportError(error: unknown, sent: boolean): TransportError {
  const code = (error as NodeJS.ErrnoException)?.code ?? '';
  const text = error instanceof Error ? error.message : String(error);
  // All addresses of a host failed: the first failure is the one to show.
  if (text === '' && error instanceof AggregateError) return transportError(error.errors[0], sent);
  if (UNTRUSTED.test(code))
    return new TransportError('untrusted', `${text} (${code})`, false, { cause: error });
  const failure: TransportFailure = code.includes('TIMEOUT') ? 'timeout' : 'unreachable';
  const connected = sent && !NEVER_SENT.has(code);
  return new TransportError(failure, text || code, connected, { cause: error });
}
