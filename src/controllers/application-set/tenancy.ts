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

/** What an administrator lets sets ask of forges. */
export interface ScmProviderRules {
  readonly controlNamespace: string;
  /** `applicationsetcontroller.enable.scm.providers` */
  readonly isEnabled: boolean;
  /** `applicationsetcontroller.allowed.scm.providers` */
  readonly allowed: readonly string[];
}

/**
 * Why a set may not ask a forge; undefined when it may. A tenant could otherwise have any server in reach asked.
 * @param api as the author wrote it; '' for the public address of the forge
 */
export function scmProviderRefusal(
  { controlNamespace, isEnabled, allowed }: ScmProviderRules,
  api: string,
  namespace: string,
): string | undefined {
  if (!isEnabled)
    return 'scmProvider and pullRequest generators are switched off; see applicationsetcontroller.enable.scm.providers of argocd-cmd-params-cm';
  if (api === '' || namespace === controlNamespace) return undefined;
  const plain = (address: string): string => address.replace(/\/+$/, '');
  if (allowed.some((address) => plain(address) === plain(api))) return undefined;
  return `its api is not among those that sets outside ${controlNamespace} may ask; add it as written to applicationsetcontroller.allowed.scm.providers of argocd-cmd-params-cm`;
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
