// What the server shows of an application from inside the controllers: tree, managed resources, manifests, commits,
// events. Secrets are masked here, before anything reaches the server.
import type { EventList, ManagedResource, ServerSideDiff } from '../contract/index.ts';
import {
  type ApplicationDeps,
  type ApplicationMemory,
  admissionFindings,
  compareDesired,
  type Desired,
  desiredState,
  isPackage,
  judgedTree,
  type LiveCluster,
  localDesired,
  orphansOf,
  resourceTree,
  sourceListOf,
} from '../controllers/index.ts';
import { maskAnnotationChange, maskSecrets } from '../diff/index.ts';
import { gvkOf, type KubeObject, keyText } from '../k8s/index.ts';
import { messageOf } from '../lib/index.ts';
import { type Application, type Change, instanceName, type Manifest, sourcesOf } from '../model/index.ts';
import type { ApplicationViews, ManifestRequest, ResourceId } from '../server/index.ts';
import { isHook } from '../sync/index.ts';
import { chartDetails, ociMetadata } from './chart-view.ts';
import { explain } from './explain-view.ts';
import { eventsAbout } from './reads.ts';
import { shownChange } from './shown-change.ts';
import type { RenderUpload } from './upload.ts';

export interface ViewsDeps {
  readonly requestRefresh: ApplicationViews['requestRefresh'];
  readonly application: ApplicationDeps;
  /** Renders files that came with a request in place of the application's source. */
  readonly renderUpload: RenderUpload;
  /** Annotations whose values nobody may see: `resource.sensitive.mask.annotations` of argocd-cm. */
  maskAnnotations(): readonly string[];
}

