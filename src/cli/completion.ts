// Completion scripts for shells, made from the registry: nouns, verbs, flags and choices. Pure.
import type { Command } from './command.ts';

export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

/** What `fairlead names` can list. */
export const NAME_KINDS = ['applications', 'applicationsets', 'projects', 'clusters', 'contexts'] as const;
export type NameKind = (typeof NAME_KINDS)[number];

export function completionScript(shell: Shell, commands: readonly Command[]): string {
  return shell === 'fish'
    ? fishScript(commands)
    : shell === 'zsh'
      ? zshScript(commands)
      : bashScript(commands);
}

/** What may follow the words of each group of commands; '' is the program itself. */
function nextWords(commands: readonly Command[]): ReadonlyMap<string, readonly string[]> {
  const next = new Map<string, string[]>();
  for (const { words } of commands) {
    const parts = words.split(' ');
    for (const [i, part] of parts.entries()) {
      const path = parts.slice(0, i).join(' ');
      const known = next.get(path) ?? [];
      if (!known.includes(part)) next.set(path, [...known, part]);
    }
  }
  return next;
}

function flagsOf(command: Command): string[] {
  const connection = command.isClient
    ? [
        'server',
        'auth-token',
        'context',
        'config',
        'insecure',
        'plaintext',
        'core',
        'kubeconfig',
        'kube-context',
        'header',
      ]
    : [];
  return [...Object.keys(command.options), ...connection, 'help'].map((name) => `--${name}`);
}

function bashScript(commands: readonly Command[]): string {
  // Patterns are tried in order: of two commands where one begins like the other the longer comes first.
  const longestFirst = [...commands].sort((a, b) => b.words.length - a.words.length);
  return `# bash completion for fairlead
_fairlead() {
  local current="\${COMP_WORDS[COMP_CWORD]}" before="\${COMP_WORDS[*]:1:COMP_CWORD-1}" words=""
  if [[ "$current" != -* ]]; then
    case "$before" in
${[...nextWords(commands)].map(([path, list]) => `      "${path}") words="${list.join(' ')}" ;;`).join('\n')}
    esac
  else
    case "$before" in
${longestFirst.map((command) => `      "${command.words}"*) words="${flagsOf(command).join(' ')}" ;;`).join('\n')}
    esac
  fi
  if [[ -z "$words" && "$current" != -* ]]; then
    case "$before" in
${live(longestFirst)}
    esac
  fi
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o default -F _fairlead fairlead
`;
}

/** Names come from the server; without one, or when it takes long, there are none. */
function live(commands: readonly Command[]): string {
  return commands
    .flatMap(({ words, positionals }) => {
      const kind = nameKindOf(positionals[0]);
      return kind === undefined
        ? []
        : [`      "${words}"*) words="$(fairlead names ${kind} 2>/dev/null)" ;;`];
    })
    .join('\n');
}

/** What a first positional names. */
function nameKindOf(positional = ''): NameKind | undefined {
  const word = positional.replace(/[[\].]/g, '');
  return NAME_KINDS_OF[word];
}

const NAME_KINDS_OF: Readonly<Record<string, NameKind>> = {
  APPNAME: 'applications',
  APPSETNAME: 'applicationsets',
  PROJECT: 'projects',
  CLUSTER: 'clusters',
  CONTEXT: 'contexts',
};

/** zsh runs the bash script through its own compatibility. */
function zshScript(commands: readonly Command[]): string {
  return `#compdef fairlead\nautoload -U +X bashcompinit && bashcompinit\n${bashScript(commands)}`;
}

function fishScript(commands: readonly Command[]): string {
  const lines = ['# fish completion for fairlead', 'complete -c fairlead -f'];
  for (const [path, list] of nextWords(commands)) {
    const condition = path === '' ? '__fish_use_subcommand' : seen(path);
    for (const word of list) lines.push(`complete -c fairlead -n '${condition}' -a ${word}`);
  }
  for (const command of commands) {
    const condition = seen(command.words);
    for (const flag of flagsOf(command))
      lines.push(`complete -c fairlead -n '${condition}' -l ${flag.slice(2)}`);
    const kind = nameKindOf(command.positionals[0]);
    if (kind !== undefined)
      lines.push(`complete -c fairlead -n '${condition}' -a '(fairlead names ${kind} 2>/dev/null)'`);
  }
  return `${lines.join('\n')}\n`;
}

function seen(words: string): string {
  return words
    .split(' ')
    .map((word) => `__fish_seen_subcommand_from ${word}`)
    .join('; and ');
}
