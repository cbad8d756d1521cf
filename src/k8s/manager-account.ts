// The service account by which a control plane acts in another cluster, as `argocd cluster add` makes it: the account,
// what it may do, and long-lived tokens for it.
import { type Clock, isRecord, type Random, randomName } from '../lib/index.ts';
import type { KubeClient } from './client.ts';
import { isKubeError, KubeError } from './errors.ts';
import type { KubeObject } from './object.ts';
import { type ResourceType, wellKnown } from './resource-type.ts';

export interface ManagerAccount {
  readonly namespace: string;
  readonly name: string;
}

export interface ManagerToken {
  readonly token: string;
  /** Name of the Secret that holds it; deleting that ends the token. */
  readonly secretName: string;
}

export interface ManagerDeps {
  readonly clock: Clock;
  readonly random: Random;
}

export const MANAGER_ACCOUNT = 'argocd-manager';
const ROLE = 'argocd-manager-role';
const BINDING = 'argocd-manager-role-binding';
const WRITE = { fieldManager: 'fairlead', force: true } as const;
/** A token controller answers within a second; one that does not run never does. */
const TOKEN_TRIES = 120;
const TOKEN_POLL_MS = 250;

const RBAC = 'rbac.authorization.k8s.io';
const rbac = (kind: string, resource: string, namespaced: boolean): ResourceType => ({
  group: RBAC,
  version: 'v1',
  kind,
  resource,
  namespaced,
});
const ROLES = {
  ClusterRole: rbac('ClusterRole', 'clusterroles', false),
  ClusterRoleBinding: rbac('ClusterRoleBinding', 'clusterrolebindings', false),
  Role: rbac('Role', 'roles', true),
  RoleBinding: rbac('RoleBinding', 'rolebindings', true),
} as const;
const ACCOUNTS: ResourceType = {
  group: '',
  version: 'v1',
  kind: 'ServiceAccount',
  resource: 'serviceaccounts',
  namespaced: true,
};

/**
 * Makes the account and lets it do everything: in the whole cluster, or in `namespaces` alone when there are any. What
 * is there already is set right.
 */
export async function installManager(
  client: KubeClient,
  account: ManagerAccount,
  namespaces: readonly string[],
): Promise<void> {
  await client.apply(ACCOUNTS, { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { ...account } }, WRITE);
  const everything = { apiGroups: ['*'], resources: ['*'], verbs: ['*'] };
  if (namespaces.length === 0) {
    const rules = [everything, { nonResourceURLs: ['*'], verbs: ['*'] }];
    await client.apply(ROLES.ClusterRole, roleObject('ClusterRole', { rules }), WRITE);
    await client.apply(ROLES.ClusterRoleBinding, bindingObject('ClusterRole', account), WRITE);
    return;
  }
  for (const namespace of namespaces) {
    await client.apply(ROLES.Role, roleObject('Role', { rules: [everything] }, namespace), WRITE);
    await client.apply(ROLES.RoleBinding, bindingObject('Role', account, namespace), WRITE);
  }
}

/** Asks for a token that lasts until its Secret is deleted. @throws KubeError `TIMEOUT` when nobody makes one */
export async function newManagerToken(
  client: KubeClient,
  { clock, random }: ManagerDeps,
  account: ManagerAccount,
  signal: AbortSignal,
): Promise<ManagerToken> {
  const { namespace, name } = account;
  const ref = { namespace, name: `${name}-token-${randomName(random, 5)}` };
  await client.create(wellKnown.secrets, {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { ...ref, annotations: { 'kubernetes.io/service-account.name': name } },
    type: 'kubernetes.io/service-account-token',
  });
  for (let tries = 0; tries < TOKEN_TRIES; tries += 1) {
    const token = tokenIn(await client.get(wellKnown.secrets, ref, { signal }));
    if (token !== undefined) return { token, secretName: ref.name };
    await clock.sleep(TOKEN_POLL_MS, signal);
  }
  await client.delete(wellKnown.secrets, ref);
  throw new KubeError(
    'TIMEOUT',
    `Cannot get a token for service account ${namespace}/${name} of ${client.server}: no controller filled Secret ${ref.name} within ${(TOKEN_TRIES * TOKEN_POLL_MS) / 1000} s`,
  );
}

/** Ends a token. One that is gone already is no failure. */
export async function endManagerToken(
  client: KubeClient,
  account: ManagerAccount,
  secretName: string,
): Promise<void> {
  try {
    await client.delete(wellKnown.secrets, { namespace: account.namespace, name: secretName });
  } catch (error) {
    if (!isKubeError(error, 'NOT_FOUND')) throw error;
  }
}

/** Whose token it is, as its claims say; nothing is verified. Undefined for tokens that no Secret holds. */
export function ownerOfToken(token: string): (ManagerAccount & { readonly secretName: string }) | undefined {
  const claims = claimsOf(token);
  const text = (name: string): string => {
    const value = claims[`kubernetes.io/serviceaccount/${name}`];
    return typeof value === 'string' ? value : '';
  };
  const owner = {
    namespace: text('namespace'),
    name: text('service-account.name'),
    secretName: text('secret.name'),
  };
  return Object.values(owner).includes('') ? undefined : owner;
}

function claimsOf(token: string): Record<string, unknown> {
  try {
    const claims: unknown = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8'));
    return isRecord(claims) ? claims : {};
  } catch {
    return {};
  }
}

function tokenIn(secret: KubeObject): string | undefined {
  const token = isRecord(secret['data']) ? secret['data']['token'] : undefined;
  return typeof token === 'string' && token !== ''
    ? Buffer.from(token, 'base64').toString('utf8')
    : undefined;
}

function roleObject(kind: string, members: object, namespace?: string): KubeObject {
  const metadata = { name: ROLE, ...(namespace === undefined ? {} : { namespace }) };
  return { apiVersion: `${RBAC}/v1`, kind, metadata, ...members };
}

function bindingObject(
  role: 'ClusterRole' | 'Role',
  account: ManagerAccount,
  namespace?: string,
): KubeObject {
  return {
    apiVersion: `${RBAC}/v1`,
    kind: `${role}Binding`,
    metadata: { name: BINDING, ...(namespace === undefined ? {} : { namespace }) },
    roleRef: { apiGroup: RBAC, kind: role, name: ROLE },
    subjects: [{ kind: 'ServiceAccount', ...account }],
  };
}
