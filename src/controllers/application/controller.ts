// Watches Applications and everything they depend on, and decides which of them are looked at, and how soon.
// What is then done with one is in reconcile.ts.
import {
  Informer,
  type InformerDeps,
  isKubeError,
  isNewerVersion,
  type KubeObject,
  type ObjectChange,
  WorkQueue,
  type WorkQueueNumbers,
} from '../../k8s/index.ts';
import {
  type Clock,
  isAbort,
  jsonEqual,
  type Logger,
  mapLimited,
  messageOf,
  type Random,
  retryOf,
  type Timer,
} from '../../lib/index.ts';
import { type Application, annotations, instanceName, revisionText, sourcesOf } from '../../model/index.ts';
import type { LiveCluster } from '../cluster/index.ts';
import type { Snapshot } from '../repository/index.ts';
import type { SettingsChange } from '../settings/index.ts';
import { applicationType } from './application-type.ts';
import { lastOperations } from './begun.ts';
import type { ApplicationDeps } from './deps.ts';
import type { ApplicationMemory, RefreshLevel } from './memory.ts';
import { reconcileApplication } from './reconcile.ts';
import { RepositoryMove } from './repository-move.ts';
import { writeRevision } from './write.ts';

export interface ControllerOptions {
  readonly namespace: string;
  /** Applications looked at at the same time; most of the time they wait for Git, a tool or a server. */
  readonly concurrency: number;
  /** Applications that a commit does not touch learn its id this much later, all in one pass. */
  readonly revisionPassMs: number;
  /** Everything is compared again this often, should an event ever have been lost. */
  readonly sweepMs: number;
}

/** Patches of the pass over untouched applications at once: it is in nobody's way. */
const PASS_AT_ONCE = 4;

export type ApplicationListener = (change: ObjectChange<Application>) => void;

export class ApplicationController {
  readonly #deps: ApplicationDeps;
  readonly #options: ControllerOptions;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #log: Logger;
  readonly #informer: Informer<Application>;
  readonly #queue: WorkQueue;
  /** Answers of our own writes that the watch has not brought yet. */
  readonly #written = new Map<string, Application>();
  readonly #followed = new WeakSet<LiveCluster>();
  readonly #untouched = new Set<string>();
  #pass: Timer | undefined;

