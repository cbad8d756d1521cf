// Keeps the catalogue of one cluster's types up to date: on demand, when a CustomResourceDefinition or an API service
// changes, and every few minutes. A discovery that fails leaves a catalogue that says so, never a shorter one.
import {
  type Clock,
  type Logger,
  mapLimited,
  messageOf,
  type Random,
  SingleFlight,
  type Timer,
} from '../lib/index.ts';
import { ApiCatalog, type ApiGroupVersion, mergeCatalog, sameCatalog } from './catalog.ts';
import type { KubeClient } from './client.ts';
import { type DiscoveryParts, readDiscovery, readMissing } from './discovery-read.ts';
import { KubeError } from './errors.ts';
import { Informer } from './informer.ts';
import type { KubeObject } from './object.ts';
import { wellKnown } from './resource-type.ts';

export interface DiscoveryDeps {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
}

/** The server publishes a new type a moment after its definition is established, so one look is not enough. */
const LOOKS_MS = [100, 1_000, 5_000, 15_000] as const;
const PERIOD_MS = 5 * 60_000;

export class Discovery {
  readonly #deps: DiscoveryDeps;
  readonly #flights = new SingleFlight<ApiCatalog>();
  readonly #handlers = new Set<(catalog: ApiCatalog) => void>();
  #parts: DiscoveryParts = {};
  #catalog: ApiCatalog | undefined;
  #informers: Informer[] = [];
  #timers: Timer[] = [];
  #stopped = false;

  constructor(deps: DiscoveryDeps) {
    this.#deps = deps;
  }

  /** What is known now, from the first reading on. Never throws: without any reading it is an unknown catalogue. */
  async current(signal?: AbortSignal): Promise<ApiCatalog> {
    return this.#catalog ?? this.refresh(signal);
  }

  /** What is known now without waiting; undefined before the first reading. */
  get known(): ApiCatalog | undefined {
    return this.#catalog;
  }

  /** Reads again. A failure is inside the result: the types known before, and `failure` set. */
  refresh(signal?: AbortSignal): Promise<ApiCatalog> {
    return this.#flights.run('', () => this.#read(signal));
  }

  /** Calls `handle` after each reading that found something else than the one before. Returns the unsubscribe. */
  onChange(handle: (catalog: ApiCatalog) => void): () => void {
    this.#handlers.add(handle);
    return () => this.#handlers.delete(handle);
  }

  /** Begins to follow definitions and API services. */
  start(): void {
    if (this.#informers.length > 0) return;
    const types = [wellKnown.customResourceDefinitions, wellKnown.apiServices];
    this.#informers = types.map((type) => new Informer(this.#deps, { type, transform: onlyWhatIsServed }));
    for (const informer of this.#informers) {
      // A heartbeat in a status is no reason to look again.
      informer.subscribe((change) => {
        if (change.kind !== 'update' || !sameServed(change.object, change.old)) this.#lookSoon();
      });
      informer.start();
    }
    this.#lookPeriodically();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    for (const timer of this.#timers) timer.cancel();
    this.#timers = [];
    await Promise.all(this.#informers.map((informer) => informer.stop()));
  }

  async #read(signal?: AbortSignal): Promise<ApiCatalog> {
    const { client, clock } = this.#deps;
    let next: ApiCatalog;
    try {
      const parts = await readDiscovery(client, this.#parts, signal);
      this.#parts = parts;
      const named = [...parts.core.groupVersions, ...parts.groups.groupVersions];
      const served = await this.#withUnnamed(named, signal);
      next = mergeCatalog(this.#catalog, served, clock.now());
    } catch (error) {
      if (!(error instanceof KubeError)) throw error;
      // What was known stays usable for looking; that it may be old stays visible.
      next = new ApiCatalog(this.#catalog?.groupVersions ?? [], this.#catalog?.asOf ?? 0, messageOf(error));
    }
    const previous = this.#catalog;
    this.#catalog = next;
    if (previous !== undefined && !sameCatalog(previous, next)) {
      for (const handle of [...this.#handlers]) handle(next);
    }
    return next;
  }

  /** Adds the group versions that the answer left out although they still exist. */
  async #withUnnamed(named: readonly ApiGroupVersion[], signal?: AbortSignal): Promise<ApiGroupVersion[]> {
    const names = new Set(named.map(({ group, version }) => `${group}/${version}`));
    const unnamed = (this.#catalog?.groupVersions ?? []).filter(
      ({ group, version }) => !names.has(`${group}/${version}`),
    );
    const checked = await mapLimited(unnamed, 10, (known) => readMissing(this.#deps.client, known, signal));
    return [...named, ...checked.filter((gv) => gv !== undefined)];
  }

  /** Starts the row of looks over: changes come in bursts, and the last one counts. */
  #lookSoon(): void {
    for (const timer of this.#timers.splice(1)) timer.cancel();
    for (const ms of LOOKS_MS) this.#timers.push(this.#deps.clock.after(ms, () => this.#look()));
  }

  #lookPeriodically(): void {
    if (this.#stopped) return;
    const waitMs = PERIOD_MS * (1 - this.#deps.random.next() / 4);
    this.#timers[0] = this.#deps.clock.after(waitMs, () => {
      this.#look();
      this.#lookPeriodically();
    });
  }

  #look(): void {
    if (this.#stopped) return;
    this.refresh().catch((error: unknown) => {
      this.#deps.log.error('discovery failed in an unexpected way', { error });
    });
  }
}

/** Keeps of a definition or API service what decides about the types served. */
function onlyWhatIsServed(object: KubeObject): KubeObject {
  const { name, uid, resourceVersion, generation } = object.metadata;
  const status = object.status as { conditions?: { type?: string; status?: string }[] } | undefined;
  const conditions = (status?.conditions ?? []).map(({ type, status: value }) => `${type}=${value}`).sort();
  return {
    apiVersion: object.apiVersion,
    kind: object.kind,
    metadata: {
      ...(name === undefined ? {} : { name }),
      ...(uid === undefined ? {} : { uid }),
      ...(resourceVersion === undefined ? {} : { resourceVersion }),
      ...(generation === undefined ? {} : { generation }),
    },
    served: conditions.join(','),
  };
}

function sameServed(a: KubeObject, b: KubeObject): boolean {
  return a.metadata.generation === b.metadata.generation && a.served === b.served;
}
