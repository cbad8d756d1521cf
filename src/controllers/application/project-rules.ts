// What a project says about an application: who may use it, from where, to where, and which kinds. Each refusal names
// the rule and the remedy. The rules themselves are pure functions of the model.
import { gvkOf, type KubeObject } from '../../k8s/index.ts';
import {
  type Application,
  type ApplicationSource,
  globMatches,
  isDestinationPermitted,
  isKindPermitted,
  isSourceNamespacePermitted,
  isSourcePermitted,
  annotations as marks,
  sourcesOf,
} from '../../model/index.ts';
import type { LiveCluster } from '../cluster/index.ts';
import type { EffectiveProject } from '../settings/index.ts';
import type { ApplicationDeps } from './deps.ts';

type Place = Pick<LiveCluster, 'server' | 'name'>;

/** The project of an application, or why it cannot be used. */
export function usableProject(deps: ApplicationDeps, app: Application): EffectiveProject | string {
  const { name = '', namespace = '' } = app.metadata;
  const wanted = app.spec.project;
  const project = deps.project(wanted);
  if (project === undefined) {
    return `Application references project ${wanted} which does not exist; create it or choose another in spec.project`;
  }
  if (project.problem !== undefined)
    return `The rules of project ${wanted} are not known: ${project.problem}`;
  if (namespace !== deps.controlNamespace && !isSourceNamespacePermitted(project.spec, namespace)) {
    return `application '${name}' in namespace '${namespace}' is not permitted to use project '${wanted}'; add the namespace to the project's sourceNamespaces`;
  }
  return project;
}

/** Why a source may not be used; undefined when it may. */
export function sourceRefusal(
  deps: ApplicationDeps,
  project: EffectiveProject,
  source: ApplicationSource,
): string | undefined {
  const url = deps.normalizeUrl(source.repoURL);
  if (isSourcePermitted(project.spec, url, deps.normalizeUrl)) return undefined;
  const denial = (project.spec.sourceRepos ?? []).find(
    (pattern) => pattern.startsWith('!') && globMatches(deps.normalizeUrl(pattern.slice(1)), url, '/'),
  );
  const remedy =
    denial === undefined
      ? "add it to the project's sourceRepos"
      : `its sourceRepos entry ${JSON.stringify(denial)} denies it`;
  return `application repo ${source.repoURL} is not permitted in project '${project.name}'; ${remedy}`;
}

/** Why the destination may not be used; undefined when it may. */
export function destinationRefusal(
  deps: ApplicationDeps,
  project: EffectiveProject,
  app: Application,
  cluster: Place,
): string | undefined {
  const { server, name } = cluster;
  const namespace = app.spec.destination.namespace ?? '';
  const what = `application destination server '${server}' and namespace '${namespace}' do not match any of the allowed destinations in project '${project.name}'`;
  if (!isDestinationPermitted(project.spec, { server, name, namespace })) {
    return `${what}; add {server: ${server}, namespace: ${namespace === '' ? "''" : namespace}} to the project's destinations, or take back a "!" entry that denies it`;
  }
  if (project.spec.permitOnlyProjectScopedClusters !== true) return undefined;
  const isScoped = deps.clusters
    .entries()
    .some((entry) => entry.server === server && entry.project === project.name);
  if (isScoped) return undefined;
  return `application destination server '${server}' is not scoped to project '${project.name}', which has permitOnlyProjectScopedClusters; set project: ${project.name} in the cluster's Secret`;
}

/** Labels and annotations that say how safe the pods of a namespace are, what they may use, or whose it is. */
const RESERVED = [
  'pod-security.kubernetes.io/',
  'security.openshift.io/',
  'openshift.io/sa.scc.',
  'scheduler.alpha.kubernetes.io/',
  'field.cattle.io/',
  'argocd.argoproj.io/',
  'fairlead.dev/',
];

/**
 * Why the application may not put its `managedNamespaceMetadata` on its namespace; undefined when it may. Who may deploy
 * namespaces could say all of it in a manifest; others could loosen what keeps their pods in.
 */
