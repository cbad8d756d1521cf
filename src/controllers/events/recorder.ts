// Writes Kubernetes Events in the background: the same event again counts up the first one, an object that makes too
// many is held back, and nothing waits for the API. Events are a courtesy; the journal is the record.
import { type KubeClient, type KubeObject, wellKnown } from '../../k8s/index.ts';
import { type Clock, type Logger, Lru, messageOf, rfc3339 } from '../../lib/index.ts';

export interface EventRecorderDeps {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly log: Logger;
}

export interface EventFacts {
  readonly reason: string;
  readonly type: 'Normal' | 'Warning';
  readonly message: string;
  /** Which part of Fairlead says so, e.g. `argocd-application-controller`. */
  readonly component: string;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** As client-go: an object may make this many at once, and one more every REFILL_MS. */
const BURST = 25;
const REFILL_MS = 300_000;
/** The same event within this time counts up the first one. */
const SAME_MS = 600_000;
const MAX_WAITING = 1_000;
const OBJECTS = 10_000;
const MESSAGE_CHARS = 1_024;

interface Bucket {
  tokens: number;
  filledAt: number;
}

interface Known {
  readonly name: string;
  readonly firstTimestamp: string;
  count: number;
  lastAt: number;
}

export class EventRecorder {
  readonly #deps: EventRecorderDeps;
  readonly #buckets = new Lru<Bucket>(OBJECTS);
  readonly #known = new Lru<Known>(OBJECTS);
  readonly #waiting: (() => Promise<void>)[] = [];
  #draining: Promise<void> | undefined;
  #stopped = false;
  /** Events that were not written because there were too many. */
  dropped = 0;

  constructor(deps: EventRecorderDeps) {
    this.#deps = deps;
  }

  record(object: KubeObject, facts: EventFacts): void {
    const subject = object.metadata.uid ?? `${object.metadata.namespace}/${object.metadata.name}`;
    if (this.#stopped || this.#waiting.length >= MAX_WAITING || !this.#allows(subject)) {
      this.dropped += 1;
      return;
    }
    this.#waiting.push(() => this.#write(subject, object, facts));
    this.#draining ??= this.#drain();
  }

  /** Writes what waits. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#draining;
  }

  #allows(subject: string): boolean {
    const now = this.#deps.clock.monotonic();
    const bucket = this.#buckets.get(subject) ?? { tokens: BURST, filledAt: now };
    const gained = Math.floor((now - bucket.filledAt) / REFILL_MS);
    bucket.tokens = Math.min(BURST, bucket.tokens + gained);
    bucket.filledAt += gained * REFILL_MS;
    this.#buckets.set(subject, bucket);
    if (bucket.tokens <= 0) return false;
    bucket.tokens -= 1;
    return true;
  }

  async #drain(): Promise<void> {
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
      try {
        await next();
      } catch (error) {
        this.#deps.log.debug('an event was not written', { reason: messageOf(error) });
      }
    }
    this.#draining = undefined;
  }

  async #write(subject: string, object: KubeObject, facts: EventFacts): Promise<void> {
    const now = this.#deps.clock.now();
    const message = facts.message.slice(0, MESSAGE_CHARS);
    const namespace = object.metadata.namespace ?? 'default';
    const key = [subject, facts.reason, facts.type, facts.component, message].join('\n');
    const known = this.#known.get(key);
    if (known !== undefined && now - known.lastAt < SAME_MS) {
      known.count += 1;
      known.lastAt = now;
      const body = { count: known.count, lastTimestamp: rfc3339(now) };
      await this.#deps.client.patch(
        wellKnown.events,
        { namespace, name: known.name },
        { type: 'merge', body },
      );
      return;
    }
    const name = `${(object.metadata.name ?? 'object').slice(0, 200)}.${(now * 1_000 + this.#serial()).toString(16)}`;
    const event: KubeObject = {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { name, namespace, ...(facts.annotations && { annotations: facts.annotations }) },
      involvedObject: {
        apiVersion: object['apiVersion'],
        kind: object['kind'],
        namespace,
        name: object.metadata.name,
        uid: object.metadata.uid,
        resourceVersion: object.metadata.resourceVersion,
      },
      reason: facts.reason,
      message,
      type: facts.type,
      source: { component: facts.component },
      firstTimestamp: rfc3339(now),
      lastTimestamp: rfc3339(now),
      count: 1,
    };
    await this.#deps.client.create(wellKnown.events, event);
    this.#known.set(key, { name, firstTimestamp: rfc3339(now), count: 1, lastAt: now });
  }

  #counter = 0;

  /** Tells events of one millisecond apart. */
  #serial(): number {
    this.#counter = (this.#counter + 1) % 1_000;
    return this.#counter;
  }
}
