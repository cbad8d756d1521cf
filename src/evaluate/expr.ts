// Evaluates expr expressions (notification triggers, promotion steps). Total: every expression ends with a value or
// a LanguageError, within a fixed number of steps. Reaches nothing but the values it is given.
import { builtins } from './expr-builtins.ts';
import { type Expr, parseExpr } from './expr-parser.ts';
import { GoDuration, GoTime } from './go-time.ts';
import { LanguageError } from './language-error.ts';
import { Budget } from './language-limits.ts';
import { isPlain, ownMember, setOwn, typeName } from './members.ts';
import { regexTest } from './regex.ts';

/** Names an expression can use: JSON values, and functions that the host offers. */
export type ExprValues = Readonly<Record<string, unknown>>;

export interface ExprProgram {
  readonly source: string;
  /** Throws LanguageError `EVALUATION` or `LIMIT`. */
  run(values: ExprValues): unknown;
}

/** Throws LanguageError `SYNTAX` or `LIMIT`. */
export function compileExpr(source: string): ExprProgram {
  const tree = parseExpr(source);
  return {
    source,
    run(values) {
      const budget = new Budget();
      const result = evaluate(tree, { values, budget, locals: {} });
      // Callers read results through: a small program must not hand them an enormous one.
      budget.weigh([result]);
      return result;
    },
  };
}

interface Scope {
  readonly values: ExprValues;
  readonly budget: Budget;
  readonly locals: Readonly<Record<string, unknown>>;
  readonly element?: { readonly item: unknown; readonly index: number; readonly acc?: unknown };
}

function evaluate(node: Expr, scope: Scope): unknown {
  scope.budget.step();
  switch (node.kind) {
    case 'literal':
      return node.value;
    case 'name':
      return nameValue(node.name, scope);
    case 'element':
      return elementValue(node.which, scope);
    case 'list':
      return node.items.map((item) => evaluate(item, scope));
    case 'map':
      return mapOf(node.pairs, scope);
    case 'unary':
      return unary(node.operator, evaluate(node.operand, scope));
    case 'binary':
      return binary(node, scope);
    case 'choice':
      return evaluate(asBoolean(evaluate(node.test, scope), '?:') ? node.yes : node.no, scope);
    case 'member':
      return memberOf(node, scope);
    case 'slice':
      return sliceOf(node, scope);
    case 'call':
      return callOf(node, scope);
    case 'predicate':
      throw new LanguageError(
        'SYNTAX',
        'a predicate stands only in the arguments of filter, map, all and the like',
      );
    case 'let': {
      const locals = { ...scope.locals };
      setOwn(locals, node.name, evaluate(node.value, scope));
      return evaluate(node.body, { ...scope, locals });
    }
  }
}

function nameValue(name: string, scope: Scope): unknown {
  if (Object.hasOwn(scope.locals, name)) return scope.locals[name];
  if (Object.hasOwn(scope.values, name)) return scope.values[name] ?? null;
  if (name === '$env') return scope.values;
  throw new LanguageError('EVALUATION', `unknown name ${name}`);
}

function elementValue(which: 'item' | 'acc' | 'index', { element }: Scope): unknown {
  if (element === undefined) throw new LanguageError('SYNTAX', '# stands only inside a predicate');
  return element[which] ?? null;
}

function mapOf(pairs: readonly (readonly [Expr, Expr])[], scope: Scope): Record<string, unknown> {
  const map: Record<string, unknown> = {};
  for (const [key, value] of pairs) setOwn(map, String(evaluate(key, scope)), evaluate(value, scope));
  return map;
}

function unary(operator: string, value: unknown): unknown {
  if (operator === 'not' || operator === '!') return !asBoolean(value, operator);
  if (value instanceof GoDuration) return operator === '-' ? new GoDuration(-value.ms) : value;
  const number = asNumber(value, operator);
  return operator === '-' ? -number : number;
}

function binary(node: Extract<Expr, { kind: 'binary' }>, scope: Scope): unknown {
  const { operator } = node;
  if (operator === '??') {
    const left = quietly(node.left, scope);
    return left ?? evaluate(node.right, scope);
  }
  const left = evaluate(node.left, scope);
  if (operator === 'and' || operator === '&&') {
    return asBoolean(left, operator) && asBoolean(evaluate(node.right, scope), operator);
  }
  if (operator === 'or' || operator === '||') {
    return asBoolean(left, operator) || asBoolean(evaluate(node.right, scope), operator);
  }
  return combine(operator, left, evaluate(node.right, scope), scope.budget);
}

