// Plain HTTP requests to a Kubernetes API server, kept as they come back: no retries, no decoding beyond JSON.
import { type IncomingMessage, Agent as PlainAgent, request as plainRequest } from 'node:http';
import { Agent, request } from 'node:https';

export interface ServerAddress {
  readonly url: string;
  readonly token?: string;
  /** PEM of the server's certificate authority. */
  readonly ca?: string;
}

export interface RawRequest {
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  /** Text is sent as it is, everything else as JSON. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface RawAnswer {
  readonly status: number;
  readonly contentType: string;
  /** The value when the answer is JSON, else its text. */
  readonly body: unknown;
  readonly warnings: readonly string[];
}

export interface RawClient {
  send(request: RawRequest): Promise<RawAnswer>;
  /** Opens a watch and gives its events one by one until the server ends it or the caller stops. */
  watch(path: string): AsyncGenerator<{ type: string; object: Record<string, unknown> }>;
  close(): void;
}

const TIMEOUT_MS = 60_000;

/** A client for one server with connections kept open. */
export function rawClient(server: ServerAddress): RawClient {
  const secure = server.url.startsWith('https:');
  const agent = secure
    ? new Agent({ keepAlive: true, ...(server.ca === undefined ? {} : { ca: server.ca }) })
    : new PlainAgent({ keepAlive: true });
  const authorization = server.token === undefined ? {} : { authorization: `Bearer ${server.token}` };
  const open = ({ method, path, body, headers }: RawRequest): Promise<IncomingMessage> =>
    new Promise((resolve, reject) => {
      const text = body === undefined || typeof body === 'string' ? body : JSON.stringify(body);
      const bodyHeaders =
        text === undefined
          ? {}
          : { 'content-type': 'application/json', 'content-length': `${Buffer.byteLength(text)}` };
      const options = {
        method,
        agent,
        timeout: TIMEOUT_MS,
        headers: { 'user-agent': 'fairlead-test', ...authorization, ...bodyHeaders, ...headers },
      };
      const sent = (secure ? request : plainRequest)(server.url + path, options, resolve);
      sent.once('error', reject);
      sent.once('timeout', () => sent.destroy(new Error(`${method} ${path} did not answer`)));
      sent.end(text);
    });
  return {
    async send(asked) {
      const response = await open(asked);
      const text = await textOf(response);
      const contentType = response.headers['content-type'] ?? '';
      const warnings = [response.headers['warning'] ?? []].flat();
      const body: unknown =
        contentType.startsWith('application/json') && text !== '' ? JSON.parse(text) : text;
      return { status: response.statusCode ?? 0, contentType, body, warnings };
    },
    async *watch(path) {
      const response = await open({ method: 'GET', path });
      if (response.statusCode !== 200) throw new Error(`${response.statusCode}: ${await textOf(response)}`);
      let rest = '';
      try {
        for await (const chunk of response.setEncoding('utf8')) {
          const lines = (rest + String(chunk)).split('\n');
          rest = lines.pop() ?? '';
          for (const line of lines)
            yield JSON.parse(line) as { type: string; object: Record<string, unknown> };
        }
      } finally {
        response.destroy();
      }
    },
    close: () => agent.destroy(),
  };
}

async function textOf(response: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of response.setEncoding('utf8')) text += String(chunk);
  return text;
}
