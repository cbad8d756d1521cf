// Watches Applications and everything they depend on, and decides which of them are looked at, and how soon.
// What is then done with one is in reconcile.ts.
import {
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
import type { PackageSnapshot } from '../../source/index.ts';
import type { LiveCluster } from '../cluster/index.ts';
import type { Snapshot } from '../repository/index.ts';
import type { SettingsChange } from '../settings/index.ts';
import { applicationType } from './application-type.ts';
import { lastOperations } from './begun.ts';
import type { ApplicationDeps } from './deps.ts';
import { isSignatureDemanded } from './integrity.ts';
import type { ApplicationMemory, RefreshLevel } from './memory.ts';
import { isMovedBy, usesPlace } from './package-place.ts';
import { reconcileApplication } from './reconcile.ts';
import { RepositoryMove } from './repository-move.ts';
import { ServedObjects, withoutManagedFields } from './served-objects.ts';
import { writeRevision } from './write.ts';

export interface ControllerOptions {
  readonly namespace: string;
  /** Further namespaces with Applications, as patterns, as they are set now. */
  applicationNamespaces(): readonly string[];
  /** Applications looked at at the same time; most of the time they wait for Git, a tool or a server. */
  readonly concurrency: number;
  /** Applications that a commit does not touch learn its id this much later, all in one pass. */
  readonly revisionPassMs: number;
  /** Everything is compared again this often, should an event ever have been lost. */
  readonly sweepMs: number;
}

/** Patches of the pass over untouched applications at once: it is in nobody's way. */
const PASS_AT_ONCE = 4;
/** Objects come in crowds; one look is enough for all of them. */
const ORPHAN_PASS_MS = 200;

export type ApplicationListener = (change: ObjectChange<Application>) => void;

export class ApplicationController {
  readonly #deps: ApplicationDeps;
  readonly #options: ControllerOptions;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #log: Logger;
  readonly #informer: ServedObjects<Application>;
  readonly #queue: WorkQueue;
  /** Answers of our own writes that the watch has not brought yet. */
  readonly #written = new Map<string, Application>();
  readonly #followed = new WeakSet<LiveCluster>();
  readonly #untouched = new Set<string>();
  #pass: Timer | undefined;
  /** What comparisons were made by when argocd-cm changed last. */
  #comparedBy = '';
  /** Server and namespace. */
  readonly #places = new Set<string>();
  #orphanPass: Timer | undefined;

  constructor(deps: ApplicationDeps, informerDeps: InformerDeps, options: ControllerOptions) {
    this.#deps = deps;
    this.#options = options;
    this.#clock = informerDeps.clock;
    this.#random = informerDeps.random;
    this.#log = informerDeps.log;
    this.#informer = new ServedObjects<Application>(informerDeps, {
      type: applicationType,
      controlNamespace: options.namespace,
      namespaces: options.applicationNamespaces,
      noteManagers: deps.noteManagers,
    });
    this.#queue = new WorkQueue(informerDeps, {
      name: 'applications',
      concurrency: options.concurrency,
      process: (key, signal) => this.#process(key, signal),
      onError: (key, error, failures) => this.#onError(key, error, failures),
      backoff: { initialMs: 50, factor: 3, maxMs: 60_000 },
    });
    deps.repositories.onMoved((key, snapshot) => void this.#onMoved(key, snapshot));
    deps.packageFeeds.onMoved((key, { refs }) => this.#onPackagesMoved(key, refs));
  }

  get applications(): ServedObjects<Application> {
    return this.#informer;
  }

  get numbers(): WorkQueueNumbers {
    return this.#queue.numbers();
  }

  async start(signal: AbortSignal): Promise<void> {
    this.#informer.subscribe((change) => this.#onApplication(change));
    await this.#informer.start(signal);
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
    this.#orphanPass?.cancel();
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

  /** Whether there is an application of this instance name. */
  has(instance: string): boolean {
    return this.#watched(keyOfInstance(instance, this.#options.namespace)) !== undefined;
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

  /** argocd-cm changed: whoever is compared by other rules now is looked at again. */
  onConfig(): void {
    const by = `${this.#deps.ignoreRules.version()} ${this.#deps.compareEngine()}`;
    if (by === this.#comparedBy) return;
    this.#comparedBy = by;
    for (const app of this.#informer.values()) this.#queue.add(keyOfApplication(app), 'low');
  }

  onSettings(change: SettingsChange): void {
    if (change.kind === 'config') this.#informer.refresh();
    for (const app of this.#informer.values()) {
      const concerned =
        change.kind === 'keys'
          ? sourcesOf(app.spec).some((source) => isSignatureDemanded(this.#deps, app, source))
          : change.kind === 'project'
            ? app.spec.project === change.name
            : change.kind === 'repository'
              ? sourcesOf(app.spec).some(
                  ({ repoURL }) =>
                    repoURL.startsWith(change.url) || this.#deps.sameRepository(repoURL, change.url),
                )
              : change.kind === 'cluster' || change.kind === 'customizations' || waitsForDeletions(app);
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
      this.#wake(this.#deps.dependencies.delete(key));
      this.#deps.memories.forget(instanceName(app, this.#options.namespace));
      this.#written.delete(key);
      this.#queue.remove(key);
      return;
    }
    this.#wake(this.#deps.dependencies.set(key, app));
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
      const isHeld = app.metadata.annotations?.[annotations.hold] !== undefined;
      const isOpen =
        desired === undefined ||
        isHeld ||
        app.status?.sync?.status === 'Unknown' ||
        sourcesOf(app.spec).some((source) => isSignatureDemanded(this.#deps, app, source));
      const effect = isOpen ? ({ kind: 'look' } as const) : await move.effectOn(app, desired);
      if (effect.kind === 'look') this.#queue.add(key);
      if (effect.kind === 'untouched' && desired !== undefined) {
        if (memory.desired === desired) memory.desired = effect.desired;
        this.#passLater(key);
        this.#wake(this.#deps.dependencies.dependentsOf(key));
      }
    }
    await move.noteRewrites();
  }

  /** A place offers something else than before: whoever gets another revision from it is looked at. */
  #onPackagesMoved(key: string, offered: PackageSnapshot): void {
    for (const app of this.#informer.values()) {
      if (!usesPlace(this.#deps, app, key)) continue;
      const { desired } = this.#memoryOf(app);
      const isOpen =
        desired === undefined ||
        app.metadata.annotations?.[annotations.hold] !== undefined ||
        app.status?.sync?.status === 'Unknown';
      if (isOpen || isMovedBy(this.#deps, app, desired, key, offered)) this.#queue.add(keyOfApplication(app));
    }
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
    const look = () => reconcileApplication(this.#deps, app, memory, signal);
    const { requeueMs } = await (this.#deps.aroundReconcile?.(app, look) ?? look()).catch(
      (error: unknown) => {
        delete memory.running;
        throw error;
      },
    );
    memory.isUnsure = false;
    this.#wake(this.#deps.dependencies.noteReadiness(key));
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
      cluster.onRoot((instance, { before, after }) => {
        if (this.#deps.ignoreRules.isIgnoredUpdate(before?.object, after?.object)) return;
        const key = keyOfInstance(instance, this.#options.namespace);
        if (this.#watched(key) !== undefined) this.#queue.add(key);
      });
      cluster.onOwnerless((namespace) => this.#orphansLater(`${cluster.server}\n${namespace}`));
    }
  }

  /** Notes a place where objects of nobody may have come or gone; its applications look at that together. */
  #orphansLater(place: string): void {
    this.#places.add(place);
    this.#orphanPass ??= this.#clock.after(ORPHAN_PASS_MS, () => {
      this.#orphanPass = undefined;
      const places = new Set(this.#places);
      this.#places.clear();
      for (const app of this.#informer.values()) {
        const { server } = this.#memoryOf(app);
        if (!places.has(`${server}\n${app.spec.destination.namespace ?? ''}`)) continue;
        if (this.#deps.project(app.spec.project)?.spec.orphanedResources === undefined) continue;
        this.#queue.add(keyOfApplication(app), 'low');
      }
    });
  }

  #wake(keys: readonly string[]): void {
    for (const key of keys) if (this.#watched(key) !== undefined) this.#queue.add(key);
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

/** Config maps have the switch against deletions: whoever it held goes on when it is turned back. */
function waitsForDeletions({ metadata, status }: Application): boolean {
  if (metadata.deletionTimestamp !== undefined) return true;
  return status?.resources?.some(({ requiresPruning }) => requiresPruning === true) ?? false;
}
