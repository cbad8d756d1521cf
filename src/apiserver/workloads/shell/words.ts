// Cuts a line of the simulated shell into commands and words: quotes, $VARIABLES, `;`, `&&` and `||`. Nothing else of a
// real shell: no pipes, no redirection, no substitution of commands.

export interface Step {
  readonly words: readonly string[];
  /** What joins it to the step before. */
  readonly after: ';' | '&&' | '||';
}

/** A line that the simulated shell does not understand. */
export class SyntaxFault extends Error {}

/** @param lookUp value of a variable, '' when it is not set */
export function stepsOf(line: string, lookUp: (name: string) => string): Step[] {
  const steps: Step[] = [];
  let words: string[] = [];
  let word: string | undefined;
  let after: Step['after'] = ';';
  const endWord = (): void => {
    if (word !== undefined) words.push(word);
    word = undefined;
  };
  const endStep = (next: Step['after']): void => {
    endWord();
    if (words.length > 0) steps.push({ words, after });
    words = [];
    after = next;
  };
  for (let at = 0; at < line.length; ) {
    const char = line[at] ?? '';
    if (char === ' ' || char === '\t') {
      endWord();
      at += 1;
    } else if (char === '#' && word === undefined) {
      break;
    } else if (char === ';') {
      endStep(';');
      at += 1;
    } else if (line.startsWith('&&', at) || line.startsWith('||', at)) {
      endStep(line.startsWith('&&', at) ? '&&' : '||');
      at += 2;
    } else if ('|&<>`('.includes(char)) {
      throw new SyntaxFault(`syntax error: ${JSON.stringify(char)} is not known to this simulated shell`);
    } else {
      const piece = pieceAt(line, at, lookUp);
      word = (word ?? '') + piece.text;
      at = piece.end;
    }
  }
  endStep(';');
  return steps;
}

/** One quoted part, one variable or one character. */
function pieceAt(line: string, at: number, lookUp: (name: string) => string): { text: string; end: number } {
  const char = line[at];
  if (char === "'" || char === '"') {
    const end = closing(line, at);
    const inner = line.slice(at + 1, end);
    return { text: char === "'" ? inner : expand(inner, lookUp), end: end + 1 };
  }
  if (char === '\\') return { text: line[at + 1] ?? '', end: at + 2 };
  const variable = VARIABLE.exec(line.slice(at));
  if (variable !== null)
    return { text: lookUp(variable[1] ?? variable[2] ?? ''), end: at + variable[0].length };
  return { text: char ?? '', end: at + 1 };
}

const VARIABLE = /^\$(?:\{(\w+)\}|(\w+|\?))/;

function closing(line: string, at: number): number {
  const quote = line[at] ?? '';
  for (let end = at + 1; end < line.length; end += 1) {
    if (quote === '"' && line[end] === '\\') end += 1;
    else if (line[end] === quote) return end;
  }
  throw new SyntaxFault('syntax error: unterminated quoted string');
}

function expand(text: string, lookUp: (name: string) => string): string {
  return text.replace(
    /\\(["\\$])|\$(?:\{(\w+)\}|(\w+|\?))/g,
    (_all, escaped: string | undefined, braced: string | undefined, plain: string | undefined) =>
      escaped ?? lookUp(braced ?? plain ?? ''),
  );
}
