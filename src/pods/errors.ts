// What goes wrong between a person and a pod, as one error type.
import { CodedError, type Retry } from '../lib/index.ts';

export type PodsErrorCode =
  /** The application has no such pod or resource. */
  | 'NOT_FOUND'
  /** The question cannot be answered as asked. */
  | 'INVALID'
  /** A bound of this server is reached. */
  | 'TOO_MANY_REQUESTS'
  /** The answer is longer than one request may be. */
  | 'TOO_LARGE'
  /** The cluster said nothing for too long. */
  | 'TIMEOUT'
  /** The cluster answered something that is no shell or log. */
  | 'SERVER';

export class PodsError extends CodedError<PodsErrorCode> {
  constructor(code: PodsErrorCode, message: string, options?: { cause?: unknown }) {
    super(code, RETRY[code], message, options);
  }
}

const RETRY: Readonly<Record<PodsErrorCode, Retry>> = {
  NOT_FOUND: 'on-change',
  INVALID: 'on-change',
  TOO_MANY_REQUESTS: 'backoff',
  TOO_LARGE: 'on-change',
  TIMEOUT: 'backoff',
  SERVER: 'backoff',
};
