// Writes answers: status, headers, body, gzip for big ones.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { gzip } from 'node:zlib';
import { ApiError, PageNotFound } from '../errors.ts';

/** Bodies from this size on are compressed when the client accepts it, as kube-apiserver does. */
const GZIP_MIN_BYTES = 128 * 1024;

export interface Answer {
  readonly status: number;
  readonly body: string | Buffer;
  readonly contentType?: string;
  /** Warning texts, one `Warning: 299` header each. */
  readonly warnings?: readonly string[];
  readonly headers?: Readonly<Record<string, string>>;
}

export function jsonAnswer(value: unknown, status = 200): Answer {
  return { status, body: JSON.stringify(value) };
}

export function textAnswer(text: string, status = 200): Answer {
  return { status, body: text, contentType: 'text/plain; charset=utf-8' };
}

export function errorAnswer(error: ApiError): Answer {
  if (error instanceof PageNotFound) return textAnswer(`${error.message}\n`, error.status);
  const retryAfter = error.details?.retryAfterSeconds;
  return {
    status: error.status,
    body: JSON.stringify(error.toStatus()),
    ...(retryAfter === undefined ? {} : { headers: { 'Retry-After': String(retryAfter) } }),
  };
}

export function send(request: IncomingMessage, response: ServerResponse, answer: Answer): void {
  if (response.headersSent || response.destroyed) return;
  const headers: (string | number)[] = [
    'Content-Type',
    answer.contentType ?? 'application/json',
    'Cache-Control',
    'no-cache, private',
  ];
  for (const [name, value] of Object.entries(answer.headers ?? {})) headers.push(name, value);
  for (const warning of answer.warnings ?? []) headers.push('Warning', `299 - ${JSON.stringify(warning)}`);
  const accepts = request.headers['accept-encoding'];
  if (answer.body.length >= GZIP_MIN_BYTES && typeof accepts === 'string' && accepts.includes('gzip')) {
    sendCompressed(response, answer, headers);
    return;
  }
  const bytes = typeof answer.body === 'string' ? Buffer.byteLength(answer.body) : answer.body.length;
  headers.push('Content-Length', bytes);
  response.writeHead(answer.status, headers as string[]);
  response.end(request.method === 'HEAD' ? undefined : answer.body);
}

function sendCompressed(response: ServerResponse, answer: Answer, headers: (string | number)[]): void {
  gzip(answer.body, { level: 1 }, (error, packed) => {
    if (response.destroyed) return;
    if (error !== null) {
      response.destroy(error);
      return;
    }
    headers.push('Content-Encoding', 'gzip', 'Vary', 'Accept-Encoding', 'Content-Length', packed.length);
    response.writeHead(answer.status, headers as string[]);
    response.end(packed);
  });
}

/** What a thrown value is to a client: its own Status, or 500 for a bug of ours. */
export function asApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  const text = error instanceof Error ? error.message : String(error);
  return new ApiError(500, 'InternalError', `Internal error occurred: ${text}`, {
    causes: [{ message: text }],
  });
}
