// Finds out what an application should be and what it is: git → render → targets → live objects. Every way this can
// fail ends as a finding (a condition) of this one application.
import { DiffError, prepareTarget } from '../../diff/index.ts';
import { sameRepository } from '../../git/index.ts';
import { type KubeObject, keyOf, keyText } from '../../k8s/index.ts';
import { CodedError, jsonEqual, messageOf, retryOf } from '../../lib/index.ts';
import {
  type Application,
  type ApplicationSource,
  instanceName,
  isMultiSource,
  sourcesOf,
} from '../../model/index.ts';
import type { LiveCluster } from '../cluster/index.ts';
import type { EffectiveProject } from '../settings/index.ts';
import { compareTargets } from './compare.ts';
import type { Finding } from './conditions.ts';
import type { ApplicationDeps } from './deps.ts';
import { engineOf } from './engine.ts';
import type { Comparison, Desired, Facts } from './facts.ts';
import { activeHold, holdFindings } from './hold.ts';
import { requireTrusted } from './integrity.ts';
import type { ApplicationMemory } from './memory.ts';
import { destinationRefusal, objectRefusal, sourceRefusal, usableProject } from './project-rules.ts';
import { sharedFindings, sharedResources } from './shared-resources.ts';
import { optionFindings } from './warnings.ts';

