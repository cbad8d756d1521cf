// The Kubernetes client: typed calls over one connection pool, with bounded retries for an overloaded server.
// Decides nothing: which objects to write or delete, and whether that is allowed, is the caller's business.
import type { IncomingHttpHeaders } from 'node:http';
import type { Readable } from 'node:stream';
import {
  type AddressGuard,
  type Clock,
  type Complete,
  type Incomplete,
  isAbort,
  isRecord,
  limits,
  type Random,
  systemClock,
  systemRandom,
  webSocketKey,
} from '../lib/index.ts';
import type { ClusterConnection } from './connection-types.ts';
import { type Attempt, errorOfAnswer, isKubeError, KubeError, kubeMessage } from './errors.ts';
import {
  EXEC_PROTOCOL,
  type ExecHandlers,
  type ExecOptions,
  type ExecSession,
  execQuery,
  handshakeFault,
  openExecSession,
} from './exec.ts';
import { apiVersionOf, type KubeObject } from './object.ts';
import {
  collectionPath,
  describeType,
  type ObjectRef,
  objectPath,
  type ResourceType,
} from './resource-type.ts';
import {
  type HttpAnswer,
  type HttpRequest,
  type StreamSink,
  Transport,
  TransportError,
} from './transport.ts';

export interface CallOptions {
  readonly signal?: AbortSignal | undefined;
  /** For each try; default `limits.kubeRequestTimeoutMs`. */
  readonly timeoutMs?: number | undefined;
  /** Called for each `Warning` header of the server. */
  readonly onWarning?: ((text: string) => void) | undefined;
}

export interface GetOptions extends CallOptions {
  readonly subresource?: string | undefined;
  /** Only apiVersion, kind and metadata. */
  readonly metadataOnly?: boolean | undefined;
}

export interface ListOptions extends CallOptions {
  /** One namespace; all when absent or ''. */
  readonly namespace?: string | undefined;
  readonly labelSelector?: string | undefined;
  readonly fieldSelector?: string | undefined;
  readonly resourceVersion?: string | undefined;
  readonly metadataOnly?: boolean | undefined;
  /** Objects per page; default `limits.kubePageSize`. */
  readonly pageSize?: number | undefined;
  /** `listAll` stops here and says so; default 500,000. */
  readonly maxItems?: number | undefined;
}

export interface WriteOptions extends CallOptions {
  readonly dryRun?: boolean | undefined;
  readonly fieldManager?: string | undefined;
  readonly fieldValidation?: 'Strict' | 'Warn' | 'Ignore' | undefined;
  readonly subresource?: string | undefined;
}

export interface ApplyOptions extends WriteOptions {
  readonly fieldManager: string;
  /** Take over fields other managers own instead of failing with CONFLICT. */
  readonly force?: boolean | undefined;
}

export interface DeleteOptions extends CallOptions {
  /** Preconditions: the server refuses with CONFLICT when the object is another one by now. */
  readonly uid?: string | undefined;
  readonly resourceVersion?: string | undefined;
  readonly propagationPolicy?: 'Foreground' | 'Background' | 'Orphan' | undefined;
  readonly gracePeriodSeconds?: number | undefined;
  readonly dryRun?: boolean | undefined;
}

export type PatchType = 'json' | 'merge' | 'strategic';

export interface Page<T extends KubeObject> {
  readonly items: T[];
  readonly resourceVersion: string;
  /** Token of the next page, '' on the last one. */
  readonly continue: string;
}

export interface CompleteList<T extends KubeObject> extends Complete<T> {
  /** Where a watch may start. */
  readonly resourceVersion: string;
}

export interface IncompleteList<T extends KubeObject> extends Incomplete<T> {
  readonly error: KubeError;
}

/** Every object there was, or some and the failure; an Answer of lib with Kubernetes facts. */
export type ListAnswer<T extends KubeObject> = CompleteList<T> | IncompleteList<T>;

export interface WatchOptions extends CallOptions {
  readonly namespace?: string | undefined;
  readonly labelSelector?: string | undefined;
  readonly fieldSelector?: string | undefined;
  readonly resourceVersion: string;
  readonly metadataOnly?: boolean | undefined;
  /** The server ends the watch after this long. */
  readonly timeoutSeconds?: number | undefined;
}

