import { type Command, defineCommand } from '../../command.ts';
import { completionScript, SHELLS } from '../../completion.ts';
import { CliError } from '../../errors.ts';
import { ExitCode } from '../../exit-codes.ts';

/** @param commands what the script completes */
export function completionOf(commands: readonly Command[]): Command {
  return defineCommand({
    words: 'completion',
    describe: 'Print a completion script for bash, zsh or fish',
    positionals: ['SHELL'],
    isClient: false,
    examples: ['source <(fairlead completion bash)', 'fairlead completion fish | source'],
    async run({ positionals, out }) {
      const shell = SHELLS.find((item) => item === positionals[0]);
      if (shell === undefined)
        throw new CliError('USAGE', `"${positionals[0]}" is no known shell; choose ${SHELLS.join(', ')}`, 1);
      out.text(completionScript(shell, commands));
      return ExitCode.Ok;
    },
  });
}
