// `-o` of the commands: the formats of those that show, and of those that change something the object as it is now.
import type { OptionSpec, OptionSpecs } from './command.ts';
import type { Output } from './output.ts';

/**
 * `-o` of a command that shows something.
 * @param usual what it prints without the flag; the empty text: its own words, which have no name
 */
export function formatOption(usual: string, ...others: readonly string[]) {
  return {
    type: 'string',
    short: 'o',
    default: usual,
    value: 'format',
    choices: [usual, ...others],
    describe: 'Output format',
  } as const satisfies OptionSpec;
}

/** `-o` of a command that changes something: the object as it is now instead of a sentence. */
export const resultOption = {
  output: {
    type: 'string',
    short: 'o',
    default: '',
    value: 'format',
    choices: ['', 'json', 'yaml'],
    describe: 'Print what was changed instead of a sentence',
  },
} as const satisfies OptionSpecs;

/** @param sentence what to say to a person; none: nothing is said, as argocd does for some commands */
export function printResult(out: Output, format: string, value: unknown, sentence?: string): void {
  if (format === 'json') out.json(value);
  else if (format === 'yaml') out.yaml(value);
  else if (sentence !== undefined) out.line(sentence);
}
