import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Application, ProjectSpec } from '../../model/index.ts';
import type { ApplicationDeps } from './deps.ts';
import { accountOf, refusalText } from './identity.ts';

const ACCOUNT = { namespace: 'shop', name: 'deployer' };
const USER = 'system:serviceaccount:shop:deployer';

const REFUSALS: Record<string, { said: string; want: string }> = {
  'a namespaced apply': {
    said: `deployments.apps "web" is forbidden: User "${USER}" cannot patch resource "deployments" in API group "apps" in the namespace "shop"`,
    want: 'service account shop/deployer may not patch deployments.apps in namespace shop: add {apiGroups: ["apps"], resources: ["deployments"], verbs: ["get", "create", "patch"]} to a Role of namespace shop that is bound to it',
  },
  'a delete at the cluster scope': {
    said: `clusterroles.rbac.authorization.k8s.io "x" is forbidden: User "${USER}" cannot delete resource "clusterroles" in API group "rbac.authorization.k8s.io" at the cluster scope`,
    want: 'service account shop/deployer may not delete clusterroles.rbac.authorization.k8s.io at the cluster scope: add {apiGroups: ["rbac.authorization.k8s.io"], resources: ["clusterroles"], verbs: ["get", "delete"]} to a ClusterRole that is bound to it',
  },
  'the impersonation itself': {
    said: 'serviceaccounts "deployer" is forbidden: User "fairlead" cannot impersonate resource "serviceaccounts" in API group "" in the namespace "shop"',
    want: 'Fairlead may not act as service account shop/deployer: grant its own account {apiGroups: [""], resources: ["serviceaccounts"], verbs: ["impersonate"], resourceNames: ["deployer"]} in namespace shop (serviceaccounts "deployer" is forbidden: User "fairlead" cannot impersonate resource "serviceaccounts" in API group "" in the namespace "shop")',
  },
  'a webhook': {
    said: 'admission webhook "x" denied the request',
    want: 'service account shop/deployer may not do this: admission webhook "x" denied the request',
  },
};
for (const [name, { said, want }] of Object.entries(REFUSALS)) {
  test(`refusalText() explains ${name}`, () => assert.equal(refusalText(ACCOUNT, said), want));
}

const APP: Application = {
  apiVersion: 'argoproj.io/v1alpha1',
  kind: 'Application',
  metadata: { name: 'web', namespace: 'team' },
  spec: { project: 'shop', destination: { server: 'https://a', namespace: 'web' } },
};
type Accounts = NonNullable<ProjectSpec['destinationServiceAccounts']>;
const entry = (server: string, namespace: string, defaultServiceAccount: string): Accounts[number] => ({
  server,
  namespace,
  defaultServiceAccount,
});

/** `NAMESPACE/NAME`, `own`, or the refusal. */
function found(
  accounts: Accounts,
  options: { mode?: 'off' | 'optional' | 'enforced'; namespace?: string } = {},
): string {
  const { mode = 'enforced', namespace = 'web' } = options;
  const deps = {
    impersonation: () => mode,
    project: () => ({ spec: { destinationServiceAccounts: accounts } }),
  } as unknown as ApplicationDeps;
  const app = { ...APP, spec: { ...APP.spec, destination: { server: 'https://a', namespace } } };
  try {
    const account = accountOf(deps, app, { server: 'https://a' });
    return account === undefined ? 'own' : `${account.namespace}/${account.name}`;
  } catch (error) {
    return (error as Error).message;
  }
}

const ACCOUNTS: Record<string, { got: string; want: string | RegExp }> = {
  'none when impersonation is off': { got: found([entry('*', '*', 'x')], { mode: 'off' }), want: 'own' },
  'the first entry that matches': {
    got: found([entry('https://b', '*', 'b'), entry('https://*', 'w*', 'first'), entry('*', '*', 'later')]),
    want: 'web/first',
  },
  'one of another namespace': { got: found([entry('*', '*', 'ops:deployer')]), want: 'ops/deployer' },
  "one of the application's namespace without a destination namespace": {
    got: found([entry('*', '*', 'deployer')], { namespace: '' }),
    want: 'team/deployer',
  },
  'a refusal without a match': {
    got: found([entry('*', 'other', 'x')]),
    want: /no matching service account found for destination server https:\/\/a and namespace web/,
  },
  'its own without a match when that is allowed': {
    got: found([entry('*', 'other', 'x')], { mode: 'optional' }),
    want: 'own',
  },
  'a refusal of a pattern': {
    got: found([entry('*', '*', 'dep*')]),
    want: /names "dep\*": write NAME or NAMESPACE:NAME, without patterns/,
  },
  'a refusal of an empty name, even when its own identity is allowed': {
    got: found([entry('*', '*', ' ')], { mode: 'optional' }),
    want: /name a service account/,
  },
};
for (const [name, { got, want }] of Object.entries(ACCOUNTS)) {
  test(`accountOf() gives ${name}`, () => {
    if (typeof want === 'string') assert.equal(got, want);
    else assert.match(got, want);
  });
}
