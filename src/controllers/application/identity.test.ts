import assert from 'node:assert/strict';
import { test } from 'node:test';
import { refusalText } from './identity.ts';

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
