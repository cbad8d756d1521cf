// Finds the application or ApplicationSet a request means and checks that the caller may use it. What does not exist
// and what the caller may not see get the same answer, so that nobody can probe for names.
import { isRecord } from '../lib/index.ts';
import type { Application, ApplicationSet } from '../model/index.ts';
import type { Permission } from './auth/authorise.ts';
import type { Caller } from './auth/session-tokens.ts';
import type { ServerDeps } from './deps.ts';
import { ApiError } from './errors.ts';

export interface ApplicationName {
  readonly namespace: string;
  readonly name: string;
  /** Given by the caller: then "does not exist" may be said to those permitted in that project. */
  readonly project: string;
}

/** `project/namespace/name`, what policies name an application by. */
export function applicationObject(app: {
  readonly metadata: Pick<Application['metadata'], 'namespace' | 'name'>;
  readonly spec: Pick<Application['spec'], 'project'>;
}): string {
  return `${app.spec.project}/${app.metadata.namespace ?? ''}/${app.metadata.name ?? ''}`;
}

/** The same for an ApplicationSet, whose project is that of its template. */
export function applicationSetObject(set: Pick<ApplicationSet, 'metadata' | 'spec'>): string {
  return applicationObject({ metadata: set.metadata, spec: { project: projectOfSet(set) } });
}

export function projectOfSet({ spec }: Pick<ApplicationSet, 'spec'>): string {
  return spec.template.spec.project || 'default';
}

/** From the path, the query and, where the route says so, the body. */
export function applicationName(
  deps: ServerDeps,
  params: Readonly<Record<string, string>>,
  query: unknown,
  body: { readonly value: unknown; readonly named: 'in-body' | 'in-metadata' | undefined },
): ApplicationName {
  const inBody = body.named === 'in-body' ? body.value : undefined;
  const metadata = body.named === 'in-metadata' && isRecord(body.value) ? body.value['metadata'] : undefined;
  const namespace =
    memberText(query, 'appNamespace') || bodyText(inBody, 'appNamespace') || bodyText(metadata, 'namespace');
  return {
    // The web terminal names application and project in the query, by other words.
    name: params['name'] ?? memberText(query, 'appName'),
    namespace: namespace || deps.options.controlNamespace,
    project: memberText(query, 'project') || bodyText(inBody, 'project') || memberText(query, 'projectName'),
  };
}

/** From the path and the query. */
export function applicationSetName(
  deps: ServerDeps,
  params: Readonly<Record<string, string>>,
  query: unknown,
): ApplicationName {
  return {
    name: params['name'] ?? '',
    namespace: memberText(query, 'appsetNamespace') || deps.options.controlNamespace,
    project: memberText(query, 'project'),
  };
}

/** The application, or `PermissionDenied`, or `NotFound` when the caller named a project it may use. */
export function resolveApplication(
  deps: ServerDeps,
  caller: Caller,
  permission: Permission,
  wanted: ApplicationName,
): Application {
  requireSynced(deps);
  const { namespace, name } = wanted;
  const app = deps.applications.get(namespace, name);
  const found = app && { object: app, project: app.spec.project, called: applicationObject(app) };
  return permitted(deps, caller, permission, wanted, found);
}

/** The same for an ApplicationSet. */
export function resolveApplicationSet(
  deps: ServerDeps,
  caller: Caller,
  permission: Permission,
  wanted: ApplicationName,
): ApplicationSet {
  requireSetsSynced(deps);
  const { namespace, name } = wanted;
  const set = deps.applicationSets.get(namespace, name);
  const found = set && { object: set, project: projectOfSet(set), called: applicationSetObject(set) };
  return permitted(deps, caller, permission, wanted, found);
}

/** @param found what has the name, its project, and what policies call it */
function permitted<T>(
  deps: ServerDeps,
  caller: Caller,
  permission: Permission,
  { namespace, name, project }: ApplicationName,
  found: { readonly object: T; readonly project: string; readonly called: string } | undefined,
): T {
  const { resource } = permission;
  const isPermittedByName =
    project !== '' && deps.authorise(caller, permission, `${project}/${namespace}/${name}`);
  const isOther = project !== '' && found?.project !== project;
  if (found === undefined || isOther) {
    if (!isPermittedByName) throw denied(resource, namespace, name);
    const kind = resource === 'applicationsets' ? resource : 'applications';
    throw new ApiError('NotFound', `${kind}.argoproj.io "${name}" not found in namespace ${namespace}`);
  }
  if (!deps.authorise(caller, permission, found.called)) throw denied(resource, namespace, name);
  return found.object;
}

/** Rejects while the store has not seen every application: "none" would be a lie. */
export function requireSynced(deps: ServerDeps): void {
  if (deps.applications.isSynced()) return;
  throw new ApiError(
    'Unavailable',
    'Fairlead is still reading the applications from Kubernetes; try again in a moment',
  );
}

/** The same for ApplicationSets. */
export function requireSetsSynced(deps: ServerDeps): void {
  if (deps.applicationSets.isSynced()) return;
  throw new ApiError(
    'Unavailable',
    'Fairlead is still reading the ApplicationSets from Kubernetes; try again in a moment',
  );
}

function denied(resource: string, namespace: string, name: string): ApiError {
  const what = resource === 'applicationsets' ? 'applicationset' : 'application';
  return new ApiError(
    'PermissionDenied',
    `permission denied: ${what} ${namespace}/${name} does not exist or you may not use it`,
  );
}

/** Anything but a text is for the route's schema to refuse. */
function bodyText(value: unknown, member: string): string {
  const found = isRecord(value) ? value[member] : undefined;
  return typeof found === 'string' ? found : '';
}

function memberText(value: unknown, member: string): string {
  const found = isRecord(value) ? value[member] : undefined;
  if (typeof found === 'string') return found;
  return Array.isArray(found) && typeof found[0] === 'string' ? found[0] : '';
}
