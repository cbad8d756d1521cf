// The composition root: the only place that knows every part. Builds them, connects them, starts and stops them in
// order. No decision about applications is made here.
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { Registry } from 'prom-client';
import { createActionCatalog } from '../actions/index.ts';
import {
  ApplicationController,
  type ApplicationDeps,
  type ApplicationSetController,
  ChangedPaths,
  type ClusterEntry,
  Dependencies,
  engineNamed,
  HOME_NAME,
  HOME_SERVER,
  IgnoreRuleBook,
  keyOfApplication,
  type Leadership,
  LiveCluster,
  LiveClusters,
  Memories,
  onlyLeader,
  type PackageTracker,
  ProjectController,
  projectType,
  RepositoryTracker,
  Settings,
  writeOperationState,
} from '../controllers/index.ts';
import { createEvaluator, type Evaluator } from '../evaluate/index.ts';
import { createCheckouts, createMirrors, normaliseUrl, placeOf, sameRepository } from '../git/index.ts';
import { aggregateHealth, createHealthJudge, type HealthJudge } from '../health/index.ts';
import { type Journal, openJournal } from '../journal/index.ts';
import {
  type ClusterConnection,
  connectionOf,
  createKubeClient,
  Discovery,
  type InformerDeps,
  isKubeError,
  type KubeClient,
  type KubeObject,
  keyText,
  type ResourceKey,
  wellKnown,
} from '../k8s/index.ts';
import {
  type AddressGuard,
  type Clock,
  defaultAddressGuard,
  digestOf,
  type Exec,
  helperExec,
  type Logger,
  Lru,
  messageOf,
  type Random,
} from '../lib/index.ts';
import { applicationCrds, type Repository } from '../model/index.ts';
import { createRenderer } from '../render/index.ts';
import { type RunningServer, startServer } from '../server/index.ts';
import { createPackages, gitArtifact, verifyRevision } from '../source/index.ts';
import { ensureAccounts, kubernetesAccounts, renderStoreKey } from './accounts.ts';
import { applicationSetController } from './application-sets.ts';
import { neverLeader, type RunningLeadership, startLeadership } from './leader.ts';
import { type RunningObservability, startObservability } from './observability/start.ts';
import {
  aroundReconcile,
  createTaps,
  type Taps,
  tappedMirror,
  tappedRenderer,
  tappedWebhook,
} from './observability/taps.ts';
import { startTracing } from './observability/tracing.ts';
import type { Role } from './options.ts';
import { makePrivateFolders } from './private-folders.ts';
import { refreshThroughLeader } from './refresh.ts';
import { repositorySecrets, repositoryStore } from './repositories.ts';
import { keepJournalShort } from './retention.ts';
import { serverPorts } from './server-ports.ts';
import { VERSION } from './version.ts';
import { repositoriesOf, webhookInbox } from './webhooks.ts';

export interface ControlPlaneDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly exec: Exec;
  /** PATH on which git, helm, kubectl and kustomize are looked for. */
  readonly path: string;
  /** Says where connections on behalf of others may go; default: everywhere but to link-local addresses. */
  readonly guard?: AddressGuard | undefined;
}

export interface ControlPlaneOptions {
  /** The cluster that holds the Applications; it is also the destination `https://kubernetes.default.svc`. */
  readonly connection: ClusterConnection;
  readonly namespace: string;
  /** Further namespaces whose Applications are served, as globs or `/regular expressions/`. */
  readonly applicationNamespaces?: readonly string[] | undefined;
  readonly host: string;
  readonly port: number;
  readonly auth: 'on' | 'off';
  /** See ServerOptions. */
  readonly accessKey?: string | undefined;
  /** Mirrors, checkouts, renders, tools, and the journal unless `store` says otherwise. */
  readonly dataDir: string;
  /** `sqlite:FILE` or `postgres://…`; undefined: SQLite in `dataDir`. */
  readonly store?: string | undefined;
  readonly installCrds: boolean;
  /** Older journal records are deleted, milliseconds; absent: none. */
  readonly auditRetentionMs?: number | undefined;
  /** Absent: the only process of its cluster, which needs no lease. */
  readonly role?: Role | undefined;
  /** Where traces go (OTLP/HTTP); absent: nowhere. */
  readonly otlpAddress?: string | undefined;
  readonly uiDirectory: string;
  readonly publicUrl?: string | undefined;
  /** Addresses and CIDRs whose `X-Forwarded-…` headers are believed. */
  readonly trustedProxies?: readonly string[] | undefined;
  /** Let file:// repositories through. */
  readonly allowFileRepositories?: boolean | undefined;
  readonly timing?: Partial<Timing> | undefined;
}

