// Failures of a Kubernetes API as one error type. Turns HTTP answers and Status objects into codes and sentences.
import { CodedError, isRecord, type Retry } from '../lib/index.ts';

export type KubeErrorCode =
  | 'NOT_FOUND'
  | 'CONFLICT'
  | 'ALREADY_EXISTS'
  | 'FORBIDDEN'
  | 'UNAUTHORIZED'
  | 'INVALID'
  | 'GONE'
  | 'TOO_MANY_REQUESTS'
  | 'UNREACHABLE'
  | 'TIMEOUT'
  | 'SERVER'
  | 'BAD_REQUEST'
  | 'UNKNOWN_KIND'
  | 'NOT_ALLOWED'
  | 'TOO_LARGE'
  | 'UNTRUSTED'
  | 'CONFIG';

/** meta/v1 StatusCause. */
export interface KubeStatusCause {
  readonly reason?: string;
  readonly message?: string;
  readonly field?: string;
}

/** meta/v1 Status, the members Fairlead reads. */
export interface KubeStatus {
  readonly reason?: string;
  readonly message?: string;
  readonly code?: number;
  readonly details?: {
    readonly name?: string;
    readonly group?: string;
    readonly kind?: string;
    readonly uid?: string;
    readonly causes?: readonly KubeStatusCause[];
    readonly retryAfterSeconds?: number;
  };
}

/** What was tried, for the first half of a message. */
export interface Attempt {
  /** `apply`, `list`, `watch`, … */
  readonly verb: string;
  /** The object or type, e.g. `apps/Deployment default/web`. */
  readonly what: string;
  /** The server's URL without credentials. */
  readonly server: string;
  /** The object may hold secrets, so what the server says about its values must not be repeated. */
  readonly confidential?: boolean;
}

/** A request to a Kubernetes API that did not succeed. */
export class KubeError extends CodedError<KubeErrorCode> {
  /** HTTP status, 0 when there was no answer. */
  readonly httpStatus: number;
  /** The Status object of the server, if it sent one. */
  readonly status: KubeStatus | undefined;
  /** How long the server asked to wait, milliseconds. */
  readonly retryAfterMs: number | undefined;

  constructor(
    code: KubeErrorCode,
    message: string,
    facts: { httpStatus?: number; status?: KubeStatus; retryAfterMs?: number; cause?: unknown } = {},
  ) {
    super(code, RETRY[code], message, facts.cause === undefined ? {} : { cause: facts.cause });
    this.httpStatus = facts.httpStatus ?? 0;
    this.status = facts.status;
    this.retryAfterMs = facts.retryAfterMs;
  }
}

/** True for a KubeError of one of the codes. */
export function isKubeError(error: unknown, ...codes: readonly KubeErrorCode[]): error is KubeError {
  return error instanceof KubeError && (codes.length === 0 || codes.includes(error.code));
}

const RETRY: Readonly<Record<KubeErrorCode, Retry>> = {
  NOT_FOUND: 'on-change',
  CONFLICT: 'backoff',
  ALREADY_EXISTS: 'on-change',
  FORBIDDEN: 'on-change',
  UNAUTHORIZED: 'on-change',
  INVALID: 'on-change',
  GONE: 'backoff',
  TOO_MANY_REQUESTS: 'backoff',
  UNREACHABLE: 'backoff',
  TIMEOUT: 'backoff',
  SERVER: 'backoff',
  BAD_REQUEST: 'on-change',
  UNKNOWN_KIND: 'on-change',
  NOT_ALLOWED: 'on-change',
  TOO_LARGE: 'on-change',
  UNTRUSTED: 'on-change',
  CONFIG: 'on-change',
};

/** What a person can do about it; empty where the server's own words say it. */
const REMEDY: Readonly<Partial<Record<KubeErrorCode, string>>> = {
  CONFLICT: 'read the object again and repeat the change',
  FORBIDDEN: 'grant this permission by RBAC',
  UNAUTHORIZED: 'renew the credentials of this cluster',
  GONE: 'list again',
  TOO_MANY_REQUESTS: 'the server is overloaded; try again later',
  UNREACHABLE: 'check the address, the network and that the server runs',
  TIMEOUT: 'try again later',
  UNKNOWN_KIND: 'install the CustomResourceDefinition or API service, or correct apiVersion and kind',
  UNTRUSTED: 'correct the certificate authority or server name of this cluster',
  TOO_LARGE: 'make the object or the page smaller',
};

/** `Cannot VERB WHAT on SERVER: SEEN; REMEDY`. */
export function kubeMessage(attempt: Attempt, seen: string, code: KubeErrorCode): string {
  const remedy = REMEDY[code];
  const text = `Cannot ${attempt.verb} ${attempt.what} on ${attempt.server}: ${seen.replace(/[.\s]+$/, '')}`;
  return remedy === undefined ? text : `${text}; ${remedy}`;
}

