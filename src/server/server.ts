// The HTTP server: routes, streams, the webhook and the page on one port. Starts and stops; decides nothing.
import { createHash, timingSafeEqual } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { Histogram } from 'prom-client';
import { limits, Semaphore } from '../lib/index.ts';
import { authoriser } from './auth/authorise.ts';
import { isSecure } from './auth/external.ts';
import { loginLimit } from './auth/login-limit.ts';
import { passwordChecker } from './auth/password.ts';
import { sealed } from './auth/sealed.ts';
import { sessionTokens } from './auth/session-tokens.ts';
import { changeFeed } from './change-feed.ts';
import type { ServerDeps, ServerOptions, ServerPorts } from './deps.ts';
import { dispatch } from './dispatch.ts';
import { ApiError, answerOf } from './errors.ts';
import { securityHeaders } from './headers.ts';
import {
  type AnswerHeaders,
  JsonAnswer,
  RawAnswer,
  type Route,
  SocketAnswer,
  StreamAnswer,
} from './route.ts';
import { routes } from './routes/table.ts';
import { serveUpgrade, upgradeRequired } from './sockets.ts';
import { staticUi } from './static-ui.ts';
import { serveStream } from './stream.ts';

/** Longest a request may take; a hard refresh with a slow repository stays below. */
const REQUEST_MS = 180_000;
/** Receiving a request's headers and body. */
const RECEIVE_MS = 60_000;
const MAX_STREAMS = 2_000;
const WEBHOOKS_AT_ONCE = 8;
const WEBHOOKS_WAITING = 500;
/** Smaller answers are not worth compressing. */
const MIN_COMPRESSED_CHARS = 32 * 1024;
/** No object of ours nests deeper; what does is an attack on the parser behind. */
const MAX_JSON_DEPTH = 200;

export interface RunningServer {
  /** `http://HOST:PORT`. */
  readonly url: string;
  readonly port: number;
  /** Ends every stream, then the server. */
  close(): Promise<void>;
}

/** Starts listening. Rejects when a route has no access rule or the address is taken. */
export async function startServer(ports: ServerPorts, options: ServerOptions): Promise<RunningServer> {
  const deps = serverDeps(ports, options);
  const stopping = new AbortController();
  const app = fastify({
    bodyLimit: limits.requestBodyBytes,
    requestTimeout: RECEIVE_MS,
    // Whoever else says who they forward for would be believed by the login limit and the journal.
    trustProxy: options.trustedProxies === undefined ? false : [...options.trustedProxies],
    exposeHeadRoutes: false,
    // Whoever offers another protocol gets an ordinary answer.
    http: { shouldUpgradeCallback: ({ headers }) => headers.upgrade?.toLowerCase() === 'websocket' },
    forceCloseConnections: true,
    routerOptions: { maxParamLength: 1_024 },
    // What the router refuses does not come by the hook below.
    frameworkErrors: (error, _request, reply) =>
      sendError(deps, reply.headers(securityHeaders(isSecure(deps))), error),
  });
  const web = new Web(deps, stopping.signal);
  prepare(app, deps);
  const table = routes(deps);
  for (const route of table) web.add(app, route);
  web.addSockets(app, table);
  web.addWebhook(app);
  web.addPage(app);
  await app.listen({ host: options.host, port: options.port });
  const { port } = app.server.address() as AddressInfo;
  const host = options.host.includes(':') ? `[${options.host}]` : options.host;
  return {
    url: `http://${host}:${port}`,
    port,
    async close() {
      stopping.abort(new ApiError('Unavailable', 'The server is stopping'));
      deps.feed.close();
      deps.setFeed.close();
      await app.close();
    },
  };
}

function serverDeps(ports: ServerPorts, options: ServerOptions): ServerDeps {
  const { clock, random, accounts, sso } = ports;
  const after = (ms: number, run: () => void) => clock.after(ms, run);
  return {
    ...ports,
    options,
    authorise: authoriser(ports.policies, options.controlNamespace),
    tokens: sessionTokens({ accounts, sso, clock, random }),
    sealed: sealed(() => accounts.signingKey(), clock),
    passwords: passwordChecker(),
    loginLimit: loginLimit(clock, accounts),
    feed: changeFeed(ports.applications, ({ application }) => application, after),
    setFeed: changeFeed(ports.applicationSets, ({ applicationSet }) => applicationSet, after),
  };
}

