// Parses expr (expr-lang) into a tree. Precedences are those of the language's definition.
import { type Token, tokenize } from './expr-lexer.ts';
import { LanguageError } from './language-error.ts';
import { languageLimits } from './language-limits.ts';

export type Expr =
  | { readonly kind: 'literal'; readonly value: unknown }
  | { readonly kind: 'name'; readonly name: string }
  /** The element a predicate looks at: `#`; `#acc` and `#index` by name. */
  | { readonly kind: 'element'; readonly which: 'item' | 'acc' | 'index' }
  | { readonly kind: 'list'; readonly items: readonly Expr[] }
  | { readonly kind: 'map'; readonly pairs: readonly (readonly [Expr, Expr])[] }
  | { readonly kind: 'unary'; readonly operator: string; readonly operand: Expr }
  | { readonly kind: 'binary'; readonly operator: string; readonly left: Expr; readonly right: Expr }
  | { readonly kind: 'choice'; readonly test: Expr; readonly yes: Expr; readonly no: Expr }
  | { readonly kind: 'member'; readonly object: Expr; readonly key: Expr; readonly optional: boolean }
  | { readonly kind: 'slice'; readonly object: Expr; readonly from?: Expr; readonly to?: Expr }
  | { readonly kind: 'call'; readonly callee: Expr; readonly args: readonly Expr[] }
  /** A predicate: evaluated once for each element. */
  | { readonly kind: 'predicate'; readonly body: Expr }
  | { readonly kind: 'let'; readonly name: string; readonly value: Expr; readonly body: Expr };

/** Functions whose arguments after the first are predicates. */
const PREDICATES = new Set(
  'all any one none filter map count find findIndex findLast findLastIndex groupBy sortBy sum reduce'.split(
    ' ',
  ),
);

const BINARY: Readonly<Record<string, number>> = {
  '|': 1,
  or: 10,
  '||': 10,
  and: 15,
  '&&': 15,
  '==': 20,
  '!=': 20,
  '<': 20,
  '>': 20,
  '<=': 20,
  '>=': 20,
  in: 20,
  matches: 20,
  contains: 20,
  startsWith: 20,
  endsWith: 20,
  '..': 25,
  '+': 30,
  '-': 30,
  '*': 60,
  '/': 60,
  '%': 60,
  '**': 100,
  '^': 100,
  '??': 500,
};
const UNARY: Readonly<Record<string, number>> = { not: 50, '!': 50, '-': 90, '+': 90 };

/** Throws LanguageError `SYNTAX` or `LIMIT`. */
export function parseExpr(source: string): Expr {
  const parser = new Parser(tokenize(source));
  const tree = parser.sequence();
  parser.end();
  return tree;
}

class Parser {
  readonly #tokens: readonly Token[];
  #at = 0;
  #depth = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  end(): void {
    if (this.#peek().kind !== 'end') throw this.#unexpected();
  }

