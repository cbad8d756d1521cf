// Flags as people and scripts write them, made into what the parser reads. Pure.
import type { Command } from './command.ts';

/** Connection flags that ARGOCD_OPTS may hold besides those of the command. */
const CONNECTION_BOOLEANS = ['insecure', 'plaintext', 'core', 'grpc-web'];

/** `--prune=true` → `--prune`, `--cascade=false` → `--no-cascade`, for flags that are on or off. */
export function normaliseFlags(argv: readonly string[], commands: readonly Command[]): string[] {
  const command = commandOf(argv, commands);
  const booleans = new Set(CONNECTION_BOOLEANS);
  for (const [name, spec] of Object.entries(command?.options ?? {}))
    if (spec.type === 'boolean') booleans.add(name);
  const end = argv.indexOf('--');
  return argv.map((arg, i) => {
    const match = end >= 0 && i > end ? null : /^--([a-z][a-z-]*)=(true|false|t|f|1|0)$/i.exec(arg);
    const [, name = '', value = ''] = match ?? [];
    if (!booleans.has(name)) return arg;
    return /^(true|t|1)$/i.test(value) ? `--${name}` : `--no-${name}`;
  });
}

/** The command that the words of `argv` name, flags left aside. */
export function commandOf(argv: readonly string[], commands: readonly Command[]): Command | undefined {
  const words = `${argv.filter((arg) => !arg.startsWith('-')).join(' ')} `;
  // The longest name wins: `app actions list` is no `app`.
  return [...commands]
    .filter((command) => words.startsWith(`${command.words} `))
    .sort((a, b) => b.words.length - a.words.length)[0];
}

/** Splits a text of flags (ARGOCD_OPTS) as a shell would: blanks separate, quotes keep together. */
export function splitWords(text: string): string[] {
  const words: string[] = [];
  for (const match of text.matchAll(/(?:[^\s"']+|"[^"]*"|'[^']*')+/g)) {
    words.push(
      match[0].replace(
        /"([^"]*)"|'([^']*)'/g,
        (_, double?: string, single?: string) => double ?? single ?? '',
      ),
    );
  }
  return words;
}
