// Sessions for people an identity provider vouched for.
import type { ExternalUser } from '../../access/index.ts';
import type { ServerDeps } from '../deps.ts';

/** A session for somebody a provider vouched for, with its record in the journal. */
export async function signInExternal(deps: ServerDeps, user: ExternalUser, address: string): Promise<string> {
  const { token } = await deps.tokens.issueExternal(user);
  const name = user.email ?? user.name;
  await deps.journal.fact({
    actor: { kind: 'user', name },
    action: 'session.login',
    object: { kind: 'Account', name },
    sourceAddress: address,
    outcome: 'succeeded',
    detail: { connector: user.connector },
  });
  return token;
}

/** Reached over TLS: cookies say so. */
export function isSecure({ information, options }: Pick<ServerDeps, 'information' | 'options'>): boolean {
  const url = information.config('url') || options.publicUrl;
  return url?.startsWith('https://') === true;
}
