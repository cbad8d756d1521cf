// What a project allows: sources, destinations, kinds, namespaces of applications. Pure; the same answers serve the
// controller and the API (Argo CD's AppProject rules).
import type { GroupKind } from '../../k8s/index.ts';
import type { Destination } from '../application/schema.ts';
import { globMatches } from './glob.ts';
import { matchesNamespace } from './namespaces.ts';

interface KindRule {
  readonly group: string;
  readonly kind: string;
  readonly name?: string | undefined;
}

/** The members of an AppProject's spec that decide permissions; the whole kind is in schema.ts. */
export interface ProjectRules {
  readonly sourceRepos?: readonly string[] | undefined;
  readonly destinations?:
    | readonly {
        readonly server?: string | undefined;
        readonly name?: string | undefined;
        readonly namespace?: string | undefined;
      }[]
    | undefined;
  readonly sourceNamespaces?: readonly string[] | undefined;
  readonly clusterResourceWhitelist?: readonly KindRule[] | undefined;
  readonly clusterResourceBlacklist?: readonly KindRule[] | undefined;
  readonly namespaceResourceWhitelist?: readonly KindRule[] | undefined;
  readonly namespaceResourceBlacklist?: readonly KindRule[] | undefined;
}

/** Whether applications outside the control namespace may name this project. */
export function isSourceNamespacePermitted(rules: ProjectRules, namespace: string): boolean {
  return matchesNamespace(rules.sourceNamespaces ?? [], namespace);
}

/** @param url a normalised repository URL; the patterns are matched with `/` as separator. */
export function isSourcePermitted(
  rules: ProjectRules,
  url: string,
  normalize: (url: string) => string,
): boolean {
  let permitted = false;
  for (const pattern of rules.sourceRepos ?? []) {
    const denied = pattern.startsWith('!');
    const matches = globMatches(normalize(denied ? pattern.slice(1) : pattern), url, '/');
    if (denied && matches) return false;
    if (!denied && (pattern === '*' || matches)) permitted = true;
  }
  return permitted;
}

/** @param destination with both server and name filled in where the cluster is known. */
export function isDestinationPermitted(rules: ProjectRules, destination: Destination): boolean {
  let permitted = false;
  for (const rule of rules.destinations ?? []) {
    const serverRule = rule.server ?? '';
    const nameRule = rule.name ?? '';
    const clusterMatches =
      (serverRule !== '' && matchesWithDeny(serverRule, destination.server ?? '')) ||
      (nameRule !== '' && matchesWithDeny(nameRule, destination.name ?? ''));
    const namespaceMatches = matchesWithDeny(rule.namespace ?? '', destination.namespace ?? '');
    const isDenial = [serverRule, nameRule, rule.namespace ?? ''].some((pattern) => pattern.startsWith('!'));
    if (clusterMatches && namespaceMatches) permitted = true;
    else if (isDenial && isDeniedBy(rule, destination)) return false;
  }
  return permitted;
}

/** Cluster-scoped kinds need a whitelist entry; namespaced ones must not be excluded. */
export function isKindPermitted(rules: ProjectRules, gk: GroupKind, namespaced: boolean, name = ''): boolean {
  const inList = (list: readonly KindRule[]): boolean =>
    list.some(
      (rule) =>
        globMatches(rule.group, gk.group) &&
        globMatches(rule.kind, gk.kind) &&
        (rule.name === undefined || rule.name === '' || globMatches(rule.name, name)),
    );
  if (namespaced) {
    const { namespaceResourceWhitelist: allowed, namespaceResourceBlacklist: denied = [] } = rules;
    return (allowed === undefined || inList(allowed)) && !inList(denied);
  }
  return inList(rules.clusterResourceWhitelist ?? []) && !inList(rules.clusterResourceBlacklist ?? []);
}

function matchesWithDeny(pattern: string, value: string): boolean {
  return pattern.startsWith('!') ? !globMatches(pattern.slice(1), value) : globMatches(pattern, value);
}

/** A `!` entry that names this destination rejects it whatever else allows it. */
function isDeniedBy(
  rule: {
    readonly server?: string | undefined;
    readonly name?: string | undefined;
    readonly namespace?: string | undefined;
  },
  destination: Destination,
): boolean {
  const denies = (pattern: string | undefined, value: string | undefined): boolean =>
    pattern?.startsWith('!') === true && globMatches(pattern.slice(1), value ?? '');
  const clusterDenied = denies(rule.server, destination.server) || denies(rule.name, destination.name);
  if (clusterDenied) return true;
  const clusterMatches =
    matchesWithDeny(rule.server ?? '', destination.server ?? '') ||
    matchesWithDeny(rule.name ?? '', destination.name ?? '');
  return clusterMatches && denies(rule.namespace, destination.namespace);
}
