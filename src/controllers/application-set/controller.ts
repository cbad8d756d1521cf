// Keeps the applications of every ApplicationSet: looks at a set when it changes, when what its generators read may
// have changed, and when one of its applications does.
import {
  type ChangeHandler,
  type InformerDeps,
  type ObjectChange,
  WorkQueue,
  type WorkQueueNumbers,
} from '../../k8s/index.ts';
import { messageOf } from '../../lib/index.ts';
import {
  type Application,
  type ApplicationSet,
  annotations,
  type PlacedGenerator,
  placedGenerators,
} from '../../model/index.ts';
import { ServedObjects } from '../application/index.ts';
import { applicationSetType } from './application-set-type.ts';
import { type DesiredApplications, desiredApplications } from './desired.ts';
import { type ReconcileDeps, reconcileSet } from './reconcile.ts';

export interface ApplicationSetOptions {
  readonly controlNamespace: string;
  /** Globs or `/regular expressions/` of further namespaces, as they are now. */
  namespaces(): readonly string[];
  /** Sees each set as the API sent it, managers included. */
  noteManagers(set: ApplicationSet): void;
  /** How often repositories and forges are asked when nothing announces a change, milliseconds; undefined: the usual. */
  requeueAfterMs(): number | undefined;
}

/** As Argo CD: repositories, and what must be asked over the network. */
const GIT_MS = 180_000;
const NETWORK_MS = 1_800_000;
const INTERVALS_MS: ReadonlyMap<string, number> = new Map([
  ['git', GIT_MS],
  ['clusterDecisionResource', GIT_MS],
  ['scmProvider', NETWORK_MS],
  ['pullRequest', NETWORK_MS],
  ['plugin', NETWORK_MS],
]);
/** Applications change in crowds; their set looks at them together. */
const GATHER_MS = 500;
const SETS_AT_ONCE = 4;

/** What was generated from a version of a set, and until when it stands unless something announces a change. */
interface Memory {
  readonly generation: number | undefined;
  readonly desired: DesiredApplications;
  /** Monotonic, milliseconds. */
  readonly goodUntil: number;
}

export class ApplicationSetController {
  readonly #deps: ReconcileDeps;
  readonly #options: ApplicationSetOptions;
  readonly #sets: ServedObjects<ApplicationSet>;
  readonly #queue: WorkQueue;
  /** What was generated last, by key. */
  readonly #memories = new Map<string, Memory>();
  /** Keys whose generators have to be asked again; noted also while they are being asked. */
  readonly #stale = new Set<string>();

