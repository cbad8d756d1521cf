// Why an action cannot be listed or run.
import { CodedError } from '../lib/index.ts';

/**
 * - `UNKNOWN_ACTION`: the kind has no action of that name, or not now.
 * - `DISABLED`: it has, but not for the object as it is.
 * - `INVALID_PARAMETER`: a parameter is missing or unusable.
 * - `INVALID_DEFINITION`: what a user configured is no definition.
 * - `NOT_PERMITTED`: it would write what the project does not permit.
 * - `INVALID_RESULT`: a user's program gave something else than objects.
 */
export type ActionErrorCode =
  | 'UNKNOWN_ACTION'
  | 'DISABLED'
  | 'INVALID_PARAMETER'
  | 'INVALID_DEFINITION'
  | 'NOT_PERMITTED'
  | 'INVALID_RESULT';

export class ActionError extends CodedError<ActionErrorCode> {
  constructor(code: ActionErrorCode, message: string, options?: { cause?: unknown }) {
    super(code, 'on-change', message, options);
  }
}
