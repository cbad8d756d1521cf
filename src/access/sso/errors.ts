// Why a sign-in through a provider failed. The code may be shown to anybody; the message is for the log.
import { CodedError, type Retry } from '../../lib/index.ts';

export type SsoErrorCode = 'SSO_CONFIG' | 'SSO_UNREACHABLE' | 'SSO_REFUSED' | 'SSO_INVALID';

export class SsoError extends CodedError<SsoErrorCode> {
  constructor(code: SsoErrorCode, message: string, options?: { cause?: unknown }) {
    const retry: Retry = code === 'SSO_UNREACHABLE' ? 'backoff' : 'on-change';
    super(code, retry, message, options);
  }
}
