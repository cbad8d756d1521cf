// Continue tokens of paged lists: the revision of the snapshot and the key after which the next page starts. Pure.
import { isRecord, messageOf } from '../../lib/index.ts';
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
  const bad = /[^A-Za-z0-9_-]/.exec(text);
  if (bad !== null || text.length % 4 === 1) {
    const at = bad?.index ?? text.length - 1;
    throw invalidToken(`illegal base64 data at input byte ${at}`);
  }
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(text, 'base64url').toString('utf8'));
  } catch (error) {
    throw invalidToken(messageOf(error));
  }
  if (!isRecord(value) || typeof value['rv'] !== 'number') {
    const version = isRecord(value) ? String(value['v'] ?? '') : '';
    throw invalidToken(`incorrect encoded start resourceVersion (version ${version})`);
  }
  if (typeof value['start'] !== 'string')
    throw invalidToken('encoded start key empty (version meta.k8s.io/v1)');
  return { revision: value['rv'], after: value['start'] };
}

function invalidToken(what: string): Error {
  return badRequest(`invalid continue token: continue key is not valid: ${what}`);
}
