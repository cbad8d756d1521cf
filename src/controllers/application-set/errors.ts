// Why an ApplicationSet could not be turned into applications. Never "no applications".
import { CodedError } from '../../lib/index.ts';

export type ApplicationSetErrorCode =
  /** The set itself is wrong: only its author can mend it. */
  | 'SET_INVALID'
  /** A source of parameters did not answer, or not completely. What is there stays as it is. */
  | 'GENERATOR_FAILED'
  /** A text could not be filled in with the parameters of one application. */
  | 'TEMPLATE_FAILED'
  /** More parameters or applications than a set may have. */
  | 'SET_LIMIT';

/** Messages name the set's part, the place asked and the remedy, never a token. */
export class ApplicationSetError extends CodedError<ApplicationSetErrorCode> {}
