import type { CliEnvironment } from '../environment.ts';
import { CliError } from '../errors.ts';

/** Asks on the terminal. Where there is none, names the flag that says the same. */
export async function ask(
  { prompt, terminal }: CliEnvironment,
  question: string,
  isSecret: boolean,
  flag: string,
): Promise<string> {
  if (terminal.isInteractive) return await prompt.ask(question, isSecret);
  throw new CliError('NO_TERMINAL', `There is no terminal to ask on; give ${flag}`, 1);
}
