// Outgoing requests of the services: bounded in time and size, no redirects, no link-local addresses (where clouds
// keep their credentials), errors without URLs.
import { Agent, errors, request } from 'undici';
import { AddressError, type AddressGuard, defaultAddressGuard, messageOf } from '../lib/index.ts';
import { NotifyError } from './errors.ts';

export interface HttpRequest {
  readonly method: string;
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** The configuration says that this service's certificate is not to be checked. */
  readonly insecureSkipVerify?: boolean;
  readonly signal: AbortSignal;
}

export interface HttpAnswer {
  readonly status: number;
  /** The beginning of the body. */
  readonly body: string;
}

/** Resolves for every status. Throws NotifyError `NOTIFY_UNAVAILABLE` or `NOTIFY_CONFIG`. */
export type HttpSend = (request: HttpRequest) => Promise<HttpAnswer>;

export interface NotifyHttp {
  readonly send: HttpSend;
  close(): Promise<void>;
}

const TIMEOUT_MS = 15_000;
const ANSWER_BYTES = 64 * 1024;

/** `guard` says where connections may go. */
export function createNotifyHttp(guard: AddressGuard = defaultAddressGuard): NotifyHttp {
  const options = { connections: 8, pipelining: 1, headersTimeout: TIMEOUT_MS, bodyTimeout: TIMEOUT_MS };
  const connect = { timeout: 10_000, lookup: guard.lookup };
  const verified = new Agent({ ...options, connect });
  const unverified = new Agent({ ...options, connect: { ...connect, rejectUnauthorized: false } });
  return {
    send: (call) => send(guard, call.insecureSkipVerify === true ? unverified : verified, call),
    async close() {
      await Promise.all([verified.destroy(), unverified.destroy()]);
    },
  };
}

async function send(guard: AddressGuard, dispatcher: Agent, call: HttpRequest): Promise<HttpAnswer> {
  const url = checkedUrl(guard, call.url);
  try {
    const { statusCode, body } = await request(url, {
      dispatcher,
      method: call.method as 'POST',
      headers: { 'user-agent': 'fairlead', ...call.headers },
      body: call.body ?? null,
      signal: AbortSignal.any([call.signal, AbortSignal.timeout(TIMEOUT_MS)]),
    });
    return { status: statusCode, body: await beginning(body) };
  } catch (error) {
    call.signal.throwIfAborted();
    throw unavailable(url.host, error);
  }
}

/** Throws `NOTIFY_CONFIG` for what is no http(s) URL, or names an address that is never a service. */
function checkedUrl(guard: AddressGuard, text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || (url.protocol !== 'https:' && url.protocol !== 'http:')) {
    throw new NotifyError('NOTIFY_CONFIG', 'Cannot send: the configured address is no http(s) URL');
  }
  const host = url.hostname.replace(/^\[|\]$/g, '');
  if (guard.isRefused(host))
    throw new NotifyError('NOTIFY_CONFIG', `Cannot send to ${host}: link-local addresses are refused`);
  return url;
}

async function beginning(body: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes >= ANSWER_BYTES) break;
  }
  return Buffer.concat(chunks).subarray(0, ANSWER_BYTES).toString('utf8');
}

function unavailable(host: string, error: unknown): NotifyError {
  if (error instanceof AddressError && error.code === 'ADDRESS_REFUSED')
    return new NotifyError('NOTIFY_CONFIG', `Cannot send: ${messageOf(error)}`);
  const isTimeout = error instanceof errors.UndiciError || (error as Error)?.name === 'TimeoutError';
  const code = (error as { code?: unknown })?.code;
  const seen = isTimeout
    ? 'no answer in time'
    : typeof code === 'string'
      ? code
      : messageOf(error).slice(0, 120);
  return new NotifyError('NOTIFY_UNAVAILABLE', `Cannot reach ${host}: ${seen}. Check that the service runs`, {
    cause: code,
  });
}

/** Throws unless the answer is a success: refused for good, or later again. */
export function expectSuccess(service: string, url: string, answer: HttpAnswer): void {
  if (answer.status >= 200 && answer.status < 300) return;
  const host = URL.canParse(url) ? new URL(url).host : service;
  const isTemporary = answer.status >= 500 || answer.status === 429 || answer.status === 408;
  const remedy = isTemporary
    ? 'It is tried again'
    : answer.status === 401 || answer.status === 403
      ? 'Check the token in argocd-notifications-secret'
      : answer.status >= 300 && answer.status < 400
        ? 'Redirects are not followed; configure the final address'
        : 'Check the recipient and the template';
  throw new NotifyError(
    isTemporary ? 'NOTIFY_UNAVAILABLE' : 'NOTIFY_REFUSED',
    `Cannot notify through ${service}: ${host} answered ${answer.status}. ${remedy}`,
  );
}

/** Sends JSON and expects success. @returns the parsed answer, undefined when it is no JSON */
export async function sendJson(
  http: HttpSend,
  service: string,
  call: Omit<HttpRequest, 'body' | 'method'> & { readonly method?: string; readonly json: unknown },
): Promise<unknown> {
  const { json, ...rest } = call;
  const headers = { 'content-type': 'application/json', ...call.headers };
  const answer = await http({ method: 'POST', ...rest, headers, body: JSON.stringify(json) });
  expectSuccess(service, call.url, answer);
  try {
    return JSON.parse(answer.body) as unknown;
  } catch {
    return undefined;
  }
}
