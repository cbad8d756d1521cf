// Ownership of something by a coordination.k8s.io Lease: at most one holder acts, and every change of holder has a
// higher epoch. Expiry is judged by our own monotonic clock from when we saw the lease change, never by the clock of
// another machine. One step per call; `run` repeats it.
import { type Clock, CodedError, type Logger, messageOf, type Random } from '../lib/index.ts';
import type { KubeClient } from './client.ts';
import { isKubeError } from './errors.ts';
import type { KubeObject } from './object.ts';
import { wellKnown } from './resource-type.ts';

/** Somebody else may hold the lease by now: the effect that was about to happen must not. */
export class LeaseLostError extends CodedError<'LEASE_LOST'> {
  constructor(message: string) {
    super('LEASE_LOST', 'backoff', message);
  }
}

export interface LeaseDeps {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
}

export interface LeaseOptions {
  readonly namespace: string;
  readonly name: string;
  /** Unique per process, not per machine: a process that comes back must not take itself for its predecessor. */
  readonly identity: string;
  readonly labels?: Readonly<Record<string, string>> | undefined;
  /** How long a silent holder keeps the lease; default 15 s. */
  readonly durationMs?: number | undefined;
  /** Between renewals, and between attempts to get it; default a fifth of the duration. */
  readonly renewMs?: number | undefined;
}

export type LeaseState =
  | { readonly kind: 'held'; readonly epoch: number }
  | { readonly kind: 'other'; readonly holder: string; readonly epoch: number }
  | { readonly kind: 'free' }
  /** The lease could not be read or written; what we held we hold until its time is over. */
  | { readonly kind: 'unknown'; readonly reason: string };

interface LeaseObject extends KubeObject {
  spec?: {
    holderIdentity?: string | null;
    leaseDurationSeconds?: number;
    acquireTime?: string | null;
    renewTime?: string | null;
    leaseTransitions?: number;
  };
}

export class LeaseLock {
  readonly #deps: LeaseDeps;
  readonly #options: LeaseOptions;
  readonly #durationMs: number;
  readonly #renewMs: number;
  readonly #handlers = new Set<(state: LeaseState) => void>();
  #state: LeaseState = { kind: 'free' };
  #object: LeaseObject | undefined;
  /** Monotonic time when we last saw another holder move. */
  #observedAt = 0;
  #observedMark = '';
  /** Monotonic time until which we may act. */
  #heldUntil = Number.NEGATIVE_INFINITY;
  #epoch = 0;

  constructor(deps: LeaseDeps, options: LeaseOptions) {
    this.#deps = deps;
    this.#options = options;
    this.#durationMs = options.durationMs ?? 15_000;
    this.#renewMs = options.renewMs ?? this.#durationMs / 5;
  }

  get state(): LeaseState {
    return this.#state;
  }

  /** The epoch when we hold the lease for certain now, else undefined. */
  get heldEpoch(): number | undefined {
    return this.#deps.clock.monotonic() < this.#heldUntil ? this.#epoch : undefined;
  }

  /**
   * To call before each effect. Returns the epoch to record with it.
   * @throws LeaseLostError when our time is over, e.g. because this process was stopped for a while.
   */
  assertHeld(): number {
    const epoch = this.heldEpoch;
    if (epoch !== undefined) return epoch;
    const { namespace, name } = this.#options;
    throw new LeaseLostError(`Lease ${namespace}/${name} is not held by this process (any more)`);
  }

  /** Calls `handle` after each change of the state. Returns the unsubscribe. */
  onChange(handle: (state: LeaseState) => void): () => void {
    this.#handlers.add(handle);
    return () => this.#handlers.delete(handle);
  }

  /** One step: renew what we hold, take what is free or expired, else look. Never throws for a failed request. */
  async step(signal?: AbortSignal): Promise<LeaseState> {
    try {
      if (this.heldEpoch === undefined || this.#object === undefined) this.#object = await this.#read(signal);
      return this.#setState(await this.#decide(signal));
    } catch (error) {
      if (signal?.aborted === true) throw signal.reason;
      this.#object = undefined;
      return this.#setState(
        this.heldEpoch === undefined ? { kind: 'unknown', reason: messageOf(error) } : this.#state,
      );
    }
  }

  /** Takes the lease from whoever holds it: for an operator, or when the holder is known to be dead. */
  async steal(signal?: AbortSignal): Promise<LeaseState> {
    this.#object = await this.#read(signal);
    return this.#setState(await this.#write(this.#object, signal));
  }