export interface LogOptions extends CallOptions {
  readonly container?: string | undefined;
  readonly follow?: boolean | undefined;
  readonly previous?: boolean | undefined;
  readonly timestamps?: boolean | undefined;
  readonly tailLines?: number | undefined;
  readonly sinceSeconds?: number | undefined;
  readonly sinceTime?: string | undefined;
  readonly limitBytes?: number | undefined;
}

export interface RawRequest extends CallOptions {
  readonly method?: HttpRequest['method'] | undefined;
  /** Path relative to the server, without a query. */
  readonly path: string;
  readonly query?: Query | undefined;
  readonly accept?: string | undefined;
  readonly contentType?: string | undefined;
  /** Sent as it is when text, else as JSON. */
  readonly body?: unknown;
  /** Further headers, e.g. `if-none-match`. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

export type Query = Readonly<Record<string, string | number | boolean | undefined>>;

/**
 * Calls of one API server. All reject with KubeError, or with the signal's reason when it aborts.
 * Objects come back with `apiVersion` and `kind`, also from lists and metadata-only reads.
 */
export interface KubeClient {
  /** The server's URL, for messages. */
  readonly server: string;
  get<T extends KubeObject = KubeObject>(
    type: ResourceType,
    ref: ObjectRef,
    options?: GetOptions,
  ): Promise<T>;
  /** The object, or undefined when the server says that it does not exist (not when its kind does not). */
  find<T extends KubeObject = KubeObject>(
    type: ResourceType,
    ref: ObjectRef,
    options?: GetOptions,
  ): Promise<T | undefined>;
  /** Pages as the server gives them; throws where a page fails. */
  pages<T extends KubeObject = KubeObject>(
    type: ResourceType,
    options?: ListOptions,
  ): AsyncGenerator<Page<T>, void>;
  /** All pages. A failure is an incomplete answer with its reason, never a shorter list. */
  listAll<T extends KubeObject = KubeObject>(
    type: ResourceType,
    options?: ListOptions,
  ): Promise<ListAnswer<T>>;
  create<T extends KubeObject = KubeObject>(
    type: ResourceType,
    object: T,
    options?: WriteOptions,
  ): Promise<T>;
  update<T extends KubeObject = KubeObject>(
    type: ResourceType,
    object: T,
    options?: WriteOptions,
  ): Promise<T>;
  patch<T extends KubeObject = KubeObject>(
    type: ResourceType,
    ref: ObjectRef,
    patch: { readonly type: PatchType; readonly body: unknown },
    options?: WriteOptions,
  ): Promise<T>;
  /** Server-side apply. */
  apply<T extends KubeObject = KubeObject>(
    type: ResourceType,
    object: KubeObject,
    options: ApplyOptions,
  ): Promise<T>;
  /** Resolves with the object while it is still there (finalizers, grace period), else with undefined. */
  delete(type: ResourceType, ref: ObjectRef, options?: DeleteOptions): Promise<KubeObject | undefined>;
  /** Bytes of a watch from one resource version on; resolves when the server ends it. See watch.ts. */
  watchStream(type: ResourceType, options: WatchOptions, sink: StreamSink): Promise<void>;
  /** Container logs, as text with back-pressure. */
  logs(ref: ObjectRef, options?: LogOptions): Promise<Readable>;
  /** Runs a command in a container. See exec.ts. */
  exec(ref: ObjectRef, options: ExecOptions, handlers: ExecHandlers): Promise<ExecSession>;
  /** Any other request; rejects for answers ≥ 400. */
  raw(request: RawRequest): Promise<HttpAnswer>;
  /** The same client acting as another user; it shares the connections and ends with this one. */
  impersonate(user: string): KubeClient;
  /** Requests sent or waiting, and open streams. */
  readonly load: { readonly pending: number; readonly streams: number };
  close(): Promise<void>;
}

export interface KubeClientOptions {
  /** Default 50. */
  readonly maxConnections?: number;
  /** Watches and log streams; default 1,000. */
  readonly maxStreams?: number;
  /** Requests sent or waiting; default 20,000. */
  readonly maxPending?: number;
  readonly maxResponseBytes?: number;
  readonly connectTimeoutMs?: number;
  readonly timeoutMs?: number;
  /** Tries in all for a call the server may be asked again; default 4. */
  readonly maxTries?: number;
  /** Longest single wait between tries, whatever Retry-After says; default 10 s. */
  readonly maxRetryWaitMs?: number;
  readonly userAgent?: string;
  /** Says where connections may go; absent: everywhere. */
  readonly guard?: AddressGuard;
}

export interface KubeClientDeps {
  readonly clock: Clock;
  readonly random: Random;
}

/** A client for one cluster. Opens connections on demand; `close` ends them. */
export function createKubeClient(
  connection: ClusterConnection,
  options: KubeClientOptions = {},
  deps: KubeClientDeps = { clock: systemClock, random: systemRandom },
): KubeClient {
  return new HttpKubeClient(connection, options, deps);
}

/** How a failed try may be repeated: after any refusal, only when the server did not act on it, or never. */
type Repeat = 'safe' | 'if-refused';

interface Call {
  readonly attempt: Attempt;
  readonly method: HttpRequest['method'];
  readonly path: string;
  readonly accept?: string | undefined;
  readonly contentType?: string | undefined;
  readonly body?: string | undefined;
  readonly repeat: Repeat;
  readonly options: CallOptions;
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

const JSON_TYPE = 'application/json';
const METADATA = 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json';
const METADATA_LIST = 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json';
const PATCH_TYPES: Readonly<Record<PatchType, string>> = {
  json: 'application/json-patch+json',
  merge: 'application/merge-patch+json',
  strategic: 'application/strategic-merge-patch+json',
};

class HttpKubeClient implements KubeClient {
  readonly server: string;
  readonly #connection: ClusterConnection;
  readonly #transport: Transport;
  readonly #deps: KubeClientDeps;
  readonly #timeoutMs: number;
  readonly #maxTries: number;
  readonly #maxRetryWaitMs: number;
  readonly #userAgent: string;
  readonly #isShared: boolean;

