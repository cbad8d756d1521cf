// As whom an application is synced: Fairlead itself, or with impersonation the service account its project names for
// the destination. Writes go out as that account; what is only read for watching stays Fairlead's own.
import { type KubeClient, KubeError, type KubeObject } from '../../k8s/index.ts';
import { type Application, globMatches, serviceAccountProblem } from '../../model/index.ts';
import type { TargetCluster } from '../../sync/index.ts';
import type { LiveCluster } from '../cluster/index.ts';
import type { ApplicationDeps } from './deps.ts';
import { ApplicationError } from './errors.ts';

export interface ServiceAccount {
  readonly namespace: string;
  readonly name: string;
}

/** Undefined: Fairlead's own identity. Throws ApplicationError `NO_ACCOUNT` when an account is demanded and none is named. */
export function accountOf(
  deps: ApplicationDeps,
  app: Application,
  cluster: Pick<LiveCluster, 'server'>,
): ServiceAccount | undefined {
  const mode = deps.impersonation();
  if (mode === 'off') return undefined;
  const project = deps.project(app.spec.project);
  const destination = app.spec.destination.namespace ?? '';
  const namespace = destination === '' ? (app.metadata.namespace ?? '') : destination;
  // The first entry that matches counts, as the project orders them.
  const entry = (project?.spec.destinationServiceAccounts ?? []).find(
    (item) => globMatches(item.server, cluster.server) && globMatches(item.namespace ?? '', destination),
  );
  if (entry === undefined) {
    if (mode === 'optional') return undefined;
    throw new ApplicationError(
      'NO_ACCOUNT',
      `no matching service account found for destination server ${cluster.server} and namespace ${destination}: add one to destinationServiceAccounts of project ${app.spec.project}`,
    );
  }
  const problem = serviceAccountProblem(entry.defaultServiceAccount);
  if (problem !== undefined) {
    throw new ApplicationError(
      'NO_ACCOUNT',
      `destinationServiceAccounts of project ${app.spec.project} names ${JSON.stringify(entry.defaultServiceAccount)}: ${problem}`,
    );
  }
  const [first = '', second] = entry.defaultServiceAccount.trim().split(':');
  return second === undefined ? { namespace, name: first } : { namespace: first, name: second };
}

/** `NAMESPACE/NAME` for the record; undefined for Fairlead itself, and where the writes are going to be refused. */
export function accountText(
  deps: ApplicationDeps,
  app: Application,
  cluster: Pick<LiveCluster, 'server'>,
): string | undefined {
  try {
    const account = accountOf(deps, app, cluster);
    return account === undefined ? undefined : `${account.namespace}/${account.name}`;
  } catch {
    return undefined;
  }
}

/** `cluster`'s target acting as the account of `app`; refusals name account, permission and the rule to add. */
export function identityTarget(deps: ApplicationDeps, app: Application, cluster: LiveCluster): TargetCluster {
  if (deps.impersonation() === 'off') return cluster.target;
  const as = async <T>(call: (target: TargetCluster) => Promise<T>): Promise<T> => {
    const account = accountOf(deps, app, cluster);
    if (account === undefined) return await call(cluster.target);
    try {
      return await call(cluster.targetAs(userOf(account)));
    } catch (error) {
      throw explained(account, error);
    }
  };
  return {
    ...cluster.target,
    apply: (object, choice) => as((target) => target.apply(object, choice)),
    create: (object, choice) => as((target) => target.create(object, choice)),
    replace: (object, choice) => as((target) => target.replace(object, choice)),
    patchManagedFields: (name, fields, version) =>
      as((target) => target.patchManagedFields(name, fields, version)),
    patchFinalizers: (name, list, version) => as((target) => target.patchFinalizers(name, list, version)),
    delete: (name, choice): Promise<KubeObject | undefined> => as((target) => target.delete(name, choice)),
  };
}

/** Makes calls of another kind in the application's name: an action, say. Refusals are explained in the same way. */
export async function asAccount<T>(
  deps: ApplicationDeps,
  app: Application,
  cluster: LiveCluster,
  call: (client: KubeClient) => Promise<T>,
): Promise<T> {
  const account = accountOf(deps, app, cluster);
  if (account === undefined) return await call(cluster.client);
  try {
    return await call(cluster.client.impersonate(userOf(account)));
  } catch (error) {
    throw explained(account, error);
  }
}

function userOf({ namespace, name }: ServiceAccount): string {
  return `system:serviceaccount:${namespace}:${name}`;
}

const REFUSED =
  /cannot (\S+) resource "([^"]+)" in API group "([^"]*)"(?: in the namespace "([^"]+)"| at the cluster scope)?/;
const OWN_REFUSED = /cannot impersonate resource/;
/** What an apply needs besides the verb that was refused first. */
const TOGETHER: Readonly<Record<string, readonly string[]>> = {
  patch: ['get', 'create', 'patch'],
  create: ['get', 'create', 'patch'],
  update: ['get', 'update'],
  delete: ['get', 'delete'],
};

function explained(account: ServiceAccount, error: unknown): unknown {
  if (!(error instanceof KubeError) || error.code !== 'FORBIDDEN') return error;
  const said = error.status?.message ?? error.message;
  return new KubeError('FORBIDDEN', refusalText(account, said), {
    httpStatus: error.httpStatus,
    ...(error.status === undefined ? {} : { status: error.status }),
    cause: error,
  });
}

/** The API server's refusal of an impersonated request, with the RBAC rule that would lift it. */
export function refusalText({ namespace, name }: ServiceAccount, said: string): string {
  const who = `service account ${namespace}/${name}`;
  if (OWN_REFUSED.test(said)) {
    return `Fairlead may not act as ${who}: grant its own account {apiGroups: [""], resources: ["serviceaccounts"], verbs: ["impersonate"], resourceNames: ["${name}"]} in namespace ${namespace} (${said})`;
  }
  const match = REFUSED.exec(said);
  if (match === null) return `${who} may not do this: ${said}`;
  const [, verb = '', resource = '', group = '', place] = match;
  const verbs = (TOGETHER[verb] ?? [verb]).map((item) => `"${item}"`).join(', ');
  const kind = group === '' ? resource : `${resource}.${group}`;
  const where = place === undefined ? 'at the cluster scope' : `in namespace ${place}`;
  const role = place === undefined ? 'a ClusterRole' : `a Role of namespace ${place}`;
  return `${who} may not ${verb} ${kind} ${where}: add {apiGroups: ["${group}"], resources: ["${resource}"], verbs: [${verbs}]} to ${role} that is bound to it`;
}
