// The only place that writes to the terminal. Values go to stdout as table, JSON or YAML; everything about the run
// itself goes to stderr, so that stdout can be piped. Control characters from servers are made visible.
import { stringify } from 'yaml';

export interface Terminal {
  stdout(text: string): void;
  stderr(text: string): void;
  readonly isInteractive: boolean;
}

export interface Output {
  /** One line on stdout. */
  line(text?: string): void;
  /** Bytes of a program's own making (completion scripts, logs): written as they are, but for control characters. */
  text(text: string): void;
  /** One line on stderr: progress, remarks. */
  note(text: string): void;
  json(value: unknown): void;
  yaml(value: unknown): void;
}

export function outputTo(terminal: Terminal): Output {
  return {
    line: (text = '') => terminal.stdout(`${printable(text)}\n`),
    text: (text) => terminal.stdout(printable(text)),
    note: (text) => terminal.stderr(`${printable(text)}\n`),
    json: (value) => terminal.stdout(`${JSON.stringify(value, undefined, 2)}\n`),
    yaml: (value) => terminal.stdout(stringify(value, { lineWidth: 0, aliasDuplicateObjects: false })),
  };
}

/** The process's own terminal. */
export function processTerminal(): Terminal {
  return {
    stdout: (text) => void process.stdout.write(text),
    stderr: (text) => void process.stderr.write(text),
    isInteractive: process.stdin.isTTY === true && process.stderr.isTTY === true,
  };
}

/** Escape sequences and other controls in a commit message must not steer the reader's terminal. */
export function printable(text: string): string {
  return text.replace(
    /(?![\t\n])\p{Cc}|[\u202a-\u202e\u2066-\u2069]/gu,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** Columns padded to their widest cell; the last one is as long as it likes. Empty tables show their heading. */
export function table(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [headings, ...rows.map((row) => row.map(oneLine))];
  const widths = headings.map((_, column) => Math.max(...all.map((row) => (row[column] ?? '').length)));
  return all
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

function oneLine(text: string): string {
  return text.replace(/\s*[\r\n]+\s*/g, ' ');
}
