// Turns what a client sent into the Application that should be stored. Pure: no reading, no writing.
import type { ApplicationWrite } from '../contract/index.ts';
import { jsonEqual } from '../lib/index.ts';
import {
  APPLICATION_API_VERSION,
  type Application,
  type ApplicationSpec,
  finalizers,
  isObjectName,
  sourcesOf,
} from '../model/index.ts';
import { ApiError } from './errors.ts';

/** The object to create. Rejects what could never work, with the field and the remedy. */
export function newApplication(write: ApplicationWrite, controlNamespace: string): Application {
  const { name, namespace, labels, annotations, finalizers: own } = write.metadata;
  if (!isObjectName(name)) {
    throw invalid(
      `metadata.name: "${name.slice(0, 80)}" is no name; use lower-case letters, digits, "-" and "."`,
    );
  }
  return {
    apiVersion: APPLICATION_API_VERSION,
    kind: 'Application',
    metadata: {
      name,
      namespace: namespace === undefined || namespace === '' ? controlNamespace : namespace,
      ...(labels ? { labels } : {}),
      ...(annotations ? { annotations } : {}),
      ...(own ? { finalizers: own } : {}),
    },
    spec: checkedSpec(write.spec),
  };
}

/** The specification with its defaults (`project: default`). */
export function checkedSpec(spec: ApplicationSpec): ApplicationSpec {
  const { server = '', name = '' } = spec.destination;
  if (sourcesOf(spec).length === 0)
    throw invalid('spec.source: missing; name a repository with spec.source.repoURL');
  for (const source of sourcesOf(spec)) {
    if (source.repoURL.trim() === '') throw invalid('spec.source.repoURL: missing');
  }
  if (server !== '' && name !== '') throw invalid('spec.destination: give either server or name, not both');
  if (server === '' && name === '') throw invalid('spec.destination: give a server (URL) or a cluster name');
  return { ...spec, project: spec.project === '' ? 'default' : spec.project };
}

/** True when storing `wanted` over `existing` would change nothing a client can set. */
export function isSameIntent(existing: Application, wanted: Application): boolean {
  return (
    jsonEqual(existing.spec, wanted.spec) &&
    jsonEqual(existing.metadata.labels ?? {}, wanted.metadata.labels ?? {}) &&
    jsonEqual(existing.metadata.annotations ?? {}, wanted.metadata.annotations ?? {}) &&
    jsonEqual(existing.metadata.finalizers ?? [], wanted.metadata.finalizers ?? [])
  );
}

const CASCADES: readonly string[] = [
  finalizers.resources,
  finalizers.resourcesForeground,
  finalizers.resourcesBackground,
];

/**
 * The finalizers that make Kubernetes' deletion of the Application do what was asked: with one of ours its resources
 * go too, without they stay.
 */
export function finalizersForDelete(
  app: Application,
  cascade: boolean | undefined,
  policy: string,
): readonly string[] {
  const others = (app.metadata.finalizers ?? []).filter((finalizer) => !CASCADES.includes(finalizer));
  const wanted = policy.toLowerCase();
  if (cascade === false) {
    if (wanted !== '' && wanted !== 'orphan') {
      throw invalid(`propagationPolicy: "${policy.slice(0, 40)}" has no meaning with cascade=false`);
    }
    return others;
  }
  switch (wanted) {
    case '':
      return [...others, finalizers.resources];
    case 'foreground':
      return [...others, finalizers.resourcesForeground];
    case 'background':
      return [...others, finalizers.resourcesBackground];
    case 'orphan':
      return others;
    default:
      throw invalid(
        `propagationPolicy: "${policy.slice(0, 40)}" is unknown; use foreground, background or orphan`,
      );
  }
}

function invalid(seen: string): ApiError {
  return new ApiError('InvalidArgument', `application spec is invalid: ${seen}`);
}
