// A unified difference of two texts by lines, with three lines of context. Pure.

const CONTEXT = 3;
/** Longer middles are shown as replaced whole: the table below grows with the product. */
const MAX_CELLS = 4_000_000;

type Edit = { readonly sign: ' ' | '-' | '+'; readonly line: string };

/** Empty when the texts are equal; else hunks as `diff -u` writes them, without the file headings. */
export function lineDiff(before: string, after: string): string {
  if (before === after) return '';
  const edits = editsBetween(linesOf(before), linesOf(after));
  return hunks(edits).join('\n');
}

function linesOf(text: string): string[] {
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  return lines;
}

function editsBetween(a: readonly string[], b: readonly string[]): Edit[] {
  let start = 0;
  while (start < a.length && start < b.length && a[start] === b[start]) start += 1;
  let end = 0;
  while (end < a.length - start && end < b.length - start && a[a.length - 1 - end] === b[b.length - 1 - end])
    end += 1;
  const same = (lines: readonly string[]): Edit[] => lines.map((line) => ({ sign: ' ', line }));
  return [
    ...same(a.slice(0, start)),
    ...middleEdits(a.slice(start, a.length - end), b.slice(start, b.length - end)),
    ...same(a.slice(a.length - end)),
  ];
}

/** Longest common subsequence: the fewest lines removed and added. */
function middleEdits(a: readonly string[], b: readonly string[]): Edit[] {
  const removed = a.map((line): Edit => ({ sign: '-', line }));
  const added = b.map((line): Edit => ({ sign: '+', line }));
  if (a.length === 0 || b.length === 0 || a.length * b.length > MAX_CELLS) return [...removed, ...added];
  const width = b.length + 1;
  const common = new Uint32Array((a.length + 1) * width);
  const at = (i: number, j: number): number => common[i * width + j] ?? 0;
  for (let i = a.length - 1; i >= 0; i -= 1) {
    for (let j = b.length - 1; j >= 0; j -= 1) {
      common[i * width + j] = a[i] === b[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
    }
  }
  const edits: Edit[] = [];
  let i = 0;
  let j = 0;
  while (i < a.length && j < b.length) {
    if (a[i] === b[j]) {
      edits.push({ sign: ' ', line: a[i] ?? '' });
      i += 1;
      j += 1;
    } else if (at(i + 1, j) >= at(i, j + 1)) edits.push({ sign: '-', line: a[i++] ?? '' });
    else edits.push({ sign: '+', line: b[j++] ?? '' });
  }
  return [...edits, ...removed.slice(i), ...added.slice(j)];
}

function hunks(edits: readonly Edit[]): string[] {
  const changed = edits.flatMap(({ sign }, index) => (sign === ' ' ? [] : [index]));
  const lines: string[] = [];
  let next = 0;
  while (next < changed.length) {
    const from = Math.max(0, (changed[next] ?? 0) - CONTEXT);
    let to = changed[next] ?? 0;
    while (next < changed.length && (changed[next] ?? 0) <= to + 2 * CONTEXT) to = changed[next++] ?? to;
    const until = Math.min(edits.length, to + CONTEXT + 1);
    lines.push(heading(edits, from, until));
    for (const { sign, line } of edits.slice(from, until)) lines.push(`${sign}${line}`);
  }
  return lines;
}

function heading(edits: readonly Edit[], from: number, until: number): string {
  const count = (range: readonly Edit[], without: '-' | '+'): number =>
    range.filter(({ sign }) => sign !== without).length;
  const before = edits.slice(0, from);
  const inside = edits.slice(from, until);
  const part = (without: '-' | '+'): string => {
    const length = count(inside, without);
    const first = count(before, without) + (length === 0 ? 0 : 1);
    return length === 1 ? `${first}` : `${first},${length}`;
  };
  return `@@ -${part('+')} +${part('-')} @@`;
}
