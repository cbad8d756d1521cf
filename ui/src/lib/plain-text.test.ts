import assert from 'node:assert/strict';
import { test } from 'node:test';
import { turnsBack, turnsNamed } from './plain-text.ts';

const CASES: Record<string, string> = {
  'web\u202egpj.exe': 'web‹U+202E›gpj.exe',
  '\u2066a\u2069\u061c\u200f': '‹U+2066›a‹U+2069›‹U+061C›‹U+200F›',
  'plain é 漢 🚢 \u200d "x"\n': 'plain é 漢 🚢 \u200d "x"\n',
};
for (const [text, want] of Object.entries(CASES)) {
  test(`S-H9: turnsNamed() of ${JSON.stringify(want)}`, () =>
    assert.equal(JSON.parse(turnsNamed(JSON.stringify(text))), want));
  test(`turnsBack() gives ${JSON.stringify(want)} back`, () => assert.equal(turnsBack(want), text));
}
