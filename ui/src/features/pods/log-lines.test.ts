import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LogEntry } from '../../../../src/contract/index.ts';
import { appended, clockText, MAX_ROWS, noRows, podCount } from './log-lines.ts';

const entry = (content: string, podName = 'a'): LogEntry => ({
  content,
  podName,
  timeStamp: '2026-01-02T03:04:05Z',
  timeStampStr: '2026-01-02T03:04:05.678000000Z',
  last: false,
});

const TEXTS: Record<string, [string, string]> = {
  'colours are left out': ['\u001b[1;31merror\u001b[0m: no', 'error: no'],
  'cursor movements are left out': ['a\u001b[2J\u001b[Hb', 'ab'],
  'titles of windows are left out': ['\u001b]0;pwned\u0007b', 'b'],
  'other controls are shown': ['a\u0000\u0008b', 'a\\u0000\\u0008b'],
  'turned text is shown as it is': ['a\u202eb', 'a\\u202eb'],
  'tabs and markup stay': ['\t<b>', '\t<b>'],
  'long lines are cut': ['x'.repeat(9_000), `${'x'.repeat(8_000)} …`],
};
for (const [name, [content, text]] of Object.entries(TEXTS)) {
  test(`of a log line ${name}`, () => assert.equal(appended(noRows, [entry(content)]).rows[0]?.text, text));
}

test('the page keeps the last lines and goes on counting', () => {
  const many = appended(
    noRows,
    Array.from({ length: MAX_ROWS }, (_, index) => entry(`${index}`)),
  );
  const more = appended(many, [entry('x', 'b'), entry('y')]);
  assert.equal(more.rows.length, MAX_ROWS);
  assert.equal(more.dropped, 2);
  assert.deepEqual(
    [more.rows[0]?.number, more.rows.at(-1)?.number, more.rows.at(-1)?.text],
    [2, MAX_ROWS + 1, 'y'],
  );
  assert.equal(podCount(more), 2);
});

test('clockText() is the time of day, and nothing for what has none', () => {
  assert.match(clockText('2026-01-02T03:04:05.678000000Z'), /^\d\d:\d4:05\.678$|^\d\d:\d\d:05\.678$/);
  assert.equal(clockText(''), '');
});
