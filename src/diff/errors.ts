// What can be wrong with the input of a comparison. All of it is for somebody to change in the source.
import { CodedError } from '../lib/index.ts';

export type DiffErrorCode = 'REPEATED_IN_SOURCE' | 'NO_NAME' | 'INVALID_IGNORE_RULE';

export class DiffError extends CodedError<DiffErrorCode> {}
