// Template members that hold JSON as text, as Argo CD's templates write them.
import { NotifyError } from './errors.ts';

/** Undefined for an empty text. Throws `NOTIFY_PROGRAM` for text that is no JSON. */
export function parsedJson(text: string, member: string): unknown {
  if (text.trim() === '') return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new NotifyError('NOTIFY_PROGRAM', `Cannot render ${member}: the result is not JSON`);
  }
}
