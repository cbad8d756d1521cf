// Records Kubernetes Events as the real controllers do: repeated ones count up on one object. Bounded three ways:
// a token bucket over Normal events, one update per repeated event and interval, and a total that drops the oldest.

import type { KubeObject } from '../../k8s/index.ts';
import { type Clock, type Logger, messageOf, type Random, rfc3339 } from '../../lib/index.ts';
import type { InternalApi } from '../internal-api.ts';
import { nameOf, namespaceOf, types, uidOf } from './kinds.ts';
import type { EventDraft } from './plan.ts';

export interface EventBounds {
  /** Events kept in the cluster; the oldest goes first. */
  readonly kept: number;
  /** Normal events recorded at once, and how many more each second after that. */
  readonly burst: number;
  readonly perSecond: number;
  /** A repeated event is counted at most once per this time. */
  readonly repeatMs: number;
  /** Age at which an event goes, checked when another is recorded. */
  readonly ttlMs: number;
}

export const defaultEventBounds: EventBounds = {
  kept: 5_000,
  burst: 1_000,
  perSecond: 100,
  repeatMs: 1_000,
  ttlMs: 3_600_000,
};

interface Recorded {
  readonly namespace: string;
  readonly name: string;
  lastMs: number;
}

export interface EventRecorderDeps {
  readonly api: InternalApi;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
}

export class EventRecorder {
  private readonly deps: EventRecorderDeps;
  private readonly bounds: EventBounds;
  /** By what happened to whom; insertion order is age. */
  private readonly recorded = new Map<string, Recorded>();
  private tokens: number;
  private filledAtMs: number;

  constructor(deps: EventRecorderDeps, bounds: EventBounds = defaultEventBounds) {
    this.deps = deps;
    this.bounds = bounds;
    this.tokens = bounds.burst;
    this.filledAtMs = deps.clock.now();
    for (const event of deps.api.list(types.events)) this.remember(event);
  }

  record(draft: EventDraft): void {
    const nowMs = this.deps.clock.now();
    const key = keyOfDraft(draft);
    const known = this.recorded.get(key);
    if (known !== undefined && nowMs - known.lastMs < this.bounds.repeatMs) return;
    if (draft.type === 'Normal' && !this.takeToken(nowMs)) return;
    try {
      if (known === undefined || !this.countUp(known, nowMs)) this.create(key, draft, nowMs);
      this.dropOld(nowMs);
    } catch (error) {
      // A namespace that is going away takes no events; what happened does not depend on their being recorded.
      this.deps.log.debug('event not recorded', { reason: draft.reason, error: messageOf(error) });
    }
  }

  private create(key: string, draft: EventDraft, nowMs: number): void {
    const event = eventObject(draft, hex(this.deps.random.bytes(8)), rfc3339(nowMs));
    const created = this.deps.api.create(types.events, event);
    this.recorded.delete(key);
    this.recorded.set(key, { namespace: namespaceOf(created), name: nameOf(created), lastMs: nowMs });
  }

  private countUp(known: Recorded, nowMs: number): boolean {
    const updated = this.deps.api.update(types.events, known.namespace, known.name, (event) => {
      event['count'] = Number(event['count'] ?? 1) + 1;
      event['lastTimestamp'] = rfc3339(nowMs);
    });
    if (updated !== undefined) known.lastMs = nowMs;
    return updated !== undefined;
  }

  private dropOld(nowMs: number): void {
    for (const [key, oldest] of this.recorded) {
      if (this.recorded.size <= this.bounds.kept && nowMs - oldest.lastMs < this.bounds.ttlMs) return;
      this.recorded.delete(key);
      this.deps.api.delete(types.events, oldest.namespace, oldest.name);
    }
  }

  private takeToken(nowMs: number): boolean {
    const refill = ((nowMs - this.filledAtMs) / 1000) * this.bounds.perSecond;
    this.tokens = Math.min(this.bounds.burst, this.tokens + Math.max(0, refill));
    this.filledAtMs = nowMs;
    if (this.tokens < 1) return false;
    this.tokens -= 1;
    return true;
  }

  private remember(event: KubeObject): void {
    const about = event['involvedObject'] as { uid?: string; fieldPath?: string } | undefined;
    const key = [about?.uid, about?.fieldPath, event['reason'], event['message']].join('\n');
    const lastMs = Date.parse(String(event['lastTimestamp'] ?? event.metadata.creationTimestamp)) || 0;
    this.recorded.set(key, { namespace: namespaceOf(event), name: nameOf(event), lastMs });
  }
}

function keyOfDraft(draft: EventDraft): string {
  return [uidOf(draft.about), draft.fieldPath, draft.reason, draft.message].join('\n');
}

function eventObject(draft: EventDraft, suffix: string, now: string): KubeObject {
  const namespace = namespaceOf(draft.about);
  const eventNamespace = namespace === '' ? 'default' : namespace;
  return {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { name: `${nameOf(draft.about)}.${suffix}`, namespace: eventNamespace },
    involvedObject: {
      apiVersion: draft.about.apiVersion,
      kind: draft.about.kind,
      name: nameOf(draft.about),
      ...(namespace === '' ? {} : { namespace }),
      uid: uidOf(draft.about),
      ...(draft.about.metadata.resourceVersion === undefined
        ? {}
        : { resourceVersion: draft.about.metadata.resourceVersion }),
      ...(draft.fieldPath === undefined ? {} : { fieldPath: draft.fieldPath }),
    },
    type: draft.type,
    reason: draft.reason,
    message: draft.message,
    source: { component: draft.component },
    reportingComponent: draft.component,
    reportingInstance: '',
    firstTimestamp: now,
    lastTimestamp: now,
    eventTime: null,
    count: 1,
  };
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
