// A repository's credential as the value of the Authorization header.
import type { Repository } from '../model/index.ts';

/** Of one line always: no part of a credential can become a header of its own. Undefined: it has none for http. */
export function authorizationOf({ credential }: Repository): string | undefined {
  if (credential.kind === 'bearer') return `Bearer ${credential.token.replace(/[\r\n]/g, '')}`;
  if (credential.kind !== 'basic') return undefined;
  const { username, password } = credential;
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}