export function applicationViews(deps: ViewsDeps): ApplicationViews {
  const { application } = deps;
  const instance = (app: Application): string => instanceName(app, application.controlNamespace);
  const clusterOf = async (app: Application): Promise<LiveCluster | undefined> =>
    await application.clusters.resolve(app.spec.destination);
  const lastCluster = (app: Application): LiveCluster | undefined => {
    const { server } = application.memories.peek(instance(app)) ?? {};
    return application.clusters.connected().find((cluster) => cluster.server === server);
  };
  /** The destination of an application this process has not looked at yet, with the kinds it is made of watched. */
  const firstLook = async (app: Application): Promise<LiveCluster | undefined> => {
    const resources = app.status?.resources ?? [];
    const cluster = resources.length === 0 ? undefined : await clusterOf(app);
    const kinds = resources.map(({ group = '', kind = '', version = '' }) => ({ group, kind, version }));
    // Bounded by the deadline of its lists.
    const answer = await cluster?.ensureWatched(kinds, new AbortController().signal);
    return answer?.kind === 'complete' ? cluster : undefined;
  };
  const rendered = async (
    app: Application,
    cluster: LiveCluster,
    memory: ApplicationMemory,
    request: ManifestRequest,
    signal: AbortSignal,
  ): Promise<Desired | undefined> => {
    const list = sourceListOf(app.spec);
    if (list.sources.length === 0) return undefined;
    const revisions = requestedRevisions(request, list.sources.length);
    return await desiredState(application, app, memory, { list, cluster, signal, revisions });
  };
  /** What it should be: as the controller knows it, or rendered now when this process has not looked yet. */
  const known = async (
    app: Application,
    cluster: LiveCluster,
    signal: AbortSignal,
  ): Promise<Desired | undefined> => {
    const memory = application.memories.of(instance(app));
    if (memory.desired !== undefined) return memory.desired;
    if ((await admissionFindings(application, app)).length > 0) return undefined;
    return await rendered(app, cluster, memory, {}, signal);
  };
  const shownDiff = async (
    cluster: LiveCluster,
    judged: readonly { readonly change: Change }[],
    signal: AbortSignal,
  ): Promise<ServerSideDiff> => {
    const shown = judged.map(({ change }) =>
      managedResource(cluster, change, deps.maskAnnotations(), signal),
    );
    const items = await Promise.all(shown);
    return { items, modified: items.some(({ modified }) => modified === true) };
  };
  const withheld = (
    app: Application,
    cluster: LiveCluster,
    { change }: { readonly change: Change },
    own?: Desired,
  ): { readonly change: Change } => {
    const isOwn = (): boolean =>
      own === undefined || own.keys.has(keyText(change.key)) || belongs(cluster, change.key, instance(app));
    return { change: shownChange(application, app, cluster, change, isOwn) };
  };
  return {
    async tree(app) {
      const cluster = lastCluster(app) ?? (await firstLook(app));
      if (cluster === undefined) return undefined;
      const desired = application.memories.peek(instance(app))?.desired?.targets ?? [];
      const roots = cluster.trackedBy(instance(app)).filter(({ owners }) => owners.length === 0);
      const assess = (object: KubeObject) => application.health.assess(object, app);
      const tree = await judgedTree(cluster.store, roots, ordinary(desired), assess);
      const orphans = orphansOf(application, app, cluster);
      if (orphans.kind !== 'known') return tree;
      const { nodes } = await judgedTree(cluster.store, orphans.objects, [], assess);
      return { ...tree, orphanedNodes: nodes };
    },
    watchTree(app, handler) {
      const cluster = lastCluster(app);
      if (cluster === undefined) return () => {};
      const own = instance(app);
      return cluster.onTree((changed) => {
        if (changed === own) handler();
      });
    },
    async managedResources(app, signal) {
      const cluster = await clusterOf(app);
      const desired = cluster === undefined ? undefined : await known(app, cluster, signal);
      if (cluster === undefined || desired === undefined) return undefined;
      const memory = application.memories.of(instance(app));
      const comparison = await compareDesired(application, { app, cluster, memory, desired, signal });
      return await Promise.all(
        comparison.judged
          .map((judged) => withheld(app, cluster, judged))
          .map(({ change }) => managedResource(cluster, change, deps.maskAnnotations(), signal)),
      );
    },
    async manifests(app, request, signal) {
      const cluster = await clusterOf(app);
      const memory = application.memories.of(instance(app));
      const desired =
        cluster === undefined ? undefined : await rendered(app, cluster, memory, request, signal);
      if (cluster === undefined || desired === undefined)
        throw new Error('the application has no usable destination or source');
      return {
        manifests: desired.targets.map(({ object }) => masked(object, deps.maskAnnotations())),
        namespace: app.spec.destination.namespace ?? '',
        server: cluster.server,
        revision: desired.revision,
        sourceType: desired.set.input.sourceType,
      };
    },
    async manifestsOf(app, archive, signal) {
      const cluster = await clusterOf(app);
      const [source] = sourcesOf(app.spec);
      if (cluster === undefined || source === undefined)
        throw new Error('the application has no usable destination or source');
      const set = await deps.renderUpload(app, source, archive, cluster.versions(), signal);
      return {
        manifests: set.manifests.map(({ object }) => masked(object, deps.maskAnnotations())),
        namespace: app.spec.destination.namespace ?? '',
        server: cluster.server,
        revision: set.revision,
        sourceType: set.input.sourceType,
      };
    },
    async liveObject(app, id, signal) {
      const cluster = await clusterOf(app);
      if (cluster === undefined) return undefined;
      const live = cluster.live(id);
      if (live === undefined || !belongs(cluster, live.key, instance(app))) return undefined;
      const object = live.full ? live.object : await cluster.read(live.object, signal);
      return object === undefined ? undefined : masked(object, deps.maskAnnotations());
    },
    async commit(app, revision, sourceIndex, _signal) {
      const source = sourcesOf(app.spec)[sourceIndex];
      if (source === undefined || isPackage(application, app, source)) return undefined;
      const repository = application.repositoryFor(source.repoURL, app.spec.project);
      const mirror = application.repositories.mirror(repository);
      const { id } = await mirror.resolve(revision);
      const info = await mirror.commitInfo(id);
      return {
        author: info.author,
        date: info.date,
        message: info.message.trim(),
        tags: info.tags,
        revision: info.sha,
      };
    },
    async contains(app, revision, ancestor) {
      const [source] = sourcesOf(app.spec);
      if (source === undefined || !COMMIT.test(revision) || !COMMIT.test(ancestor)) return false;
      if (isPackage(application, app, source)) return false;
      const repository = application.repositoryFor(source.repoURL, app.spec.project);
      const mirror = application.repositories.mirror(repository);
      return await mirror.isAncestor(ancestor, revision).catch(() => false);
    },
    chart: (app, revision, sourceIndex, signal) =>
      chartDetails(application, app, { revision, sourceIndex }, signal),
    ociMetadata: (app, revision, sourceIndex, signal) =>
      ociMetadata(application, app, { revision, sourceIndex }, signal),
    async serverSideDiff(app, manifests, signal) {
      const cluster = await clusterOf(app);
      const own = cluster === undefined ? undefined : await known(app, cluster, signal);
      if (cluster === undefined || own === undefined) return undefined;
      const desired = manifests.length === 0 ? own : localDesired(application, app, cluster, own, manifests);
      const memory = application.memories.scratch();
      const { judged } = await compareDesired(application, { app, cluster, memory, desired, signal });
      // What only the cluster has is a matter of pruning, not of these manifests.
      const asked = judged.filter(({ change }) => manifests.length === 0 || change.kind !== 'extra');
      return await shownDiff(
        cluster,
        asked.map((item) => withheld(app, cluster, item, own)),
        signal,
      );
    },
    async compare(app, wanted, signal) {
      const cluster = await clusterOf(app);
      const own = cluster === undefined ? undefined : await known(app, cluster, signal);
      if (cluster === undefined || own === undefined) return undefined;
      const memory = application.memories.scratch();
      const desired =
        'manifests' in wanted
          ? localDesired(application, app, cluster, own, wanted.manifests)
          : await rendered(app, cluster, memory, wanted, signal);
      if (desired === undefined) return undefined;
      const { judged } = await compareDesired(application, { app, cluster, memory, desired, signal });
      return await shownDiff(
        cluster,
        judged.map((item) => withheld(app, cluster, item, own)),
        signal,
      );
    },
    explain: (app, signal) => explain(application, app, deps.maskAnnotations(), signal),
    async events(app, of, signal): Promise<EventList> {
      const cluster = of === undefined ? undefined : await clusterOf(app);
      const client = cluster?.client ?? application.home;
      const namespace = of?.namespace ?? app.metadata.namespace ?? '';
      const uid = of?.uid ?? app.metadata.uid ?? '';
      return await eventsAbout(client, { namespace, uid }, signal);
    },
    requestRefresh: deps.requestRefresh,
    async validate(app, signal) {
      const cluster = await clusterOf(app).catch((error: unknown) => messageOf(error));
      const condition = (type: string, message: string): { type: string; message: string } => ({
        type,
        message,
      });
      if (typeof cluster === 'string') return [condition('InvalidSpecError', cluster)];
      const findings = await admissionFindings(application, app);
      if (findings.length > 0 || cluster === undefined) return [...findings];
      const list = sourceListOf(app.spec);
      try {
        const scratch = application.memories.scratch();
        await desiredState(application, app, scratch, { list, cluster, signal });
        return [];
      } catch (error) {
        return [condition('ComparisonError', messageOf(error))];
      }
    },
  };
}