function prepare(app: FastifyInstance, deps: ServerDeps): void {
  const [plain, secure] = [securityHeaders(false), securityHeaders(true)];
  const parseJson = app.getDefaultJsonParser('error', 'error');
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) => {
    const text = String(body);
    if (text.trim() === '') return done(null, undefined);
    if ((request.routeOptions.config as { isLines?: boolean }).isLines === true)
      return done(...jsonLines(text));
    if (jsonDepth(text) > MAX_JSON_DEPTH)
      return done(new ApiError('InvalidArgument', 'The body nests too deep'), undefined);
    // It answers through the callback; its type allows a promise that it never returns.
    void parseJson(request, text, (error, value) =>
      error === null || error === undefined
        ? done(null, value)
        : done(new ApiError('InvalidArgument', 'The body is not valid JSON'), undefined),
    );
  });
  // Only the routes that say so read forms; every other refuses them by its content type.
  app.addContentTypeParser(
    'application/x-www-form-urlencoded',
    { parseAs: 'string' },
    (_request, body, done) => done(null, Object.fromEntries(new URLSearchParams(String(body)))),
  );
  app.addHook('onRequest', async (request, reply) => {
    reply.headers(isSecure(deps) ? secure : plain);
    if (deps.options.auth === 'off') refuseForeignHost(deps.options, request.hostname);
    requireKey(deps.options.accessKey, request.headers['x-fairlead-key']);
  });
  app.setErrorHandler((error, _request, reply) => sendError(deps, reply, error));
}

/** What a parser hands on for a body of lines. */
function jsonLines(text: string): [Error | null, unknown] {
  const values: unknown[] = [];
  for (const line of text.split('\n')) {
    if (line.trim() === '') continue;
    try {
      values.push(JSON.parse(line));
    } catch {
      return [
        new ApiError('InvalidArgument', `Line ${values.length + 1} of the body is not valid JSON`),
        undefined,
      ];
    }
  }
  return [null, values];
}

function requireKey(key: string | undefined, given: string | string[] | undefined): void {
  if (key === undefined) return;
  const digest = (value: string): Buffer => createHash('sha256').update(value).digest();
  if (typeof given === 'string' && timingSafeEqual(digest(given), digest(key))) return;
  throw new ApiError('Unauthenticated', 'This server answers only the program that started it');
}

/** Without sign-in, a page elsewhere could reach us under its own name (DNS rebinding); only known names are answered. */
function refuseForeignHost(options: ServerOptions, hostname: string): void {
  const isAddress = /^[\d.]+$/.test(hostname) || hostname.includes(':');
  const known = ['localhost', options.host, ...(options.hosts ?? [])];
  if (options.publicUrl !== undefined) known.push(new URL(options.publicUrl).hostname);
  if (isAddress || known.includes(hostname)) return;
  throw new ApiError(
    'PermissionDenied',
    `Refused: while authentication is off, the server is not reachable as "${hostname.slice(0, 80)}"; name the host in its options`,
  );
}

/** Depth of nesting of a JSON text, without parsing it. */
function jsonDepth(text: string): number {
  let depth = 0;
  let deepest = 0;
  let inString = false;
  for (let i = 0; i < text.length; i += 1) {
    const char = text.charCodeAt(i);
    if (inString) {
      if (char === 92) i += 1;
      else if (char === 34) inString = false;
    } else if (char === 34) inString = true;
    else if (char === 123 || char === 91) deepest = Math.max(deepest, ++depth);
    else if (char === 125 || char === 93) depth -= 1;
  }
  return deepest;
}

function sendError(deps: ServerDeps, reply: FastifyReply, error: unknown): void {
  const { status, body, unexpected } = answerOf(error);
  if (unexpected) deps.log.error('A request failed', { error, route: reply.request.routeOptions.url ?? '' });
  void reply.status(status).headers({ 'cache-control': 'no-store' }).send(body);
}

/** Binds routes to the web framework and counts what is open. */
class Web {
  readonly #deps: ServerDeps;
  readonly #stopping: AbortSignal;
  readonly #durations: Histogram;
  readonly #webhooks = new Semaphore(WEBHOOKS_AT_ONCE, WEBHOOKS_WAITING);
  #streams = 0;

