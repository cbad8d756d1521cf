// Gathers what an explanation is made of: Git, the comparison, the tree, events and the journal. What cannot be read is
// left out: an explanation with less in it is better than none.
import type { Explanation } from '../contract/index.ts';
import {
  type ApplicationDeps,
  compareDesired,
  decideNext,
  isPackage,
  judgedTree,
  type LiveCluster,
} from '../controllers/index.ts';
import { maskAnnotationChange } from '../diff/index.ts';
import {
  type ExplainedEvent,
  type ExplainedObject,
  type ExplainedRecord,
  type ExplanationFacts,
  explainApplication,
} from '../explain/index.ts';
import { type KubeObject, keyText, wellKnown } from '../k8s/index.ts';
import { isRecord, mapLimited } from '../lib/index.ts';
import {
  type Application,
  type ApplicationSource,
  type CommitInfo,
  instanceName,
  type ResourceNode,
  sourcesOf,
} from '../model/index.ts';

const MAX_EVENT_OBJECTS = 8;
const EVENTS_AT_ONCE = 4;
const MAX_RECORDS = 20;
/** Older records explain nothing of the present, and looking for them would read all of the journal. */
const RECORDS_MS = 7 * 86_400_000;
const UNWELL = new Set(['Degraded', 'Progressing', 'Missing', 'Suspended', 'Unknown']);

/** @param maskAnnotations names of annotations whose values nobody may see */
export async function explain(
  deps: ApplicationDeps,
  app: Application,
  maskAnnotations: readonly string[],
  signal: AbortSignal,
): Promise<Explanation> {
  return explainApplication(await gather(deps, app, maskAnnotations, signal));
}

async function gather(
  deps: ApplicationDeps,
  app: Application,
  maskAnnotations: readonly string[],
  signal: AbortSignal,
): Promise<ExplanationFacts> {
  const instance = instanceName(app, deps.controlNamespace);
  const cluster = await deps.clusters.resolve(app.spec.destination).catch(() => undefined);
  const memory = deps.memories.of(instance);
  const { desired } = memory;
  const comparison =
    cluster === undefined || desired === undefined
      ? undefined
      : await compareDesired(deps, { app, cluster, memory, desired, signal });
  const unhealthy = cluster === undefined ? [] : await unwell(deps, app, cluster, instance);
  const decision =
    comparison === undefined || desired === undefined
      ? undefined
      : await decideNext(deps, app, memory, { app, findings: desired.findings, desired, comparison });
  const target = (await newestRevision(deps, app).catch(() => undefined)) ?? desired?.parts[0]?.revision;
  const last = app.status?.history?.at(-1);
  const before = last?.revisions?.[0] ?? last?.revision;
  const origins = new Map(desired?.targets.map(({ object, origin }) => [keyText(keyTextOf(object)), origin]));
  return {
    app,
    now: deps.clock.now(),
    ...(await optional('commit', commitOf(deps, app, target))),
    ...(await optional('deployed', commitOf(deps, app, before))),
    ...(await optional('changedInputs', changedInputs(deps, app, before, target))),
    ...(comparison === undefined
      ? {}
      : {
          objects: comparison.judged.map(({ change, status, health, requiresPruning }): ExplainedObject => {
            const origin = origins.get(keyText(change.key));
            return {
              change: {
                ...change,
                fields: change.fields.map((field) => maskAnnotationChange(field, maskAnnotations)),
              },
              status,
              requiresPruning,
              ...(health === undefined ? {} : { health }),
              ...(origin === undefined ? {} : { origin }),
            };
          }),
        }),
    unhealthy,
    events: cluster === undefined ? [] : await eventsOf(cluster, unhealthy, signal),
    ...(decision === undefined ? {} : { decision }),
    records: await recordsOf(deps, app),
  };
}

/** The member with its value, or nothing when there is none. */
async function optional<Name extends string, T>(
  name: Name,
  value: Promise<T | undefined>,
): Promise<{ [name in Name]?: T }> {
  const known = await value.catch(() => undefined);
  return (known === undefined ? {} : { [name]: known }) as { [name in Name]?: T };
}

function keyTextOf(object: KubeObject) {
  const { apiVersion, kind, metadata } = object;
  const slash = apiVersion.indexOf('/');
  const group = slash < 0 ? '' : apiVersion.slice(0, slash);
  return { group, kind, namespace: metadata.namespace ?? '', name: metadata.name ?? '' };
}

