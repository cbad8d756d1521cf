// Failures of the embedded server as Kubernetes Status objects (meta/v1 Status).
import { CodedError } from '../lib/index.ts';

/** meta/v1 StatusReason values the server answers with. */
export type StatusReason =
  | 'BadRequest'
  | 'Unauthorized'
  | 'Forbidden'
  | 'NotFound'
  | 'AlreadyExists'
  | 'Conflict'
  | 'Gone'
  | 'Expired'
  | 'Invalid'
  | 'MethodNotAllowed'
  | 'NotAcceptable'
  | 'UnsupportedMediaType'
  | 'RequestEntityTooLarge'
  | 'InternalError'
  | 'Timeout'
  | 'ServiceUnavailable'
  | 'TooManyRequests'
  /** No reason in the answer: a failure kube-apiserver does not classify. */
  | 'Unknown';

/** meta/v1 StatusCause. */
export interface StatusCause {
  readonly reason?: string;
  readonly message?: string;
  readonly field?: string;
}

/** meta/v1 StatusDetails. */
export interface StatusDetails {
  readonly name?: string;
  readonly group?: string;
  readonly kind?: string;
  readonly uid?: string;
  readonly causes?: readonly StatusCause[];
  readonly retryAfterSeconds?: number;
}

/** A request the server refuses; `toStatus` is the body the client gets. */
export class ApiError extends CodedError<StatusReason> {
  /** HTTP status code. */
  readonly status: number;
  readonly details: StatusDetails | undefined;
  /** meta/v1 ListMeta of the Status: an expired list tells how to go on. */
  #listMeta: Readonly<Record<string, unknown>> = {};

  constructor(status: number, reason: StatusReason, message: string, details?: StatusDetails) {
    super(reason, status >= 500 || status === 429 || status === 409 ? 'backoff' : 'on-change', message);
    this.status = status;
    this.details = details;
  }

  withListMeta(listMeta: Readonly<Record<string, unknown>>): this {
    this.#listMeta = listMeta;
    return this;
  }

  /** The meta/v1 Status object of this failure. */
  toStatus(): Record<string, unknown> {
    return {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: this.#listMeta,
      status: 'Failure',
      message: this.message,
      ...(this.code === 'Unknown' ? {} : { reason: this.code }),
      ...(this.details === undefined ? {} : { details: this.details }),
      code: this.status,
    };
  }
}

/** The bare 404 of paths no API is at. */
export class PageNotFound extends ApiError {
  constructor() {
    super(404, 'NotFound', '404 page not found');
  }
}
