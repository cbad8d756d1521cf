// Continue tokens of paged lists: the revision of the snapshot and the key after which the next page starts. Pure.
import { isRecord } from '../../lib/index.ts';
import { badRequest } from '../failures.ts';

export interface ContinueToken {
  /** Revision of the snapshot; -1 takes the newest state (a list that lost its snapshot). */
  readonly revision: number;
  /** Last key of the previous page. */
  readonly after: string;
}

export function encodeContinue(token: ContinueToken): string {
  const text = JSON.stringify({ v: 'meta.k8s.io/v1', rv: token.revision, start: token.after });
  return Buffer.from(text).toString('base64url');
}

/** @throws ApiError 400 for text that is no token of this server. */
export function decodeContinue(text: string): ContinueToken {
  try {
    const value: unknown = JSON.parse(Buffer.from(text, 'base64url').toString('utf8'));
    if (isRecord(value) && typeof value['rv'] === 'number' && typeof value['start'] === 'string') {
      return { revision: value['rv'], after: value['start'] };
    }
  } catch {
    // Falls through to the one message for every kind of damage.
  }
  throw badRequest('continue key is not valid: it was not given out by this server');
}
