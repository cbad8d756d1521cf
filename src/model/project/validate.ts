// What cannot stand in a project, as sentences that name member and remedy. Pure; a project with problems still
// protects: each rule that cannot be read permits nothing.
import { namespaceProblem } from './namespaces.ts';
import type { ProjectRole, ProjectSpec, SigstorePolicy } from './schema.ts';
import { SyncWindows } from './sync-window.ts';

const ROLE_NAME = /^[a-zA-Z0-9]([-_a-zA-Z0-9]*[a-zA-Z0-9])?$/;
const GROUP = /[,\n\r\t]/;
/** Characters that would turn the name of a service account into a pattern or a path. */
const NO_ACCOUNT = /[!*[\]{}\\/]/;

/** Everything that is wrong; empty when nothing is. */
export function projectProblems(name: string, spec: ProjectSpec): readonly string[] {
  return [
    ...duplicates('sourceRepos', spec.sourceRepos ?? []),
    ...duplicates(
      'destinations',
      (spec.destinations ?? []).map((item) =>
        [item.server || item.name || '', item.namespace ?? ''].join(' / '),
      ),
    ),
    ...destinationProblems(spec),
    ...(spec.sourceNamespaces ?? []).flatMap((pattern) =>
      prefixed('sourceNamespaces', namespaceProblem(pattern)),
    ),
    ...roleProblems(name, spec.roles ?? []),
    ...new SyncWindows(spec.syncWindows ?? []).problems().map((problem) => `syncWindows: ${problem}`),
    ...windowDuplicates(spec),
    ...accountProblems(spec),
    ...integrityProblems(spec),
    ...duplicates(
      'signatureKeys',
      (spec.signatureKeys ?? []).map(({ keyID }) => keyID),
    ),
  ];
}

function destinationProblems(spec: ProjectSpec): string[] {
  return (spec.destinations ?? []).flatMap(({ server, name, namespace }) => {
    if (server === '!*' || name === '!*') return ['destinations: "!*" would deny every cluster; name one'];
    if (namespace === '!*') return ['destinations: namespace "!*" would deny every namespace; name one'];
    return [];
  });
}

function roleProblems(project: string, roles: readonly ProjectRole[]): string[] {
  const found = duplicates(
    'roles',
    roles.map(({ name }) => name),
  );
  for (const { name, policies = [], groups = [] } of roles) {
    if (!ROLE_NAME.test(name))
      found.push(`roles: ${JSON.stringify(name)} is no name; use letters, digits, - and _`);
    found.push(
      ...duplicates(`roles.${name}.policies`, policies),
      ...duplicates(`roles.${name}.groups`, groups),
    );
    for (const policy of policies) found.push(...policyProblems(project, name, policy));
    for (const group of groups) {
      if (group.trim() === '' || GROUP.test(group))
        found.push(`roles.${name}.groups: ${JSON.stringify(group)} is no group`);
    }
  }
  return found;
}

/** A project's role may only speak of itself and of what belongs to the project. */
function policyProblems(project: string, role: string, policy: string): string[] {
  const where = `roles.${role}.policies: ${JSON.stringify(policy.slice(0, 120))}`;
  const [p, subject, resource, action, object, effect, ...rest] = policy
    .split(',')
    .map((part) => part.trim());
  if (p !== 'p' || effect === undefined || rest.length > 0) {
    return [`${where} must be "p, proj:${project}:${role}, RESOURCE, ACTION, OBJECT, allow|deny"`];
  }
  if (subject !== `proj:${project}:${role}`)
    return [`${where} must have the subject proj:${project}:${role}`];
  if (resource === '' || action === '') return [`${where} must name a resource and an action`];
  if (object !== `${project}` && !object?.startsWith(`${project}/`)) {
    return [`${where} must have an object of the project: ${project}/*`];
  }
  if (effect !== 'allow' && effect !== 'deny') return [`${where} must end in allow or deny`];
  return [];
}

function windowDuplicates(spec: ProjectSpec): string[] {
  return duplicates(
    'syncWindows',
    (spec.syncWindows ?? []).map((window) => JSON.stringify(window)),
  );
}

function integrityProblems(spec: ProjectSpec): string[] {
  return (spec.sourceIntegrity?.git?.policies ?? []).flatMap(({ gpg, repos, sigstore, ssh }, index) => {
    const where = `sourceIntegrity.git.policies[${index}]`;
    if (repos.length === 0) return [`${where}: repos is empty; name a repository or "*"`];
    const modes = [gpg?.mode, ssh?.mode, sigstore?.mode].filter((mode) => mode !== undefined);
    if (modes.length === 0) return [`${where}: give gpg, ssh or sigstore`];
    const wrong = modes.filter((mode) => !['none', 'head', 'strict'].includes(mode));
    return [
      ...wrong.map((mode) => `${where}: mode ${JSON.stringify(mode)} is none of none, head, strict`),
      ...(sigstore === undefined || sigstore.mode === 'none' ? [] : identityProblems(where, sigstore)),
    ];
  });
}

function identityProblems(where: string, { identities = [] }: SigstorePolicy): string[] {
  if (identities.length === 0) return [`${where}: sigstore names no identities; give issuer and subject`];
  const isEmpty = identities.some(({ issuer, subject }) => issuer === '' || subject === '');
  return isEmpty ? [`${where}: an identity of sigstore needs an issuer and a subject`] : [];
}

function accountProblems(spec: ProjectSpec): string[] {
  return (spec.destinationServiceAccounts ?? []).flatMap(({ defaultServiceAccount, namespace, server }) => {
    const where = `destinationServiceAccounts ${JSON.stringify(defaultServiceAccount)}`;
    if (server.startsWith('!') || namespace?.startsWith('!') === true)
      return [`${where}: "!" has no meaning here`];
    return prefixed(where, serviceAccountProblem(defaultServiceAccount));
  });
}

/** What is wrong with `NAME` or `NAMESPACE:NAME`. */
export function serviceAccountProblem(account: string): string | undefined {
  if (account.trim() === '') return 'name a service account';
  if (NO_ACCOUNT.test(account) || account.split(':').length > 2) {
    return 'write NAME or NAMESPACE:NAME, without patterns';
  }
  return undefined;
}

function duplicates(member: string, values: readonly string[]): string[] {
  const seen = new Set<string>();
  const twice = values.filter((value) => seen.size === seen.add(value).size);
  return [...new Set(twice)].map((value) => `${member}: ${value} is there twice`);
}

function prefixed(where: string, problem: string | undefined): string[] {
  return problem === undefined ? [] : [`${where}: ${problem}`];
}
