// Parses a Go template into a tree: text, pipelines, if, with, range, define, template, block.
import { type ActionToken, lexTemplate, type Piece, syntax } from './go-template-lexer.ts';
import { languageLimits } from './language-limits.ts';

export type Node =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'print'; readonly pipe: Pipe; readonly line: number }
  | {
      readonly kind: 'if' | 'with' | 'range';
      readonly pipe: Pipe;
      readonly body: readonly Node[];
      readonly otherwise: readonly Node[];
      readonly line: number;
    }
  | {
      readonly kind: 'template';
      readonly name: string;
      readonly pipe: Pipe | undefined;
      readonly line: number;
    }
  | { readonly kind: 'break' | 'continue' };

export interface Pipe {
  /** Variables it sets; two for a range over index and element. */
  readonly variables: readonly string[];
  /** `=` instead of `:=`. */
  readonly assigns: boolean;
  readonly commands: readonly Command[];
}

/** A function or value, and its arguments. */
export type Command = readonly Operand[];

export interface Operand {
  readonly base:
    | { readonly kind: 'dot' }
    | { readonly kind: 'variable'; readonly name: string }
    | { readonly kind: 'function'; readonly name: string }
    | { readonly kind: 'literal'; readonly value: unknown }
    | { readonly kind: 'pipe'; readonly pipe: Pipe };
  readonly path: readonly string[];
}

export interface TemplateTree {
  readonly body: readonly Node[];
  readonly defined: ReadonlyMap<string, readonly Node[]>;
}

/** Throws LanguageError `SYNTAX` or `LIMIT`. */
export function parseTemplate(source: string): TemplateTree {
  const parser = new Parser(lexTemplate(source));
  const { nodes, end } = parser.list();
  if (end !== undefined) throw syntax(end.line, `{{${end.word}}} has nothing to end`);
  return { body: nodes, defined: parser.defined };
}

interface Stop {
  readonly word: 'end' | 'else';
  readonly line: number;
  readonly rest: readonly ActionToken[];
}

class Parser {
  readonly defined = new Map<string, readonly Node[]>();
  readonly #pieces: readonly Piece[];
  #at = 0;
  #depth = 0;

  constructor(pieces: readonly Piece[]) {
    this.#pieces = pieces;
  }

