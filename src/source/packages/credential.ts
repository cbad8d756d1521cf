// A repository's credential as a header.
import type { Repository } from '../../model/index.ts';

/** Undefined: it has none that a Helm repository or registry takes. */
export function authorizationOf({ credential }: Repository): string | undefined {
  if (credential.kind === 'bearer') return `Bearer ${credential.token}`;
  if (credential.kind !== 'basic') return undefined;
  const { username, password } = credential;
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}
