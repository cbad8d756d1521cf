// `-o json|yaml` of commands that change something: the object as it is now instead of a sentence.
import type { OptionSpecs } from './command.ts';
import type { Output } from './output.ts';

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