  readonly #options: KubeClientOptions;

  /** @param shared connections of a client that this one acts through as somebody else */
  constructor(
    connection: ClusterConnection,
    options: KubeClientOptions,
    deps: KubeClientDeps,
    shared?: Transport,
  ) {
    this.server = connection.server;
    this.#connection = connection;
    this.#options = options;
    this.#isShared = shared !== undefined;
    this.#deps = deps;
    this.#timeoutMs = options.timeoutMs ?? limits.kubeRequestTimeoutMs;
    this.#maxTries = options.maxTries ?? 4;
    this.#maxRetryWaitMs = options.maxRetryWaitMs ?? 10_000;
    this.#userAgent = options.userAgent ?? 'fairlead';
    const transport = {
      maxConnections: options.maxConnections ?? 50,
      maxStreams: options.maxStreams ?? 1_000,
      maxPending: options.maxPending ?? 20_000,
      maxResponseBytes: options.maxResponseBytes ?? limits.kubeResponseBytes,
      connectTimeoutMs: options.connectTimeoutMs ?? 10_000,
      guard: options.guard,
    };
    this.#transport = shared ?? new Transport(connection, deps.clock, transport);
  }

  get load(): { readonly pending: number; readonly streams: number } {
    return this.#transport.load;
  }

  async close(): Promise<void> {
    if (!this.#isShared) await this.#transport.close();
  }

  impersonate(user: string): KubeClient {
    const own = this.#connection;
    const connection: ClusterConnection = {
      server: own.server,
      tls: own.tls,
      authorize(headers) {
        headers.push('impersonate-user', user);
        return own.authorize(headers);
      },
      ...(own.forget === undefined ? {} : { forget: () => own.forget?.() }),
    };
    return new HttpKubeClient(connection, this.#options, this.#deps, this.#transport);
  }

  async get<T extends KubeObject>(type: ResourceType, ref: ObjectRef, options: GetOptions = {}): Promise<T> {
    const path = objectPath(type, ref, options.subresource);
    const accept = options.metadataOnly === true ? METADATA : JSON_TYPE;
    return this.#object<T>(type, { ...this.#read('get', type, ref), path, accept, options });
  }

  async find<T extends KubeObject>(
    type: ResourceType,
    ref: ObjectRef,
    options: GetOptions = {},
  ): Promise<T | undefined> {
    try {
      return await this.get<T>(type, ref, options);
    } catch (error) {
      if (isKubeError(error, 'NOT_FOUND')) return undefined;
      throw error;
    }
  }

  async *pages<T extends KubeObject>(
    type: ResourceType,
    options: ListOptions = {},
  ): AsyncGenerator<Page<T>, void> {
    let token = '';
    do {
      const page = await this.#page<T>(type, options, token);
      yield page;
      token = page.continue;
    } while (token !== '');
  }

  async listAll<T extends KubeObject>(type: ResourceType, options: ListOptions = {}): Promise<ListAnswer<T>> {
    const maxItems = options.maxItems ?? 500_000;
    let items: T[] = [];
    for (let restarts = 0; ; restarts += 1) {
      try {
        items = [];
        let resourceVersion = '';
        for await (const page of this.pages<T>(type, options)) {
          for (const item of page.items) items.push(item);
          resourceVersion = page.resourceVersion;
          if (items.length > maxItems) throw this.#tooMany(type, maxItems);
        }
        return {
          kind: 'complete',
          items,
          source: this.server,
          asOf: this.#deps.clock.now(),
          resourceVersion,
        };
      } catch (error) {
        if (!(error instanceof KubeError)) throw error;
        // The snapshot behind the continue token is gone; a fresh list has a new one.
        if (error.code === 'GONE' && restarts === 0) continue;
        return { kind: 'incomplete', items, reason: error.message, error };
      }
    }
  }

  create<T extends KubeObject>(type: ResourceType, object: T, options: WriteOptions = {}): Promise<T> {
    const { namespace, name = object.metadata.generateName ?? '' } = object.metadata;
    const base = options.subresource === undefined ? collectionPath(type, namespace) : undefined;
    const path = base ?? objectPath(type, { namespace, name }, options.subresource);
    return this.#write<T>('create', type, { namespace, name }, 'POST', path, object, 'if-refused', options);
  }

  update<T extends KubeObject>(type: ResourceType, object: T, options: WriteOptions = {}): Promise<T> {
    const ref = refOf(object);
    const path = objectPath(type, ref, options.subresource);
    return this.#write<T>('update', type, ref, 'PUT', path, object, 'if-refused', options);
  }

  patch<T extends KubeObject>(
    type: ResourceType,
    ref: ObjectRef,
    patch: { readonly type: PatchType; readonly body: unknown },
    options: WriteOptions = {},
  ): Promise<T> {
    const path = objectPath(type, ref, options.subresource);
    const contentType = PATCH_TYPES[patch.type];
    return this.#write<T>('patch', type, ref, 'PATCH', path, patch.body, 'if-refused', options, contentType);
  }

  apply<T extends KubeObject>(type: ResourceType, object: KubeObject, options: ApplyOptions): Promise<T> {
    const ref = refOf(object);
    const path = objectPath(type, ref, options.subresource);
    const contentType = 'application/apply-patch+yaml'; // JSON is YAML, and cheaper to write and read.
    return this.#write<T>('apply', type, ref, 'PATCH', path, object, 'safe', options, contentType);
  }

  async delete(
    type: ResourceType,
    ref: ObjectRef,
    options: DeleteOptions = {},
  ): Promise<KubeObject | undefined> {
    const { uid, resourceVersion, propagationPolicy, gracePeriodSeconds } = options;
    const preconditions =
      uid === undefined && resourceVersion === undefined ? undefined : { uid, resourceVersion };
    const body = {
      kind: 'DeleteOptions',
      apiVersion: 'v1',
      preconditions,
      propagationPolicy,
      gracePeriodSeconds,
      // Beside a body the server reads no query.
      dryRun: options.dryRun === true ? ['All'] : undefined,
    };
    const answer = await this.#call({
      ...this.#read('delete', type, ref),
      method: 'DELETE',
      path: objectPath(type, ref),
      contentType: JSON_TYPE,
      body: JSON.stringify(body),
      // Repeated after a lost answer it could hit an object created since, unless the uid says which one is meant.
      repeat: uid === undefined ? 'if-refused' : 'safe',
      options,
    });
    const object = this.#parse(answer, attemptOf('delete', type, ref, this.server));
    return object.kind === 'Status' ? undefined : named(object as KubeObject, type);
  }

