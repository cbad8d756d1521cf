// Writes to the journal what a person asks for before it is done, and how it ended after.
import type { IncomingHttpHeaders } from 'node:http';
import { digestOf, isRecord, type Json, messageOf } from '../lib/index.ts';
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
  /** What is changed, as it is before; only its digest is kept. */
  readonly before?: unknown;
}

/** Runs `effect` between its intent and its outcome. Without a record there is no effect. */
export async function recorded<T>(
  call: {
    readonly deps: ServerDeps;
    readonly caller: Caller;
    readonly address: string;
    readonly headers?: IncomingHttpHeaders;
  },
  { before, ...what }: Effect,
  effect: () => Promise<T>,
): Promise<T> {
  const { journal, log } = call.deps;
  const intent = await journal.intent({
    actor: { kind: 'user', name: call.caller.name },
    sourceAddress: call.address,
    ...what,
    ...given('reason', reasonOf(call.headers)),
    ...given('detail', detailOf(what.detail, before)),
  });
  try {
    const result = await effect();
    await journal.outcome(intent.seq, { outcome: 'succeeded', ...given('detail', afterOf(result)) });
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

/** Header in which a caller may say why: `X-Audit-Reason`. */
const REASON_HEADER = 'x-audit-reason';
const REASON_CHARS = 500;

function reasonOf(headers: IncomingHttpHeaders = {}): string | undefined {
  const text = headers[REASON_HEADER];
  return typeof text === 'string' && text.trim() !== '' ? text.trim().slice(0, REASON_CHARS) : undefined;
}

function detailOf(detail: Json | undefined, before: unknown): Json | undefined {
  const digest = specDigest(before);
  if (digest === undefined) return detail;
  return isRecord(detail) ? ({ ...detail, before: digest } as Json) : { before: digest };
}

function afterOf(result: unknown): Json | undefined {
  const digest = specDigest(result);
  return digest === undefined ? undefined : { after: digest };
}

/** Of what people write: not the status, not what the API counts up. */
function specDigest(object: unknown): string | undefined {
  if (!isRecord(object) || !isRecord(object['spec'])) return undefined;
  const metadata = isRecord(object['metadata']) ? object['metadata'] : {};
  return digestOf({
    spec: object['spec'],
    labels: metadata['labels'] ?? {},
    annotations: metadata['annotations'] ?? {},
  });
}

function given<K extends string, T>(key: K, value: T | undefined): { readonly [P in K]?: T } {
  return (value === undefined ? {} : { [key]: value }) as { readonly [P in K]?: T };
}

export function applicationRef(app: Pick<Application, 'metadata'>): Effect['object'] {
  const { namespace = '', name = '' } = app.metadata;
  return { group: 'argoproj.io', kind: 'Application', namespace, name };
}
