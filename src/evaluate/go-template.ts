// Go's text/template with the functions people use of sprig. Total and bounded: a template ends with a text or with
// a LanguageError. Functions that would reach outside (env, getHostByName, random keys) do not exist.

import { printed } from './go-printf.ts';
import {
  type Command,
  type Node,
  type Operand,
  type Pipe,
  parseTemplate,
  type TemplateTree,
} from './go-template-parser.ts';
import { GoDuration, GoTime } from './go-time.ts';
import { LanguageError } from './language-error.ts';
import { Budget, languageLimits } from './language-limits.ts';
import { isPlain, ownMember, typeName } from './members.ts';
import { type TemplateFunctionDeps, type TemplateFunctions, templateFunctions } from './sprig.ts';

export interface GoTemplateOptions {
  readonly clock: TemplateFunctionDeps;
  /** Further functions; they win over those of the same name. */
  readonly functions?: TemplateFunctions;
  /** A member that a map does not have is an error (`missingkey=error`) instead of `<no value>`. */
  readonly missingKeyIsError?: boolean;
}

export interface GoTemplate {
  /** Throws LanguageError `EVALUATION` or `LIMIT`. */
  render(data: unknown): string;
}

/** Throws LanguageError `SYNTAX` or `LIMIT`. */
export function compileGoTemplate(source: string, options: GoTemplateOptions): GoTemplate {
  const tree = parseTemplate(source);
  return { render: (data) => new Run(tree, options, data).render() };
}

/** Functions that look at one member and read nothing through. */
const HOLDERS = new Set([
  'index',
  'get',
  'dig',
  'hasKey',
  'call',
  'include',
  'first',
  'last',
  'len',
  'default',
  'empty',
  'not',
]);

class Signal extends Error {}
const BREAK = new Signal('break');
const CONTINUE = new Signal('continue');

class Run {
  readonly #tree: TemplateTree;
  readonly #options: GoTemplateOptions;
  readonly #data: unknown;
  readonly #budget = new Budget();
  readonly #functions: TemplateFunctions;
  #output: string[] = [];
  #length = 0;
  #depth = 0;
  #variables: { readonly name: string; value: unknown }[];

  constructor(tree: TemplateTree, options: GoTemplateOptions, data: unknown) {
    this.#tree = tree;
    this.#options = options;
    this.#data = data;
    this.#variables = [{ name: '$', value: data }];
    this.#functions = {
      ...templateFunctions(options.clock, this.#budget),
      include: (name, value) => this.#include(String(name), value),
      tpl: (source, value) => compileGoTemplate(String(source), options).render(value),
      ...options.functions,
    };
  }

  render(): string {
    this.#nodes(this.#tree.body, this.#data);
    return this.#output.join('');
  }

