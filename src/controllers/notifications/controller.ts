// Watches applications, judges their triggers, and carries notifications to their destinations. At least once: what
// was begun is in the journal, what was sent is in the application's annotation. A destination that hangs or fails
// holds up nobody but itself.
import { isKubeError, type ObjectChange, WorkQueue } from '../../k8s/index.ts';
import { isAbort, Lru, messageOf, retryOf, rfc3339 } from '../../lib/index.ts';
import type { Application } from '../../model/index.ts';
import {
  type ConditionResult,
  type Destination,
  NOTIFIED_ANNOTATION,
  type NotifiedState,
  type NotifyConfig,
  NotifyError,
  readState,
  renderMessage,
  runTrigger,
  type Subject,
  stateKey,
  subscriptionsFor,
  writeState,
} from '../../notify/index.ts';
import { applicationType } from '../application/index.ts';
import {
  beginDelivery,
  type Delivery,
  deliveryId,
  type NewDelivery,
  restoreDelivery,
  SEND,
} from './delivery.ts';
import type { NotificationsDeps } from './deps.ts';

/** Applications judged at once. */
const JUDGED_AT_ONCE = 8;
/** Messages to one service at once. */
const SENT_AT_ONCE = 4;
/** About half an hour of tries with the back-off below. */
const MAX_TRIES = 12;
const BACKOFF = { initialMs: 1_000, factor: 2, maxMs: 300_000 };
const SEND_TIMEOUT_MS = 60_000;
/** Notifications that wait at one service; more of them are refused with an alarm instead of filling the memory. */
const MAX_WAITING = 10_000;
const REMEMBERED = 10_000;
const MANAGER = { fieldManager: 'fairlead' } as const;

interface Lane {
  readonly queue: WorkQueue;
  readonly waiting: Map<string, Delivery>;
}

export class NotificationsController {
  readonly #deps: NotificationsDeps;
  readonly #judging: WorkQueue;
  readonly #lanes = new Map<string, Lane>();
  /** Delivery ids that are on their way. */
  readonly #underway = new Set<string>();
  /** Delivery id → configuration with which it failed for good. */
  readonly #givenUp = new Lru<NotifyConfig>(REMEMBERED);
  /** What was sent or taken back and is not in the annotation yet: uid → key → seconds, or undefined = gone. */
  readonly #unwritten = new Map<string, Map<string, number | undefined>>();
  #unsubscribe: (() => void) | undefined;
  #ready = false;

