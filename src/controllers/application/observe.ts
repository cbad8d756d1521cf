// Finds out what an application should be and what it is: git → render → targets → live objects. Every way this can
// fail ends as a finding (a condition) of this one application.
import { DiffError, prepareTarget } from '../../diff/index.ts';
import { type KubeObject, keyOf, keyText } from '../../k8s/index.ts';
import { CodedError, messageOf, retryOf } from '../../lib/index.ts';
import { type Application, instanceName } from '../../model/index.ts';
import type { LiveCluster } from '../cluster/index.ts';
import type { EffectiveProject } from '../settings/index.ts';
import { compareTargets } from './compare.ts';
import type { Finding } from './conditions.ts';
import type { ApplicationDeps } from './deps.ts';
import { engineOf } from './engine.ts';
import type { Comparison, Desired, Facts } from './facts.ts';
import { activeHold, heldAt, holdFindings } from './hold.ts';
import type { ApplicationMemory } from './memory.ts';
import { destinationRefusal, objectRefusal, sourceRefusal, usableProject } from './project-rules.ts';
import { sharedFindings, sharedResources } from './shared-resources.ts';
import {
  isOfSources,
  joinSets,
  locateSources,
  movedTo,
  type ResolvedSource,
  renderSources,
  resolveSources,
  type SourceList,
  sourceListOf,
  sourcesProblem,
} from './sources.ts';
import { optionFindings } from './warnings.ts';

/** What the spec permits to go on with, or why it does not. */
export type Admission =
  | {
      readonly kind: 'admitted';
      readonly list: SourceList;
      readonly project: EffectiveProject;
      readonly cluster: LiveCluster;
    }
  | { readonly kind: 'refused'; readonly findings: readonly Finding[] };

export async function observe(
  deps: ApplicationDeps,
  app: Application,
  memory: ApplicationMemory,
  signal: AbortSignal,
): Promise<Facts & { readonly cluster?: LiveCluster; readonly project?: EffectiveProject }> {
  const admission = await admit(deps, app);
  if (admission.kind === 'refused') return { app, findings: admission.findings, retry: 'on-change' };
  const { cluster, project, list } = admission;
  memory.server = cluster.server;
  let desired: Desired;
  try {
    const held = heldAt(app, list, deps.clock.now());
    desired = await desiredState(deps, app, memory, { list, cluster, signal, ...held });
  } catch (error) {
    signal.throwIfAborted();
    return { app, cluster, project, ...failed(error, deps, app) };
  }
  try {
    const comparison = await compareDesired(deps, { app, cluster, memory, desired, signal });
    const now = deps.clock.now();
    const followed = activeHold(app, now) && (await followedRevision(deps, app, list));
    const problem = deps.dependencies.problem(`${app.metadata.namespace}/${app.metadata.name}`);
    const findings: Finding[] = [
      ...desired.findings,
      ...holdFindings(app, now, followed),
      ...(problem === undefined ? [] : [{ type: 'InvalidSpecError', message: problem } as const]),
      ...optionFindings(app, desired.targets),
      ...sharedFindings(sharedResources(app, cluster, comparison.judged, deps.controlNamespace)),
    ];
    return { app, cluster, project, findings, desired, comparison };
  } catch (error) {
    signal.throwIfAborted();
    return { app, cluster, project, desired, ...failed(error, deps, app) };
  }
}

/** Why a specification cannot be used, before anything is fetched; empty when it can. */
export async function admissionFindings(
  deps: ApplicationDeps,
  app: Application,
): Promise<readonly Finding[]> {
  const admission = await admit(deps, app);
  return admission.kind === 'refused' ? admission.findings : [];
}

