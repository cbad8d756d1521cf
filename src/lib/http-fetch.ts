// Requests to servers that users name: redirects followed by hand so that no credential reaches another origin,
// every connection through the guarded lookup, bounded in time, silence and bytes. Knows nothing of what it fetches.
import { createGunzip } from 'node:zlib';
import { Agent, type Dispatcher, ProxyAgent, request } from 'undici';
import { AddressError, type AddressGuard, defaultAddressGuard } from './addresses.ts';
import { CodedError, isAbort, messageOf } from './errors.ts';

export type HttpErrorCode =
  | 'HTTP_URL_REFUSED'
  | 'HTTP_UNREACHABLE'
  | 'HTTP_TLS'
  | 'HTTP_TIMEOUT'
  | 'HTTP_TOO_LARGE'
  | 'HTTP_REDIRECT';

/** Messages name the host, never the query or what was answered. */
export class HttpError extends CodedError<HttpErrorCode> {}

/** How the one configured server is reached; other origins get none of it but the proxy. */
export interface HttpServerOptions {
  /** PEM certificates its chain may end in, instead of the usual ones. */
  readonly tlsCertificates?: string | undefined;
  readonly tlsClientCertificate?: { readonly certificate: string; readonly key: string } | undefined;
  readonly insecure?: boolean | undefined;
  readonly proxy?: string | undefined;
  /** Comma-separated hosts, `.domain` suffixes or `*` that are reached without the proxy. */
  readonly noProxy?: string | undefined;
}

export interface HttpGet {
  readonly url: string;
  /** A POST follows no redirect. */
  readonly method?: 'GET' | 'HEAD' | 'POST';
  /** Of a POST. */
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent to the origin of `url` and to no other. */
  readonly authorization?: string | undefined;
  readonly maxBytes: number;
  /** From the first connection to the last byte. */
  readonly timeoutMs: number;
  /** Undo a content encoding; off for archives, which some servers call encoded. */
  readonly decode?: boolean;
  readonly signal?: AbortSignal | undefined;
}

export interface HttpAnswer {
  readonly status: number;
  /** Lower-case names; of a repeated header the values joined with ", ". */
  readonly headers: Readonly<Record<string, string>>;
  /** Where the answer came from in the end. */
  readonly url: string;
  /** Of an error status only the beginning. */
  readonly body: Buffer;
}

export interface HttpClient {
  /** Resolves for every status but redirects; rejects with HttpError. */
  get(call: HttpGet): Promise<HttpAnswer>;
  close(): Promise<void>;
}

const MAX_REDIRECTS = 5;
const CONNECT_MS = 10_000;
const SILENCE_MS = 20_000;
const ERROR_BYTES = 64 * 1024;
const MAX_HEADER_BYTES = 64 * 1024;

/**
 * @param origin scheme, host and port of the server that `options` are for
 * @param guard where connections may go
 */
export function createHttpClient(
  origin: string,
  options: HttpServerOptions = {},
  guard: AddressGuard = defaultAddressGuard,
): HttpClient {
  const dispatchers = new Map<string, Dispatcher>();
  const dispatcherFor = (url: URL): Dispatcher => {
    const isOwn = url.origin === origin;
    const proxy = isProxied(url, options.noProxy) ? options.proxy : undefined;
    const key = `${isOwn} ${proxy === undefined ? 'direct' : url.protocol}`;
    const known = dispatchers.get(key);
    if (known !== undefined) return known;
    const made = dispatcher(guard, isOwn ? options : {}, proxy, url.protocol);
    dispatchers.set(key, made);
    return made;
  };
  return {
    async get(call) {
      const deadline = AbortSignal.timeout(call.timeoutMs);
      const signal = call.signal === undefined ? deadline : AbortSignal.any([call.signal, deadline]);
      let url = checkedUrl(guard, call.url);
      const first = url.origin;
      try {
        for (let hops = 0; ; hops += 1) {
          const answer = await once(dispatcherFor(url), url, call, url.origin === first, signal);
          if (typeof answer !== 'string') return answer;
          if (call.method === 'POST')
            throw new HttpError(
              'HTTP_REDIRECT',
              'on-change',
              `${url.host} redirects a POST, which is not sent on; configure the final address`,
            );
          if (hops >= MAX_REDIRECTS)
            throw new HttpError(
              'HTTP_REDIRECT',
              'on-change',
              `${url.host} redirects more than ${MAX_REDIRECTS} times; configure the final address`,
            );
          url = redirected(guard, url, answer);
        }
      } catch (error) {
        call.signal?.throwIfAborted();
        throw failure(url, error, call);
      }
    },
    async close() {
      await Promise.all([...dispatchers.values()].map((each) => each.destroy()));
    },
  };
}

