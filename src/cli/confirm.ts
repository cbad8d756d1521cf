// Asks before something is deleted, where the person has switched that on (`fairlead configure --prompts-enabled`).
import type { CommandContext } from './command.ts';
import { readConfiguration } from './configuration.ts';

/** True when it may be done: nobody wants to be asked, nobody can be asked, or the answer is yes. */
export async function isConfirmed(
  { environment, connection }: Pick<CommandContext, 'environment' | 'connection'>,
  question: string,
): Promise<boolean> {
  const { terminal, prompt, cliConfigFile } = environment;
  if (!terminal.isInteractive) return true;
  if ((await readConfiguration(connection.config ?? cliConfigFile)).isAsking !== true) return true;
  return /^y(es)?$/i.test((await prompt.ask(`${question} [y/n] `, false)).trim());
}
