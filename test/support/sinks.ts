// Servers that notifications are sent to: they keep what they were told and answer as a test wants.
import { createServer, type IncomingHttpHeaders, type RequestListener } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, createServer as createTcpServer, type Socket } from 'node:net';
import { selfSigned } from '../../src/apiserver/certificate.ts';
import { systemRandom } from '../../src/lib/index.ts';

export interface SinkRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  /** Parsed, undefined when it is no JSON. */
  // biome-ignore lint/suspicious/noExplicitAny: tests read bodies of any shape
  readonly json: any;
}

export interface SinkAnswer {
  readonly status?: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** Never answers. */
  readonly hangs?: boolean;
}

export interface HttpSink extends AsyncDisposable {
  readonly url: string;
  readonly host: string;
  readonly requests: SinkRequest[];
  /** Decides about each request from now on. */
  answer: (request: SinkRequest) => SinkAnswer;
}

/** @param tls with a certificate that nobody has signed */
export async function startHttpSink(
  answer: HttpSink['answer'] = () => ({}),
  { tls = false }: { readonly tls?: boolean } = {},
): Promise<HttpSink> {
  const requests: SinkRequest[] = [];
  const listener: RequestListener = (incoming, response) => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => {
      const body = Buffer.concat(chunks).toString();
      const request = {
        method: incoming.method ?? '',
        path: incoming.url ?? '',
        headers: incoming.headers,
        body,
        json: parsed(body),
      };
      requests.push(request);
      const { status = 200, body: reply = { ok: true }, headers = {}, hangs = false } = sink.answer(request);
      if (hangs) return;
      response.writeHead(status, { 'content-type': 'application/json', ...headers });
      response.end(JSON.stringify(reply));
    });
  };
  const server = tls ? createTlsServer(certificate(), listener) : createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const sink: HttpSink = {
    url: `${tls ? 'https' : 'http'}://${host}`,
    host,
    requests,
    answer,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return sink;
}

function certificate(): { readonly cert: string; readonly key: string } {
  return selfSigned({ hosts: ['127.0.0.1'], nowMs: Date.now(), random: systemRandom });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

export interface Mail {
  readonly from: string;
  readonly to: readonly string[];
  /** Headers and body as they came. */
  readonly data: string;
}

export interface MailSink extends AsyncDisposable {
  readonly port: number;
  readonly mails: Mail[];
  /** Answer to RCPT TO; default 250. */
  recipientCode: number;
}

/** As much of SMTP as a client needs to get rid of a mail. */
export async function startMailSink(): Promise<MailSink> {
  const mails: Mail[] = [];
  const sockets = new Set<Socket>();
  const server = createTcpServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
    talk(socket, mails, () => sink.recipientCode);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const sink: MailSink = {
    port: (server.address() as AddressInfo).port,
    mails,
    recipientCode: 250,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return sink;
}

function talk(socket: Socket, mails: Mail[], recipientCode: () => number): void {
  let rest = '';
  let from = '';
  let to: string[] = [];
  let data: string | undefined;
  const say = (line: string): void => void socket.write(`${line}\r\n`);
  say('220 sink ESMTP');
  socket.on('data', (chunk) => {
    rest += chunk.toString();
    for (let end = rest.indexOf('\r\n'); end >= 0; end = rest.indexOf('\r\n')) {
      const line = rest.slice(0, end);
      rest = rest.slice(end + 2);
      if (data !== undefined) {
        if (line === '.') {
          mails.push({ from, to, data });
          data = undefined;
          say('250 kept');
        } else data += `${line.startsWith('..') ? line.slice(1) : line}\n`;
        continue;
      }
      const verb = line.slice(0, 4).toUpperCase();
      if (verb === 'EHLO') say('250-sink\r\n250-AUTH PLAIN LOGIN\r\n250 8BITMIME');
      else if (verb === 'AUTH') say('235 welcome');
      else if (verb === 'MAIL') {
        from = address(line);
        to = [];
        say('250 ok');
      } else if (verb === 'RCPT') {
        to.push(address(line));
        say(`${recipientCode()} recipient`);
      } else if (verb === 'DATA') {
        data = '';
        say('354 go on');
      } else if (verb === 'QUIT') {
        say('221 bye');
        socket.end();
      } else say('250 ok');
    }
  });
}

function address(line: string): string {
  return /<([^>]*)>/.exec(line)?.[1] ?? '';
}
