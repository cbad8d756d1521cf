// Turns what a client sent into the ApplicationSet that should be stored, and refuses one whose rights cannot be
// checked. Pure: no reading, no writing.
import type { ApplicationSetWrite } from '../contract/index.ts';
import { isRecord, jsonEqual } from '../lib/index.ts';
import {
  APPLICATION_API_VERSION,
  type ApplicationSet,
  isObjectName,
  placedGenerators,
} from '../model/index.ts';
import { ApiError } from './errors.ts';
import { projectOfSet } from './resolve-application.ts';

/** The object to create. Rejects what could never work, with the member and the remedy. */
export function newApplicationSet(write: ApplicationSetWrite, controlNamespace: string): ApplicationSet {
  const { name, namespace, labels, annotations, finalizers } = write.metadata;
  if (!isObjectName(name)) {
    throw invalid(
      `metadata.name: "${name.slice(0, 80)}" is no name; use lower-case letters, digits, "-" and "."`,
    );
  }
  if (write.spec.generators.length === 0)
    throw invalid('spec.generators: empty; name at least one generator, e.g. list');
  refuseOtherProjects(write);
  return {
    apiVersion: APPLICATION_API_VERSION,
    kind: 'ApplicationSet',
    metadata: {
      name,
      namespace: namespace === undefined || namespace === '' ? controlNamespace : namespace,
      ...(labels ? { labels } : {}),
      ...(annotations ? { annotations } : {}),
      ...(finalizers ? { finalizers } : {}),
    },
    spec: write.spec,
  };
}

/**
 * Rights are checked on the project of the template, before anything is generated: it has to be known then, and no
 * generator may put its applications elsewhere.
 */
function refuseOtherProjects({ spec }: ApplicationSetWrite): void {
  const project = projectOfSet({ spec });
  const templated = 'so it cannot be checked who may create its applications';
  const remedy =
    'name a project, or create the ApplicationSet in Kubernetes with the rights of an administrator';
  if (project.includes('{{'))
    throw invalid(
      `spec.template.spec.project: "${project.slice(0, 80)}" is a template, ${templated}; ${remedy}`,
    );
  for (const { path, generator } of placedGenerators({ spec })) {
    const own = isRecord(generator['template']) ? generator['template']['spec'] : undefined;
    const found = isRecord(own) ? own['project'] : undefined;
    if (found === undefined || found === '' || found === project) continue;
    throw invalid(
      `${path}.template.spec.project: "${String(found).slice(0, 80)}" is another project than ${project} of spec.template, ${templated}; ${remedy}`,
    );
  }
}

/** `current` with what a client wrote; what it left out of the metadata stays. */
export function changedApplicationSet(current: ApplicationSet, wanted: ApplicationSet): ApplicationSet {
  return { ...current, metadata: { ...current.metadata, ...wanted.metadata }, spec: wanted.spec };
}

export function isSameApplicationSet(a: ApplicationSet, b: ApplicationSet): boolean {
  return (
    jsonEqual(a.spec, b.spec) &&
    jsonEqual(a.metadata.labels ?? {}, b.metadata.labels ?? {}) &&
    jsonEqual(a.metadata.annotations ?? {}, b.metadata.annotations ?? {}) &&
    jsonEqual(a.metadata.finalizers ?? [], b.metadata.finalizers ?? [])
  );
}

function invalid(seen: string): ApiError {
  return new ApiError('InvalidArgument', `ApplicationSet is invalid: ${seen}`);
}
