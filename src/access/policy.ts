// Reads policies as Argo CD's `argocd-rbac-cm` and AppProject roles write them: CSV lines of `p` and `g`. Pure: text
// in, rules and problems out; nobody's rights are decided here.
import { type Matcher, type MatchMode, matcherOf } from './matcher.ts';

/** `p, subject, resource, action, object, effect`. */
export interface Rule {
  readonly subject: string;
  readonly resource: Matcher;
  readonly action: Matcher;
  readonly object: Matcher;
  readonly effect: 'allow' | 'deny';
}

/** `g, member, role`. */
export interface Grant {
  readonly member: string;
  readonly role: string;
}

export interface Policy {
  readonly rules: readonly Rule[];
  readonly grants: readonly Grant[];
  /** Lines that say nothing we can use, each as a sentence with its number. Policies with any are not taken over. */
  readonly problems: readonly string[];
}

export const RESOURCES = [
  'applications',
  'applicationsets',
  'clusters',
  'projects',
  'repositories',
  'write-repositories',
  'accounts',
  'certificates',
  'gpgkeys',
  'logs',
  'exec',
  'extensions',
  'audit',
  'metrics',
  'notifications',
] as const;

/** Lines beyond this are a mistake, not a policy. */
const MAX_LINES = 20_000;

/** Argo CD's two roles. The rights of admins include everything Fairlead adds. */
const BUILT_IN = `p, role:readonly, applications, get, */*, allow
p, role:readonly, applicationsets, get, */*, allow
p, role:readonly, certificates, get, *, allow
p, role:readonly, clusters, get, *, allow
p, role:readonly, repositories, get, *, allow
p, role:readonly, write-repositories, get, *, allow
p, role:readonly, projects, get, *, allow
p, role:readonly, accounts, get, *, allow
p, role:readonly, gpgkeys, get, *, allow
p, role:readonly, logs, get, */*, allow
p, role:readonly, notifications, get, *, allow
p, role:admin, *, *, *, allow
g, role:admin, role:readonly
g, admin, role:admin`;

export const builtInPolicy: Policy = parsePolicy(BUILT_IN, 'glob');

/** Reads a whole text; the result has every good line and says what is wrong with the others. */
export function parsePolicy(text: string, mode: MatchMode): Policy {
  const rules: Rule[] = [];
  const grants: Grant[] = [];
  const problems: string[] = [];
  const lines = text.split(/\r?\n/);
  if (lines.length > MAX_LINES) return { rules, grants, problems: [`more than ${MAX_LINES} lines`] };
  for (const [index, line] of lines.entries()) {
    const trimmed = line.trim();
    if (trimmed === '' || trimmed.startsWith('#')) continue;
    try {
      const parsed = parseLine(trimmed, mode);
      if ('role' in parsed) grants.push(parsed);
      else rules.push(parsed);
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      problems.push(`line ${index + 1}: ${error.message}`);
    }
  }
  return { rules, grants, problems };
}

/** Rules that can be read and never count, as no resource has such a name: each as a sentence with its number. */
export function idleRules(text: string, mode: MatchMode): string[] {
  return text
    .split(/\r?\n/)
    .slice(0, MAX_LINES)
    .flatMap((line, index) => {
      const [rule] = parsePolicy(line, mode).rules;
      if (rule === undefined || RESOURCES.some((name) => rule.resource(name))) return [];
      const known = RESOURCES.join(', ');
      return [`line ${index + 1}: no resource is called ${fieldsOf(line)[2]}; there are ${known}`];
    });
}

function parseLine(line: string, mode: MatchMode): Rule | Grant {
  const [kind, ...fields] = fieldsOf(line);
  if (kind === 'g') {
    const [member = '', role = ''] = fields;
    if (fields.length !== 2 || member === '' || role === '')
      throw new SyntaxError('g needs a member and a role');
    return { member, role };
  }
  if (kind !== 'p') throw new SyntaxError('a line begins with p or g');
  const [subject = '', resource = '', action = '', object = '', effect = 'allow'] = fields;
  if (fields.length < 4 || fields.length > 5 || fields.slice(0, 4).some((field) => field === '')) {
    throw new SyntaxError('p needs subject, resource, action, object and effect');
  }
  if (effect !== 'allow' && effect !== 'deny') throw new SyntaxError('the effect is allow or deny');
  return {
    subject,
    resource: matcherOf(resource, mode),
    action: matcherOf(action, mode),
    object: matcherOf(object, mode),
    effect,
  };
}

/** CSV with blanks around the fields; a field in quotes may hold commas. */
function fieldsOf(line: string): string[] {
  const fields: string[] = [];
  let rest = line;
  for (;;) {
    const match = /^\s*(?:"((?:[^"]|"")*)"|([^",]*))\s*(,|$)/.exec(rest);
    if (match === null) throw new SyntaxError('quotes stand around a whole field');
    fields.push((match[1]?.replaceAll('""', '"') ?? match[2] ?? '').trim());
    rest = rest.slice(match[0].length);
    if (match[3] !== ',') return fields;
  }
}

const PROJECT_RESOURCES = new Set([
  'applications',
  'applicationsets',
  'repositories',
  'write-repositories',
  'clusters',
  'logs',
  'exec',
]);

export interface ProjectRoleSpec {
  readonly name: string;
  readonly policies?: readonly string[] | undefined;
  readonly groups?: readonly string[] | undefined;
}

/**
 * The policies of a project's roles. A project may speak only of itself: lines for other subjects, other resources or
 * objects outside it are problems, and are left out.
 */
export function projectPolicy(project: string, roles: readonly ProjectRoleSpec[]): Policy {
  const rules: Rule[] = [];
  const grants: Grant[] = [];
  const problems: string[] = [];
  for (const role of roles) {
    const subject = `proj:${project}:${role.name}`;
    const own = parsePolicy(`p, ${subject}, projects, get, ${literal(project)}, allow`, 'glob');
    rules.push(...own.rules);
    for (const member of role.groups ?? []) grants.push({ member, role: subject });
    for (const line of role.policies ?? []) {
      const parsed = parsePolicy(line, 'glob');
      const why = parsed.problems[0] ?? refusal(line, project, subject);
      if (why === undefined) rules.push(...parsed.rules);
      else problems.push(`project ${project}, role ${role.name}: ${why}`);
    }
  }
  return { rules, grants, problems };
}

function refusal(line: string, project: string, subject: string): string | undefined {
  const [kind, who, resource = '', , object = ''] = fieldsOf(line.trim());
  if (kind !== 'p') return 'a policy of a role begins with p';
  if (who !== subject) return `the subject is not ${subject}`;
  if (resource === 'projects')
    return object === project ? undefined : `the object is not the project ${project}`;
  if (!PROJECT_RESOURCES.has(resource)) return `"${resource}" is no resource of a project`;
  return object.startsWith(`${project}/`) ? undefined : `the object does not begin with ${project}/`;
}

function literal(text: string): string {
  return text.replace(/[*?[\]{}\\,]/g, '\\$&');
}
