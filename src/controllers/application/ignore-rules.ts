// Which differences nobody wants to hear about: the rules of an application and those of argocd-cm, read once for each
// of their versions. Expressions beyond paths and `select` are run by the evaluator, for each object once.
import {
  compileIgnoreRules,
  compileJqPath,
  DiffError,
  hasIgnoreRules,
  type IgnoredStatus,
  type IgnoreRules,
  JqSyntaxError,
  type JsonPath,
  type KnownTypeRule,
  knownType,
  maskSecrets,
  type PathExpression,
  stripIgnored,
} from '../../diff/index.ts';
import { EvaluateError, type Evaluator } from '../../evaluate/index.ts';
import { gvkOf, type KubeObject } from '../../k8s/index.ts';
import { digestOf, isRecord, jsonEqual, Lru, messageOf, parseYaml } from '../../lib/index.ts';
import { type Application, globMatches, type IgnoreDifference } from '../../model/index.ts';

/** Switches the rules for updates off when `false`. */
const UPDATES_ENABLED = 'resource.ignoreResourceUpdatesEnabled';
const COMPARE_OPTIONS = 'resource.compareoptions';
const COMBINED = 'resource.customizations';
const REMEMBERED = 2_000;

/** A rule of the installation that cannot be read, and whose objects it would speak of. */
export interface IgnoreRuleProblem {
  /** With wildcards. */
  readonly group: string;
  readonly kind: string;
  /** One sentence that quotes it. */
  readonly message: string;
}

export interface SystemIgnoreRules {
  readonly rules: readonly IgnoreDifference[];
  readonly problems: readonly IgnoreRuleProblem[];
}

export interface IgnoreRuleBookDeps {
  readonly evaluator: Evaluator;
  /** Members of argocd-cm; the same object until they change. */
  configData(): Readonly<Record<string, string>>;
}

export class IgnoreRuleBook {
  readonly #deps: IgnoreRuleBookDeps;
  readonly #compiled = new Lru<IgnoreRules>(REMEMBERED);
  readonly #expressions = new Lru<PathExpression>(REMEMBERED);
  #data: Readonly<Record<string, string>> | undefined;
  #system: SystemIgnoreRules = { rules: [], problems: [] };
  #updates: IgnoreRules | undefined;
  #status: IgnoredStatus = 'all';
  #known: readonly KnownTypeRule[] = [];
  #version = '';

  constructor(deps: IgnoreRuleBookDeps) {
    this.#deps = deps;
  }

  /**
   * The same object for the same rules: what was compared under it need not be compared again. Undefined: none.
   * @throws DiffError when the application's own rules cannot be read
   */
  rulesFor(app: Application): IgnoreRules | undefined {
    const { rules } = this.system();
    const own = app.spec.ignoreDifferences ?? [];
    const status = this.#status;
    const types = this.#known;
    if (own.length + rules.length + types.length === 0 && status === 'all') return undefined;
    const key = `${this.#version} ${digestOf(own)}`;
    const known = this.#compiled.get(key);
    if (known !== undefined) return known;
    const compiled = compileIgnoreRules([...rules, ...own], {
      compileExpression: (text) => this.#expression(text),
      status,
      known: types,
    });
    this.#compiled.set(key, compiled);
    return compiled;
  }

  /** Rules of the installation that can be used, and what is wrong with the others. */
  system(): SystemIgnoreRules {
    const data = this.#deps.configData();
    if (data !== this.#data) {
      this.#data = data;
      const compileExpression = (text: string): PathExpression => this.#expression(text);
      this.#system = readSystemRules(data, 'ignoreDifferences', compileExpression);
      const { status, problems } = ignoredStatus(data[COMPARE_OPTIONS] ?? '');
      this.#status = status;
      const known = readKnownTypes(data);
      this.#known = known.rules;
      this.#system = {
        ...this.#system,
        problems: [...this.#system.problems, ...problems, ...known.problems],
      };
      this.#version = digestOf({ ...this.#system, status, known: known.rules });
      const updates = readSystemRules(data, 'ignoreResourceUpdates', compileExpression);
      const isOn = data[UPDATES_ENABLED] !== 'false' && updates.rules.length > 0;
      this.#updates = isOn ? compileIgnoreRules(updates.rules, { compileExpression }) : undefined;
    }
    return this.#system;
  }

