// The only place that writes to the terminal. Values go to stdout as table, JSON or YAML; everything about the run
// itself goes to stderr, so that stdout can be piped. Control characters from servers are made visible.
import { Document, visit } from 'yaml';
import { visible, visibleLine } from '../lib/index.ts';

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
    line: (text = '') => terminal.stdout(`${visible(text)}\n`),
    text: (text) => terminal.stdout(visible(text)),
    // Further lines are indented: what a tool or a server said cannot pass for a remark of ours.
    note: (text) => terminal.stderr(`${visible(text).replace(/\n(?=\S)/g, '\n  ')}\n`),
    json: (value) => terminal.stdout(`${visible(JSON.stringify(value, undefined, 2))}\n`),
    yaml: (value) => terminal.stdout(yamlText(value)),
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

/** Columns padded to their widest cell; the last one is as long as it likes. Empty tables show their heading. */
export function table(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [headings, ...rows.map((row) => row.map(visibleLine))];
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

/** YAML in which nothing is hidden: texts with such characters are in double quotes, where YAML has escapes. */
export function yamlText(value: unknown): string {
  const document = new Document(value, { aliasDuplicateObjects: false });
  visit(document, {
    Scalar(_key, scalar) {
      if (typeof scalar.value === 'string' && visible(scalar.value) !== scalar.value)
        scalar.type = 'QUOTE_DOUBLE';
    },
  });
  return visible(document.toString({ lineWidth: 0 }));
}