/** `a.b ?? c` gives c also when `a` is nil. */
function quietly(node: Expr, scope: Scope): unknown {
  try {
    return evaluate(node, scope);
  } catch (error) {
    if (error instanceof LanguageError && error.code === 'EVALUATION' && node.kind === 'member') return null;
    throw error;
  }
}

function combine(operator: string, left: unknown, right: unknown, budget: Budget): unknown {
  switch (operator) {
    case '==':
      return isEqual(left, right, budget);
    case '!=':
      return !isEqual(left, right, budget);
    case 'in':
      return isIn(left, right, budget);
    case 'matches':
      return regexTest(asText(right, operator), asText(left, operator));
    case 'contains':
      return asText(left, operator).includes(asText(right, operator));
    case 'startsWith':
      return asText(left, operator).startsWith(asText(right, operator));
    case 'endsWith':
      return asText(left, operator).endsWith(asText(right, operator));
    case '<':
    case '>':
    case '<=':
    case '>=':
      return ordered(operator, left, right);
    case '..':
      return range(asNumber(left, operator), asNumber(right, operator), budget);
    default:
      return arithmetic(operator, left, right, budget);
  }
}

/** Whether two values are the same, deeply. */
export function isEqual(left: unknown, right: unknown, budget: Budget): boolean {
  budget.step();
  const a = left ?? null;
  const b = right ?? null;
  if (a === b) return true;
  if (a instanceof GoTime && b instanceof GoTime) return a.ms === b.ms;
  if (a instanceof GoDuration && b instanceof GoDuration) return a.ms === b.ms;
  if (Array.isArray(a) && Array.isArray(b)) {
    return a.length === b.length && a.every((item, i) => isEqual(item, b[i], budget));
  }
  if (!isPlain(a) || !isPlain(b)) return false;
  const keys = Object.keys(a);
  return (
    keys.length === Object.keys(b).length &&
    keys.every((key) => Object.hasOwn(b, key) && isEqual(a[key], b[key], budget))
  );
}

function isIn(item: unknown, holder: unknown, budget: Budget): boolean {
  if (holder === null || holder === undefined) return false;
  if (Array.isArray(holder)) return holder.some((other) => isEqual(item, other, budget));
  if (isPlain(holder)) return typeof item === 'string' && Object.hasOwn(holder, item);
  throw new LanguageError('EVALUATION', `in needs a list or map on its right, not ${typeName(holder)}`);
}

function ordered(operator: string, left: unknown, right: unknown): boolean {
  const difference = compare(left, right);
  if (operator === '<') return difference < 0;
  if (operator === '>') return difference > 0;
  return operator === '<=' ? difference <= 0 : difference >= 0;
}

/** Below, at or above 0; numbers, texts, times and durations can be ordered among themselves. */
export function compare(left: unknown, right: unknown): number {
  if (typeof left === 'number' && typeof right === 'number') return left - right;
  if (typeof left === 'string' && typeof right === 'string') return left < right ? -1 : left > right ? 1 : 0;
  if (left instanceof GoTime && right instanceof GoTime) return left.ms - right.ms;
  if (left instanceof GoDuration && right instanceof GoDuration) return left.ms - right.ms;
  throw new LanguageError('EVALUATION', `cannot compare ${typeName(left)} with ${typeName(right)}`);
}

function range(from: number, to: number, budget: Budget): number[] {
  const length = Math.max(0, Math.floor(to) - Math.floor(from) + 1);
  budget.size(length);
  budget.step(length);
  return Array.from({ length }, (_, i) => Math.floor(from) + i);
}

function arithmetic(operator: string, left: unknown, right: unknown, budget: Budget): unknown {
  if (operator === '+' && typeof left === 'string' && typeof right === 'string') {
    budget.size(left.length + right.length);
    return left + right;
  }
  const timely = timeArithmetic(operator, left, right);
  if (timely !== undefined) return timely;
  const a = asNumber(left, operator);
  const b = asNumber(right, operator);
  switch (operator) {
    case '+':
      return a + b;
    case '-':
      return a - b;
    case '*':
      return a * b;
    case '/':
      return a / b;
    case '%':
      if (Math.trunc(b) === 0) throw new LanguageError('EVALUATION', 'division by zero');
      return Math.trunc(a) % Math.trunc(b);
    default:
      return a ** b;
  }
}