  /** Nodes up to the `end` or `else` that belongs to the caller, or to the end of the template. */
  list(): { nodes: Node[]; end: Stop | undefined } {
    this.#depth += 1;
    if (this.#depth > languageLimits.depth) throw syntax(this.#line(), 'the template nests too deep');
    const nodes: Node[] = [];
    for (let piece = this.#pieces[this.#at++]; piece !== undefined; piece = this.#pieces[this.#at++]) {
      if (piece.kind === 'text') {
        nodes.push(piece);
        continue;
      }
      const word = piece.tokens[0]?.kind === 'name' ? piece.tokens[0].text : '';
      if (word === 'end' || word === 'else') {
        this.#depth -= 1;
        return { nodes, end: { word, line: piece.line, rest: piece.tokens.slice(1) } };
      }
      nodes.push(...this.#action(word, piece.tokens, piece.line));
    }
    this.#depth -= 1;
    return { nodes, end: undefined };
  }

  #line(): number {
    const piece = this.#pieces[this.#at - 1];
    return piece?.kind === 'action' ? piece.line : 0;
  }

  #action(word: string, tokens: readonly ActionToken[], line: number): Node[] {
    switch (word) {
      case 'if':
      case 'with':
      case 'range':
        return [this.#branch(word, tokens.slice(1), line)];
      case 'break':
      case 'continue':
        if (tokens.length > 1) break;
        return [{ kind: word }];
      case 'define':
        this.defined.set(nameOf(tokens, line), this.#body(line));
        return [];
      case 'block': {
        const name = nameOf(tokens, line);
        const pipe = parsePipe(tokens.slice(2), line);
        this.defined.set(name, this.#body(line));
        return [{ kind: 'template', name, pipe, line }];
      }
      case 'template': {
        const name = nameOf(tokens, line);
        const pipe = tokens.length > 2 ? parsePipe(tokens.slice(2), line) : undefined;
        return [{ kind: 'template', name, pipe, line }];
      }
    }
    return [{ kind: 'print', pipe: parsePipe(tokens, line), line }];
  }

  #body(line: number): readonly Node[] {
    const { nodes, end } = this.list();
    if (end?.word !== 'end') throw syntax(line, 'an {{end}} is missing');
    return nodes;
  }

  #branch(kind: 'if' | 'with' | 'range', tokens: readonly ActionToken[], line: number): Node {
    const pipe = parsePipe(tokens, line);
    const { nodes: body, end } = this.list();
    if (end === undefined) throw syntax(line, `{{${kind}}} has no {{end}}`);
    if (end.word === 'end') return { kind, pipe, body, otherwise: [], line };
    const next = end.rest[0]?.text;
    if (next === 'if' || next === 'with') {
      // `{{else if}}` shares the outer `{{end}}`.
      return { kind, pipe, body, otherwise: [this.#branch(next, end.rest.slice(1), end.line)], line };
    }
    return { kind, pipe, body, otherwise: this.#body(line), line };
  }
}

function nameOf(tokens: readonly ActionToken[], line: number): string {
  const name = tokens[1];
  if (name?.kind === 'string' && typeof name.value === 'string') return name.value;
  throw syntax(line, `{{${tokens[0]?.text}}} needs a quoted name`);
}

function parsePipe(tokens: readonly ActionToken[], line: number): Pipe {
  const reader = { tokens, at: 0, line, depth: 0 };
  const pipe = readPipe(reader);
  if (reader.at < tokens.length) throw syntax(line, `unexpected ${tokens[reader.at]?.text}`);
  return pipe;
}

interface Reader {
  readonly tokens: readonly ActionToken[];
  at: number;
  readonly line: number;
  depth: number;
}

function readPipe(reader: Reader): Pipe {
  reader.depth += 1;
  if (reader.depth > languageLimits.depth) throw syntax(reader.line, 'parentheses nest too deep');
  const { variables, assigns } = readVariables(reader);
  const commands: Command[] = [];
  do {
    const command: Operand[] = [];
    while (startsOperand(reader.tokens[reader.at])) command.push(readOperand(reader));
    if (command.length === 0) throw syntax(reader.line, 'a value is missing');
    commands.push(command);
  } while (take(reader, '|'));
  reader.depth -= 1;
  return { variables, assigns, commands };
}

function readVariables(reader: Reader): { variables: string[]; assigns: boolean } {
  const { tokens, at } = reader;
  const [first, second, third, fourth] = tokens.slice(at, at + 4);
  if (first?.kind !== 'variable') return { variables: [], assigns: false };
  if (isAssignment(second)) {
    reader.at += 2;
    return { variables: [first.text], assigns: second?.text === '=' };
  }
  if (second?.text === ',' && third?.kind === 'variable' && isAssignment(fourth)) {
    reader.at += 4;
    return { variables: [first.text, third.text], assigns: fourth?.text === '=' };
  }
  return { variables: [], assigns: false };
}

function isAssignment(token: ActionToken | undefined): boolean {
  return token?.kind === 'operator' && (token.text === ':=' || token.text === '=');
}

function startsOperand(token: ActionToken | undefined): boolean {
  return token !== undefined && (token.kind !== 'operator' || token.text === '(' || token.text === '.');
}

function readOperand(reader: Reader): Operand {
  const token = reader.tokens[reader.at];
  reader.at += 1;
  if (token === undefined) throw syntax(reader.line, 'a value is missing');
  const path = token.kind === 'field' ? [token.text] : [];
  const base = baseOf(reader, token);
  for (;;) {
    const next = reader.tokens[reader.at];
    if (next?.kind !== 'field' || next.spaced) return { base, path };
    path.push(next.text);
    reader.at += 1;
  }
}

function baseOf(reader: Reader, token: ActionToken): Operand['base'] {
  switch (token.kind) {
    case 'string':
    case 'number':
      return { kind: 'literal', value: token.value };
    case 'field':
      return { kind: 'dot' };
    case 'variable':
      return { kind: 'variable', name: token.text };
    case 'name':
      if (token.text === 'true' || token.text === 'false')
        return { kind: 'literal', value: token.text === 'true' };
      return token.text === 'nil' ? { kind: 'literal', value: null } : { kind: 'function', name: token.text };
    case 'operator': {
      if (token.text === '.') return { kind: 'dot' };
      const pipe = readPipe(reader);
      if (!take(reader, ')')) throw syntax(reader.line, 'a ) is missing');
      return { kind: 'pipe', pipe };
    }
  }
}

function take(reader: Reader, text: string): boolean {
  const token = reader.tokens[reader.at];
  if (token?.kind !== 'operator' || token.text !== text) return false;
  reader.at += 1;
  return true;
}