/** What people wait for; tests make it shorter. Milliseconds. */
export interface Timing {
  readonly pollMs: number;
  readonly revisionPassMs: number;
  readonly waveDelayMs: number;
  /** How long a silent leader keeps the lease. */
  readonly leaseMs: number;
}

const TIMING: Timing = { pollMs: 120_000, revisionPassMs: 120_000, waveDelayMs: 2_000, leaseMs: 15_000 };
const POLL_JITTER_MS = 60_000;
const SWEEP_MS = 600_000;
/** Applications created within this time of a fetch need no fetch of their own. */
const SNAPSHOT_MAX_AGE_MS = 3_000;
const APPLICATIONS_AT_ONCE = 32;
const REMEMBERED_RANGES = 500;
const REMEMBERED_SIGNATURES = 50_000;
const INTENTS_AT_ONCE = 500;

export interface ControlPlane {
  readonly url: string;
  readonly journal: Journal;
  readonly home: KubeClient;
  /** Looks at repositories now, as a webhook does. */
  announce(urls: readonly string[]): void;
  /** Ends everything in order; resolves when nothing runs any more. */
  close(): Promise<void>;
}

export async function startControlPlane(
  machine: ControlPlaneDeps,
  options: ControlPlaneOptions,
): Promise<ControlPlane> {
  const exec = helperExec(machine.exec);
  const deps: ControlPlaneDeps = { ...machine, exec };
  const { clock, log } = deps;
  const timing: Timing = { ...TIMING, ...options.timing };
  const stopping = new AbortController();
  const closers: (() => Promise<void> | void)[] = [() => exec.close()];
  const close = async (): Promise<void> => {
    stopping.abort(new DOMException('Fairlead is stopping', 'AbortError'));
    for (const closer of closers.splice(0).reverse()) await closer();
  };
  try {
    const home = createKubeClient(options.connection, {}, deps);
    closers.push(() => home.close());
    await makePrivateFolders(log, options.dataDir);
    await prepareCluster(deps, home, options);
    const tracing =
      options.otlpAddress === undefined
        ? undefined
        : await startTracing({ endpoint: options.otlpAddress, serviceVersion: VERSION });
    closers.push(() => tracing?.stop());
    const taps = createTaps(clock, tracing);
    const journal = await openJournal(
      { clock, onRecord: (record) => taps.onRecord?.(record) },
      { url: options.store ?? `sqlite:${join(options.dataDir, 'journal.sqlite')}` },
    );
    closers.push(() => journal.close());
    let recall = (_urls: readonly string[]): void => {}; // At a start everything is looked at anyway.
    const leadership = await chooseLeadership(deps, home, options, async () =>
      recall(await endOpenIntents(journal)),
    );
    closers.push(() => leadership.stop?.());

    if (options.auditRetentionMs !== undefined) {
      closers.push(keepJournalShort({ ...deps, journal, leadership }, options.auditRetentionMs));
    }

    const informerDeps: InformerDeps = { client: home, clock, random: deps.random, log };
    const settings = new Settings(informerDeps, { namespace: options.namespace, sameRepository });
    await settings.start(stopping.signal);
    closers.push(() => settings.stop());

    const stages = await createStages(deps, options, settings, taps);
    closers.push(() => stages.close());
    const evaluator = createEvaluator(deps);
    closers.push(() => evaluator.close());
    const health = createHealthJudge({ evaluator, clock });
    configureHealth(log, health, settings);
    const clusters = createClusters(deps, options, settings, health);
    closers.push(() => clusters.stop());
    const repositories = new RepositoryTracker(
      {
        ...deps,
        openMirror: (repository) => tappedMirror(taps, stages.mirrors.get(repository)),
        keyOf: ({ url }) => normaliseUrl(url),
        placeOf: ({ url }) => placeOf(url),
      },
      { pollMs: timing.pollMs, pollJitterMs: Math.min(POLL_JITTER_MS, timing.pollMs) },
    );
    closers.push(() => repositories.stop());
    const packageFeeds: PackageTracker = new RepositoryTracker(
      {
        ...deps,
        openMirror: (place) => stages.packages.feed(place),
        keyOf: ({ key }) => key,
        placeOf: () => '',
      },
      { pollMs: timing.pollMs, pollJitterMs: Math.min(POLL_JITTER_MS, timing.pollMs) },
    );
    closers.push(() => packageFeeds.stop());

    const application = applicationDeps(deps, options, {
      home,
      journal,
      settings,
      stages,
      clusters,
      repositories,
      packageFeeds,
      leadership,
      evaluator,
      health,
      taps,
      timing,
    });
    const { actions } = application.deps;
    actions.configure(settings.configData());
    const controller = new ApplicationController(application.deps, informerDeps, {
      namespace: options.namespace,
      applicationNamespaces: () => [
        ...(options.applicationNamespaces ?? []),
        ...settings.applicationNamespaces(),
      ],
      concurrency: APPLICATIONS_AT_ONCE,
      revisionPassMs: timing.revisionPassMs,
      sweepMs: SWEEP_MS,
    });
    application.connect(controller);
    settings.onChange((change) => {
      controller.onSettings(change);
      if (change.kind === 'config' || change.kind === 'cluster') clusters.reconsider();
      if (change.kind !== 'config') return;
      actions.configure(settings.configData());
      controller.onConfig();
      if (!configureHealth(log, health, settings)) return;
      for (const cluster of clusters.connected()) cluster.reconsiderKinds();
      controller.onSettings({ kind: 'customizations' });
    });
    const projects = new ProjectController(
      {
        ...deps,
        home,
        leadership,
        project: (name) => settings.project(name),
        projects: () => settings.projects(),
        applications: () => controller.applications.values(),
      },
      informerDeps,
    );
    settings.onChange((change) => projects.onSettings(change));
    controller.applications.subscribe((change) => {
      if (change.kind === 'delete') projects.onApplication(change.object);
      if (change.kind === 'update') projects.onApplication(change.old);
    });
    const applicationSets = applicationSetController(informerDeps, {
      application: application.deps,
      settings,
      evaluator,
      guard: deps.guard,
      applications: controller.applications,
      reconciled: (set, seconds) => taps.measures.setReconciled(set, seconds),
      noteManagers: (set) => taps.specManagers.note(set),
    });
    settings.onChange(({ kind }) => {
      if (kind === 'cluster') applicationSets.onClusters();
      if (kind === 'project') applicationSets.onProjects();
      if (kind === 'config') applicationSets.onConfig();
    });
    repositories.onMoved((key) => applicationSets.onRepository((url) => normaliseUrl(url) === key));
    controller.applications.subscribe((change) => applicationSets.onApplication(change));
    await controller.start(stopping.signal);
    closers.push(() => controller.stop());
    // After the applications: what is there must be known before anything is created beside it.
    await applicationSets.start(stopping.signal);
    closers.push(() => applicationSets.stop());
    projects.start();
    closers.push(() => projects.stop());

    const metrics = new Registry();
    const observability = startObservability(deps, taps, {
      home,
      journal,
      settings,
      clusters,
      repositories,
      controller,
      application: application.deps,
      applicationSets,
      registry: metrics,
    });
    closers.push(() => observability.stop());

    const server = await startHttp(deps, options, {
      metrics,
      observability,
      taps,
      home,
      journal,
      settings,
      stages,
      clusters,
      repositories,
      controller,
      application: application.deps,
      applicationSets,
    });
    closers.push(() => server.close());
    log.info('the control plane is ready', { url: server.url, namespace: options.namespace });
    const announce = (urls: readonly string[]): void => {
      repositories.announce(urls).catch((error: unknown) => {
        log.info('a repository that moved could not be fetched', { reason: messageOf(error) });
      });
    };
    recall = announce;
    return { url: server.url, journal, home, announce, close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function chooseLeadership(
  deps: ControlPlaneDeps,
  home: KubeClient,
  { role, namespace, dataDir, timing }: ControlPlaneOptions,
  prepare: () => Promise<void>,
): Promise<Leadership & Partial<RunningLeadership>> {
  if (role === 'server') return neverLeader;
  if (role !== undefined) {
    const leaseMs = timing?.leaseMs ?? TIMING.leaseMs;
    return await startLeadership({ ...deps, home }, { namespace, dataDir, leaseMs, prepare });
  }
  await prepare();
  return onlyLeader;
}

/** @returns whether a check changed */
function configureHealth(log: Logger, health: HealthJudge, settings: Settings): boolean {
  const hasChanged = health.configure(settings.configData());
  if (hasChanged && health.problem !== undefined)
    log.warn('a part of argocd-cm cannot be used', { reason: health.problem });
  return hasChanged;
}

/**
 * What was begun by a process that died before it could write down the outcome: the outcome is not known, and whether
 * anything is left to do is found out by the next comparison.
 * @returns repositories whose webhooks were accepted and not dealt with
 */
async function endOpenIntents(journal: Journal): Promise<readonly string[]> {
  const announced = new Set<string>();
  for (let after: number | undefined; ; ) {
    const page = await journal.openIntents({
      limit: INTENTS_AT_ONCE,
      ...(after === undefined ? {} : { after }),
    });
    for (const { record, state } of page) {
      if (state !== 'open') continue;
      for (const url of repositoriesOf(record)) announced.add(url);
      await journal.outcome(record, {
        outcome: 'unknown',
        reason: 'the process ended before the outcome was known',
      });
    }
    after = page.at(-1)?.record.seq;
    if (page.length < INTENTS_AT_ONCE) return [...announced];
  }
}

/** Namespace, definitions, default project, accounts: everything that must be there before anything is watched. */
async function prepareCluster(
  deps: ControlPlaneDeps,
  home: KubeClient,
  options: ControlPlaneOptions,
): Promise<void> {
  const { namespace } = options;
  const manager = { fieldManager: 'fairlead', force: true } as const;
  await createIfAbsent(home, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
  if (options.installCrds) {
    const definitions = applicationCrds();
    await Promise.all(
      definitions.map((crd) => home.apply(wellKnown.customResourceDefinitions, crd, manager)),
    );
    await Promise.all(definitions.map((crd) => untilServed(deps, home, crd)));
  }
  await ensureAccounts({ ...deps, home, namespace });
  await ensureDefaultProject(home, namespace);
}

const SERVED_TRIES = 100;
const SERVED_POLL_MS = 50;

/** A kind can be listed some milliseconds after its definition was accepted. */
async function untilServed({ clock }: ControlPlaneDeps, home: KubeClient, crd: KubeObject): Promise<void> {
  const { group, names, versions } = crd['spec'] as {
    group: string;
    names: { plural: string };
    versions: { name: string }[];
  };
  for (let tries = 0; ; tries++) {
    try {
      await home.raw({ path: `/apis/${group}/${versions[0]?.name}/${names.plural}`, query: { limit: 1 } });
      return;
    } catch (error) {
      if (tries >= SERVED_TRIES || !isKubeError(error, 'NOT_FOUND', 'UNKNOWN_KIND')) throw error;
      await clock.sleep(SERVED_POLL_MS);
    }
  }
}

async function ensureDefaultProject(home: KubeClient, namespace: string): Promise<void> {
  if ((await home.find(projectType, { namespace, name: 'default' })) !== undefined) return;
  const everything = [{ group: '*', kind: '*' }];
  const project: KubeObject = {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'AppProject',
    metadata: { name: 'default', namespace },
    spec: {
      sourceRepos: ['*'],
      destinations: [{ server: '*', namespace: '*' }],
      clusterResourceWhitelist: everything,
    },
  };
  try {
    await home.create(projectType, project);
  } catch (error) {
    if (!isKubeError(error, 'ALREADY_EXISTS')) throw error;
  }
}

async function createIfAbsent(home: KubeClient, namespace: KubeObject): Promise<void> {
  if ((await home.find(wellKnown.namespaces, { name: namespace.metadata.name ?? '' })) !== undefined) return;
  try {
    await home.create(wellKnown.namespaces, namespace);
  } catch (error) {
    if (!isKubeError(error, 'ALREADY_EXISTS')) throw error;
  }
}

type Stages = Awaited<ReturnType<typeof createStages>>;

async function createStages(
  deps: ControlPlaneDeps,
  options: ControlPlaneOptions,
  settings: Settings,
  taps: Taps,
) {
  const mirrors = createMirrors(
    { ...deps, dataDir: options.dataDir },
    { allowFile: options.allowFileRepositories === true, knownHosts: () => settings.knownHosts() },
  );
  const checkouts = createCheckouts({ ...deps, dataDir: options.dataDir });
  const renderer = createRenderer({
    ...deps,
    dataDir: options.dataDir,
    concurrency: availableParallelism(),
    onRender: (tool, result, seconds) => taps.measures.rendered(tool, result, seconds),
    storeKey: () => renderStoreKey(settings),
    onForged: () => taps.measures.forged(),
  });
  const packages = createPackages({ ...deps, dataDir: options.dataDir });
  return {
    mirrors,
    checkouts,
    packages,
    renderer,
    async close() {
      await renderer.close();
      await packages.close();
      mirrors.close();
    },
  };
}

function createClusters(
  deps: ControlPlaneDeps,
  options: ControlPlaneOptions,
  settings: Settings,
  health: HealthJudge,
): LiveClusters {
  const home: ClusterEntry = { server: HOME_SERVER, name: HOME_NAME, digest: HOME_NAME };
  const isHome = (entry: ClusterEntry): boolean => entry.digest === HOME_NAME;
  const guard = deps.guard ?? defaultAddressGuard;
  const open = (connection: ClusterConnection, entry: ClusterEntry): LiveCluster => {
    // The home cluster is the administrator's word; the others are those of Secrets.
    const client = createKubeClient(connection, isHome(entry) ? {} : { guard }, deps);
    const discovery = new Discovery({ ...deps, client });
    return new LiveCluster(
      { ...deps, client, discovery },
      {
        server: entry.server,
        name: entry.name,
        isHome: isHome(entry),
        // Whatever somebody judges of Secrets, those that nobody tracks are nobody's business.
        judges: (kind) => kind.kind !== 'Secret' && health.judges(kind),
      },
    );
  };
  return new LiveClusters({
    clock: deps.clock,
    log: deps.log,
    entries: () => [
      withRefresh(home, settings.homeRefreshRequestedAt()),
      ...settings.clusters().map(({ refreshRequestedAt, labels: _, annotations: _a, ...cluster }) => {
        const { server, name, project } = cluster;
        const entry = {
          server,
          name,
          digest: digestOf(cluster),
          ...(project === undefined ? {} : { project }),
        };
        return withRefresh(entry, refreshRequestedAt);
      }),
    ],
    connect(entry) {
      if (isHome(entry)) return open(options.connection, entry);
      const secret = settings.clusters().find(({ server }) => server === entry.server);
      return open(connectionOf({ ...secret?.config, server: entry.server }), entry);
    },
  });
}

function withRefresh(entry: ClusterEntry, refreshRequestedAt: string | undefined): ClusterEntry {
  return refreshRequestedAt === undefined ? entry : { ...entry, refreshRequestedAt };
}

interface Parts {
  readonly home: KubeClient;
  readonly journal: Journal;
  readonly settings: Settings;
  readonly stages: Stages;
  readonly clusters: LiveClusters;
  readonly repositories: RepositoryTracker;
  readonly packageFeeds: PackageTracker;
  readonly leadership: Leadership;
  readonly evaluator: Evaluator;
  readonly health: HealthJudge;
  readonly taps: Taps;
  readonly timing: Timing;
}

function applicationDeps(
  deps: ControlPlaneDeps,
  options: ControlPlaneOptions,
  parts: Parts,
): { deps: ApplicationDeps; connect(controller: ApplicationController): void } {
  const { home, journal, settings, stages, clusters, repositories, leadership, taps, timing } = parts;
  const { packages } = stages;
  const memories = new Memories();
  const ranges = new Lru<Promise<ChangedPaths | undefined>>(REMEMBERED_RANGES);
  const verified = new Lru<true>(REMEMBERED_SIGNATURES);
  let controller: ApplicationController | undefined;
  const application: ApplicationDeps = {
    clock: deps.clock,
    log: deps.log,
    home,
    controlNamespace: options.namespace,
    clusters,
    repositories,
    renderer: tappedRenderer(taps, stages.renderer),
    journal,
    memories,
    leadership,
    snapshotMaxAgeMs: SNAPSHOT_MAX_AGE_MS,
    syncSettings: { waveDelayMs: timing.waveDelayMs },
    // An application that names no project is one of `default`.
    project: (name) => settings.effectiveProject(name === '' ? 'default' : name),
    repositoryFor: (url, project) => settings.repository(url, project),
    normalizeUrl: normaliseUrl,
    sameRepository,
    repositoryKey: normaliseUrl,
    packages,
    packageFeeds: parts.packageFeeds,
    openArtifact: async (source, repository, revision, options) => {
      const place = packages.placeOf(source, repository);
      if (place !== undefined) return await packages.artifact(place, revision, options);
      return await gitArtifact(
        { mirror: stages.mirrors.get(repository), checkouts: stages.checkouts },
        revision,
      );
    },
    verify: (repository, revision, policy, signal) => {
      const { objects } = stages.mirrors.get(repository);
      return verifyRevision(
        { raw: (id) => objects.raw(id), now: () => deps.clock.now(), verified },
        { repository: normaliseUrl(repository.url), revision, policy, keyring: settings.keyring(), signal },
      );
    },
    changedPaths: (repository, from, to) => changedPaths(stages, ranges, repository, from, to),
    ignoreRules: new IgnoreRuleBook({ evaluator: parts.evaluator, configData: () => settings.configData() }),
    compareEngine: () =>
      engineNamed(settings.config('fairlead.diff.engine')) ??
      (settings.parameter('controller.diff.server.side') === 'true' ? 'server-side' : 'ownership'),
    health: parts.health,
    actions: createActionCatalog({ evaluator: parts.evaluator, clock: deps.clock }),
    aggregateHealth,
    current: (app) => controller?.current(keyOfApplication(app)),
    wrote: (app) => controller?.wrote(app),
    writeOperationState: (app, state) => writeOperationState(application, app, state),
    isApplication: (instance) => controller?.has(instance) === true,
    desiredBy: (server, key, except) => desiredBy(memories, server, key, except),
    impersonation: () => settings.impersonation(),
    noteManagers: (app) => taps.specManagers.note(app),
    aroundReconcile: aroundReconcile(taps, normaliseUrl),
    dependencies: new Dependencies({
      controlNamespace: options.namespace,
      memories,
      application: (key) => controller?.current(key),
    }),
    config: (key) => settings.config(key),
    deletesDisabled: (server) => isDeletionOff(settings, server),
  };
  return {
    deps: application,
    connect(made) {
      controller = made;
    },
  };
}

/** The same range is asked for by every application of a repository; a range that cannot be read is asked again. */
function changedPaths(
  stages: Stages,
  ranges: Lru<Promise<ChangedPaths | undefined>>,
  repository: Repository,
  from: string,
  to: string,
): Promise<ChangedPaths | undefined> {
  const key = `${normaliseUrl(repository.url)} ${from} ${to}`;
  const known = ranges.get(key);
  if (known !== undefined) return known;
  const asked = stages.mirrors
    .get(repository)
    .changedPaths(from, to)
    .then(
      (paths) => new ChangedPaths(paths),
      () => {
        ranges.delete(key);
        return undefined;
      },
    );
  ranges.set(key, asked);
  return asked;
}

function desiredBy(memories: Memories, server: string, key: ResourceKey, except: string): string[] {
  const text = keyText(key);
  const found: string[] = [];
  for (const [instance, memory] of memories.entries()) {
    if (instance === except || memory.server !== server) continue;
    if (memory.desired?.keys.has(text) === true) found.push(instance);
  }
  return found;
}

/** `fairlead.deletes.disabled` in argocd-cm: "true" for all clusters, or a comma-separated list of server URLs. */
function isDeletionOff(settings: Settings, server: string): boolean {
  const text = settings.config('fairlead.deletes.disabled') ?? '';
  return text === 'true' || text.split(',').some((item) => item.trim() === server);
}

async function startHttp(
  deps: ControlPlaneDeps,
  options: ControlPlaneOptions,
  parts: Pick<Parts, 'home' | 'journal' | 'settings' | 'stages' | 'clusters' | 'repositories' | 'taps'> & {
    metrics: Registry;
    observability: RunningObservability;
    controller: ApplicationController;
    application: ApplicationDeps;
    applicationSets: ApplicationSetController;
  },
): Promise<RunningServer> {
  const { home, settings, repositories, taps } = parts;
  const accounts = kubernetesAccounts({ ...deps, home, namespace: options.namespace, settings });
  const refresh = refreshThroughLeader(parts.controller, { ...parts.application, random: deps.random });
  const repositoryDeps = {
    ...deps,
    home,
    namespace: options.namespace,
    settings,
    mirrors: parts.stages.mirrors,
    packages: parts.stages.packages,
  };
  const ports = serverPorts(deps, {
    ...parts,
    dataDir: options.dataDir,
    accounts,
    notifications: parts.observability.notifications,
    refresh,
    namespace: options.namespace,
    publicUrl: options.publicUrl,
    repositoryStore: repositoryStore(repositoryDeps),
    writeRepositories: repositorySecrets(repositoryDeps, 'write'),
    webhook: tappedWebhook(
      taps,
      webhookInbox({
        ...deps,
        journal: parts.journal,
        secrets: () => settings.webhookSecrets(),
        isKnown: (urls) => repositories.knows(urls),
        async moved(urls) {
          await Promise.all([repositories.announce(urls), refresh.repositories(urls)]);
        },
        pushed: (artifacts) => refresh.artifacts(artifacts),
      }),
      normaliseUrl,
    ),
  });
  return await startServer(ports, {
    host: options.host,
    port: options.port,
    auth: options.auth,
    controlNamespace: options.namespace,
    uiDirectory: options.uiDirectory,
    surface: options.role === 'controller' ? 'operations' : 'all',
    ...(options.accessKey === undefined ? {} : { accessKey: options.accessKey }),
    ...(options.publicUrl === undefined ? {} : { publicUrl: options.publicUrl }),
    ...(options.trustedProxies === undefined ? {} : { trustedProxies: options.trustedProxies }),
  });
}