/** Project, source, destination: everything that must hold before anything is fetched. */
async function admit(deps: ApplicationDeps, app: Application): Promise<Admission> {
  const { spec } = app;
  const refuse = (message: string): Admission => ({
    kind: 'refused',
    findings: [{ type: 'InvalidSpecError', message }],
  });
  const list = sourceListOf(spec);
  const problem = sourcesProblem(list);
  if (problem !== undefined) return refuse(problem);
  const unusable = await deps.health.problemOf(app);
  if (unusable !== undefined) return refuse(unusable);
  const { server, name } = spec.destination;
  if (server && name) {
    return refuse(`spec.destination has both server (${server}) and name (${name}); give one of them`);
  }
  if (!server && !name) return refuse('spec.destination has neither server nor name; give one of them');
  const project = usableProject(deps, app);
  if (typeof project === 'string') return refuse(project);
  for (const each of list.sources) {
    const refusal = sourceRefusal(deps, project, each);
    if (refusal !== undefined) return refuse(refusal);
  }
  const cluster = await deps.clusters.resolve(spec.destination);
  if (cluster === undefined) {
    return refuse(
      `There is no cluster ${name === undefined || name === '' ? `with server ${server}` : `named ${name}`}; add a cluster Secret for it or correct spec.destination`,
    );
  }
  const refusal = destinationRefusal(deps, project, app, cluster);
  if (refusal !== undefined) return refuse(refusal);
  return { kind: 'admitted', list, project, cluster };
}

/** The revisions the sources are at; undefined when that cannot be told now. */
async function followedRevision(
  deps: ApplicationDeps,
  app: Application,
  list: SourceList,
): Promise<string | undefined> {
  try {
    const notBefore = Number.NEGATIVE_INFINITY;
    const located = await locateSources(deps, app, list, { notBefore, revisions: [] });
    return located.map(({ revision }) => revision).join(',');
  } catch {
    return undefined;
  }
}

interface DesiredOptions {
  readonly list: SourceList;
  readonly cluster: LiveCluster;
  readonly signal: AbortSignal;
  /** Revisions to render instead of those the sources name, by index; such a render is not remembered by itself. */
  readonly revisions?: readonly string[];
  readonly isRemembered?: boolean;
}

/** The rendered and prepared targets; from memory when neither source nor anything that was read changed. */
export async function desiredState(
  deps: ApplicationDeps,
  app: Application,
  memory: ApplicationMemory,
  options: DesiredOptions,
): Promise<Desired> {
  const { list, cluster, signal } = options;
  // Webhooks and the poll keep the snapshot young; only who was never rendered, or is asked to, looks for itself.
  const firstLook = deps.clock.monotonic() - deps.snapshotMaxAgeMs;
  const notBefore =
    memory.refresh?.askedAt ?? (memory.desired === undefined ? firstLook : Number.NEGATIVE_INFINITY);
  const revisions = options.revisions ?? [];
  const isPinned = revisions.some((revision) => revision !== '');
  const isRemembered = !isPinned || options.isRemembered === true;
  const isHard = memory.refresh?.level === 'hard';
  const resolved = await resolveSources(deps, app, list, {
    notBefore,
    revisions,
    signal,
    isHard: isHard && !isPinned,
  });
  const ids = resolved.map(({ revision }) => revision);
  const known = memory.desired;
  if (known !== undefined && !isHard && isOfSources(known, list)) {
    if (known.revision === ids.join(',')) return known;
    const moved = await movedTo(deps, app, known, ids);
    if (moved !== undefined) {
      if (isRemembered) memory.desired = moved;
      return moved;
    }
  }
  const desired = await renderDesired(deps, app, {
    list,
    resolved,
    cluster,
    signal,
    fresh: isHard,
    refetch: isHard && !isPinned,
  });
  if (isRemembered) memory.desired = desired;
  return desired;
}

/** True when `other` (see `revisionText`) renders the same as `desired`, as far as the changed paths can tell. */
export async function isSameRender(
  deps: ApplicationDeps,
  app: Application,
  desired: Desired,
  other: string,
): Promise<boolean> {
  if (other === '') return false;
  return other === desired.revision || (await movedTo(deps, app, desired, other.split(','))) !== undefined;
}

