// Decides who may do what: policies compiled once, and once more for each set of identities that asks, so that a list
// of ten thousand applications costs ten thousand short tests and no search. Pure but for its bounded cache.
import { Lru } from '../lib/index.ts';
import type { Matcher, MatchMode } from './matcher.ts';
import {
  builtInPolicy,
  type Grant,
  type Policy,
  type ProjectRoleSpec,
  parsePolicy,
  projectPolicy,
  type Rule,
} from './policy.ts';

/** Who asks, as policies name them. */
export interface Identity {
  /** Account name, subject of single sign-on, or `proj:<project>:<role>`; '' for a guest. */
  readonly subject: string;
  /** Values of the claims that `scopes` names. */
  readonly groups: readonly string[];
  /** `external`: both come from an identity provider, which must not be able to name our own accounts and roles. */
  readonly origin: 'local' | 'external' | 'project' | 'guest';
}

/** What `argocd-rbac-cm`, `argocd-cm` and the AppProjects say. */
export interface RbacSource {
  /** Members of argocd-rbac-cm; empty where there is none. */
  readonly data: Readonly<Record<string, string>>;
  readonly projects: readonly { readonly name: string; readonly roles: readonly ProjectRoleSpec[] }[];
  /** Names of local accounts: no group and no outside subject is taken for one of them. */
  readonly accounts: readonly string[];
  /** True: `update` and `delete` of an application include its resources, as before Argo CD 3.0. */
  readonly inheritsFineGrained: boolean;
  /** Leaves out `role:readonly` and `role:admin`, to see what the written policies say by themselves. */
  readonly withoutBuiltIn?: boolean;
}

export interface Rbac {
  may(who: Identity, resource: string, action: string, object: string): boolean;
  /** Lines that were refused, each as a sentence. */
  readonly problems: readonly string[];
  /** True when the written policy could not be taken over as it is. */
  readonly isDegraded: boolean;
}

const CACHED_IDENTITIES = 1_000;
const MAX_QUESTIONS = 500;
/** A chain of roles longer than this is a circle or a mistake. */
const MAX_ROLES = 1_000;

/**
 * Compiles the policies. A policy with a broken line is not taken over: `last`, the good one before it, stays; where
 * there is none, only its readable lines count, and if a broken one might have denied something, only the built-in roles.
 */
export function compileRbac(
  source: RbacSource,
  last?: CompiledPolicy,
): Rbac & { readonly policy: CompiledPolicy } {
  const { policy, problems, isDegraded } = chooseGlobal(source.data, last);
  const projects = source.projects.map(({ name, roles }) => projectPolicy(name, roles));
  const all = [...(source.withoutBuiltIn === true ? [] : [builtInPolicy]), policy.policy, ...projects];
  const rules = all.flatMap((part) => part.rules);
  const bySubject = groupBy(rules, (rule) => rule.subject);
  const byMember = groupBy(
    all.flatMap((part) => part.grants),
    (grant) => grant.member,
  );
  const cache = new Lru<Answers>(CACHED_IDENTITIES);
  const accounts = new Set(source.accounts);
  return {
    policy,
    problems: [...problems, ...projects.flatMap((project) => project.problems)],
    isDegraded,
    may(who, resource, action, object) {
      const names = namesOf(who, accounts);
      const key = JSON.stringify(names);
      let answers = cache.get(key);
      if (answers === undefined) {
        const roles = rolesOf(policy.defaultRole === '' ? names : [...names, policy.defaultRole], byMember);
        const own = roles.flatMap((role) => bySubject.get(role) ?? []);
        answers = new Answers(own, source.inheritsFineGrained);
        cache.set(key, answers);
      }
      return answers.may(resource, action, object);
    },
  };
}

/** The part of the policy that comes from argocd-rbac-cm. */
export interface CompiledPolicy {
  readonly policy: Policy;
  readonly defaultRole: string;
}

const NOTHING: CompiledPolicy = { policy: { rules: [], grants: [], problems: [] }, defaultRole: '' };

