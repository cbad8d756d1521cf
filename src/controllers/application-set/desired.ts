// From an ApplicationSet to the applications it should have. Complete or a failure: nothing here writes, and a
// generator that fails never means "fewer applications".
import { applyMergePatch, isRecord, messageOf, parseYaml } from '../../lib/index.ts';
import {
  APPLICATION_API_VERSION,
  type Application,
  type ApplicationSet,
  ApplicationSpec,
  finalizers,
  isObjectName,
} from '../../model/index.ts';
import type { ApplicationSetDeps } from './deps.ts';
import { ApplicationSetError } from './errors.ts';
import { createFiller, type Filler } from './filling.ts';
import { generateAll } from './generators/generate.ts';
import type { Parameters } from './parameters.ts';

type Template = Readonly<Record<string, unknown>>;

/** An application that was generated and cannot be used as it is. The one that is there stays as it is. */
export interface Unusable {
  readonly name: string;
  readonly reason: string;
}

export interface DesiredApplications {
  /** In the order of their generators; names are unique. */
  readonly applications: readonly Application[];
  readonly unusable: readonly Unusable[];
}

/** Rejects with ApplicationSetError, or with the signal's reason. */
export async function desiredApplications(
  deps: ApplicationSetDeps,
  set: ApplicationSet,
  signal: AbortSignal,
): Promise<DesiredApplications> {
  const refusal = deps.refusal(set);
  if (refusal !== undefined) throw new ApplicationSetError('SET_INVALID', 'on-change', refusal);
  const filler = createFiller(set.spec, deps.clock);
  const generated = await generateAll({ deps, set, filler, signal });
  const applications: Application[] = [];
  const unusable: Unusable[] = [];
  const names = new Set<string>();
  for (const { parameters, template } of generated) {
    const merged = overridden(set.spec.template, template ?? {});
    for (const each of parameters) {
      const app = applicationOf(set, merged, each, filler);
      const { name = '' } = app.metadata;
      if (names.has(name)) {
        throw new ApplicationSetError(
          'SET_INVALID',
          'on-change',
          `Two applications would be named "${name}"; use parameters in spec.template.metadata.name that tell them apart`,
        );
      }
      names.add(name);
      const usable = usableOf(deps, app);
      if (typeof usable === 'string') unusable.push({ name, reason: usable });
      else applications.push(usable);
    }
  }
  return { applications, unusable };
}

/** The set's template with what a generator's own has; empty members of the latter say nothing. */
function overridden(template: unknown, own: Template): Template {
  const merge = (base: unknown, over: unknown): unknown => {
    if (over === undefined || over === null || over === '') return base;
    if (Array.isArray(over)) return over.length === 0 ? base : over;
    if (!isRecord(over)) return over;
    const members: Record<string, unknown> = isRecord(base) ? { ...base } : {};
    for (const [key, value] of Object.entries(over)) members[key] = merge(members[key], value);
    return members;
  };
  return merge(template, own) as Template;
}

function applicationOf(
  set: ApplicationSet,
  template: Template,
  parameters: Parameters,
  filler: Filler,
): Application {
  const filled = filler.value({ metadata: template['metadata'] ?? {}, spec: template['spec'] }, parameters);
  const patched = withPatch(filled, set.spec.templatePatch, parameters, filler) as Pick<
    Application,
    'metadata' | 'spec'
  >;
  const { name = '', labels, annotations, finalizers: own } = patched.metadata;
  const keepsResources = set.spec.syncPolicy?.preserveResourcesOnDeletion === true;
  const ending = own === undefined || own.length === 0 ? (keepsResources ? [] : [finalizers.resources]) : own;
  return {
    apiVersion: APPLICATION_API_VERSION,
    kind: 'Application',
    metadata: {
      name,
      // Wherever a template would put it: an application belongs beside its set.
      ...(set.metadata.namespace === undefined ? {} : { namespace: set.metadata.namespace }),
      ...(isRecord(labels) ? { labels } : {}),
      ...(isRecord(annotations) ? { annotations } : {}),
      ...(ending.length === 0 ? {} : { finalizers: ending }),
    },
    spec: patched.spec,
  };
}

function withPatch(
  filled: unknown,
  templatePatch: string | undefined,
  parameters: Parameters,
  filler: Filler,
): unknown {
  if (templatePatch === undefined || templatePatch.trim() === '') return filled;
  let patch: unknown;
  try {
    patch = parseYaml(filler.text(templatePatch, parameters));
  } catch (error) {
    if (error instanceof ApplicationSetError) throw error;
    throw new ApplicationSetError(
      'TEMPLATE_FAILED',
      'on-change',
      `spec.templatePatch is no YAML once it is filled in: ${messageOf(error)}`,
    );
  }
  if (patch === null) return filled;
  if (!isRecord(patch))
    throw new ApplicationSetError('TEMPLATE_FAILED', 'on-change', 'spec.templatePatch is no YAML object');
  return applyMergePatch(filled, withoutProject(patch));
}

/** Rights to a set are checked on the project of its template: a patch cannot choose another, as in Argo CD. */
function withoutProject(patch: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const { spec } = patch;
  if (!isRecord(spec)) return patch;
  const { project: _, ...rest } = spec;
  return { ...patch, spec: rest };
}

/**
 * The application as the API keeps it, or why it cannot be written. What the definition does not know is dropped, so that
 * it never looks like a change.
 */
function usableOf(deps: ApplicationSetDeps, app: Application): Application | string {
  const { name = '' } = app.metadata;
  if (!isObjectName(name))
    return `"${name.slice(0, 80)}" is no name; use lower-case letters, digits, "-" and ".", e.g. with a normalized parameter`;
  const read = ApplicationSpec.safeParse(app.spec);
  if (!read.success) {
    const [issue] = read.error.issues;
    return `spec.${issue?.path.map(String).join('.') ?? ''}: ${issue?.message ?? 'is wrong'}`;
  }
  const { destination, project } = read.data;
  const named = project === '' ? 'default' : project;
  if (deps.project(named) === undefined)
    return `project "${named.slice(0, 80)}" does not exist; create it, or correct spec.template.spec.project`;
  const { server = '', name: cluster = '' } = destination;
  if ((server === '') === (cluster === ''))
    return 'spec.destination: give either a server (URL) or a cluster name';
  const isKnown = deps
    .clusters()
    .some((each) => (server === '' ? each.name === cluster : each.server === server));
  return isKnown
    ? { ...app, spec: read.data }
    : `there is no cluster ${server === '' ? `named "${cluster.slice(0, 80)}"` : server.slice(0, 200)}; add it, or correct spec.destination`;
}
