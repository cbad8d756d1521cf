// What a jsonnet file imports. Import paths are literals in the language, so the files a run will read are known
// before it, and one that would leave the repository is refused: the interpreter itself would read anything. Pure.
import { sourceError } from '../errors.ts';

export interface JsonnetImport {
  readonly path: string;
  /** `import` reads code, which may import further; `importstr` and `importbin` read data. */
  readonly isCode: boolean;
}

type Token =
  | { readonly kind: 'word'; readonly text: string }
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'other' };

/** Skips blanks and comments; then a word, a string in any quoting, a text block, or one other character. */
const TOKEN =
  /(?:\s|\/\/[^\n]*|#[^\n]*|\/\*[\s\S]*?\*\/)+|([A-Za-z_][A-Za-z0-9_]*)|@"((?:[^"]|"")*)"|@'((?:[^']|'')*)'|"((?:[^"\\]|\\[\s\S])*)"|'((?:[^'\\]|\\[\s\S])*)'|(\|\|\|)|([\s\S])/y;

/** Throws RENDER_SOURCE_INVALID when an import is not followed by a plain literal. */
export function importsOf(source: string, name: string): JsonnetImport[] {
  const imports: JsonnetImport[] = [];
  let keyword: string | undefined;
  for (const token of tokens(source)) {
    if (keyword !== undefined) {
      if (token.kind !== 'text' || token.text.includes('\\')) {
        throw sourceError(
          'RENDER_SOURCE_INVALID',
          `${name}: ${keyword} is not followed by a plain file name`,
        );
      }
      imports.push({ path: token.text, isCode: keyword === 'import' });
    }
    keyword = token.kind === 'word' && /^import(?:str|bin)?$/.test(token.text) ? token.text : undefined;
  }
  if (keyword !== undefined)
    throw sourceError('RENDER_SOURCE_INVALID', `${name}: ${keyword} is the last word`);
  return imports;
}

function* tokens(source: string): Generator<Token> {
  const scanner = new RegExp(TOKEN);
  for (let match = scanner.exec(source); match !== null; match = scanner.exec(source)) {
    const [, word, ...rest] = match;
    const [verbatimDouble, verbatimSingle, double, single, block, other] = rest;
    const text = verbatimDouble ?? verbatimSingle ?? double ?? single;
    if (word !== undefined) yield { kind: 'word', text: word };
    else if (text !== undefined) yield { kind: 'text', text };
    else if (block !== undefined) {
      scanner.lastIndex = endOfBlock(source, scanner.lastIndex);
      yield { kind: 'other' };
    } else if (other !== undefined) yield { kind: 'other' };
  }
}

/** A text block ends at the first `|||` that begins a line. */
function endOfBlock(source: string, from: number): number {
  const end = /^[ \t]*\|\|\|/gm;
  const newline = source.indexOf('\n', from);
  if (newline < 0) return source.length;
  end.lastIndex = newline + 1;
  return end.exec(source) === null ? source.length : end.lastIndex;
}
