// The embedded Kubernetes API on a free port, with a caller that speaks plain HTTP as its administrator.
import { type ApiServerOptions, type RunningApiServer, startApiServer } from '../../src/apiserver/index.ts';
import { silentLogger, systemClock, systemRandom } from '../../src/lib/index.ts';

export interface ApiAnswer {
  readonly status: number;
  readonly headers: Headers;
  /** Parsed JSON, or the text when it is none. */
  // biome-ignore lint/suspicious/noExplicitAny: tests read answers of any shape
  readonly body: any;
}

export interface CallOptions {
  readonly body?: unknown;
  readonly type?: string;
  readonly accept?: string;
  readonly token?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface TestApi extends AsyncDisposable {
  readonly server: RunningApiServer;
  call(method: string, path: string, options?: CallOptions): Promise<ApiAnswer>;
  /** Opens a watch; `next` gives one event after the other. */
  watch(path: string): Promise<WatchStream>;
}

export interface WatchEventSeen {
  readonly type: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests read objects of any shape
  readonly object: any;
}

export interface WatchStream {
  /** The next event; undefined when the server ended the watch. */
  next(): Promise<WatchEventSeen | undefined>;
  close(): Promise<void>;
}

export async function startTestApi(given: Partial<ApiServerOptions> = {}): Promise<TestApi> {
  const server = await startApiServer({
    listen: { host: '127.0.0.1', port: 0 },
    tls: false,
    clock: systemClock,
    random: systemRandom,
    log: silentLogger,
    simulateWorkloads: false,
    ...given,
  });
  const call = (method: string, path: string, options: CallOptions = {}): Promise<ApiAnswer> =>
    callApi(server, method, path, options);
  return {
    server,
    call,
    watch: (path) => openWatch(server, path),
    [Symbol.asyncDispose]: () => server.close(),
  };
}

async function callApi(
  server: RunningApiServer,
  method: string,
  path: string,
  { body, type, accept, token, headers }: CallOptions,
): Promise<ApiAnswer> {
  const bearer = token ?? server.adminToken;
  const response = await fetch(`${server.url}${path}`, {
    method,
    headers: {
      ...(bearer === '' ? {} : { authorization: `Bearer ${bearer}` }),
      'content-type': type ?? 'application/json',
      ...(accept === undefined ? {} : { accept }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, body: parsed(text) };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

async function openWatch(server: RunningApiServer, path: string): Promise<WatchStream> {
  const abort = new AbortController();
  const response = await fetch(`${server.url}${path}`, {
    headers: { authorization: `Bearer ${server.adminToken}` },
    signal: abort.signal,
  });
  if (response.body === null || !response.ok) throw new Error(`watch refused: ${await response.text()}`);
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';
  return {
    async next() {
      for (;;) {
        const end = rest.indexOf('\n');
        if (end >= 0) {
          const line = rest.slice(0, end);
          rest = rest.slice(end + 1);
          return JSON.parse(line) as WatchEventSeen;
        }
        const { value, done } = await reader.read();
        if (done) return undefined;
        rest += value;
      }
    },
    async close() {
      abort.abort();
      await reader.cancel().catch(() => {});
    },
  };
}

export function configMap(name: string, data: Record<string, string> = {}, labels?: Record<string, string>) {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, ...(labels && { labels }) }, data };
}