  constructor(deps: ApplicationDeps, informerDeps: InformerDeps, options: ControllerOptions) {
    this.#deps = deps;
    this.#options = options;
    this.#clock = informerDeps.clock;
    this.#random = informerDeps.random;
    this.#log = informerDeps.log;
    this.#informer = new Informer<Application>(informerDeps, {
      type: applicationType,
      namespace: options.namespace,
      transform: withoutManagedFields,
    });
    this.#queue = new WorkQueue(informerDeps, {
      name: 'applications',
      concurrency: options.concurrency,
      process: (key, signal) => this.#process(key, signal),
      onError: (key, error, failures) => this.#onError(key, error, failures),
      backoff: { initialMs: 50, factor: 3, maxMs: 60_000 },
    });
    deps.repositories.onMoved((key, snapshot) => void this.#onMoved(key, snapshot));
  }

  get applications(): Informer<Application> {
    return this.#informer;
  }

  get numbers(): WorkQueueNumbers {
    return this.#queue.numbers();
  }

  async start(signal: AbortSignal): Promise<void> {
    this.#informer.subscribe((change) => this.#onApplication(change));
    this.#informer.start();
    await this.#informer.whenComplete(signal);
    await this.#recallOperations();
    this.#deps.leadership.onGained(() => this.#takeOver());
    this.#queue.start();
  }

  /** What another process did until now is in the journal and in the applications, not in our memory. */
  #takeOver(): void {
    for (const [, memory] of this.#deps.memories.entries()) {
      delete memory.running;
      memory.isUnsure = true;
    }
    this.#recallOperations()
      .catch((error: unknown) => {
        this.#log.warn('the last operations could not be read', { reason: messageOf(error) });
      })
      .finally(() => {
        for (const app of this.#informer.values()) this.#queue.add(keyOfApplication(app));
      });
  }

  async #recallOperations(): Promise<void> {
    const operations = await lastOperations(this.#deps.journal);
    for (const app of this.#informer.values()) {
      const last = operations.get(keyOfApplication(app));
      if (last !== undefined) this.#memoryOf(app).begun = last;
    }
  }

  async stop(): Promise<void> {
    this.#pass?.cancel();
    await this.#queue.stop();
    await this.#informer.stop();
  }

  /** The newest state known: what the watch brought, or the answer of a write it has not caught up with. */
  current(key: string): Application | undefined {
    const watched = this.#watched(key);
    const written = this.#written.get(key);
    if (written === undefined) return watched;
    const isBehind =
      watched !== undefined &&
      isNewerVersion(written.metadata.resourceVersion, watched.metadata.resourceVersion);
    if (isBehind && watched.metadata.uid === written.metadata.uid) return written;
    this.#written.delete(key);
    return watched;
  }

  /** Takes in the answer of a write. */
  wrote(app: Application): void {
    this.#written.set(keyOfApplication(app), withoutManagedFields(app));
  }

  /** Looks again now; resolves when that is done. */
  async refresh(app: Application, level: RefreshLevel, signal: AbortSignal): Promise<void> {
    const key = keyOfApplication(app);
    const memory = this.#deps.memories.of(instanceName(app, this.#options.namespace));
    const isDone = new Promise<void>((resolve, reject) => {
      memory.waiting.add(resolve);
      signal.addEventListener('abort', () => reject(signal.reason), { once: true });
    });
    this.#askRefresh(memory, level);
    this.#queue.add(key);
    await isDone;
  }

  onSettings(change: SettingsChange): void {
    for (const app of this.#informer.values()) {
      const concerned =
        change.kind === 'project'
          ? app.spec.project === change.name
          : change.kind === 'repository'
            ? sourcesOf(app.spec).some(
                ({ repoURL }) =>
                  repoURL.startsWith(change.url) || this.#deps.sameRepository(repoURL, change.url),
              )
            : change.kind === 'cluster';
      if (!concerned) continue;
      // What could not be fetched with the old credential may be fetched now.
      if (change.kind === 'repository') this.#askRefresh(this.#memoryOf(app), 'normal');
      this.#queue.add(keyOfApplication(app), 'low');
    }
  }

  #onApplication(change: ObjectChange<Application>): void {
    const { object: app } = change;
    const key = keyOfApplication(app);
    if (change.kind === 'delete') {
      this.#deps.memories.forget(instanceName(app, this.#options.namespace));
      this.#written.delete(key);
      this.#queue.remove(key);
      return;
    }
    const refresh = app.metadata.annotations?.[annotations.refresh];
    const old = change.kind === 'update' ? change.old : undefined;
    const isNew = [annotations.refresh, annotations.refreshId].some(
      (name) => app.metadata.annotations?.[name] !== old?.metadata.annotations?.[name],
    );
    if (refresh !== undefined && isNew) {
      this.#askRefresh(this.#memoryOf(app), refresh === 'hard' ? 'hard' : 'normal');
    }
    if (old === undefined || isRelevant(old, app)) this.#queue.add(key);
  }

  /** A repository moved: whom does it touch? They come at once; the others only get the new commit's id, later. */
  async #onMoved(repositoryKey: string, snapshot: Snapshot): Promise<void> {
    const move = new RepositoryMove(this.#deps, repositoryKey, snapshot);
    for (const app of this.#informer.values()) {
      const isConcerned = sourcesOf(app.spec).some(
        ({ repoURL }) => this.#deps.repositoryKey(repoURL) === repositoryKey,
      );
      if (!isConcerned) continue;
      const key = keyOfApplication(app);
      const memory = this.#memoryOf(app);
      const { desired } = memory;
      const isOpen = desired === undefined || app.status?.sync?.status === 'Unknown';
      const effect = isOpen ? ({ kind: 'look' } as const) : await move.effectOn(app, desired);
      if (effect.kind === 'look') this.#queue.add(key);
      if (effect.kind === 'untouched' && desired !== undefined) {
        if (memory.desired === desired) memory.desired = effect.desired;
        this.#passLater(key);
      }
    }
    await move.noteRewrites();
  }

  /** Notes an application that a commit did not touch; one pass tells all of them the new commit's id. */
  #passLater(key: string): void {
    this.#untouched.add(key);
    this.#pass ??= this.#clock.after(this.#options.revisionPassMs, () => {
      this.#pass = undefined;
      const keys = [...this.#untouched];
      this.#untouched.clear();
      this.#passRevisions(keys).catch((error: unknown) => {
        // Whoever is left out learns the id with its next reconciliation.
        this.#log.info('the pass over untouched applications ended early', { reason: messageOf(error) });
      });
    });
  }

  async #passRevisions(keys: readonly string[]): Promise<void> {
    await mapLimited(keys, PASS_AT_ONCE, async (key) => {
      const app = this.current(key);
      const desired =
        app === undefined
          ? undefined
          : this.#deps.memories.peek(instanceName(app, this.#options.namespace))?.desired;
      if (app === undefined || desired === undefined) return;
      if (app.status?.sync?.status === 'Unknown' || revisionText(app.status?.sync) === desired.revision)
        return;
      if (!this.#deps.leadership.isLeader()) return;
      await writeRevision(this.#deps, app, desired);
    });
  }

  async #process(key: string, signal: AbortSignal): Promise<{ requeueAfterMs?: number } | undefined> {
    const known = this.current(key);
    if (known === undefined) return undefined;
    const memory = this.#memoryOf(known);
    const app = memory.isUnsure === true ? await this.#readAgain(known) : known;
    memory.isUnsure = true;
    // A rejection leaves it set, and what ran is resumed from its record, as after a restart.
    const { requeueMs } = await reconcileApplication(this.#deps, app, memory, signal).catch(
      (error: unknown) => {
        delete memory.running;
        throw error;
      },
    );
    memory.isUnsure = false;
    this.#follow();
    const sweepMs = this.#options.sweepMs * (1 + this.#random.next() / 4);
    return { requeueAfterMs: Math.min(requeueMs ?? sweepMs, sweepMs) };
  }

  /** The watch may not have brought a write yet whose answer was lost: nothing is decided before that is known. */
  async #readAgain(app: Application): Promise<Application> {
    const { name = '', namespace = '' } = app.metadata;
    try {
      const read = await this.#deps.home.get<Application>(applicationType, { namespace, name });
      this.wrote(read);
      return withoutManagedFields(read);
    } catch (error) {
      // The watch brings the end of it.
      if (isKubeError(error, 'NOT_FOUND')) return app;
      throw error;
    }
  }

  #onError(key: string, error: unknown, failures: number): 'retry' | 'drop' {
    if (isAbort(error)) return 'drop';
    // Somebody wrote the object meanwhile: the watch brings the new state, and the next try starts from it.
    if (isKubeError(error, 'CONFLICT')) return 'retry';
    const level = retryOf(error) === 'never' ? 'error' : 'warn';
    this.#log[level]('reconciling an application failed', {
      application: key,
      failures,
      reason: messageOf(error),
      ...(level === 'error' ? { error } : {}),
    });
    return 'retry';
  }

  /** Listens to clusters as they are connected. */
  #follow(): void {
    for (const cluster of this.#deps.clusters.connected()) {
      if (this.#followed.has(cluster)) continue;
      this.#followed.add(cluster);
      cluster.onRoot((instance) => {
        const key = keyOfInstance(instance, this.#options.namespace);
        if (this.#watched(key) !== undefined) this.#queue.add(key);
      });
    }
  }

  #askRefresh(memory: ApplicationMemory, level: RefreshLevel): void {
    const isHard = level === 'hard' || memory.refresh?.level === 'hard';
    memory.refresh = { level: isHard ? 'hard' : 'normal', askedAt: this.#clock.monotonic() };
  }

  #memoryOf(app: Application): ApplicationMemory {
    return this.#deps.memories.of(instanceName(app, this.#options.namespace));
  }

  #watched(key: string): Application | undefined {
    const slash = key.indexOf('/');
    return this.#informer.get(key.slice(0, slash), key.slice(slash + 1));
  }
}

export function keyOfApplication(app: KubeObject): string {
  return `${app.metadata.namespace ?? ''}/${app.metadata.name ?? ''}`;
}

function keyOfInstance(instance: string, controlNamespace: string): string {
  const at = instance.indexOf('_');
  return at < 0 ? `${controlNamespace}/${instance}` : `${instance.slice(0, at)}/${instance.slice(at + 1)}`;
}

/** Our own status writes come back as events; only what others say is a reason to look. */
function isRelevant(old: Application, app: Application): boolean {
  return (
    old.metadata.uid !== app.metadata.uid ||
    old.metadata.deletionTimestamp !== app.metadata.deletionTimestamp ||
    !jsonEqual(old.metadata.annotations, app.metadata.annotations) ||
    !jsonEqual(old.metadata.finalizers, app.metadata.finalizers) ||
    !jsonEqual(old.spec, app.spec) ||
    (app.operation !== undefined && !jsonEqual(old.operation, app.operation)) ||
    (app.status?.operationState?.phase === 'Terminating' &&
      old.status?.operationState?.phase !== 'Terminating')
  );
}

function withoutManagedFields(app: Application): Application {
  const { managedFields: _, ...metadata } = app.metadata;
  return { ...app, metadata };
}