  constructor(deps: NotificationsDeps) {
    this.#deps = deps;
    this.#judging = new WorkQueue(deps, {
      name: 'notifications',
      concurrency: JUDGED_AT_ONCE,
      process: (key) => this.#judge(key),
      onError: (key, error) => {
        if (isAbort(error)) return 'drop';
        deps.log.info('judging the triggers of an application failed', {
          application: key,
          reason: messageOf(error),
        });
        return 'retry';
      },
      backoff: BACKOFF,
    });
  }

  /** Waiting and running, by service. */
  get waiting(): ReadonlyMap<string, number> {
    return new Map([...this.#lanes].map(([service, { waiting }]) => [service, waiting.size]));
  }

  /** Begins to judge. To be called when all applications are known. */
  start(): void {
    const begin = (): void => {
      this.#recover().then(
        () => {
          this.#ready = true;
          this.onConfig();
        },
        (error: unknown) => {
          this.#deps.log.warn('notifications that were underway could not be read', {
            reason: messageOf(error),
          });
          this.#ready = true;
          this.onConfig();
        },
      );
    };
    this.#judging.start();
    this.#unsubscribe = this.#deps.subscribe((change) => this.#onChange(change));
    this.#deps.leadership.onGained(begin);
    if (this.#deps.leadership.isLeader()) begin();
  }

  async stop(): Promise<void> {
    this.#unsubscribe?.();
    await this.#judging.stop();
    await Promise.all([...this.#lanes.values()].map(({ queue }) => queue.stop()));
  }

  /** The configuration, a Secret or a project changed: every application is judged anew. */
  onConfig(): void {
    for (const app of this.#deps.applications()) this.#judging.add(keyOf(app), 'low');
  }

  #onChange(change: ObjectChange<Application>): void {
    const { object: app } = change;
    if (change.kind === 'delete') {
      const gone = {
        ...app,
        metadata: {
          ...app.metadata,
          deletionTimestamp: app.metadata.deletionTimestamp ?? rfc3339(this.#deps.clock.now()),
        },
      };
      this.#unwritten.delete(uidOf(app));
      if (this.#acts()) this.#judgeDeleted(gone);
      return;
    }
    this.#judging.add(keyOf(app), change.kind === 'update' ? 'high' : 'low');
  }

  #acts(): boolean {
    return this.#ready && this.#deps.leadership.isLeader();
  }

  /** What a process that died had begun and nobody has ended. */
  async #recover(): Promise<void> {
    const { journal } = this.#deps;
    for (let after = 0; ; ) {
      const page = await journal.openIntents({ filters: { action: SEND }, after, limit: 500 });
      for (const { record } of page) {
        const key = `${record.object.namespace ?? ''}/${record.object.name}`;
        const delivery = restoreDelivery(record, this.#deps.current(key));
        if (delivery === undefined) {
          await journal.outcome(record, {
            outcome: 'failed',
            reason: 'what was to be sent is not known any more',
          });
        } else if (delivery.stateKey in this.#stateOf(delivery.app)) {
          await journal.outcome(record, {
            outcome: 'succeeded',
            reason: 'the application says that it was sent',
          });
        } else this.#dispatch(delivery);
        after = record.seq;
      }
      if (page.length < 500) return;
    }
  }

  async #judge(key: string): Promise<undefined> {
    const app = this.#deps.current(key);
    if (app === undefined || !this.#acts()) return undefined;
    const config = this.#deps.config();
    const wanted = subscriptionsFor(
      config,
      { annotations: app.metadata.annotations ?? {}, labels: app.metadata.labels ?? {} },
      this.#deps.projectAnnotations(app.spec.project),
    );
    for (const [trigger, destinations] of wanted) {
      const results = await this.#run(config, trigger, app);
      for (const result of results) {
        for (const destination of destinations) await this.#decide(config, app, trigger, result, destination);
      }
    }
    await this.#writeState(key);
    return undefined;
  }

  /** The object is gone: whoever wants to hear of that and has not, hears it now. */
  #judgeDeleted(app: Application): void {
    const config = this.#deps.config();
    const wanted = subscriptionsFor(
      config,
      { annotations: app.metadata.annotations ?? {}, labels: app.metadata.labels ?? {} },
      this.#deps.projectAnnotations(app.spec.project),
    );
    const destinations = wanted.get('on-deleted') ?? [];
    if (destinations.length === 0) return;
    const judge = async (): Promise<void> => {
      for (const result of await this.#run(config, 'on-deleted', app)) {
        for (const destination of destinations)
          await this.#decide(config, app, 'on-deleted', result, destination);
      }
    };
    judge().catch((error: unknown) => {
      this.#deps.log.warn('a deletion could not be notified', {
        application: keyOf(app),
        reason: messageOf(error),
      });
    });
  }

  async #run(config: NotifyConfig, trigger: string, app: Application): Promise<readonly ConditionResult[]> {
    try {
      const results = await runTrigger(config, trigger, this.#subject(app));
      this.#deps.metrics.evaluated(
        trigger,
        results.some(({ triggered }) => triggered),
      );
      return results;
    } catch (error) {
      // A trigger that cannot be judged yet (no status) is none of the other triggers' business.
      if (!(error instanceof NotifyError)) throw error;
      this.#deps.log.debug('a trigger cannot be judged', {
        application: keyOf(app),
        trigger,
        reason: error.message,
      });
      return [];
    }
  }

  #subject(app: Application): Subject {
    return {
      app: app as unknown as Readonly<Record<string, unknown>>,
      now: () => this.#deps.clock.now(),
      commit: (revision) => this.#deps.commit(app, revision),
    };
  }

  async #decide(
    config: NotifyConfig,
    app: Application,
    trigger: string,
    result: ConditionResult,
    destination: Destination,
  ): Promise<void> {
    const application = keyOf(app);
    const key = stateKey(trigger, result, destination);
    const isKnown = key in this.#stateOf(app);
    const id = deliveryId(app, key);
    if (!result.triggered) {
      // The next time it holds is news again.
      if (isKnown && result.oncePer === '') this.#note(app, key, undefined);
      this.#givenUp.delete(id);
      return;
    }
    if (isKnown || this.#underway.has(id) || this.#givenUp.get(id) === config) return;
    const wanted: NewDelivery = {
      application,
      stateKey: key,
      trigger,
      oncePer: result.oncePer !== '',
      templates: result.send,
      destination,
      app,
    };
    if (wanted.oncePer && (await this.#wasSent(id))) {
      this.#note(app, key, this.#seconds());
      return;
    }
    this.#underway.add(id);
    try {
      this.#dispatch(await beginDelivery(this.#deps.journal, wanted));
    } catch (error) {
      this.#underway.delete(id);
      throw error;
    }
  }

  /** A process that died between sending and writing the annotation left its word in the journal. */
  async #wasSent(id: string): Promise<boolean> {
    const filters = { action: SEND, operation: id, outcome: 'succeeded' } as const;
    return (await this.#deps.journal.query({ filters, limit: 1 })).records.length > 0;
  }

  #dispatch(delivery: Delivery): void {
    const id = deliveryId(delivery.app, delivery.stateKey);
    this.#underway.add(id);
    const lane = this.#lane(delivery.destination.service);
    if (lane.waiting.size >= MAX_WAITING) {
      this.#end(lane, id, delivery, `more than ${MAX_WAITING} notifications wait for this service`).catch(
        (error: unknown) =>
          this.#deps.log.error('the end of a notification is not recorded', { reason: messageOf(error) }),
      );
      return;
    }
    lane.waiting.set(id, delivery);
    lane.queue.add(id);
  }

  #lane(service: string): Lane {
    const known = this.#lanes.get(service);
    if (known !== undefined) return known;
    const waiting = new Map<string, Delivery>();
    const queue = new WorkQueue(this.#deps, {
      name: `notify ${service}`,
      concurrency: SENT_AT_ONCE,
      process: (id, signal) => this.#send(lane, id, signal),
      onError: (_, error) => (isAbort(error) ? 'drop' : 'retry'),
      backoff: BACKOFF,
    });
    const lane: Lane = { queue, waiting };
    this.#lanes.set(service, lane);
    queue.start();
    return lane;
  }

  async #send(lane: Lane, id: string, stopping: AbortSignal): Promise<undefined> {
    const delivery = lane.waiting.get(id);
    if (delivery === undefined) return undefined;
    if (!this.#deps.leadership.isLeader()) {
      // Whoever leads now finds the intent in the journal.
      this.#forget(lane, id);
      return undefined;
    }
    const config = this.#deps.config();
    try {
      await this.#deliver(config, id, delivery, stopping);
    } catch (error) {
      stopping.throwIfAborted();
      delivery.tries += 1;
      const reason = config.redact(messageOf(error));
      const isOver = retryOf(error) !== 'backoff' || delivery.tries >= MAX_TRIES;
      this.#deps.log.info('a notification was not delivered', {
        id,
        service: delivery.destination.service,
        tries: delivery.tries,
        reason,
      });
      if (!isOver) throw error;
      this.#givenUp.set(id, config);
      await this.#end(lane, id, delivery, reason);
      return undefined;
    }
    this.#note(delivery.app, delivery.stateKey, this.#seconds());
    await this.#deps.journal
      .outcome(delivery.intent, { outcome: 'succeeded' })
      .catch((error: unknown) =>
        this.#deps.log.error('a delivered notification is not recorded', { reason: messageOf(error) }),
      );
    this.#deps.metrics.delivered(delivery.trigger, delivery.destination.service, true);
    this.#forget(lane, id);
    this.#judging.add(delivery.application);
    return undefined;
  }

  async #deliver(config: NotifyConfig, id: string, delivery: Delivery, stopping: AbortSignal): Promise<void> {
    const { destination, templates, app } = delivery;
    const service = config.services.get(destination.service);
    if (service === undefined) {
      throw new NotifyError('NOTIFY_CONFIG', `Service ${destination.service} is not configured`);
    }
    const message = await renderMessage(
      config,
      templates,
      { ...destination, type: service.type },
      this.#subject(app),
    );
    const late = new AbortController();
    const timer = this.#deps.clock.after(SEND_TIMEOUT_MS, () => late.abort());
    try {
      await service.send(message, destination.recipient, {
        signal: AbortSignal.any([stopping, late.signal]),
        id,
      });
    } catch (error) {
      if (!late.signal.aborted) throw error;
      throw new NotifyError('NOTIFY_UNAVAILABLE', `Service ${destination.service} did not answer in time`);
    } finally {
      timer.cancel();
    }
  }

  async #end(lane: Lane, id: string, delivery: Delivery, reason: string): Promise<void> {
    const { destination, trigger } = delivery;
    const message = `${trigger} could not be sent to ${destination.service}: ${reason}`;
    this.#forget(lane, id);
    this.#deps.metrics.delivered(trigger, destination.service, false);
    this.#deps.failed(delivery.app, message);
    this.#deps.log.warn('a notification was given up', {
      application: delivery.application,
      service: destination.service,
      reason,
    });
    await this.#deps.journal.outcome(delivery.intent, { outcome: 'failed', reason });
  }

  #forget(lane: Lane, id: string): void {
    lane.waiting.delete(id);
    this.#underway.delete(id);
  }

  #stateOf(app: Application): NotifiedState {
    const state: Record<string, number> = { ...readState(app.metadata.annotations?.[NOTIFIED_ANNOTATION]) };
    for (const [key, seconds] of this.#unwritten.get(uidOf(app)) ?? []) {
      if (seconds === undefined) delete state[key];
      else state[key] = seconds;
    }
    return state;
  }

  /** An application that is gone has no annotation to write. */
  #note(app: Application, key: string, seconds: number | undefined): void {
    const uid = uidOf(app);
    const current = this.#deps.current(keyOf(app));
    if (current === undefined || uidOf(current) !== uid) return;
    const notes = this.#unwritten.get(uid) ?? new Map<string, number | undefined>();
    notes.set(key, seconds);
    this.#unwritten.set(uid, notes);
  }

  /** Only this process writes the annotation, and one write of an application runs at a time. */
  async #writeState(key: string): Promise<void> {
    const app = this.#deps.current(key);
    const notes = app === undefined ? undefined : this.#unwritten.get(uidOf(app));
    if (app === undefined || notes === undefined || notes.size === 0) return;
    // More may be noted while this is written.
    const writing = new Map(notes);
    const state = this.#stateOf(app);
    const { name = '', namespace = '' } = app.metadata;
    const annotations = { [NOTIFIED_ANNOTATION]: writeState(state) ?? null };
    try {
      const body = { metadata: { annotations, uid: app.metadata.uid } };
      const written = await this.#deps.home.patch<Application>(
        applicationType,
        { namespace, name },
        { type: 'merge', body },
        MANAGER,
      );
      this.#deps.wrote(written);
    } catch (error) {
      // Deleted, or another object of the same name: nothing is left to write to.
      if (!isKubeError(error, 'NOT_FOUND', 'CONFLICT')) throw error;
    }
    for (const [entry, seconds] of writing) if (notes.get(entry) === seconds) notes.delete(entry);
    if (notes.size === 0) this.#unwritten.delete(uidOf(app));
  }

  #seconds(): number {
    return Math.floor(this.#deps.clock.now() / 1_000);
  }
}

function keyOf(app: Application): string {
  return `${app.metadata.namespace ?? ''}/${app.metadata.name ?? ''}`;
}

function uidOf(app: Application): string {
  return app.metadata.uid ?? keyOf(app);
}
