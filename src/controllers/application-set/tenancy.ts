// What a set of a tenant's namespace may use. Sets of the control namespace are the administrators' own.
import type { Application, ApplicationSet } from '../../model/index.ts';
import { type ApplicationDeps, sourceRefusal, usableProject } from '../application/index.ts';

/**
 * Why a set may not be served, or may not read a repository; undefined when it may.
 * @param isServed whether Applications of a namespace are served
 */
export function tenantRefusal(
  deps: ApplicationDeps,
  isServed: (namespace: string) => boolean,
  set: ApplicationSet,
  repoURL?: string,
): string | undefined {
  const { name = '', namespace = '' } = set.metadata;
  if (namespace === deps.controlNamespace) return undefined;
  if (!isServed(namespace))
    return `Applications of namespace ${namespace} are not served, so none is generated there; add it to application.namespaces of argocd-cmd-params-cm`;
  const { project, destination } = set.spec.template.spec;
  if (project.includes('{{'))
    return 'spec.template.spec.project may not be a template outside the control namespace: nobody could say what the set may read';
  const user = { metadata: { name, namespace }, spec: { project, destination } } as Application;
  const usable = usableProject(deps, user);
  if (typeof usable === 'string') return usable;
  return repoURL === undefined ? undefined : sourceRefusal(deps, usable, { repoURL });
}

/** Clusters of other projects are none of a tenant's business. */
export function isClusterShown(
  set: ApplicationSet,
  controlNamespace: string,
  project: string | undefined,
): boolean {
  if (set.metadata.namespace === controlNamespace) return true;
  return project === undefined || project === set.spec.template.spec.project;
}
