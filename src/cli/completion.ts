// Completion scripts for shells, made from the registry: nouns, verbs, flags and choices. Pure.
import type { Command } from './command.ts';

export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

export function completionScript(shell: Shell, commands: readonly Command[]): string {
  return shell === 'fish'
    ? fishScript(commands)
    : shell === 'zsh'
      ? zshScript(commands)
      : bashScript(commands);
}

function firstWords(commands: readonly Command[]): string[] {
  return [...new Set(commands.map(({ words }) => words.split(' ')[0] ?? ''))];
}

function flagsOf(command: Command): string[] {
  const connection = command.isClient
    ? ['server', 'auth-token', 'context', 'config', 'insecure', 'plaintext', 'header']
    : [];
  return [...Object.keys(command.options), ...connection, 'help'].map((name) => `--${name}`);
}

function bashScript(commands: readonly Command[]): string {
  const verbs = firstWords(commands)
    .map((noun) => [noun, verbsOf(commands, noun)] as const)
    .filter(([, list]) => list.length > 0);
  return `# bash completion for fairlead
_fairlead() {
  local current="\${COMP_WORDS[COMP_CWORD]}" noun="\${COMP_WORDS[1]}" command="\${COMP_WORDS[1]} \${COMP_WORDS[2]}"
  local words=""
  if [[ $COMP_CWORD -eq 1 ]]; then
    words="${firstWords(commands).join(' ')}"
  elif [[ $COMP_CWORD -eq 2 && "$current" != -* ]]; then
    case "$noun" in
${verbs.map(([noun, list]) => `      ${noun}) words="${list.join(' ')}" ;;`).join('\n')}
    esac
  elif [[ "$current" == -* ]]; then
    case "$command" in
${commands.map((command) => `      "${command.words}"*) words="${flagsOf(command).join(' ')}" ;;`).join('\n')}
    esac
  fi
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o default -F _fairlead fairlead
`;
}

/** zsh runs the bash script through its own compatibility. */
function zshScript(commands: readonly Command[]): string {
  return `#compdef fairlead\nautoload -U +X bashcompinit && bashcompinit\n${bashScript(commands)}`;
}

function fishScript(commands: readonly Command[]): string {
  const lines = ['# fish completion for fairlead', 'complete -c fairlead -f'];
  for (const noun of firstWords(commands)) {
    lines.push(`complete -c fairlead -n '__fish_use_subcommand' -a ${noun}`);
    for (const verb of verbsOf(commands, noun)) {
      lines.push(`complete -c fairlead -n '__fish_seen_subcommand_from ${noun}' -a ${verb}`);
    }
  }
  for (const command of commands) {
    const condition = command.words
      .split(' ')
      .map((word) => `__fish_seen_subcommand_from ${word}`)
      .join('; and ');
    for (const flag of flagsOf(command))
      lines.push(`complete -c fairlead -n '${condition}' -l ${flag.slice(2)}`);
  }
  return `${lines.join('\n')}\n`;
}

function verbsOf(commands: readonly Command[], noun: string): string[] {
  return commands.flatMap(({ words }) => {
    const [first, second] = words.split(' ');
    return first === noun && second !== undefined ? [second] : [];
  });
}
