// CEL rules of custom resources (x-kubernetes-validations): compiled once per schema, evaluated on every write.
import { Environment } from '@marcbachmann/cel-js';
import { isRecord, messageOf } from '../../lib/index.ts';
import { addKubernetesFunctions } from './cel-functions.ts';
import { type FieldError, type FieldErrorReason, invalid, invalidUnnamed } from './field-error.ts';
import type { Schema, ValidationRule } from './types.ts';

type Program = (context: Record<string, unknown>) => unknown;

interface CompiledRule {
  readonly rule: ValidationRule;
  readonly run: Program;
  readonly message: Program | undefined;
  /** Rules that read oldSelf run on updates only. */
  readonly usesOld: boolean;
}

const LIMITS = { maxAstNodes: 10_000, maxDepth: 200 };

function newEnvironment(): Environment {
  const options = {
    unlistedVariablesAreDyn: true,
    homogeneousAggregateLiterals: false,
    enableOptionalTypes: true,
    limits: LIMITS,
  };
  return addKubernetesFunctions(new Environment(options));
}

let environment: Environment | undefined;
const rulesOf = new WeakMap<Schema, readonly CompiledRule[]>();
const anyRules = new WeakMap<Schema, boolean>();

/** The reason a rule cannot be compiled, undefined when it can. */
export function celProblem(text: string): string | undefined {
  environment ??= newEnvironment();
  try {
    environment.parse(text);
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}

/** True when a schema, or any below it, states rules. */
export function hasRules(schema: Schema): boolean {
  const known = anyRules.get(schema);
  if (known !== undefined) return known;
  anyRules.set(schema, false);
  const rest = schema.additionalProperties;
  const found =
    (schema.validations?.length ?? 0) > 0 ||
    Object.values(schema.properties ?? {}).some(hasRules) ||
    (schema.items !== undefined && hasRules(schema.items)) ||
    (typeof rest === 'object' && hasRules(rest));
  anyRules.set(schema, found);
  return found;
}

/** Mistakes after which rules are not run, since they may rely on what is missing. */
const BLOCKING: ReadonlySet<FieldErrorReason> = new Set<FieldErrorReason>([
  'FieldValueRequired',
  'FieldValueTypeInvalid',
  'FieldValueNotSupported',
  'FieldValueTooLong',
  'FieldValueTooMany',
]);

/**
 * Runs the rules of a schema on an object that was validated before.
 * @param before the stored object on updates
 * @param found the mistakes validation found; some keep the rules from being run
 */
export function validateRules(
  value: unknown,
  before: unknown,
  schema: Schema,
  found: readonly FieldError[],
): FieldError[] {
  if (!hasRules(schema)) return [];
  if (found.some(({ reason }) => BLOCKING.has(reason))) {
    const detail =
      'some validation rules were not checked because the object was invalid; correct the existing errors to complete validation';
    return [invalid('<nil>', null, detail)];
  }
  const errors: FieldError[] = [];
  walk(value, before, schema, '', errors);
  return errors;
}

function walk(value: unknown, before: unknown, schema: Schema, path: string, errors: FieldError[]): void {
  if (value === null || value === undefined || !hasRules(schema)) return;
  runRules(value, before, schema, path, errors);
  if (Array.isArray(value)) {
    const { items } = schema;
    if (items === undefined) return;
    const old = Array.isArray(before) ? before : [];
    for (const [i, item] of value.entries())
      walk(item, counterpart(item, old, schema), items, `${path}[${i}]`, errors);
  } else if (isRecord(value)) {
    const old = isRecord(before) ? before : {};
    const rest = typeof schema.additionalProperties === 'object' ? schema.additionalProperties : undefined;
    for (const name of Object.keys(value).sort()) {
      const member = schema.properties?.[name] ?? rest;
      const at =
        rest !== undefined && member === rest ? `${path}[${name}]` : path === '' ? name : `${path}.${name}`;
      if (member !== undefined) walk(value[name], old[name], member, at, errors);
    }
  }
}

/** The item of the stored list that is the same one; only lists with keys tell. */
function counterpart(item: unknown, old: readonly unknown[], schema: Schema): unknown {
  if (schema.listType !== 'map' || !isRecord(item)) return undefined;
  const keys = schema.listMapKeys ?? [];
  return old.find((other) => isRecord(other) && keys.every((key) => other[key] === item[key]));
}

function runRules(value: unknown, before: unknown, schema: Schema, path: string, errors: FieldError[]): void {
  const rules = compiledRules(schema);
  if (rules.length === 0) return;
  const self = celValue(value, schema);
  const oldSelf = before === undefined || before === null ? undefined : celValue(before, schema);
  for (const compiled of rules) {
    if (compiled.usesOld && oldSelf === undefined) continue;
    const failure = evaluate(compiled, { self, oldSelf });
    if (failure !== undefined) errors.push(ruleError(compiled.rule, failure, path));
  }
}

/** @returns the message when the rule does not hold or cannot be evaluated */
function evaluate(
  { rule, run, message }: CompiledRule,
  context: Record<string, unknown>,
): string | undefined {
  try {
    if (run(context) === true) return undefined;
  } catch (error) {
    return `rule evaluation error: ${rule.rule}: ${messageOf(error).split('\n')[0] ?? ''}`;
  }
  if (message !== undefined) {
    try {
      const text = message(context);
      if (typeof text === 'string' && text.trim() !== '') return text.trim();
    } catch {
      // The static message answers instead.
    }
  }
  return rule.message ?? `failed rule: ${rule.rule.trim()}`;
}

function ruleError(rule: ValidationRule, message: string, path: string): FieldError {
  const relative = rule.fieldPath ?? '';
  const field = `${path}${relative}`.replace(/^\./, '') || '<nil>';
  switch (rule.reason) {
    case 'FieldValueForbidden':
      return { reason: 'FieldValueForbidden', field, message: `Forbidden: ${message}` };
    case 'FieldValueRequired':
      return { reason: 'FieldValueRequired', field, message: `Required value: ${message}` };
    case 'FieldValueDuplicate':
      return { reason: 'FieldValueDuplicate', field, message: `Duplicate value: ${message}` };
    default:
      return invalidUnnamed(field, message);
  }
}

function compiledRules(schema: Schema): readonly CompiledRule[] {
  const known = rulesOf.get(schema);
  if (known !== undefined) return known;
  environment ??= newEnvironment();
  const { validations = [] } = schema;
  const rules: CompiledRule[] = [];
  for (const rule of validations) {
    rules.push({
      rule,
      run: environment.parse(rule.rule),
      message: rule.messageExpression === undefined ? undefined : environment.parse(rule.messageExpression),
      usesOld: /\boldSelf\b/.test(rule.rule),
    });
  }
  rulesOf.set(schema, rules);
  return rules;
}

/** A JSON value as CEL sees it: integers apart from doubles, times and durations as such. */
function celValue(value: unknown, schema: Schema | undefined): unknown {
  if (typeof value === 'number') {
    if (schema?.type === 'number') return value;
    return Number.isInteger(value) ? BigInt(value) : value;
  }
  if (typeof value === 'string') return schema?.format === 'date-time' ? new Date(value) : value;
  if (Array.isArray(value)) return value.map((item) => celValue(item, schema?.items));
  if (!isRecord(value)) return value;
  const rest = typeof schema?.additionalProperties === 'object' ? schema.additionalProperties : undefined;
  const result: Record<string, unknown> = {};
  for (const name in value) {
    const member = schema?.properties?.[name];
    result[member === undefined ? name : celName(name)] = celValue(value[name], member ?? rest);
  }
  return result;
}

const RESERVED = new Set(
  'true false null in as break const continue else for function if import let loop package namespace return var void while'.split(
    ' ',
  ),
);

/** Property names that CEL cannot write are escaped: `a.b` is read as `a__dot__b`. */
function celName(name: string): string {
  if (RESERVED.has(name)) return `__${name}__`;
  if (!/[./-]|__/.test(name)) return name;
  return name
    .replaceAll('__', '__underscores__')
    .replaceAll('.', '__dot__')
    .replaceAll('-', '__dash__')
    .replaceAll('/', '__slash__');
}
