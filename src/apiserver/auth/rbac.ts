// Role-based access control: the rules a user has, from roles and bindings as stored, and whether they allow a
// request. Members of system:masters may do everything.
import type { KubeObject } from '../../k8s/index.ts';
import { isRecord } from '../../lib/index.ts';
import type { Rights, User } from '../core.ts';
import type { Store } from '../storage/store.ts';

/** rbac.authorization.k8s.io PolicyRule. */
export interface PolicyRule {
  readonly verbs: readonly string[];
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly resourceNames: readonly string[];
  readonly nonResourceURLs: readonly string[];
}

export interface ResourceAttributes {
  readonly verb: string;
  readonly group: string;
  readonly resource: string;
  readonly subresource: string;
  readonly namespace: string;
  readonly name: string;
}

export interface PathAttributes {
  readonly verb: string;
  readonly path: string;
}

const MASTERS = 'system:masters';
const GROUP = 'rbac.authorization.k8s.io';
const TYPES = ['roles', 'clusterroles', 'rolebindings', 'clusterrolebindings'].map(
  (name) => `${name}.${GROUP}`,
);
const CACHED_USERS = 1_000;

/** A rule with the namespace it holds in; '' holds everywhere. */
interface Granted {
  readonly namespace: string;
  readonly rule: PolicyRule;
}

export class Rbac implements Rights {
  readonly #store: Store;
  readonly #granted = new Map<string, readonly Granted[]>();

  constructor(store: Store) {
    this.#store = store;
    for (const type of TYPES) store.listen(type, () => this.#granted.clear());
  }

  allows(user: User, request: ResourceAttributes): boolean {
    if (user.groups.includes(MASTERS)) return true;
    return this.#rulesOf(user).some(
      ({ namespace, rule }) =>
        (namespace === '' || namespace === request.namespace) && ruleAllows(rule, request),
    );
  }

  allowsPath(user: User, request: PathAttributes): boolean {
    if (user.groups.includes(MASTERS)) return true;
    return this.#rulesOf(user).some(
      ({ namespace, rule }) =>
        namespace === '' &&
        has(rule.verbs, request.verb) &&
        rule.nonResourceURLs.some((pattern) => pathMatches(pattern, request.path)),
    );
  }

  /** Rules that hold for a user in a namespace, cluster-wide ones included. */
  rules(user: User, namespace: string): PolicyRule[] {
    const all: PolicyRule = {
      verbs: ['*'],
      apiGroups: ['*'],
      resources: ['*'],
      resourceNames: [],
      nonResourceURLs: [],
    };
    const paths: PolicyRule = { ...all, apiGroups: [], resources: [], nonResourceURLs: ['*'] };
    const own = this.#rulesOf(user)
      .filter((granted) => granted.namespace === '' || granted.namespace === namespace)
      .map(({ rule }) => rule);
    return user.groups.includes(MASTERS) ? [all, paths, ...own] : own;
  }

  missing(user: User, namespace: string, rules: unknown): string[] {
    if (user.groups.includes(MASTERS)) return [];
    const own = this.rules(user, namespace);
    return policyRules(rules).flatMap((rule) =>
      singleRights(rule)
        .filter((right) => !isCovered(right, own))
        .map(ruleText),
    );
  }

  #rulesOf(user: User): readonly Granted[] {
    const key = JSON.stringify([user.name, user.groups]);
    const known = this.#granted.get(key);
    if (known !== undefined) return known;
    const found = [...this.#clusterGrants(user), ...this.#namespaceGrants(user)];
    if (this.#granted.size >= CACHED_USERS) this.#granted.clear();
    this.#granted.set(key, found);
    return found;
  }

  #clusterGrants(user: User): Granted[] {
    return this.#objects('clusterrolebindings')
      .filter((binding) => bindsTo(binding, user, ''))
      .flatMap((binding) => this.rulesOfRole(binding, '').map((rule) => ({ namespace: '', rule })));
  }

  #namespaceGrants(user: User): Granted[] {
    return this.#objects('rolebindings').flatMap((binding) => {
      const namespace = binding.metadata.namespace ?? '';
      if (!bindsTo(binding, user, namespace)) return [];
      return this.rulesOfRole(binding, namespace).map((rule) => ({ namespace, rule }));
    });
  }

  /** Rules of the role a binding of a namespace refers to; none when it does not exist. */
  rulesOfRole(binding: KubeObject, namespace: string): PolicyRule[] {
    const reference = isRecord(binding['roleRef']) ? binding['roleRef'] : {};
    const name = String(reference['name'] ?? '');
    const type = reference['kind'] === 'Role' ? 'roles' : 'clusterroles';
    const stored = this.#store.collection(`${type}.${GROUP}`).get(type === 'roles' ? namespace : '', name);
    return policyRules(stored?.object['rules']);
  }

  #objects(resource: string): KubeObject[] {
    return this.#store
      .collection(`${resource}.${GROUP}`)
      .list()
      .map(({ object }) => object);
  }
}

