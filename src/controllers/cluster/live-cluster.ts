// One target cluster as the controllers see it: what it serves, what lives in it, and how to read and write it.
// Watches every kind; whole objects are kept where they are tracked or shown, metadata elsewhere.
import {
  type ApiCatalog,
  type ApiResource,
  type Discovery,
  describeTypeAnswer,
  type GroupKind,
  type GroupVersionKind,
  gvkOf,
  Informer,
  type KubeClient,
  KubeError,
  type KubeErrorCode,
  type KubeObject,
  keyOf,
  type ObjectChange,
  type ResourceKey,
  type ResourceType,
} from '../../k8s/index.ts';
import {
  type Answer,
  type Clock,
  complete,
  incomplete,
  isRecord,
  type Logger,
  Lru,
  messageOf,
  type Random,
} from '../../lib/index.ts';
import { annotations, FIELD_MANAGER } from '../../model/index.ts';
import { type TargetCluster, targetCluster } from '../../sync/index.ts';
import { isExcluded, isShown } from './kinds.ts';
import { type LiveChange, type LiveObject, LiveStore } from './live-store.ts';

export interface LiveClusterDeps {
  readonly client: KubeClient;
  readonly discovery: Discovery;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
}

export interface LiveClusterOptions {
  /** As Applications name it: `https://kubernetes.default.svc` for the home cluster, whatever its real address. */
  readonly server: string;
  readonly name: string;
  /** True for the cluster that holds the Applications. */
  readonly isHome: boolean;
  readonly installationId?: string;
  /** Kinds that somebody wrote a check for: they are kept whole wherever they are, as those the tree shows. */
  judges?(kind: GroupKind): boolean;
}

/** Called for each change of an object that an application tracks, with the application's instance name. */
export type RootListener = (instance: string, change: LiveChange) => void;
/** Called for each change below a tracked object: only the tree looks different. */
export type TreeListener = (instance: string) => void;

/** A kind is listed within this time, or the comparison goes on without it and says so. */
const LIST_DEADLINE_MS = 20_000;
/** Failures that say something of the whole cluster. */
const LOST: ReadonlySet<KubeErrorCode> = new Set(['UNREACHABLE', 'TIMEOUT', 'UNTRUSTED', 'UNAUTHORIZED']);
/** Discovery for a kind that is not known is asked this often at most. */
const REFRESH_PAUSE_MS = 500;
/** A kind is served this soon after its definition was established. */
const PUBLISHED_MS = 3_000;
const PUBLISHED_POLL_MS = 50;
/** Ownership chains are short; a longer one is a loop. */
const MAX_OWNERS = 10;

/** Service accounts whose ports are kept; making one costs next to nothing. */
const MAX_IDENTITIES = 1_000;

type Mode = 'whole' | 'metadata';

interface Watched {
  readonly mode: Mode;
  /** Objects that nobody tracks are kept whole, too. */
  readonly keepsAll: boolean;
  readonly type: ApiResource;
  readonly informer: Informer;
}

export class LiveCluster {
  readonly server: string;
  readonly name: string;
  readonly isHome: boolean;
  readonly client: KubeClient;
  /** The port that syncs write through; its answers go into the live state at once. */
  readonly target: TargetCluster;
  readonly #deps: LiveClusterDeps;
  readonly #store: LiveStore;
  readonly #judges: (kind: GroupKind) => boolean;
  readonly #watched = new Map<string, Watched>();
  readonly #rootListeners = new Set<RootListener>();
  readonly #treeListeners = new Set<TreeListener>();
  readonly #ownerlessListeners = new Set<(namespace: string) => void>();
  readonly #targets = new Lru<TargetCluster>(MAX_IDENTITIES);
  #catalog: ApiCatalog | undefined;
  #version = '';
  #starting: Promise<void> | undefined;
  /** Why the last start failed. */
  #refusal: string | undefined;
  #stopped = false;
  #refreshedAt = Number.NEGATIVE_INFINITY;
  #definedAt = Number.NEGATIVE_INFINITY;