  /** Gives the lease back so that another takes it at once. After this nothing may be done under it. */
  async release(signal?: AbortSignal): Promise<void> {
    const held = this.heldEpoch !== undefined;
    this.#heldUntil = Number.NEGATIVE_INFINITY;
    const object = this.#object;
    this.#object = undefined;
    this.#setState({ kind: 'free' });
    if (!held || object === undefined) return;
    const spec = { ...object.spec, holderIdentity: '', leaseDurationSeconds: 1 };
    try {
      await this.#deps.client.update(wellKnown.leases, { ...object, spec }, { signal });
    } catch (error) {
      // Somebody else has it already, or it expires by itself.
      this.#deps.log.info('a lease could not be given back', {
        lease: this.#options.name,
        error: messageOf(error),
      });
    }
  }

  /** Steps until the signal aborts, then gives the lease back. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.step(signal).catch(() => {});
      const waitMs = this.#renewMs * (1 - this.#deps.random.next() / 5);
      await this.#deps.clock.sleep(waitMs, signal).catch(() => {});
    }
    await this.release();
  }

  async #decide(signal: AbortSignal | undefined): Promise<LeaseState> {
    const object = this.#object;
    const holder = object?.spec?.holderIdentity ?? '';
    if (object === undefined || holder === '') return this.#write(object, signal);
    // Ours by name. If our time was over in between, the write gives it a new epoch, which fences off that time.
    if (holder === this.#options.identity) return this.#write(object, signal);
    this.#observe(object);
    const expiresAt = this.#observedAt + (object.spec?.leaseDurationSeconds ?? 0) * 1000;
    if (this.#deps.clock.monotonic() >= expiresAt) return this.#write(object, signal);
    return { kind: 'other', holder, epoch: epochOf(object) };
  }

  #observe(object: LeaseObject): void {
    const mark = `${object.metadata.uid}/${object.metadata.resourceVersion}`;
    if (mark === this.#observedMark) return;
    this.#observedMark = mark;
    this.#observedAt = this.#deps.clock.monotonic();
  }

  async #read(signal: AbortSignal | undefined): Promise<LeaseObject | undefined> {
    const { namespace, name } = this.#options;
    return this.#deps.client.find<LeaseObject>(
      wellKnown.leases,
      { namespace, name },
      { signal, timeoutMs: this.#durationMs / 2 },
    );
  }

  /** Writes us as the holder; the resource version makes sure that nobody was faster. */
  async #write(object: LeaseObject | undefined, signal: AbortSignal | undefined): Promise<LeaseState> {
    // Counted from before the request: the server may take the lease's time from any moment after this.
    const sentAt = this.#deps.clock.monotonic();
    const renewal = this.heldEpoch !== undefined && object?.spec?.holderIdentity === this.#options.identity;
    const epoch = renewal ? this.#epoch : object === undefined ? 1 : epochOf(object) + 1;
    const wanted = this.#wanted(object, epoch, renewal);
    const options = { signal, timeoutMs: this.#durationMs / 2 };
    const { client } = this.#deps;
    try {
      this.#object =
        object === undefined
          ? await client.create<LeaseObject>(wellKnown.leases, wanted, options)
          : await client.update<LeaseObject>(wellKnown.leases, wanted, options);
    } catch (error) {
      if (!isKubeError(error, 'CONFLICT', 'ALREADY_EXISTS', 'NOT_FOUND')) throw error;
      return this.#overtaken(signal);
    }
    this.#epoch = epoch;
    this.#heldUntil = sentAt + this.#durationMs;
    return { kind: 'held', epoch };
  }

  /** Somebody wrote the lease between our reading and our writing. */
  async #overtaken(signal: AbortSignal | undefined): Promise<LeaseState> {
    this.#object = await this.#read(signal);
    const holder = this.#object?.spec?.holderIdentity ?? '';
    if (holder !== this.#options.identity) this.#heldUntil = Number.NEGATIVE_INFINITY;
    if (this.#object === undefined || holder === '') return { kind: 'free' };
    if (holder === this.#options.identity) return this.#state;
    this.#observe(this.#object);
    return { kind: 'other', holder, epoch: epochOf(this.#object) };
  }

  #wanted(object: LeaseObject | undefined, epoch: number, renewal: boolean): LeaseObject {
    const { namespace, name, identity, labels } = this.#options;
    const now = new Date(this.#deps.clock.now()).toISOString().replace('Z', '000Z'); // metav1.MicroTime
    return {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: object?.metadata ?? {
        namespace,
        name,
        ...(labels === undefined ? {} : { labels: { ...labels } }),
      },
      spec: {
        holderIdentity: identity,
        leaseDurationSeconds: Math.ceil(this.#durationMs / 1000),
        acquireTime: (renewal ? object?.spec?.acquireTime : undefined) ?? now,
        renewTime: now,
        leaseTransitions: epoch,
      },
    };
  }

  #setState(state: LeaseState): LeaseState {
    const before = this.#state;
    this.#state = state;
    if (JSON.stringify(before) !== JSON.stringify(state)) {
      for (const handle of [...this.#handlers]) handle(state);
    }
    return state;
  }
}

function epochOf(object: LeaseObject): number {
  return object.spec?.leaseTransitions ?? 0;
}