async function unwell(
  deps: ApplicationDeps,
  app: Application,
  cluster: LiveCluster,
  instance: string,
): Promise<ResourceNode[]> {
  const roots = cluster.trackedBy(instance).filter(({ owners }) => owners.length === 0);
  const { nodes } = await judgedTree(cluster.store, roots, [], (object) => deps.health.assess(object, app));
  return nodes.filter(({ health }) => UNWELL.has(health?.status ?? ''));
}

/** The first source, if it has commits. */
function commitSource(deps: ApplicationDeps, app: Application): ApplicationSource | undefined {
  const [source] = sourcesOf(app.spec);
  return source === undefined || isPackage(deps, app, source) ? undefined : source;
}

async function commitOf(
  deps: ApplicationDeps,
  app: Application,
  revision: string | undefined,
): Promise<CommitInfo | undefined> {
  const source = commitSource(deps, app);
  if (source === undefined || revision === undefined) return undefined;
  return await deps.repositories
    .mirror(deps.repositoryFor(source.repoURL, app.spec.project))
    .commitInfo(revision);
}

/** What the target revision is now, as far as it was fetched; it may be one that does not render. */
async function newestRevision(deps: ApplicationDeps, app: Application): Promise<string | undefined> {
  const source = commitSource(deps, app);
  if (source === undefined) return undefined;
  const mirror = deps.repositories.mirror(deps.repositoryFor(source.repoURL, app.spec.project));
  const { tagPrefix } = source;
  const { id } = await mirror.resolve(
    source.targetRevision ?? '',
    tagPrefix === undefined ? {} : { tagPrefix },
  );
  return id;
}

/** Paths that the commits changed and the application's render reads. */
async function changedInputs(
  deps: ApplicationDeps,
  app: Application,
  from: string | undefined,
  to: string | undefined,
): Promise<string[] | undefined> {
  const source = commitSource(deps, app);
  const reads = deps.memories.peek(instanceName(app, deps.controlNamespace))?.desired?.parts[0]?.set.input
    .reads;
  if (source === undefined || reads === undefined || from === undefined || to === undefined || from === to)
    return undefined;
  const mirror = deps.repositories.mirror(deps.repositoryFor(source.repoURL, app.spec.project));
  const changed = await mirror.changedPaths(from, to);
  return changed.filter((path) =>
    reads.some((read) => read.path === '' || path === read.path || path.startsWith(`${read.path}/`)),
  );
}

async function eventsOf(
  cluster: LiveCluster,
  nodes: readonly ResourceNode[],
  signal: AbortSignal,
): Promise<ExplainedEvent[]> {
  const asked = nodes.filter(({ uid }) => uid !== undefined).slice(0, MAX_EVENT_OBJECTS);
  const lists = await mapLimited(asked, EVENTS_AT_ONCE, async ({ namespace = '', uid }) => {
    const answer = await cluster.client.listAll(wellKnown.events, {
      namespace,
      fieldSelector: `involvedObject.uid=${uid}`,
      signal,
    });
    return answer.kind === 'incomplete' ? [] : answer.items;
  });
  return lists
    .flat()
    .map(eventOf)
    .filter(({ type }) => type !== 'Normal')
    .sort((a, b) => (a.at < b.at ? 1 : -1));
}

function eventOf(event: KubeObject): ExplainedEvent {
  const involved = isRecord(event['involvedObject']) ? event['involvedObject'] : {};
  const text = (value: unknown): string => (typeof value === 'string' ? value : '');
  const at = [event['lastTimestamp'], event['eventTime'], event.metadata.creationTimestamp].find(
    (time) => typeof time === 'string' && time !== '',
  );
  return {
    object: {
      kind: text(involved['kind']),
      namespace: text(involved['namespace']),
      name: text(involved['name']),
    },
    type: text(event['type']),
    reason: text(event['reason']),
    message: text(event['message']),
    at: text(at),
    count: typeof event['count'] === 'number' ? event['count'] : 1,
  };
}

async function recordsOf(deps: ApplicationDeps, app: Application): Promise<ExplainedRecord[]> {
  const { namespace = '', name = '' } = app.metadata;
  const { records } = await deps.journal.query({
    filters: { operation: `${namespace}/${name}@*`, since: deps.clock.now() - RECORDS_MS },
    limit: MAX_RECORDS,
  });
  return records
    .filter(({ kind }) => kind !== 'intent')
    .map(({ time, actor, action, object, outcome, reason }) => ({
      at: time,
      actor: actor.name,
      action,
      object: { kind: object.kind, name: object.name },
      ...(outcome === undefined ? {} : { outcome }),
      ...(reason === undefined ? {} : { reason }),
    }));
}