  constructor(deps: LiveClusterDeps, options: LiveClusterOptions) {
    this.#deps = deps;
    this.client = deps.client;
    this.server = options.server;
    this.name = options.name;
    this.isHome = options.isHome;
    this.#judges = options.judges?.bind(options) ?? (() => false);
    this.#store = new LiveStore(
      options.installationId === undefined ? {} : { installationId: options.installationId },
    );
    this.target = this.#targetOver(deps.client);
  }

  /** The same port with every request made as `user`. */
  targetAs(user: string): TargetCluster {
    const known = this.#targets.get(user);
    if (known !== undefined) return known;
    const target = this.#targetOver(this.client.impersonate(user));
    this.#targets.set(user, target);
    return target;
  }

  get store(): LiveStore {
    return this.#store;
  }

  /** Reads what the cluster serves and begins to watch it; shared by all who wait for it. Rejects with KubeError. */
  start(signal: AbortSignal): Promise<void> {
    this.#starting ??= this.#start(signal).then(
      () => {
        this.#refusal = undefined;
      },
      (error: unknown) => {
        this.#starting = undefined;
        this.#refusal = messageOf(error);
        throw error;
      },
    );
    return this.#starting;
  }

  /** How it answered last. `Unknown`: nothing was asked of it yet. `Failed`: not a single watch gets through. */
  connection(): { readonly status: 'Unknown' | 'Successful' | 'Failed'; readonly message: string } {
    if (this.#refusal !== undefined) return { status: 'Failed', message: this.#refusal };
    if (this.#catalog === undefined) return { status: 'Unknown', message: '' };
    const failures = [...this.#watched.values()].map(({ informer }) => informer.state.error);
    const [first] = failures;
    if (first === undefined || failures.some((error) => error === undefined || !LOST.has(error.code)))
      return { status: 'Successful', message: '' };
    return { status: 'Failed', message: messageOf(first) };
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all([
      this.#deps.discovery.stop(),
      ...[...this.#watched.values()].map(({ informer }) => informer.stop()),
    ]);
    await this.client.close();
  }

  onRoot(listener: RootListener): void {
    this.#rootListeners.add(listener);
  }

  /** Calls `listener` with the namespace whenever an object that nothing owns comes, goes or changes hands. */
  onOwnerless(listener: (namespace: string) => void): void {
    this.#ownerlessListeners.add(listener);
  }

  onTree(listener: TreeListener): () => void {
    this.#treeListeners.add(listener);
    return () => this.#treeListeners.delete(listener);
  }

  /** The Kubernetes version and everything served, for Helm's Capabilities. */
  versions(): { readonly version: string; readonly apiVersions: readonly string[] } {
    return { version: this.#version, apiVersions: this.#catalog?.apiVersions() ?? [] };
  }

  discoveryComplete(): boolean {
    return this.#catalog !== undefined && this.#catalog.failure === undefined;
  }

  scopeOf(kind: GroupKind): 'Namespaced' | 'Cluster' | 'unknown' {
    const answer = this.#catalog?.byGroupKind(kind);
    if (answer?.kind !== 'found') return 'unknown';
    return answer.type.namespaced ? 'Namespaced' : 'Cluster';
  }

  live(key: ResourceKey): LiveObject | undefined {
    return this.#store.get(key);
  }

  trackedBy(instance: string): readonly LiveObject[] {
    return this.#store.trackedBy(instance);
  }

  /** Whether a kind's objects are all known, and how old that knowledge is (a running watch keeps it fresh). */
  listState(kind: GroupKind): { readonly complete: boolean; readonly ageMs: number } {
    const watched = this.#watched.get(kindKey(kind));
    if (watched === undefined) return { complete: false, ageMs: Number.POSITIVE_INFINITY };
    const { reason } = watched.informer.state;
    return {
      complete: reason === undefined,
      ageMs: reason === undefined ? 0 : this.#deps.clock.now() - watched.informer.state.asOf,
    };
  }

  /** Complete when every kind that the cluster serves was listed and is watched. */
  everythingListed(): Answer<never> {
    if (!this.discoveryComplete()) return incomplete('what the cluster serves is not known completely');
    for (const { informer, type } of this.#watched.values()) {
      const { reason } = informer.state;
      if (reason !== undefined) return incomplete(`${type.kind} objects are not known completely: ${reason}`);
    }
    return complete([], `the cluster ${this.name}`, this.#deps.clock.now());
  }

  /** How much of the cluster is kept here. */
  size(): { readonly kinds: number; readonly objects: number } {
    let objects = 0;
    for (const { informer } of this.#watched.values()) objects += informer.size;
    return { kinds: this.#watched.size, objects };
  }

  /** Reads everything anew: what is served, and every object. What is known stays in use until then. */
  reread(): void {
    for (const { informer } of this.#watched.values()) informer.relist();
    this.#deps.discovery.refresh().then(
      (catalog) => this.#adopt(catalog),
      (error: unknown) => {
        this.#deps.log.warn('what a cluster serves could not be read anew', {
          cluster: this.name,
          reason: messageOf(error),
        });
      },
    );
  }

  /** Live objects of a kind. */
  countOf(kind: GroupKind): number {
    return this.#watched.get(kindKey(kind))?.informer.size ?? 0;
  }

  /** Objects in a namespace that `instance` does not track, what every namespace has by itself left out. */
  countForeign(namespace: string, instance: string): number {
    let count = 0;
    for (const live of this.#store.all()) {
      if (live.key.namespace !== namespace || live.instance === instance || live.owners.length > 0) continue;
      if (
        live.key.name === 'kube-root-ca.crt' ||
        (live.key.kind === 'ServiceAccount' && live.key.name === 'default')
      )
        continue;
      count += 1;
    }
    return count;
  }

  /**
   * Watches these kinds with whole objects and waits until they are listed. Kinds the cluster does not serve have
   * no objects; kinds it cannot tell about make the answer incomplete.
   */
  async ensureWatched(kinds: readonly GroupVersionKind[], signal: AbortSignal): Promise<Answer<never>> {
    const reasons: string[] = [];
    const pending: Promise<void>[] = [];
    for (const kind of new Map(kinds.map((gvk) => [kindKey(gvk), gvk])).values()) {
      const known = this.#watched.get(kindKey(kind));
      if (known?.mode === 'whole' && known.informer.state.reason === undefined) continue;
      const answer = await this.#find(kind);
      if (answer.kind === 'unknown') reasons.push(describeTypeAnswer(kind, answer));
      if (answer.kind !== 'found' || isExcluded(kind) || !isWatchable(answer.type)) continue;
      const informer = this.#watch(answer.type, 'whole');
      const deadline = AbortSignal.any([signal, AbortSignal.timeout(LIST_DEADLINE_MS)]);
      pending.push(
        informer.whenComplete(deadline).catch(() => {
          signal.throwIfAborted();
          reasons.push(
            `${kind.kind} objects could not be listed: ${informer.state.reason ?? 'no answer in time'}`,
          );
        }),
      );
    }
    await Promise.all(pending);
    const source = `the cluster ${this.name}`;
    return reasons.length === 0
      ? complete([], source, this.#deps.clock.now())
      : incomplete(reasons.join('; '));
  }

  /** The object as the server has it, in the version of `object`; undefined when it or its kind does not exist. */
  async read(object: KubeObject, signal: AbortSignal): Promise<KubeObject | undefined> {
    const answer = await this.#find(gvkOf(object));
    if (answer.kind === 'absent') return undefined;
    if (answer.kind === 'unknown')
      throw new KubeError('UNKNOWN_KIND', describeTypeAnswer(gvkOf(object), answer));
    const { namespace, name = '' } = object.metadata;
    return await this.client.find(answer.type, { namespace, name }, { signal });
  }

  /** What an apply of `desired` would give. */
  async preview(desired: KubeObject, signal: AbortSignal): Promise<KubeObject> {
    const type = await this.typeOf(gvkOf(desired));
    return await this.client.apply(type, desired, {
      fieldManager: FIELD_MANAGER,
      force: true,
      dryRun: true,
      signal,
    });
  }

  /** Takes in an object as an answer of the server just showed it. */
  observe(object: KubeObject): void {
    const change = this.#store.upsert(object, true);
    if (change !== undefined) this.#tellTree(change);
  }

  /** Forgets an object that the server just said is gone. */
  forget(key: ResourceKey, uid: string): void {
    const change = this.#store.remove(key, uid);
    if (change !== undefined) this.#tell(change);
  }

  /** What answers at a wrong address may be anything, and is not repeated. */
  #versionIn(text: string): string {
    try {
      const version: unknown = JSON.parse(text);
      return isRecord(version) ? String(version['gitVersion']) : '';
    } catch (cause) {
      throw new KubeError(
        'SERVER',
        `${this.client.server} does not tell its version: the answer is not JSON`,
        {
          cause,
        },
      );
    }
  }

  async #start(signal: AbortSignal): Promise<void> {
    const [catalog, answer] = await Promise.all([
      this.#deps.discovery.refresh(signal),
      this.client.raw({ path: '/version', signal }),
    ]);
    if (catalog.failure !== undefined && catalog.groupVersions.length === 0) {
      throw new KubeError(
        'UNREACHABLE',
        `Cannot find out what ${this.client.server} serves: ${catalog.failure}`,
      );
    }
    this.#version = this.#versionIn(answer.text);
    this.#deps.discovery.start();
    this.#deps.discovery.onChange((next) => this.#adopt(next));
    this.#adopt(catalog);
  }

  /** Watches what is new, stops watching what is gone for certain. */
  #adopt(catalog: ApiCatalog): void {
    if (this.#stopped) return;
    this.#catalog = catalog;
    for (const type of catalog.preferred('list', 'watch')) {
      if (!isExcluded(type)) this.#watch(type, this.#keepsAll(type) ? 'whole' : 'metadata');
    }
    for (const [key, { type, informer }] of this.#watched) {
      if (catalog.byGroupKind(type).kind !== 'absent') continue;
      this.#watched.delete(key);
      for (const object of [...informer.values()]) this.forget(keyOf(object), object.metadata.uid ?? '');
      void informer.stop();
    }
  }

  /** Starts a watch, or makes one that has metadata alone a whole one. */
  #watch(type: ApiResource, mode: Mode): Informer {
    const key = kindKey(type);
    const known = this.#watched.get(key);
    const keepsAll = this.#keepsAll(type);
    const isEnough = known?.mode === mode && (known.keepsAll || !keepsAll);
    if (known !== undefined && (isEnough || mode === 'metadata')) return known.informer;
    const informer = new Informer(this.#deps, {
      type,
      metadataOnly: mode === 'metadata',
      transform:
        mode === 'metadata'
          ? withoutManagedFields
          : (object) => (keepsAll || isTracked(object) ? object : reduced(object)),
    });
    informer.subscribe((change) => this.#onChange(change, mode === 'whole', keepsAll));
    this.#watched.set(key, { mode, keepsAll, type, informer });
    informer.start();
    if (known !== undefined) void known.informer.stop();
    return informer;
  }

  /** Kinds the tree shows and kinds that are judged need all of every object. */
  #keepsAll(kind: GroupKind): boolean {
    return isShown(kind) || this.#judges(kind);
  }

  /** Watches kinds whole that `judges` names since lately. */
  reconsiderKinds(): void {
    if (this.#catalog !== undefined) this.#adopt(this.#catalog);
  }

  #onChange(change: ObjectChange<KubeObject>, isWhole: boolean, keepsAll: boolean): void {
    const { object } = change;
    const full = isWhole && (keepsAll || isTracked(object));
    const result =
      change.kind === 'delete'
        ? this.#store.remove(keyOf(object), object.metadata.uid)
        : this.#store.upsert(object, full);
    if (result !== undefined) this.#tell(result);
  }

  #tell(change: LiveChange): void {
    const instances = new Set([change.before?.instance, change.after?.instance]);
    for (const instance of instances) {
      if (instance !== undefined) for (const listener of this.#rootListeners) listener(instance, change);
    }
    this.#tellTree(change);
    this.#tellOwnerless(change);
  }

  #tellOwnerless({ before, after }: LiveChange): void {
    const namespace = (after ?? before)?.key.namespace ?? '';
    if (namespace === '' || belonging(before) === belonging(after)) return;
    for (const listener of this.#ownerlessListeners) listener(namespace);
  }

  #tellTree(change: LiveChange): void {
    if (this.#treeListeners.size === 0) return;
    const live = change.after ?? change.before;
    const instance = live === undefined ? undefined : this.instanceAbove(live);
    if (instance !== undefined) for (const listener of this.#treeListeners) listener(instance);
  }

  /** The application that tracks the object or one of its owners. */
  instanceAbove(live: LiveObject): string | undefined {
    let at: LiveObject | undefined = live;
    for (let i = 0; at !== undefined && i < MAX_OWNERS; i++) {
      if (at.instance !== undefined) return at.instance;
      const [owner]: LiveObject['owners'] = at.owners;
      at = owner === undefined ? undefined : this.#store.byUid(owner.uid);
    }
    return undefined;
  }

  async #find(gvk: GroupVersionKind): Promise<ReturnType<ApiCatalog['byGvk']>> {
    const known = this.#catalog?.byGvk(gvk);
    if (known?.kind === 'found') return known;
    let answer = (await this.#refreshDiscovery(REFRESH_PAUSE_MS)).byGvk(gvk);
    // A kind that was defined a moment ago is served a moment later.
    const until = this.#definedAt + PUBLISHED_MS;
    while (answer.kind === 'absent' && this.#deps.clock.monotonic() < until) {
      await this.#deps.clock.sleep(PUBLISHED_POLL_MS);
      answer = (await this.#refreshDiscovery(0)).byGvk(gvk);
    }
    return answer;
  }

  #kindsChanged(): void {
    this.#definedAt = this.#deps.clock.monotonic();
  }

  /** @param pauseMs an application of an unknown kind must not turn into a storm of discoveries */
  async #refreshDiscovery(pauseMs: number): Promise<ApiCatalog> {
    const now = this.#deps.clock.monotonic();
    if (this.#catalog !== undefined && now - this.#refreshedAt < pauseMs) return this.#catalog;
    this.#refreshedAt = now;
    const catalog = await this.#deps.discovery.refresh();
    this.#adopt(catalog);
    return catalog;
  }

  /** How the cluster serves a kind; rejects with KubeError when it does not. */
  async typeOf(gvk: GroupVersionKind): Promise<ResourceType> {
    const answer = await this.#find(gvk);
    if (answer.kind === 'found') return answer.type;
    throw new KubeError(
      'UNKNOWN_KIND',
      `The Kubernetes API could not find ${gvk.group === '' ? 'core' : gvk.group}/${gvk.kind} version ${gvk.version}: ${describeTypeAnswer(gvk, answer)}. Make sure its CRD is installed on the destination cluster`,
    );
  }

  #targetOver(client: KubeClient): TargetCluster {
    const target = targetCluster(
      client,
      (gvk) => this.typeOf(gvk),
      () => this.#kindsChanged(),
    );
    return {
      ...target,
      delete: async (name, choice) => {
        const left = await target.delete(name, choice);
        if (left === undefined && choice.dryRun !== true) {
          const { group } = gvkOf(name);
          this.forget(
            { group, kind: name.kind, namespace: name.namespace ?? '', name: name.name },
            choice.uid,
          );
        }
        return left;
      },
    };
  }
}

/** What decides whose an object is; undefined when another object owns it. */
function belonging(live: LiveObject | undefined): string | undefined {
  if (live === undefined || live.owners.length > 0) return undefined;
  return `${live.uid} ${live.instance ?? ''}`;
}

function kindKey({ group, kind }: GroupKind): string {
  return `${group}/${kind}`;
}

function isWatchable(type: ApiResource): boolean {
  return type.verbs.includes('list') && type.verbs.includes('watch');
}

/** What is compared is needed whole. */
function isTracked(object: KubeObject): boolean {
  return object.metadata.annotations?.[annotations.trackingId] !== undefined;
}

/** What indexes and ownership need, and nothing else: a Secret of somebody else is nobody's business. */
function reduced(object: KubeObject): KubeObject {
  return withoutManagedFields({
    apiVersion: object.apiVersion,
    kind: object.kind,
    metadata: object.metadata,
  });
}

function withoutManagedFields(object: KubeObject): KubeObject {
  const { managedFields: _, ...metadata } = object.metadata;
  return { ...object, metadata };
}
