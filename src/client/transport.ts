// One HTTP call, or one stream of JSON lines, with a deadline and the server's errors as ClientError.
import { type Clock, isAbort, isRecord } from '../lib/index.ts';
import { ClientError, errorOfAnswer, errorOfConnection, errorOfLine } from './errors.ts';

export interface ClientConnection {
  /** `http://HOST:PORT`, without a trailing slash. */
  readonly server: string;
  readonly token?: string;
  /** Further headers of every request. */
  readonly headers?: Readonly<Record<string, string>>;
}

export interface ClientDeps {
  readonly fetch: typeof fetch;
  readonly clock: Clock;
}

export type QueryValues = Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>;

export interface CallRequest {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly query?: QueryValues;
  readonly body?: unknown;
  readonly signal?: AbortSignal | undefined;
  /** Default one minute; the server itself gives up after three. */
  readonly timeoutMs?: number;
}

const TIMEOUT_MS = 60_000;
/** One line of a stream: an Application at its largest, with room. */
const MAX_LINE_CHARS = 16 * 1024 * 1024;

export class Transport {
  readonly #connection: ClientConnection;
  readonly #deps: ClientDeps;

  constructor(deps: ClientDeps, connection: ClientConnection) {
    this.#deps = deps;
    this.#connection = { ...connection, server: connection.server.replace(/\/+$/, '') };
  }

  get server(): string {
    return this.#connection.server;
  }

  /** The parsed answer of a call. */
  async call<T>(request: CallRequest): Promise<T> {
    const timeoutMs = request.timeoutMs ?? TIMEOUT_MS;
    const late = new AbortController();
    const timer = this.#deps.clock.after(timeoutMs, () =>
      late.abort(new ClientError('TIMEOUT', `${this.server} did not answer within ${timeoutMs / 1000} s`)),
    );
    try {
      const response = await this.#open(request, late.signal);
      const text = await response
        .text()
        .catch((error: unknown) => this.#failed(error, late.signal, request.signal));
      return (text === '' ? undefined : this.#parse(text)) as T;
    } finally {
      timer.cancel();
    }
  }

  /**
   * The `result` of each line until the server ends the stream or `signal` aborts.
   * @param onOpen called once the server has begun to answer, before the first line
   */
  async *lines<T>(request: CallRequest, onOpen?: () => void): AsyncGenerator<T, void, undefined> {
    const response = await this.#open(request, undefined);
    onOpen?.();
    if (response.body === null) return;
    const decoder = new TextDecoder();
    let rest = '';
    try {
      for await (const chunk of response.body) {
        rest += decoder.decode(chunk, { stream: true });
        if (rest.length > MAX_LINE_CHARS)
          throw new ClientError('MALFORMED', `${this.server} sent a line without end`);
        const lines = rest.split('\n');
        rest = lines.pop() ?? '';
        for (const line of lines) if (line.trim() !== '') yield this.#result<T>(line);
      }
    } catch (error) {
      if (error instanceof ClientError) throw error;
      this.#failed(error, undefined, request.signal);
    }
  }

  #result<T>(line: string): T {
    const value = this.#parse(line);
    if (isRecord(value) && 'result' in value) return value['result'] as T;
    if (isRecord(value) && 'error' in value) throw errorOfLine(value['error']);
    throw new ClientError('MALFORMED', `${this.server} sent a line that is no result`);
  }

  async #open(request: CallRequest, late: AbortSignal | undefined): Promise<Response> {
    const { method = 'GET', path, query = {}, body, signal } = request;
    const { server, token, headers } = this.#connection;
    const signals = [signal, late].filter((item) => item !== undefined);
    const response = await this.#deps
      .fetch(`${server}${path}${queryText(query)}`, {
        method,
        headers: {
          accept: 'application/json',
          ...(token === undefined || token === '' ? {} : { authorization: `Bearer ${token}` }),
          ...(method === 'GET' ? {} : { 'content-type': 'application/json' }),
          ...headers,
        },
        redirect: 'error',
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        ...(signals.length === 0 ? {} : { signal: AbortSignal.any(signals) }),
      })
      .catch((error: unknown) => this.#failed(error, late, signal));
    if (response.ok) return response;
    throw errorOfAnswer(response.status, await response.text().catch(() => ''), server);
  }

  /** Whose abort it was decides what is thrown: the caller's reason, our deadline, or the network's error. */
  #failed(error: unknown, late: AbortSignal | undefined, signal: AbortSignal | undefined): never {
    if (signal?.aborted === true) throw signal.reason;
    if (late?.aborted === true) throw late.reason;
    throw isAbort(error) ? error : errorOfConnection(error, this.server);
  }

  #parse(text: string): unknown {
    try {
      return JSON.parse(text);
    } catch (cause) {
      throw new ClientError(
        'MALFORMED',
        `${this.server} did not answer with JSON; is it a Fairlead server?`,
        { cause },
      );
    }
  }
}

function queryText(query: QueryValues): string {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value === undefined || value === '') continue;
    for (const item of Array.isArray(value) ? value : [value]) params.append(name, String(item));
  }
  const text = params.toString();
  return text === '' ? '' : `?${text}`;
}