/** What the spec permits to go on with, or why it does not. */
export type Admission =
  | {
      readonly kind: 'admitted';
      readonly source: ApplicationSource;
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
  const { cluster, project, source } = admission;
  memory.server = cluster.server;
  let desired: Desired;
  try {
    desired = await desiredState(deps, app, memory, heldAt(deps, app, { source, cluster, signal }));
  } catch (error) {
    signal.throwIfAborted();
    return { app, cluster, project, ...failed(error, deps, app) };
  }
  try {
    const comparison = await compareDesired(deps, { app, cluster, memory, desired, signal });
    const now = deps.clock.now();
    const followed = activeHold(app, now) && (await followedRevision(deps, app, source));
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
  const [source] = sourcesOf(spec);
  if (source === undefined) return refuse('spec.source is missing: name at least repoURL and path');
  if (isMultiSource(spec) && (spec.sources ?? []).length > 1) {
    return refuse('spec.sources has several entries, which this version cannot render; use spec.source');
  }
  const unusable = await deps.health.problemOf(app);
  if (unusable !== undefined) return refuse(unusable);
  const { server, name } = spec.destination;
  if (server && name) {
    return refuse(`spec.destination has both server (${server}) and name (${name}); give one of them`);
  }
  if (!server && !name) return refuse('spec.destination has neither server nor name; give one of them');
  const project = usableProject(deps, app);
  if (typeof project === 'string') return refuse(project);
  for (const each of sourcesOf(spec)) {
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
  return { kind: 'admitted', source, project, cluster };
}

/** While it is held the application is compared with what it is held at. */
function heldAt(deps: ApplicationDeps, app: Application, options: DesiredOptions): DesiredOptions {
  const hold = activeHold(app, deps.clock.now());
  if (hold === undefined) return options;
  return { ...options, source: hold.source ?? options.source, revision: hold.revision, isRemembered: true };
}

/** The commit the source is at; undefined when that cannot be told now. */
async function followedRevision(
  deps: ApplicationDeps,
  app: Application,
  source: ApplicationSource,
): Promise<string | undefined> {
  const repository = deps.repositoryFor(source.repoURL, app.spec.project);
  try {
    const snapshot = await deps.repositories.snapshot(repository, Number.NEGATIVE_INFINITY);
    const { id } = await deps.repositories
      .mirror(repository)
      .resolve(source.targetRevision ?? '', { snapshot: snapshot.refs });
    return id;
  } catch {
    return undefined;
  }
}

interface DesiredOptions {
  readonly source: ApplicationSource;
  readonly cluster: LiveCluster;
  readonly signal: AbortSignal;
  /** A commit to render instead of the one the source names; such a render is not remembered by itself. */
  readonly revision?: string;
  readonly isRemembered?: boolean;
}

/** The rendered and prepared targets; from memory when neither source nor anything that was read changed. */
export async function desiredState(
  deps: ApplicationDeps,
  app: Application,
  memory: ApplicationMemory,
  options: DesiredOptions,
): Promise<Desired> {
  const { source, cluster } = options;
  const repository = deps.repositoryFor(source.repoURL, app.spec.project);
  // Webhooks and the poll keep the snapshot young; only who was never rendered, or is asked to, looks for itself.
  const firstLook = deps.clock.monotonic() - deps.snapshotMaxAgeMs;
  const notBefore =
    memory.refresh?.askedAt ?? (memory.desired === undefined ? firstLook : Number.NEGATIVE_INFINITY);
  const snapshot = await deps.repositories.snapshot(repository, notBefore);
  const mirror = deps.repositories.mirror(repository);
  const pinned = options.revision;
  const isRemembered = pinned === undefined || options.isRemembered === true;
  const resolved = await mirror.resolve(pinned ?? source.targetRevision ?? '', {
    snapshot: snapshot.refs,
    ...(source.tagPrefix === undefined ? {} : { tagPrefix: source.tagPrefix }),
  });
  await requireTrusted(deps, app, source, resolved, options.signal);
  const { id: revision } = resolved;
  const known = memory.desired;
  const isHard = memory.refresh?.level === 'hard';
  if (
    known !== undefined &&
    !isHard &&
    jsonEqual(known.source, source) &&
    sameRepository(known.source.repoURL, source.repoURL)
  ) {
    if (known.revision === revision) return known;
    if (await isUntouched(deps, app, known, revision)) {
      const moved: Desired = { ...known, revision };
      if (isRemembered) memory.desired = moved;
      return moved;
    }
  }
  const desired = await renderDesired(deps, app, {
    source,
    revision,
    cluster,
    signal: options.signal,
    fresh: isHard,
  });
  if (isRemembered) memory.desired = desired;
  return desired;
}

/** True when `other` is a commit that renders the same as `desired`, as far as the changed paths can tell. */
export async function isSameRender(
  deps: ApplicationDeps,
  app: Application,
  desired: Desired,
  other: string | undefined,
): Promise<boolean> {
  if (other === undefined || other === '') return false;
  return other === desired.revision || (await isUntouched(deps, app, desired, other));
}

/** True when no path the render read changed between its commit and `revision`. */
async function isUntouched(
  deps: ApplicationDeps,
  app: Application,
  known: Desired,
  revision: string,
): Promise<boolean> {
  const repository = deps.repositoryFor(known.source.repoURL, app.spec.project);
  const changed = await deps.changedPaths(repository, known.revision, revision);
  return changed !== undefined && !changed.touches(known.set.input.reads);
}

async function renderDesired(
  deps: ApplicationDeps,
  app: Application,
  request: {
    source: ApplicationSource;
    revision: string;
    cluster: LiveCluster;
    signal: AbortSignal;
    fresh: boolean;
  },
): Promise<Desired> {
  const { source, revision, cluster, signal, fresh } = request;
  const { name = '', namespace = '' } = app.metadata;
  const instance = instanceName(app, deps.controlNamespace);
  const destinationNamespace = app.spec.destination.namespace ?? '';
  const artifact = await deps.openArtifact(
    deps.repositoryFor(source.repoURL, app.spec.project),
    revision,
    signal,
  );
  const set = await deps.renderer.render(
    {
      artifact,
      source,
      sourceIndex: 0,
      app: { name, namespace, project: app.spec.project, destinationNamespace, instance },
      kube: cluster.versions(),
      fresh,
    },
    signal,
  );
  const prepared = prepareTarget(set.manifests, {
    instance,
    destinationNamespace,
    scopeOf: (kind) => cluster.scopeOf(kind),
  });
  const findings = prepared.conditions.map(({ type, message }) => ({
    type: type as Finding['type'],
    message,
  }));
  const keys = new Set(prepared.targets.map(({ object }) => keyText(keyOf(object))));
  return { revision, source, set, targets: prepared.targets, findings, keys };
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
  const { source, revision } = desired;
  return await renderDesired(deps, app, { source, revision, cluster, signal, fresh: true });
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