async function renderDesired(
  deps: ApplicationDeps,
  app: Application,
  request: {
    list: SourceList;
    resolved: readonly ResolvedSource[];
    cluster: LiveCluster;
    signal: AbortSignal;
    fresh: boolean;
    refetch?: boolean;
  },
): Promise<Desired> {
  const { cluster } = request;
  const parts = await renderSources(deps, app, request.resolved, request);
  const set = joinSets(parts);
  const prepared = prepareTarget(set.manifests, {
    instance: instanceName(app, deps.controlNamespace),
    destinationNamespace: app.spec.destination.namespace ?? '',
    scopeOf: (kind) => cluster.scopeOf(kind),
  });
  const findings = prepared.conditions.map(({ type, message }) => ({
    type: type as Finding['type'],
    message,
  }));
  const keys = new Set(prepared.targets.map(({ object }) => keyText(keyOf(object))));
  const revision = parts.map((part) => part.revision).join(',');
  return { isMulti: request.list.isMulti, parts, revision, set, targets: prepared.targets, findings, keys };
}

/** Holds a render against the cluster. */
export async function compareDesired(
  deps: ApplicationDeps,
  context: {
    app: Application;
    cluster: LiveCluster;
    memory: ApplicationMemory;
    desired: Desired;
    signal: AbortSignal;
  },
): Promise<Comparison> {
  const { app, cluster, memory, desired, signal } = context;
  const ignore = deps.ignoreRules.rulesFor(app);
  deps.ignoreRules.requireReadable(desired.targets.map(({ object }) => object));
  const compareDeps = {
    cluster,
    assessHealth: (object: KubeObject) => deps.health.assess(object, app),
    aggregateHealth: deps.aggregateHealth,
    ignore,
    engine: engineOf(app) ?? deps.compareEngine(),
  };
  const comparison = await compareTargets(
    compareDeps,
    memory,
    instanceName(app, deps.controlNamespace),
    desired.targets,
    signal,
  );
  const live = comparison.judged.flatMap(({ change }) => change.live ?? []);
  return { ...comparison, health: await deps.health.refine(app, comparison.health, live) };
}

/** The same commit rendered anew, past the store. */
export async function renderAgain(
  deps: ApplicationDeps,
  context: { app: Application; cluster: LiveCluster; signal: AbortSignal },
  desired: Desired,
): Promise<Desired> {
  const { app, cluster, signal } = context;
  const resolved = desired.parts.map(({ source, revision }) => ({
    source,
    revision,
    repository: deps.repositoryFor(source.repoURL, app.spec.project),
  }));
  const list = { isMulti: desired.isMulti, sources: desired.parts.map(({ source }) => source) };
  return await renderDesired(deps, app, { list, resolved, cluster, signal, fresh: true });
}

/** Objects of the source that the project does not allow, with the sentence for the sync result. */
export function refusedTargets(
  desired: Desired,
  project: EffectiveProject,
  cluster: LiveCluster,
): { object: Desired['targets'][number]['object']; message: string }[] {
  return desired.targets.flatMap(({ object }) => {
    const { apiVersion, kind, metadata } = object;
    const message = objectRefusal(project, cluster, { apiVersion, kind, name: metadata.name ?? '' });
    return message === undefined ? [] : [{ object, message }];
  });
}

function failed(error: unknown, deps: ApplicationDeps, app: Application): Pick<Facts, 'findings' | 'retry'> {
  const expected = error instanceof CodedError || error instanceof DiffError;
  const retry = retryOf(error);
  if (!expected || retry === 'never') {
    deps.log.error('an application could not be compared because of a bug', {
      application: app.metadata.name,
      error,
    });
  }
  const type: Finding['type'] = expected ? 'ComparisonError' : 'UnknownError';
  return {
    findings: [{ type, message: messageOf(error) }],
    retry: retry === 'on-change' ? 'on-change' : 'backoff',
  };
}