/** The error of an HTTP answer ≥ 400 with its body as text. `isForeign`: a body that is no Status is not repeated. */
export function errorOfAnswer(
  attempt: Attempt,
  answer: { readonly status: number; readonly text: string; readonly retryAfter?: string | undefined },
  isForeign = false,
): KubeError {
  const status = withoutValues(statusOf(answer.text), attempt);
  const code = codeOf(answer.status, status);
  const retryAfterMs = retryAfterOf(answer.retryAfter, status);
  const seen = status?.message ?? plainBody(answer, isForeign || attempt.confidential === true);
  return new KubeError(code, kubeMessage(attempt, seen, code), {
    httpStatus: answer.status,
    ...(status === undefined ? {} : { status }),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  });
}

/** The error of a Status object that arrived inside a stream (a watch's ERROR event). */
export function errorOfStatus(attempt: Attempt, object: unknown): KubeError {
  const status = isRecord(object) ? (object as KubeStatus) : {};
  return errorOfAnswer(attempt, { status: status.code ?? 500, text: JSON.stringify(status) });
}

const BY_REASON: Readonly<Record<string, KubeErrorCode>> = {
  NotFound: 'NOT_FOUND',
  AlreadyExists: 'ALREADY_EXISTS',
  Conflict: 'CONFLICT',
  Forbidden: 'FORBIDDEN',
  Unauthorized: 'UNAUTHORIZED',
  Invalid: 'INVALID',
  Gone: 'GONE',
  Expired: 'GONE',
  TooManyRequests: 'TOO_MANY_REQUESTS',
  Timeout: 'TIMEOUT',
  ServerTimeout: 'TIMEOUT',
  BadRequest: 'BAD_REQUEST',
  MethodNotAllowed: 'NOT_ALLOWED',
  RequestEntityTooLarge: 'TOO_LARGE',
};

const BY_HTTP: Readonly<Record<number, KubeErrorCode>> = {
  400: 'BAD_REQUEST',
  401: 'UNAUTHORIZED',
  403: 'FORBIDDEN',
  404: 'NOT_FOUND',
  405: 'NOT_ALLOWED',
  408: 'TIMEOUT',
  409: 'CONFLICT',
  410: 'GONE',
  413: 'TOO_LARGE',
  422: 'INVALID',
  429: 'TOO_MANY_REQUESTS',
  502: 'UNREACHABLE',
  503: 'UNREACHABLE',
  504: 'TIMEOUT',
};

function codeOf(http: number, status: KubeStatus | undefined): KubeErrorCode {
  const code = BY_REASON[status?.reason ?? ''] ?? BY_HTTP[http] ?? (http >= 500 ? 'SERVER' : 'BAD_REQUEST');
  // An object that does not exist is named in the details; a path the server does not serve is not.
  return code === 'NOT_FOUND' && status?.details?.name === undefined ? 'UNKNOWN_KIND' : code;
}

function statusOf(text: string): KubeStatus | undefined {
  if (!text.startsWith('{')) return undefined;
  try {
    const body: unknown = JSON.parse(text);
    return isRecord(body) && (body.kind === 'Status' || body.reason !== undefined) ? body : undefined;
  } catch {
    return undefined;
  }
}

/** Validation messages quote the value that is wrong; of a confidential object only the field names remain. */
function withoutValues(status: KubeStatus | undefined, attempt: Attempt): KubeStatus | undefined {
  if (status === undefined || attempt.confidential !== true) return status;
  if (status.reason !== 'Invalid' && status.reason !== 'BadRequest' && status.reason !== 'InternalError') {
    return status;
  }
  const fields = (status.details?.causes ?? []).map((cause) => cause.field ?? '').filter((f) => f !== '');
  const causes = fields.map((field) => ({ field }));
  const where = fields.length === 0 ? '' : ` at ${fields.join(', ')}`;
  return {
    reason: status.reason,
    message: `${status.reason}${where} (values not shown)`,
    ...(status.code === undefined ? {} : { code: status.code }),
    details: { ...status.details, causes },
  };
}

function plainBody(answer: { readonly status: number; readonly text: string }, isHidden: boolean): string {
  const text = isHidden ? '' : answer.text.trim().slice(0, 300);
  return text === '' ? `HTTP ${answer.status}` : `HTTP ${answer.status}: ${text}`;
}

function retryAfterOf(header: string | undefined, status: KubeStatus | undefined): number | undefined {
  const seconds = header === undefined ? status?.details?.retryAfterSeconds : Number(header);
  return seconds !== undefined && Number.isFinite(seconds) && seconds >= 0 ? seconds * 1000 : undefined;
}
