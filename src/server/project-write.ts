// What a written project must be, and whom a change of it would shut out. Pure: objects in, refusals out.
import type { ProjectBodyWrite } from '../contract/index.ts';
import { jsonEqual } from '../lib/index.ts';
import {
  type Application,
  type AppProject,
  isDestinationPermitted,
  isObjectName,
  isSourcePermitted,
  type ProjectSpec,
  projectProblems,
  sourcesOf,
} from '../model/index.ts';
import { ApiError } from './errors.ts';

/** The object to store. Rejects what could never work, with the member and the remedy. */
export function newProject({ metadata, spec }: ProjectBodyWrite, namespace: string): AppProject {
  const { name, labels, annotations, finalizers } = metadata;
  if (!isObjectName(name)) {
    throw new ApiError(
      'InvalidArgument',
      `metadata.name: "${name.slice(0, 80)}" is no name; use lower-case letters, digits, "-" and "."`,
    );
  }
  const problems = projectProblems(name, spec);
  if (problems.length > 0) {
    throw new ApiError('InvalidArgument', `project ${name} is invalid: ${problems.slice(0, 10).join('; ')}`);
  }
  return {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'AppProject',
    metadata: {
      name,
      namespace,
      ...(labels ? { labels } : {}),
      ...(annotations ? { annotations } : {}),
      ...(finalizers ? { finalizers } : {}),
    },
    spec,
  };
}

/** `current` with what a client wrote; what it left out of the metadata stays. */
export function changedProject(current: AppProject, write: ProjectBodyWrite): AppProject {
  const wanted = newProject(write, current.metadata.namespace ?? '');
  const { resourceVersion = current.metadata.resourceVersion } = write.metadata;
  return {
    ...current,
    metadata: {
      ...current.metadata,
      ...wanted.metadata,
      ...(resourceVersion === undefined ? {} : { resourceVersion }),
    },
    spec: wanted.spec,
  };
}

export function isSameProject(a: AppProject, b: AppProject): boolean {
  return (
    jsonEqual(a.spec, b.spec) &&
    jsonEqual(a.metadata.labels ?? {}, b.metadata.labels ?? {}) &&
    jsonEqual(a.metadata.annotations ?? {}, b.metadata.annotations ?? {}) &&
    jsonEqual(a.metadata.finalizers ?? [], b.metadata.finalizers ?? [])
  );
}

export interface ChangeFacts {
  readonly applications: readonly Application[];
  readonly before: ProjectSpec;
  readonly after: ProjectSpec;
  normalize(url: string): string;
  /** Server and name of a destination's cluster. */
  place(app: Application): { readonly server: string; readonly name: string };
}

/** Rejects a change by which applications of the project would lose their source or destination. */
export function refuseShutOut(facts: ChangeFacts): void {
  const { applications, before, after, normalize, place } = facts;
  const lost = (allows: (spec: ProjectSpec, app: Application) => boolean): string[] =>
    applications
      .filter((app) => allows(before, app) && !allows(after, app))
      .map(({ metadata }) => metadata.name ?? '');
  const sources = lost((spec, app) =>
    sourcesOf(app.spec).every(({ repoURL }) => isSourcePermitted(spec, normalize(repoURL), normalize)),
  );
  const destinations = lost((spec, app) =>
    isDestinationPermitted(spec, { ...place(app), namespace: app.spec.destination.namespace ?? '' }),
  );
  const parts = [sentence(sources, 'source'), sentence(destinations, 'destination')].filter(
    (part) => part !== '',
  );
  if (parts.length === 0) return;
  throw new ApiError('InvalidArgument', `as a result of project update ${parts.join(' and ')}`);
}

function sentence(names: readonly string[], what: string): string {
  if (names.length === 0) return '';
  const shown = names.slice(0, 5).join(', ');
  const more = names.length > 5 ? ` and ${names.length - 5} more` : '';
  return `${names.length} applications ${what} became invalid (${shown}${more})`;
}
