// An Application object and the questions asked of it everywhere: its identity, sources, policies.
import type { KubeObject } from '../../k8s/index.ts';
import type { ApplicationSource, ApplicationSpec, ApplicationStatus, Operation } from './schema.ts';

export const APPLICATION_API_VERSION = 'argoproj.io/v1alpha1';

/** argoproj.io/v1alpha1 Application. */
export interface Application extends KubeObject {
  spec: ApplicationSpec;
  status?: ApplicationStatus;
  operation?: Operation;
}

/** The sources that count, in order: the hydrator's sync source, else `sources` when not empty, else `source`. */
export function sourcesOf(spec: ApplicationSpec): readonly ApplicationSource[] {
  if (spec.sourceHydrator !== undefined) {
    const { drySource, syncSource } = spec.sourceHydrator;
    return [
      {
        repoURL: syncSource.repoURL ?? drySource.repoURL,
        path: syncSource.path,
        targetRevision: syncSource.targetBranch,
      },
    ];
  }
  if (spec.sources !== undefined && spec.sources.length > 0) return spec.sources;
  return spec.source === undefined ? [] : [spec.source];
}

/** True when more than one source may be given (`sources`), which decides between `revision` and `revisions`. */
export function isMultiSource(spec: ApplicationSpec): boolean {
  return spec.sourceHydrator === undefined && spec.sources !== undefined && spec.sources.length > 0;
}

/** One text for one revision or for those of several sources (joined by commas); '' when there is none. */
export function revisionText(
  of:
    | { readonly revision?: string | undefined; readonly revisions?: readonly string[] | undefined }
    | undefined,
): string {
  if ((of?.revisions ?? []).length > 0) return of?.revisions?.join(',') ?? '';
  return of?.revision ?? '';
}

/** True when automated sync is on: the block is present and not `enabled: false`. */
export function isAutomated(spec: ApplicationSpec): boolean {
  const automated = spec.syncPolicy?.automated;
  return automated !== undefined && automated !== null && automated.enabled !== false;
}

/**
 * The instance name in tracking ids: the bare name in the control namespace, `<namespace>_<name>` elsewhere
 * (Argo CD "applications in any namespace").
 */
export function instanceName(app: KubeObject, controlNamespace: string): string {
  const { name = '', namespace = '' } = app.metadata;
  return namespace === controlNamespace ? name : `${namespace}_${name}`;
}
