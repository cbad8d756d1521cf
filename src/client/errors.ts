// Failures of a call as the caller sees them: the server's own sentence, or why there is none.
import { type ErrorBody, grpcCodes } from '../contract/index.ts';
import { CodedError, isRecord, type Retry } from '../lib/index.ts';

export type ClientErrorCode =
  | 'UNREACHABLE'
  | 'UNTRUSTED'
  | 'TIMEOUT'
  | 'MALFORMED'
  | 'UNAUTHENTICATED'
  | 'FORBIDDEN'
  | 'NOT_FOUND'
  | 'INVALID'
  | 'CONFLICT'
  | 'OVERLOADED'
  | 'SERVER';

/** A call that did not succeed. */
export class ClientError extends CodedError<ClientErrorCode> {
  /** HTTP status; 0 when there was no answer. */
  readonly httpStatus: number;
  /** Number of `grpcCodes`; 0 when the server sent none. */
  readonly grpcCode: number;

  constructor(
    code: ClientErrorCode,
    message: string,
    facts: { httpStatus?: number; grpcCode?: number; cause?: unknown } = {},
  ) {
    super(code, RETRY[code], message, facts.cause === undefined ? {} : { cause: facts.cause });
    this.httpStatus = facts.httpStatus ?? 0;
    this.grpcCode = facts.grpcCode ?? 0;
  }
}

const RETRY: Readonly<Record<ClientErrorCode, Retry>> = {
  UNREACHABLE: 'backoff',
  UNTRUSTED: 'on-change',
  TIMEOUT: 'backoff',
  MALFORMED: 'on-change',
  UNAUTHENTICATED: 'on-change',
  FORBIDDEN: 'on-change',
  NOT_FOUND: 'on-change',
  INVALID: 'on-change',
  CONFLICT: 'backoff',
  OVERLOADED: 'backoff',
  SERVER: 'backoff',
};

const BY_HTTP: Readonly<Record<number, ClientErrorCode>> = {
  400: 'INVALID',
  401: 'UNAUTHENTICATED',
  403: 'FORBIDDEN',
  404: 'NOT_FOUND',
  409: 'CONFLICT',
  410: 'INVALID',
  413: 'INVALID',
  415: 'INVALID',
  429: 'OVERLOADED',
  504: 'TIMEOUT',
};

/** The error of an answer that is not 2xx. */
export function errorOfAnswer(status: number, text: string, server: string): ClientError {
  const code = BY_HTTP[status] ?? 'SERVER';
  const body = errorBody(text);
  if (body !== undefined)
    return new ClientError(code, body.message, { httpStatus: status, grpcCode: body.code });
  return new ClientError(
    code,
    `${server} answered HTTP ${status} without saying why; is it a Fairlead server?`,
    {
      httpStatus: status,
    },
  );
}

/** The error inside a stream: its last line. */
export function errorOfLine(line: unknown): ClientError {
  const { message, http_code, grpc_code } = isRecord(line) ? line : {};
  const status = typeof http_code === 'number' ? http_code : 500;
  return new ClientError(BY_HTTP[status] ?? 'SERVER', String(message ?? 'The stream failed'), {
    httpStatus: status,
    grpcCode: typeof grpc_code === 'number' ? grpc_code : grpcCodes.Unknown,
  });
}

/** The error of a request that got no answer. */
export function errorOfConnection(error: unknown, server: string): ClientError {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const code = String((cause as { code?: unknown } | null)?.code ?? '');
  const seen = cause instanceof Error ? cause.message || code : String(cause);
  if (/CERT|SELF_SIGNED|UNABLE_TO_VERIFY|ERR_TLS/.test(code)) {
    return new ClientError(
      'UNTRUSTED',
      `Cannot trust ${server}: ${seen}; check its certificate, or use --insecure`,
      {
        cause: error,
      },
    );
  }
  return new ClientError(
    'UNREACHABLE',
    `Cannot reach ${server}: ${seen}; check the address and that the server runs`,
    {
      cause: error,
    },
  );
}

function errorBody(text: string): ErrorBody | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isRecord(value) && typeof value['message'] === 'string' && typeof value['code'] === 'number'
      ? { error: value['message'], message: value['message'], code: value['code'] }
      : undefined;
  } catch {
    // A proxy's page; the caller gets the status instead.
    return undefined;
  }
}