  async watchStream(type: ResourceType, options: WatchOptions, sink: StreamSink): Promise<void> {
    const attempt = attemptOf('watch', type, { namespace: options.namespace, name: '' }, this.server);
    const { labelSelector, fieldSelector, resourceVersion, timeoutSeconds } = options;
    const query = {
      watch: true,
      allowWatchBookmarks: true,
      labelSelector,
      fieldSelector,
      resourceVersion,
      timeoutSeconds,
    };
    const path = collectionPath(type, options.namespace) + queryText(query);
    const accept = options.metadataOnly === true ? METADATA : JSON_TYPE;
    const call: Call = { attempt, method: 'GET', path, accept, repeat: 'safe', options };
    const answer = await this.#guarded(call, async () =>
      this.#transport.stream(await this.#request(call), sink),
    );
    if (answer.status >= 300) throw this.#refusal(attempt, answer);
  }

  async logs(ref: ObjectRef, options: LogOptions = {}): Promise<Readable> {
    const { signal: _signal, timeoutMs: _timeoutMs, onWarning: _onWarning, ...query } = options;
    const pods: ResourceType = { group: '', version: 'v1', kind: 'Pod', resource: 'pods', namespaced: true };
    const attempt = attemptOf('read the logs of', pods, ref, this.server);
    const path = objectPath(pods, ref, 'log') + queryText(query);
    const call: Call = { attempt, method: 'GET', path, accept: '*/*', repeat: 'safe', options };
    const { answer, body } = await this.#guarded(call, async () =>
      this.#transport.open(await this.#request(call)),
    );
    if (body === undefined) throw this.#refusal(attempt, answer);
    return body;
  }