  /** Changes whenever something is to be compared by other rules. */
  version(): string {
    this.system();
    return this.#version;
  }

  /**
   * Throws DiffError when a rule of the installation that would speak of one of these objects cannot be read: a sync
   * would overwrite what it protects.
   */
  requireReadable(objects: readonly KubeObject[]): void {
    const { problems } = this.system();
    const found = problems.find(({ group, kind }) =>
      objects.some((object) => globMatches(group, gvkOf(object).group) && globMatches(kind, object.kind)),
    );
    if (found === undefined) return;
    throw new DiffError(
      'INVALID_IGNORE_RULE',
      'on-change',
      `${found.message}; nothing it may protect is synced before it is corrected`,
    );
  }

  /** True when a live object changed only in what `ignoreResourceUpdates` names: no reason to look at anybody. */
  isIgnoredUpdate(before: KubeObject | undefined, after: KubeObject | undefined): boolean {
    this.system();
    const rules = this.#updates;
    if (rules === undefined || before === undefined || after === undefined) return false;
    if (before.metadata.uid !== after.metadata.uid || !hasIgnoreRules(rules, after)) return false;
    return jsonEqual(essence(rules, before), essence(rules, after));
  }

  /** Paths and `select` at once; the rest of jq by the evaluator. One expression has one memory of its answers. */
  #expression(text: string): PathExpression {
    const known = this.#expressions.get(text);
    if (known !== undefined) return known;
    const compiled = compiledHere(text) ?? evaluated(this.#deps.evaluator, text);
    this.#expressions.set(text, compiled);
    return compiled;
  }
}

function compiledHere(text: string): PathExpression | undefined {
  try {
    return compileJqPath(text);
  } catch (error) {
    if (error instanceof JqSyntaxError) return undefined;
    throw error;
  }
}

function evaluated(evaluator: Evaluator, text: string): PathExpression {
  const answers = new WeakMap<object, JsonPath[]>();
  const name = `jq path expression ${JSON.stringify(text)}`;
  const expression: PathExpression = (object) => answers.get(object as object) ?? [];
  expression.prepare = async (object) => {
    if (answers.has(object as object)) return;
    try {
      const program = { language: 'jq', name, source: `[path(${text})]` } as const;
      // Messages of jq quote what it looked at: it sees the keys of a Secret, not its values.
      const [input] = maskSecrets([object as KubeObject]);
      const [paths] = (await evaluator.run(program, { input })) as JsonPath[][];
      answers.set(object as object, (paths ?? []).filter(isPath));
    } catch (error) {
      if (!(error instanceof EvaluateError)) throw error;
      const remedy = 'correct it in ignoreDifferences, where it must point at fields';
      throw new DiffError('INVALID_IGNORE_RULE', error.retry, `${error.message}; ${remedy}`, {
        cause: error,
      });
    }
  };
  return expression;
}

function isPath(value: unknown): value is JsonPath {
  return Array.isArray(value) && value.every((step) => typeof step === 'string' || typeof step === 'number');
}

function essence(rules: IgnoreRules, object: KubeObject): object {
  const { metadata, ...rest } = stripIgnored(rules, object, object);
  const { resourceVersion: _, generation: _g, managedFields: _m, ...meta } = metadata;
  return { ...rest, metadata: meta };
}

/** `ignoreResourceStatusField` of `resource.compareoptions`; `off` and `false` are other spellings of `none`. */
function ignoredStatus(text: string): { status: IgnoredStatus; problems: readonly IgnoreRuleProblem[] } {
  const left = (why: string) => ({
    status: 'all' as const,
    problems: [unreadable(COMPARE_OPTIONS, why)],
  });
  if (text.trim() === '') return { status: 'all', problems: [] };
  let options: unknown;
  try {
    options = parseYaml(text);
  } catch (error) {
    return left(messageOf(error));
  }
  if (!isRecord(options)) return left('it is no map of options');
  const value = options['ignoreResourceStatusField'] ?? 'all';
  if (value === 'all' || value === 'crd') return { status: value, problems: [] };
  if (value === 'none' || value === 'off' || value === 'false' || value === false)
    return { status: 'none', problems: [] };
  return left(`ignoreResourceStatusField is ${JSON.stringify(value)}; write all, crd or none`);
}

