// Failures of the durable store.
import { CodedError } from '../../lib/index.ts';

export type StorageErrorCode =
  /** A file holds something other than what was written, apart from a torn end. */
  | 'STORE_DAMAGED'
  /** The disk refused a write. */
  | 'STORE_WRITE';

export class StorageError extends CodedError<StorageErrorCode> {}