function dispatcher(
  guard: AddressGuard,
  options: HttpServerOptions,
  proxy: string | undefined,
  protocol: string,
): Dispatcher {
  const { tlsCertificates, tlsClientCertificate, insecure } = options;
  const tls = {
    ...(tlsCertificates === undefined ? {} : { ca: tlsCertificates }),
    ...(tlsClientCertificate === undefined
      ? {}
      : { cert: tlsClientCertificate.certificate, key: tlsClientCertificate.key }),
    ...(insecure === true ? { rejectUnauthorized: false } : {}),
  };
  const shared = {
    connections: 8,
    pipelining: 1,
    headersTimeout: SILENCE_MS,
    bodyTimeout: SILENCE_MS,
    maxHeaderSize: MAX_HEADER_BYTES,
    connect: { timeout: CONNECT_MS, lookup: guard.lookup, ...tls },
  };
  if (proxy === undefined) return new Agent(shared);
  return new ProxyAgent({
    ...shared,
    uri: proxyUrl(guard, proxy),
    requestTls: tls,
    proxyTls: { timeout: CONNECT_MS, lookup: guard.lookup },
    proxyTunnel: protocol === 'https:',
  });
}

function proxyUrl(guard: AddressGuard, text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url !== undefined && /^https?:$/.test(url.protocol) && !guard.isRefused(url.hostname)) return text;
  throw new HttpError(
    'HTTP_URL_REFUSED',
    'on-change',
    'The proxy of the repository must be an http:// or https:// address of a host; correct its member "proxy"',
  );
}

function isProxied({ hostname, host }: URL, noProxy = ''): boolean {
  return !noProxy.split(',').some((entry) => {
    const name = entry.trim().toLowerCase();
    if (name === '') return false;
    if (name === '*' || name === hostname || name === host) return true;
    return hostname.endsWith(name.startsWith('.') ? name : `.${name}`);
  });
}

function checkedUrl(guard: AddressGuard, text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const problem =
    url === undefined || !/^https?:$/.test(url.protocol)
      ? 'it is no http:// or https:// address'
      : url.username !== '' || url.password !== ''
        ? 'it holds a user or password, which belong into the repository Secret'
        : guard.isRefused(url.hostname)
          ? 'link-local addresses are refused'
          : undefined;
  if (url !== undefined && problem === undefined) return url;
  throw new HttpError(
    'HTTP_URL_REFUSED',
    'on-change',
    `Cannot fetch from ${url?.host || 'there'}: ${problem}`,
  );
}

function redirected(guard: AddressGuard, from: URL, location: string): URL {
  const to = URL.canParse(location, from) ? new URL(location, from) : undefined;
  const refuse = (why: string): HttpError =>
    new HttpError('HTTP_REDIRECT', 'on-change', `${from.host} redirects ${why}; configure the final address`);
  if (to === undefined) throw refuse('to what is no address');
  if (from.protocol === 'https:' && to.protocol !== 'https:') throw refuse('away from https');
  // A Location has no business carrying a user; with one, it would become a credential of somebody's choice.
  to.username = '';
  to.password = '';
  return checkedUrl(guard, to.href);
}

