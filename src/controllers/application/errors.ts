// What an application may not do, or cannot be trusted to be, as errors that end as its conditions and results.
import { CodedError } from '../../lib/index.ts';

export type ApplicationErrorCode =
  /** The project does not allow it. */
  | 'NOT_PERMITTED'
  /** The source is not signed as the project demands. */
  | 'UNVERIFIED'
  /** No service account is named to act as. */
  | 'NO_ACCOUNT'
  /** It is held at something that cannot be rendered. */
  | 'HOLD_INVALID';

export class ApplicationError extends CodedError<ApplicationErrorCode> {
  constructor(code: ApplicationErrorCode, message: string, options: { cause?: unknown } = {}) {
    super(code, 'on-change', message, options);
  }
}