  async exec(ref: ObjectRef, options: ExecOptions, handlers: ExecHandlers): Promise<ExecSession> {
    const pods: ResourceType = { group: '', version: 'v1', kind: 'Pod', resource: 'pods', namespaced: true };
    const attempt = attemptOf('run a command in', pods, ref, this.server);
    const path = objectPath(pods, ref, 'exec') + execQuery(options);
    const key = webSocketKey(this.#deps.random);
    const headers = {
      'sec-websocket-version': '13',
      'sec-websocket-key': key,
      'sec-websocket-protocol': EXEC_PROTOCOL,
    };
    const call: Call = {
      attempt,
      method: 'GET',
      path,
      accept: '*/*',
      repeat: 'if-refused',
      options,
      headers,
    };
    const answer = await this.#guarded(call, async () =>
      this.#transport.upgrade(await this.#request(call), 'websocket'),
    );
    if (answer.socket === undefined) throw this.#refusal(attempt, answer);
    const fault = handshakeFault(key, answer.headers);
    if (fault === undefined) return openExecSession(this.#deps, answer.socket, handlers);
    answer.socket.destroy();
    throw new KubeError('SERVER', kubeMessage(attempt, fault, 'SERVER'));
  }

  raw(request: RawRequest): Promise<HttpAnswer> {
    const { method = 'GET', path, query = {}, body, contentType, accept, headers } = request;
    const text = body === undefined || typeof body === 'string' ? body : JSON.stringify(body);
    return this.#call({
      attempt: { verb: method, what: path, server: this.server },
      method,
      path: path + queryText(query),
      accept: accept ?? JSON_TYPE,
      contentType: text === undefined ? undefined : (contentType ?? JSON_TYPE),
      body: text,
      repeat: method === 'GET' ? 'safe' : 'if-refused',
      options: request,
      headers,
    });
  }

  #read(verb: string, type: ResourceType, ref: ObjectRef) {
    const attempt = attemptOf(verb, type, ref, this.server);
    return { attempt, method: 'GET' as const, repeat: 'safe' as const };
  }

  async #page<T extends KubeObject>(
    type: ResourceType,
    options: ListOptions,
    token: string,
  ): Promise<Page<T>> {
    const attempt = attemptOf('list', type, { namespace: options.namespace, name: '' }, this.server);
    const { labelSelector, fieldSelector } = options;
    const query = {
      limit: options.pageSize ?? limits.kubePageSize,
      continue: token === '' ? undefined : token,
      labelSelector,
      fieldSelector,
      // The server refuses a version together with a continue token.
      resourceVersion: token === '' ? options.resourceVersion : undefined,
    };
    const answer = await this.#call({
      attempt,
      method: 'GET',
      path: collectionPath(type, options.namespace) + queryText(query),
      accept: options.metadataOnly === true ? METADATA_LIST : JSON_TYPE,
      repeat: 'safe',
      options,
    });
    const list = this.#parse(answer, attempt);
    const { items, metadata } = list;
    if (
      !String(list.kind).endsWith('List') ||
      !isRecord(metadata) ||
      !(Array.isArray(items) || items === null)
    ) {
      throw new KubeError('SERVER', kubeMessage(attempt, 'the answer is not a list', 'SERVER'));
    }
    const objects = (items ?? []) as T[];
    for (const object of objects) named(object, type);
    const next = typeof metadata.continue === 'string' ? metadata.continue : '';
    return { items: objects, resourceVersion: String(metadata.resourceVersion ?? ''), continue: next };
  }

  async #write<T extends KubeObject>(
    verb: string,
    type: ResourceType,
    ref: ObjectRef,
    method: HttpRequest['method'],
    path: string,
    body: unknown,
    repeat: Repeat,
    options: WriteOptions & { readonly force?: boolean | undefined },
    contentType = JSON_TYPE,
  ): Promise<T> {
    const query = queryText({
      fieldManager: options.fieldManager,
      force: options.force,
      dryRun: options.dryRun === true ? 'All' : undefined,
      fieldValidation: options.fieldValidation,
    });
    const attempt = attemptOf(verb, type, ref, this.server);
    const text = JSON.stringify(body);
    return this.#object<T>(type, {
      attempt,
      method,
      path: path + query,
      contentType,
      body: text,
      repeat,
      options,
    });
  }

  async #object<T extends KubeObject>(type: ResourceType, call: Call): Promise<T> {
    const object = this.#parse(await this.#call(call), call.attempt);
    return named(object as T, type);
  }

  #parse(answer: HttpAnswer, attempt: Attempt): Record<string, unknown> {
    try {
      const value: unknown = JSON.parse(answer.text);
      if (isRecord(value)) return value;
    } catch {
      // Falls through: what it was instead of JSON is of no use, and may be confidential.
    }
    throw new KubeError('SERVER', kubeMessage(attempt, 'the answer is not a JSON object', 'SERVER'), {
      httpStatus: answer.status,
    });
  }

  /** Sends, and repeats while the server asks for it, at most `maxTries` times in all. */
  async #call(call: Call): Promise<HttpAnswer> {
    for (let tries = 1; ; tries += 1) {
      let error: KubeError;
      try {
        const answer = await this.#guarded(call, async () => this.#transport.send(await this.#request(call)));
        if (answer.status < 400) {
          if (call.options.onWarning !== undefined) warnings(answer.headers, call.options.onWarning);
          return answer;
        }
        error = this.#refusal(call.attempt, answer);
      } catch (failure) {
        if (!(failure instanceof KubeError)) throw failure;
        error = failure;
      }
      const waitMs = tries < this.#maxTries ? this.#repeatAfter(call, error, tries) : undefined;
      if (waitMs === undefined) throw error;
      await this.#deps.clock.sleep(waitMs, call.options.signal);
    }
  }

  /** How long to wait before the next try; undefined when there is none. */
  #repeatAfter(call: Call, error: KubeError, tries: number): number | undefined {
    if (error.code === 'UNAUTHORIZED') {
      // Rotated credentials: read them again, once.
      if (tries > 1 || this.#connection.forget === undefined) return undefined;
      this.#connection.forget();
      return 0;
    }
    const refused =
      error.httpStatus === 429 || (error.httpStatus === 503 && error.retryAfterMs !== undefined);
    const repeatable = refused || (call.repeat === 'safe' && (error.httpStatus === 503 || isDropped(error)));
    if (!repeatable) return undefined;
    const asked = error.retryAfterMs ?? 100 * 2 ** (tries - 1);
    // A little more than asked, so that all who were refused together do not come back together.
    return Math.min(this.#maxRetryWaitMs, asked * (1 + this.#deps.random.next() / 4));
  }

  async #request(call: Call): Promise<HttpRequest> {
    const headers: string[] = ['accept', call.accept ?? JSON_TYPE, 'user-agent', this.#userAgent];
    if (call.contentType !== undefined) headers.push('content-type', call.contentType);
    const pending = this.#connection.authorize(headers);
    if (pending !== undefined) await pending;
    for (const name in call.headers) headers.push(name, call.headers[name] as string);
    return {
      method: call.method,
      path: call.path,
      headers,
      ...(call.body === undefined ? {} : { body: call.body }),
      timeoutMs: call.options.timeoutMs ?? this.#timeoutMs,
      signal: call.options.signal,
    };
  }

  /** Runs an exchange; what goes wrong below HTTP becomes a KubeError. */
  async #guarded<T>(call: Call, exchange: () => Promise<T>): Promise<T> {
    try {
      return await exchange();
    } catch (error) {
      if (call.options.signal?.aborted === true) throw call.options.signal.reason;
      if (error instanceof TransportError) throw errorOfTransport(call.attempt, error);
      if (error instanceof KubeError || isAbort(error)) throw error;
      // Credentials could not be had (exec plugin, token file), or undici refused the request.
      const message = kubeMessage(call.attempt, error instanceof Error ? error.message : 'failed', 'CONFIG');
      throw new KubeError('CONFIG', message, { cause: error });
    }
  }

  #refusal(attempt: Attempt, answer: HttpAnswer): KubeError {
    const header = answer.headers['retry-after'];
    const retryAfter = Array.isArray(header) ? header[0] : header;
    // Where others say whom to ask, what answers need not be a cluster: only what Kubernetes says is repeated.
    const isForeign = this.#options.guard !== undefined;
    return errorOfAnswer(attempt, { status: answer.status, text: answer.text, retryAfter }, isForeign);
  }

  #tooMany(type: ResourceType, maxItems: number): KubeError {
    const attempt = attemptOf('list', type, { name: '' }, this.server);
    return new KubeError(
      'TOO_LARGE',
      kubeMessage(attempt, `there are more than ${maxItems} objects`, 'TOO_LARGE'),
    );
  }
}