  /** `let x = 1; …` or one expression. */
  sequence(): Expr {
    if (!this.#isName('let')) return this.#expression(0);
    this.#next();
    const name = this.#name();
    this.#expect('=');
    const value = this.#expression(0);
    this.#expect(';');
    return this.#deeper(() => ({ kind: 'let', name, value, body: this.sequence() }));
  }

  #expression(minimum: number): Expr {
    return this.#deeper(() => {
      let left = this.#unary();
      for (;;) {
        const negated = this.#isName('not') && BINARY[this.#tokens[this.#at + 1]?.text ?? ''] === 20;
        const operator = this.#operatorAt(negated ? this.#at + 1 : this.#at);
        const precedence = operator === undefined ? undefined : BINARY[operator];
        if (operator === undefined || precedence === undefined || precedence < minimum) break;
        this.#at += negated ? 2 : 1;
        left = this.#combined(left, operator, precedence);
        if (negated) left = { kind: 'unary', operator: 'not', operand: left };
      }
      return minimum === 0 ? this.#choice(left) : left;
    });
  }

  #combined(left: Expr, operator: string, precedence: number): Expr {
    if (operator === '|') {
      const name = this.#name();
      this.#expect('(');
      const args = [left, ...this.#arguments(name, 1)];
      return this.#postfix({ kind: 'call', callee: { kind: 'name', name }, args });
    }
    const isRightBound = operator === '**' || operator === '^';
    const right = this.#expression(isRightBound ? precedence : precedence + 1);
    return { kind: 'binary', operator, left, right };
  }

  #choice(test: Expr): Expr {
    if (!this.#take('?')) return test;
    if (this.#take(':')) return { kind: 'choice', test, yes: test, no: this.#expression(0) };
    const yes = this.#expression(0);
    this.#expect(':');
    return { kind: 'choice', test, yes, no: this.#expression(0) };
  }

  #operatorAt(at: number): string | undefined {
    const token = this.#tokens[at];
    return token?.kind === 'operator' || token?.kind === 'name' ? token.text : undefined;
  }

  #unary(): Expr {
    const operator = this.#operatorAt(this.#at);
    const precedence = operator === undefined ? undefined : UNARY[operator];
    if (operator === undefined || precedence === undefined) return this.#postfix(this.#primary());
    this.#next();
    return { kind: 'unary', operator, operand: this.#expression(precedence) };
  }

  #postfix(start: Expr): Expr {
    let object = start;
    for (;;) {
      if (this.#take('(')) object = { kind: 'call', callee: object, args: this.#arguments('') };
      else if (this.#take('[')) object = this.#bracket(object, false);
      else if (this.#take('?.')) {
        object = this.#take('[')
          ? this.#bracket(object, true)
          : { kind: 'member', object, key: literal(this.#name()), optional: true };
      } else if (this.#take('.')) {
        object = { kind: 'member', object, key: literal(this.#name()), optional: false };
      } else return object;
    }
  }

  #bracket(object: Expr, optional: boolean): Expr {
    const from = this.#isOperator(':') ? undefined : this.#expression(0);
    if (this.#take(':')) {
      const to = this.#isOperator(']') ? undefined : this.#expression(0);
      this.#expect(']');
      return { kind: 'slice', object, ...(from && { from }), ...(to && { to }) };
    }
    this.#expect(']');
    if (from === undefined) throw this.#unexpected();
    return { kind: 'member', object, key: from, optional };
  }

  #primary(): Expr {
    const token = this.#next();
    if (token.kind === 'number' || token.kind === 'string') return literal(token.value);
    if (token.kind === 'name') return this.#named(token.text);
    if (token.text === '(') {
      const inner = this.sequence();
      this.#expect(')');
      return inner;
    }
    if (token.text === '[') return { kind: 'list', items: this.#list(']', () => this.#expression(0)) };
    if (token.text === '{') return { kind: 'map', pairs: this.#list('}', () => this.#pair()) };
    if (token.text === '#') return this.#element();
    if (token.text === '.') {
      return {
        kind: 'member',
        object: { kind: 'element', which: 'item' },
        key: literal(this.#name()),
        optional: false,
      };
    }
    this.#at -= 1;
    throw this.#unexpected();
  }

  #named(name: string): Expr {
    if (name === 'true' || name === 'false') return literal(name === 'true');
    if (name === 'nil') return literal(null);
    if (this.#isOperator('(') && PREDICATES.has(name)) {
      this.#next();
      return { kind: 'call', callee: { kind: 'name', name }, args: this.#arguments(name) };
    }
    return { kind: 'name', name };
  }

  #element(): Expr {
    const word = this.#peek().kind === 'name' ? this.#peek().text : '';
    if (word !== 'acc' && word !== 'index') return { kind: 'element', which: 'item' };
    this.#next();
    return { kind: 'element', which: word };
  }

  #pair(): readonly [Expr, Expr] {
    const token = this.#peek();
    let key: Expr;
    if (this.#take('(')) {
      key = this.#expression(0);
      this.#expect(')');
    } else {
      this.#next();
      if (token.kind !== 'name' && token.kind !== 'string' && token.kind !== 'number') {
        this.#at -= 1;
        throw this.#unexpected();
      }
      key = literal(token.value ?? token.text);
    }
    this.#expect(':');
    return [key, this.#expression(0)];
  }

  /** After the opening parenthesis. @param given arguments that a pipe has filled already */
  #arguments(name: string, given = 0): Expr[] {
    let position = given;
    const takesPredicate = PREDICATES.has(name);
    return this.#list(')', () => {
      const isPredicate = takesPredicate && position > 0 && !(name === 'reduce' && position > 1);
      position += 1;
      return isPredicate ? this.#predicate() : this.#expression(0);
    });
  }

  #predicate(): Expr {
    if (!this.#take('{')) return { kind: 'predicate', body: this.#expression(0) };
    const body = this.sequence();
    this.#expect('}');
    return { kind: 'predicate', body };
  }

  #list<T>(end: string, item: () => T): T[] {
    const items: T[] = [];
    while (!this.#take(end)) {
      items.push(item());
      if (!this.#take(',') && !this.#isOperator(end)) throw this.#unexpected();
    }
    return items;
  }

  #deeper<T>(task: () => T): T {
    this.#depth += 1;
    if (this.#depth > languageLimits.depth) {
      throw new LanguageError('LIMIT', `the expression nests deeper than ${languageLimits.depth}`);
    }
    const result = task();
    this.#depth -= 1;
    return result;
  }

  #peek(): Token {
    return this.#tokens[this.#at] ?? { kind: 'end', text: '', at: 0 };
  }

  #next(): Token {
    const token = this.#peek();
    this.#at += 1;
    return token;
  }

  #isOperator(text: string): boolean {
    return this.#peek().kind === 'operator' && this.#peek().text === text;
  }

  #isName(text: string): boolean {
    return this.#peek().kind === 'name' && this.#peek().text === text;
  }

  #take(text: string): boolean {
    const found = this.#isOperator(text);
    if (found) this.#at += 1;
    return found;
  }

  #expect(text: string): void {
    if (!this.#take(text)) throw this.#unexpected(text);
  }

  #name(): string {
    const token = this.#next();
    if (token.kind === 'name') return token.text;
    this.#at -= 1;
    throw this.#unexpected('a name');
  }

  #unexpected(wanted?: string): LanguageError {
    const token = this.#peek();
    const seen = token.kind === 'end' ? 'the end' : JSON.stringify(token.text.slice(0, 40));
    const expected = wanted === undefined ? '' : `, ${wanted} was expected`;
    return new LanguageError('SYNTAX', `unexpected ${seen} at position ${token.at + 1}${expected}`);
  }
}

function literal(value: unknown): Expr {
  return { kind: 'literal', value };
}
