// An HTTP proxy before an API server that misbehaves as told: refuses, cuts, stays silent, rewrites. Plain HTTP on
// the client's side; credentials pass through. Also logs what was asked.
import { createServer, type IncomingMessage, request as requestHttp, type ServerResponse } from 'node:http';
import { request as requestHttps } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';

export type Fault =
  /** Answers in place of the server. */
  | {
      readonly kind: 'answer';
      readonly status: number;
      readonly body?: unknown;
      readonly headers?: Record<string, string>;
    }
  /** Closes the connection without an answer. */
  | { readonly kind: 'drop' }
  /** Never answers. */
  | { readonly kind: 'silence' }
  /** Closes the connection after this many bytes of the answer. */
  | { readonly kind: 'cut'; readonly afterBytes: number }
  /** Rewrites the lines of the answer (watch events); no line drops it, several duplicate it. */
  | { readonly kind: 'lines'; rewrite(line: string): readonly string[] }
  /** Rewrites the whole answer. */
  | { readonly kind: 'body'; rewrite(text: string): string };

export interface FaultRule {
  readonly method?: string;
  /** Matched against path and query. */
  readonly path: RegExp;
  /** How many requests it meets; default all. */
  readonly times?: number;
  /** How many matching requests it lets pass first. */
  readonly after?: number;
  readonly fault: Fault;
}

export interface FaultProxy {
  readonly url: string;
  /** `METHOD path?query` of every request so far. */
  readonly requests: readonly string[];
  /** Adds a rule; the first that matches counts. Returns its removal. */
  add(rule: FaultRule): () => void;
  /** Removes all rules. */
  clear(): void;
  /** Ends every open connection of both sides. */
  cutAll(): void;
  close(): Promise<void>;
}

interface Rule {
  readonly rule: FaultRule;
  seen: number;
}

export async function startFaultProxy(target: { url: string; ca?: string }): Promise<FaultProxy> {
  const rules: Rule[] = [];
  const requests: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((incoming, outgoing) => {
    requests.push(`${incoming.method} ${incoming.url}`);
    const fault = faultFor(rules, incoming);
    if (fault?.kind === 'drop') incoming.socket.destroy();
    else if (fault?.kind === 'answer') refuse(outgoing, fault);
    else if (fault?.kind !== 'silence') forward(target, incoming, outgoing, fault);
  });
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const cutAll = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    add(rule) {
      const entry = { rule, seen: 0 };
      rules.push(entry);
      return () => {
        const index = rules.indexOf(entry);
        if (index >= 0) rules.splice(index, 1);
      };
    },
    clear: () => void rules.splice(0),
    cutAll,
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      cutAll();
      await closed;
    },
  };
}

function faultFor(rules: readonly Rule[], incoming: IncomingMessage): Fault | undefined {
  for (const entry of rules) {
    const { method = incoming.method, path, after = 0, times = Number.POSITIVE_INFINITY, fault } = entry.rule;
    if (method !== incoming.method || !path.test(incoming.url ?? '')) continue;
    if (entry.seen >= after + times) continue;
    entry.seen += 1;
    if (entry.seen > after) return fault;
  }
  return undefined;
}

function refuse(outgoing: ServerResponse, fault: Extract<Fault, { kind: 'answer' }>): void {
  const text = typeof fault.body === 'string' ? fault.body : JSON.stringify(fault.body ?? {});
  outgoing.writeHead(fault.status, { 'content-type': 'application/json', ...fault.headers });
  outgoing.end(text);
}

function forward(
  target: { url: string; ca?: string },
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  fault: Fault | undefined,
): void {
  const url = new URL(incoming.url ?? '/', target.url);
  const send = url.protocol === 'https:' ? requestHttps : requestHttp;
  const options = {
    method: incoming.method,
    headers: { ...incoming.headers, host: url.host },
    ca: target.ca,
  };
  const upstream = send(url, options, (answer) => {
    const { 'content-length': _length, ...headers } = answer.headers;
    outgoing.writeHead(answer.statusCode ?? 502, fault === undefined ? answer.headers : headers);
    outgoing.flushHeaders();
    relay(answer, outgoing, fault);
    answer.on('error', () => outgoing.destroy());
    answer.on('end', () => outgoing.end());
  });
  upstream.on('error', () => outgoing.destroy());
  outgoing.on('close', () => upstream.destroy());
  incoming.pipe(upstream);
}

function relay(answer: IncomingMessage, outgoing: ServerResponse, fault: Fault | undefined): void {
  let rest = '';
  let bytes = 0;
  if (fault?.kind === 'body') answer.once('end', () => outgoing.write(fault.rewrite(rest)));
  answer.on('data', (chunk: Buffer) => {
    if (fault?.kind === 'body') rest += chunk.toString();
    else if (fault?.kind === 'cut') {
      bytes += chunk.length;
      if (bytes >= fault.afterBytes) {
        outgoing.write(chunk.subarray(0, chunk.length - (bytes - fault.afterBytes)));
        setImmediate(() => outgoing.destroy());
      } else outgoing.write(chunk);
    } else if (fault?.kind === 'lines') {
      const lines = (rest + chunk.toString()).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines.flatMap((item) => fault.rewrite(item))) outgoing.write(`${line}\n`);
    } else outgoing.write(chunk);
  });
}