/** `resource.customizations.<what>.<group>_<Kind>`, `.all`, and the older combined member. */
function readSystemRules(
  data: Readonly<Record<string, string>>,
  what: 'ignoreDifferences' | 'ignoreResourceUpdates',
  compileExpression: (text: string) => PathExpression,
): SystemIgnoreRules {
  return readMembers(data, what, (group, kind, value) => {
    const rule = ruleOf(group, kind, value);
    compileIgnoreRules([rule], { compileExpression });
    return rule;
  });
}

/** `resource.customizations.knownTypeFields.<group>_<Kind>`: a list of fields and the built-in types they hold. */
function readKnownTypes(data: Readonly<Record<string, string>>): {
  rules: readonly KnownTypeRule[];
  problems: readonly IgnoreRuleProblem[];
} {
  return readMembers(data, 'knownTypeFields', (group, kind, value) => {
    if (!Array.isArray(value)) throw new Error('it is no list of fields with their types');
    const fields = value.map((item: unknown) => {
      const { field, type } = isRecord(item) ? item : {};
      const known = typeof type === 'string' ? knownType(type) : undefined;
      if (typeof field !== 'string' || field === '' || known === undefined) {
        const example = '{field: spec.template.spec, type: core/v1/PodSpec}';
        throw new Error(`${JSON.stringify(item)?.slice(0, 120)} is no field with a type; write ${example}`);
      }
      return { names: field.replace(/^\./, '').split('.'), type: known };
    });
    return { group, kind, fields };
  });
}

/** What `argocd-cm` says of kinds in its three spellings; what cannot be read becomes a problem of those kinds. */
function readMembers<Rule>(
  data: Readonly<Record<string, string>>,
  what: 'ignoreDifferences' | 'ignoreResourceUpdates' | 'knownTypeFields',
  ruleFrom: (group: string, kind: string, value: unknown) => Rule,
): { rules: Rule[]; problems: IgnoreRuleProblem[] } {
  const rules: Rule[] = [];
  const problems: IgnoreRuleProblem[] = [];
  const add = (source: string, group: string, kind: string, text: unknown): void => {
    try {
      rules.push(ruleFrom(group, kind, typeof text === 'string' ? parseYaml(text) : text));
    } catch (error) {
      problems.push(unreadable(source, messageOf(error), group, kind));
    }
  };
  for (const [pattern, text] of combined(data[COMBINED] ?? '', what, problems)) {
    const slash = pattern.lastIndexOf('/');
    add(`${COMBINED} (${pattern})`, pattern.slice(0, Math.max(0, slash)), pattern.slice(slash + 1), text);
  }
  for (const [key, text] of Object.entries(data)) {
    const prefix = `${COMBINED}.${what}.`;
    if (!key.startsWith(prefix)) continue;
    const name = key.slice(prefix.length);
    const at = name.lastIndexOf('_');
    if (name === 'all') add(key, '*', '*', text);
    else add(key, name.slice(0, Math.max(0, at)), name.slice(at + 1), text);
  }
  return { rules, problems };
}

function unreadable(source: string, why: string, group = '*', kind = '*'): IgnoreRuleProblem {
  return { group, kind, message: `Cannot read ${source} of argocd-cm: ${why}` };
}

/** Members are YAML in a text, or, as people also write them, the YAML itself. */
function* combined(text: string, what: string, problems: IgnoreRuleProblem[]): Generator<[string, unknown]> {
  if (text.trim() === '') return;
  let value: unknown;
  try {
    value = parseYaml(text);
  } catch (error) {
    problems.push(unreadable(COMBINED, messageOf(error)));
    return;
  }
  for (const [pattern, members] of Object.entries(isRecord(value) ? value : {})) {
    const member = isRecord(members) ? members[what] : undefined;
    if (member !== undefined) yield [pattern, member];
  }
}

function ruleOf(group: string, kind: string, value: unknown): IgnoreDifference {
  if (!isRecord(value)) throw new Error(`${JSON.stringify(value)?.slice(0, 80)} is no map of rules`);
  const listed = (name: string): string[] => {
    const items = value[name] ?? [];
    if (Array.isArray(items) && items.every((item) => typeof item === 'string')) return items;
    throw new Error(`${name} is not a list of texts`);
  };
  return {
    group,
    kind,
    jsonPointers: listed('jsonPointers'),
    jqPathExpressions: listed('jqPathExpressions'),
    managedFieldsManagers: listed('managedFieldsManagers'),
  };
}