function chooseGlobal(
  data: Readonly<Record<string, string>>,
  last: CompiledPolicy | undefined,
): { policy: CompiledPolicy; problems: readonly string[]; isDegraded: boolean } {
  const mode = data['policy.matchMode'] || 'glob';
  const defaultRole = (data['policy.default'] ?? '').trim();
  if (mode !== 'glob' && mode !== 'regex') {
    return {
      policy: last ?? NOTHING,
      problems: [`policy.matchMode "${mode.slice(0, 40)}" is neither glob nor regex`],
      isDegraded: true,
    };
  }
  const parts = policyTexts(data).map(([key, text]) => ({
    key,
    text,
    ...parsePolicy(text, mode as MatchMode),
  }));
  const problems = parts.flatMap((part) => part.problems.map((problem) => `${part.key}, ${problem}`));
  const written: CompiledPolicy = {
    policy: {
      rules: parts.flatMap((part) => part.rules),
      grants: parts.flatMap((part) => part.grants),
      problems: [],
    },
    defaultRole,
  };
  if (problems.length === 0) return { policy: written, problems, isDegraded: false };
  const mightDeny = parts.some((part) => part.problems.length > 0 && /deny/i.test(part.text));
  return { policy: last ?? (mightDeny ? NOTHING : written), problems, isDegraded: true };
}

/** `policy.csv` and its fragments `policy.<name>.csv`, in the order of their names. */
export function policyTexts(data: Readonly<Record<string, string>>): [string, string][] {
  return Object.entries(data)
    .filter(([key]) => key === 'policy.csv' || /^policy\..+\.csv$/.test(key))
    .sort(([a], [b]) => (a === 'policy.csv' ? -1 : b === 'policy.csv' ? 1 : a < b ? -1 : 1));
}

/** The names under which an identity appears in policies. */
function namesOf({ subject, groups, origin }: Identity, accounts: ReadonlySet<string>): string[] {
  if (origin === 'local' || origin === 'project') return [subject];
  if (origin === 'guest') return [];
  return [subject, ...groups].filter((name) => name !== '' && !isReserved(name) && !accounts.has(name));
}

function isReserved(name: string): boolean {
  return name.startsWith('role:') || name.startsWith('proj:');
}

function rolesOf(names: readonly string[], grants: ReadonlyMap<string, readonly Grant[]>): string[] {
  const seen = new Set(names);
  for (const name of seen) {
    if (seen.size > MAX_ROLES) break;
    for (const { role } of grants.get(name) ?? []) seen.add(role);
  }
  return [...seen];
}

interface Question {
  readonly allow: readonly Matcher[];
  readonly deny: readonly Matcher[];
}

/** The rules of one set of identities, sorted by what is asked. A deny of any of them wins. */
class Answers {
  readonly #rules: readonly Rule[];
  readonly #inherits: boolean;
  readonly #questions = new Map<string, Question>();

  constructor(rules: readonly Rule[], inherits: boolean) {
    this.#rules = rules;
    this.#inherits = inherits;
  }

  may(resource: string, action: string, object: string): boolean {
    const { allow, deny } = this.#question(resource, action);
    return allow.some((test) => test(object)) && !deny.some((test) => test(object));
  }

  #question(resource: string, action: string): Question {
    const key = `${resource}\n${action}`;
    const known = this.#questions.get(key);
    if (known !== undefined) return known;
    const general = this.#inherits ? /^(update|delete)\//.exec(action)?.[1] : undefined;
    const ofResource = this.#rules.filter((rule) => rule.resource(resource));
    const rules = ofResource.filter(
      (rule) => rule.action(action) || (general !== undefined && rule.action(general)),
    );
    const question: Question = {
      allow: rules.filter(({ effect }) => effect === 'allow').map(({ object }) => object),
      deny: rules.filter(({ effect }) => effect === 'deny').map(({ object }) => object),
    };
    // Actions name resources of callers' choice: there are as many as anybody likes to ask for.
    if (this.#questions.size >= MAX_QUESTIONS) this.#questions.clear();
    this.#questions.set(key, question);
    return question;
  }
}

function groupBy<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [item]);
    else group.push(item);
  }
  return groups;
}