export function namespaceMetadataRefusal(project: EffectiveProject, app: Application): string | undefined {
  const { labels = {}, annotations = {} } = app.spec.syncPolicy?.managedNamespaceMetadata ?? {};
  const keys = [...Object.keys(labels), ...Object.keys(annotations)];
  const ours = keys.filter((key) => key === marks.trackingId || key === marks.installationId);
  if (ours.length > 0)
    return `managedNamespaceMetadata sets ${ours.join(', ')}, by which Fairlead knows whose an object is; take it out`;
  const reserved = keys.filter((key) => RESERVED.some((prefix) => key.startsWith(prefix)));
  const name = app.spec.destination.namespace ?? '';
  if (reserved.length === 0 || isKindPermitted(project.spec, { group: '', kind: 'Namespace' }, false, name))
    return undefined;
  return `managedNamespaceMetadata sets ${reserved.join(', ')}, which project ${project.name} does not permit; take it out, or allow Namespace ${name} by clusterResourceWhitelist`;
}

/** An object of any form, where it is. */
export interface Named {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly namespace?: string | undefined;
}

/** Whether the project lets its applications have this object; nobody can say while its rules are not known. */
export function isObjectPermitted(
  deps: ApplicationDeps,
  app: Application,
  cluster: Place & Pick<LiveCluster, 'scopeOf'>,
  { apiVersion, kind, metadata: { name = '', namespace } }: KubeObject,
): boolean {
  const project = usableProject(deps, app);
  return (
    typeof project !== 'string' &&
    objectRefusal(project, cluster, { apiVersion, kind, name, namespace }) === undefined
  );
}

/** An object may name another namespace than its application's destination: that one has to be allowed, too. */
function namespaceRefusal(
  { name, spec }: EffectiveProject,
  cluster: Place,
  { kind, name: object, namespace = '' }: Named,
): string | undefined {
  if (isDestinationPermitted(spec, { server: cluster.server, name: cluster.name, namespace }))
    return undefined;
  return `namespace ${namespace} is not permitted in project '${name}': ${kind} ${object} lies there; add {server: ${cluster.server}, namespace: ${namespace}} to the project's destinations, or move it`;
}

/** Why an object may not be applied or deleted for the project; undefined when it may. */
export function objectRefusal(
  project: EffectiveProject,
  cluster: Place & Pick<LiveCluster, 'scopeOf'>,
  object: Named,
): string | undefined {
  const gvk = gvkOf(object);
  const scope = cluster.scopeOf(gvk);
  if (scope === 'unknown') return undefined;
  const isNamespaced = scope === 'Namespaced';
  if (isKindPermitted(project.spec, gvk, isNamespaced, object.name))
    return isNamespaced ? namespaceRefusal(project, cluster, object) : undefined;
  const [allow, deny] = isNamespaced
    ? ['namespaceResourceWhitelist', 'namespaceResourceBlacklist']
    : ['clusterResourceWhitelist', 'clusterResourceBlacklist'];
  const from =
    project.globals.length === 0 ? '' : ` (global projects that add to it: ${project.globals.join(', ')})`;
  return `resource ${gvk.group}:${gvk.kind} is not permitted in project ${project.name}: ${gvk.kind} ${object.name} must be allowed by ${allow} and not be named by ${deny}${from}`;
}

/**
 * Everything that must still hold right before a write: the project as it is now, sources and destination in it.
 * @returns why not; undefined when it holds
 */
export function writeRefusal(
  deps: ApplicationDeps,
  app: Application,
  cluster: LiveCluster,
  object: Named,
): string | undefined {
  const project = usableProject(deps, app);
  if (typeof project === 'string') return project;
  for (const source of sourcesOf(app.spec)) {
    const refusal = sourceRefusal(deps, project, source);
    if (refusal !== undefined) return refusal;
  }
  return destinationRefusal(deps, project, app, cluster) ?? objectRefusal(project, cluster, object);
}