  #write(text: string): void {
    this.#length += text.length;
    if (this.#length > languageLimits.outputChars) {
      throw new LanguageError('LIMIT', `the output is longer than ${languageLimits.outputChars} characters`);
    }
    this.#output.push(text);
  }

  #nodes(nodes: readonly Node[], dot: unknown): void {
    const mark = this.#variables.length;
    try {
      for (const node of nodes) this.#node(node, dot);
    } finally {
      this.#variables.length = mark;
    }
  }

  #node(node: Node, dot: unknown): void {
    this.#budget.step();
    switch (node.kind) {
      case 'text':
        this.#write(node.text);
        return;
      case 'print': {
        const value = this.#at(node.line, () => this.#pipe(node.pipe, dot));
        if (node.pipe.variables.length > 0) return;
        this.#budget.weigh([value]);
        this.#write(printed(value));
        return;
      }
      case 'if':
      case 'with':
        this.#branch(node, dot);
        return;
      case 'range':
        this.#range(node, dot);
        return;
      case 'template': {
        const value =
          node.pipe === undefined ? undefined : this.#at(node.line, () => this.#pipe(node.pipe as Pipe, dot));
        this.#call(node.name, value, node.line);
        return;
      }
      case 'break':
        throw BREAK;
      case 'continue':
        throw CONTINUE;
    }
  }

  #branch(node: Extract<Node, { kind: 'if' | 'with' | 'range' }>, dot: unknown): void {
    const mark = this.#variables.length;
    const value = this.#at(node.line, () => this.#pipe(node.pipe, dot));
    const isWith = node.kind === 'with';
    if (isTruthy(value)) this.#nodes(node.body, isWith ? value : dot);
    else this.#nodes(node.otherwise, dot);
    this.#variables.length = mark;
  }

  #range(node: Extract<Node, { kind: 'if' | 'with' | 'range' }>, dot: unknown): void {
    const mark = this.#variables.length;
    const value = this.#at(node.line, () => this.#pipe({ ...node.pipe, variables: [] }, dot));
    const entries = entriesOf(value, node.line, this.#budget);
    if (entries.length === 0) this.#nodes(node.otherwise, dot);
    for (const [key, item] of entries) {
      this.#variables.length = mark;
      this.#bindRange(node.pipe, key, item);
      try {
        this.#nodes(node.body, item);
      } catch (signal) {
        if (signal === BREAK) break;
        if (signal !== CONTINUE) throw signal;
      }
    }
    this.#variables.length = mark;
  }

  #bindRange(pipe: Pipe, key: unknown, item: unknown): void {
    const [first, second] = pipe.variables;
    if (first === undefined) return;
    const set = (name: string, value: unknown): void => {
      if (pipe.assigns) this.#assign(name, value);
      else this.#variables.push({ name, value });
    };
    set(first, second === undefined ? item : key);
    if (second !== undefined) set(second, item);
  }

  #call(name: string, value: unknown, line: number): void {
    const body = this.#tree.defined.get(name);
    if (body === undefined)
      throw new LanguageError('EVALUATION', `line ${line}: there is no template "${name}"`);
    if (this.#depth >= languageLimits.depth)
      throw new LanguageError('LIMIT', `template "${name}" calls itself too often`);
    const outer = this.#variables;
    this.#variables = [{ name: '$', value }];
    this.#depth += 1;
    try {
      this.#nodes(body, value);
    } finally {
      this.#depth -= 1;
      this.#variables = outer;
    }
  }

  #include(name: string, value: unknown): string {
    const outer = this.#output;
    this.#output = [];
    try {
      this.#call(name, value, 0);
      return this.#output.join('');
    } finally {
      this.#output = outer;
    }
  }

  #pipe(pipe: Pipe, dot: unknown): unknown {
    let value: unknown;
    pipe.commands.forEach((command, i) => {
      value = i === 0 ? this.#command(command, dot, []) : this.#command(command, dot, [value]);
    });
    const [name] = pipe.variables;
    if (name !== undefined) {
      if (pipe.assigns) this.#assign(name, value);
      else this.#variables.push({ name, value });
    }
    return value;
  }

  #assign(name: string, value: unknown): void {
    const variable = this.#variables.findLast((known) => known.name === name);
    if (variable === undefined) throw new LanguageError('EVALUATION', `undefined variable ${name}`);
    variable.value = value;
  }

  /** @param piped the value of the command before, which becomes the last argument */
  #command(command: Command, dot: unknown, piped: readonly unknown[]): unknown {
    this.#budget.step();
    const [head, ...rest] = command;
    if (head === undefined) return undefined;
    if (head.base.kind === 'function' && head.path.length === 0)
      return this.#invoke(head.base.name, rest, dot, piped);
    const value = this.#operand(head, dot, true);
    if (typeof value === 'function' && (rest.length > 0 || piped.length > 0)) {
      return call(value, [...rest.map((item) => this.#operand(item, dot)), ...piped]);
    }
    if (rest.length > 0 || piped.length > 0) {
      throw new LanguageError(
        'EVALUATION',
        `cannot give arguments to ${describe(head)}, which is no function`,
      );
    }
    return isMethod(value) ? call(value, []) : value;
  }

  #invoke(name: string, rest: Command, dot: unknown, piped: readonly unknown[]): unknown {
    if (name === 'and' || name === 'or') {
      // Only as many arguments are evaluated as are needed.
      let value: unknown;
      for (const operand of rest) {
        value = this.#operand(operand, dot);
        if (isTruthy(value) === (name === 'or')) return value;
      }
      return piped.length > 0 ? piped[0] : value;
    }
    const run = Object.hasOwn(this.#functions, name) ? this.#functions[name] : undefined;
    if (run === undefined) throw new LanguageError('EVALUATION', `function "${name}" is not defined`);
    const args = [...rest.map((operand) => this.#operand(operand, dot)), ...piped];
    if (!HOLDERS.has(name)) this.#budget.weigh(args);
    return run(...args);
  }

  /** @param isHead leave a method uncalled: its arguments follow */
  #operand(operand: Operand, dot: unknown, isHead = false): unknown {
    this.#budget.step();
    let value = this.#base(operand, dot);
    for (const [i, name] of operand.path.entries()) {
      const member = this.#member(value, name);
      value = isMethod(member) && !(isHead && i === operand.path.length - 1) ? call(member, []) : member;
    }
    return value;
  }

  #base({ base }: Operand, dot: unknown): unknown {
    switch (base.kind) {
      case 'dot':
        return dot;
      case 'literal':
        return base.value;
      case 'variable': {
        const variable = this.#variables.findLast((known) => known.name === base.name);
        if (variable === undefined) throw new LanguageError('EVALUATION', `undefined variable ${base.name}`);
        return variable.value;
      }
      case 'function':
        return this.#invoke(base.name, [], dot, []);
      case 'pipe':
        return this.#pipe(base.pipe, dot);
    }
  }

  #member(value: unknown, name: string): unknown {
    if (value === null || value === undefined) {
      if (this.#options.missingKeyIsError !== true) return undefined;
      throw new LanguageError('EVALUATION', `cannot read .${name} of nothing`);
    }
    const member = ownMember(value, name);
    if (isPlain(value)) {
      if (member === undefined && this.#options.missingKeyIsError === true) {
        throw new LanguageError('EVALUATION', `map has no entry for key "${name}"`);
      }
      return member;
    }
    if (member === undefined)
      throw new LanguageError('EVALUATION', `cannot read .${name} of a ${typeName(value)}`);
    if (typeof member === 'function') METHODS.add(member);
    return member;
  }

  #at<T>(line: number, task: () => T): T {
    try {
      return task();
    } catch (error) {
      if (!(error instanceof LanguageError) || error.message.startsWith('line ')) throw error;
      throw new LanguageError(error.code, `line ${line}: ${error.message}`, { cause: error });
    }
  }
}