/** True when the connection was lost, so that nothing is known of the outcome. */
function isDropped(error: KubeError): boolean {
  return error.code === 'UNREACHABLE' && error.httpStatus === 0 && isSent(error.cause);
}

function isSent(cause: unknown): boolean {
  return cause instanceof TransportError && cause.sent;
}

function errorOfTransport(attempt: Attempt, error: TransportError): KubeError {
  const codes = {
    timeout: 'TIMEOUT',
    unreachable: 'UNREACHABLE',
    untrusted: 'UNTRUSTED',
    'too-large': 'TOO_LARGE',
    overloaded: 'TOO_MANY_REQUESTS',
  } as const;
  const code = codes[error.failure];
  return new KubeError(code, kubeMessage(attempt, error.message, code), { cause: error });
}

function attemptOf(verb: string, type: ResourceType, ref: ObjectRef, server: string): Attempt {
  // The text is only needed when something fails, so it is made on demand.
  return {
    verb,
    server,
    confidential: type.group === '' && type.kind === 'Secret',
    get what() {
      const where = (ref.namespace ?? '') === '' ? ref.name : `${ref.namespace}/${ref.name}`;
      return where === '' ? describeType(type) : `${describeType(type)} ${where}`;
    },
  };
}

function refOf(object: KubeObject): ObjectRef {
  return { namespace: object.metadata.namespace, name: object.metadata.name ?? '' };
}

/** Items of typed lists lack apiVersion and kind, metadata-only ones carry the wrong ones. */
function named<T extends KubeObject>(object: T, type: ResourceType): T {
  if (object.kind === undefined || object.kind === 'PartialObjectMetadata') {
    object.kind = type.kind;
    object.apiVersion = apiVersionOf(type);
  }
  return object;
}

function queryText(query: Query): string {
  let text = '';
  for (const name in query) {
    const value = query[name];
    if (value === undefined || value === '') continue;
    text += `${text === '' ? '?' : '&'}${name}=${encodeURIComponent(value)}`;
  }
  return text;
}

const WARNING = /299 \S+ "((?:[^"\\]|\\.)*)"/g;

function warnings(headers: IncomingHttpHeaders, onWarning: (text: string) => void): void {
  const header = headers.warning;
  if (header === undefined) return;
  const text = Array.isArray(header) ? header.join(', ') : String(header);
  for (const match of text.matchAll(WARNING)) onWarning(String(match[1]).replace(/\\(.)/g, '$1'));
}
