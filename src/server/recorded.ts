// Writes to the journal what a person asks for before it is done, and how it ended after.
import { type Json, messageOf } from '../lib/index.ts';
import type { Application } from '../model/index.ts';
import type { Caller } from './auth/session-tokens.ts';
import type { ServerDeps } from './deps.ts';
import { answerOf } from './errors.ts';

export interface Effect {
  /** A dotted verb, e.g. `application.sync`. */
  readonly action: string;
  readonly object: {
    readonly group: string;
    readonly kind: string;
    readonly namespace?: string;
    readonly name: string;
    /** Server URL of the cluster, for objects outside the control cluster. */
    readonly cluster?: string;
  };
  readonly revision?: string;
  /** Why, in one sentence. */
  readonly reason?: string;
  /** Never a body as it came: only members known to hold no secret. */
  readonly detail?: Json;
}

/** Runs `effect` between its intent and its outcome. Without a record there is no effect. */
export async function recorded<T>(
  call: { readonly deps: ServerDeps; readonly caller: Caller; readonly address: string },
  what: Effect,
  effect: () => Promise<T>,
): Promise<T> {
  const { journal, log } = call.deps;
  const intent = await journal.intent({
    actor: { kind: 'user', name: call.caller.name },
    sourceAddress: call.address,
    ...what,
  });
  try {
    const result = await effect();
    await journal.outcome(intent.seq, { outcome: 'succeeded' });
    return result;
  } catch (error) {
    // The caller hears of the effect's failure, even when the journal fails too.
    await journal
      .outcome(intent.seq, { outcome: 'failed', reason: answerOf(error).body.message })
      .catch((failure: unknown) =>
        log.error('The outcome of a write is not recorded', { error: messageOf(failure) }),
      );
    throw error;
  }
}

export function applicationRef(app: Pick<Application, 'metadata'>): Effect['object'] {
  const { namespace = '', name = '' } = app.metadata;
  return { group: 'argoproj.io', kind: 'Application', namespace, name };
}