/** Rules as stored, with absent lists as empty ones. */
export function policyRules(rules: unknown): PolicyRule[] {
  if (!Array.isArray(rules)) return [];
  return rules.filter(isRecord).map((rule) => ({
    verbs: texts(rule['verbs']),
    apiGroups: texts(rule['apiGroups']),
    resources: texts(rule['resources']),
    resourceNames: texts(rule['resourceNames']),
    nonResourceURLs: texts(rule['nonResourceURLs']),
  }));
}

function texts(value: unknown): string[] {
  return Array.isArray(value) ? value.map(String) : [];
}

function bindsTo(binding: KubeObject, user: User, namespace: string): boolean {
  const subjects = Array.isArray(binding['subjects']) ? binding['subjects'].filter(isRecord) : [];
  return subjects.some((subject) => {
    const name = String(subject['name'] ?? '');
    switch (subject['kind']) {
      case 'User':
        return name === user.name;
      case 'Group':
        return user.groups.includes(name);
      case 'ServiceAccount':
        return user.name === `system:serviceaccount:${String(subject['namespace'] ?? namespace)}:${name}`;
      default:
        return false;
    }
  });
}

function has(list: readonly string[], value: string): boolean {
  return list.includes('*') || list.includes(value);
}

function ruleAllows(rule: PolicyRule, request: ResourceAttributes): boolean {
  return (
    has(rule.verbs, request.verb) &&
    has(rule.apiGroups, request.group) &&
    resourceMatches(rule.resources, request) &&
    (rule.resourceNames.length === 0 || rule.resourceNames.includes(request.name))
  );
}

function resourceMatches(
  resources: readonly string[],
  { resource, subresource }: ResourceAttributes,
): boolean {
  if (resources.includes('*')) return true;
  if (subresource === '') return resources.includes(resource);
  return resources.includes(`${resource}/${subresource}`) || resources.includes(`*/${subresource}`);
}

function pathMatches(pattern: string, path: string): boolean {
  if (pattern === '*' || pattern === path) return true;
  return pattern.endsWith('*') && path.startsWith(pattern.slice(0, -1));
}

/** A rule split into rules of one verb and one resource, name or path each. */
function singleRights(rule: PolicyRule): PolicyRule[] {
  const none = { apiGroups: [], resources: [], resourceNames: [], nonResourceURLs: [] };
  const names = rule.resourceNames.length === 0 ? [[]] : rule.resourceNames.map((name) => [name]);
  return rule.verbs.flatMap((verb) => [
    ...rule.nonResourceURLs.map((path) => ({ ...none, verbs: [verb], nonResourceURLs: [path] })),
    ...rule.apiGroups.flatMap((group) =>
      rule.resources.flatMap((resource) =>
        names.map((resourceNames) => ({
          ...{ verbs: [verb], apiGroups: [group], resources: [resource], resourceNames },
          nonResourceURLs: [],
        })),
      ),
    ),
  ]);
}

function isCovered(right: PolicyRule, own: readonly PolicyRule[]): boolean {
  const [verb = '', path, group = '', full = '', name = ''] = [
    right.verbs[0],
    right.nonResourceURLs[0],
    right.apiGroups[0],
    right.resources[0],
    right.resourceNames[0],
  ];
  if (path !== undefined) {
    return own.some(
      (rule) => has(rule.verbs, verb) && rule.nonResourceURLs.some((pattern) => pathMatches(pattern, path)),
    );
  }
  const [resource = '', subresource = ''] = full.split('/');
  const request = { verb, group, resource, subresource, namespace: '', name };
  return own.some(
    (rule) =>
      has(rule.verbs, verb) &&
      has(rule.apiGroups, group) &&
      (rule.resources.includes(full) || resourceMatches(rule.resources, request)) &&
      (rule.resourceNames.length === 0 || (name !== '' && rule.resourceNames.includes(name))),
  );
}

/** `{APIGroups:["apps"], Resources:["deployments"], Verbs:["get"]}` */
function ruleText(rule: PolicyRule): string {
  const parts = Object.entries({
    APIGroups: rule.apiGroups,
    NonResourceURLs: rule.nonResourceURLs,
    ResourceNames: rule.resourceNames,
    Resources: rule.resources,
    Verbs: rule.verbs,
  }).filter(([, values]) => values.length > 0);
  return `{${parts.map(([name, values]) => `${name}:[${values.map((value) => JSON.stringify(value)).join(' ')}]`).join(', ')}}`;
}