  constructor(deps: ServerDeps, stopping: AbortSignal) {
    this.#deps = deps;
    this.#stopping = stopping;
    this.#durations = new Histogram({
      name: 'fairlead_http_request_duration_seconds',
      help: 'Time to answer a request, without streams',
      labelNames: ['method', 'route', 'status'],
      buckets: [0.005, 0.02, 0.1, 0.3, 1, 5, 30],
      registers: [deps.metrics],
    });
  }

  add(app: FastifyInstance, route: Route): void {
    app.route({
      method: route.method,
      url: route.path,
      ...(route.accepts === 'json-lines'
        ? { bodyLimit: limits.uploadBodyBytes, config: { isLines: true } }
        : {}),
      handler: (request, reply) => this.#handle(route, request, reply),
    });
  }

  async #handle(route: Route, request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const { clock } = this.#deps;
    const started = clock.monotonic();
    const gone = new AbortController();
    reply.raw.once('close', () => gone.abort(new ApiError('Canceled', 'The client went away')));
    const late = new AbortController();
    const timer = clock.after(REQUEST_MS, () =>
      late.abort(new ApiError('DeadlineExceeded', `Not answered within ${REQUEST_MS / 1000} s`)),
    );
    const open = AbortSignal.any([gone.signal, this.#stopping]);
    try {
      const { answer, caller } = await dispatch(
        this.#deps,
        route,
        request,
        AbortSignal.any([open, late.signal]),
      );
      timer.cancel();
      if (answer instanceof StreamAnswer) {
        await this.#stream(answer, request, reply, {
          signal: open,
          isLive: () => (caller === undefined || this.#deps.tokens.isLive(caller)) && answer.isAllowed(),
        });
        return;
      }
      if (answer instanceof SocketAnswer) throw upgradeRequired(route.path);
      await send(request, reply, answer);
    } catch (error) {
      sendError(this.#deps, reply, error);
    } finally {
      timer.cancel();
      const labels = { method: route.method, route: route.path, status: String(reply.statusCode) };
      this.#durations.observe(labels, (clock.monotonic() - started) / 1000);
    }
  }

  async #stream(
    answer: StreamAnswer,
    request: FastifyRequest,
    reply: FastifyReply,
    life: { readonly signal: AbortSignal; readonly isLive: () => boolean },
  ): Promise<void> {
    const leave = this.#enter();
    try {
      const headers = reply.getHeaders() as Record<string, string>;
      reply.hijack();
      const { clock, log } = this.#deps;
      const asEvents = request.headers.accept?.includes('text/event-stream') === true;
      await serveStream({ clock, log, response: reply.raw, headers, asEvents, ...life }, answer);
    } finally {
      leave();
    }
  }

  /** WebSockets go the way of every route: the same table, the same rights. */
  addSockets(app: FastifyInstance, table: readonly Route[]): void {
    app.server.on('upgrade', (request, socket, head) => {
      const deps = this.#deps;
      void serveUpgrade(
        {
          deps,
          headers: securityHeaders(isSecure(deps)),
          stopping: this.#stopping,
          find: (path) => table.find((route) => route.method === 'GET' && route.path === path),
          check: (host) => {
            if (deps.options.auth === 'off') refuseForeignHost(deps.options, host);
          },
          enter: () => this.#enter(),
        },
        request,
        socket,
        head,
      );
    });
  }

  /** Counts one more stream. @returns what takes it from the count again */
  #enter(): () => void {
    if (this.#streams >= MAX_STREAMS) {
      throw new ApiError('ResourceExhausted', `${MAX_STREAMS} streams are open already; close some`);
    }
    this.#streams += 1;
    return () => {
      this.#streams -= 1;
    };
  }

  /** The raw body is what providers sign, so this one path parses nothing. */
  addWebhook(app: FastifyInstance): void {
    const { webhook } = this.#deps;
    void app.register(async (scope) => {
      scope.removeAllContentTypeParsers();
      scope.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
      scope.post('/api/webhook', async (request, reply) => {
        const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
        const { headers, ip: address } = request;
        const { secret } = request.query as Record<string, unknown>;
        const given = typeof secret === 'string' ? secret : undefined;
        const result = await this.#webhooks.run(() => webhook({ headers, body, address, secret: given }));
        await reply.status(result.status).type('text/plain; charset=utf-8').send(result.body);
      });
    });
  }

  /** Everything that is no route: the page for browsers, a JSON answer for the API's paths. */
  addPage(app: FastifyInstance): void {
    const page = staticUi(this.#deps.options.uiDirectory);
    app.setNotFoundHandler(async (request, reply) => {
      const path = request.url.split('?', 1)[0] ?? '/';
      const isRead = request.method === 'GET' || request.method === 'HEAD';
      const hasPage = this.#deps.options.surface !== 'operations';
      if (!hasPage || !isRead || /^\/(api|auth|metrics|healthz)(\/|$)/.test(path)) {
        throw new ApiError('NotFound', `Not Found: ${request.method} ${path.slice(0, 200)}`);
      }
      const answer = await page.serve(decodePath(path), request.headers);
      await send(request, reply, answer);
    });
  }
}

function decodePath(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    throw new ApiError('InvalidArgument', 'The path is not a valid URL');
  }
}

function withHeaders(reply: FastifyReply, headers: AnswerHeaders): FastifyReply {
  for (const [name, value] of Object.entries(headers))
    reply.header(name, typeof value === 'string' ? value : [...value]);
  return reply;
}

const compressed = promisify(gzip);

async function send(request: FastifyRequest, reply: FastifyReply, answer: unknown): Promise<void> {
  if (answer instanceof RawAnswer) {
    await withHeaders(reply.status(answer.status), answer.headers).send(answer.body);
    return;
  }
  const isJsonAnswer = answer instanceof JsonAnswer;
  const text = JSON.stringify((isJsonAnswer ? answer.value : answer) ?? {});
  withHeaders(reply, {
    'content-type': 'application/json; charset=utf-8',
    'cache-control': 'no-store',
    ...(isJsonAnswer ? answer.headers : {}),
  });
  if (
    text.length < MIN_COMPRESSED_CHARS ||
    !/\bgzip\b/.test(String(request.headers['accept-encoding'] ?? ''))
  ) {
    await reply.send(text);
    return;
  }
  const body = await compressed(text, { level: 1 });
  await reply.headers({ 'content-encoding': 'gzip', vary: 'accept-encoding' }).send(body);
}
