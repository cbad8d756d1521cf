// Why a source is not trusted.
import { CodedError } from '../../lib/index.ts';

export type SignatureErrorCode =
  /** There is no signature. */
  | 'UNSIGNED'
  /** The object or its signature is not of the form Git writes. */
  | 'MALFORMED'
  /** The signature does not fit the object, or its key is no longer valid. */
  | 'BAD_SIGNATURE'
  /** Nobody here knows the key, or the policy does not name it. */
  | 'UNKNOWN_KEY'
  /** The policy cannot be used. */
  | 'BAD_POLICY';

/** The message says what was seen; the caller adds which object of which repository, and what to do about it. */
export class SignatureError extends CodedError<SignatureErrorCode> {
  /** What to do, where it is not the same for all signatures. */
  readonly remedy: string | undefined;

  constructor(
    code: SignatureErrorCode,
    message: string,
    options: { readonly cause?: unknown; readonly remedy?: string } = {},
  ) {
    const { remedy, ...rest } = options;
    super(code, 'on-change', message, rest);
    this.remedy = remedy;
  }
}
