// Receives webhooks: rate limit, verification, each delivery once, written down before it is answered, and then what it
// is for, which is a look at repositories that are known already.
import {
  parseWebhook,
  type WebhookRequest,
  type WebhookResult,
  type WebhookSecrets,
} from '../controllers/index.ts';
import { redacted } from '../git/index.ts';
import type { Journal, JournalRecord } from '../journal/index.ts';
import { type Clock, isRecord, type Logger, Lru, messageOf } from '../lib/index.ts';
import type { Webhook } from '../server/index.ts';

export const WEBHOOK_ACTION = 'webhook.received';

/** What one address may send at once, and how fast that grows again; a refused webhook costs as much as `REFUSED`. */
const BURST = 1_000;
const PER_SECOND = 50;
const REFUSED = 20;
const ADDRESSES = 10_000;
/** Providers repeat a delivery that was not answered within seconds or minutes. */
const REMEMBERED_MS = 600_000;
const DELIVERIES = 10_000;

export interface WebhookDeps {
  readonly clock: Clock;
  readonly log: Logger;
  readonly journal: Pick<Journal, 'intent' | 'outcome'>;
  secrets(): WebhookSecrets;
  /** Whether one of the Git repositories is in use. */
  isKnown(urls: readonly string[]): boolean;
  /** Looks at Git repositories, and has whoever acts look at them. */
  moved(urls: readonly string[]): Promise<void>;
  /** Looks at applications that use one of the artifacts; how many there are. */
  pushed(artifacts: readonly string[]): Promise<number>;
}

/** `accepted` is told the repositories of a push before anything is done about them. */
export type WebhookInbox = (
  request: Parameters<Webhook>[0],
  accepted?: (urls: readonly string[]) => void,
) => ReturnType<Webhook>;

export function webhookInbox(deps: WebhookDeps): WebhookInbox {
  const rates = new AddressRates(deps.clock);
  const deliveries = new Deliveries(deps.clock);
  return async (request, accepted) => {
    if (!rates.take(request.address, 1)) return { status: 429, body: 'Too many webhooks from this address' };
    const result = parseWebhook(request satisfies WebhookRequest, deps.secrets());
    if (result.kind === 'refused') {
      rates.take(request.address, REFUSED);
      return { status: result.status, body: result.why };
    }
    if (result.kind === 'ignored') return { status: 200, body: result.why };
    if (deliveries.isKnown(result.delivery)) return { status: 200, body: 'Webhook was accepted before' };
    const record = await writeDown(deps, result);
    deliveries.remember(result.delivery);
    if (result.kind === 'push') accepted?.(result.push.repositoryUrls);
    // Answered before the fetch: providers give up after some seconds, and the work is the same either way.
    void work(deps, result, record);
    return { status: 200, body: 'Webhook accepted' };
  };
}

/** The repositories of a webhook that was accepted and not dealt with; empty for other records. */
export function repositoriesOf({ action, detail }: Pick<JournalRecord, 'action' | 'detail'>): string[] {
  const urls = action === WEBHOOK_ACTION && isRecord(detail) ? detail['repositories'] : undefined;
  return Array.isArray(urls) ? urls.filter((url) => typeof url === 'string') : [];
}

type Accepted = Exclude<WebhookResult, { kind: 'ignored' | 'refused' }>;

/** Only repositories in use are worth a record: else anybody could fill the journal. */
async function writeDown(deps: WebhookDeps, result: Accepted): Promise<JournalRecord | undefined> {
  if (result.kind !== 'push') return undefined;
  const { push, provider, delivery } = result;
  if (!deps.isKnown(push.repositoryUrls)) return undefined;
  const repositories = push.repositoryUrls.map((url) => redacted(url));
  return await deps.journal.intent({
    actor: { kind: 'system', name: `${provider} webhook` },
    action: WEBHOOK_ACTION,
    object: { kind: 'Repository', name: repositories[0] ?? '' },
    ...(push.after === undefined ? {} : { revision: push.after }),
    detail: { repositories, ref: push.ref.slice(0, 500), ...(delivery === undefined ? {} : { delivery }) },
  });
}

async function work(deps: WebhookDeps, result: Accepted, record: JournalRecord | undefined): Promise<void> {
  let reason: string | undefined;
  try {
    if (result.kind === 'push') await deps.moved(result.push.repositoryUrls);
    else await deps.pushed(result.artifact.repositories);
  } catch (error) {
    reason = messageOf(error);
    deps.log.info('a repository announced by webhook could not be fetched', { reason });
  }
  if (record === undefined) return;
  const end =
    reason === undefined ? { outcome: 'succeeded' as const } : { outcome: 'failed' as const, reason };
  await deps.journal.outcome(record, end).catch((error: unknown) => {
    deps.log.warn('the end of a webhook is not recorded', { reason: messageOf(error) });
  });
}

/** A bucket of tokens for each address. */
class AddressRates {
  readonly #clock: Clock;
  readonly #buckets = new Lru<{ tokens: number; at: number }>(ADDRESSES);

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  take(address: string, tokens: number): boolean {
    const now = this.#clock.monotonic();
    const bucket = this.#buckets.get(address) ?? { tokens: BURST, at: now };
    const filled = Math.min(BURST, bucket.tokens + ((now - bucket.at) / 1000) * PER_SECOND);
    this.#buckets.set(address, { tokens: Math.max(0, filled - tokens), at: now });
    return filled >= 1;
  }
}

class Deliveries {
  readonly #clock: Clock;
  readonly #seen = new Lru<number>(DELIVERIES);

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  isKnown(delivery: string | undefined): boolean {
    const at = delivery === undefined ? undefined : this.#seen.get(delivery);
    return at !== undefined && this.#clock.monotonic() - at < REMEMBERED_MS;
  }

  remember(delivery: string | undefined): void {
    if (delivery !== undefined) this.#seen.set(delivery, this.#clock.monotonic());
  }
}