  constructor(deps: ReconcileDeps, informerDeps: InformerDeps, options: ApplicationSetOptions) {
    this.#deps = deps;
    this.#options = options;
    this.#sets = new ServedObjects<ApplicationSet>(informerDeps, { ...options, type: applicationSetType });
    this.#queue = new WorkQueue(informerDeps, {
      name: 'application sets',
      concurrency: SETS_AT_ONCE,
      process: (key, signal) => this.#process(key, signal),
      onError: (key, error) => {
        deps.log.warn('an ApplicationSet could not be brought up to date', {
          applicationSet: key,
          reason: messageOf(error),
        });
        return 'retry';
      },
      backoff: { initialMs: 500, factor: 2, maxMs: 300_000 },
    });
    this.#sets.subscribe((change) => this.#onSet(change));
  }

  /** Every set that is served. */
  get sets(): ServedObjects<ApplicationSet> {
    return this.#sets;
  }

  get numbers(): WorkQueueNumbers {
    return this.#queue.numbers();
  }

  async start(signal: AbortSignal): Promise<void> {
    await this.#sets.start(signal);
    this.#queue.start();
    this.#deps.leadership.onGained(() => this.#lookAtAll());
  }

  async stop(): Promise<void> {
    await this.#queue.stop();
    await this.#sets.stop();
  }

  /** The applications a set would have now; nothing is written. Rejects with ApplicationSetError. */
  async generate(set: ApplicationSet, signal: AbortSignal): Promise<DesiredApplications> {
    return await desiredApplications(this.#deps, set, signal);
  }

  /** A repository moved: sets that read it are looked at at once. */
  onRepository(isMoved: (url: string) => boolean): void {
    this.#lookAtThose(({ kind, generator }) => {
      const url = String(generator['repoURL']);
      return kind === 'git' && (url.includes('{{') || isMoved(url));
    });
  }

  /** Clusters came, went or have other labels. */
  onClusters(): void {
    this.#lookAtThose(({ kind }) => kind === 'clusters' || kind === 'clusterDecisionResource');
  }

  /** Namespaces or policies may have changed. What was generated stands. */
  onConfig(): void {
    this.#sets.refresh();
    for (const set of this.#sets.values()) this.#queue.add(keyOf(set));
  }

  /** Projects changed: what could not be used may be usable now. */
  onProjects(): void {
    for (const [key, { desired }] of this.#memories) {
      if (desired.unusable.length > 0) this.#askAnew(key);
    }
  }

  onApplication: ChangeHandler<Application> = (change) => {
    for (const app of change.kind === 'update' ? [change.old, change.object] : [change.object]) {
      const owner = app.metadata.ownerReferences?.find(
        ({ kind, controller }) => kind === 'ApplicationSet' && controller === true,
      );
      if (owner === undefined) continue;
      const key = `${app.metadata.namespace}/${owner.name}`;
      if (this.#get(key) !== undefined) this.#queue.addAfter(key, GATHER_MS);
    }
  };

  #onSet(change: ObjectChange<ApplicationSet>): void {
    const key = keyOf(change.object);
    if (change.kind === 'delete') {
      this.#memories.delete(key);
      this.#stale.delete(key);
      this.#queue.remove(key);
      return;
    }
    const isSame =
      change.kind === 'update' &&
      change.old.metadata.generation === change.object.metadata.generation &&
      JSON.stringify(change.old.metadata.annotations) === JSON.stringify(change.object.metadata.annotations);
    if (!isSame) this.#queue.add(key);
  }

  #lookAtThose(concerns: (generator: PlacedGenerator) => boolean): void {
    for (const set of this.#sets.values())
      if (placedGenerators(set).some(concerns)) this.#askAnew(keyOf(set));
  }

  #lookAtAll(): void {
    for (const set of this.#sets.values()) this.#askAnew(keyOf(set));
  }

  #askAnew(key: string): void {
    this.#stale.add(key);
    this.#queue.add(key);
  }

  #get(key: string): ApplicationSet | undefined {
    const [namespace = '', name = ''] = key.split('/');
    return this.#sets.get(namespace, name);
  }

  async #process(key: string, signal: AbortSignal): Promise<{ requeueAfterMs?: number } | undefined> {
    const set = this.#get(key);
    if (set === undefined || !this.#deps.leadership.isLeader()) return undefined;
    if (set.metadata.deletionTimestamp !== undefined) return undefined;
    const memory = this.#memories.get(key);
    const isAsked =
      this.#stale.delete(key) || set.metadata.annotations?.[annotations.applicationSetRefresh] !== undefined;
    const known =
      memory !== undefined &&
      !isAsked &&
      memory.generation === set.metadata.generation &&
      memory.goodUntil > this.#now()
        ? memory
        : undefined;
    const goodUntil = known?.goodUntil ?? this.#now() + this.#intervalOf(set);
    const begunAt = this.#now();
    const { desired, failure } = await reconcileSet(this.#deps, { set, known: known?.desired, signal });
    this.#deps.reconciled?.(set, (this.#now() - begunAt) / 1_000);
    if (failure?.retry === 'backoff') throw failure;
    if (desired === undefined) this.#memories.delete(key);
    else this.#memories.set(key, { generation: set.metadata.generation, desired, goodUntil });
    const waitMs = Math.min(
      goodUntil - this.#now(),
      failure === undefined ? Number.POSITIVE_INFINITY : GIT_MS,
    );
    return Number.isFinite(waitMs) ? { requeueAfterMs: Math.max(0, waitMs) } : undefined;
  }

  #now(): number {
    return this.#deps.clock.monotonic();
  }

  /** How long the answers of a set's generators stand; for ever when only objects of the API are read. */
  #intervalOf(set: ApplicationSet): number {
    const usual = this.#options.requeueAfterMs();
    const intervals = placedGenerators(set).flatMap(({ kind, generator }) => {
      const otherwise = INTERVALS_MS.get(kind);
      if (otherwise === undefined) return [];
      const seconds = Number(generator['requeueAfterSeconds'] ?? 0);
      return [seconds > 0 ? seconds * 1_000 : (usual ?? otherwise)];
    });
    return Math.min(...intervals);
  }
}

function keyOf({ metadata }: ApplicationSet): string {
  return `${metadata.namespace}/${metadata.name}`;
}
