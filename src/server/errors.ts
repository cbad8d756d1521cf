// Failures as the API answers them: one error type, one mapping from any thrown value to the gateway's body.
// Nothing of an unexpected error's text leaves the server; it goes to the log.
import { type ErrorBody, type GrpcCodeName, grpcCodes, httpStatusOf } from '../contract/index.ts';
import { CodedError, isAbort, isRecord, type Retry } from '../lib/index.ts';

/** A request that cannot be answered as asked. The message is for the caller. */
export class ApiError extends CodedError<GrpcCodeName> {
  /** HTTP status, when it differs from the gateway's mapping. */
  readonly httpStatus: number;

  constructor(code: GrpcCodeName, message: string, options: { httpStatus?: number; cause?: unknown } = {}) {
    super(
      code,
      RETRY[code] ?? 'on-change',
      message,
      options.cause === undefined ? {} : { cause: options.cause },
    );
    this.httpStatus = options.httpStatus ?? httpStatusOf[code];
  }
}

const RETRY: Partial<Record<GrpcCodeName, Retry>> = {
  Unavailable: 'backoff',
  DeadlineExceeded: 'backoff',
  ResourceExhausted: 'backoff',
  Aborted: 'backoff',
  Internal: 'never',
  Unknown: 'never',
};

export interface FailedAnswer {
  readonly status: number;
  readonly body: ErrorBody;
  /** Our own bug: the log gets the error itself. */
  readonly unexpected: boolean;
}

/** The answer to any thrown value. */
export function answerOf(error: unknown): FailedAnswer {
  if (error instanceof ApiError) return answer(error.code, error.message, error.httpStatus);
  const framework = frameworkAnswer(error);
  if (framework !== undefined) return framework;
  if (isAbort(error)) return answer('DeadlineExceeded', 'The request took too long; try again');
  if (error instanceof CodedError && error.code !== 'BUG') {
    return answer(BY_CODE[error.code] ?? BY_RETRY[error.retry], error.message);
  }
  return {
    ...answer(
      'Internal',
      'Fairlead could not answer because of an error of its own; its log has the details',
    ),
    unexpected: true,
  };
}

function answer(code: GrpcCodeName, message: string, status = httpStatusOf[code]): FailedAnswer {
  return { status, body: { error: message, code: grpcCodes[code], message }, unexpected: false };
}

/** Codes of other folders that mean something to a caller. A cluster's 401 is not the caller's: it must not end the session. */
const BY_CODE: Readonly<Record<string, GrpcCodeName>> = {
  NOT_FOUND: 'NotFound',
  ALREADY_EXISTS: 'AlreadyExists',
  CONFLICT: 'Aborted',
  FORBIDDEN: 'PermissionDenied',
  NOT_PERMITTED: 'PermissionDenied',
  INVALID: 'InvalidArgument',
  BAD_REQUEST: 'InvalidArgument',
  TOO_LARGE: 'InvalidArgument',
  TOO_MANY_REQUESTS: 'ResourceExhausted',
  UNREACHABLE: 'Unavailable',
  TIMEOUT: 'DeadlineExceeded',
  UNAUTHORIZED: 'Unavailable',
  JOURNAL_BAD_REQUEST: 'InvalidArgument',
};

const BY_RETRY: Readonly<Record<Retry, GrpcCodeName>> = {
  backoff: 'Unavailable',
  'on-change': 'FailedPrecondition',
  never: 'Internal',
};

/** What Fastify itself refuses: bodies that are too large, of another type or no JSON. */
function frameworkAnswer(error: unknown): FailedAnswer | undefined {
  if (!isRecord(error) && !(error instanceof Error)) return undefined;
  const { code, statusCode } = error as { code?: unknown; statusCode?: unknown };
  if (typeof code !== 'string' || !code.startsWith('FST_')) return undefined;
  switch (code) {
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
      return answer('InvalidArgument', 'The body is larger than the server accepts (5 MB)', 413);
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
      return answer('InvalidArgument', 'Invalid content type: send application/json', 415);
    case 'FST_ERR_CTP_INVALID_CONTENT_LENGTH':
      return answer('InvalidArgument', 'The body is shorter or longer than Content-Length says');
    case 'FST_ERR_BAD_URL':
      return answer('InvalidArgument', 'The path is not a valid URL');
    default:
      return typeof statusCode === 'number' && statusCode < 500
        ? answer('InvalidArgument', 'The request is malformed', statusCode)
        : undefined;
  }
}