const COMMIT = /^[0-9a-f]{40,64}$/;

function ordinary(targets: readonly Manifest[]): KubeObject[] {
  return targets.map(({ object }) => object).filter((object) => !isHook(object));
}

/** Revisions by source; '' where the source's own counts. Positions count from 1. */
function requestedRevisions(
  { revision, revisions, sourcePositions }: ManifestRequest,
  count: number,
): string[] {
  const asked = Array.from({ length: count }, () => '');
  if (revisions === undefined || sourcePositions === undefined) asked[0] = revision ?? revisions?.[0] ?? '';
  else
    for (const [i, position] of sourcePositions.entries())
      if (position <= count) asked[position - 1] = revisions[i] ?? '';
  return asked;
}

function masked(object: KubeObject, maskAnnotations: readonly string[]): KubeObject {
  const [result] = maskSecrets([withoutManagedFields(object)], maskAnnotations);
  return result as KubeObject;
}

async function managedResource(
  cluster: LiveCluster,
  change: Change,
  maskAnnotations: readonly string[],
  signal: AbortSignal,
): Promise<ManagedResource> {
  const { group, kind, namespace, name } = change.key;
  const { desired, live } = change;
  const predicted =
    change.kind === 'modified' && desired !== undefined
      ? await predict(cluster, desired, signal)
      : change.kind === 'extra'
        ? undefined // a sync deletes it, if it prunes
        : (live ?? desired);
  const [target, current, next] = maskSecrets(
    [desired, live, predicted].map((object) => object && withoutManagedFields(object)),
    maskAnnotations,
  );
  const text = (object: KubeObject | undefined): string =>
    object === undefined ? 'null' : JSON.stringify(object);
  const object = live ?? desired;
  return {
    group,
    ...(object === undefined ? {} : { version: gvkOf(object).version }),
    kind,
    namespace,
    name,
    targetState: target === undefined ? '' : text(target),
    liveState: text(current),
    normalizedLiveState: text(withoutGeneration(current)),
    predictedLiveState: text(withoutGeneration(next)),
    ...(live?.metadata.resourceVersion === undefined
      ? {}
      : { resourceVersion: live.metadata.resourceVersion }),
    modified: change.kind !== 'synced',
    fields: change.fields.map((field) => maskAnnotationChange(field, maskAnnotations)),
  };
}

/** The server counts changes in it: it differs whenever anything does. */
function withoutGeneration(object: KubeObject | undefined): KubeObject | undefined {
  if (object?.metadata.generation === undefined) return object;
  const { generation: _, ...metadata } = object.metadata;
  return { ...object, metadata };
}

/** What an apply would give; the desired state itself when the server refuses to say. */
async function predict(cluster: LiveCluster, desired: KubeObject, signal: AbortSignal): Promise<KubeObject> {
  try {
    return await cluster.preview(desired, signal);
  } catch {
    signal.throwIfAborted();
    return desired;
  }
}

/** An object belongs to the application when it, or an owner above it, is tracked by it. */
function belongs(cluster: LiveCluster, key: ResourceId, instance: string): boolean {
  const text = keyText(key);
  const roots = cluster.trackedBy(instance);
  const tree = resourceTree(cluster.store, roots, [], () => undefined);
  return tree.nodes.some(
    (node) =>
      keyText({
        group: node.group ?? '',
        kind: node.kind,
        namespace: node.namespace ?? '',
        name: node.name,
      }) === text,
  );
}

function withoutManagedFields(object: KubeObject): KubeObject {
  const { managedFields: _, ...metadata } = object.metadata;
  return { ...object, metadata };
}