/** The answer, or where it is to be had. */
async function once(
  agent: Dispatcher,
  url: URL,
  call: HttpGet,
  isTrusted: boolean,
  signal: AbortSignal,
): Promise<HttpAnswer | string> {
  const { authorization } = call;
  const { statusCode, headers, body } = await request(url, {
    dispatcher: agent,
    method: call.method ?? 'GET',
    ...(call.body === undefined ? {} : { body: call.body }),
    headers: {
      'user-agent': 'fairlead',
      'accept-encoding': call.decode === true ? 'gzip' : 'identity',
      ...call.headers,
      ...(authorization === undefined || !isTrusted ? {} : { authorization }),
    },
    signal,
  });
  // A body that is given up says so as an event, too, and nobody else listens.
  body.on('error', () => {});
  const plain = Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.join(', ') : `${value}`,
    ]),
  );
  if ([301, 302, 303, 307, 308].includes(statusCode) && plain['location'] !== undefined) {
    body.destroy();
    return plain['location'];
  }
  const isError = statusCode >= 400;
  const bytes =
    call.method === 'HEAD' ? await drained(body) : await bounded(body, plain, { ...call, isError });
  return { status: statusCode, headers: plain, url: url.href, body: bytes };
}

async function drained(body: AsyncIterable<Uint8Array>): Promise<Buffer> {
  for await (const _ of body) break;
  return Buffer.alloc(0);
}

interface Bounds {
  readonly maxBytes: number;
  readonly decode?: boolean;
  readonly isError: boolean;
}

async function bounded(
  body: AsyncIterable<Uint8Array> & { destroy(): unknown; pipe?: unknown },
  headers: Readonly<Record<string, string>>,
  { maxBytes, decode, isError }: Bounds,
): Promise<Buffer> {
  const tooLarge = (): HttpError =>
    new HttpError('HTTP_TOO_LARGE', 'on-change', `answers more than the ${maxBytes} bytes allowed`);
  // What a server says of its length only saves the trouble of finding out.
  if (!isError && Number(headers['content-length'] ?? 0) > maxBytes) {
    body.destroy();
    throw tooLarge();
  }
  const isGzip = decode === true && headers['content-encoding'] === 'gzip';
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of isGzip ? unzipped(body) : body) {
    chunks.push(chunk);
    bytes += chunk.byteLength;
    if (isError && bytes >= ERROR_BYTES) break;
    if (bytes > maxBytes) throw tooLarge();
  }
  return Buffer.concat(chunks);
}

async function* unzipped(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const gunzip = createGunzip();
  const feed = (async () => {
    for await (const chunk of body) {
      if (gunzip.destroyed) return;
      if (!gunzip.write(chunk)) await new Promise<void>((resolve) => drainOrClose(gunzip, resolve));
    }
    gunzip.end();
  })().catch((error: unknown) => gunzip.destroy(error as Error));
  try {
    yield* gunzip as AsyncIterable<Uint8Array>;
  } finally {
    gunzip.destroy();
    await feed;
  }
}

function drainOrClose(stream: ReturnType<typeof createGunzip>, resolve: () => void): void {
  const done = (): void => {
    stream.off('drain', done);
    stream.off('close', done);
    resolve();
  };
  stream.on('drain', done);
  stream.on('close', done);
}

function failure(url: URL, error: unknown, call: HttpGet): unknown {
  if (error instanceof HttpError) {
    if (error.code !== 'HTTP_TOO_LARGE') return error;
    return new HttpError(error.code, error.retry, `Cannot fetch from ${url.host}: it ${error.message}`);
  }
  if (error instanceof AddressError && error.code === 'ADDRESS_REFUSED')
    return new HttpError('HTTP_URL_REFUSED', 'backoff', `Cannot fetch from ${url.host}: ${error.message}`);
  const { code, name } = (error ?? {}) as { code?: unknown; name?: unknown };
  const text = typeof code === 'string' ? code : '';
  if (isAbort(error) || /TIMEOUT/.test(text))
    return new HttpError(
      'HTTP_TIMEOUT',
      'backoff',
      `Cannot fetch from ${url.host}: no complete answer within ${call.timeoutMs / 1000} s`,
    );
  if (/CERT|SIGNED|SSL|TLS|ISSUER|ALTNAME/.test(text))
    return new HttpError(
      'HTTP_TLS',
      'on-change',
      `Cannot fetch from ${url.host}: its certificate is not trusted (${text}); add it to argocd-tls-certs-cm, or set insecure in the repository Secret`,
    );
  const seen = text === '' ? (name === 'Error' ? messageOf(error).slice(0, 100) : String(name)) : text;
  return new HttpError(
    'HTTP_UNREACHABLE',
    'backoff',
    `Cannot reach ${url.host}: ${seen}; check the address, and that the server runs`,
    { cause: code },
  );
}
