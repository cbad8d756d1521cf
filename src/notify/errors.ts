// How a notification can fail. Messages name hosts, never whole URLs: those often hold a key.
import { CodedError, type Retry } from '../lib/index.ts';

export type NotifyErrorCode =
  /** The configuration of a service, trigger or template cannot be used. */
  | 'NOTIFY_CONFIG'
  /** A trigger or template met something it cannot work with. */
  | 'NOTIFY_PROGRAM'
  /** The service answered that it will not take this message; repeating it changes nothing. */
  | 'NOTIFY_REFUSED'
  /** The service was not reached, is overloaded or failed; it may take the message later. */
  | 'NOTIFY_UNAVAILABLE';

const RETRY: Readonly<Record<NotifyErrorCode, Retry>> = {
  NOTIFY_CONFIG: 'on-change',
  NOTIFY_PROGRAM: 'on-change',
  NOTIFY_REFUSED: 'on-change',
  NOTIFY_UNAVAILABLE: 'backoff',
};

export class NotifyError extends CodedError<NotifyErrorCode> {
  constructor(code: NotifyErrorCode, message: string, options?: { cause?: unknown }) {
    super(code, RETRY[code], message, options);
  }
}
