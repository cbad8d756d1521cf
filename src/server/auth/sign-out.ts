// Ends sessions. Keys and tokens of projects do not end by signing out: they leave the list they stand in, and their
// ids are names people gave them, which others may have given to theirs.
import type { ServerDeps } from '../deps.ts';
import type { Caller } from './session-tokens.ts';

/** Ends the session, if it is one, and records it. */
export async function signOut(deps: ServerDeps, caller: Caller | undefined, address: string): Promise<void> {
  const { session } = caller ?? {};
  if (caller === undefined || session === undefined) return;
  const { holder } = session;
  if (holder.kind === 'project' || (holder.kind === 'account' && holder.capability === 'apiKey')) return;
  await deps.accounts.revoke(session.id, session.expiresAt);
  await deps.journal.fact({
    actor: { kind: 'user', name: caller.name },
    action: 'session.logout',
    object: { kind: 'Account', name: caller.name },
    sourceAddress: address,
  });
}
