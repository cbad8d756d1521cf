import assert from 'node:assert/strict';
import { test } from 'node:test';
import { visible, visibleLine } from './visible.ts';

const CASES: Record<string, { text: string; want: string }> = {
  'plain text with tabs and lines stays': { text: 'a\tb\nc é 漢 🚢', want: 'a\tb\nc é 漢 🚢' },
  'escape sequences': { text: '\u001b[31mred\u001b[0m', want: '\\u001b[31mred\\u001b[0m' },
  'escape sequences of eight bits': {
    text: '\u009b31m \u009d0;x\u0007',
    want: '\\u009b31m \\u009d0;x\\u0007',
  },
  'carriage return, delete and next line': { text: 'a\rb\u007f\u0085', want: 'a\\u000db\\u007f\\u0085' },
  'line and paragraph separators': { text: 'a\u2028b\u2029', want: 'a\\u2028b\\u2029' },
  'turned direction': { text: 'a\u202eb\u2066c\u200f', want: 'a\\u202eb\\u2066c\\u200f' },
};
for (const [name, { text, want }] of Object.entries(CASES)) {
  test(`visible(): ${name}`, () => assert.equal(visible(text), want));
  test(`visible() keeps JSON what it was: ${name}`, () =>
    assert.equal(JSON.parse(visible(JSON.stringify(text))), text));
}

test('visibleLine() is one line', () =>
  assert.equal(visibleLine('one \r\n  two\n\u001b[2Jthree'), 'one two \\u001b[2Jthree'));
