// An explanation as text: the answer first, then each reason with its chain, then what to do. Pure.
import type { Explanation, ExplanationLink } from '../../contract/index.ts';
import { visibleLine } from '../../lib/index.ts';
import { age } from './text.ts';

const LABEL_CHARS = 9;

/** @param now wall clock, milliseconds */
export function explanationText(explanation: Explanation, now: number): string {
  const { summary, causes, moreCauses, history, next } = explanation;
  const parts = [
    visibleLine(summary),
    ...causes.map(({ title, chain }, index) =>
      [visibleLine(`${index + 1}. ${title}`), ...lines(chain, now)].join('\n'),
    ),
    ...(moreCauses > 0 ? [`… and ${moreCauses} more reasons (-o json has the first ${causes.length})`] : []),
    ...(causes.length === 0 && history.length > 0
      ? [['How it came to be', ...lines(history, now)].join('\n')]
      : []),
    ...(next.length > 0 ? [['What changes it', ...next.map(stepLine)].join('\n')] : []),
  ];
  return parts.join('\n\n');
}

function lines(chain: readonly ExplanationLink[], now: number): string[] {
  return chain.map(({ kind, text, at }) => {
    const when = at === undefined || at === '' ? '' : ` (${age(at, now)} ago)`;
    return visibleLine(`   ${kind.padEnd(LABEL_CHARS)}${text}${when}`);
  });
}

function stepLine({ by, text, at, command }: Explanation['next'][number]): string {
  const when = at === undefined ? '' : `, at ${at}`;
  const how = command === undefined ? '' : `: ${command}`;
  return visibleLine(` ${by === 'itself' ? '·' : '→'} ${text}${when}${how}`);
}
