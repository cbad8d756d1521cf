// Role-based access control: the rules a user has, from roles and bindings as stored, and whether they allow a
// request. Members of system:masters may do everything.
import type { KubeObject } from '../../k8s/index.ts';
import { isRecord } from '../../lib/index.ts';
import type { Core, User } from '../core.ts';

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

export class Rbac {
  readonly #core: Core;
  readonly #granted = new Map<string, readonly Granted[]>();

  constructor(core: Core) {
    this.#core = core;
    for (const type of TYPES) core.store.listen(type, () => this.#granted.clear());
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

  /** True when every right in `wanted` is one the user has in the namespace. */
  covers(user: User, namespace: string, wanted: readonly PolicyRule[]): boolean {
    if (user.groups.includes(MASTERS)) return true;
    const own = this.rules(user, namespace);
    return wanted.every((rule) => isCovered(rule, own));
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
    const stored = this.#core.store
      .collection(`${type}.${GROUP}`)
      .get(type === 'roles' ? namespace : '', name);
    return policyRules(stored?.object['rules']);
  }

  #objects(resource: string): KubeObject[] {
    return this.#core.store
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

// A rule is covered when each single right in it is given by some own rule.
function isCovered(rule: PolicyRule, own: readonly PolicyRule[]): boolean {
  for (const verb of rule.verbs) {
    for (const path of rule.nonResourceURLs) {
      const covered = own.some(
        (one) => has(one.verbs, verb) && one.nonResourceURLs.some((pattern) => pathMatches(pattern, path)),
      );
      if (!covered) return false;
    }
    for (const group of rule.apiGroups) {
      for (const resource of rule.resources) {
        const names = rule.resourceNames.length === 0 ? [''] : rule.resourceNames;
        for (const name of names) if (!rightCovered({ verb, group, resource, name }, own)) return false;
      }
    }
  }
  return true;
}

function rightCovered(
  right: { verb: string; group: string; resource: string; name: string },
  own: readonly PolicyRule[],
): boolean {
  const [resource = '', subresource = ''] = right.resource.split('/');
  return own.some(
    (rule) =>
      has(rule.verbs, right.verb) &&
      has(rule.apiGroups, right.group) &&
      (rule.resources.includes(right.resource) ||
        resourceMatches(rule.resources, { ...right, resource, subresource, namespace: '' })) &&
      (rule.resourceNames.length === 0 || (right.name !== '' && rule.resourceNames.includes(right.name))),
  );
}
