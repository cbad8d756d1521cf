// The table of kinds in docs/spec/health.md.
import { FAMILIES } from '../src/health/registry.ts';

const [BEGIN, END] = ['<!-- kinds -->', '<!-- /kinds -->'];

/** The page with its table replaced by that of the registry. */
export function withHealthTable(page: string): string {
  const [begin, end] = [page.indexOf(BEGIN), page.indexOf(END)];
  if (begin < 0 || end < 0) throw new Error(`docs/spec/health.md has no ${BEGIN} … ${END}`);
  return `${page.slice(0, begin + BEGIN.length)}\n${healthTable()}\n${page.slice(end)}`;
}

function healthTable(): string {
  const count = FAMILIES.flatMap(({ checks }) => checks.flatMap(({ kinds }) => kinds)).length;
  const lines = FAMILIES.flatMap(({ name, checks }) =>
    checks.map(({ group, kinds, reads }, index) =>
      `| ${index === 0 ? name : ''} | ${group === '' ? 'core' : `\`${group}\``} | ${kinds.join(', ')} | ${reads} |`.replace(
        '| * |',
        '| all others |',
      ),
    ),
  );
  return [
    `${count} entries:`,
    '',
    '| family | API group | kinds | judged by |',
    '|---|---|---|---|',
    ...lines,
  ].join('\n');
}
