// ClusterRoles with an aggregationRule get the rules of the roles it selects.
import type { KubeObject } from '../../k8s/index.ts';
import { isRecord, jsonEqual } from '../../lib/index.ts';
import type { Core } from '../core.ts';
import type { InternalApi } from '../internal-api.ts';
import { labelSelectorMatcher } from '../read/label-selector.ts';

const ROLES = { group: 'rbac.authorization.k8s.io', resource: 'clusterroles' };

export class ClusterRoleAggregation {
  readonly #api: InternalApi;
  readonly #unsubscribe: () => void;

  constructor(core: Core, api: InternalApi) {
    this.#api = api;
    this.#unsubscribe = core.store.listen('clusterroles.rbac.authorization.k8s.io', () => this.aggregate());
  }

  close(): void {
    this.#unsubscribe();
  }

  /** Brings every aggregated role up to date; a role that is right already is not written. */
  aggregate(): void {
    const roles = this.#api.list(ROLES);
    for (const role of roles) {
      const selectors = selectorsOf(role);
      if (selectors === undefined) continue;
      const rules = aggregatedRules(role, roles, selectors);
      if (jsonEqual(rules, role['rules'] ?? [])) continue;
      this.#api.update(ROLES, '', role.metadata.name ?? '', (copy) => {
        copy['rules'] = rules;
      });
    }
  }
}

function selectorsOf(role: KubeObject): unknown[] | undefined {
  const rule = role['aggregationRule'];
  return isRecord(rule) && Array.isArray(rule['clusterRoleSelectors'])
    ? rule['clusterRoleSelectors']
    : undefined;
}

function aggregatedRules(role: KubeObject, roles: readonly KubeObject[], selectors: unknown[]): unknown[] {
  const rules: unknown[] = [];
  for (const selector of selectors) {
    const matches = labelSelectorMatcher(selector);
    for (const other of roles) {
      if (other.metadata.name === role.metadata.name || !matches(other.metadata.labels ?? {})) continue;
      for (const rule of Array.isArray(other['rules']) ? other['rules'] : []) {
        if (!rules.some((known) => jsonEqual(known, rule))) rules.push(rule);
      }
    }
  }
  return rules;
}
