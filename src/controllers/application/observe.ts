// Finds out what an application should be and what it is: git → render → targets → live objects. Every way this can
// fail ends as a finding (a condition) of this one application.
import { DiffError, prepareTarget } from '../../diff/index.ts';
import { describeKey, gvkOf, keyOf, keyText } from '../../k8s/index.ts';
import { CodedError, messageOf, retryOf } from '../../lib/index.ts';
import {
  type Application,
  instanceName,
  isDestinationPermitted,
  isKindPermitted,
  isSourcePermitted,
  type ProjectRules,
} from '../../model/index.ts';
import type { LiveCluster } from '../cluster/index.ts';
import { compareTargets } from './compare.ts';
import type { Finding } from './conditions.ts';
import type { ApplicationDeps } from './deps.ts';
import type { Comparison, Desired, Facts } from './facts.ts';
import type { ApplicationMemory } from './memory.ts';
import {
  isOfSources,
  joinSets,
  movedTo,
  type ResolvedSource,
  renderSources,
  resolveSources,
  type SourceList,
  sourceListOf,
  sourcesProblem,
} from './sources.ts';

/** What the spec permits to go on with, or why it does not. */
export type Admission =
  | {
      readonly kind: 'admitted';
      readonly list: SourceList;
      readonly rules: ProjectRules;
      readonly cluster: LiveCluster;
    }
  | { readonly kind: 'refused'; readonly findings: readonly Finding[] };

export async function observe(
  deps: ApplicationDeps,
  app: Application,
  memory: ApplicationMemory,
  signal: AbortSignal,
): Promise<Facts & { readonly cluster?: LiveCluster; readonly rules?: ProjectRules }> {
  const admission = await admit(deps, app);
  if (admission.kind === 'refused') return { app, findings: admission.findings, retry: 'on-change' };
  const { cluster, rules, list } = admission;
  memory.server = cluster.server;
  let desired: Desired;
  try {
    desired = await desiredState(deps, app, memory, { list, cluster, signal });
  } catch (error) {
    signal.throwIfAborted();
    return { app, cluster, rules, ...failed(error, deps, app) };
  }
  try {
    const comparison = await compareDesired(deps, { app, cluster, memory, desired, signal });
    return { app, cluster, rules, findings: desired.findings, desired, comparison };
  } catch (error) {
    signal.throwIfAborted();
    return { app, cluster, rules, desired, ...failed(error, deps, app) };
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
  const { server, name } = spec.destination;
  if (server && name) {
    return refuse(`spec.destination has both server (${server}) and name (${name}); give one of them`);
  }
  if (!server && !name) return refuse('spec.destination has neither server nor name; give one of them');
  const rules = deps.projectRules(spec.project);
  if (rules === undefined) {
    return refuse(
      `Application references project ${spec.project} which does not exist; create it or choose another in spec.project`,
    );
  }
  for (const { repoURL } of list.sources) {
    if (isSourcePermitted(rules, deps.normalizeUrl(repoURL), deps.normalizeUrl)) continue;
    return refuse(
      `application repo ${repoURL} is not permitted in project '${spec.project}'; add it to the project's sourceRepos`,
    );
  }
  const cluster = await deps.clusters.resolve(spec.destination);
  if (cluster === undefined) {
    return refuse(
      `There is no cluster ${name === undefined || name === '' ? `with server ${server}` : `named ${name}`}; add a cluster Secret for it or correct spec.destination`,
    );
  }
  const destination = {
    server: cluster.server,
    name: cluster.name,
    namespace: spec.destination.namespace ?? '',
  };
  if (!isDestinationPermitted(rules, destination)) {
    return refuse(
      `application destination server '${cluster.server}' and namespace '${destination.namespace}' do not match any of the allowed destinations in project '${spec.project}'`,
    );
  }
  return { kind: 'admitted', list, rules, cluster };
}

interface DesiredOptions {
  readonly list: SourceList;
  readonly cluster: LiveCluster;
  readonly signal: AbortSignal;
  /** Revisions to render instead of those the sources name, by index; such a render is not remembered. */
  readonly revisions?: readonly string[];
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
  const resolved = await resolveSources(deps, app, list, { notBefore, revisions, signal });
  const ids = resolved.map(({ revision }) => revision);
  const known = memory.desired;
  const isHard = memory.refresh?.level === 'hard';
  if (known !== undefined && !isHard && isOfSources(known, list)) {
    if (known.revision === ids.join(',')) return known;
    const moved = await movedTo(deps, app, known, ids);
    if (moved !== undefined) {
      if (!isPinned) memory.desired = moved;
      return moved;
    }
  }
  const desired = await renderDesired(deps, app, { list, resolved, cluster, signal, fresh: isHard });
  if (!isPinned) memory.desired = desired;
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
  const ignore = deps.ignoreRules(app);
  const compareDeps = {
    cluster,
    assessHealth: deps.assessHealth,
    aggregateHealth: deps.aggregateHealth,
    ignore,
  };
  return await compareTargets(
    compareDeps,
    memory,
    instanceName(app, deps.controlNamespace),
    desired.targets,
    signal,
  );
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
  rules: ProjectRules,
  cluster: LiveCluster,
): { object: Desired['targets'][number]['object']; message: string }[] {
  return desired.targets.flatMap(({ object }) => {
    const gvk = gvkOf(object);
    const scope = cluster.scopeOf(gvk);
    if (scope === 'unknown') return [];
    if (isKindPermitted(rules, gvk, scope === 'Namespaced', object.metadata.name)) return [];
    return [
      {
        object,
        message: `resource ${gvk.group}:${gvk.kind} is not permitted in the project: ${describeKey(keyOf(object))}`,
      },
    ];
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