/** Methods of times and durations are called where they stand; functions of maps only with `call` or arguments. */
const METHODS = new WeakSet<object>();

function isMethod(value: unknown): value is (...args: unknown[]) => unknown {
  return typeof value === 'function' && METHODS.has(value);
}

function call(target: unknown, args: readonly unknown[]): unknown {
  return (target as (...given: unknown[]) => unknown)(...args);
}

/** Go's truth: everything but zero, empty and nothing. */
export function isTruthy(value: unknown): boolean {
  if (value === null || value === undefined || value === false || value === 0 || value === '') return false;
  if (Array.isArray(value)) return value.length > 0;
  if (value instanceof GoTime) return true;
  if (value instanceof GoDuration) return value.ms !== 0;
  return isPlain(value) ? Object.keys(value).length > 0 : true;
}

function entriesOf(value: unknown, line: number, budget: Budget): (readonly [unknown, unknown])[] {
  if (value === null || value === undefined) return [];
  if (Array.isArray(value)) return value.map((item: unknown, i) => [i, item] as const);
  if (typeof value === 'number') {
    budget.step(Math.max(0, value));
    return Array.from({ length: Math.max(0, Math.floor(value)) }, (_, i) => [i, i] as const);
  }
  if (isPlain(value)) return Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  throw new LanguageError('EVALUATION', `line ${line}: cannot range over a ${typeName(value)}`);
}

function describe({ base, path }: Operand): string {
  if (path.length > 0) return `.${path.join('.')}`;
  return base.kind === 'variable' ? base.name : base.kind === 'literal' ? 'a constant' : 'a value';
}