function timeArithmetic(operator: string, left: unknown, right: unknown): unknown {
  if (left instanceof GoTime) {
    if (right instanceof GoDuration && operator === '+') return left.Add(right);
    if (right instanceof GoDuration && operator === '-') return new GoTime(left.ms - right.ms, left.offset);
    if (right instanceof GoTime && operator === '-') return left.Sub(right);
  }
  if (left instanceof GoDuration && right instanceof GoTime && operator === '+') return right.Add(left);
  if (left instanceof GoDuration && right instanceof GoDuration) {
    if (operator === '+') return new GoDuration(left.ms + right.ms);
    if (operator === '-') return new GoDuration(left.ms - right.ms);
    if (operator === '/') return left.ms / right.ms;
  }
  if (left instanceof GoDuration && typeof right === 'number') {
    if (operator === '*') return new GoDuration(left.ms * right);
    if (operator === '/') return new GoDuration(left.ms / right);
  }
  if (typeof left === 'number' && right instanceof GoDuration && operator === '*') {
    return new GoDuration(left * right.ms);
  }
  return undefined;
}

function memberOf(node: Extract<Expr, { kind: 'member' }>, scope: Scope): unknown {
  const object = evaluate(node.object, scope);
  if (object === null || object === undefined) {
    // Everything behind a `?.` that met nil is nil.
    if (node.optional || isOptionalChain(node.object)) return null;
    const key = node.key.kind === 'literal' ? String(node.key.value) : 'a member';
    throw new LanguageError('EVALUATION', `cannot fetch ${key.slice(0, 80)} from nil`);
  }
  const key = evaluate(node.key, scope);
  if (Array.isArray(object) || typeof object === 'string') return element(object, key);
  return ownMember(object, String(key)) ?? null;
}

function isOptionalChain(node: Expr): boolean {
  if (node.kind === 'member') return node.optional || isOptionalChain(node.object);
  return node.kind === 'call' && isOptionalChain(node.callee);
}

function element(holder: readonly unknown[] | string, key: unknown): unknown {
  if (typeof key !== 'number') {
    throw new LanguageError(
      'EVALUATION',
      `cannot fetch ${String(key).slice(0, 40)} from ${typeName(holder)}`,
    );
  }
  const at = key < 0 ? holder.length + key : key;
  if (!Number.isInteger(at) || at < 0 || at >= holder.length) {
    throw new LanguageError(
      'EVALUATION',
      `index ${key} is out of range, there are ${holder.length} elements`,
    );
  }
  return holder[at] ?? null;
}

function sliceOf(node: Extract<Expr, { kind: 'slice' }>, scope: Scope): unknown {
  const object = evaluate(node.object, scope);
  if (!Array.isArray(object) && typeof object !== 'string') {
    throw new LanguageError('EVALUATION', `cannot take a part of ${typeName(object)}`);
  }
  const from = node.from === undefined ? 0 : asNumber(evaluate(node.from, scope), 'a slice');
  const to = node.to === undefined ? object.length : asNumber(evaluate(node.to, scope), 'a slice');
  return object.slice(from, to);
}

function callOf(node: Extract<Expr, { kind: 'call' }>, scope: Scope): unknown {
  const { callee } = node;
  if (
    callee.kind === 'name' &&
    !Object.hasOwn(scope.values, callee.name) &&
    !Object.hasOwn(scope.locals, callee.name)
  ) {
    const builtin = Object.hasOwn(builtins, callee.name) ? builtins[callee.name] : undefined;
    if (builtin === undefined) throw new LanguageError('EVALUATION', `unknown function ${callee.name}`);
    const args = node.args.map((arg) => argument(arg, scope));
    scope.budget.weigh(args);
    return builtin(args, scope.budget) ?? null;
  }
  const target = evaluate(callee, scope);
  if ((target === null || target === undefined) && isOptionalChain(callee)) return null;
  if (typeof target !== 'function') {
    throw new LanguageError('EVALUATION', `${describe(callee)} is not a function`);
  }
  const result: unknown = target(...node.args.map((arg) => evaluate(arg, scope)));
  return result ?? null;
}

/** A predicate becomes a function of the element; everything else its value. */
function argument(node: Expr, scope: Scope): unknown {
  if (node.kind !== 'predicate') return evaluate(node, scope);
  return (item: unknown, index: number, acc?: unknown): unknown =>
    evaluate(node.body, { ...scope, element: { item, index, acc } });
}

function describe(node: Expr): string {
  if (node.kind === 'name') return node.name;
  if (node.kind === 'member' && node.key.kind === 'literal') return String(node.key.value).slice(0, 80);
  return 'the value';
}

function asBoolean(value: unknown, where: string): boolean {
  if (typeof value === 'boolean') return value;
  throw new LanguageError('EVALUATION', `${where} needs true or false, not ${typeName(value)}`);
}

function asNumber(value: unknown, where: string): number {
  if (typeof value === 'number') return value;
  throw new LanguageError('EVALUATION', `${where} needs a number, not ${typeName(value)}`);
}

function asText(value: unknown, where: string): string {
  if (typeof value === 'string') return value;
  throw new LanguageError('EVALUATION', `${where} needs a text, not ${typeName(value)}`);
}
